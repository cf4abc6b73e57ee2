"""Loose objects: each alone in a read-only file, 256 folders wide."""

from __future__ import annotations

import errno
import itertools
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.digest import PREFIX, Digest, digest_stream
from mlops_cli.store.objects import Placement, Stored, damaged_object, missing_object, unwritable
from mlops_cli.store.placing import (
    CREATE,
    WrongBytesError,
    copy_bytes,
    copy_out,
    digest_of_private,
    no_litter,
    reflink,
    writer,
)
from mlops_cli.store.stat_cache import Identity, identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from mlops_cli.settings import LinkKind

# What a file system answers that cannot make a kind of link at all.
_UNABLE = (errno.EXDEV, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS, errno.EPERM)
# Asking for more objects than these, listing all folders is cheaper than one question each.
_MANY = 2000


class LooseObjects:
    """Objects that lie alone.

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
        self, folder: Path, temporary: Path, links: Sequence[LinkKind], settled: Callable[[str], None]
    ) -> None:
        self._folder = str(folder)
        self._temporary = str(temporary)
        self._links = list(links)
        self._settled = settled
        self._count = itertools.count()
        umask = os.umask(0)
        os.umask(umask)
        self.mode = 0o666 & ~umask
        self.executable_mode = 0o777 & ~umask

    def path(self, digest: Digest) -> str:
        """Return where an object lies."""
        return f"{self._folder}/{digest[3:5]}/{digest[5:]}"

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are not here."""
        if len(digests) > _MANY:
            return set(digests) - {digest for digest, _ in self.listing()}
        return {d for d in digests if not os.path.exists(self.path(d))}

    def refresh(self, digest: Digest) -> bool:
        """Make an object young again, so that nobody collects it as garbage; return False where there is none."""
        try:
            os.utime(self.path(digest))
        except FileNotFoundError:
            return False
        except OSError:  # a store that others own, or that is read-only
            return os.path.exists(self.path(digest))
        return True

    def listing(self) -> Iterator[tuple[Digest, os.DirEntry[str]]]:
        """Yield every object and its entry in the folder."""
        with suppress(FileNotFoundError), os.scandir(self._folder) as folders:
            for folder in folders:
                if len(folder.name) != 2:
                    continue
                with os.scandir(folder) as entries:
                    for entry in entries:
                        yield Digest(PREFIX + folder.name + entry.name), entry

    def size(self, digest: Digest) -> int | None:
        """Return an object's size in bytes, or None where there is none."""
        try:
            return os.stat(self.path(digest)).st_size
        except OSError:
            return None

    def read(self, digest: Digest) -> bytes:
        """Return an object's bytes, not yet verified.

        Raises
        ------
        DataError
            When it is missing or cannot be read.
        """
        try:
            with open(self.path(digest), "rb") as stream:
                return stream.read()
        except FileNotFoundError as error:
            raise missing_object(digest) from error
        except OSError as error:
            raise DataError(f"object {digest} cannot be read: {error.strerror}") from error

    def starts_with(self, digest: Digest, start: bytes) -> bool:
        """Whether an object is here and begins so; the rest is not read."""
        try:
            with open(self.path(digest), "rb", buffering=0) as stream:
                return stream.read(len(start)) == start
        except OSError:
            return False

    def intact(self, digest: Digest) -> bool:
        """Read every byte, and say whether they are what the name says."""
        try:
            with open(self.path(digest), "rb", buffering=0) as stream:
                return digest_stream(stream)[0] == digest
        except OSError:
            return False

    def remove(self, digest: Digest) -> None:
        """Remove an object, if it is here."""
        with suppress(FileNotFoundError):
            os.unlink(self.path(digest))

    # Putting ------------------------------------------------------------------------------------------------------

    def put(self, digest: Digest, data: bytes) -> None:
        """Store bytes whose digest is known."""
        if self.refresh(digest):
            return
        try:
            temporary = self.temporary_name()
            with no_litter(temporary):
                descriptor = os.open(temporary, CREATE, 0o444)
                try:
                    writer(descriptor)(memoryview(data))
                finally:
                    os.close(descriptor)
                self.settle(temporary, digest)
        except OSError as error:
            raise unwritable(f"{self._folder} cannot be written", error) from error

    def put_file(self, path: str) -> Stored:
        """Store a file; what is stored and its digest are the same bytes, whatever happens to the file meanwhile."""
        seen = time.time_ns()
        try:
            stream = open(path, "rb", buffering=0)  # noqa: SIM115 - closed below; what fails there is the store
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from error
        try:
            with stream:
                before = os.fstat(stream.fileno())
                temporary = self.temporary_name()
                with no_litter(temporary):
                    descriptor = os.open(temporary, CREATE, 0o444)
                    try:
                        if not reflink(descriptor, stream.fileno()):
                            copy_bytes(stream.fileno(), descriptor)
                        digest, size = digest_of_private(descriptor)
                    finally:
                        os.close(descriptor)
                    self.settle(temporary, digest)
                after = os.fstat(stream.fileno())
        except OSError as error:
            raise unwritable(f"{path} cannot be stored in {self._folder}", error) from error
        identity = identity_of(after)
        unchanged = identity == identity_of(before) and size == after.st_size
        return Stored(digest, size, identity if unchanged else None, bool(after.st_mode & 0o100), seen)

    def settle(self, temporary: str, digest: Digest) -> None:
        """Give a finished temporary file its place; one that is there already stays.

        Raises
        ------
        OSError
            When it cannot be renamed.
        """
        final = self.path(digest)
        if self.refresh(digest):
            os.unlink(temporary)
            return
        try:
            os.rename(temporary, final)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(final), exist_ok=True)
            os.rename(temporary, final)
        self._settled(final)

    def temporary_name(self) -> str:
        """Return a name for a file that is being written."""
        return f"{self._temporary}/object-{next(self._count)}"

    # Placing ------------------------------------------------------------------------------------------------------

    def place(self, placement: Placement) -> Identity:
        """Make a file out of an object, in the first way that works here.

        Raises
        ------
        DataError
            When the object is missing or damaged, or the file cannot be made.
        """
        source = self.path(placement.digest)
        if not os.path.exists(source):
            raise missing_object(placement.digest)
        try:
            for kind in self._links:
                if (placement.executable or placement.own) and kind in ("hardlink", "symlink"):
                    continue  # bits and bytes would be those of the object, which is for all
                try:
                    return self._place_by(kind, source, placement)
                except OSError as error:
                    # A hard link can also fail for this one object (too many links); the next way then serves.
                    if kind == "copy" or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EEXIST):
                        raise
                    if error.errno in _UNABLE:
                        self._links = [other for other in self._links if other != kind]
            # The settings name only kinds of link that cannot be made here.
            return self._place_by("copy", source, placement)
        except WrongBytesError:
            raise damaged_object(placement.digest) from None
        except OSError as error:
            raise DataError(f"{placement.target} cannot be written: {error.strerror}") from error

    def _place_by(self, kind: LinkKind, source: str, placement: Placement) -> Identity:
        if kind in ("hardlink", "symlink"):
            if not self.intact(placement.digest):
                raise WrongBytesError
            if kind == "symlink":
                os.symlink(os.path.abspath(source), placement.target)
            else:
                os.link(source, placement.target)
            return identity_of(os.stat(placement.target))
        mode = self.executable_mode if placement.executable else self.mode
        return copy_out(source, placement.target, mode, placement.digest, share=kind == "reflink")
