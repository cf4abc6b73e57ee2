"""The format of packs: what is written today must be read by every later version."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import DataError
from mlops_cli.store import pack
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.pack import (
    PackBuilder,
    PackIndex,
    Place,
    build_packs,
    encode_index,
    pack_name,
    spans,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

ONE, TWO = digest_bytes(b"one"), digest_bytes(b"two")
blobs_lists = st.lists(st.binary(max_size=40), max_size=30)


def built(blobs: Sequence[bytes]) -> list[tuple[str, bytes, PackIndex]]:
    return list(build_packs([(digest_bytes(blob), blob) for blob in blobs]))


def entries(data: bytes, index: PackIndex) -> dict[Digest, bytes]:
    """Return every object of a pack."""
    return {digest: data[place.offset : place.offset + place.size] for digest, place in index}


def digests_of(count: int) -> list[Digest]:
    return [digest_bytes(b"%d" % n) for n in range(count)]


def index_of(count: int) -> PackIndex:
    return PackIndex(encode_index({d: (8 + n * 10, 10) for n, d in enumerate(digests_of(count))}))


# The form ----------------------------------------------------------------------------------------------------------


def test_the_form_of_a_pack_never_changes() -> None:
    [(name, data, index)] = built([b"one", b"", b"two"])
    assert data == b"mlopspk1onetwo"
    assert name == blake3(data).hexdigest()
    assert list(index.places) == [ONE, digest_bytes(b""), TWO]


def test_the_form_of_an_index_never_changes() -> None:
    # By hand: a mark, how many, zero; the digests in order; where each lies; the digest of all this.
    assert ONE < TWO
    head = b"mlopsix1" + bytes([2, 0, 0, 0]) + bytes(4)
    digests = bytes.fromhex(ONE[3:] + TWO[3:])
    places = struct.pack("<4Q", 11, 3, 8, 3)
    [(_, _, index)] = built([b"two", b"one"])
    assert index.data == head + digests + places + blake3(head + digests + places).digest()


def test_the_limits_are_those_that_the_documentation_names() -> None:
    assert (pack.SMALL, pack.TARGET, pack.FEW) == (64 << 10, 64 << 20, 16)


@given(blobs_lists)
def test_any_objects_come_out_of_a_pack_as_they_went_in(blobs: list[bytes]) -> None:
    packs = built(blobs)
    assert len(packs) == bool(blobs)
    for name, data, made in packs:
        index = PackIndex(made.data)
        assert index.places == made.places
        assert digest_bytes(data) == f"b3:{name}"
        assert entries(data, index) == {digest_bytes(b): b for b in blobs}
        assert len(index) == len(set(blobs))
        assert list(made.places) == list(dict.fromkeys(map(digest_bytes, blobs)))
        assert len(data) == 8 + sum(map(len, set(blobs)))


@given(blobs=blobs_lists, target=st.integers(1, 200))
def test_packs_of_any_size_hold_every_object_and_none_grows_past_its_size(
    blobs: list[bytes], target: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pack, "TARGET", target)
        packs = built(blobs)
    found: dict[Digest, bytes] = {}
    for _, data, index in packs:
        found |= entries(data, PackIndex(index.data))
        assert len(data) <= max(target, 8) + 40
    assert found == {digest_bytes(blob): blob for blob in blobs}


@given(blobs=blobs_lists, cuts=st.lists(st.booleans(), min_size=30, max_size=30))
def test_the_bytes_of_a_pack_are_the_same_in_however_many_pieces_they_are_taken(
    blobs: list[bytes], cuts: list[bool]
) -> None:
    builder, data = PackBuilder(), b""
    for blob, cut in zip(blobs, cuts, strict=False):
        builder.add(digest_bytes(blob), blob)
        if cut:
            data += builder.take()
    data += builder.take()
    whole = PackBuilder()
    for blob in blobs:
        whole.add(digest_bytes(blob), blob)
    assert data == whole.take()
    assert (builder.name, builder.index(), builder.size) == (whole.name, whole.index(), len(data))


# Indexes -----------------------------------------------------------------------------------------------------------


def test_any_flipped_bit_of_an_index_is_noticed() -> None:
    data = encode_index({ONE: (8, 3), TWO: (11, 3)})
    for at in range(len(data)):
        for bit in range(8):
            with pytest.raises(DataError, match="index of a pack"):
                PackIndex(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])


def test_any_shortened_index_is_noticed() -> None:
    data = encode_index({ONE: (8, 3), TWO: (11, 3)})
    for size in range(len(data)):
        with pytest.raises(DataError, match="index of a pack"):
            PackIndex(data[:size])


@pytest.mark.parametrize(
    ("mark", "count", "zero"),
    [
        (b"mlopsix2", 1, 0),
        (b"mlopsix1", 0, 0),
        (b"mlopsix1", 2, 0),
        (b"mlopsix1", 2**32 - 1, 0),
        (b"mlopsix1", 1, 1),
    ],
)
def test_an_index_of_another_kind_is_refused_although_its_checksum_is_right(
    mark: bytes, count: int, zero: int
) -> None:
    data = struct.pack("<8sII", mark, count, zero) + bytes.fromhex(ONE[3:]) + struct.pack("<QQ", 8, 3)
    with pytest.raises(DataError, match="does not know"):
        PackIndex(data + blake3(data).digest())


def test_an_index_of_nothing_is_one() -> None:
    index = PackIndex(encode_index({}))
    assert (len(index), dict(index), index.find(ONE), index.find_all([ONE])) == (0, {}, None, {})


@given(known=st.sets(st.integers(0, 60)), wanted=st.sets(st.integers(0, 60)))
def test_an_index_finds_what_it_holds_and_nothing_else(known: set[int], wanted: set[int]) -> None:
    all_digests = digests_of(61)
    places = {all_digests[n]: (8 + n * 10, n) for n in known}
    index = PackIndex(encode_index(places))
    for n in range(61):
        assert index.find(all_digests[n]) == places.get(all_digests[n])
        assert (all_digests[n] in index) is (n in known)
    asked = [all_digests[n] for n in wanted]
    assert index.find_all(asked) == {d: places[d] for d in asked if d in places}
    assert dict(index) == dict(index.places) == places


@pytest.mark.parametrize("count", [1, 199, 200, 201, 5000])
@pytest.mark.parametrize("held", [0, 1, 300, 3000])
def test_small_and_large_batches_are_answered_alike(held: int, count: int) -> None:
    wanted = digests_of(count)
    expected = {d: Place(8 + n * 10, 10) for n, d in enumerate(digests_of(held)) if n < count}
    for batch in (wanted, set(wanted), dict.fromkeys(wanted), wanted * 2):
        assert index_of(held).find_all(batch) == expected
    index = index_of(held)
    assert len(index.places) == held  # from here on there is a dictionary
    assert index.find_all(wanted) == expected
    assert {d: place for d in wanted if (place := index.find(d))} == expected


# Names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [f"{'a1' * 32}.idx", f"packs/{'a1' * 32}.idx", f"/x/y/{'a1' * 32}.idx"])
def test_an_index_is_known_by_its_name(file: str) -> None:
    assert pack_name(file) == "a1" * 32


@pytest.mark.parametrize(
    "file",
    [
        "",
        "a.idx",
        "a1" * 32,
        f"{'a1' * 32}.pack",
        f"{'A1' * 32}.idx",
        f"{'a1' * 31}.idx",
        f"{'a1' * 32}.idx.tmp",
        f".{'a1' * 32}.idx",
        f"{'a1' * 32}.idx/x",
        f"{'a1' * 32}\n.idx",
    ],
)
def test_any_other_file_is_no_index(file: str) -> None:
    assert pack_name(file) is None


# Spans -------------------------------------------------------------------------------------------------------------

places_lists = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=20).map(
    lambda steps: [
        Place(8 + sum(gap + size for gap, size in steps[:n]) + gap, size)
        for n, (gap, size) in enumerate(steps)
    ]
)


@given(places=places_lists, gap=st.integers(0, 40), most=st.integers(1, 80))
def test_reads_bring_every_object_once_and_no_more_than_they_may(
    places: list[Place], gap: int, most: int
) -> None:
    wanted = dict(zip(digests_of(len(places)), places, strict=True))
    found = spans(wanted, gap=gap, most=most)
    assert sorted(item for span in found for item in span.objects) == sorted(wanted.items())
    for span in found:
        end = span.start + span.size
        assert span.start == min(place.offset for _, place in span.objects)
        assert end == max(place.offset + place.size for _, place in span.objects)
        assert span.size <= most or len([p for _, p in span.objects if p.size]) == 1
        inside = sorted(place for _, place in span.objects)
        for before, after in pairwise(inside):
            assert after.offset - (before.offset + before.size) <= gap
    assert [span.start for span in found] == sorted(span.start for span in found)


def test_neighbours_come_in_one_read_and_what_lies_far_apart_in_two() -> None:
    near = {ONE: Place(8, 3), TWO: Place(15, 3)}
    assert [(s.start, s.size) for s in spans(near, gap=4)] == [(8, 10)]
    assert [(s.start, s.size) for s in spans(near, gap=3)] == [(8, 3), (15, 3)]
    assert [(s.start, s.size) for s in spans(near, gap=4, most=9)] == [(8, 3), (15, 3)]


def test_one_large_object_is_read_although_it_is_more_than_a_read_may_bring() -> None:
    assert [(s.start, s.size) for s in spans({ONE: Place(8, 100)}, gap=0, most=10)] == [(8, 100)]


def test_no_objects_need_no_read() -> None:
    assert spans({}, gap=0) == []
