"""A remote on WebDAV: the connection of webdav4, and requests of our own, with lengths in front and ranges that are kept to."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree as ET

from mlops_cli.store.remotes.errors import announced, short_read, translated
from mlops_cli.store.remotes.generic import FsspecFiles, shown
from mlops_cli.store.remotes.port import TEMPORARY, NotThere, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_PIECE = 1 << 16
_PROPERTIES = b"""<?xml version="1.0" encoding="utf-8"?>
<propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/></prop></propfind>"""
_REFUSES_DEPTH = (400, 403, 405, 501, 507)


class WebdavFiles(FsspecFiles):
    """Files below a collection.

    Parameters
    ----------
    url : str
        `webdav://host/folder`, or `webdavs://` with TLS.
    options : mapping
        `user` and `password`, or `token`.
    connections : int
        As many at once at most.
    """

    def __init__(self, url: str, options: Mapping[str, Any], connections: int = 8) -> None:
        scheme, _, rest = url.partition("://")
        base = f"{'https' if scheme.endswith('s') else 'http'}://{rest.rstrip('/')}"
        self._base = base
        self._connections = connections
        kept: dict[str, Any] = {
            "base_url": base,
            "retry": False,
            "timeout": 60.0,
            "headers": {"Accept-Encoding": "identity"},
        }
        if options.get("user"):
            kept["auth"] = options["user"], options.get("password", "")
        if options.get("token"):
            kept["headers"]["Authorization"] = f"Bearer {options['token']}"
        super().__init__(url, "webdav", "", kept)
        self._kept = kept
        self._one: tuple[int, Any] | None = None

    def connect(self) -> Any:
        """Return an instance; webdav4 keeps no listings, and has no word for not keeping them."""
        import fsspec

        return fsspec.filesystem("webdav", skip_instance_cache=True, **self._kept)

    @property
    def _http(self) -> Any:
        """The client, which threads may share."""
        return self.system.client.http

    @property
    def system(self) -> Any:
        """The file system; one for all threads, for its client is made for that."""
        with self._lock:
            if self._one is None or self._one[0] != os.getpid():
                self._one = os.getpid(), self.connect()
            return self._one[1]

    def _url(self, name: str) -> str:
        return f"{self._base}/{quote(name)}"

    def _ask(self, method: str, name: str, fine: Sequence[int] = (), **arguments: Any) -> Any:
        """Send one request; return the answer, when it is a good one or its status is among those that are fine."""
        self.counted()
        with translated(self.url, name):
            answer = self._http.request(method, self._url(name), **arguments)
            if answer.status_code not in fine:
                if answer.is_redirect:
                    raise RemoteError(
                        f"{self.url} has moved to {answer.headers.get('location')}", hint="Use that address."
                    )
                answer.raise_for_status()
            return answer

    def list(self, folder: str = "") -> dict[str, int]:
        """Return the size of every file below a folder, by name; with one request where the server answers for all at once."""
        start = unquote(urlsplit(self._base).path).strip("/")
        found: dict[str, int] = {}
        todo, depth = [folder], "infinity"
        while todo:
            asked = todo.pop()
            answer = self._properties(asked, depth)
            if answer is None:
                continue
            if answer.status_code != 207:
                depth = "1"
                todo.append(asked)
                continue
            folders, inhabited = set(), set()
            with translated(self.url, asked):
                for path, size in _responses(answer.content):
                    name = path.strip("/").removeprefix(start).lstrip("/")
                    if name != asked:
                        inhabited.add(name.rpartition("/")[0])
                        if size is None:
                            folders.add(name)
                        else:
                            found[name] = size
            # Some servers answer for one floor only without saying so: a folder of which nothing was shown is asked for by itself.
            hidden = {TEMPORARY} - {folder}
            todo += sorted(folders - inhabited - hidden)
        return shown(found.items(), folder)

    def _properties(self, folder: str, depth: str) -> Any:
        headers = {"Depth": depth, "Content-Type": "application/xml"}
        fine = _REFUSES_DEPTH if depth == "infinity" else ()
        name = f"{folder}/" if folder else ""
        try:
            return self._ask("PROPFIND", name, fine, headers=headers, content=_PROPERTIES)
        except NotThere:
            return None

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a file; a server that ignores ranges sends more, which is cut off as it comes."""
        if length == 0:
            return b""
        ranged = bool(start) or length is not None
        headers = {"Range": f"bytes={start}-{'' if length is None else start + length - 1}"} if ranged else {}
        self.counted()
        with translated(self.url, name), self._http.stream("GET", self._url(name), headers=headers) as answer:
            if answer.status_code == 416:
                raise short_read(self.url, name, 0, length or 1)
            answer.raise_for_status()
            skip = start if ranged and answer.status_code != 206 else 0
            data = taken(answer.iter_raw(_PIECE), skip, length)
            if (length is not None and len(data) < length) or (start and not data):
                raise short_read(self.url, name, len(data), length or 1)
            return data

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        self.upload(name, [data], len(data))

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a file from chunks, whole or not at all."""
        self._put(name, chunks, size, overwrite=True)

    def create(self, name: str, data: bytes) -> bool:
        """Write a file only where nothing has this name: by a move that must not overwrite."""
        return self._put(name, [data], len(data), overwrite=False)

    def _put(self, name: str, chunks: Iterable[bytes], size: int, *, overwrite: bool) -> bool:
        temporary = f"{TEMPORARY}/{secrets.token_hex(8)}"
        try:
            self._send(temporary, name, chunks, size)
            headers = {"Destination": self._url(name), "Overwrite": "T" if overwrite else "F"}
            answer = self._ask("MOVE", temporary, (404, 409, 412), headers=headers)
            if answer.status_code in (404, 409):
                self._make_folders(name)
                answer = self._ask("MOVE", temporary, (412,), headers=headers)
            if answer.status_code == 412:
                self.remove([temporary])
                return False
        except BaseException:
            with suppress(Exception):
                self.remove([temporary])
            raise
        return True

    def _send(self, temporary: str, name: str, chunks: Iterable[bytes], size: int) -> None:
        self._make_folder_once()
        stream = _Stream(announced(chunks, size, self.url, name))
        try:
            self._ask("PUT", temporary, headers={"Content-Length": str(size)}, content=iter(stream))
        except BaseException:
            if stream.error is not None:  # what the chunks themselves raised, which is not the remote's fault
                raise stream.error from None
            raise

    _has_temporary = False

    def _make_folder_once(self) -> None:
        """Make the folder of temporary files, before the first upload: an upload cannot be sent twice."""
        if not self._has_temporary:
            self._make_folders(f"{TEMPORARY}/x")
            self._has_temporary = True

    def _make_folders(self, name: str) -> None:
        """Make the folders that lead to a name, from the remote's root on."""
        parts = name.split("/")[:-1]
        for count in range(len(parts) + 1):
            folder = "/".join(parts[:count])
            answer = self._ask("MKCOL", f"{folder}/" if folder else "", (301, 405, 409, 403))
            if answer.status_code in (403, 409) and count:
                answer.raise_for_status()
            if answer.status_code == 409:  # the remote's own folder lies in folders that are not there
                raise NotThere(
                    f"{self.url} lies in a folder that is not there", hint="Make it on the server first."
                )

    def remove(self, names: Sequence[str]) -> None:
        """Remove files."""
        for name in names:
            with suppress(NotThere):
                self._ask("DELETE", name)

    def remove_folder(self, folder: str) -> None:
        """Remove an empty folder: looked at before, because a server would remove what lies in it, too."""
        if not self.list(folder):
            self.remove([f"{folder}/"])


class _Stream:
    """Chunks on their way through a client that hides what they raise."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                yield bytes(chunk)
        except GeneratorExit:
            raise
        except BaseException as error:
            self.error = error
            raise


def taken(pieces: Iterable[bytes], skip: int, length: int | None) -> bytes:
    """Return a range of a stream, reading no further than it needs."""
    held = bytearray()
    for piece in pieces:
        part = piece[skip:] if skip else piece
        skip -= min(skip, len(piece))
        held += part
        if length is not None and len(held) >= length:
            del held[length:]
            break
    return bytes(held)


def _responses(data: bytes) -> Iterator[tuple[str, int | None]]:
    """Return path and size of each thing that a PROPFIND shows; None is the size of a folder."""
    for item in ET.fromstring(data).iter("{DAV:}response"):  # noqa: S314 - expat has no external entities, and bounds the others
        path = unquote(urlsplit(item.findtext("{DAV:}href") or "").path)
        if item.find(".//{DAV:}collection") is not None:
            yield path, None
        else:
            yield path, int(item.findtext(".//{DAV:}getcontentlength") or 0)
