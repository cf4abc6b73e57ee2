"""One command that writes: its own folder for temporary files, alive for as long as its lock is.

What a killed command left behind is recognised by its lock being free, handed to whoever can mend it, and removed.
"""

from __future__ import annotations

import os
import shutil
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_cli.store.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Session:
    """The writing side of one command.

    Parameters
    ----------
    store : Path
        The folder of objects and results.
    mend : callable, optional
        Called with the temporary folder of each dead session before it is removed.
    alone : bool
        Wait until no other session is at work, and let none begin: what is found to be garbage then stays garbage. The others
        do not exclude each other.
    waits : callable
        Told when it has to wait for others.
    """

    def __init__(
        self,
        store: Path,
        mend: Callable[[Path], None] | None = None,
        *,
        alone: bool = False,
        waits: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.id = f"{os.getpid()}-{os.urandom(4).hex()}"
        self.folder = store / "tmp" / self.id
        self._locks = store / "locks"
        self._collecting = Lock(self._locks / "collect")
        if not self._collecting.acquire(wait=False, shared=not alone):
            waits()
            self._collecting.acquire(wait=True, shared=not alone)
        self._own = self._locks / f"session-{self.id}"
        self._lock = Lock(self._own)
        # Ctrl-C may come where no caller has the session yet, or while it is being closed: then this is done as Python ends.
        self._at_the_end = weakref.finalize(self, _clear, self.folder, self._own)
        try:
            self._lock.acquire(wait=True)
            self.folder.mkdir(parents=True)
            self._sweep(store / "tmp", mend)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the temporary folder and let the lock go."""
        _clear(self.folder, self._own)
        self._at_the_end.detach()
        self._lock.release()
        self._collecting.release()

    def _sweep(self, tmp: Path, mend: Callable[[Path], None] | None) -> None:
        for folder in sorted(tmp.iterdir()):
            if folder.name == self.id or not folder.is_dir():
                continue
            lock = Lock(self._locks / f"session-{folder.name}")
            # Taken without waiting: held means alive. Two sweepers cannot both get it.
            if not lock.acquire(wait=False):
                continue
            try:
                with suppress(FileNotFoundError):
                    if mend is not None and folder.exists():
                        mend(folder)
                    shutil.rmtree(folder, ignore_errors=True)
                    (self._locks / f"session-{folder.name}").unlink()
            finally:
                lock.release()
        for stray in self._locks.glob("session-*"):
            if not (tmp / stray.name.removeprefix("session-")).exists():
                lock = Lock(stray)
                if lock.acquire(wait=False):
                    with suppress(FileNotFoundError):
                        stray.unlink()
                    lock.release()


def _clear(folder: Path, lock: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        lock.unlink()


def is_alive(store: Path, session: str) -> bool:
    """Whether the command that wrote this session id still runs."""
    path = store / "locks" / f"session-{session}"
    if not path.exists():
        return False
    lock = Lock(path)
    if lock.acquire(wait=False):
        lock.release()
        return False
    return True
