from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import DataError
from mlops_cli.store.digest import digest_bytes, digest_stream, parse_digest
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

# The first 32 bytes of `hash` in test_vectors.json of the BLAKE3 project; the input repeats the bytes 0 to 250.
PUBLISHED = {
    0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    1023: "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
    1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    1025: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
    8192: "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63",
    31744: "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47",
    102400: "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085",
}
MIB = 1 << 20


def published_input(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


class Trickle(io.FileIO):
    """A file whose reads are cut short, as those of pipes and network file systems are."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 7000) if size and size > 0 else 7000) or b""

    def readinto(self, buffer: object, /) -> int:
        return super().readinto(memoryview(buffer)[:7000])  # type: ignore[arg-type]


@pytest.mark.parametrize("length", PUBLISHED)
def test_the_digest_of_bytes_is_the_published_blake3(length: int) -> None:
    assert digest_bytes(published_input(length)) == f"b3:{PUBLISHED[length]}"


@pytest.mark.parametrize("length", PUBLISHED)
def test_the_digest_of_a_file_is_the_published_blake3(length: int, tmp_path: Path) -> None:
    path = write(tmp_path / "file", published_input(length))
    with path.open("rb", buffering=0) as stream:
        assert digest_stream(stream) == (f"b3:{PUBLISHED[length]}", length)


@pytest.mark.parametrize("length", [MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 5])
def test_a_file_around_the_size_of_one_read_has_the_digest_of_its_bytes(length: int, tmp_path: Path) -> None:
    data = published_input(length)
    with write(tmp_path / "file", data).open("rb", buffering=0) as stream:
        assert digest_stream(stream) == (digest_bytes(data), length)


@pytest.mark.parametrize("length", [0, 1, 6999, 7000, 7001, 50_000, MIB + 7001])
def test_reads_that_are_cut_short_change_nothing(length: int, tmp_path: Path) -> None:
    data = published_input(length)
    with Trickle(write(tmp_path / "file", data)) as stream:
        assert digest_stream(stream) == (digest_bytes(data), length)


@pytest.mark.parametrize("length", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 5])
def test_what_passes_is_handed_on_whole_and_in_order(length: int, tmp_path: Path) -> None:
    data = published_input(length)
    copy = bytearray()
    with write(tmp_path / "file", data).open("rb", buffering=0) as stream:
        digest_stream(stream, copy.extend)
    assert bytes(copy) == data


@given(st.binary(), st.binary())
def test_bytes_have_the_same_digest_exactly_when_they_are_the_same(one: bytes, other: bytes) -> None:
    assert (digest_bytes(one) == digest_bytes(other)) == (one == other)


@given(st.binary())
def test_every_digest_is_read_back_as_itself(data: bytes) -> None:
    assert parse_digest(digest_bytes(data)) == digest_bytes(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b3:",
        PUBLISHED[0],
        f"md5:{PUBLISHED[0]}",
        f"b3:{PUBLISHED[0][:-1]}",
        f"b3:{PUBLISHED[0]}0",
        f"b3:{PUBLISHED[0].upper()}",
        f"b3:{PUBLISHED[0]}\n",
        f" b3:{PUBLISHED[0]}",
        "b3:" + "../" * 21 + "x",
        None,
        7,
        [f"b3:{PUBLISHED[0]}"],
        "b3:" + "\N{ARABIC-INDIC DIGIT ZERO}" * 64,
    ],
)
def test_what_is_not_a_digest_is_refused(text: object) -> None:
    with pytest.raises(DataError, match="is not a digest"):
        parse_digest(text)
