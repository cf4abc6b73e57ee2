"""One suite that every object store must pass: where small objects lie alone, where they lie in packs, and in memory."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import DataError
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.memory import MemoryObjects
from mlops_cli.store.objects import Objects, Placement
from mlops_cli.store.stat_cache import identity_of
from tests.support.files import write, write_all
from tests.support.object_stores import folder_objects, packing, spoil

if TYPE_CHECKING:
    from pathlib import Path

Store: TypeAlias = FolderObjects | MemoryObjects
EMPTY = digest_bytes(b"")
ABSENT = digest_bytes(b"absent")
# What is smaller than 64 KiB may be packed; large ones stream from one MiB on, and are mapped from eight on.
SIZES = [0, 1, 5000, (1 << 16) - 1, 1 << 16, (1 << 20) + 1, 9_000_000]
KINDS = ["loose", "packed", "memory"]


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "packed":
        packing(monkeypatch)
    return MemoryObjects() if request.param == "memory" else folder_objects(tmp_path / "store")


# Every store -------------------------------------------------------------------------------------------------------


def test_it_is_an_object_store(store: Store) -> None:
    port: Objects = store  # the type checker says whether it is
    assert port.missing([]) == set()


def test_what_was_put_is_read_back(store: Store) -> None:
    blobs = [b"one", b"", b"two" * 100_000, b"three"]
    assert store.read_blobs(store.put_blobs(blobs)) == blobs


def test_bytes_are_named_by_their_digest(store: Store) -> None:
    assert store.put_blobs([b"one", b""]) == [digest_bytes(b"one"), EMPTY]


def test_the_same_bytes_twice_in_a_batch_are_one_object(store: Store) -> None:
    assert store.put_blobs([b"one", b"one"]) == [digest_bytes(b"one")] * 2


@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_stored_with_its_digest_and_size(store: Store, size: int, tmp_path: Path) -> None:
    data = os.urandom(size)
    [stored] = store.put_files([str(write(tmp_path / "file", data))])
    assert (stored.digest, stored.size) == (digest_bytes(data), size)
    assert store.read_blobs([stored.digest]) == [data]


def test_a_stored_file_tells_its_identity(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "file", "x")
    assert store.put_files([str(path)])[0].identity == identity_of(path.stat())


@pytest.mark.parametrize("executable", [False, True])
def test_a_stored_file_tells_whether_its_owner_may_run_it(
    store: Store, executable: bool, tmp_path: Path
) -> None:
    path = write(tmp_path / "file", "x", executable=executable)
    assert store.put_files([str(path)])[0].executable is executable


def test_many_large_files_come_back_in_their_order(store: Store, tmp_path: Path) -> None:
    contents = {f"{n}": bytes([n]) * (3 << 20) for n in range(6)}
    write_all(tmp_path / "files", contents)
    stored = store.put_files([str(tmp_path / "files" / name) for name in contents])
    assert [s.digest for s in stored] == [digest_bytes(data) for data in contents.values()]


def test_storing_a_file_does_not_change_it(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "file", b"x" * 2_000_000)
    before = path.stat()
    store.put_files([str(path)])
    assert (path.stat().st_mode, path.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_stored_file_may_change_without_its_object(store: Store, size: int, tmp_path: Path) -> None:
    path = write(tmp_path / "file", b"x" * size)
    [stored] = store.put_files([str(path)])
    with path.open("r+b") as stream:
        stream.write(b"y")
    assert store.damaged([stored.digest]) == set()


def test_a_file_that_is_not_there_cannot_be_stored(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none cannot be (stored|read)"):
        store.put_files([str(tmp_path / "none")])


def test_a_folder_cannot_be_stored_as_a_file(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be stored"):
        store.put_files([str(tmp_path)])


def test_a_file_that_cannot_be_read_cannot_be_stored(store: Store) -> None:
    with pytest.raises(DataError, match="cannot be stored"):
        store.put_files(["/proc/self/mem"])


def test_missing_are_those_that_were_not_put(store: Store) -> None:
    [digest] = store.put_blobs([b"one"])
    assert store.missing([digest, ABSENT]) == {ABSENT}


def test_nothing_can_be_read_of_an_absent_object(store: Store) -> None:
    with pytest.raises(DataError, match="is not in the store"):
        store.read_blobs([ABSENT])


@pytest.mark.parametrize("data", [b"", b"on", b"onE", b"onee"])
def test_a_damaged_object_is_never_read(store: Store, data: bytes) -> None:
    [digest] = store.put_blobs([b"one"])
    spoil(store, digest, data)
    with pytest.raises(DataError, match="is damaged"):
        store.read_blobs([digest])


def test_damaged_are_those_whose_bytes_changed_and_those_that_are_missing(store: Store) -> None:
    good, bad, gone = store.put_blobs([b"good", b"bad", b"gone"])
    spoil(store, bad, b"BAD")
    spoil(store, gone, None)
    assert store.damaged([good, bad, gone, ABSENT]) == {bad, gone, ABSENT}


def test_a_removed_object_is_missing_and_the_others_are_not(store: Store) -> None:
    one, two = store.put_blobs([b"one", b"two"])
    store.remove([one])
    assert store.missing([one, two]) == {one}


def test_removing_what_is_not_there_is_no_error(store: Store) -> None:
    store.remove([ABSENT])
    assert store.missing([ABSENT]) == {ABSENT}


def test_a_removed_object_can_be_put_again(store: Store) -> None:
    [digest] = store.put_blobs([b"one"])
    spoil(store, digest, b"bad")
    store.remove([digest])
    store.put_blobs([b"one"])
    assert store.read_blobs([digest]) == [b"one"]


@pytest.mark.parametrize("size", SIZES)
def test_a_placed_file_has_the_bytes_of_its_object(store: Store, size: int, tmp_path: Path) -> None:
    data = os.urandom(size)
    [digest] = store.put_blobs([data])
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").read_bytes() == data


@pytest.mark.parametrize("executable", [False, True])
def test_a_placed_file_may_be_run_when_it_should(store: Store, executable: bool, tmp_path: Path) -> None:
    [digest] = store.put_blobs([b"x"])
    store.place([Placement(digest, str(tmp_path / "out"), executable)])
    assert bool((tmp_path / "out").stat().st_mode & stat.S_IXUSR) is executable


def test_one_object_may_be_placed_as_both(store: Store, tmp_path: Path) -> None:
    [digest] = store.put_blobs([b"x"])
    store.place(
        [Placement(digest, str(tmp_path / "run"), executable=True), Placement(digest, str(tmp_path / "read"))]
    )
    assert [os.access(tmp_path / name, os.X_OK) for name in ("run", "read")] == [True, False]


def test_a_placed_file_may_be_written_without_changing_its_object(store: Store, tmp_path: Path) -> None:
    [digest] = store.put_blobs([b"one"])
    store.place([Placement(digest, str(tmp_path / "out"))])
    (tmp_path / "out").write_text("TWO")
    assert store.read_blobs([digest]) == [b"one"]


def test_an_absent_object_cannot_be_placed(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not in the store"):
        store.place([Placement(ABSENT, str(tmp_path / "out"))])
    assert not (tmp_path / "out").exists()


def test_nothing_is_placed_over_a_file(store: Store, tmp_path: Path) -> None:
    [digest] = store.put_blobs([b"one"])
    mine = write(tmp_path / "out", "mine")
    with pytest.raises(DataError, match="cannot be written"):
        store.place([Placement(digest, str(mine))])
    assert mine.read_text() == "mine"


def test_nothing_is_placed_through_a_link(store: Store, tmp_path: Path) -> None:
    [digest] = store.put_blobs([b"one"])
    (tmp_path / "out").symlink_to("elsewhere")
    with pytest.raises(DataError, match="cannot be written"):
        store.place([Placement(digest, str(tmp_path / "out"))])
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_can_be_placed_in_a_folder_that_is_not_there(store: Store, tmp_path: Path) -> None:
    [digest] = store.put_blobs([b"one"])
    with pytest.raises(DataError, match="cannot be written"):
        store.place([Placement(digest, str(tmp_path / "none" / "out"))])


@pytest.mark.parametrize("kind", KINDS)
@given(blobs=st.lists(st.binary(max_size=5), max_size=24))
def test_any_batch_is_read_back_in_its_order(
    kind: str, blobs: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if kind == "packed":
            packing(patch)
        top = tmp_path_factory.mktemp("store")
        store = MemoryObjects() if kind == "memory" else folder_objects(top)
        digests = store.put_blobs(blobs)
        assert store.read_blobs(digests) == blobs
        assert store.missing(digests) == set()
        if kind != "memory":  # and so the next command finds it
            assert folder_objects(top).read_blobs(digests) == blobs


# Taking in ---------------------------------------------------------------------------------------------------------


def test_what_is_kept_while_files_are_read_is_in_the_store_at_the_end(store: Store) -> None:
    blobs = [bytes([n]) * n for n in range(40)]
    with store.intake() as intake:
        for blob in blobs:
            intake.keep([(digest_bytes(blob), blob)])
    assert store.read_blobs([digest_bytes(blob) for blob in blobs]) == blobs


@pytest.mark.parametrize("size", SIZES)
def test_a_file_taken_in_tells_what_a_file_that_is_put_tells(store: Store, size: int, tmp_path: Path) -> None:
    path = str(write(tmp_path / "file", os.urandom(size), executable=True))
    with store.intake() as intake:
        taken = intake.copy(path)
    [put] = store.put_files([path])
    assert (taken.digest, taken.size, taken.identity, taken.executable) == (
        put.digest,
        put.size,
        put.identity,
        True,
    )


def test_a_file_that_is_not_there_cannot_be_taken_in(store: Store, tmp_path: Path) -> None:
    with store.intake() as intake, pytest.raises(DataError, match=r"none cannot be (stored|read)"):
        intake.copy(str(tmp_path / "none"))


def test_where_reading_fails_what_was_kept_before_stays(store: Store) -> None:
    def read(count: int) -> None:
        with store.intake() as intake:
            for n in range(count):
                intake.keep([(digest_bytes(bytes([n])), bytes([n]))])
            raise FileNotFoundError

    for count in (3, 30):
        with pytest.raises(FileNotFoundError):
            read(count)
        assert store.missing([digest_bytes(bytes([n])) for n in range(count)]) == set()


# Placing -----------------------------------------------------------------------------------------------------------


def test_placed_files_tell_their_identities_in_the_order_given(store: Store, tmp_path: Path) -> None:
    digests = store.put_blobs([b"one", b"x" * 70_000, b"two", b"three"])
    targets = [tmp_path / f"out{n}" for n in range(8)]
    placements = [Placement(d, str(t)) for d, t in zip(digests * 2, targets, strict=True)]
    assert store.place(placements) == [identity_of(target.stat()) for target in targets]


def test_a_damaged_object_never_becomes_a_file(store: Store, tmp_path: Path) -> None:
    for size in (3, 70_000, 9_000_000):
        data = os.urandom(size)
        [digest] = store.put_blobs([data])
        spoil(store, digest, data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(DataError, match="is damaged"):
            store.place([Placement(digest, str(tmp_path / "out"))])
        assert not os.path.lexists(tmp_path / "out")
