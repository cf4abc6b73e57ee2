"""Asking Git: one plain process a question, with fixed argument shapes and an environment of our own making.

Reading goes through here, because it lies on the way of every run and starts in milliseconds. Writing to the user's repository
goes through GitPython (`commit.py`), which takes a fifth of a second to import and is loaded only then.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
        try:
            done = subprocess.run(
                ["git", "--no-pager", *arguments],
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise DataError(
                "git is not installed, or not on PATH", hint="Install Git 2.30 or newer."
            ) from error
        return done.stdout if done.returncode == 0 else None


def _about_repository(name: str) -> bool:
    person = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG", "GIT_SSH", "GIT_ASKPASS")
    return name.startswith("GIT_") and not name.startswith(person)
