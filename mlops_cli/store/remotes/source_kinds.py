"""The kinds of places that data is imported from, each opened with the connection that its kind of remote has.

Content is read by ranges, some of them ahead, so that any size passes through little memory; a web server, which may not know
ranges, is read as it sends, and asked to go on where it broke off.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from mlops_cli.store.remotes.errors import translated
from mlops_cli.store.remotes.http import HttpFiles
from mlops_cli.store.remotes.opening import open_impatient_files, scheme_of
from mlops_cli.store.remotes.port import NotThere, RemoteError, Unsupported
from mlops_cli.store.remotes.retrying import PAUSES, RetryingFiles
from mlops_cli.store.remotes.sftp import SftpFiles
from mlops_cli.store.remotes.source import Fact, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from mlops_cli.store.remotes.source import Source

_PIECE = 4 << 20
_AHEAD = 4
_CHUNK = 1 << 20


def open_source(url: str, options: Mapping[str, Any], root: Path, pauses: Sequence[float] = PAUSES) -> Source:
    """Return the source behind an address; nothing is asked of it yet.

    Parameters
    ----------
    url : str
        As a record has it.
    options : mapping
        As for a remote: credentials, an endpoint.
    root : Path
        What a relative folder is relative to.

    Raises
    ------
    UsageError
        When there is no such kind of address.
    DataError
        When a package is missing.
    """
    scheme = scheme_of(url)
    if not scheme:
        return FolderSource(
            os.path.normpath(os.path.join(root, os.path.expanduser(url.partition("://")[2] or url)))
        )
    if scheme not in ("s3", "s3a", "webdav", "webdavs", "dav", "davs", "sftp", "ssh"):
        files = open_impatient_files(url, options, root=root)  # also says which package is missing
        return (
            HttpSource(url, options, pauses)
            if isinstance(files, HttpFiles)
            else FilesSource(url, files, "", pauses)
        )
    parts = urlsplit(url)
    path = parts.path if scheme.startswith("s3") else unquote(parts.path)
    top = f"{parts.scheme}://{parts.netloc}"
    if scheme in ("sftp", "ssh") and (path == "/~" or path.startswith("/~/")):
        top, path = f"{top}/~", path[2:]
    files = open_impatient_files(top, options, root=root)
    name = path.strip("/")
    return (
        SftpSource(top, options, name, pauses)
        if isinstance(files, SftpFiles)
        else FilesSource(url, files, name, pauses)
    )


def patiently(action: Callable[[], Any], pauses: Sequence[float]) -> Any:
    """Return what an action returns; tried again after pauses while it fails for a moment."""
    for pause in pauses:
        try:
            return action()
        except RemoteError as error:
            if not error.transient:
                raise
        time.sleep(pause)
    return action()


class FolderSource:
    """A file or a folder that this machine can reach."""

    def __init__(self, path: str) -> None:
        self.path = path

    def look(self) -> Seen:
        """Return what lies there; links are followed, as a copy would."""
        with translated(self.path, ""):
            status = os.stat(self.path)
            if not S_ISDIR(status.st_mode):
                return Seen(False, {"": self._fact(status, "")})
            found: dict[str, Fact] = {}
            self._walk("", found, (os.path.realpath(self.path),))
            return Seen(True, found)

    def _walk(self, folder: str, found: dict[str, Fact], above: tuple[str, ...]) -> None:
        with os.scandir(f"{self.path}/{folder}") as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                try:
                    status = entry.stat()
                except FileNotFoundError:
                    raise RemoteError(
                        f"{self.path}/{name} is a link that leads nowhere", hint="Mend it there."
                    ) from None
                if not S_ISDIR(status.st_mode):
                    found[name] = self._fact(status, name)
                    continue
                real = os.path.realpath(entry.path)
                if entry.is_symlink() and any(f"{up}/".startswith(f"{real}/") for up in above):
                    raise RemoteError(
                        f"{self.path}/{name} is a link to a folder around it", hint="Remove it there."
                    )
                self._walk(name, found, (*above, real))

    def _fact(self, status: os.stat_result, name: str) -> Fact:
        if not S_ISREG(status.st_mode):
            raise RemoteError(f"{self.path}/{name} is a device, a socket or a pipe".replace("/ is", " is"))
        when = f"{status.st_mtime_ns // 10**9}.{status.st_mtime_ns % 10**9:09}"
        return Fact(status.st_size, modified=when, executable=bool(status.st_mode & 0o100))

    def chunks(self, name: str, fact: Fact) -> Iterator[bytes]:  # noqa: ARG002 - one shape for all kinds
        """Yield the bytes of one file."""
        with translated(self.path, name), open(f"{self.path}/{name}" if name else self.path, "rb") as stream:
            while data := stream.read(_CHUNK):
                yield data


class FilesSource:
    """A file or a folder on any file system of fsspec's.

    Parameters
    ----------
    files : FsspecFiles
        The remote that it lies on.
    name : str
        Where on it; `""` for the remote's own root.
    """

    def __init__(self, url: str, files: Any, name: str, pauses: Sequence[float]) -> None:
        self.url = url
        self._files = files
        self._name = name
        self._pauses = pauses
        self._reading = RetryingFiles(files, pauses)

    def _path(self) -> str:
        """Return the path as the file system itself has it."""
        bucket = getattr(self._files, "bucket", None)
        return f"{bucket}/{self._name}".rstrip("/") if bucket else str(self._files.path(self._name))

    def look(self) -> Seen:
        """Return what lies there."""
        return patiently(self._look, self._pauses)  # type: ignore[no-any-return]

    def _look(self) -> Seen:
        with translated(self.url, ""):
            system, path = self._files.system, self._path()
            info = None if self.url.endswith("/") else system.info(path)
            if info is not None and info["type"] != "directory":
                return Seen(False, {"": _fact(info)})
            start = path.strip("/")
            found = {}
            for where, item in system.find(path, detail=True).items():
                name = where.strip("/").removeprefix(start).lstrip("/")
                if name and item["type"] != "directory" and not where.endswith("/"):
                    found[name] = _fact(item)
            if not found and info is None:
                raise NotThere(f"{self.url} is not there")
            return Seen(True, found)

    def chunks(self, name: str, fact: Fact) -> Iterator[bytes]:
        """Yield the bytes of one file."""
        return by_ranges(self._reading, f"{self._name}/{name}".strip("/"), fact.size)


class SftpSource(SftpFiles):
    """A file or a folder on an SSH server."""

    def __init__(self, url: str, options: Mapping[str, Any], name: str, pauses: Sequence[float]) -> None:
        super().__init__(url, options)
        self._name = name
        self._pauses = pauses
        self._reading = RetryingFiles(self, pauses)

    def look(self) -> Seen:
        """Return what lies there."""
        return patiently(self._look, self._pauses)  # type: ignore[no-any-return]

    def _look(self) -> Seen:
        with self._channel(self._name) as sftp:
            status = sftp.stat(self._path(self._name))
            if not S_ISDIR(status.st_mode or 0):
                return Seen(False, {"": _sftp_fact(status)})
            found: dict[str, Fact] = {}
            folders = [""]
            while folders:
                here = folders.pop()
                for item in sftp.listdir_iter(f"{self._path(self._name)}/{here}"):
                    name = f"{here}/{item.filename}" if here else item.filename
                    if not S_ISDIR(item.st_mode or 0):
                        found[name] = _sftp_fact(item)
                    else:
                        folders.append(name)
            return Seen(True, found)

    def chunks(self, name: str, fact: Fact) -> Iterator[bytes]:
        """Yield the bytes of one file."""
        return by_ranges(self._reading, f"{self._name}/{name}".strip("/"), fact.size)


def _sftp_fact(status: Any) -> Fact:
    mode = status.st_mode or 0
    return Fact(status.st_size, modified=str(status.st_mtime), executable=bool(mode & 0o100))


class HttpSource(HttpFiles):
    """One file on a web server: such a server has no word for what lies in a folder."""

    def __init__(self, url: str, options: Mapping[str, Any], pauses: Sequence[float]) -> None:
        super().__init__(url, options)
        self._address = url
        self._pauses = pauses

    def look(self) -> Seen:
        """Return what lies there, from the headers alone."""
        return patiently(self._look, self._pauses)  # type: ignore[no-any-return]

    def _look(self) -> Seen:
        with translated(self._address, ""):
            fact, page = self._await(self._headers())
            return Seen(False, {"": fact}, page)

    async def _headers(self) -> tuple[Fact, Literal["", "folder", "page"]]:
        session = await self.system.set_session()
        for method in ("HEAD", "GET"):  # not every server, and no signed address, knows the first
            async with session.request(method, self._address, allow_redirects=True) as answer:
                if method == "HEAD" and answer.status >= 400:
                    continue
                answer.raise_for_status()
                paths = (
                    urlsplit(self._address).path,
                    answer.url.path,
                )  # a folder's answer may be to a slash at its end
                return _http_fact(answer.headers), _page(answer.headers, paths)
        raise Unsupported(f"{self._address} cannot be asked")

    def chunks(self, name: str, fact: Fact) -> Iterator[bytes]:  # noqa: ARG002 - one shape for all kinds
        """Yield the bytes; where the connection breaks, they go on from there if it is certain that they are of one version."""
        got, pauses = 0, list(self._pauses)
        while True:
            try:
                for data in self._go_on(got, fact):
                    got += len(data)
                    yield data
            except RemoteError as error:
                if not error.transient or not pauses or (got and not (fact.etag or fact.modified)):
                    raise
                time.sleep(pauses.pop(0))
            else:
                return

    def _go_on(self, start: int, fact: Fact) -> Iterator[bytes]:
        with translated(self._address, ""):
            answer = self._await(self._begin(start, fact))
        try:
            skip = start if answer.status != 206 else 0
            got = start - skip
            while True:
                with translated(self._address, ""):
                    data = self._await(answer.content.read(_CHUNK))
                if not data:
                    break
                got += len(data)
                if skip:
                    data, skip = data[skip:], max(skip - len(data), 0)
                if data:
                    yield data
            if fact.size is not None and got < fact.size:
                raise RemoteError(
                    f"{self._address} ended after {got:,} of {fact.size:,} bytes", transient=True
                )
        finally:
            self.system.loop.call_soon_threadsafe(answer.close)

    async def _begin(self, start: int, fact: Fact) -> Any:
        headers: dict[str, str] = {}
        if start:
            headers["Range"] = f"bytes={start}-"
            strong = fact.etag if fact.etag and not fact.etag.startswith("W/") else None
            condition = strong or fact.modified
            if condition:
                headers["If-Range"] = condition
        session = await self.system.set_session()
        answer = await session.get(self._address, headers=headers)
        try:
            answer.raise_for_status()
            self._check_version(fact, _http_fact(answer.headers))
        except BaseException:
            answer.close()
            raise
        return answer

    def _check_version(self, before: Fact, now: Fact) -> None:
        both = zip(before[1:4], now[1:4], strict=True)  # entity tag, version, time; the size is a range's
        if any(old != new for old, new in both if old is not None and new is not None):
            raise RemoteError(f"{self._address} changed while it was brought", hint="Do it again.")

    def _await(self, work: Any) -> Any:
        future = asyncio.run_coroutine_threadsafe(work, self.system.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


def _http_fact(headers: Mapping[str, str]) -> Fact:
    length = headers.get("Content-Length", "")
    encoded = headers.get("Content-Encoding", "identity") != "identity"
    size = int(length) if length.isdigit() and not encoded else None
    return Fact(size, headers.get("ETag"), None, headers.get("Last-Modified"))


def _page(headers: Mapping[str, str], paths: Sequence[str]) -> Literal["", "folder", "page"]:
    """Return whether an answer is a page for people; what has a slash at its end is a folder unless it is said to be data."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    html = kind in ("text/html", "application/xhtml+xml")
    if (html or not kind) and any(path.endswith("/") or not path for path in paths):
        return "folder"
    return "page" if html and not is_page_name(paths[0]) else ""


def is_page_name(path: str) -> bool:
    """Whether a path is called as a web page is."""
    return path.lower().endswith((".html", ".htm", ".xhtml"))


def _fact(info: Mapping[str, Any]) -> Fact:
    """Return what fsspec's `info` says of a file, whatever its implementation calls it."""

    def first(*names: str) -> Any:
        return next((info[name] for name in names if info.get(name)), None)

    # An object's generation tells its content; its entity tag would also change with what is only said about it.
    version = first("generation", "version_id", "VersionId")
    etag = None if "generation" in info else first("ETag", "etag", "e_tag")
    modified = first("LastModified", "last_modified", "modified", "updated", "mtime", "created")
    if isinstance(modified, dt.datetime):
        modified = modified.isoformat()
    size = info.get("size")
    return Fact(
        size if isinstance(size, int) else None,
        None if etag is None else str(etag),
        None if version in (None, "null") else str(version),
        None if modified is None else str(modified),
    )


def by_ranges(files: RetryingFiles, name: str, size: int | None) -> Iterator[bytes]:
    """Yield the bytes of a file in pieces, the next ones on their way already."""
    if size is None or size <= _PIECE:
        yield files.read(name, 0, size)
        return
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="ahead") as pool:
        try:
            for start in range(0, size, _PIECE):
                waiting.append(pool.submit(files.read, name, start, min(_PIECE, size - start)))
                if len(waiting) == _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
