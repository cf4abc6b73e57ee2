"""A remote on S3 and what speaks like it: the sessions and credentials of s3fs, and requests of our own.

s3fs would list a folder into a cache, read whole files into memory to send them, and try again five times on its own; so only
its connection is used. Uploads in parts hold at most five parts of 8 MiB, and leave nothing behind when they fail, for hidden
parts cost money.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops_cli.store.remotes.errors import announced, translated
from mlops_cli.store.remotes.generic import FsspecFiles, pieces, shown, whole
from mlops_cli.store.remotes.port import NotThere, Unsupported

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping, Sequence
    from concurrent.futures import Future

PART = 8 << 20
_IN_FLIGHT = 4
_MOST_PARTS = 10_000
_MOST_REMOVED = 1_000
_ABORTS = 3  # how often it is tried to have no parts left
# Checksums sent unasked break many stores that only speak like S3; every byte has its digest anyway. Trying again is done above.
_CONFIG = {
    "connect_timeout": 10,
    "read_timeout": 60,
    "retries": {"total_max_attempts": 1, "mode": "standard"},
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


class S3Files(FsspecFiles):
    """Files below a prefix of a bucket.

    Parameters
    ----------
    url : str
        `s3://bucket/prefix`.
    options : mapping
        `endpoint_url`, `region`, `profile`, `key`, `secret`, `token`; all of them may be left to the environment and `~/.aws`.
    connections : int
        As many at once at most.
    """

    def __init__(self, url: str, options: Mapping[str, Any], connections: int = 16) -> None:
        self.bucket, _, prefix = url.partition("://")[2].partition("/")
        self.prefix = prefix.strip("/")
        kept = {
            name: options[name]
            for name in ("endpoint_url", "profile", "key", "secret", "token")
            if name in options
        }
        client = {"region_name": options["region"]} if options.get("region") else {}
        config = {**_CONFIG, "max_pool_connections": connections}
        super().__init__(url, "s3", self.bucket, {**kept, "client_kwargs": client, "config_kwargs": config})

    def connect(self) -> Any:
        """Return a connected instance whose real requests are counted."""
        system = super().connect()
        client = _wait(_submit(system, system.set_session()))
        client.meta.events.register("before-send.s3", self._sent)
        return system

    def _sent(self, **_: Any) -> None:
        self.counted()

    def _call(self, method: str, **arguments: Any) -> Any:
        return _wait(self._start(method, **arguments))

    def _start(self, method: str, **arguments: Any) -> Future[Any]:
        """Send a request; return what will hold its answer, a body read to its end."""
        system = self.system

        async def run() -> Any:
            client = await system.get_s3(self.bucket)
            answer = await getattr(client, method)(Bucket=self.bucket, **arguments)
            if "Body" in answer:
                async with answer["Body"] as body:
                    answer["Body"] = await body.read()
            return answer

        return _submit(system, run())

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def list(self, folder: str = "") -> dict[str, int]:
        """Return the size of every file below a folder, by name: one request for each thousand."""
        prefix = self._key(f"{folder}/" if folder else "")
        skip = len(self._key(""))
        found: list[tuple[str, int]] = []
        more: dict[str, str] = {}
        with translated(self.url, folder):
            while True:
                page = self._call("list_objects_v2", Prefix=prefix, **more)
                found += [(item["Key"][skip:], item["Size"]) for item in page.get("Contents", ())]
                if not page.get("IsTruncated"):
                    break
                more = {"ContinuationToken": page["NextContinuationToken"]}
        return shown(found, folder)

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a file."""
        if length == 0:
            return b""
        wanted: dict[str, str] = {}
        if start or length is not None:
            wanted["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        with translated(self.url, name):
            data: bytes = self._call("get_object", Key=self._key(name), **wanted)["Body"]
            return whole(data, self.url, name, start, length)

    def write(self, name: str, data: bytes) -> None:
        """Write a file with one request."""
        with translated(self.url, name):
            self._call("put_object", Key=self._key(name), Body=data)

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a file from chunks: with one request up to 8 MiB, else in parts."""
        if size > PART:
            self._in_parts(name, chunks, size)
            return
        self.write(name, b"".join(announced(chunks, size, self.url, name)))

    def _in_parts(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        key = self._key(name)
        with translated(self.url, name):
            upload = self._call("create_multipart_upload", Key=key)["UploadId"]
        sent: list[dict[str, Any]] = []
        flying: deque[Future[Any]] = deque()

        def land() -> None:
            answer = _wait(flying.popleft())
            sent.append({"PartNumber": len(sent) + 1, "ETag": answer["ETag"]})

        try:
            known = announced(chunks, size, self.url, name)
            for number, piece in enumerate(pieces(known, max(PART, -(-size // _MOST_PARTS))), 1):
                with translated(self.url, name):
                    if len(flying) == _IN_FLIGHT:
                        land()
                    flying.append(
                        self._start("upload_part", Key=key, UploadId=upload, PartNumber=number, Body=piece)
                    )
            with translated(self.url, name):
                while flying:
                    land()
                self._call(
                    "complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": sent}
                )
        except BaseException:
            for part in flying:
                part.cancel()
            self._abort(Key=key, UploadId=upload)
            raise

    def _abort(self, **upload: str) -> None:
        """Give an upload up until the server has none: a part may arrive after the first request, or the request be lost."""
        for _ in range(_ABORTS):
            try:
                self._call("abort_multipart_upload", **upload)
            except Exception as error:  # noqa: BLE001 - the error that ended the upload is the one to be told
                if _status(error) == 404:
                    return

    def create(self, name: str, data: bytes) -> bool:
        """Write a file only where nothing has this name, by a condition on the request."""
        try:
            with translated(self.url, name):
                self._call("put_object", Key=self._key(name), Body=data, IfNoneMatch="*")
        except Unsupported as error:
            raise Unsupported(f"{self.url} cannot tell whether a name is free") from error
        except Exception as error:
            if _status(error.__cause__) == 412:
                return False
            raise
        return True

    def remove(self, names: Sequence[str]) -> None:
        """Remove files, a thousand with each request."""
        for first in range(0, len(names), _MOST_REMOVED):
            some = names[first : first + _MOST_REMOVED]
            keys = [{"Key": self._key(name)} for name in some]
            with suppress(NotThere), translated(self.url, some[0] if len(some) == 1 else ""):
                if len(some) == 1:
                    self._call("delete_object", Key=keys[0]["Key"])
                    continue
                answer = self._call("delete_objects", Delete={"Objects": keys, "Quiet": True})
                refused = [item for item in answer.get("Errors", ()) if item.get("Code") != "NoSuchKey"]
                if refused:
                    raise PermissionError(
                        f"{refused[0].get('Key')}: {refused[0].get('Message') or refused[0].get('Code')}"
                    )

    def remove_folder(self, folder: str) -> None:
        """Do nothing: a bucket has no folders."""


def _status(error: Any) -> int | None:
    response = getattr(error, "response", None)
    return response["ResponseMetadata"].get("HTTPStatusCode") if isinstance(response, dict) else None


def _submit(system: Any, work: Coroutine[Any, Any, Any]) -> Future[Any]:
    return asyncio.run_coroutine_threadsafe(work, system.loop)


def _wait(answer: Future[Any]) -> Any:
    """Return an answer; when the waiting is interrupted, the request is, too."""
    try:
        return answer.result()
    except BaseException:
        answer.cancel()
        raise
