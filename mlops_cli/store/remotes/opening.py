"""From an address to the remote behind it; what that needs is imported here, and nowhere before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError, UsageError
from mlops_cli.store.remotes.retrying import PAUSES, RetryingFiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.store.remotes.port import RemoteFiles

# Which extra of ours brings what an address needs, and how many requests at once its servers take gladly.
_EXTRAS = {
    "s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "sftp": "sftp", "ssh": "sftp", "webdav": "webdav", "webdavs": "webdav",
    "dav": "webdav", "davs": "webdav", "http": "http", "https": "http",
}  # fmt: skip
_MANY = {"s3": 16, "gs": 16, "": 4}
_USUAL = 8


def scheme_of(url: str) -> str:
    """Return what stands before `://`; empty for a folder.

    Examples
    --------
    >>> scheme_of("S3://bucket/data"), scheme_of("file:///mnt/x"), scheme_of("../store")
    ('s3', '', '')
    """
    scheme, found, _ = url.partition("://")
    scheme = scheme.lower() if found else ""
    return "" if scheme in ("file", "local") else scheme


def usual_jobs(url: str) -> int:
    """Return how many requests at once suit a remote of which nothing else is known."""
    scheme = scheme_of(url)
    return _MANY.get(_EXTRAS.get(scheme, scheme), _USUAL)


def open_remote_files(
    url: str,
    options: Mapping[str, Any] | None = None,
    *,
    root: Path | None = None,
    jobs: int | None = None,
    pauses: Sequence[float] = PAUSES,
) -> RemoteFiles:
    """Return the remote behind an address, which tries again what may succeed then. Nothing is asked of it yet.

    Parameters
    ----------
    url : str
        A folder, or an address of any file system that fsspec knows.
    options : mapping, optional
        `endpoint_url`, `region`, `profile`, `user`, `key_file`, and secrets from the environment; `options` for fsspec itself.
    root : Path, optional
        What a relative folder is relative to; where this process works, by default.
    jobs : int, optional
        How many threads will ask at once.
    pauses : sequence of float
        Seconds to wait before what failed for a moment is tried again.

    Raises
    ------
    UsageError
        When there is no such kind of remote.
    DataError
        When a package is missing.
    """
    return RetryingFiles(open_impatient_files(url, options, root=root, jobs=jobs), pauses)


def open_impatient_files(
    url: str, options: Mapping[str, Any] | None = None, *, root: Path | None = None, jobs: int | None = None
) -> RemoteFiles:
    """Return the same as `open_remote_files`, but what fails has failed: for whoever tries again by itself."""
    return _open(url, dict(options or {}), root or Path(), jobs or usual_jobs(url))


def _open(url: str, options: dict[str, Any], root: Path, jobs: int) -> RemoteFiles:
    scheme = scheme_of(url)
    if "::" in url:
        raise UsageError(
            f"{url} is a chain of file systems", hint="A remote has one address, such as s3://bucket/folder."
        )
    if not scheme:
        from mlops_cli.store.remotes.folder import FolderFiles

        path = url.partition("://")[2] or url
        return FolderFiles(str((root / Path(path).expanduser()).absolute()))
    try:
        return _by_scheme(scheme, url, options, jobs)
    except ImportError as error:
        extra = _EXTRAS.get(scheme)
        hint = f"Install it: pip install 'mlops-cli[{extra}]'" if extra else f"{error.msg or error}."
        raise DataError(f"{url} needs a package that is not installed", hint=hint) from error


def _by_scheme(scheme: str, url: str, options: dict[str, Any], jobs: int) -> RemoteFiles:
    kind = _EXTRAS.get(scheme)
    if kind == "s3":
        import s3fs  # noqa: F401 - to know here whether it is there

        from mlops_cli.store.remotes.s3 import S3Files

        return S3Files(url, options, jobs)
    if kind == "sftp":
        import paramiko  # noqa: F401 - to know here whether it is there

        from mlops_cli.store.remotes.sftp import SftpFiles

        return SftpFiles(url, options, jobs)
    if kind == "webdav":
        import webdav4.fsspec  # noqa: F401 - to know here whether it is there

        from mlops_cli.store.remotes.webdav import WebdavFiles

        return WebdavFiles(url, options, jobs)
    if kind == "http":
        import aiohttp  # noqa: F401 - to know here whether it is there

        from mlops_cli.store.remotes.http import HttpFiles

        return HttpFiles(url, options, jobs)
    return _any_other(scheme, url, options)


def _any_other(scheme: str, url: str, options: dict[str, Any]) -> RemoteFiles:
    import fsspec

    from mlops_cli.store.remotes.generic import FsspecFiles

    try:
        kind = fsspec.get_filesystem_class(scheme)
    except ValueError as error:
        raise UsageError(
            f"{url}: there is no kind of remote called {scheme}",
            hint="There are folders, s3, gs, sftp, webdav, webdavs, http, https, and whatever else fsspec knows.",
        ) from error
    from_url = kind._get_kwargs_from_urls(url)  # noqa: SLF001 - how fsspec itself takes an address apart
    root = kind._strip_protocol(url)  # noqa: SLF001 - the same
    plain = {name: value for name, value in options.items() if name != "options"}
    return FsspecFiles(url, scheme, root, from_url | plain | dict(options.get("options", {})))
