"""One suite of behaviour that every kind of remote passes, on real servers; plain HTTP the half about reading."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.remotes.port import NotThere, ReadOnly, RemoteError, Unsupported
from tests.support.remote_suite import READABLE, WRITABLE, Place, make_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlops_cli.store.remotes.port import RemoteFiles

BYTES = bytes(range(256)) * 40


@pytest.fixture
def readable(request: pytest.FixtureRequest, tmp_path: Path, home_folder: Path) -> Place:
    return make_place(request.param, request, tmp_path, home_folder)


@pytest.fixture
def writable(request: pytest.FixtureRequest, tmp_path: Path, home_folder: Path) -> Place:
    return make_place(request.param, request, tmp_path, home_folder)


every = pytest.mark.parametrize("readable", READABLE, indirect=True)
each_writable = pytest.mark.parametrize("writable", WRITABLE, indirect=True)


# Reading ---------------------------------------------------------------------------------------------------------------


@every
def test_what_lies_there_is_read_whole(readable: Place) -> None:
    files = readable.filled({"objects/ab/cdef": BYTES, "empty": b""})
    assert files.read("objects/ab/cdef") == BYTES
    assert files.read("empty") == b""


@every
@pytest.mark.parametrize(
    ("start", "length"), [(0, 10), (100, 1), (10_000, 240), (5_000, None), (0, 10_240), (0, 0)]
)
def test_a_range_is_read(readable: Place, start: int, length: int | None) -> None:
    files = readable.filled({"packs/a.pack": BYTES})
    assert (
        files.read("packs/a.pack", start, length) == BYTES[start : None if length is None else start + length]
    )


@every
def test_a_name_that_is_not_there_is_said_so(readable: Place) -> None:
    files = readable.filled({"objects/ab/cdef": BYTES})
    for name in ("nothing", "objects/ab/nothing", "objects/ab/cdef/nothing"):
        with pytest.raises(NotThere) as raised:
            files.read(name)
        assert name in raised.value.message
        assert readable.url in raised.value.message


@every
def test_a_range_beyond_the_end_is_an_error_and_not_fewer_bytes(readable: Place) -> None:
    remote = readable.filled({"a": b"0123456789"})
    files = remote._files  # type: ignore[attr-defined] # without its patience
    for start, length in ((5, 6), (10, 1), (11, 5), (10, None), (11, None)):
        with pytest.raises(RemoteError):
            files.read("a", start, length)


@every
def test_every_file_is_listed_with_its_size(readable: Place) -> None:
    content = {"objects/ab/cdef": b"abc", "objects/cd/ef": b"", "packs/a.pack": BYTES, "listing": b"1"}
    files = readable.filled(content)
    listed = files.list()
    assert {name: listed[name] for name in content} == {name: len(data) for name, data in content.items()}
    assert set(listed) - set(content) <= {"listing.json"}


@every
def test_a_folder_is_listed_alone(readable: Place) -> None:
    files = readable.filled(
        {"packs/a.pack": b"abc", "packs2/b.pack": b"d", "packs.c": b"e", "x/packs/d": b"f"}
    )
    assert files.list("packs") == {"packs/a.pack": 3}


@every
def test_an_empty_or_missing_folder_has_no_files(readable: Place) -> None:
    assert readable.open().list() == {}
    assert readable.filled({"a": b"1"}).list("packs") == {}


@every
def test_what_is_half_written_is_not_listed_unless_asked_for(readable: Place) -> None:
    files = readable.filled({"tmp/abc": b"12", "objects/ab/tmp": b"3"})
    assert "tmp/abc" not in files.list()
    assert files.list()["objects/ab/tmp"] == 1
    assert files.list("tmp") == {"tmp/abc": 2}


@every
def test_names_that_addresses_would_have_to_escape_are_names(readable: Place) -> None:
    names = ["results/a b.json", "results/50%25+#.json", "results/ä.json"]
    files = readable.filled({name: name.encode() for name in names})
    assert [files.read(name).decode() for name in names] == names
    assert sorted(files.list("results")) == sorted(names)


@every
def test_many_threads_read_at_once(readable: Place) -> None:
    content = {f"objects/{number:02x}/a": bytes([number]) * (1000 + number) for number in range(40)}
    files = readable.filled(content)
    with ThreadPoolExecutor(12) as pool:
        whole = list(pool.map(files.read, content))
        parts = list(pool.map(lambda name: files.read(name, 10, 100), content))
    assert whole == list(content.values())
    assert parts == [data[10:110] for data in content.values()]


@every
def test_requests_are_counted(readable: Place) -> None:
    files = readable.filled({"a": BYTES})
    before = files.requests
    files.read("a", 1, 2)
    assert 1 <= files.requests - before <= 3


# Writing ---------------------------------------------------------------------------------------------------------------


@each_writable
def test_what_is_written_lies_there_and_replaces_what_lay_there(writable: Place) -> None:
    files = writable.open()
    files.write("objects/ab/cdef", b"one")
    files.write("objects/ab/cdef", b"another")
    files.write("empty", b"")
    assert writable.open().read("objects/ab/cdef") == b"another"
    assert files.list() == {"objects/ab/cdef": 7, "empty": 0}


@each_writable
@pytest.mark.parametrize("count", [0, 1, 3, 37])
def test_chunks_become_one_file(writable: Place, count: int) -> None:
    files = writable.open()
    files.upload("packs/a.pack", (BYTES for _ in range(count)), count * len(BYTES))
    assert files.read("packs/a.pack") == BYTES * count
    assert files.list() == {"packs/a.pack": count * len(BYTES)}


@each_writable
def test_a_file_of_many_mebibytes_arrives_as_it_is(writable: Place) -> None:
    files = writable.open()
    chunks = [bytes([number % 251]) * 3_000_017 for number in range(11)]
    files.upload("packs/big.pack", iter(chunks), sum(map(len, chunks)))
    assert files.read("packs/big.pack") == b"".join(chunks)
    assert files.read("packs/big.pack", 3_000_010, 20) == b"".join(chunks)[3_000_010:3_000_030]
    assert files.list("tmp") == {}


def nothing_half_written(place: Place, files: RemoteFiles) -> bool:
    """Whether nothing lies under `tmp`; what a web server keeps of a request that broke off is its own affair."""
    return place.kind == "webdav" or files.list("tmp") == {}


class TornError(Exception):
    pass


def torn(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield BYTES * 100
    raise TornError


@each_writable
@pytest.mark.parametrize("count", [0, 1, 30])
def test_an_error_in_the_chunks_goes_through_and_leaves_nothing(writable: Place, count: int) -> None:
    files = writable.open()
    files.write("old", b"old")
    for name in ("new", "old"):
        with pytest.raises(TornError):
            files.upload(name, torn(count), len(BYTES) * 100 * 40)
    assert files.list() == {"old": 3}
    assert files.read("old") == b"old"
    assert nothing_half_written(writable, files)


@each_writable
@pytest.mark.parametrize("size", [0, 9, 11, 20 << 20])
def test_another_size_than_announced_leaves_nothing(writable: Place, size: int) -> None:
    files = writable.open()
    files.write("old", b"old")
    with pytest.raises(RemoteError) as raised:
        files.upload("old", [b"01234", b"56789"], size)
    assert not raised.value.transient
    assert files.read("old") == b"old"
    assert nothing_half_written(writable, files)


@each_writable
def test_an_endless_upload_is_stopped_at_what_was_announced(writable: Place) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            yield BYTES * 10
        pytest.fail("far more was taken than announced")

    with pytest.raises(RemoteError):
        writable.open().upload("a", endless(), 5 * len(BYTES))
    assert writable.open().list() == {}


@each_writable
def test_only_the_first_creates_a_name(writable: Place) -> None:
    files = writable.open()
    if writable.kind == "memory":
        with pytest.raises(Unsupported):
            files.create("locks/a", b"one")
        return
    assert files.create("locks/a", b"one")
    assert not files.create("locks/a", b"two")
    assert files.read("locks/a") == b"one"
    assert files.list("tmp") == {}


@each_writable
def test_of_many_at_once_exactly_one_creates_a_name(writable: Place) -> None:
    if writable.kind == "memory":
        pytest.skip("it cannot tell")
    if writable.kind == "s3":
        pytest.skip(
            "the server of the tests looks and writes in two steps; the condition itself is tested above"
        )
    files = writable.open()
    start = threading.Barrier(6)

    def create(number: int) -> bool:
        start.wait()
        return files.create("locks/a", bytes([number]) * 100)

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(create, range(6)))
    assert made.count(True) == 1
    assert files.read("locks/a") == bytes([made.index(True)]) * 100


@each_writable
def test_what_is_removed_is_gone_and_what_is_missing_is_passed_over(writable: Place) -> None:
    files = writable.open()
    for name in ("a/b", "c", "d"):
        files.write(name, b"1")
    files.remove(["a/b", "nothing", "a/nothing", "d"])
    files.remove(["nothing"])
    files.remove([])
    assert files.list() == {"c": 1}


@each_writable
def test_a_listing_is_fresh_whoever_wrote(writable: Place) -> None:
    files, others = writable.open(), writable.open()
    assert files.list() == {}
    others.write("packs/a.pack", b"1")
    assert files.list() == {"packs/a.pack": 1}
    others.write("packs/a.pack", b"12")
    others.write("packs/b.pack", b"1")
    assert files.list("packs") == {"packs/a.pack": 2, "packs/b.pack": 1}
    others.remove(["packs/a.pack"])
    assert files.list() == {"packs/b.pack": 1}


@each_writable
def test_many_threads_write_at_once(writable: Place) -> None:
    files = writable.open()
    names = [f"objects/{number % 5:02x}/{number}" for number in range(40)]

    def write(name: str) -> None:
        files.upload(name, [name.encode()] * 100, 100 * len(name))
        files.write("same", BYTES)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(write, names))
    assert files.list() == {name: 100 * len(name) for name in names} | {"same": len(BYTES)}
    assert files.read("same") == BYTES
    assert files.list("tmp") == {}


def test_a_plain_web_server_takes_nothing(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    files = make_place("http", request, tmp_path, tmp_path).filled({"a": b"1"})
    for attempt in (
        lambda: files.write("b", b"1"),
        lambda: files.upload("b", [b"1"], 1),
        lambda: files.create("b", b"1"),
        lambda: files.remove(["a"]),
    ):
        with pytest.raises(ReadOnly):
            attempt()
    files.remove([])
