"""Objects: bytes named by their digest. The port, and the values that pass through it.

The port takes batches, so that one that packs small objects together, or asks a remote, can do so in one go.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mlops_cli.helper.process import Helper
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.stat_cache import Identity


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


class Intake(Protocol):
    """Takes files in while they are read for their digests, so that nothing is read twice; a context manager that seals at its end.

    One thread keeps; several may copy.
    """

    def keep(self, found: Sequence[tuple[Digest, bytes]]) -> None:
        """Take the bytes of small objects whose digests are known; one may come several times."""
        ...

    def copy(self, path: str) -> Stored:
        """Take a large file.

        Raises
        ------
        DataError
            When it cannot be read, or the store cannot be written.
        """
        ...

    def __enter__(self) -> Self:
        """Return itself."""
        ...

    def __exit__(self, *_: object) -> None:
        """Seal what came, also where something failed: what is whole stays."""
        ...


class Objects(Protocol):
    """A store of immutable bytes. Putting what is there already is free and changes nothing; order in a batch does not matter."""

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are not in the store."""
        ...

    def bring(self, digests: Collection[Digest]) -> None:
        """Have objects here before they are asked for one after another; nothing to do where all there is is here.

        Raises
        ------
        DataError
            When one cannot be brought.
        """
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

    def intake(self) -> Intake:
        """Return what takes files in while they are read."""
        ...

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return the bytes of objects, verified.

        Raises
        ------
        DataError
            When one is missing or its bytes do not have its digest.
        """
        ...

    def place(self, placements: Sequence[Placement], helper: Helper | None = None) -> list[Identity]:
        """Make files out of objects, verified while they are written; return the identity of each file.

        Parameters
        ----------
        helper : Helper, optional
            May do it instead of this process, which then goes on with other threads meanwhile.

        Raises
        ------
        DataError
            When an object is missing or damaged, or a file cannot be made; files of the batch before it stay.
        """
        ...

    def damaged(self, digests: Collection[Digest]) -> set[Digest]:
        """Read every byte, and return those whose bytes do not have their digest, missing ones included."""
        ...

    def remove(self, digests: Collection[Digest]) -> None:
        """Remove objects that were found damaged, so that they are made again; those that are missing are passed over."""
        ...


class DamagedObjectError(DataError):
    """The bytes of an object do not have its digest."""


_FULL = "Make room there, then do it again. What no record leads to any more goes with: mlops gc --delete"
_NOT_OURS = "Have its owner let you write there, or use a store of your own: MLOPS_CACHE_DIR=FOLDER"
_HINTS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _NOT_OURS,
    errno.EACCES: _NOT_OURS,
    errno.EPERM: _NOT_OURS,
}
# What says that a place can be read, but not written.
READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


def unwritable(what: str, error: OSError) -> DataError:
    """Return the error of a store that cannot be written; `what` says what cannot be done, and where."""
    return DataError(f"{what}: {error.strerror}", hint=_HINTS.get(error.errno or 0, ""))


def missing_object(digest: Digest) -> DataError:
    """Return the error of an object that is not in the store."""
    return DataError(f"object {digest} is not in the store", hint="Bring it with: mlops pull")


def damaged_object(digest: Digest) -> DamagedObjectError:
    """Return the error of an object whose bytes do not have its digest."""
    return DamagedObjectError(
        f"object {digest} is damaged", hint="Mend what can be mended with: mlops verify --repair"
    )
