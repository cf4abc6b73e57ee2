from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store import durability
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.durability import GroupCommit, recover
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.results import Results
from mlops_cli.store.session import Session
from tests.support.files import write
from tests.support.processes import kill, line, running

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = digest_bytes(b"key")
EARLIER_BOOT = "00000000-0000-0000-0000-000000000000"

# A command that writes and is then killed in the middle.
WRITER = """
import sys
from pathlib import Path
from mlops_cli.store.durability import GroupCommit
from mlops_cli.store.session import Session

store = Path(sys.argv[1])
session = Session(store)
GroupCommit(store, [], session.id).begin()
print(session.id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def objects(store: Path) -> FolderObjects:
    (store / "tmp").mkdir(parents=True)
    return FolderObjects(store, store / "tmp")


@pytest.fixture
def session(store: Path) -> Iterator[Session]:
    session = Session(store)
    yield session
    session.close()


def markers(store: Path) -> list[Path]:
    return sorted((store / "unsealed").glob("*"))


def lose_power(store: Path, session: str = "1-dead") -> Path:
    """Leave the marker of a command that an earlier start of the machine did not end cleanly."""
    return write(store / "unsealed" / f"{session}@{EARLIER_BOOT}")


def spoil(objects: FolderObjects, digest: Digest, data: bytes) -> Path:
    """Have on the disk what is left of an object whose bytes did not get there."""
    path = Path(objects.loose.path(digest))
    path.unlink()
    path.write_bytes(data)
    return path


# After a power cut -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"on", bytes(3)])
def test_after_a_power_cut_damaged_objects_are_removed(
    data: bytes, store: Path, objects: FolderObjects
) -> None:
    [digest] = objects.put_blobs([b"one"])
    path = spoil(objects, digest, data)
    lose_power(store)
    assert recover(store) == [str(path)]
    assert objects.missing([digest]) == {digest}


def test_after_a_power_cut_good_objects_stay(store: Path, objects: FolderObjects) -> None:
    good, bad = objects.put_blobs([b"good", b"bad"])
    spoil(objects, bad, b"")
    lose_power(store)
    recover(store)
    assert objects.read_blobs([good]) == [b"good"]


@pytest.mark.parametrize("ending", ["pack", "idx"])
@pytest.mark.parametrize("left", ["cut", "zeroes", "flipped", "empty", "gone"])
def test_after_a_power_cut_a_pack_that_did_not_reach_the_disk_is_removed(
    left: str, ending: str, store: Path, objects: FolderObjects
) -> None:
    digests = objects.put_blobs([b"%d" % n for n in range(20)])
    [path] = (store / "packs").glob(f"*.{ending}")
    files = sorted(str(file) for file in (store / "packs").iterdir())
    path.chmod(0o644)
    data = path.read_bytes()
    remains = {
        "cut": data[:-5],
        "zeroes": bytes(len(data)),
        "flipped": data[:20] + b"?" + data[21:],
        "empty": b"",
    }
    path.write_bytes(remains[left]) if left in remains else path.unlink()
    lose_power(store)
    removed = recover(store)
    if left == "gone" and ending == "idx":
        assert removed == []  # a pack without its index has no name; collecting garbage removes it
    else:
        assert sorted(removed) == [file for file in files if left != "gone" or file != str(path)]
        assert not list((store / "packs").iterdir())
    again = FolderObjects(store, store / "tmp")
    assert again.missing(digests) == set(digests)
    again.put_blobs([b"%d" % n for n in range(20)])
    assert FolderObjects(store, store / "tmp").damaged(digests) == set()


def test_after_a_power_cut_good_packs_stay(store: Path, objects: FolderObjects) -> None:
    digests = objects.put_blobs([b"%d" % n for n in range(20)])
    lose_power(store)
    assert recover(store) == []
    assert FolderObjects(store, store / "tmp").damaged(digests) == set()


def test_a_pack_that_was_on_the_disk_long_before_is_not_read_again_although_it_was_made_young(
    store: Path, objects: FolderObjects
) -> None:
    digests = objects.put_blobs([b"%d" % n for n in range(20)])
    for path in (store / "packs").iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    FolderObjects(store, store / "tmp").put_blobs([b"%d" % n for n in range(20)])
    [pack] = (store / "packs").glob("*.pack")
    assert pack.stat().st_mtime > 1_000_000_000
    pack.chmod(0o644)
    pack.write_bytes(b"")
    os.utime(pack)
    lose_power(store)
    assert recover(store) == []
    assert objects.damaged(digests) == set(digests)


def test_after_a_power_cut_other_files_among_the_packs_stay(store: Path, objects: FolderObjects) -> None:
    objects.put_blobs([b"%d" % n for n in range(20)])
    write(store / "packs" / "notes.idx", "mine")
    lose_power(store)
    assert recover(store) == []
    assert (store / "packs" / "notes.idx").read_text() == "mine"


def test_after_a_power_cut_empty_results_are_removed(store: Path) -> None:
    results = Results(store / "results")
    results.put(KEY, {})
    [path] = (store / "results").glob("??/*.json")
    path.write_bytes(b"")
    lose_power(store)
    assert recover(store) == [str(path)]
    assert results.get(KEY) is None


def test_after_a_power_cut_good_results_stay(store: Path) -> None:
    Results(store / "results").put(KEY, {})
    lose_power(store)
    assert recover(store) == []
    assert Results(store / "results").get(KEY) == {}


def test_what_was_on_the_disk_long_before_is_not_read_again(store: Path, objects: FolderObjects) -> None:
    [digest] = objects.put_blobs([b"one"])
    path = spoil(objects, digest, b"two")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    lose_power(store)
    assert recover(store) == []


def test_the_oldest_marker_says_from_when_on_to_check(store: Path, objects: FolderObjects) -> None:
    [digest] = objects.put_blobs([b"one"])
    path = spoil(objects, digest, b"two")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    os.utime(lose_power(store, "1-old"), (999_999_999, 999_999_999))
    lose_power(store, "2-new")
    assert recover(store) == [str(path)]


def test_what_was_checked_is_not_checked_again(store: Path, objects: FolderObjects) -> None:
    lose_power(store)
    recover(store)
    [digest] = objects.put_blobs([b"one"])
    spoil(objects, digest, b"")
    assert recover(store) == []
    assert markers(store) == []


def test_a_removed_object_can_be_made_again(store: Path, objects: FolderObjects) -> None:
    [digest] = objects.put_blobs([b"one"])
    spoil(objects, digest, b"")
    lose_power(store)
    recover(store)
    objects.put_blobs([b"one"])
    assert objects.read_blobs([digest]) == [b"one"]


def test_many_commands_may_recover_at_once(store: Path, objects: FolderObjects) -> None:
    digests = [digest for n in range(200) for digest in objects.put_blobs([str(n).encode()])]
    for digest in digests:
        spoil(objects, digest, b"")
    lose_power(store)
    removed: list[str] = []
    threads = [threading.Thread(target=lambda: removed.extend(recover(store))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(removed) == sorted(objects.loose.path(digest) for digest in digests)


# Nothing to recover ------------------------------------------------------------------------------------------------


def test_without_a_marker_nothing_is_checked(store: Path, objects: FolderObjects) -> None:
    [digest] = objects.put_blobs([b"one"])
    spoil(objects, digest, b"")
    assert recover(store) == []


def test_a_store_that_is_not_there_needs_nothing(store: Path) -> None:
    assert recover(store) == []
    assert not store.exists()


def test_the_marker_of_a_living_session_is_left_alone(
    store: Path, objects: FolderObjects, session: Session
) -> None:
    [digest] = objects.put_blobs([b"one"])
    spoil(objects, digest, b"")
    marker = lose_power(store, session.id)
    assert recover(store) == []
    assert marker.exists()


def test_a_command_that_was_killed_without_a_power_cut_needs_no_recovery(
    store: Path, objects: FolderObjects
) -> None:
    with running(WRITER, str(store)) as writer:
        line(writer)
        kill(writer)
    [digest] = objects.put_blobs([b"one"])
    spoil(objects, digest, b"")
    assert recover(store) == []


def test_where_starts_of_the_machine_cannot_be_told_apart_every_dead_session_counts(
    store: Path, objects: FolderObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    [digest] = objects.put_blobs([b"one"])
    path = spoil(objects, digest, b"")
    monkeypatch.setattr(durability, "_boot", lambda: "unknown")
    write(store / "unsealed" / "1-dead@unknown")
    assert recover(store) == [str(path)]


# Group commit ------------------------------------------------------------------------------------------------------


def test_a_command_that_writes_nothing_leaves_no_marker(store: Path, session: Session) -> None:
    GroupCommit(store, [], session.id).close()
    assert markers(store) == []


def test_from_the_first_write_on_a_marker_tells_of_it(store: Path, session: Session) -> None:
    commit = GroupCommit(store, [], session.id)
    commit.begin()
    try:
        assert [marker.name.split("@")[0] for marker in markers(store)] == [session.id]
    finally:
        commit.close()


def test_nobody_who_comes_to_recover_takes_a_marker_that_is_being_made_for_that_of_a_command_that_is_no_more(
    store: Path, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[list[Path]] = []

    def flushed(_descriptor: int) -> None:
        met.append(markers(store))
        recover(store)

    monkeypatch.setattr(os, "fsync", flushed)
    commit = GroupCommit(store, [], session.id)
    commit.begin()
    assert any(met)
    [marker] = markers(store)
    assert marker.name.startswith(f"{session.id}@")
    commit.close()


def test_a_clean_end_removes_the_marker(store: Path, session: Session) -> None:
    commit = GroupCommit(store, [], session.id)
    commit.begin()
    commit.close()
    assert markers(store) == []


def test_many_threads_start_one_group(store: Path, session: Session) -> None:
    commit = GroupCommit(store, [], session.id)
    threads = [threading.Thread(target=commit.begin) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    groups = [thread for thread in threading.enumerate() if thread.name == "group-commit"]
    commit.close()
    assert len(groups) == 1


def test_few_files_are_flushed_one_by_one_content_first(
    store: Path, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(durability, "_flush_file", flushed.append)
    commit = GroupCommit(store, [], session.id)
    names = [f"{store}/{name}" for name in ("object", "result", "record")]
    for name in names:
        commit.written(name)
    commit.close()
    assert flushed == names


def test_many_files_are_flushed_by_flushing_each_file_system_once(
    store: Path, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(durability, "_flush_everything", flushed.extend)
    commit = GroupCommit(store, [tmp_path / "project"], session.id)
    for number in range(1000):
        commit.written(f"{store}/{number}")
    commit.close()
    assert flushed
    assert set(flushed) == {store}


def test_what_could_not_be_flushed_keeps_its_marker_and_is_tried_again(
    store: Path, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []

    def fail(_path: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(durability, "_flush_file", fail)
    commit = GroupCommit(store, [], session.id)
    commit.written(f"{store}/object")
    with pytest.raises(OSError, match="Input/output"):
        commit.close()
    assert len(markers(store)) == 1
    monkeypatch.setattr(durability, "_flush_file", flushed.append)
    commit.close()
    assert flushed == [f"{store}/object"]
    assert markers(store) == []


def test_a_file_that_is_gone_before_it_is_flushed_is_passed_over(store: Path, session: Session) -> None:
    commit = GroupCommit(store, [], session.id)
    commit.written(f"{store}/none")
    commit.close()
    assert markers(store) == []


def test_a_flush_reaches_the_system(store: Path) -> None:
    store.mkdir()
    durability._flush_everything([store])
    with pytest.raises(FileNotFoundError):
        durability._flush_everything([store / "none"])


def test_a_flush_moves_the_marker_on(store: Path, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = threading.Event()
    real = os.utime

    def watch(path: Path, *, ns: tuple[int, int]) -> None:
        real(path, ns=ns)
        moved.set()

    monkeypatch.setattr(durability, "_EVERY", 0.01)
    monkeypatch.setattr(os, "utime", watch)
    commit = GroupCommit(store, [], session.id)
    commit.written(f"{store}/file")
    try:
        real(markers(store)[0], ns=(0, 0))
        commit.written(f"{store}/file")
        moved.clear()
        commit.written(f"{store}/file")
        assert moved.wait(timeout=60)
        assert markers(store)[0].stat().st_mtime_ns > 0
    finally:
        commit.close()


def test_a_clean_end_seals_what_killed_commands_wrote(store: Path, session: Session) -> None:
    with running(WRITER, str(store)) as writer:
        line(writer)
        kill(writer)
    assert len(markers(store)) == 1
    commit = GroupCommit(store, [], session.id)
    commit.begin()
    commit.close()
    assert markers(store) == []


def test_a_clean_end_leaves_the_marker_of_a_living_command(store: Path, session: Session) -> None:
    with running(WRITER, str(store)) as writer:
        other = line(writer)
        commit = GroupCommit(store, [], session.id)
        commit.begin()
        commit.close()
        assert [marker.name.split("@")[0] for marker in markers(store)] == [other]


def test_a_clean_end_leaves_the_marker_of_a_power_cut(store: Path, session: Session) -> None:
    marker = lose_power(store)
    commit = GroupCommit(store, [], session.id)
    commit.begin()
    commit.close()
    assert markers(store) == [marker]
