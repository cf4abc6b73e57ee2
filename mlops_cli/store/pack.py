"""Packs: many small objects in one file with an index beside it; one format for the local store and for remotes.

A pack is a mark and then the objects back to back; it is named by the digest of all its bytes. Its index holds, sorted by
digest, where each object lies, and ends with a digest of its own bytes. Without its index a pack is garbage of a crash: the index
is written last, so that an object has a name only when its bytes are there.
"""

from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from blake3 import blake3

from mlops_cli.errors import DataError
from mlops_cli.store.digest import PREFIX, Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

K = TypeVar("K")

SMALL = 64 << 10  # bytes: what is smaller goes into packs
TARGET = 64 << 20  # bytes: a pack that has grown to this size is closed
FEW = 16  # fewer small objects than these that arrive together stay alone
PACK_MARK = b"mlopspk1"
_INDEX_MARK = b"mlopsix1"
_HEAD = struct.Struct("<8sII")
_RAW = 32
_PLACE = struct.Struct("<QQ")
_NAME = re.compile(r"[0-9a-f]{64}")
# A search costs as much as so many entries of a dictionary, which pays when it was built for enough of them.
_SEARCH = 12


class Place(NamedTuple):
    """Where an object lies in its pack: bytes from the start of the file, and how many."""

    offset: int
    size: int


class PackIndex:
    """Which objects a pack holds, and where.

    Parameters
    ----------
    data : bytes
        The whole index file; kept as the attribute of the same name.
    places : dict, optional
        What it says, where whoever made it still knows.

    Raises
    ------
    DataError
        When the bytes are not an index, or not what was written.
    """

    def __init__(self, data: bytes, places: dict[Digest, Place] | None = None) -> None:
        if len(data) < _HEAD.size + _RAW or blake3(data[:-_RAW]).digest() != data[-_RAW:]:
            raise DataError("the index of a pack is damaged")
        mark, count, zero = _HEAD.unpack_from(data)
        if mark != _INDEX_MARK or zero or len(data) != _HEAD.size + count * (_RAW + _PLACE.size) + _RAW:
            raise DataError("the index of a pack is of a kind that this version does not know")
        self._count: int = count
        self.data = data
        self._places = _HEAD.size + count * _RAW
        self._all = places
        self._searched = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, digest: Digest) -> bool:
        return self.find(digest) is not None

    def find(self, digest: Digest) -> Place | None:
        """Return where an object lies, or None where the pack does not hold it."""
        if self._all is not None:
            return self._all.get(digest)
        wanted = bytes.fromhex(digest[len(PREFIX) :])
        at = bisect_left(range(self._count), wanted, key=self._raw)
        if at == self._count or self._raw(at) != wanted:
            return None
        return Place(*_PLACE.unpack_from(self.data, self._places + at * _PLACE.size))

    def find_all(self, digests: Iterable[Digest]) -> dict[Digest, Place]:
        """Return where those of the objects lie that the pack holds."""
        wanted = digests if isinstance(digests, set | frozenset | dict) else set(digests)
        self._searched += len(wanted)
        if self._all is None and self._searched * _SEARCH < self._count:
            return {d: place for d in wanted if (place := self.find(d)) is not None}
        known = self.places
        if len(wanted) > len(known):
            return {d: place for d, place in known.items() if d in wanted}
        return {d: known[d] for d in wanted if d in known}

    @property
    def places(self) -> Mapping[Digest, Place]:
        """Every object and where it lies."""
        if self._all is None:
            self._all = dict(self)
        return self._all

    def __iter__(self) -> Iterator[tuple[Digest, Place]]:
        text = self.data[_HEAD.size : self._places].hex()
        digests = [Digest(PREFIX + text[at : at + 64]) for at in range(0, len(text), 64)]
        places = map(Place._make, _PLACE.iter_unpack(self.data[self._places : -_RAW]))
        return zip(digests, places, strict=True)

    def _raw(self, at: int) -> bytes:
        start = _HEAD.size + at * _RAW
        return self.data[start : start + _RAW]


def encode_index(places: Mapping[Digest, tuple[int, int]]) -> bytes:
    """Return the bytes of an index.

    Examples
    --------
    >>> from mlops_cli.store.digest import digest_bytes
    >>> index = PackIndex(encode_index({digest_bytes(b"a"): (8, 1), digest_bytes(b"bc"): (9, 2)}))
    >>> index.find(digest_bytes(b"bc")), index.find(digest_bytes(b"d"))
    (Place(offset=9, size=2), None)
    """
    order = sorted(places)
    raw = bytes.fromhex("".join([digest[len(PREFIX) :] for digest in order]))
    numbers = array("Q", [number for digest in order for number in places[digest]])
    if struct.pack("=H", 1) != struct.pack("<H", 1):
        numbers.byteswap()
    data = _HEAD.pack(_INDEX_MARK, len(order), 0) + raw + numbers.tobytes()
    return data + blake3(data).digest()


class PackBuilder:
    """A pack that grows; its bytes are handed on in pieces, so that memory holds no more than one.

    Attributes
    ----------
    places : dict
        What it holds so far.
    size : int
        Bytes so far.
    """

    def __init__(self) -> None:
        self.places: dict[Digest, Place] = {}
        self.size = len(PACK_MARK)
        self._hasher = blake3()
        self._pieces: list[bytes] = [PACK_MARK]

    def add(self, digest: Digest, data: bytes) -> None:
        """Take an object; one that is held already is passed over."""
        if digest not in self.places:
            size = len(data)
            self.places[digest] = Place(self.size, size)
            self._pieces.append(data)
            self.size += size

    def take(self) -> bytes:
        """Return the bytes that came since the last time."""
        data = b"".join(self._pieces)
        self._pieces = []
        self._hasher.update(data)
        return data

    @property
    def name(self) -> str:
        """The pack's name, once everything is taken: 64 hexadecimal digits."""
        return self._hasher.hexdigest()

    def index(self) -> bytes:
        """Return the bytes of the index."""
        return encode_index(self.places)


def build_packs(objects: Iterable[tuple[Digest, bytes]]) -> Iterator[tuple[str, bytes, PackIndex]]:
    """Yield name, bytes and index of packs of about the target size that hold these objects in this order."""
    builder = PackBuilder()
    for digest, data in objects:
        builder.add(digest, data)
        if builder.size >= TARGET:
            yield _built(builder)
            builder = PackBuilder()
    if builder.places:
        yield _built(builder)


def _built(builder: PackBuilder) -> tuple[str, bytes, PackIndex]:
    data = builder.take()
    return builder.name, data, PackIndex(builder.index(), builder.places)


def pack_name(file: str) -> str | None:
    """Return the name of the pack whose index this file is; None for any other file.

    Examples
    --------
    >>> pack_name("notes.txt"), pack_name(f"packs/{'0' * 64}.idx") == "0" * 64
    (None, True)
    """
    base = file.rpartition("/")[2]
    name, dot, ending = base.partition(".")
    return name if dot and ending == "idx" and _NAME.fullmatch(name) else None


class Span(NamedTuple, Generic[K]):
    """One read of a pack: bytes from `start` on, `size` of them, and the objects inside (places from the start of the pack)."""

    start: int
    size: int
    objects: tuple[tuple[K, Place], ...]


def spans(places: Mapping[K, Place], *, gap: int, most: int = TARGET) -> list[Span[K]]:
    """Return the reads that bring objects of one pack, neighbours in one.

    Parameters
    ----------
    places : mapping
        Where each lies, by whatever it is called.
    gap : int
        Bytes of other objects worth reading along rather than asking once more.
    most : int
        Bytes that one read brings at most, unless one object is larger.
    """
    found: list[Span[K]] = []
    group: list[tuple[K, Place]] = []
    start = end = 0
    for item in sorted(places.items(), key=itemgetter(1)):
        offset, size = item[1]
        stop = max(end, offset + size)
        if group and (offset - end > gap or stop - start > most):
            found.append(Span(start, end - start, tuple(group)))
            group = []
        if not group:
            start, stop = offset, offset + size
        group.append(item)
        end = stop
    if group:
        found.append(Span(start, end - start, tuple(group)))
    return found
