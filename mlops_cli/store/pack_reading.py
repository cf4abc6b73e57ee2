"""Reading objects out of one pack, verified, and making files of them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.objects import damaged_object, missing_object
from mlops_cli.store.pack import Place, spans
from mlops_cli.store.placing import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlops_cli.store.stat_cache import Identity

    # Digest, offset and bytes in the pack, absolute path and mode of the file: plain values, because there may be many.
    PackedFile = tuple[str, int, int, str, int]

K = TypeVar("K")

_PIECE = 4 << 20  # bytes that are read at once
_GAP = 64 << 10  # bytes of other objects worth reading along


def read_raw(pack: str, places: Mapping[K, Place]) -> Iterator[tuple[K, bytes]]:
    """Yield the bytes at places of a pack, whatever they are, in the order in which they lie; with what each is called.

    Raises
    ------
    OSError
        When the pack is gone or cannot be read.
    """
    descriptor = os.open(pack, os.O_RDONLY | os.O_CLOEXEC)
    try:
        end = os.fstat(descriptor).st_size
        for span in spans(places, gap=_GAP, most=_PIECE):
            # An index may say anything: what lies past the end is no bytes, and so not what its digest says.
            room = min(span.size, end - span.start)
            data = os.pread(descriptor, room, span.start) if room > 0 else b""
            for key, (offset, size) in span.objects:
                start = offset - span.start
                yield key, data[start : start + size]
    finally:
        os.close(descriptor)


def read_verified(pack: str, places: Mapping[Digest, Place]) -> Iterator[tuple[Digest, bytes]]:
    """Yield objects of a pack in the order in which they lie.

    Raises
    ------
    DataError
        When one is damaged, or the pack is gone or cannot be read.
    """
    if not places:
        return
    with _told(pack, next(iter(places))):
        for digest, data in read_raw(pack, places):
            if digest_bytes(data) != digest:
                raise damaged_object(digest)
            yield digest, data


def make_files(pack: str, files: Sequence[PackedFile]) -> list[Identity]:
    """Make files out of objects of one pack; return the identity of each, in the order given.

    Raises
    ------
    DataError
        When an object is damaged, the pack is gone, or a file cannot be made; others may have been made.
    """
    places = {number: Place(offset, size) for number, (_, offset, size, _, _) in enumerate(files)}
    made: dict[int, Identity] = {}
    verified: tuple[str, int, int] | None = None  # of the same object lie many files side by side
    if not files:
        return []
    with _told(pack, Digest(files[0][0])):
        for number, data in read_raw(pack, places):
            digest, offset, size, target, mode = files[number]
            if (digest, offset, size) != verified:
                if digest_bytes(data) != digest:
                    raise damaged_object(Digest(digest))
                verified = digest, offset, size
            made[number] = _make_file(target, data, mode)
    return [made[number] for number in range(len(files))]


def _make_file(target: str, data: bytes, mode: int) -> Identity:
    try:
        return write_file(target, data, mode)
    except OSError as error:
        raise DataError(f"{target} cannot be written: {error.strerror}") from error


@contextmanager
def _told(pack: str, some: Digest) -> Iterator[None]:
    """Say of a pack that cannot be read what that means; `some` is an object that is missing where the pack is gone."""
    try:
        yield
    except FileNotFoundError as error:
        raise missing_object(some) from error
    except OSError as error:
        raise DataError(f"{pack} cannot be read: {error.strerror}") from error
