"""Group commit: many small files reach the disk together, about once a second, and a power cut can never leave a wrong result.

While a command writes, a marker says since when what it wrote may be only in memory. A flush hands everything to the disk and
moves the marker on; a clean end removes it. A marker from before the last start of the machine therefore tells that power was
lost, and from which moment on objects and results have to be checked before anyone believes them.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.atomic import flush_folder
from mlops_cli.store.digest import Digest, digest_stream
from mlops_cli.store.locks import Lock
from mlops_cli.store.pack import PackIndex, pack_name
from mlops_cli.store.session import is_alive

if TYPE_CHECKING:
    from collections.abc import Sequence

_EVERY = 1.0  # seconds
# More files than these reach the disk sooner when the whole file system is flushed at once.
_FEW = 64
_UNKNOWN = "unknown"


class GroupCommit:
    """Flushes what one command writes.

    Parameters
    ----------
    store : Path
        The folder of objects and results.
    places : sequence of Path
        Other folders that are written to, such as the project's.
    session : str
        The id of the command's session; names the marker.
    """

    def __init__(self, store: Path, places: Sequence[Path], session: str) -> None:
        self._store = store
        self._places = _one_a_device([store, *places])
        self._marker = store / "unsealed" / f"{session}@{_boot()}"
        self._pending: list[str] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Say that something will be written: from now on a power cut is noticed."""
        with self._lock:
            self._start()

    def written(self, path: str) -> None:
        """Take note of a file: it will be on the disk about a second from now.

        Parameters
        ----------
        path : str
            Absolute path. Content is to be told before the results and records that name it.
        """
        with self._lock:
            self._start()
            self._pending.append(path)

    def close(self) -> None:
        """Flush what is left, and say that everything is on the disk."""
        if self._thread is None:
            return
        self._stop.set()
        self._thread.join()
        self._flush_pending()
        markers = self._marker.parent.glob(f"*@{_boot()}")
        dead = [m for m in markers if m != self._marker and not is_alive(self._store, _session_of(m))]
        if dead:
            # What killed commands wrote is nobody's to flush file by file any more.
            _flush_everything(self._places)
        for marker in (*dead, self._marker):
            marker.unlink(missing_ok=True)

    def _start(self) -> None:
        if self._thread is None:
            self._mark()
            self._thread = threading.Thread(target=self._work, name="group-commit", daemon=True)
            self._thread.start()

    def _mark(self) -> None:
        # Under its own name at once: one beside it would be taken for the marker of a command that is no more.
        self._marker.parent.mkdir(exist_ok=True)
        os.close(os.open(self._marker, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666))
        for folder in (self._marker.parent, self._store):
            flush_folder(folder)

    def _work(self) -> None:
        while not self._stop.wait(_EVERY):
            now = time.time_ns()
            with suppress(OSError):
                if self._flush_pending():
                    os.utime(self._marker, ns=(now, now))

    def _flush_pending(self) -> bool:
        """Hand what was written to the disk; return whether there was anything."""
        with self._lock:
            paths, self._pending = self._pending, []
        try:
            self._flush(paths)
        except BaseException:
            with self._lock:  # not on the disk, so still to be flushed: the marker must not go before them
                self._pending = paths + self._pending
            raise
        return bool(paths)

    def _flush(self, paths: Sequence[str]) -> None:
        if len(paths) > _FEW:
            _flush_everything(self._places)
        else:
            # Not more than our own files: others may have written gigabytes to the same file system.
            for path in paths:
                _flush_file(path)
            for folder in {os.path.dirname(path) for path in paths}:
                flush_folder(Path(folder))


def recover(store: Path) -> list[str]:
    """Check what was written just before a power cut, and remove what did not reach the disk.

    Parameters
    ----------
    store : Path
        The folder of objects and results.

    Returns
    -------
    list of str
        The files removed: each is made again when it is needed.
    """
    if not _stale(store):
        return []
    # One at a time: what one command removes, it may already have made again when the next one comes to look.
    lock = Lock(store / "locks" / "recover")
    lock.acquire(wait=True)
    try:
        return _recover(store, _stale(store))
    finally:
        lock.release()


def _stale(store: Path) -> list[Path]:
    """Return the markers of commands that a power cut ended."""
    folder = store / "unsealed"
    if not folder.is_dir():
        return []
    boot = _boot()
    return [
        marker
        for marker in folder.iterdir()
        if (boot == _UNKNOWN or not marker.name.endswith(f"@{boot}"))
        and not is_alive(store, _session_of(marker))
    ]


def _recover(store: Path, stale: Sequence[Path]) -> list[str]:
    if not stale:
        return []
    since = min(marker.stat().st_mtime for marker in stale) - 2
    removed = []
    for path in (store / "objects").glob("??/*"):
        if path.stat().st_mtime >= since and not _intact(path):
            path.unlink()
            removed.append(str(path))
    removed += _recover_packs(store / "packs", since)
    for path in (store / "results").glob("??/*.json"):
        # A result is parsed before it is believed; only one that is empty needs sweeping away.
        if path.stat().st_size == 0:
            path.unlink()
            removed.append(str(path))
    for marker in stale:
        marker.unlink(missing_ok=True)
    return removed


def _recover_packs(folder: Path, since: float) -> list[str]:
    removed = []
    for index in folder.glob("*.idx"):
        pack = index.with_suffix(".pack")
        if pack_name(index.name) and index.stat().st_mtime >= since and not _pack_intact(pack, index):
            # The index first: an object has a name only while its bytes are there.
            for path in (index, pack):
                with suppress(FileNotFoundError):
                    path.unlink()
                    removed.append(str(path))
    return removed


def _pack_intact(pack: Path, index: Path) -> bool:
    try:
        PackIndex(index.read_bytes())
        with pack.open("rb", buffering=0) as stream:
            return digest_stream(stream)[0] == Digest(f"b3:{pack.stem}")
    except (OSError, DataError):
        return False


def _intact(path: Path) -> bool:
    with path.open("rb", buffering=0) as stream:
        return digest_stream(stream)[0] == Digest(f"b3:{path.parent.name}{path.name}")


def _session_of(marker: Path) -> str:
    return marker.name.split("@", 1)[0]


def _one_a_device(folders: Sequence[Path]) -> list[Path]:
    seen: dict[int, Path] = {}
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        seen.setdefault(folder.stat().st_dev, folder)
    return list(seen.values())


def _flush_file(path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # replaced or removed since: then there is nothing of it to keep
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_everything(places: Sequence[Path]) -> None:
    """Hand everything that was written on these file systems to their disks."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    for place in places:
        descriptor = os.open(place, os.O_RDONLY)
        try:
            if not hasattr(libc, "syncfs") or libc.syncfs(descriptor) != 0:
                os.sync()
        finally:
            os.close(descriptor)


def _boot() -> str:
    """Return what tells this start of the machine from the one before."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return _UNKNOWN
