"""Old outputs, moved aside while a stage makes new ones: they come back on failure, and after a kill.

A list of what was moved is written before anything moves, and removed at the moment from which the new outputs count. Whoever
finds a list of a dead command puts everything back.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.execution.process import end_holders
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.store.locks import Lock
from mlops_cli.store.placing import move

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIST = "moved.json"


class Aside:
    """The old outputs of one stage.

    Parameters
    ----------
    folder : Path
        Where they wait; made when something is moved.
    root : str
        The project's folder, that paths are relative to.
    failed : Path
        Where half-made outputs are put when the old ones come back.
    lock : Path
        The lock file of the stage: while a child of a killed command holds it, nothing may be put back.
    """

    def __init__(self, folder: Path, root: str, failed: Path, lock: Path) -> None:
        self._folder = folder
        self._root = root
        self._failed = failed
        self._lock = lock
        self._moved: list[str] = []

    def move_out(self, paths: Sequence[str]) -> None:
        """Move what lies at these paths out of the way."""
        self._moved = [path for path in paths if os.path.lexists(f"{self._root}/{path}")]
        if not self._moved:
            return
        value = {
            "root": self._root,
            "failed": str(self._failed),
            "lock": str(self._lock),
            "paths": self._moved,
        }
        write_atomic(self._folder / _LIST, json.dumps(value).encode(), durable=False)
        try:
            for number, path in enumerate(self._moved):
                move(f"{self._root}/{path}", f"{self._folder}/{number}")
        except BaseException:
            _bring_back(self._folder, self._root, self._moved)
            raise

    def where(self, path: str) -> str | None:
        """Return where the old content of a path waits."""
        return f"{self._folder}/{self._moved.index(path)}" if path in self._moved else None

    def keep_half_made(self, made: Sequence[str]) -> None:
        """Clear the way for another attempt."""
        _keep_half_made(self._root, made, self._failed)

    def put_back(self, made: Sequence[str]) -> bool:
        """Bring the old outputs back; half-made ones, of these or other paths, are kept for inspection.

        Returns
        -------
        bool
            Whether anything half-made was kept.
        """
        kept = _keep_half_made(self._root, made, self._failed)
        if self._moved:
            _bring_back(self._folder, self._root, self._moved)
            (self._folder / _LIST).unlink(missing_ok=True)
        return kept

    def settle(self) -> None:
        """From here on the new outputs count."""
        if self._moved:
            (self._folder / _LIST).unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove the old outputs."""
        if self._moved:
            shutil.rmtree(self._folder, ignore_errors=True)


def mend(session: Path) -> None:
    """Put back everything that a killed command had moved aside.

    Parameters
    ----------
    session : Path
        The temporary folder of its session.
    """
    for listing in session.glob(f"*/{_LIST}"):
        try:
            value = json.loads(listing.read_bytes())
        except ValueError:
            continue  # not written to its end: nothing was moved yet
        lock = Lock(Path(value["lock"]))
        if not lock.acquire(wait=False):
            if lock.read_note().startswith(f"{session.name} "):  # else it is somebody else's by now
                end_holders(Path(value["lock"]))
            lock.acquire(wait=True)
        try:
            waiting = [p for n, p in enumerate(value["paths"]) if os.path.lexists(f"{listing.parent}/{n}")]
            _keep_half_made(value["root"], waiting, Path(value["failed"]))
            _bring_back(listing.parent, value["root"], value["paths"])
            listing.unlink(missing_ok=True)
        finally:
            lock.release()


def _keep_half_made(root: str, paths: Sequence[str], failed: Path) -> bool:
    kept = False
    for path in paths:
        source = f"{root}/{path}"
        if os.path.lexists(source):
            target = failed / path
            _remove(str(target))
            target.parent.mkdir(parents=True, exist_ok=True)
            move(source, str(target))
            kept = True
    return kept


def _bring_back(folder: Path, root: str, paths: Sequence[str]) -> None:
    for number, path in enumerate(paths):
        source = f"{folder}/{number}"
        if os.path.lexists(source):
            os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
            move(source, f"{root}/{path}")


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
