from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import DataError, FileError
from mlops_cli.store import look
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.look import FileLook, FolderLook
from mlops_cli.store.looking import Looking
from mlops_cli.store.memory import MemoryIntake, MemoryObjects
from mlops_cli.store.stat_cache import StatCache
from mlops_cli.store.tree import Entry, encode_tree
from mlops_cli.store.workspace import Workspace
from tests.support.files import later, spying, write, write_all

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlops_cli.store.objects import Stored
    from mlops_cli.store.reading import SmallFile

FILES = {"a.txt": "1", "sub/b.txt": "22", "sub/deep/c.txt": "333"}
not_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def looked(root: Path) -> Workspace:
    """Return a workspace that knows nothing yet, as a new command has it."""
    return Workspace(root, StatCache(None))


def digest(root: Path, path: str) -> str:
    artifact = looked(root).artifact(path)
    assert artifact is not None
    return artifact.digest


@contextmanager
def reading() -> Iterator[list[str]]:
    """Note which files are read, small or large."""
    read: list[str] = []

    small, large = Looking._take, Looking._read_large

    def take(self: Looking, files: Sequence[tuple[str, FileLook]], found: Sequence[SmallFile]) -> None:
        read.extend(path for path, _ in files)
        small(self, files, found)

    def read_large(self: Looking, path: str, look: FileLook) -> None:
        read.append(path)
        large(self, path, look)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Looking, "_take", take)
        patch.setattr(Looking, "_read_large", read_large)
        yield read


def command(root: Path, *paths: str) -> tuple[dict[str, Artifact | None], int]:
    """Look as one command does, with what earlier ones learnt; return what was found and how many files were read."""
    cache = StatCache(root.parent / "state.db")
    workspace = Workspace(root, cache)
    with reading() as read:
        workspace.look(paths)
        found = {path: workspace.artifact(path) for path in paths}
    cache.close()
    return found, len(read)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


# What lies there ---------------------------------------------------------------------------------------------------


def test_a_file_has_the_digest_of_its_bytes(root: Path) -> None:
    write(root / "a", "abc")
    assert looked(root).artifact("a") == Artifact(digest_bytes(b"abc"), 3)


def test_a_file_that_its_owner_may_run_is_executable(root: Path) -> None:
    write(root / "a", "abc", executable=True)
    assert looked(root).artifact("a") == Artifact(digest_bytes(b"abc"), 3, executable=True)


def test_where_nothing_lies_there_is_none(root: Path) -> None:
    assert looked(root).artifact("a") is None


def test_below_a_file_there_is_none(root: Path) -> None:
    write(root / "a")
    assert looked(root).artifact("a/b") is None


def test_a_link_that_leads_nowhere_is_none(root: Path) -> None:
    (root / "a").symlink_to("nowhere")
    assert looked(root).artifact("a") is None


def test_a_link_named_by_itself_is_what_it_leads_to(root: Path) -> None:
    write(root.parent / "elsewhere", "abc")
    (root / "a").symlink_to("../elsewhere")
    assert looked(root).artifact("a") == Artifact(digest_bytes(b"abc"), 3)


def test_a_path_beside_the_project_is_found(root: Path) -> None:
    write(root.parent / "beside", "abc")
    assert looked(root).artifact("../beside") == Artifact(digest_bytes(b"abc"), 3)


def test_a_directory_is_its_tree_object(root: Path) -> None:
    write(root / "data" / "a", "abc")
    write(root / "data" / "run", "x", executable=True)
    (root / "data" / "sub").mkdir()
    (root / "data" / "link").symlink_to("a")
    empty = digest_bytes(encode_tree([]))
    entries = [
        Entry("a", "file", digest_bytes(b"abc"), 3),
        Entry("link", "link", "a", 0),
        Entry("run", "exec", digest_bytes(b"x"), 1),
        Entry("sub", "tree", empty, 0),
    ]
    assert looked(root).artifact("data") == Artifact(digest_bytes(encode_tree(entries)), 4, tree=True)


def test_many_large_files_have_the_digests_of_their_bytes(root: Path) -> None:
    contents = {f"f{n}": bytes([n]) * (2 << 20) for n in range(5)}
    write_all(root, contents)
    workspace = looked(root)
    workspace.look(contents)
    assert {path: workspace.artifact(path) for path in contents} == {
        path: Artifact(digest_bytes(data), len(data)) for path, data in contents.items()
    }


@pytest.mark.parametrize("name", [".git", ".mlops", "__pycache__", ".DS_Store", ".ipynb_checkpoints"])
def test_litter_is_no_part_of_a_directory(name: str, root: Path) -> None:
    write_all(root / "clean", FILES)
    write_all(root / "littered", FILES)
    write(root / "littered" / "sub" / name / "x")
    assert digest(root, "clean") == digest(root, "littered")


names = st.sampled_from(["a", "b", "ab", "ä", "a b", "-x", ".hidden"])
layouts = st.dictionaries(
    st.tuples(names, names) | st.tuples(names, names, names), st.binary(max_size=3), max_size=6
).filter(
    lambda layout: (
        not any(other != path and other[: len(path)] == path for path in layout for other in layout)
    )
)


@given(layout=layouts, chance=st.randoms())
def test_the_order_of_making_does_not_change_the_digest(
    layout: dict[tuple[str, ...], bytes], chance: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = tmp_path_factory.mktemp("order")
    files = {"/".join(path): data for path, data in layout.items()}
    order = list(files)
    chance.shuffle(order)
    write_all(top / "one", files)
    write_all(top / "other", {path: files[path] for path in order})
    assert digest(top, "one") == digest(top, "other")


def test_times_do_not_change_the_digest(root: Path) -> None:
    write_all(root / "one", FILES)
    write_all(root / "other", FILES)
    os.utime(root / "other" / "a.txt", (0, 0))
    os.utime(root / "other" / "sub", (0, 0))
    assert digest(root, "one") == digest(root, "other")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: write(data / "sub/deep/c.txt", "334"), id="a byte"),
        pytest.param(lambda data: write(data / "sub/d.txt"), id="a new file"),
        pytest.param(lambda data: (data / "sub/b.txt").unlink(), id="a file less"),
        pytest.param(lambda data: (data / "sub/b.txt").rename(data / "sub/x.txt"), id="a name"),
        pytest.param(lambda data: (data / "sub/b.txt").chmod(0o755), id="the executable bit"),
        pytest.param(lambda data: (data / "empty").mkdir(), id="an empty folder"),
        pytest.param(lambda data: (data / "link").symlink_to("a.txt"), id="a link"),
        pytest.param(lambda data: (data / "sub").rename(data / "sub2"), id="a folder's name"),
    ],
)
def test_every_change_below_a_directory_changes_its_digest(change: object, root: Path) -> None:
    write_all(root / "data", FILES)
    before = digest(root, "data")
    change(root / "data")  # type: ignore[operator]
    assert digest(root, "data") != before


def test_a_link_and_the_file_that_it_leads_to_are_different(root: Path) -> None:
    write_all(root / "one", {"a": "x", "b": "x"})
    write(root / "other" / "a", "x")
    (root / "other" / "b").symlink_to("a")
    assert digest(root, "one") != digest(root, "other")


# What is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/etc/passwd", "../x", "../../x", "..", "sub/../../x", "sub/../a.txt"])
def test_a_link_that_leaves_its_directory_is_refused(target: str, root: Path) -> None:
    write_all(root / "data", FILES)
    (root / "data" / "link").symlink_to(target)
    with pytest.raises(FileError, match="data/link is a link to"):
        looked(root).artifact("data")


@pytest.mark.parametrize("target", ["../a.txt", "deep/c.txt", "deep", "../sub/b.txt", ".", "nowhere"])
def test_a_link_that_stays_inside_is_kept_as_written(target: str, root: Path) -> None:
    write_all(root / "data", FILES)
    (root / "data" / "sub" / "link").symlink_to(target)
    workspace = looked(root)
    found = workspace.contents("data")
    assert isinstance(found, FolderLook)
    below = found.children["sub"]
    assert isinstance(below, FolderLook)
    assert below.children["link"] == target


@pytest.mark.parametrize("target", ["../../x", "/etc/passwd", "../../data/a.txt", "deep/../../a.txt"])
def test_a_link_further_down_that_leaves_the_directory_is_refused(target: str, root: Path) -> None:
    write_all(root / "data", FILES)
    (root / "data" / "sub" / "link").symlink_to(target)
    with pytest.raises(FileError, match=r"data/sub/link is a link to .* leads out of data "):
        looked(root).artifact("data")


def test_links_in_a_circle_are_kept_and_not_followed(root: Path) -> None:
    write(root / "data" / "sub" / "a")
    (root / "data" / "sub" / "up").symlink_to("..")
    assert looked(root).artifact("data") is not None


@pytest.mark.parametrize("order", [["data", "data/sub"], ["data/sub", "data"]])
def test_a_link_between_two_folders_stays_inside_the_folder_above_both_alone(
    order: list[str], root: Path
) -> None:
    write_all(root / "data", FILES)
    (root / "data" / "sub" / "link").symlink_to("../a.txt")
    workspace = looked(root)
    workspace.look(order)
    assert workspace.artifact("data") is not None
    with pytest.raises(FileError, match="leads out of data/sub"):
        workspace.artifact("data/sub")


@pytest.mark.parametrize("place", ["special", "data/special"])
def test_a_pipe_is_refused(place: str, root: Path) -> None:
    (root / "data").mkdir()
    os.mkfifo(root / place)
    with pytest.raises(FileError, match=f"{place} is a device, a socket or a pipe"):
        looked(root).artifact(place.split("/", maxsplit=1)[0])


def test_a_socket_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "data").mkdir()
    monkeypatch.chdir(root / "data")  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("special")
        with pytest.raises(FileError, match="data/special is a device, a socket or a pipe"):
            looked(root).artifact("data")


def test_a_device_is_refused(root: Path) -> None:
    (root / "null").symlink_to("/dev/null")
    with pytest.raises(FileError, match="null is a device"):
        looked(root).artifact("null")


def test_a_name_that_is_not_utf8_is_refused(root: Path) -> None:
    (root / "data").mkdir()
    (root / "data" / os.fsdecode(b"caf\xe9")).touch()
    with pytest.raises(FileError, match="not UTF-8"):
        looked(root).artifact("data")


def test_a_name_that_is_not_utf8_is_refused_when_a_pattern_matches_it(root: Path) -> None:
    (root / os.fsdecode(b"caf\xe9.csv")).touch()
    with pytest.raises(FileError, match="not UTF-8"):
        looked(root).matches("*.csv")


def test_a_link_to_a_name_that_is_not_utf8_is_refused(root: Path) -> None:
    (root / "data").mkdir()
    (root / "data" / "link").symlink_to(os.fsdecode(b"caf\xe9"))
    with pytest.raises(FileError, match="not UTF-8"):
        looked(root).artifact("data")


@pytest.mark.parametrize("path", ["x" * 300, "a\0b"])
def test_a_path_that_no_system_can_have_is_a_clear_error(path: str, root: Path) -> None:
    with pytest.raises(DataError, match="cannot be looked at"):
        looked(root).artifact(path)


def test_a_link_to_itself_is_a_clear_error(root: Path) -> None:
    (root / "a").symlink_to("a")
    with pytest.raises(DataError, match="a cannot be looked at"):
        looked(root).artifact("a")


@not_root
def test_an_unreadable_file_is_a_clear_error(root: Path) -> None:
    write(root / "a").chmod(0)
    with pytest.raises(DataError, match="a cannot be read"):
        looked(root).artifact("a")


@not_root
def test_a_folder_that_cannot_be_listed_is_a_clear_error(root: Path) -> None:
    write(root / "data" / "a")
    (root / "data").chmod(0)
    try:
        with pytest.raises(DataError, match="data cannot be listed"):
            looked(root).artifact("data")
    finally:
        (root / "data").chmod(0o755)


def test_an_unreadable_file_is_a_clear_error_also_where_the_kernel_refuses(root: Path) -> None:
    # The memory of another address: a regular file by its looks, unreadable even for root.
    (root / "a").symlink_to("/proc/self/mem")
    with pytest.raises(DataError, match="a cannot be read"):
        looked(root).artifact("a")


# Files that vanish -------------------------------------------------------------------------------------------------


def test_a_file_that_vanishes_before_it_is_read_is_a_clear_error(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root / "a", "abc")
    real = os.stat

    def stat_and_remove(path: str) -> os.stat_result:
        status = real(path)
        os.unlink(path)
        return status

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat_and_remove)
        with pytest.raises(DataError, match="a cannot be read"):
            looked(root).artifact("a")


def test_files_that_vanish_while_their_folder_is_listed_are_not_part_of_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(root / "data", {"a": "x", "b": "x"})
    (root / "data" / "link").symlink_to("a")
    workspace = looked(root)
    real = look.scan

    def scan_late(folder: str, shown: str) -> list[os.DirEntry[str]]:
        entries = list(real(folder, shown))
        (root / "data" / "b").unlink()
        (root / "data" / "link").unlink()
        return entries

    with monkeypatch.context() as patch:
        patch.setattr(look, "scan", scan_late)
        found = workspace.artifact("data")
    assert found is not None
    assert found.digest == digest(root, "data")


def test_after_an_error_nothing_half_seen_is_believed(root: Path) -> None:
    write_all(root / "data", FILES)
    write(root / "b", "b")
    os.mkfifo(root / "data" / "zzz")
    workspace = looked(root)
    with pytest.raises(FileError):
        workspace.look(["b", "data"])
    assert workspace.artifact("b") == Artifact(digest_bytes(b"b"), 1)
    with pytest.raises(FileError):
        workspace.artifact("data")
    (root / "data" / "zzz").unlink()
    found = workspace.artifact("data")
    assert found is not None
    assert found.digest == digest(root, "data")


# Looked at once ----------------------------------------------------------------------------------------------------


def test_each_path_is_looked_at_once_however_often_it_is_asked_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(root, {"a": "1", "b": "2", "data/c": "3"})
    workspace = looked(root)
    with spying(monkeypatch, "stat", "scandir") as calls:
        for _ in range(3):
            workspace.look(["a", "b", "data", "none"])
            for path in ("a", "b", "data", "none", "data/c"):
                workspace.artifact(path)
    assert calls["stat"] == {f"{root}/{path}": 1 for path in ("a", "b", "data", "none")}
    assert calls["scandir"] == {f"{root}/data": 1}


def test_a_file_is_not_looked_at_again_when_its_directory_was(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(root / "data", FILES)
    workspace = looked(root)
    workspace.artifact("data")
    with spying(monkeypatch, "stat", "scandir") as calls:
        assert workspace.artifact("data/sub/b.txt") == Artifact(digest_bytes(b"22"), 2)
        assert workspace.artifact("data/sub") is not None
    assert not calls["stat"]
    assert not calls["scandir"]


def test_a_directory_takes_over_the_look_at_a_file_in_it(root: Path) -> None:
    write_all(root / "data", FILES)
    workspace = looked(root)
    workspace.artifact("data/sub/b.txt")
    file = workspace.contents("data/sub/b.txt")
    folder = workspace.contents("data/sub")
    assert isinstance(folder, FolderLook)
    assert folder.children["b.txt"] is file


@pytest.mark.parametrize("order", [["data", "data/sub", "data/a.txt"], ["data/a.txt", "data/sub", "data"]])
def test_folders_inside_each_other_are_listed_once(
    order: list[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(root / "data", FILES)
    workspace = looked(root)
    with spying(monkeypatch, "scandir") as calls:
        workspace.look(order)
    assert calls["scandir"] == {f"{root}/{path}": 1 for path in ("data", "data/sub", "data/sub/deep")}
    assert {path: workspace.artifact(path) for path in order} == {
        path: looked(root).artifact(path) for path in order
    }


def test_many_threads_get_one_answer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(root / "data", FILES)
    workspace = looked(root)
    found: list[Artifact | None] = []
    with spying(monkeypatch, "scandir") as calls:
        threads = [
            threading.Thread(target=lambda: found.append(workspace.artifact("data"))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [looked(root).artifact("data")] * 8
    assert set(calls["scandir"].values()) == {1}


# From one command to the next --------------------------------------------------------------------------------------


def test_files_at_rest_are_not_read_by_the_next_command(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(root, {"a": "1"} | {f"data/{path}": data for path, data in FILES.items()})
    later(monkeypatch)
    first, read = command(root, "a", "data")
    assert read == 4
    assert command(root, "a", "data") == (first, 0)


def test_a_file_read_too_soon_after_its_change_is_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root / "a", "1")
    later(monkeypatch, -1_000_000_000)  # as if the clock had not moved on since
    command(root, "a")
    assert command(root, "a")[1] == 1


@pytest.mark.parametrize("path", ["a", "data"])
def test_a_same_size_edit_within_one_clock_tick_is_seen(path: str, root: Path) -> None:
    files = [write(root / "a", "one"), write(root / "data" / "a", "one")]
    command(root, path)
    for file in files:
        times = file.stat()
        with file.open("r+b", buffering=0) as stream:
            stream.write(b"two")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    [artifact] = command(root, path)[0].values()
    assert artifact is not None
    assert artifact.digest == digest(root, path)


@pytest.mark.parametrize("path", ["a", "data"])
def test_a_same_size_edit_whose_mtime_was_restored_is_seen(
    path: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write(root / "a", "one"), write(root / "data" / "a", "one")]
    later(monkeypatch)
    command(root, path)
    for file in files:
        times = file.stat()
        while file.stat().st_ctime_ns == times.st_ctime_ns:  # the kernel's clock ticks within milliseconds
            with file.open("r+b", buffering=0) as stream:
                stream.write(b"two")
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    [artifact] = command(root, path)[0].values()
    assert artifact is not None
    assert artifact.digest == digest(root, path)


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_seen(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(root / "a", "one")
    later(monkeypatch)
    command(root, "a")
    other = write(root / "b", "two")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)
    assert command(root, "a")[0] == {"a": Artifact(digest_bytes(b"two"), 3)}


@pytest.mark.parametrize("damage", [b"", b"junk" * 5000, None])
def test_a_damaged_database_changes_no_digest(
    damage: bytes | None, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(root / "data", FILES)
    later(monkeypatch)
    first, _ = command(root, "data")
    database = root.parent / "state.db"
    database.unlink() if damage is None else database.write_bytes(damage)
    assert command(root, "data") == (first, 3)
    assert command(root, "data") == (first, 0)


def test_a_truncated_database_changes_no_digest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(root / "data", {f"{n:03}": str(n) for n in range(200)})
    later(monkeypatch)
    first, _ = command(root, "data")
    database = root.parent / "state.db"
    database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])
    assert command(root, "data")[0] == first


def test_a_file_that_changes_while_it_is_read_is_not_trusted_later(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(root / "a", "one")
    later(monkeypatch)
    cache = StatCache(None)
    workspace = Workspace(root, cache)
    turns = iter(range(5, 100))
    real_fstat, real_read = os.fstat, os.read

    def fstat(descriptor: int) -> os.stat_result:
        file.write_text("x" * next(turns))
        return real_fstat(descriptor)

    def read(descriptor: int, size: int) -> bytes:
        file.write_text("x" * next(turns))
        return real_read(descriptor, size)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fstat)
        patch.setattr(os, "read", read)
        artifact = workspace.artifact("a")
    assert [row.trusted() for row in cache.rows([str(file)]).values()] == [False]
    assert artifact is not None
    assert artifact == Artifact(digest_bytes(b"x" * artifact.size), artifact.size)


@pytest.mark.parametrize("when", ["before it is read", "after it was read"])
@pytest.mark.parametrize("path", ["data/a", "data"])
def test_a_file_that_changes_between_listing_and_reading_is_never_taken_for_what_it_was(
    path: str, when: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size stays, so that only its times tell."""
    file = write(root / "data/a", "one")
    time.sleep(0.05)  # at rest, so that what is read may be believed later
    cache = StatCache(None)
    workspace = Workspace(root, cache)
    real = os.read

    def read(descriptor: int, size: int) -> bytes:
        if when == "before it is read":
            file.write_text("two")
        data = real(descriptor, size)
        if when == "after it was read":
            file.write_text("two")
        return data

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", read)
        artifact = workspace.artifact(path)
    if path == "data/a":
        seen = b"two" if when == "before it is read" else b"one"
        assert artifact == Artifact(digest_bytes(seen), 3)
    cache.flush()
    assert Workspace(root, cache).artifact(path) == looked(root).artifact(path)


# Changes during a command ------------------------------------------------------------------------------------------


def test_what_changed_is_not_seen_before_it_is_forgotten(root: Path) -> None:
    write(root / "a", "1")
    workspace = looked(root)
    before = workspace.artifact("a")
    write(root / "a", "2")
    assert workspace.artifact("a") == before


@pytest.mark.parametrize("forgotten", ["data", "data/sub", "data/sub/b.txt", "data/sub/new.txt"])
def test_forgetting_a_path_forgets_what_lies_above_and_below(forgotten: str, root: Path) -> None:
    write_all(root / "data", FILES)
    workspace = looked(root)
    workspace.look(["data", "data/sub/b.txt", "data/sub/new.txt"])
    workspace.artifact("data")
    write(root / "data/sub/b.txt", "new")
    write(root / "data/sub/new.txt", "new")
    workspace.forget([forgotten, "data/sub/b.txt"])
    found = workspace.artifact("data")
    assert found is not None
    assert found.digest == digest(root, "data")


def test_forgetting_one_path_keeps_the_others(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(root, {"a": "1", "ab": "2", "b/c": "3"})
    workspace = looked(root)
    workspace.look(["a", "ab", "b"])
    workspace.forget(["a"])
    with spying(monkeypatch, "stat", "scandir") as calls:
        workspace.look(["a", "ab", "b"])
    assert calls["stat"] == {f"{root}/a": 1}
    assert not calls["scandir"]


def test_what_was_read_in_a_command_is_not_read_again_in_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(root / "data", FILES)
    later(monkeypatch)
    workspace = looked(root)
    before = workspace.artifact("data")
    workspace.forget(["data"])

    with reading() as read:
        assert workspace.artifact("data") == before
    assert read == []


@pytest.mark.parametrize("path", ["a", "data"])
def test_what_did_not_change_has_not_changed(path: str, root: Path) -> None:
    write_all(root, {"a": "1", "data/b": "2"})
    workspace = looked(root)
    assert not workspace.changed(path, workspace.artifact(path))


@pytest.mark.parametrize("path", ["a", "data"])
def test_a_file_written_anew_with_the_same_bytes_has_not_changed(path: str, root: Path) -> None:
    write_all(root, {"a": "1", "data/b": "2"})
    workspace = looked(root)
    before = workspace.artifact(path)
    (root / "a").unlink()
    write_all(root, {"a": "1", "data/b": "2"})
    assert not workspace.changed(path, before)


@pytest.mark.parametrize("path", ["a", "data"])
def test_a_same_size_edit_right_after_the_look_is_a_change(path: str, root: Path) -> None:
    files = write_all(root, {"a": "1", "data/b": "1"})
    workspace = looked(root)
    before = workspace.artifact(path)
    for file in (files / "a", files / "data" / "b"):
        with file.open("r+b", buffering=0) as stream:
            stream.write(b"2")
    assert workspace.changed(path, before)


def test_a_file_that_is_gone_has_changed(root: Path) -> None:
    write(root / "a", "1")
    workspace = looked(root)
    before = workspace.artifact("a")
    (root / "a").unlink()
    assert workspace.changed("a", before)


def test_a_file_that_came_has_changed(root: Path) -> None:
    workspace = looked(root)
    before = workspace.artifact("a")
    write(root / "a", "1")
    assert workspace.changed("a", before)


def test_a_file_that_became_a_folder_has_changed(root: Path) -> None:
    write(root / "a", "1")
    workspace = looked(root)
    before = workspace.artifact("a")
    (root / "a").unlink()
    (root / "a").mkdir()
    assert workspace.changed("a", before)


def test_what_is_absent_before_and_after_has_not_changed(root: Path) -> None:
    workspace = looked(root)
    assert not workspace.changed("a", workspace.artifact("a"))


def test_after_a_change_the_new_content_is_known(root: Path) -> None:
    write(root / "a", "1")
    workspace = looked(root)
    before = workspace.artifact("a")
    write(root / "a", "22")
    workspace.changed("a", before)
    assert workspace.artifact("a") == Artifact(digest_bytes(b"22"), 2)


# Patterns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["top.py"]),
        ("src/*.py", ["src/a.py", "src/b.py"]),
        ("src/**/*.py", ["src/a.py", "src/b.py", "src/deep/er/d.py"]),
        ("**/*.csv", ["src/deep/c.csv"]),
        ("src/*", ["src/a.py", "src/b.py", "src/deep"]),
        ("src/deep/**", ["src/deep/c.csv", "src/deep/er/d.py"]),
        ("*/*.py", ["src/a.py", "src/b.py"]),
        ("none/*.py", []),
        ("top.py/*", []),
        ("src/[ab].py", ["src/a.py", "src/b.py"]),
    ],
)
def test_a_pattern_finds_what_it_matches_in_order(pattern: str, found: list[str], root: Path) -> None:
    write_all(
        root, dict.fromkeys(["top.py", "src/b.py", "src/a.py", "src/deep/c.csv", "src/deep/er/d.py"], "")
    )
    write_all(root, dict.fromkeys(["src/__pycache__/a.py", ".git/x.py", ".mlops/x.csv"], ""))
    assert looked(root).matches(pattern) == tuple(found)


def test_a_pattern_across_folders_does_not_follow_links_to_folders(root: Path) -> None:
    write(root / "src" / "a.py")
    (root / "src" / "loop").symlink_to(".")
    assert looked(root).matches("src/**/*.py") == ("src/a.py",)


def test_a_pattern_finds_what_came_since(root: Path) -> None:
    workspace = looked(root)
    assert workspace.matches("*.py") == ()
    write(root / "a.py")
    assert workspace.matches("*.py") == ("a.py",)


# Taking in while reading -------------------------------------------------------------------------------------------


def test_what_has_to_be_read_is_taken_in_and_what_is_known_is_not(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(root / "data", {"small": "1", "large": "x" * 100_000})
    later(monkeypatch)
    store = MemoryObjects()
    cache = StatCache(None)
    for taken in ({b"1", b"x" * 100_000}, set()):
        store.blobs.clear()
        with store.intake() as intake:
            Workspace(root, cache).look(["data"], intake)
        assert set(store.blobs.values()) == taken


def test_more_files_than_are_read_at_once_are_all_taken_in(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_cli.store.looking._AT_ONCE", 4)
    write_all(root / "data", {f"{n % 3}/{n}": f"{n % 7}" for n in range(23)})
    write_all(root, {f"{n}": f"alone {n}" for n in range(9)})
    store = MemoryObjects()
    with store.intake() as intake:
        Workspace(root, StatCache(None)).look(["data", *map(str, range(9))], intake)
    assert set(store.blobs.values()) == {b"%d" % n for n in range(7)} | {b"alone %d" % n for n in range(9)}


def test_what_helpers_read_is_all_taken_in(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_cli.store.looking._AT_ONCE", 4)
    monkeypatch.setattr("mlops_cli.store.reading._WORTH_HELPERS", 20)
    files = {f"{n % 7}/{n}": f"text {n}" for n in range(150)}
    write_all(root / "data", files)
    write_all(root / "data", {"large": "x" * 100_000})
    store = MemoryObjects()
    alone = Workspace(root, StatCache(None)).artifact("data")
    workspace = Workspace(root, StatCache(None))
    with store.intake() as intake:
        workspace.look(["data"], intake)
    assert set(store.blobs.values()) == {text.encode() for text in files.values()} | {b"x" * 100_000}
    assert workspace.artifact("data") == alone
    # Without an intake nobody needs the bytes.
    again = Workspace(root, StatCache(None))
    again.look(["data"])
    assert again.artifact("data") == alone


def test_a_file_that_changes_while_it_is_taken_in_is_what_was_stored(root: Path) -> None:
    write(root / "data" / "a", "x" * 100_000)

    class Late(MemoryIntake):
        def copy(self, path: str) -> Stored:
            stored = super().copy(path)
            short = digest_bytes(b"short")
            self.keep([(short, b"short")])
            return replace(stored, digest=short, size=5, identity=None)

    cache = StatCache(None)
    workspace = Workspace(root, cache)
    workspace.look(["data"], Late(MemoryObjects()))
    assert workspace.artifact("data/a") == Artifact(digest_bytes(b"short"), 5)
    assert workspace.artifact("data") == Artifact(
        digest_bytes(encode_tree([Entry("a", "file", digest_bytes(b"short"), 5)])), 5, tree=True
    )
    later_one = Workspace(root, cache).artifact("data/a")
    assert later_one == Artifact(digest_bytes(b"x" * 100_000), 100_000)


def test_a_file_that_grows_large_after_it_was_listed_is_read_whole(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(root / "data" / "a", "small")
    real = os.open

    def grow(path: str, *args: int) -> int:
        monkeypatch.setattr(os, "open", real)
        file.write_bytes(b"x" * 200_000)
        return real(path, *args)

    monkeypatch.setattr(os, "open", grow)
    workspace = looked(root)
    assert workspace.artifact("data/a") == Artifact(digest_bytes(b"x" * 200_000), 200_000)
    assert workspace.files("data") == 1


def test_a_folder_tells_how_many_files_are_in_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(root / "data", FILES)
    (root / "data" / "link").symlink_to("a.txt")
    later(monkeypatch)
    cache = StatCache(None)
    for _ in range(2):
        workspace = Workspace(root, cache)
        assert [workspace.files(path) for path in ("data", "data/sub", "data/a.txt", "none")] == [3, 2, 1, 0]


def test_a_file_dated_later_than_numbers_reach_is_read_like_any_other(root: Path) -> None:
    file = write(root / "data" / "a", "abc")
    os.utime(file, ns=(13 * 10**18, 13 * 10**18))
    for _ in range(2):
        assert command(root, "data", "data/a")[0]["data/a"] == Artifact(digest_bytes(b"abc"), 3)


def test_the_contents_of_a_folder_are_told_also_where_a_link_leaves_a_folder_in_it(root: Path) -> None:
    write_all(root / "data", FILES)
    (root / "data" / "sub" / "link").symlink_to("../a.txt")
    found = looked(root).contents("data")
    assert isinstance(found, FolderLook)
    assert set(found.children) == {"a.txt", "sub"}
