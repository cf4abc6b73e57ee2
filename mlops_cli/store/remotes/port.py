"""The port to a remote: named bytes somewhere else, in as few words as every kind of store has. Imports nothing heavy.

Names are relative to the remote's root, with slashes, the same on every store. A name is there whole or not at all: what is half
written lies under `tmp/`, which no listing shows. What is read here is not verified; whoever reads knows the digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Where a store that can rename keeps what is being written.
TEMPORARY = "tmp"


class RemoteError(DataError):
    """A remote did not do what it was asked.

    Parameters
    ----------
    transient : bool
        Whether the same request may well succeed a moment later: a timeout, a broken connection, an overloaded server.
    """

    kind = "remote"

    def __init__(self, message: str, *, hint: str = "", transient: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.transient = transient


class NotThere(RemoteError):  # noqa: N818 - an answer as much as an error
    """Nothing has this name."""


class ReadOnly(RemoteError):  # noqa: N818 - what the remote is
    """The remote takes nothing."""


class Unsupported(RemoteError):  # noqa: N818 - what the remote is
    """The store has no such request."""


class RemoteFiles(Protocol):
    """Named bytes on a remote.

    Every method may be called from several threads at once, and raises RemoteError where the remote fails.
    """

    @property
    def requests(self) -> int:
        """How many requests were made so far, as near as can be counted."""

    def list(self, folder: str = "") -> dict[str, int]:
        """Return the size in bytes of every file below a folder, by its name relative to the remote's root.

        Always asked anew. Empty where there is no such folder. What is half written is shown for the folder `tmp` only.
        """

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a file, from `start` on; a ranged request, not the whole file.

        Parameters
        ----------
        length : int, optional
            Exactly so many bytes; to the end by default.

        Raises
        ------
        NotThere
            When nothing has this name.
        RemoteError
            When the file ends before; transient, because a broken connection looks the same.
        """

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all; one that is there is replaced."""

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a file from chunks, whole or not at all, holding a bounded part of it in memory.

        Parameters
        ----------
        chunks : iterable of bytes
            An exception out of it goes through, and leaves nothing under the name. One that can be walked through again
            (a list, an object whose `__iter__` opens the file) can be tried again after a transient error; a generator cannot.
        size : int
            Bytes in all; anything else is a RemoteError that is not transient.
        """

    def create(self, name: str, data: bytes) -> bool:
        """Write a file only where nothing has this name; return whether it was written.

        Raises
        ------
        Unsupported
            When the store cannot tell.
        """

    def remove(self, names: Sequence[str]) -> None:
        """Remove files; those that are not there are passed over."""

    def remove_folder(self, folder: str) -> None:
        """Remove a folder that no file lies in; one with files stays, and where the store has no folders nothing happens."""
