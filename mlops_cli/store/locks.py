"""Locks that die with their process: `flock` on a file, held for as long as any process has it open."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Lock:
    """An exclusive lock.

    A child process that is given `descriptor` keeps the lock alive after a kill of its parent, which is wanted: as long as
    anything of a stage still runs, nobody else may run that stage.

    Parameters
    ----------
    path : Path
        The lock's file; made when missing, never removed while in use.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor = -1

    def acquire(self, *, wait: bool) -> bool:
        """Take the lock; return False where another holds it and `wait` is false."""
        while True:
            try:
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except FileNotFoundError:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                os.close(descriptor)
                return False
            except BaseException:
                os.close(descriptor)
                raise
            if self._still_there(descriptor):
                self.descriptor = descriptor
                return True
            os.close(descriptor)  # somebody swept the file away between its opening and its locking

    def _still_there(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def note(self, text: str) -> None:
        """Write into the lock's file who holds it, for those who wait."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text.encode(), 0)

    def read_note(self) -> str:
        """Return what the holder wrote; empty when nothing was."""
        with suppress(OSError):
            return self._path.read_text()
        return ""

    def release(self) -> None:
        """Let go, also in the name of children that still have it open."""
        if self.descriptor >= 0:
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)
            os.close(self.descriptor)
            self.descriptor = -1
