"""Asking Git: one plain process a question, with fixed argument shapes and an environment of our own making.

Reading goes through here, because it lies on the way of every run and starts in milliseconds. Writing to the user's repository
goes through GitPython (`commit.py`), which takes a fifth of a second to import and is loaded only then.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Said(NamedTuple):
    """What a Git process said: its exit code, what it printed, and its complaint in one line."""

    code: int
    out: bytes
    complaint: str


class Git:
    """Questions to the repository around a folder.

    Parameters
    ----------
    folder : Path
        Where Git is started.
    variables : mapping
        The environment of this process; what it says of the repository (`GIT_DIR` and the like, as hooks have it) is left out,
        so that the answer is about `folder`.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.variables = {name: value for name, value in variables.items() if not _about_repository(name)} | {
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
        }

    def ask(self, *arguments: str) -> bytes | None:
        """Return what Git prints, or None where it says no.

        Raises
        ------
        DataError
            When Git is not installed.
        """
        said = self.tell(*arguments)
        return said.out if said.code == 0 else None

    def tell(
        self, *arguments: str, given: bytes | None = None, variables: Mapping[str, str] | None = None
    ) -> Said:
        """Have Git do something, and return what it said of it.

        Parameters
        ----------
        given : bytes, optional
            What it reads.
        variables : mapping, optional
            More of its environment.

        Raises
        ------
        DataError
            When Git is not installed.
        """
        try:
            done = subprocess.run(
                ["git", "--no-pager", *arguments],
                cwd=self.folder,
                env={**self.variables, **(variables or {})},
                stdin=subprocess.DEVNULL if given is None else None,
                input=given,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise DataError(
                "git is not installed, or not on PATH", hint="Install Git 2.30 or newer."
            ) from error
        return Said(done.returncode, done.stdout, _in_a_line(done.stderr))


def _in_a_line(complaint: bytes) -> str:
    lines = (line.strip() for line in complaint.decode(errors="replace").splitlines())
    return "; ".join(line for line in lines if line and not line.startswith("hint:"))[:1000]


def _about_repository(name: str) -> bool:
    person = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG", "GIT_SSH", "GIT_ASKPASS")
    return name.startswith("GIT_") and not name.startswith(person)
