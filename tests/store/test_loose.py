"""Objects that lie alone: where, and how files are made out of them."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.objects import Placement
from tests.support.files import write
from tests.support.object_stores import folder_objects, refusing, spoil

if TYPE_CHECKING:
    from mlops_cli.settings import LinkKind

ABSENT = digest_bytes(b"absent")
LINKS: list[LinkKind] = ["reflink", "hardlink", "symlink", "copy"]


def test_a_hard_link_is_the_object_itself(tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", "hardlink")
    [digest] = store.put_blobs([b"one"])
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").samefile(store.loose.path(digest))
    assert not (tmp_path / "out").is_symlink()


def test_a_symbolic_link_leads_to_the_object(tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", "symlink")
    [digest] = store.put_blobs([b"one"])
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert os.readlink(tmp_path / "out") == store.loose.path(digest)


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
    assert os.stat(tmp_path / "out").st_ino != os.stat(store.loose.path(digest)).st_ino


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
    assert stat.S_IMODE(os.stat(store.loose.path(digest)).st_mode) == 0o444
    assert store.read_blobs([digest]) == [b"one"]


@pytest.mark.parametrize("links", LINKS)
def test_placing_a_file_to_be_run_leaves_its_object_as_it_was(links: LinkKind, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", links)
    [digest] = store.put_blobs([b"x"])
    store.place([Placement(digest, str(tmp_path / "out"), executable=True)])
    assert stat.S_IMODE(os.stat(store.loose.path(digest)).st_mode) == 0o444


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
    assert (tmp_path / "two").samefile(store.loose.path(two))


def test_the_next_way_of_the_setting_serves_where_one_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder_objects(tmp_path / "store", "reflink", "hardlink", "copy")
    [digest] = store.put_blobs([b"one"])
    refusing(monkeypatch, errno.EOPNOTSUPP, "ioctl")
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").samefile(store.loose.path(digest))


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


# Damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 70_000, 9_000_000])
@pytest.mark.parametrize("links", LINKS)
def test_a_damaged_object_never_becomes_a_file_however_it_is_placed(
    links: LinkKind, size: int, tmp_path: Path
) -> None:
    store = folder_objects(tmp_path / "store", links)
    data = os.urandom(size)
    [digest] = store.put_blobs([data])
    spoil(store, digest, data[:-1] + bytes([data[-1] ^ 1]))
    for executable in (False, True):
        with pytest.raises(DataError, match="is damaged"):
            store.place([Placement(digest, str(tmp_path / "out"), executable)])
        assert not os.path.lexists(tmp_path / "out")


# The folder --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [3, 2100])
def test_missing_are_the_same_however_many_are_asked_for(count: int, tmp_path: Path) -> None:
    loose = folder_objects(tmp_path / "store").loose
    there = [digest_bytes(bytes([n])) for n in range(3)]
    for n, digest in enumerate(there):
        loose.put(digest, bytes([n]))
    absent = {digest_bytes(b"absent%d" % n) for n in range(count)}
    assert loose.missing([*there, *absent]) == absent


def test_without_a_folder_nothing_is_there(tmp_path: Path) -> None:
    loose = folder_objects(tmp_path / "store").loose
    assert list(loose.listing()) == []
    assert (loose.size(ABSENT), loose.refresh(ABSENT), loose.intact(ABSENT)) == (None, False, False)


def test_what_stands_at_the_start_of_an_object_is_told_without_the_rest(tmp_path: Path) -> None:
    loose = folder_objects(tmp_path / "store").loose
    digest = digest_bytes(b"one and more")
    loose.put(digest, b"one and more")
    assert loose.starts_with(digest, b"one")
    assert not loose.starts_with(digest, b"two")
    assert not loose.starts_with(digest, b"one and more than that")
    assert not loose.starts_with(ABSENT, b"")


def test_what_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    loose = folder_objects(tmp_path / "store").loose
    Path(loose.path(ABSENT)).mkdir(parents=True)
    with pytest.raises(DataError, match="cannot be read"):
        loose.read(ABSENT)


def test_the_object_that_is_there_stays_when_the_same_is_stored_by_two(tmp_path: Path) -> None:
    loose = folder_objects(tmp_path / "store").loose
    path = write(tmp_path / "file", b"x" * 100_000)
    digest = loose.put_file(str(path)).digest
    before = os.stat(loose.path(digest)).st_ino
    temporary = write(tmp_path / "store" / "tmp" / "mine", b"x" * 100_000)
    loose.settle(str(temporary), digest)
    assert os.stat(loose.path(digest)).st_ino == before
    assert not temporary.exists()
