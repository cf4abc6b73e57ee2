"""A remote that is a folder: a network share, a second disk. Plain system calls, written beside and renamed."""

from __future__ import annotations

import errno
import os
import secrets
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mlops_cli.store.remotes.errors import announced, short_read, translated
from mlops_cli.store.remotes.port import TEMPORARY, NotThere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES}


class FolderFiles:
    """Files below a folder.

    A power cut on the machine that keeps the folder may lose what was written last: nothing is flushed, for on a network share that
    would cost more than everything else. What is lost is missing, or fails its digest, and the next `push` or `verify` sees it.

    Parameters
    ----------
    root : str
        An absolute path; made with the first file.
    """

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/") or "/"
        self.requests = 0

    def list(self, folder: str = "") -> dict[str, int]:
        """Return the size of every file below a folder, by name."""
        found: dict[str, int] = {}
        with translated(self._root, folder):
            folders = deque([folder])
            while folders:
                self._list_one(folders.pop(), found, folders)
        return found

    def _list_one(self, folder: str, found: dict[str, int], folders: deque[str]) -> None:
        """Put the files of one folder into `found`, and the folders in it into `folders`."""
        self.requests += 1
        try:
            entries = os.scandir(self._path(folder))
        except (FileNotFoundError, NotADirectoryError):
            return
        with entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir():
                    if name != TEMPORARY:
                        folders.append(name)
                else:
                    with suppress(FileNotFoundError):
                        found[name] = entry.stat().st_size

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a file."""
        with translated(self._root, name):
            self.requests += 1
            with open(self._path(name), "rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                wanted = max(size - start, 0) if length is None else length
                if start + wanted > size or (start and start >= size and length is None):
                    raise short_read(self._root, name, size, start + max(wanted, 1))
                # Nearly always one: only a signal or a network share cuts a read short.
                parts: list[bytes] = []
                while wanted or not parts:
                    parts.append(os.pread(file.fileno(), wanted, start))
                    start, wanted = start + len(parts[-1]), wanted - len(parts[-1])
                    if wanted and not parts[-1]:
                        raise short_read(self._root, name, start, start + wanted)
                return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        self.upload(name, [data], len(data))

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a file from chunks, whole or not at all."""
        with self._temporary(name, chunks, size) as temporary, translated(self._root, name):
            self._into_place(os.replace, temporary, name)

    def create(self, name: str, data: bytes) -> bool:
        """Write a file only where there is none."""
        with self._temporary(name, [data], len(data)) as temporary, translated(self._root, name):
            try:
                self._into_place(os.link, temporary, name)
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                return self._create_in_place(name, data)
            return True

    def remove(self, names: Sequence[str]) -> None:
        """Remove files."""
        for name in names:
            self.requests += 1
            with translated(self._root, name), suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(self._path(name))

    def remove_folder(self, folder: str) -> None:
        """Remove an empty folder."""
        self.requests += 1
        with suppress(OSError):
            os.rmdir(self._path(folder))

    def _path(self, name: str) -> str:
        if name.startswith("/") or ".." in name.split("/"):
            raise NotThere(f"{name} is no name on a remote")
        return f"{self._root}/{name}"

    @contextmanager
    def _temporary(self, name: str, chunks: Iterable[bytes], size: int) -> Iterator[str]:
        """Write chunks into a temporary file, which is gone afterwards unless it was renamed."""
        temporary = self._path(f"{TEMPORARY}/{secrets.token_hex(8)}")
        try:
            with translated(self._root, name):
                self.requests += 1
                descriptor = self._open_new(temporary)
            try:
                for chunk in announced(chunks, size, self._root, name):
                    with translated(self._root, name):
                        _write_all(descriptor, chunk)
            finally:
                with translated(self._root, name):
                    os.close(descriptor)  # where network shares say that the disk is full
            yield temporary
        finally:
            with suppress(OSError):
                os.unlink(temporary)

    def _open_new(self, path: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o666)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            return os.open(path, flags, 0o666)

    def _into_place(self, move: object, temporary: str, name: str) -> None:
        path = self._path(name)
        try:
            move(temporary, path)  # type: ignore[operator]
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            move(temporary, path)  # type: ignore[operator]

    def _create_in_place(self, name: str, data: bytes) -> bool:
        """Create a file where the file system has no hard links; a crash meanwhile leaves a short one, whose digest tells."""
        path = self._path(name)
        try:
            descriptor = self._open_new(path)
        except FileExistsError:
            return False
        try:
            _write_all(descriptor, data)
        except BaseException:
            os.unlink(path)
            raise
        finally:
            os.close(descriptor)
        return True


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
