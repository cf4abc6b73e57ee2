"""A remote on a plain web server: reading only, by ranged requests; what there is stands in `listing.json`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from mlops_cli.store.remotes.errors import short_read, translated
from mlops_cli.store.remotes.generic import FsspecFiles, shown
from mlops_cli.store.remotes.port import NotThere, ReadOnly, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LISTING = "listing.json"
_SCHEMA = 1
_PIECE = 1 << 16


class HttpFiles(FsspecFiles):
    """Files below a URL.

    Parameters
    ----------
    url : str
        `http://` or `https://`.
    options : mapping
        `user` and `password`, or `token`.
    connections : int
        As many at once at most.
    """

    def __init__(self, url: str, options: Mapping[str, Any], connections: int = 8) -> None:
        self._login = dict(options)
        self._connections = connections
        super().__init__(url, "http", url, {})

    def connect(self) -> Any:
        """Return an instance with a session of our own limits."""
        import aiohttp
        import fsspec

        from mlops_cli.store.remotes.generic import CAREFUL

        async def client(**kwargs: Any) -> Any:
            return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections), **kwargs)

        connections = self._connections
        headers = {"Accept-Encoding": "identity"}
        if self._login.get("token"):
            headers["Authorization"] = f"Bearer {self._login['token']}"
        options: dict[str, Any] = {
            "headers": headers,
            "timeout": aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60),
            "trust_env": True,
            "auto_decompress": False,
        }
        if self._login.get("user"):
            options["auth"] = aiohttp.BasicAuth(self._login["user"], self._login.get("password", ""))
        return fsspec.filesystem("http", client_kwargs=options, get_client=client, **CAREFUL)

    def list(self, folder: str = "") -> dict[str, int]:
        """Return the size of every file below a folder, by name, as `listing.json` has it."""
        try:
            data = self.read(LISTING)
        except NotThere:
            return {}
        try:
            value = json.loads(data)
            if value["schema"] != _SCHEMA:
                raise RemoteError(
                    f"{self.url}/{LISTING} has schema {value['schema']}, which this version does not know"
                )
            files: dict[str, int] = {str(name): int(size) for name, size in value["files"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RemoteError(
                f"{self.url}/{LISTING} is damaged", hint="Write it anew with: mlops push"
            ) from error
        return shown(files.items(), folder)

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a file; a server that ignores ranges sends more, which is cut off as it comes."""
        if length == 0:
            return b""
        self.counted()
        with translated(self.url, name):
            system = self.system
            work = asyncio.run_coroutine_threadsafe(self._read(system, name, start, length), system.loop)
            try:
                data = work.result()
            except BaseException:
                work.cancel()
                raise
            if (length is not None and len(data) < length) or (start and not data):
                raise short_read(self.url, name, len(data), length or 1)
            return data

    async def _read(self, system: Any, name: str, start: int, length: int | None) -> bytes:
        ranged = bool(start) or length is not None
        headers = {"Range": f"bytes={start}-{'' if length is None else start + length - 1}"} if ranged else {}
        session = await system.set_session()
        async with session.get(f"{self.url}/{quote(name)}", headers=headers) as answer:
            if answer.status == 416:
                return b""
            answer.raise_for_status()
            skip = start if ranged and answer.status != 206 else 0
            held = bytearray()
            async for piece in answer.content.iter_chunked(_PIECE):
                held += piece[skip:] if skip else piece
                skip -= min(skip, len(piece))
                if length is not None and len(held) >= length:
                    del held[length:]
                    break
            return bytes(held)

    def write(self, name: str, data: bytes) -> None:
        """Refuse."""
        self._refuse(name, data)

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Refuse."""
        self._refuse(name, chunks, size)

    def create(self, name: str, data: bytes) -> bool:
        """Refuse."""
        self._refuse(name, data)

    def remove(self, names: Sequence[str]) -> None:
        """Refuse, unless there is nothing to remove."""
        if names:
            self._refuse(names[0])

    def remove_folder(self, folder: str) -> None:
        """Do nothing: nothing was made."""

    def _refuse(self, name: str, *_: object) -> NoReturn:
        raise ReadOnly(
            f"{self.url}/{name} cannot be written: a plain web server only gives",
            hint="Push to the store that the server shows, by its own address (a folder, s3://, sftp://, webdav://).",
        )
