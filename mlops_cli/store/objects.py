"""Objects: bytes named by their digest. The port, and the store in a local folder.

The port takes batches, so that one that packs small objects together, or asks a remote, can do so in one go.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest, digest_bytes, digest_stream
from mlops_cli.store.stat_cache import Identity, identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from io import FileIO
    from pathlib import Path

    from mlops_cli.settings import LinkKind

_SMALL = 1 << 20
_WORTH_THREADS = 8 << 20
# What a file system answers that cannot make a kind of link at all.
_UNABLE = (errno.EXDEV, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS, errno.EPERM)
_FICLONE = 0x40049409  # ioctl: share the blocks of another file


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is in the store now.

    Parameters
    ----------
    identity : Identity or None
        The file's identity while it was read; None when it changed meanwhile (what is stored is what was read).
    seen : int
        When the reading began, in ns since the epoch.
    """

    digest: Digest
    size: int
    identity: Identity | None
    executable: bool
    seen: int


@dataclass(frozen=True, slots=True)
class Placement:
    """One object to place as a file.

    Parameters
    ----------
    target : str
        Absolute path; nothing may lie there yet.
    own : bool
        The file will be written to: never a link that shares the object's bytes.
    """

    digest: Digest
    target: str
    executable: bool = False
    own: bool = False


class Objects(Protocol):
    """A store of immutable bytes. Putting what is there already is free and changes nothing; order in a batch does not matter."""

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are not in the store."""
        ...

    def put_files(self, paths: Sequence[str]) -> list[Stored]:
        """Store files, each read once; digest and stored bytes come from the same read.

        Raises
        ------
        DataError
            When a file cannot be read or the store cannot be written; files of the batch before it may be stored.
        """
        ...

    def put_blobs(self, blobs: Sequence[bytes]) -> list[Digest]:
        """Store bytes.

        Raises
        ------
        DataError
            When the store cannot be written.
        """
        ...

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return the bytes of objects, verified.

        Raises
        ------
        DataError
            When one is missing or its bytes do not have its digest.
        """
        ...

    def place(self, placements: Sequence[Placement]) -> None:
        """Make files out of objects.

        Raises
        ------
        DataError
            When an object is missing, or a file cannot be made.
        """
        ...

    def damaged(self, digests: Collection[Digest]) -> set[Digest]:
        """Read every byte, and return those whose bytes do not have their digest, missing ones included."""
        ...

    def remove(self, digests: Collection[Digest]) -> None:
        """Remove objects that were found damaged, so that they are made again; those that are missing are passed over."""
        ...


class FolderObjects:
    """Objects as read-only files in a local folder, 256 folders wide.

    Parameters
    ----------
    folder : Path
        Where objects lie.
    temporary : Path
        A folder on the same file system, for files that are being written.
    links : sequence of str
        How to place a file, tried in this order; what a file system cannot do is passed over for the rest of the command.
    settled : callable
        Told the path of each object that is new, for whoever brings it to the disk.
    """

    def __init__(
        self,
        folder: Path,
        temporary: Path,
        links: Sequence[LinkKind] = ("reflink", "copy"),
        settled: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settled = settled
        self._folder = str(folder)
        self._temporary = str(temporary)
        self._links = list(links)
        self._count = itertools.count()
        umask = os.umask(0)
        os.umask(umask)
        self._mode = 0o666 & ~umask
        self._executable_mode = 0o777 & ~umask

    def path(self, digest: Digest) -> str:
        """Return where an object lies."""
        return f"{self._folder}/{digest[3:5]}/{digest[5:]}"

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are not in the store."""
        return {d for d in digests if not os.path.exists(self.path(d))}

    def put_files(self, paths: Sequence[str]) -> list[Stored]:
        """Store files; several threads where that pays."""
        if len(paths) > 1 and sum(map(_size, paths)) > _WORTH_THREADS:
            from concurrent.futures import ThreadPoolExecutor  # most commands read nothing large

            with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
                return list(pool.map(self._put_file, paths))
        return [self._put_file(path) for path in paths]

    def put_blobs(self, blobs: Sequence[bytes]) -> list[Digest]:
        """Store bytes."""
        digests = []
        for data in blobs:
            digest = digest_bytes(data)
            if not os.path.exists(self.path(digest)):
                try:
                    self._write(digest, data)
                except OSError as error:
                    raise DataError(f"{self._folder} cannot be written: {error.strerror}") from error
            digests.append(digest)
        return digests

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return the bytes of objects, verified."""
        blobs = []
        for digest in digests:
            try:
                with open(self.path(digest), "rb") as stream:
                    data = stream.read()
            except FileNotFoundError as error:
                raise _missing(digest) from error
            except OSError as error:
                raise DataError(f"object {digest} cannot be read: {error.strerror}") from error
            if digest_bytes(data) != digest:
                raise DataError(
                    f"object {digest} is damaged", hint=f"Remove {self.path(digest)}, then: mlops run"
                )
            blobs.append(data)
        return blobs

    def place(self, placements: Sequence[Placement]) -> None:
        """Make files out of objects."""
        for placement in placements:
            self._place(placement)

    def damaged(self, digests: Collection[Digest]) -> set[Digest]:
        """Read every byte, and return those that are not what their name says."""
        return {digest for digest in digests if not self._intact(digest)}

    def remove(self, digests: Collection[Digest]) -> None:
        """Remove objects that were found damaged."""
        for digest in digests:
            with suppress(FileNotFoundError):
                os.unlink(self.path(digest))

    def _intact(self, digest: Digest) -> bool:
        try:
            with open(self.path(digest), "rb", buffering=0) as stream:
                return digest_stream(stream)[0] == digest
        except OSError:
            return False

    # Putting ------------------------------------------------------------------------------------------------------

    def _put_file(self, path: str) -> Stored:
        seen = time.time_ns()
        try:
            with open(path, "rb", buffering=0) as stream:
                before = os.fstat(stream.fileno())
                if before.st_size <= _SMALL:
                    data = stream.read(_SMALL + 1)
                    rest = stream.read() if len(data) > _SMALL else b""
                    [digest], size = self.put_blobs([data + rest]), len(data) + len(rest)
                else:
                    digest, size = self._copy_in(stream)
                after = os.fstat(stream.fileno())
        except OSError as error:
            raise DataError(f"{path} cannot be stored: {error.strerror}") from error
        identity = identity_of(after)
        unchanged = identity == identity_of(before) and size == after.st_size
        return Stored(digest, size, identity if unchanged else None, bool(after.st_mode & 0o100), seen)

    def _copy_in(self, stream: FileIO) -> tuple[Digest, int]:
        temporary = self._name()
        with _no_litter(temporary):
            with open(temporary, "wb+", buffering=0) as copy:
                if _reflink(copy.fileno(), stream.fileno()):
                    digest, size = digest_stream(copy)
                else:
                    digest, size = digest_stream(stream, _writer(copy.fileno()))
                os.fchmod(copy.fileno(), 0o444)
            self._settle(temporary, digest)
        return digest, size

    def _write(self, digest: Digest, data: bytes) -> None:
        temporary = self._name()
        with _no_litter(temporary):
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
            try:
                _writer(descriptor)(memoryview(data))
            finally:
                os.close(descriptor)
            self._settle(temporary, digest)

    def _settle(self, temporary: str, digest: Digest) -> None:
        final = self.path(digest)
        if os.path.exists(final):
            os.unlink(temporary)
            return
        try:
            os.rename(temporary, final)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(final), exist_ok=True)
            os.rename(temporary, final)
        self._settled(final)

    def _name(self) -> str:
        return f"{self._temporary}/object-{next(self._count)}"

    # Placing ------------------------------------------------------------------------------------------------------

    def _place(self, placement: Placement) -> None:
        source = self.path(placement.digest)
        mode = self._executable_mode if placement.executable else self._mode
        if not os.path.exists(source):
            raise _missing(placement.digest)
        for kind in self._links:
            if (placement.executable or placement.own) and kind in ("hardlink", "symlink"):
                continue  # bits and bytes would be those of the object, which is for all
            try:
                if kind == "symlink":
                    os.symlink(os.path.abspath(source), placement.target)
                elif kind == "hardlink":
                    os.link(source, placement.target)
                else:
                    _copy_out(source, placement.target, mode, share=kind == "reflink")
            except OSError as error:
                # A hard link can also fail for this one object (too many links); the next way then serves.
                if kind != "copy" and error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EEXIST):
                    if error.errno in _UNABLE:
                        self._links = [other for other in self._links if other != kind]
                    continue
                raise DataError(f"{placement.target} cannot be written: {error.strerror}") from error
            return
        _copy_last(source, placement, mode)


def _copy_last(source: str, placement: Placement, mode: int) -> None:
    """Copy, where the settings name only kinds of link that cannot be made here."""
    try:
        _copy_out(source, placement.target, mode, share=False)
    except OSError as error:
        raise DataError(f"{placement.target} cannot be written: {error.strerror}") from error


def _copy_out(source: str, target: str, mode: int, *, share: bool) -> None:
    with open(source, "rb", buffering=0) as read:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            if share:
                fcntl.ioctl(descriptor, _FICLONE, read.fileno())
            else:
                _copy_bytes(read.fileno(), descriptor)
        except BaseException:
            with suppress(OSError):
                os.unlink(target)
            raise
        finally:
            os.close(descriptor)


def _copy_bytes(source: int, target: int) -> None:
    if hasattr(os, "copy_file_range"):
        try:
            while os.copy_file_range(source, target, 1 << 30):
                pass
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
                raise
        # What a file system refuses, or silently cuts short, the plain way finishes.
    write = _writer(target)
    while data := os.read(source, _SMALL):
        write(memoryview(data))


@contextmanager
def _no_litter(temporary: str) -> Iterator[None]:
    """Remove a temporary file where writing it fails."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _writer(descriptor: int) -> Callable[[memoryview], None]:
    def write(data: memoryview) -> None:
        while data:
            data = data[os.write(descriptor, data) :]

    return write


def _reflink(target: int, source: int) -> bool:
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _missing(digest: Digest) -> DataError:
    return DataError(f"object {digest} is not in the store")
