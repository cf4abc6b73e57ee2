"""Copying bytes between files the cheapest way the file system knows, verified."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from blake3 import blake3

from mlops_cli.store.digest import PREFIX, Digest, digest_stream
from mlops_cli.store.stat_cache import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlops_cli.store.stat_cache import Identity

_CHUNK = 1 << 20
_LARGE = 8 << 20  # bytes: from here on hashing uses all cores
_WINDOW = 64 << 20  # bytes that are mapped at once; a multiple of every page size
_FICLONE = 0x40049409  # ioctl: share the blocks of another file
_UNABLE_TO_COPY = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)
CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class WrongBytesError(Exception):
    """What was copied does not have the digest that it should have."""


def write_file(target: str, data: bytes, mode: int) -> Identity:
    """Make a file of bytes, whole or not at all; return its identity."""
    descriptor = os.open(target, CREATE, mode)
    try:  # as `no_litter`, which would be a fifth of the time that a small file takes
        if os.write(descriptor, data) < len(data):
            os.lseek(descriptor, 0, os.SEEK_SET)
            writer(descriptor)(memoryview(data))
        identity = identity_of(os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(target)
        raise
    os.close(descriptor)
    return identity


def copy_out(source: str, target: str, mode: int, digest: Digest, *, share: bool) -> Identity:
    """Copy an object to a new file; return the file's identity.

    Parameters
    ----------
    share : bool
        Share the blocks with the object, as copy-on-write file systems can.

    Raises
    ------
    WrongBytesError
        When the bytes do not have the digest; no file is left then.
    OSError
        When it cannot be done in this way; no file is left then.
    """
    with open(source, "rb", buffering=0) as read:
        descriptor = os.open(target, CREATE, mode)
        with no_litter(target):
            try:
                if share:
                    fcntl.ioctl(descriptor, _FICLONE, read.fileno())
                else:
                    copy_bytes(read.fileno(), descriptor)
                if digest_of_private(descriptor)[0] != digest:
                    raise WrongBytesError
                return identity_of(os.fstat(descriptor))
            finally:
                os.close(descriptor)


def copy_bytes(source: int, target: int) -> None:
    """Copy what is left in one descriptor to another."""
    if hasattr(os, "copy_file_range"):
        try:
            while os.copy_file_range(source, target, 1 << 30):
                pass
        except OSError as error:
            if error.errno not in _UNABLE_TO_COPY:
                raise
        # What a file system refuses, or silently cuts short, the plain way finishes.
    write = writer(target)
    while data := os.read(source, _CHUNK):
        write(memoryview(data))


def reflink(target: int, source: int) -> bool:
    """Share the blocks of another file; return False where the file system cannot."""
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def digest_of_private(descriptor: int) -> tuple[Digest, int]:
    """Return digest and size of a file that nobody else can reach yet: a large one is mapped and hashed by all cores.

    A file that others may shorten must not be read so: touching a mapped page that is gone ends the process.
    """
    size = os.fstat(descriptor).st_size
    if size >= _LARGE:
        with suppress(OSError, ValueError):  # a file system that cannot map
            return _digest_mapped(descriptor, size), size
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", buffering=0, closefd=False) as stream:
        return digest_stream(stream)


def _digest_mapped(descriptor: int, size: int) -> Digest:
    hasher = blake3(max_threads=blake3.AUTO)
    for start in range(0, size, _WINDOW):
        with mmap.mmap(
            descriptor, min(_WINDOW, size - start), offset=start, access=mmap.ACCESS_READ
        ) as window:
            hasher.update(window)
    return Digest(PREFIX + hasher.hexdigest())


def move(source: str, target: str) -> None:
    """Rename, or across file systems copy beside the target and rename there."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = f"{os.path.dirname(target)}/.{os.path.basename(target)}.{os.getpid()}.tmp"
        shutil.move(source, beside)
        os.rename(beside, target)


@contextmanager
def no_litter(temporary: str) -> Iterator[None]:
    """Remove a file where writing it fails."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def writer(descriptor: int) -> Callable[[memoryview], None]:
    """Return what writes all bytes of a chunk."""

    def write(data: memoryview) -> None:
        while data:
            data = data[os.write(descriptor, data) :]

    return write
