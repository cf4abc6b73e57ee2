"""Runs one program as a whole process and measures its wall time and the peak of its largest process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class CommandFailedError(Exception):
    """A program ended with another code than 0."""


@dataclass(frozen=True)
class Measurement:
    """What one process took: wall seconds, peak resident bytes, and what it wrote to standard output."""

    seconds: float
    peak: int
    output: str


@dataclass(frozen=True)
class Machine:
    """Starts programs in one fixed environment, so that nothing of the user's settings has a say."""

    environment: Mapping[str, str]

    def run(self, command: Sequence[str], folder: Path) -> Measurement:
        """Run `command` in `folder`, with output to files as in CI, and measure it from start to end.

        Raises
        ------
        CommandFailedError
            When it ends with another code than 0; the message holds the end of what it wrote.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            begin = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            output, complaints = (_text(file.fileno()) for file in (out, err))
        if process.returncode:
            tail = (output + complaints)[-2000:]
            raise CommandFailedError(
                f"{' '.join(command)} in {folder} ended with {process.returncode}:\n{tail}"
            )
        return Measurement(seconds, usage.ru_maxrss * _RSS_UNIT, output)

    def floor(self, folder: Path) -> int:
        """Return the peak memory that the system counts for a program that does nothing, in bytes.

        A process starts as a copy of its parent, and the system counts that too: a peak near this floor
        means "at most this".
        """
        return self.run(["true"], folder).peak


def _text(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read().decode("utf-8", "replace")


def clean_environment(home: Path) -> dict[str, str]:
    """Return the environment that every measured program gets.

    The same shell for all; byte code may be written, so that only the first start compiles; DVC neither
    phones home nor shares state with another installation, which saves it time.
    """
    (home / "gitconfig").write_text(
        "[user]\nname = Bench\nemail = bench@localhost\n[init]\ndefaultBranch = main\n[gc]\nauto = 0\n",
        encoding="utf-8",
    )
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
    }
