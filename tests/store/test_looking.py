"""Unchanged folders: what is remembered of them may save time, but never change what is found."""

from __future__ import annotations

import os
import random
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.store.look import FolderLook, Listing, list_folder
from mlops_cli.store.looking import Looking
from mlops_cli.store.memory import MemoryObjects
from mlops_cli.store.save import save, whole
from mlops_cli.store.stat_cache import StatCache
from mlops_cli.store.workspace import Workspace
from tests.support.files import later, write, write_all
from tests.support.trees import Node, folders, lay_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlops_cli.store.artifact import Artifact

FILES = {"a.txt": "1", "sub/b.txt": "22", "sub/deep/c.txt": "333"}


class Ignoring:
    """Leaves out files with one ending."""

    def __init__(self, ending: str) -> None:
        self.ending = ending
        self.digest = f"rules of {ending}"

    def __call__(self, path: str, _is_folder: bool, /) -> bool:
        return path.endswith(self.ending)


def look(root: Path, ending: str = "") -> tuple[Artifact | None, int, set[str]]:
    """Look at `data` as one command does; return what it is, its files, and of which folders a memo is known after."""
    cache = StatCache(root / "state.db")
    rules = Ignoring(ending) if ending else None
    workspace = Workspace(root, cache, rules=lambda _: rules)
    found = workspace.artifact("data"), workspace.files("data")
    known = {path.removeprefix(f"{root}/") for path in cache.folder_memos(f"{root}/data")}
    cache.close()
    return *found, known


def without(root: Path, ending: str = "") -> tuple[Artifact | None, int]:
    """Look without remembering anything."""
    rules = Ignoring(ending) if ending else None
    workspace = Workspace(root, StatCache(None), rules=lambda _: rules)
    return workspace.artifact("data"), workspace.files("data")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_all(tmp_path / "data", FILES)
    return tmp_path


def test_a_folder_at_rest_is_remembered_and_nothing_in_it_is_asked_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch)
    artifact, count, known = look(root)
    assert known == {"data", "data/sub", "data/sub/deep"}

    def refuse(*_: object) -> None:
        pytest.fail("an unchanged folder is opened")

    monkeypatch.setattr(StatCache, "folder_rows", refuse)
    monkeypatch.setattr(Looking, "_believe", refuse)
    assert look(root) == (artifact, count, known)
    assert count == 3


def test_of_a_folder_in_which_somebody_may_still_be_writing_nothing_is_remembered(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (root / "data").rglob("*.txt"):
        os.utime(path, ns=(10**18 + 1, 10**18 + 1))  # the ctime is now all the same
    moment = max(path.stat().st_ctime_ns for path in (root / "data").rglob("*.txt"))
    monkeypatch.setattr(time, "time_ns", lambda: moment + 10_000_000)  # less than a tick
    assert look(root)[2] == set()


def test_only_the_folders_in_which_somebody_may_be_writing_are_forgotten(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.sleep(0.05)
    write(root / "data" / "sub" / "new.txt", "x")
    # As if the clock stood where the last write was: everything else is older by more than a tick.
    moment = (root / "data" / "sub" / "new.txt").stat().st_ctime_ns + 1
    monkeypatch.setattr(time, "time_ns", lambda: moment)
    assert look(root)[2] == {"data", "data/sub/deep"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: write(data / "sub/deep/c.txt", "334"), id="a byte"),
        pytest.param(lambda data: write(data / "sub/d.txt"), id="a new file"),
        pytest.param(lambda data: (data / "sub/b.txt").unlink(), id="a file less"),
        pytest.param(lambda data: (data / "sub/b.txt").rename(data / "sub/x.txt"), id="a name"),
        pytest.param(lambda data: (data / "sub/b.txt").chmod(0o755), id="the executable bit"),
        pytest.param(lambda data: (data / "empty").mkdir(), id="an empty folder"),
        pytest.param(lambda data: (data / "sub" / "empty").mkdir(), id="an empty folder further down"),
        pytest.param(lambda data: (data / "link").symlink_to("a.txt"), id="a link"),
        pytest.param(lambda data: (data / "sub").rename(data / "sub2"), id="a folder's name"),
        pytest.param(lambda data: shutil.rmtree(data / "sub" / "deep"), id="a folder less"),
    ],
)
def test_every_change_in_a_remembered_folder_is_seen(
    change: Callable[[Path], object], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch)
    before = look(root)
    change(root / "data")
    after = look(root)
    assert after[0] != before[0]
    assert after[:2] == without(root)


def test_a_link_that_leads_elsewhere_is_seen(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = root / "data" / "link"
    link.symlink_to("a.txt")
    later(monkeypatch)
    before = look(root)
    link.unlink()
    link.symlink_to("sub")
    assert look(root)[:2] == without(root) != before[:2]


def test_a_link_in_the_place_of_a_folder_that_is_the_same_is_seen(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch)
    look(root)
    (root / "data" / "sub").rename(root / "data" / "moved")
    (root / "data" / "sub").symlink_to("moved")
    assert look(root)[:2] == without(root)


def test_other_rules_for_what_to_leave_out_are_seen(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(root / "data", {"sub/x.log": "log"})
    later(monkeypatch)
    seen = [look(root, ending)[:2] for ending in ("", ".log", "", ".txt", ".log")]
    assert seen == [without(root, ending) for ending in ("", ".log", "", ".txt", ".log")]
    assert len({artifact.digest for artifact, _ in seen if artifact}) == 3


def test_rules_that_say_the_same_in_other_words_are_other_rules(root: Path) -> None:
    [listing] = [list_folder(str(root / "data"), "data", None, None)]
    below = ["b3:x"]
    assert listing.signature(below, "one") == listing.signature(below, "one")  # type: ignore[arg-type]
    assert listing.signature(below, "one") != listing.signature(below, "two")  # type: ignore[arg-type]


def test_the_names_of_folders_are_told_from_what_they_came_to() -> None:
    # Both say the same words in the same order; only where one kind ends and the next begins tells them apart.
    one, other = Listing(), Listing()
    one.folders = ["A", "b3:1"]
    other.folders = ["A"]
    other.links = {"b3:2": "b3:3"}
    assert one.signature(["b3:2", "b3:3"], "") != other.signature(["b3:1"], "")  # type: ignore[list-item]


def test_a_folder_out_of_which_a_link_leads_is_refused_every_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "data" / "sub" / "link").symlink_to("../../secret")
    later(monkeypatch)
    for _ in range(2):
        with pytest.raises(FileError, match="data/sub/link is a link"):
            look(root)


def test_a_link_that_leaves_its_folder_and_stays_in_the_one_above_is_found_every_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "data" / "sub" / "link").symlink_to("../a.txt")
    later(monkeypatch)
    first = look(root)
    assert first[:2] == without(root)
    assert look(root) == first
    with pytest.raises(FileError, match="leads out of data/sub"):
        Workspace(root, StatCache(root / "state.db")).artifact("data/sub")


def test_a_remembered_folder_can_be_looked_into(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch)
    artifact = look(root)[0]
    workspace = Workspace(root, StatCache(root / "state.db"))
    assert workspace.artifact("data") == artifact
    found = workspace.contents("data")
    assert isinstance(found, FolderLook)
    assert set(found.children) == {"a.txt", "sub"}
    sub = found.children["sub"]
    assert isinstance(sub, FolderLook)
    assert set(sub.children) == {"b.txt", "deep"}


@pytest.mark.parametrize("lost", ["all", "tree", "file"])
def test_a_remembered_folder_is_saved_whole_where_the_store_has_lost_something(
    lost: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "data" / "sub" / "link").symlink_to("../a.txt")
    write_all(root / "data" / "other", {"x": "x"})
    later(monkeypatch)
    store = MemoryObjects()
    cache = StatCache(None)
    artifact = save(Workspace(root, cache), store, ["data"])["data"]
    if lost == "all":
        store.blobs.clear()
    else:
        mark = b"c.txt" if lost == "tree" else b"333"
        [digest] = [d for d, data in store.blobs.items() if mark in data]
        store.remove([digest])
    assert not whole(store, [artifact])
    assert save(Workspace(root, cache), store, ["data"])["data"] == artifact
    assert whole(store, [artifact])


# Whatever happens --------------------------------------------------------------------------------------------------


def everything(data: Path) -> tuple[list[Path], list[Path]]:
    """Return all files, and all folders."""
    paths = sorted(path for path in data.rglob("*") if not path.is_symlink())
    return [path for path in paths if path.is_file()], [data, *[path for path in paths if path.is_dir()]]


def edit(data: Path, chance: random.Random) -> None:
    """Do one of the things that people and programs do to files."""
    files, dirs = everything(data)
    folder = chance.choice(dirs)
    fresh = folder / chance.choice(["a", "b", "c", "n1", "n2"])
    what = chance.choice(
        [
            "write",
            "same size",
            "restored time",
            "rename",
            "chmod",
            "delete",
            "add",
            "link",
            "folder",
            "replace",
            "swap",
        ]
    )
    if what == "add":
        if not fresh.exists() and not fresh.is_symlink():
            fresh.write_bytes(chance.randbytes(chance.randrange(4)))
    elif what == "link":
        if not fresh.exists() and not fresh.is_symlink():
            fresh.symlink_to(chance.choice(["a", "b", "nowhere"]))
    elif what == "folder":
        if fresh.is_dir() and not fresh.is_symlink():
            shutil.rmtree(fresh)
        elif not fresh.exists() and not fresh.is_symlink():
            lay_out(fresh, {"a": b"x", "in": {"b": chance.randbytes(2)}})
    elif what == "replace":
        if folder != data:
            other = data.parent / "other"
            shutil.copytree(folder, other, symlinks=True)
            shutil.rmtree(folder)
            other.rename(folder)
    elif files:
        edit_file(chance.choice(files), chance.choice(files), fresh, what, chance)


def edit_file(file: Path, other: Path, fresh: Path, what: str, chance: random.Random) -> None:
    status = file.stat()
    if what == "write":
        file.write_bytes(chance.randbytes(chance.randrange(5)))
    elif what in ("same size", "restored time"):
        with file.open("r+b", buffering=0) as stream:
            stream.write(chance.randbytes(min(status.st_size, 9)))
        if what == "restored time":
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif what == "rename":
        if not fresh.exists() and not fresh.is_symlink():
            file.rename(fresh)
    elif what == "swap" and other != file:
        aside = file.with_name("aside")
        file.rename(aside)
        other.rename(file)
        aside.rename(other)
    elif what == "chmod":
        file.chmod(status.st_mode ^ 0o111)
    elif what == "delete":
        file.unlink()


@settings(max_examples=60)
@given(
    layout=folders,
    seed=st.integers(0, 2**32),
    steps=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    waits=st.booleans(),
)
def test_whatever_happens_to_files_what_is_remembered_changes_nothing(
    layout: dict[str, Node],
    seed: int,
    steps: list[int],
    waits: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("memos")
    chance = random.Random(seed)
    lay_out(root / "data", layout)
    for count in steps:
        for _ in range(count):
            edit(root / "data", chance)
        if waits:
            time.sleep(0.025)  # so that what is looked at is at rest, and remembered
        found = look(root)
        assert found[:2] == without(root)
        if waits:
            assert "data" in found[2]


def test_the_edits_of_the_law_above_do_change_things(tmp_path: Path) -> None:
    chance = random.Random(1)
    lay_out(tmp_path / "data", {"a": b"123", "b": {"c": b"4", "d.csv": b"5"}})
    seen = set()
    for _ in range(200):
        edit(tmp_path / "data", chance)
        seen.add(without(tmp_path)[0])
    assert len(seen) > 50


def test_a_same_size_edit_within_one_tick_after_the_look_is_seen(root: Path) -> None:
    for turn in range(50):
        file = write(root / "data" / "sub" / "b.txt", f"{turn:02}")
        look(root)
        with file.open("r+b", buffering=0) as stream:
            stream.write(b"xy")
        found = look(root)
        assert found[:2] == without(root)
