"""Locks that die with their process: `flock` on a file, held for as long as any process has it open."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Lock:
    """A lock, for one or, where it is shared, for many that do not exclude each other.

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

    def acquire(self, *, wait: bool, shared: bool = False) -> bool:
        """Take the lock; return False where another holds it and `wait` is false.

        Parameters
        ----------
        shared : bool
            Hold it together with others that share it; never together with one that does not.
        """
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        while True:
            try:
                descriptor = self._open()
            except FileNotFoundError:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                continue
            try:
                fcntl.flock(descriptor, kind | (0 if wait else fcntl.LOCK_NB))
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

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            # Another user's, in a store that several share or only read: what can be read can be locked.
            try:
                return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                raise error from None  # it cannot be made, so asking again would never end

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
