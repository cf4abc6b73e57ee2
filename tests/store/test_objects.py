"""One suite that every object store must pass, then what only the store in a folder promises."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import stat
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.memory import MemoryObjects
from mlops_cli.store.objects import FolderObjects, Objects, Placement
from mlops_cli.store.stat_cache import identity_of
from tests.support.files import listing, write, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_cli.settings import LinkKind

Store: TypeAlias = FolderObjects | MemoryObjects
EMPTY = digest_bytes(b"")
ABSENT = digest_bytes(b"absent")
# Small ones are read whole, large ones stream; the border lies at one MiB.
SIZES = [0, 1, 5000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000]
LINKS: list[LinkKind] = ["reflink", "hardlink", "symlink", "copy"]


def folder_objects(top: Path, *links: LinkKind) -> FolderObjects:
    (top / "tmp").mkdir(parents=True, exist_ok=True)
    return FolderObjects(top / "objects", top / "tmp", links or ("reflink", "copy"))


def spoil(store: Store, digest: Digest, data: bytes | None) -> None:
    """Damage an object behind the store's back; None removes it."""
    if isinstance(store, MemoryObjects):
        store.blobs.pop(digest)
        if data is not None:
            store.blobs[digest] = data
        return
    path = Path(store.path(digest))
    path.unlink()
    if data is not None:
        path.write_bytes(data)


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return folder_objects(tmp_path / "store") if request.param == "folder" else MemoryObjects()


@pytest.fixture
def folder(tmp_path: Path) -> FolderObjects:
    return folder_objects(tmp_path / "store")


# Every store -------------------------------------------------------------------------------------------------------


def test_it_is_an_object_store(store: Store) -> None:
    port: Objects = store  # the type checker says whether it is
    assert port.missing([]) == set()


def test_what_was_put_is_read_back(store: Store) -> None:
    blobs = [b"one", b"", b"two" * 100_000]
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
    with pytest.raises(DataError, match="none cannot be stored"):
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


@pytest.mark.parametrize("kind", [FolderObjects, MemoryObjects])
@given(blobs=st.lists(st.binary(max_size=5), max_size=6))
def test_any_batch_is_read_back_in_its_order(
    kind: type[Store], blobs: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = folder_objects(tmp_path_factory.mktemp("store")) if kind is FolderObjects else MemoryObjects()
    digests = store.put_blobs(blobs)
    assert store.read_blobs(digests) == blobs
    assert store.missing(digests) == set()


# A folder ----------------------------------------------------------------------------------------------------------


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refusing(monkeypatch: pytest.MonkeyPatch, number: int, *names: str) -> list[str]:
    """Have a file system that cannot make such links; return what was asked of it."""
    asked: list[str] = []

    def refuse(name: str) -> object:
        def call(*_: object) -> None:
            asked.append(name)
            raise OSError(number, os.strerror(number))

        return call

    for name in names:
        monkeypatch.setattr(fcntl if name == "ioctl" else os, name, refuse(name))
    return asked


def test_an_object_lies_where_its_digest_says(folder: FolderObjects, tmp_path: Path) -> None:
    [digest] = folder.put_blobs([b"one"])
    assert listing(tmp_path / "store" / "objects") == {f"{digest[3:5]}/{digest[5:]}": b"one"}


@pytest.mark.parametrize("size", SIZES)
def test_objects_are_read_only(folder: FolderObjects, size: int, tmp_path: Path) -> None:
    [stored] = folder.put_files([str(write(tmp_path / "file", bytes(size), executable=True))])
    assert stat.S_IMODE(os.stat(folder.path(stored.digest)).st_mode) == 0o444


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
    before = os.stat(folder.path(stored.digest))
    folder.put_files([path])
    folder.put_blobs([bytes(size)])
    assert identity_of(os.stat(folder.path(stored.digest))) == identity_of(before)


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
    real = folder.put_blobs
    monkeypatch.setattr(folder, "put_blobs", lambda blobs: (path.write_text("two and more"), real(blobs))[1])
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


# Placing -----------------------------------------------------------------------------------------------------------


def test_a_hard_link_is_the_object_itself(tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", "hardlink")
    [digest] = store.put_blobs([b"one"])
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").samefile(store.path(digest))
    assert not (tmp_path / "out").is_symlink()


def test_a_symbolic_link_leads_to_the_object(tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", "symlink")
    [digest] = store.put_blobs([b"one"])
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert os.readlink(tmp_path / "out") == store.path(digest)


def test_a_symbolic_link_is_absolute_also_when_the_store_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = folder_objects(Path("store"), "symlink")
    [digest] = store.put_blobs([b"one"])
    (tmp_path / "sub").mkdir()
    store.place([Placement(digest, str(tmp_path / "sub" / "out"))])
    assert (tmp_path / "sub" / "out").read_bytes() == b"one"


@pytest.mark.parametrize("links", [["copy"], ["reflink"], ["reflink", "copy"]])
def test_a_copy_is_a_file_of_its_own(links: list[LinkKind], tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", *links)
    [digest] = store.put_blobs([b"one"])
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert os.stat(tmp_path / "out").st_nlink == 1
    assert os.stat(tmp_path / "out").st_ino != os.stat(store.path(digest)).st_ino


def test_a_copy_may_be_written_by_its_owner(tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", "copy")
    [digest] = store.put_blobs([b"one"])
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").stat().st_mode & stat.S_IWUSR


@pytest.mark.parametrize("links", LINKS)
def test_an_absent_object_is_never_placed(links: LinkKind, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", links)
    with pytest.raises(DataError, match="is not in the store"):
        store.place([Placement(ABSENT, str(tmp_path / "out"))])
    assert not os.path.lexists(tmp_path / "out")


@pytest.mark.parametrize("links", LINKS)
def test_a_file_to_be_run_may_be_run_however_it_is_placed(links: LinkKind, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", links)
    [digest] = store.put_blobs([b"#!/bin/sh\n"])
    store.place([Placement(digest, str(tmp_path / "out"), executable=True)])
    assert (tmp_path / "out").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize("links", LINKS)
def test_a_file_to_be_written_to_shares_nothing_with_its_object_however_it_is_placed(
    links: LinkKind, tmp_path: Path
) -> None:
    store = folder_objects(tmp_path / "store", links)
    [digest] = store.put_blobs([b"one"])
    store.place([Placement(digest, str(tmp_path / "out"), own=True)])
    (tmp_path / "out").chmod(0o600)
    (tmp_path / "out").write_bytes(b"two")
    assert stat.S_IMODE(os.stat(store.path(digest)).st_mode) == 0o444
    assert store.read_blobs([digest]) == [b"one"]


@pytest.mark.parametrize("links", LINKS)
def test_placing_a_file_to_be_run_leaves_its_object_as_it_was(links: LinkKind, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", links)
    [digest] = store.put_blobs([b"x"])
    store.place([Placement(digest, str(tmp_path / "out"), executable=True)])
    assert stat.S_IMODE(os.stat(store.path(digest)).st_mode) == 0o444


@pytest.mark.parametrize("links", LINKS)
def test_no_way_of_placing_writes_over_a_file(links: LinkKind, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", links)
    [digest] = store.put_blobs([b"one"])
    mine = write(tmp_path / "out", "mine")
    with pytest.raises(DataError, match="cannot be written"):
        store.place([Placement(digest, str(mine))])
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EOPNOTSUPP, errno.EPERM])
@pytest.mark.parametrize(
    ("kind", "call"), [("reflink", "ioctl"), ("hardlink", "link"), ("symlink", "symlink")]
)
def test_what_a_file_system_cannot_do_is_passed_over_and_not_asked_again(
    kind: LinkKind, call: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder_objects(tmp_path / "store", kind)
    digests = store.put_blobs([b"one", b"two"])
    asked = refusing(monkeypatch, number, call)
    store.place([Placement(digest, str(tmp_path / digest[3:])) for digest in digests])
    assert [(tmp_path / digest[3:]).read_bytes() for digest in digests] == [b"one", b"two"]
    assert asked == [call]


def test_an_object_with_too_many_links_is_copied_and_the_next_one_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder_objects(tmp_path / "store", "hardlink")
    one, two = store.put_blobs([b"one", b"two"])
    with monkeypatch.context() as patch:
        refusing(patch, errno.EMLINK, "link")
        store.place([Placement(one, str(tmp_path / "one"))])
    store.place([Placement(two, str(tmp_path / "two"))])
    assert (tmp_path / "one").read_bytes() == b"one"
    assert (tmp_path / "two").samefile(store.path(two))


def test_the_next_way_of_the_setting_serves_where_one_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder_objects(tmp_path / "store", "reflink", "hardlink", "copy")
    [digest] = store.put_blobs([b"one"])
    refusing(monkeypatch, errno.EOPNOTSUPP, "ioctl")
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").samefile(store.path(digest))


def test_a_hard_link_to_another_file_system_becomes_a_copy(tmp_path: Path) -> None:
    other = Path("/dev/shm")  # noqa: S108 - another file system, if there is one
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one file system only")
    store = folder_objects(tmp_path / "store", "hardlink", "copy")
    [digest] = store.put_blobs([b"one"])
    target = other / f"placed-{os.getpid()}"
    try:
        store.place([Placement(digest, str(target))])
        assert target.read_bytes() == b"one"
    finally:
        target.unlink(missing_ok=True)


def test_where_the_kernel_copies_only_a_part_the_rest_is_copied_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder_objects(tmp_path / "store", "copy")
    data = os.urandom(100_000)
    [digest] = store.put_blobs([data])
    real, turns = os.copy_file_range, iter([1000, 0])

    def cut_short(source: int, target: int, _: int) -> int:
        count = next(turns)
        return real(source, target, count) if count else 0

    monkeypatch.setattr(os, "copy_file_range", cut_short)
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").read_bytes() == data


def test_without_the_kernels_help_the_bytes_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder_objects(tmp_path / "store", "copy")
    data = os.urandom(3_000_000)
    [digest] = store.put_blobs([data])
    refusing(monkeypatch, errno.ENOSYS, "copy_file_range")
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").read_bytes() == data
