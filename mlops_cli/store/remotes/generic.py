"""A remote on any file system that fsspec knows, by nothing but fsspec's own words.

Rules that its users learnt the hard way: instances and listings are never shared or remembered; an instance belongs to one
thread unless it runs on fsspec's event loop, and never to a forked child; nothing is handed to fsspec's bulk calls, which open
hundreds of connections.
"""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops_cli.store.remotes.errors import announced, short_read, translated
from mlops_cli.store.remotes.port import TEMPORARY, NotThere, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

# What fsspec's own writers gather before they send; only uploads of more than this much are sent in parts.
_BLOCK = 8 << 20
CAREFUL: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
# What a forked child found open: kept, for closing it would take the connection (and its place in the event loop's
# list of sockets, which the two share) from the parent, who then waits for an answer that nobody tells it of.
_LEFT_OPEN: list[tuple[int, Any]] = []


class FsspecFiles:
    """Files below a folder of an fsspec file system.

    Stores that keep a name only when a write is finished (those on fsspec's event loop: object stores) are written directly; all
    others under a temporary name first, which is then moved.

    Parameters
    ----------
    url : str
        As the user wrote it, for messages.
    protocol, root : str
        fsspec's name of the file system; the folder in it.
    options : mapping
        For the file system's constructor.
    """

    def __init__(self, url: str, protocol: str, root: str, options: Mapping[str, Any]) -> None:
        self.url = url.rstrip("/")
        self.root = root.rstrip("/")
        self._protocol = protocol
        self._options = dict(options)
        self._instances = threading.local()
        self._shared: tuple[int, Any] | None = None
        self._lock = threading.Lock()
        self._count = 0

    @property
    def requests(self) -> int:
        """How many calls of the file system were made."""
        return self._count

    def counted(self, number: int = 1) -> None:
        """Count requests."""
        with self._lock:
            self._count += number

    @property
    def system(self) -> Any:
        """The file system for this thread of this process."""
        if self._shared and self._shared[0] == os.getpid():
            return self._shared[1]
        known = getattr(self._instances, "value", None)
        if known and known[0] == os.getpid():
            return known[1]
        made = self.connect()
        _LEFT_OPEN.extend(entry for entry in (known, self._shared) if entry and entry[0] != os.getpid())
        if made.async_impl:
            with self._lock:
                if not self._shared or self._shared[0] != os.getpid():
                    self._shared = os.getpid(), made
                return self._shared[1]
        self._instances.value = os.getpid(), made
        return made

    def connect(self) -> Any:
        """Return a new instance of the file system."""
        import fsspec

        return fsspec.filesystem(self._protocol, **CAREFUL, **self._options)

    def path(self, name: str) -> str:
        """Return where a name lies in the file system."""
        return f"{self.root}/{name}" if name else self.root

    def list(self, folder: str = "") -> dict[str, int]:
        """Return the size of every file below a folder, by name."""
        with translated(self.url, folder):
            self.counted()
            try:
                found = self.system.find(self.path(folder), detail=True)
            except FileNotFoundError:
                return {}
            start = self.system._strip_protocol(self.root).strip("/")  # noqa: SLF001 - there is no other way to it
            named = ((path.strip("/").removeprefix(start).lstrip("/"), info) for path, info in found.items())
            return shown(((name, info["size"] or 0) for name, info in named), folder)

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a file."""
        if length == 0:
            return b""
        end = None if length is None else start + length
        with translated(self.url, name):
            self.counted()
            data: bytes = self.system.cat_file(self.path(name), start=start or None, end=end)
            return whole(data, self.url, name, start, length)

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        if not self.system.async_impl:
            self.upload(name, [data], len(data))
            return
        with translated(self.url, name):
            self.counted()
            self.system.pipe_file(self.path(name), data)

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a file from chunks, whole or not at all."""
        if self.system.async_impl:
            self._stream(name, name, chunks, size)
            return
        temporary = f"{TEMPORARY}/{secrets.token_hex(8)}"
        try:
            self._stream(temporary, name, chunks, size)
            with translated(self.url, name):
                self.counted()
                self._within(name, lambda: self.system.mv(self.path(temporary), self.path(name)))
        except BaseException:
            with suppress(Exception):
                self.system.rm_file(self.path(temporary))
            raise

    def _stream(self, target: str, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write chunks into a file of the store that appears when all of them are there, as far as the store can do that."""
        direct = self.system.async_impl
        options: dict[str, Any] = {"block_size": _BLOCK, "autocommit": False} if direct else {}
        with translated(self.url, name):
            self.counted()
            file = self._within(target, lambda: self.system.open(self.path(target), "wb", **options))
        try:
            for chunk in announced(chunks, size, self.url, name):
                with translated(self.url, name):
                    file.write(chunk)
            with translated(self.url, name):
                self.counted(max(1, -(-size // _BLOCK)) if direct else 1)
                file.close()
                if direct:
                    file.commit()
        except BaseException:
            with suppress(Exception):
                file.discard() if direct else file.close()
            raise

    def _within(self, name: str, action: Callable[[], Any]) -> Any:
        """Do something that needs a name's folder; make the folder only where it turns out to be missing."""
        try:
            return action()
        except FileNotFoundError:
            self.counted()
            self.system.makedirs(self.path(name).rpartition("/")[0], exist_ok=True)
            return action()

    def create(self, name: str, data: bytes) -> bool:
        """Write a file only where nothing has this name."""
        if not self.system.async_impl:
            raise Unsupported(f"{self.url} cannot tell whether a name is free")
        with translated(self.url, name):
            self.counted()
            try:
                self.system.pipe_file(self.path(name), data, mode="create")
            except FileExistsError:
                return False
            except (TypeError, ValueError) as error:
                raise Unsupported(f"{self.url} cannot tell whether a name is free") from error
            return True

    def remove(self, names: Sequence[str]) -> None:
        """Remove files."""
        for name in names:
            with suppress(NotThere), translated(self.url, name):
                self.counted()
                self.system.rm_file(self.path(name))

    def remove_folder(self, folder: str) -> None:
        """Remove an empty folder, where the library knows folders: it refuses otherwise, each in its own way."""
        with suppress(Exception):
            self.counted()
            self.system.rmdir(self.path(folder))


def shown(found: Iterable[tuple[str, int]], folder: str) -> dict[str, int]:
    """Return what a listing shows of what was found: the files below a folder, without what is half written."""
    inside, hidden = f"{folder}/" if folder else "", f"{TEMPORARY}/"
    return {
        name: size
        for name, size in found
        if name.startswith(inside) and (inside.startswith(hidden) or not name.startswith(hidden))
    }


def whole(data: bytes, url: str, name: str, start: int, length: int | None) -> bytes:
    """Return what was read, when it is all that was asked for.

    Raises
    ------
    RemoteError
        When it is less, or more.
    """
    if len(data) != (len(data) if length is None else length) or (start and not data):
        raise short_read(url, name, len(data), length or 1)
    return data


def pieces(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Return the same bytes in pieces of one size; the last may be shorter."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
