"""Making the index of a pack anew, out of the pack, what is left of the index, and what records say of sizes.

A row of a damaged index is believed when the bytes that it points at have its digest; what lies between believed rows is tried
as one object, and as objects of known sizes. Whatever comes out has been hashed, so nothing in it can be wrong; it can only lack
something.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from mlops_cli.store.digest import PREFIX, Digest, digest_bytes
from mlops_cli.store.pack import PACK_MARK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_HEAD = 16
_RAW = 32
_PLACE = struct.Struct("<QQ")
_MOST_SIZES = 2000  # different sizes that are tried at one place


def rebuild_places(pack: bytes, index: bytes, known: Mapping[Digest, int]) -> dict[Digest, tuple[int, int]]:
    """Return which objects a pack holds, and where.

    Parameters
    ----------
    pack : bytes
        The whole pack.
    index : bytes
        What is left of its index; may be empty.
    known : mapping
        Digest to bytes of objects that may be in it.
    """
    places = {
        digest: (offset, size)
        for digest, offset, size in _rows(index)
        if len(PACK_MARK) <= offset <= offset + size <= len(pack)
        and digest_bytes(pack[offset : offset + size]) == digest
    }
    sizes = sorted({size for digest, size in known.items() if digest not in places and size})
    for start, end in _gaps(places.values(), len(pack)):
        places |= _fill(pack, start, end, known.keys(), sizes[:_MOST_SIZES])
    return places


def _rows(index: bytes) -> Iterator[tuple[Digest, int, int]]:
    """Yield the rows of an index whose checksum or head may be wrong."""
    count = (len(index) - _HEAD - _RAW) // (_RAW + _PLACE.size)
    start = _HEAD + count * _RAW
    for at in range(max(count, 0)):
        raw = index[_HEAD + at * _RAW : _HEAD + (at + 1) * _RAW]
        yield Digest(PREFIX + raw.hex()), *_PLACE.unpack_from(index, start + at * _PLACE.size)


def _gaps(places: Collection[tuple[int, int]], end: int) -> Iterator[tuple[int, int]]:
    at = len(PACK_MARK)
    for offset, size in sorted(places):
        if offset > at:
            yield at, offset
        at = max(at, offset + size)
    if end > at:
        yield at, end


def _fill(
    pack: bytes, start: int, end: int, known: Collection[Digest], sizes: list[int]
) -> dict[Digest, tuple[int, int]]:
    """Return the objects between two places: known ones as far as they can be told, else all of it as one."""
    whole = {digest_bytes(pack[start:end]): (start, end - start)}
    if next(iter(whole)) in known:
        return whole
    found: dict[Digest, tuple[int, int]] = {}
    at = start
    while at < end:
        step = next((s for s in sizes if at + s <= end and digest_bytes(pack[at : at + s]) in known), 0)
        if not step:
            break
        found[digest_bytes(pack[at : at + step])] = (at, step)
        at += step
    return found or whole
