"""From what libraries raise to what a remote's user is told: it is missing, forbidden, worth another try, or broken.

The libraries are recognised by what their errors carry (a status, an errno, the module of their class), so that none of them is
imported.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.redact import redact
from mlops_cli.store.remotes.port import NotThere, ReadOnly, RemoteError, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHECK = "Look at the address and the credentials, then ask: mlops remote check"
_TRANSIENT_ERRNO = {
    errno.EAGAIN, errno.EBUSY, errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.EINTR,
    errno.ENETDOWN, errno.ENETRESET, errno.ENETUNREACH, errno.EPIPE, errno.ESTALE, errno.ETIMEDOUT,
}  # fmt: skip
# 423 is what WebDAV servers say under load; 409 two writers of one name at once on S3.
_TRANSIENT_STATUS = {408, 409, 423, 425, 429, 500, 502, 503, 504, 509}
# Broken connections and timeouts, as the libraries call them; by module and class, for nothing else tells them apart.
_TRANSIENT_CLASSES = {
    ("aiohttp", "ClientConnectionError"), ("aiohttp", "ClientPayloadError"), ("httpx", "TransportError"),
    ("botocore", "HTTPClientError"), ("botocore", "ConnectionError"), ("botocore", "IncompleteReadError"),
    ("paramiko", "SSHException"), ("paramiko", "NoValidConnectionsError"), ("fsspec", "FSTimeoutError"),
}  # fmt: skip
_FORBIDDEN_CLASSES = {
    ("paramiko", "AuthenticationException"), ("paramiko", "PasswordRequiredException"), ("paramiko", "BadAuthenticationType"),
    ("botocore", "NoCredentialsError"), ("botocore", "PartialCredentialsError"), ("botocore", "TokenRetrievalError"),
    ("google", "RefreshError"), ("google", "DefaultCredentialsError"),
}  # fmt: skip
_FINAL_CLASSES = {
    ("paramiko", "BadHostKeyException"), ("httpx", "UnsupportedProtocol"), ("aiohttp", "ClientConnectorCertificateError"),
    ("aiohttp", "ClientConnectorDNSError"), ("botocore", "SSLError"),
}  # fmt: skip


@contextmanager
def translated(url: str, name: str) -> Iterator[None]:
    """Turn whatever a library raises inside into a RemoteError that names the remote and the file."""
    try:
        yield
    except Exception as error:
        raise remote_error(error, url, name) from error


def remote_error(error: Exception, url: str, name: str) -> RemoteError:
    """Return a library's error as a RemoteError.

    Parameters
    ----------
    url : str
        Of the remote, for the message.
    name : str
        What was asked for; empty for the remote as a whole.
    """
    if isinstance(error, RemoteError):
        return error
    place = f"{url}/{name}" if name else url
    status = _status(error)
    if _code(error) == "NoSuchBucket":
        return RemoteError(f"{url}: there is no such bucket", hint="Look at the address, or make the bucket.")
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError) or status in (404, 410):
        return NotThere(f"{place} is not there")
    if isinstance(error, NotImplementedError) or status in (405, 501):
        return Unsupported(f"{place}: the remote has no such request: {_text(error)}")
    kinds = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(error).__mro__}
    if isinstance(error, PermissionError) or status in (401, 403) or kinds & _FORBIDDEN_CLASSES:
        return RemoteError(f"{place} is not allowed: {_text(error)}", hint=CHECK)
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return ReadOnly(f"{place}: {error.strerror}")
    if (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)) or status == 507:
        return RemoteError(f"{place}: the remote is full", hint="Make room there: mlops gc --remote")
    return RemoteError(f"{place}: {_text(error)}", hint=CHECK, transient=_transient(error, status, kinds))


def _transient(error: Exception, status: int | None, kinds: set[tuple[str, str]]) -> bool:
    if kinds & _FINAL_CLASSES:
        return False
    if status is not None:
        return status in _TRANSIENT_STATUS
    if isinstance(error, TimeoutError | ConnectionError | EOFError) or kinds & _TRANSIENT_CLASSES:
        return True
    return isinstance(error, OSError) and error.errno in _TRANSIENT_ERRNO


def _status(error: Any) -> int | None:
    """Return the HTTP status that an error carries, by whatever name its library has for it."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        value = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        value = getattr(response, "status_code", None)
    for name in ("status_code", "status", "code"):
        value = getattr(error, name, None) if value is None else value
    try:
        return int(value) if value is not None and 100 <= int(value) < 600 else None
    except (TypeError, ValueError):
        return None


def _code(error: Any) -> str:
    """Return what S3 calls an error; empty where it is not one of S3."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _text(error: Exception) -> str:
    """Return the first line of what an error says, without credentials."""
    said = (getattr(error, "strerror", None) or str(error)).strip()
    return redact(said.splitlines()[0]) if said else type(error).__name__


def short_read(url: str, name: str, got: int, wanted: int) -> RemoteError:
    """Return the error for a file that ended before it should."""
    return RemoteError(f"{url}/{name} ended after {got:,} of {wanted:,} bytes", transient=True)


def announced(chunks: Iterable[bytes], size: int, url: str, name: str) -> Iterator[bytes]:
    """Return the same chunks, as long as they are what was announced.

    Raises
    ------
    RemoteError
        As soon as they are more, or at their end when they were less; trying again would not help.
    """
    got = 0
    for chunk in chunks:
        got += len(chunk)
        if got > size:
            break
        yield chunk
    if got != size:
        more = "more" if got > size else f"{got:,}"
        raise RemoteError(
            f"{url}/{name} was to have {size:,} bytes, and {more} came: did the file change meanwhile?"
        )
