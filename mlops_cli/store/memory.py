"""The in-memory twin of the object store: the same behaviour in a dictionary."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.objects import Placement, Stored, damaged_object, missing_object
from mlops_cli.store.stat_cache import Identity, identity_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mlops_cli.helper.process import Helper


class MemoryObjects:
    """Objects in a dictionary, for tests and for plans that write nothing."""

    def __init__(self) -> None:
        self.blobs: dict[Digest, bytes] = {}

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are not in the store."""
        return {d for d in digests if d not in self.blobs}

    def bring(self, digests: Collection[Digest]) -> None:
        """Do nothing: what there is is here."""

    def put_files(self, paths: Sequence[str]) -> list[Stored]:
        """Store files."""
        stored = []
        for path in paths:
            seen = time.time_ns()
            try:
                data = Path(path).read_bytes()
                status = os.stat(path)
            except OSError as error:
                raise DataError(f"{path} cannot be stored: {error.strerror}") from error
            [digest] = self.put_blobs([data])
            stored.append(Stored(digest, len(data), identity_of(status), bool(status.st_mode & 0o100), seen))
        return stored

    def put_blobs(self, blobs: Sequence[bytes]) -> list[Digest]:
        """Store bytes."""
        digests = [digest_bytes(data) for data in blobs]
        self.blobs.update(zip(digests, blobs, strict=True))
        return digests

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return the bytes of objects, verified."""
        for digest in digests:
            if digest not in self.blobs:
                raise missing_object(digest)
            if digest_bytes(self.blobs[digest]) != digest:
                raise damaged_object(digest)
        return [self.blobs[digest] for digest in digests]

    def intake(self) -> MemoryIntake:
        """Return what takes files in while they are read."""
        return MemoryIntake(self)

    def place(self, placements: Sequence[Placement], _: Helper | None = None) -> list[Identity]:
        """Make files out of objects."""
        identities = []
        for placement in placements:
            self.read_blobs([placement.digest])
            try:
                with open(placement.target, "xb") as stream:
                    stream.write(self.blobs[placement.digest])
            except OSError as error:
                raise DataError(f"{placement.target} cannot be written: {error.strerror}") from error
            if placement.executable:
                os.chmod(placement.target, 0o755)  # noqa: S103 - the bit was there when it was stored
            identities.append(identity_of(os.stat(placement.target)))
        return identities

    def damaged(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those whose bytes are not what their name says."""
        return {d for d in digests if digest_bytes(self.blobs.get(d, b"\0")) != d or d not in self.blobs}

    def remove(self, digests: Collection[Digest]) -> None:
        """Remove objects that were found damaged."""
        for digest in digests:
            self.blobs.pop(digest, None)


class MemoryIntake:
    """Takes files into a dictionary."""

    def __init__(self, objects: MemoryObjects) -> None:
        self._objects = objects

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: all of it is there."""

    def keep(self, found: Sequence[tuple[Digest, bytes]]) -> None:
        """Take the bytes of small objects."""
        self._objects.blobs.update(found)

    def copy(self, path: str) -> Stored:
        """Take a large file."""
        return self._objects.put_files([path])[0]
