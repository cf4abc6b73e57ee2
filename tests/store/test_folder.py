"""What only the store in a folder promises; what it shares with every store stands in test_objects.py."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.objects import Placement
from mlops_cli.store.pack import FEW, PACK_MARK, SMALL, encode_index
from tests.support.files import listing, write
from tests.support.object_stores import folder_objects, full_disk, packing, refusing, spoil

SIZES = [0, 1, 5000, SMALL - 1, SMALL, 3_000_000]
ABSENT = digest_bytes(b"absent")


@pytest.fixture
def folder(tmp_path: Path) -> FolderObjects:
    return folder_objects(tmp_path / "store")


def test_an_object_lies_where_its_digest_says(folder: FolderObjects, tmp_path: Path) -> None:
    [digest] = folder.put_blobs([b"one"])
    assert listing(tmp_path / "store" / "objects") == {f"{digest[3:5]}/{digest[5:]}": b"one"}


@pytest.mark.parametrize("size", SIZES)
def test_objects_are_read_only(folder: FolderObjects, size: int, tmp_path: Path) -> None:
    [stored] = folder.put_files([str(write(tmp_path / "file", bytes(size), executable=True))])
    assert stat.S_IMODE(os.stat(folder.loose.path(stored.digest)).st_mode) == 0o444


@pytest.mark.parametrize("size", SIZES)
def test_putting_leaves_no_temporary_file(folder: FolderObjects, size: int, tmp_path: Path) -> None:
    path = str(write(tmp_path / "file", bytes(size)))
    folder.put_files([path, path])
    folder.put_blobs([bytes(size)])
    assert listing(tmp_path / "store" / "tmp") == {}


@pytest.mark.parametrize("size", SIZES)
def test_putting_twice_changes_nothing(folder: FolderObjects, size: int, tmp_path: Path) -> None:
    path = str(write(tmp_path / "file", bytes(size)))
    [stored] = folder.put_files([path])
    before = os.stat(folder.loose.path(stored.digest))
    folder.put_files([path])
    folder.put_blobs([bytes(size)])
    after = os.stat(folder.loose.path(stored.digest))
    assert (after.st_ino, after.st_size, after.st_mode) == (before.st_ino, before.st_size, before.st_mode)
    assert len(listing(tmp_path / "store")) == 1


@pytest.mark.parametrize("size", [5000, 3_000_000])
def test_where_the_disk_is_full_nothing_is_left_behind(
    folder: FolderObjects, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(write(tmp_path / "file", bytes(size)))
    refusing(monkeypatch, errno.EOPNOTSUPP, "ioctl")  # sharing blocks needs no room
    with full_disk(1000), pytest.raises(DataError, match="cannot be"):
        folder.put_files([path])
    assert listing(tmp_path / "store") == {}


def test_where_the_disk_is_full_bytes_cannot_be_put(folder: FolderObjects, tmp_path: Path) -> None:
    with full_disk(1000), pytest.raises(DataError, match="cannot be written"):
        folder.put_blobs([bytes(5000)])
    assert listing(tmp_path / "store") == {}


def test_where_the_disk_is_full_no_half_file_is_placed(
    folder: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [digest] = folder.put_blobs([bytes(5000)])
    refusing(monkeypatch, errno.EOPNOTSUPP, "ioctl")
    with full_disk(1000), pytest.raises(DataError, match="cannot be written"):
        folder.place([Placement(digest, str(tmp_path / "out"))])
    assert not (tmp_path / "out").exists()


def test_a_file_that_changes_while_it_is_stored_is_stored_as_it_was_read(
    folder: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "file", "one")
    turns = iter(range(99))
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        if next(turns) == 1:  # after the reading
            path.write_text("two and more")
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", fstat)
    [stored] = folder.put_files([str(path)])
    assert (stored.digest, stored.identity) == (digest_bytes(b"one"), None)


def test_many_threads_may_put_the_same_bytes(folder: FolderObjects, tmp_path: Path) -> None:
    files = [str(write(tmp_path / f"{n}", bytes(2_000_000))) for n in range(4)]
    found: list[Digest] = []
    threads = [
        threading.Thread(target=lambda: found.extend(s.digest for s in folder.put_files(files)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [digest_bytes(bytes(2_000_000))] * 16
    assert folder.damaged(found) == set()
    assert listing(tmp_path / "store" / "tmp") == {}


# What is packed ----------------------------------------------------------------------------------------------------


def blobs_of(count: int, size: int = 100) -> list[bytes]:
    return [b"%06d" % n * (size // 6) for n in range(count)]


def kinds(store: FolderObjects) -> tuple[int, int]:
    """Return how many objects lie alone, and how many in packs."""
    return len(list(store.loose.listing())), sum(len(pack.index) for pack in store.packs.all())


@pytest.mark.parametrize(("count", "found"), [(FEW - 1, (FEW - 1, 0)), (FEW, (0, FEW)), (99, (0, 99))])
def test_few_small_objects_stay_alone_and_many_are_packed(
    count: int, found: tuple[int, int], folder: FolderObjects
) -> None:
    folder.put_blobs(blobs_of(count))
    assert kinds(folder) == found


@pytest.mark.parametrize(("size", "found"), [(SMALL - 1, (0, 20)), (SMALL, (20, 0))])
def test_only_what_is_smaller_than_the_limit_is_packed(
    size: int, found: tuple[int, int], folder: FolderObjects, tmp_path: Path
) -> None:
    files = [write(tmp_path / f"{n}", os.urandom(size)) for n in range(20)]
    folder.put_files([str(file) for file in files])
    assert kinds(folder) == found


def test_the_same_bytes_are_packed_once(folder: FolderObjects) -> None:
    folder.put_blobs(blobs_of(20) * 3)
    folder.put_blobs(blobs_of(40))
    assert kinds(folder) == (0, 40)
    assert len({digest for digest, _, _ in folder.all_digests()}) == 40


def test_the_same_bytes_that_stay_alone_are_one_file(folder: FolderObjects) -> None:
    folder.put_blobs([b"one", b"one", b"two"] * 20)
    assert kinds(folder) == (2, 0)


def test_what_lies_alone_is_not_packed_as_well(folder: FolderObjects) -> None:
    folder.put_blobs(blobs_of(3))
    folder.put_blobs(blobs_of(40))
    assert kinds(folder) == (3, 37)


def test_a_pack_that_is_large_enough_is_closed(
    folder: FolderObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_cli.store.packs.TARGET", 5000)
    digests = folder.put_blobs(blobs_of(200))
    sizes = [os.stat(pack.path).st_size for pack in folder.packs.all()]
    assert len(sizes) == 4
    assert max(sizes) < 5000 + 100
    assert folder.read_blobs(digests) == blobs_of(200)


def test_a_pack_is_whole_also_where_it_is_written_in_pieces(
    folder: FolderObjects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("mlops_cli.store.packs._PIECE", 250)
    digests = folder.put_blobs(blobs_of(200))
    store = folder_objects(tmp_path / "store")
    assert store.read_blobs(digests) == blobs_of(200)
    [pack] = store.packs.all()
    assert digest_bytes(Path(pack.path).read_bytes()) == f"b3:{pack.name}"


def test_packs_and_indexes_are_told_content_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    (tmp_path / "tmp").mkdir()
    FolderObjects(tmp_path, tmp_path / "tmp", settled=told.append).put_blobs(blobs_of(20))
    assert [path.rpartition(".")[2] for path in told] == ["pack", "idx"]
    assert sorted(told) == sorted(str(path) for path in (tmp_path / "packs").iterdir())


def test_packs_are_read_only_and_leave_no_temporary_file(folder: FolderObjects, tmp_path: Path) -> None:
    folder.put_blobs(blobs_of(20))
    [pack] = folder.packs.all()
    assert stat.S_IMODE(os.stat(pack.path).st_mode) == 0o444
    assert listing(tmp_path / "store" / "tmp") == {}


@pytest.mark.parametrize("mark", ["pack", "idx"])
def test_where_the_disk_is_full_packing_leaves_nothing_behind(
    mark: str, folder: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Twenty small objects: the pack is 8 + 20 * size bytes, its index 16 + 20 * 48 + 32 = 1008.
    blobs = blobs_of(20, 100 if mark == "pack" else 6)
    with full_disk(900), pytest.raises(DataError, match="cannot be written"):
        folder.put_blobs(blobs)
    assert listing(tmp_path / "store") == {}
    digests = folder.put_blobs(blobs)  # and where there is room again, it works
    assert folder.read_blobs(digests) == blobs


def test_where_the_disk_fills_up_what_was_sealed_before_stays(
    folder: FolderObjects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("mlops_cli.store.packs.TARGET", 3000)
    big = digest_bytes(bytes(60_000))

    def take_in() -> None:
        with folder.intake() as intake:
            for blob in blobs_of(100):
                intake.keep([(digest_bytes(blob), blob)])
            intake.keep([(big, bytes(60_000))])
            intake.keep([(digest_bytes(b"after"), b"after")])

    with full_disk(20_000), pytest.raises(DataError, match="cannot be written"):
        take_in()
    kept = folder.missing([digest_bytes(blob) for blob in blobs_of(100)])
    assert len(kept) < 40
    assert big in folder.missing([big])
    assert listing(tmp_path / "store" / "tmp") == {}
    assert folder.damaged([d for d, _, _ in folder.all_digests()]) == set()


def test_a_full_disk_leaves_no_half_file_of_a_packed_object(
    folder: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing(monkeypatch)
    [digest] = folder.put_blobs([bytes(5000)])
    with full_disk(1000), pytest.raises(DataError, match="cannot be written"):
        folder.place([Placement(digest, str(tmp_path / "out"))])
    assert not (tmp_path / "out").exists()


def test_threads_may_copy_while_one_keeps(folder: FolderObjects, tmp_path: Path) -> None:
    large = [write(tmp_path / f"{n}", bytes([n]) * SMALL * 2) for n in range(12)]
    found: list[Digest] = []
    with folder.intake() as intake:

        def copy(files: list[Path]) -> None:
            found.extend(intake.copy(str(file)).digest for file in files)

        threads = [threading.Thread(target=copy, args=(large[n::3],)) for n in range(3)]
        for thread in threads:
            thread.start()
        for blob in blobs_of(500):
            intake.keep([(digest_bytes(blob), blob)])
        for thread in threads:
            thread.join()
    everything = [*found, *map(digest_bytes, blobs_of(500))]
    assert folder.damaged(everything) == set()
    assert kinds(folder) == (12, 500)


@pytest.mark.parametrize("many", [0, 5, 1000])
def test_what_lies_alone_is_not_packed_again_however_many_come(
    folder: FolderObjects, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr("mlops_cli.store.folder._MANY", many)
    blobs = blobs_of(60)
    alone = folder.put_blobs(blobs[:3])
    for digest in alone:
        os.utime(folder.loose.path(digest), (1000, 1000))
    with folder.intake() as intake:
        for at in range(0, 60, 7):
            part = [(digest_bytes(blob), blob) for blob in blobs[at : at + 7]]
            intake.keep([*part, *part])  # files of one content
    assert kinds(folder) == (3, 57)
    assert all(os.stat(folder.loose.path(digest)).st_mtime > 1000 for digest in alone)
    assert folder.read_blobs([digest_bytes(blob) for blob in blobs]) == blobs


# Asking ------------------------------------------------------------------------------------------------------------


def test_sizes_are_told_of_what_is_there(folder: FolderObjects) -> None:
    packed = folder.put_blobs(blobs_of(20))
    alone = folder.put_blobs([b"one", b""])
    assert folder.sizes([*packed, *alone, ABSENT]) == {
        **dict.fromkeys(packed, 96),
        alone[0]: 3,
        alone[1]: 0,
    }


def test_every_object_is_listed_with_its_size_and_age(folder: FolderObjects) -> None:
    packed = folder.put_blobs(blobs_of(20))
    alone = folder.put_blobs([b"one"])
    os.utime(folder.loose.path(alone[0]), (1000, 1000))
    [pack] = folder.packs.all()
    os.utime(pack.path, (2000, 2000))
    assert sorted(folder.all_digests()) == sorted([(d, 96, 2000.0) for d in packed] + [(alone[0], 3, 1000.0)])


@pytest.mark.parametrize("few", [1, FEW])
def test_putting_again_makes_an_object_young(
    few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing(monkeypatch, few)
    folder_objects(tmp_path).put_blobs([b"one"])
    for path in (*tmp_path.rglob("*.pack"), *(tmp_path / "objects").rglob("??/*")):
        os.utime(path, (1000, 1000))
    folder_objects(tmp_path).put_blobs([b"one"])
    [(_, _, written)] = folder_objects(tmp_path).all_digests()
    assert written > 1000


@pytest.mark.parametrize("few", [1, FEW])
@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES, errno.EROFS])
def test_in_a_store_that_others_own_putting_again_is_free(
    number: int, few: int, folder: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing(monkeypatch, few)
    [digest] = folder.put_blobs([b"one"])
    before = listing(tmp_path / "store")
    refusing(monkeypatch, number, "utime", "rename")
    assert folder.put_blobs([b"one"]) == [digest]
    assert folder_objects(tmp_path / "store").put_blobs([b"one"]) == [digest]
    assert listing(tmp_path / "store") == before


# Other commands at the same time -----------------------------------------------------------------------------------


def test_what_another_command_packed_since_is_read(folder: FolderObjects, tmp_path: Path) -> None:
    assert folder.missing([ABSENT]) == {ABSENT}  # its packs are listed now
    digests = folder_objects(tmp_path / "store").put_blobs(blobs_of(20))
    assert folder.read_blobs(digests) == blobs_of(20)


def test_what_another_command_packed_since_is_placed(folder: FolderObjects, tmp_path: Path) -> None:
    assert folder.missing([ABSENT]) == {ABSENT}
    digests = folder_objects(tmp_path / "store").put_blobs(blobs_of(20))
    folder.place([Placement(d, str(tmp_path / d[3:])) for d in digests])
    assert [(tmp_path / d[3:]).read_bytes() for d in digests] == blobs_of(20)


def test_a_pack_that_is_gone_is_a_clear_error(folder: FolderObjects) -> None:
    digests = folder.put_blobs(blobs_of(20))
    [pack] = folder.packs.all()
    os.unlink(pack.path)
    with pytest.raises(DataError, match="is not in the store"):
        folder.read_blobs(digests)
    assert folder.damaged(digests) == set(digests)


def test_objects_whose_pack_is_gone_can_be_removed_and_put_again(folder: FolderObjects) -> None:
    digests = folder.put_blobs(blobs_of(20))
    [pack] = folder.packs.all()
    os.unlink(pack.path)
    assert list(folder.all_digests()) is not None
    folder.remove(digests[:1])
    folder.put_blobs(blobs_of(20))
    assert folder.read_blobs(digests) == blobs_of(20)


def test_an_index_that_points_past_its_pack_is_no_more_than_damage(
    folder: FolderObjects, tmp_path: Path
) -> None:
    digest = digest_bytes(b"one")
    for offset in (8, 1 << 40, (1 << 64) - 1):
        for size in (3, 1 << 40, (1 << 64) - 1):
            name = f"{offset:032x}{size:032x}"
            write(tmp_path / "store" / "packs" / f"{name}.pack", PACK_MARK)
            write(tmp_path / "store" / "packs" / f"{name}.idx", encode_index({digest: (offset, size)}))
            folder.packs.again()
            assert folder.damaged([digest]) == {digest}
            with pytest.raises(DataError):
                folder.read_blobs([digest])
            for path in (tmp_path / "store" / "packs").iterdir():
                path.unlink()


# Removing ----------------------------------------------------------------------------------------------------------


def test_removing_a_packed_object_keeps_the_others(folder: FolderObjects, tmp_path: Path) -> None:
    digests = folder.put_blobs(blobs_of(20))
    folder.remove(digests[3:5])
    for store in (folder, folder_objects(tmp_path / "store")):
        assert store.missing(digests) == set(digests[3:5])
        assert store.damaged([*digests[:3], *digests[5:]]) == set()
    assert len(list((tmp_path / "store" / "packs").iterdir())) == 2


def test_removing_all_of_a_pack_removes_its_files(folder: FolderObjects, tmp_path: Path) -> None:
    folder.remove(folder.put_blobs(blobs_of(20)))
    assert listing(tmp_path / "store") == {}


def test_damaged_objects_of_a_pack_go_and_the_whole_ones_stay(folder: FolderObjects) -> None:
    digests = folder.put_blobs(blobs_of(20))
    for digest in digests[:3]:
        spoil(folder, digest, b"damage")
    bad = folder.damaged(digests)
    assert bad == set(digests[:3])
    folder.remove(bad)
    assert folder.missing(digests) == bad
    assert folder.damaged(digests[3:]) == set()


def test_an_object_that_two_packs_hold_is_gone_after_it_was_removed(tmp_path: Path) -> None:
    one, other = folder_objects(tmp_path), folder_objects(tmp_path)
    assert one.missing([ABSENT]) == other.missing([ABSENT]) == {ABSENT}
    digests = one.put_blobs(blobs_of(20))
    other.put_blobs(blobs_of(30))
    store = folder_objects(tmp_path)
    assert len(store.packs.all()) == 2
    store.remove(digests[:1])
    assert store.missing(digests) == set(digests[:1])


def test_any_flipped_byte_of_a_pack_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packing(monkeypatch)
    store = folder_objects(tmp_path)
    digests = store.put_blobs([b"one", b"twotwo", b"three"])
    [pack] = store.packs.all()
    os.chmod(pack.path, 0o644)
    whole = Path(pack.path).read_bytes()
    for at in range(len(PACK_MARK), len(whole)):
        Path(pack.path).write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        [bad] = store.damaged(digests)
        with pytest.raises(DataError, match="is damaged"):
            store.read_blobs(digests)
        with pytest.raises(DataError, match="is damaged"):
            store.place([Placement(bad, str(tmp_path / "out"))])
        assert not os.path.lexists(tmp_path / "out")


def test_any_shortened_pack_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packing(monkeypatch)
    store = folder_objects(tmp_path)
    digests = store.put_blobs([b"one", b"twotwo", b"three"])
    [pack] = store.packs.all()
    os.chmod(pack.path, 0o644)
    for size in range(os.stat(pack.path).st_size - 1, -1, -1):
        os.truncate(pack.path, size)
        assert digests[2] in store.damaged(digests)
        with pytest.raises(DataError, match="is damaged"):
            store.read_blobs(digests)


def test_an_index_that_is_damaged_hides_its_objects_and_is_named(tmp_path: Path) -> None:
    digests = folder_objects(tmp_path).put_blobs(blobs_of(20))
    [index] = (tmp_path / "packs").glob("*.idx")
    index.write_bytes(index.read_bytes()[:-1] + b"x")
    store = folder_objects(tmp_path)
    assert store.missing(digests) == set(digests)
    assert store.packs.unreadable == {index.stem: "the index of a pack is damaged"}
    store.put_blobs(blobs_of(20))
    assert store.read_blobs(digests) == blobs_of(20)
    assert folder_objects(tmp_path).read_blobs(digests) == blobs_of(20)
