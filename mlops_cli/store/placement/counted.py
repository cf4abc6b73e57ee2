"""A store that tells how many files and bytes passed through it: for whoever shows progress."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mlops_cli.helper.process import Helper
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.objects import Intake, Objects, Placement, Stored
    from mlops_cli.store.stat_cache import Identity

_AT_ONCE = 2000  # files that are placed between two tidings


class CountedObjects:
    """A store, with every file that is put in or placed counted.

    Parameters
    ----------
    objects : Objects
        The store itself.
    tell : callable
        Told the number of files and of bytes so far, from any thread.
    """

    def __init__(self, objects: Objects, tell: Callable[[int, int], None]) -> None:
        self._objects = objects
        self._tell = tell
        self._lock = threading.Lock()
        self.files = 0
        self.size = 0

    def count(self, files: int, size: int) -> None:
        """Add to what is done, and tell."""
        with self._lock:
            self.files += files
            self.size += size
            self._tell(self.files, self.size)

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are not in the store."""
        return self._objects.missing(digests)

    def bring(self, digests: Collection[Digest]) -> None:
        """Have objects here before they are asked for one after another."""
        self._objects.bring(digests)

    def put_files(self, paths: Sequence[str]) -> list[Stored]:
        """Store files."""
        stored = self._objects.put_files(paths)
        self.count(len(stored), sum(each.size for each in stored))
        return stored

    def put_blobs(self, blobs: Sequence[bytes]) -> list[Digest]:
        """Store bytes."""
        return self._objects.put_blobs(blobs)

    def intake(self) -> CountedIntake:
        """Return what takes files in while they are read."""
        return CountedIntake(self._objects.intake(), self)

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return the bytes of objects, verified."""
        return self._objects.read_blobs(digests)

    def place(self, placements: Sequence[Placement], helper: Helper | None = None) -> list[Identity]:
        """Make files out of objects."""
        identities: list[Identity] = []
        for start in range(0, len(placements), _AT_ONCE):
            placed = self._objects.place(placements[start : start + _AT_ONCE], helper)
            identities += placed
            self.count(len(placed), sum(identity.size for identity in placed))
        return identities

    def damaged(self, digests: Collection[Digest]) -> set[Digest]:
        """Read every byte, and return those that are not what their name says."""
        return self._objects.damaged(digests)

    def remove(self, digests: Collection[Digest]) -> None:
        """Remove objects that were found damaged."""
        self._objects.remove(digests)


class CountedIntake:
    """An intake, with every file that it takes counted."""

    def __init__(self, intake: Intake, counted: CountedObjects) -> None:
        self._intake = intake
        self._counted = counted

    def __enter__(self) -> Self:
        """Return itself."""
        self._intake.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Seal what came."""
        self._intake.__exit__(*error)

    def keep(self, found: Sequence[tuple[Digest, bytes]]) -> None:
        """Take the bytes of small objects."""
        self._intake.keep(found)
        self._counted.count(len(found), sum(len(data) for _, data in found))

    def copy(self, path: str) -> Stored:
        """Take a large file."""
        stored = self._intake.copy(path)
        self._counted.count(1, stored.size)
        return stored
