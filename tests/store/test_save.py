from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import DataError, FileError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.memory import MemoryObjects
from mlops_cli.store.placement.restore import restore
from mlops_cli.store.placing import move
from mlops_cli.store.save import check_clashes, drop_damaged, inside, members, save, whole
from mlops_cli.store.stat_cache import StatCache
from mlops_cli.store.tree import Entry, encode_tree
from mlops_cli.store.workspace import Workspace
from tests.support.files import listing, spying, write, write_all
from tests.support.object_stores import folder_objects, spoil

if TYPE_CHECKING:
    from mlops_cli.settings import LinkKind

Store: TypeAlias = FolderObjects | MemoryObjects
FILES = {"a.txt": "1", "sub/b.txt": "22", "sub/deep/c.txt": "333"}
LINKS: list[LinkKind] = ["reflink", "hardlink", "symlink", "copy"]


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return folder_objects(tmp_path / "store") if request.param == "folder" else MemoryObjects()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_all(tmp_path / "project", {f"data/{path}": data for path, data in FILES.items()})


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return Workspace(root, StatCache(None))


def saved(root: Path, store: Store, path: str = "data") -> Artifact:
    return save(Workspace(root, StatCache(None)), store, [path])[path]


def tree(store: Store, *rows: Entry | list[Any]) -> Artifact:
    """Put a tree object as someone hostile would write it."""
    value = [[row.name, row.kind, row.content, row.size] if isinstance(row, Entry) else row for row in rows]
    [digest] = store.put_blobs([json.dumps({"entries": value, "schema": 1}).encode()])
    return Artifact(digest, 0, tree=True)


# Saving ------------------------------------------------------------------------------------------------------------


def test_a_saved_file_is_in_the_store(workspace: Workspace, store: Store) -> None:
    artifact = save(workspace, store, ["data/a.txt"])["data/a.txt"]
    assert artifact == Artifact(digest_bytes(b"1"), 1)
    assert store.read_blobs([artifact.digest]) == [b"1"]


def test_saving_finds_what_looking_finds(workspace: Workspace, root: Path, store: Store) -> None:
    write(root / "run", "x", executable=True)
    (root / "data" / "link").symlink_to("a.txt")
    paths = ["run", "data", "data/sub/b.txt"]
    found = save(workspace, store, paths)
    assert found == {path: Workspace(root, StatCache(None)).artifact(path) for path in paths}


def test_everything_of_a_saved_directory_is_in_the_store(root: Path, store: Store) -> None:
    assert whole(store, [saved(root, store)])


def test_a_saved_file_is_not_looked_at_again(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = save(workspace, store, ["data/a.txt"])["data/a.txt"]
    with spying(monkeypatch, "stat") as calls:
        assert workspace.artifact("data/a.txt") == artifact
    assert not calls["stat"]


def test_a_saved_file_is_saved_as_it_is_now_and_not_as_it_was_looked_at(
    workspace: Workspace, root: Path, store: Store
) -> None:
    workspace.artifact("data/a.txt")
    write(root / "data/a.txt", "new")
    assert save(workspace, store, ["data/a.txt"])["data/a.txt"].digest == digest_bytes(b"new")
    assert workspace.artifact("data/a.txt") == Artifact(digest_bytes(b"new"), 3)


def test_a_saved_file_changes_what_is_known_of_the_folder_above(
    workspace: Workspace, root: Path, store: Store
) -> None:
    before = workspace.artifact("data")
    write(root / "data/a.txt", "new")
    save(workspace, store, ["data/a.txt"])
    assert workspace.artifact("data") != before


def test_saving_what_is_not_there_is_a_clear_error(workspace: Workspace, store: Store) -> None:
    with pytest.raises(DataError, match="none is gone"):
        save(workspace, store, ["none"])


def test_saving_a_pipe_is_refused(workspace: Workspace, root: Path, store: Store) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(FileError, match="pipe is a device"):
        save(workspace, store, ["pipe"])


def test_a_directory_with_a_link_that_leaves_it_is_not_saved(
    workspace: Workspace, root: Path, store: Store
) -> None:
    (root / "data" / "link").symlink_to("../../secret")
    with pytest.raises(FileError, match="data/link"):
        save(workspace, store, ["data"])


def test_a_directory_that_changed_since_the_look_is_not_saved(
    workspace: Workspace, root: Path, store: Store
) -> None:
    workspace.artifact("data")
    write(root / "data/sub/b.txt", "new")
    with pytest.raises(DataError, match="changed while it was stored"):
        save(workspace, store, ["data"])


def test_a_file_of_a_directory_that_vanished_since_the_look_is_a_clear_error(
    workspace: Workspace, root: Path, store: Store
) -> None:
    workspace.artifact("data")
    (root / "data/sub/b.txt").unlink()
    with pytest.raises(DataError, match=r"b\.txt cannot be stored"):
        save(workspace, store, ["data"])


def test_what_is_in_the_store_already_is_not_stored_again(root: Path, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store")
    saved(root, store)
    before = {path: path.stat().st_ino for path in (tmp_path / "store").rglob("*")}
    saved(root, store)
    saved(root, folder_objects(tmp_path / "store"))
    assert {path: path.stat().st_ino for path in (tmp_path / "store").rglob("*")} == before


# Names that clash --------------------------------------------------------------------------------------------------

CLASHES = [
    ("a.txt", "A.TXT"),
    ("ä", "Ä"),
    ("é", "e\u0301"),
    ("É", "e\u0301"),
    ("straße", "STRASSE"),
    ("\u212a", "k"),  # the sign for Kelvin
    ("\u0390", "\u1fd3"),
]


@pytest.mark.parametrize(("one", "other"), CLASHES)
def test_names_that_many_file_systems_take_for_the_same_are_refused(one: str, other: str) -> None:
    for names in ([one, other], [other, "between", one]):
        with pytest.raises(FileError, match="the same name") as caught:
            check_clashes("data", names)
        assert "data holds" in caught.value.message
        assert "Rename" in caught.value.hint


@given(st.lists(st.text("abcxyz0-_é", min_size=1, max_size=4), unique=True))
def test_names_that_differ_in_more_are_not_refused(names: list[str]) -> None:
    check_clashes("data", names)


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_a_directory_with_names_that_clash_is_not_saved(
    kind: str, workspace: Workspace, root: Path, store: Store
) -> None:
    other = root / "data" / "sub" / "B.TXT"
    if kind == "file":
        write(other, "x")
    elif kind == "folder":
        other.mkdir()
    else:
        other.symlink_to("deep")
    with pytest.raises(FileError, match=r"data/sub holds .* and .*"):
        save(workspace, store, ["data"])


def test_the_same_name_in_two_folders_is_no_clash(workspace: Workspace, root: Path, store: Store) -> None:
    write_all(root / "data", {"sub/A.TXT": "x", "x/sub/a.txt": "y"})
    assert whole(store, [save(workspace, store, ["data"])["data"]])


@pytest.mark.parametrize(("one", "other"), CLASHES)
def test_a_tree_with_names_that_clash_is_not_restored(
    one: str, other: str, store: Store, tmp_path: Path
) -> None:
    [digest] = store.put_blobs([b"x"])
    artifact = tree(store, *[Entry(name, "file", digest, 1) for name in sorted([one, other])])
    with pytest.raises(DataError, match="the same name"):
        restore(store, artifact, str(tmp_path / "copy"), str(tmp_path / "temporary"))
    assert not (tmp_path / "copy").exists()


# Packed ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("links", LINKS)
def test_a_directory_of_many_small_files_is_packed_and_comes_back(
    links: LinkKind, root: Path, tmp_path: Path
) -> None:
    write_all(root / "data", {f"many/{n}": f"number {n}" for n in range(60)} | {"large": b"x" * 200_000})
    write(root / "data" / "run", "x", executable=True)
    store = folder_objects(tmp_path / "store", links)
    artifact = saved(root, store)
    assert sum(len(pack.index) for pack in store.packs.all()) > 60
    store = folder_objects(tmp_path / "store", links)
    assert whole(store, [artifact])
    restore(store, artifact, str(root / "copy"), str(tmp_path / "temporary"))
    assert listing(root / "copy") == listing(root / "data")
    workspace = Workspace(root, StatCache(None), tmp_path / "store" / "objects")
    assert workspace.artifact("copy") == artifact
    assert save(workspace, store, ["copy"])["copy"] == artifact


def test_what_is_damaged_in_a_pack_is_dropped_and_can_be_saved_again(root: Path, tmp_path: Path) -> None:
    write_all(root / "data", {f"many/{n}": f"number {n}" for n in range(60)})
    store = folder_objects(tmp_path / "store")
    artifact = saved(root, store)
    bad = {digest_bytes(b"number 7"), digest_bytes(b"number 8")}
    for digest in bad:
        spoil(store, digest, b"damaged")
    with pytest.raises(DataError, match="is damaged"):
        restore(store, artifact, str(root / "copy"), str(tmp_path / "temporary"))
    assert not (root / "copy").exists()
    assert drop_damaged(store, [artifact]) == bad
    assert not whole(store, [artifact])
    assert saved(root, store) == artifact
    restore(store, artifact, str(root / "copy"), str(tmp_path / "again"))
    assert listing(root / "copy") == listing(root / "data")


# Restoring ---------------------------------------------------------------------------------------------------------


def test_a_restored_directory_is_what_was_saved(root: Path, store: Store, tmp_path: Path) -> None:
    write(root / "data" / "run", "x", executable=True)
    (root / "data" / "empty").mkdir()
    (root / "data" / "sub" / "link").symlink_to("../a.txt")
    artifact = saved(root, store)
    restore(store, artifact, str(root / "copy"), str(tmp_path / "temporary"))
    assert Workspace(root, StatCache(None)).artifact("copy") == artifact
    assert listing(root / "copy") == listing(root / "data")


@pytest.mark.parametrize("executable", [False, True])
def test_a_restored_file_is_what_was_saved(
    executable: bool, root: Path, store: Store, tmp_path: Path
) -> None:
    write(root / "file", "x", executable=executable)
    artifact = saved(root, store, "file")
    restore(store, artifact, str(root / "new" / "copy"), str(tmp_path / "temporary"))
    assert Workspace(root, StatCache(None)).artifact("new/copy") == artifact


@pytest.mark.parametrize("links", LINKS)
def test_however_a_directory_is_placed_it_is_what_was_saved(
    links: LinkKind, root: Path, tmp_path: Path
) -> None:
    store = folder_objects(tmp_path / "store", links)
    write(root / "data" / "run", "x", executable=True)
    (root / "data" / "link").symlink_to("a.txt")
    artifact = saved(root, store)
    restore(store, artifact, str(root / "copy"), str(tmp_path / "temporary"))
    assert Workspace(root, StatCache(None), tmp_path / "store" / "objects").artifact("copy") == artifact


def test_a_directory_of_links_to_objects_can_be_saved_again(root: Path, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store", "symlink")
    artifact = saved(root, store)
    restore(store, artifact, str(root / "copy"), str(tmp_path / "temporary"))
    workspace = Workspace(root, StatCache(None), tmp_path / "store" / "objects")
    assert save(workspace, store, ["copy"])["copy"] == artifact


names = st.sampled_from(["a", "b", "ab", "ä", "a b"])
layouts = st.recursive(
    st.binary(max_size=3) | st.booleans(),
    lambda inner: st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
).map(lambda layout: layout if isinstance(layout, dict) else {"a": layout})


def lay_out(folder: Path, layout: dict[str, Any]) -> None:
    folder.mkdir()
    for name, value in layout.items():
        if isinstance(value, dict):
            lay_out(folder / name, value)
        elif isinstance(value, bytes):
            write(folder / name, value)
        elif value:
            write(folder / name, "#!", executable=True)
        else:
            (folder / name).symlink_to("target")


@given(layout=layouts)
def test_whatever_was_saved_comes_back(
    layout: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = tmp_path_factory.mktemp("round")
    lay_out(top / "data", layout)
    store = MemoryObjects()
    artifact = saved(top, store)
    restore(store, artifact, str(top / "copy"), str(top / "temporary"))
    assert saved(top, MemoryObjects(), "copy") == artifact


@pytest.mark.parametrize("path", ["data", "data/a.txt"])
@pytest.mark.parametrize("links", LINKS)
def test_what_will_be_written_to_shares_nothing_with_the_store(
    links: LinkKind, path: str, root: Path, tmp_path: Path
) -> None:
    store = folder_objects(tmp_path / "store", links)
    restore(store, saved(root, store, path), str(root / "copy"), str(tmp_path / "temporary"), own=True)
    (root / "copy" / "a.txt" if path == "data" else root / "copy").write_text("2")
    assert store.read_blobs([digest_bytes(b"1")]) == [b"1"]


def test_after_a_restore_no_temporary_file_is_left(root: Path, store: Store, tmp_path: Path) -> None:
    restore(store, saved(root, store), str(root / "copy"), str(tmp_path / "temporary"))
    assert not (tmp_path / "temporary").exists()


def test_a_restored_file_replaces_the_one_before(root: Path, store: Store, tmp_path: Path) -> None:
    artifact = saved(root, store, "data/a.txt")
    write(root / "copy", "old")
    restore(store, artifact, str(root / "copy"), str(tmp_path / "temporary"))
    assert (root / "copy").read_text() == "1"


def test_a_restored_file_replaces_a_link_and_not_what_it_leads_to(
    root: Path, store: Store, tmp_path: Path
) -> None:
    artifact = saved(root, store, "data/a.txt")
    mine = write(root / "mine", "mine")
    (root / "copy").symlink_to("mine")
    restore(store, artifact, str(root / "copy"), str(tmp_path / "temporary"))
    assert (mine.read_text(), (root / "copy").read_text()) == ("mine", "1")


def test_a_directory_of_which_a_file_is_missing_is_not_restored_at_all(root: Path, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store")
    artifact = saved(root, store)
    store.remove([digest_bytes(b"333")])
    with pytest.raises(DataError, match="is not in the store"):
        restore(store, artifact, str(root / "copy"), str(tmp_path / "temporary"))
    assert not (root / "copy").exists()


def test_a_directory_whose_tree_is_damaged_is_not_restored_at_all(root: Path, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store")
    artifact = saved(root, store)
    store.remove([artifact.digest])
    write(Path(store.loose.path(artifact.digest)), "damaged")
    with pytest.raises(DataError, match="is damaged"):
        restore(store, artifact, str(root / "copy"), str(tmp_path / "temporary"))
    assert not (root / "copy").exists()


def test_a_target_that_cannot_be_written_is_a_clear_error(root: Path, store: Store, tmp_path: Path) -> None:
    artifact = saved(root, store)
    write(root / "file")
    with pytest.raises(DataError, match="cannot be written"):
        restore(store, artifact, str(root / "file" / "copy"), str(tmp_path / "temporary"))


# Hostile trees -----------------------------------------------------------------------------------------------------

HOSTILE = [
    pytest.param([["..", "file", "DIGEST", 0]], id="dots"),
    pytest.param([["../evil", "file", "DIGEST", 0]], id="a path upwards"),
    pytest.param([["/evil", "file", "DIGEST", 0]], id="an absolute path"),
    pytest.param([["a/b", "file", "DIGEST", 0]], id="a slash"),
    pytest.param([["a\0b", "file", "DIGEST", 0]], id="a NUL"),
    pytest.param([["a\ud800", "file", "DIGEST", 0]], id="half a character"),
    pytest.param([["a", "file", "DIGEST", 0], ["a", "file", "DIGEST", 0]], id="a name twice"),
    pytest.param([["b", "file", "DIGEST", 0], ["a", "file", "DIGEST", 0]], id="out of order"),
    pytest.param([["a", "link", "/etc", 0]], id="an absolute link"),
    pytest.param([["a", "link", "..", 0]], id="a link upwards"),
    pytest.param([["a", "link", "b/../..", 0]], id="a link upwards the long way"),
    pytest.param([["a", "link", "b\0", 0]], id="a link with a NUL"),
    pytest.param([["a", "link", "b\ud800", 0]], id="a link with half a character"),
    pytest.param([["a", "file", "../../../etc/passwd", 0]], id="a path for a digest"),
    pytest.param([["a", ["file"], "DIGEST", 0]], id="a list for a kind"),
]


@pytest.mark.parametrize("depth", [0, 2])
@pytest.mark.parametrize("rows", HOSTILE)
def test_a_hostile_tree_is_neither_read_nor_restored(
    rows: list[list[Any]], depth: int, store: Store, tmp_path: Path
) -> None:
    [digest] = store.put_blobs([b"evil"])
    artifact = tree(store, *[[digest if part == "DIGEST" else part for part in row] for row in rows])
    for _ in range(depth):
        artifact = tree(store, Entry("folder", "tree", artifact.digest, 0))
    if depth and rows[0][1:3] == ["link", ".."]:
        artifact = tree(store)  # one folder further down this link is a good one
        rows = []
    if rows:
        with pytest.raises(DataError):
            list(members(store, artifact))
        if rows[0][1] != "link" or any(bad in rows[0][2] for bad in ("/etc", "\0", "\ud800")):
            assert not whole(store, [artifact])  # where a link leads from its place is told when it is placed
        with pytest.raises(DataError):
            restore(store, artifact, str(tmp_path / "place" / "copy"), str(tmp_path / "temporary"))
        assert not (tmp_path / "place").exists()


def test_a_link_that_leaves_through_another_link_is_not_restored(store: Store, tmp_path: Path) -> None:
    # `up` is harmless, and so `folder/up` is the top itself: its parent lies outside.
    folder = tree(store, Entry("up", "link", "..", 0))
    artifact = tree(
        store, Entry("evil", "link", "folder/up/..", 0), Entry("folder", "tree", folder.digest, 0)
    )
    with pytest.raises(DataError, match="leads out of its directory"):
        restore(store, artifact, str(tmp_path / "copy"), str(tmp_path / "temporary"))


def test_nothing_is_placed_through_a_link_of_the_same_tree(store: Store, tmp_path: Path) -> None:
    [digest] = store.put_blobs([b"evil"])
    mine = write_all(tmp_path / "mine", {"file": "mine"})
    artifact = tree(
        store,
        Entry("a", "link", "b", 0),
        ["a", "tree", tree(store, Entry("file", "file", digest, 4)).digest, 0],
    )
    with pytest.raises(DataError):
        restore(store, artifact, str(tmp_path / "copy"), str(tmp_path / "temporary"))
    assert (mine / "file").read_text() == "mine"


def test_a_tree_that_is_no_tree_is_refused(store: Store) -> None:
    [digest] = store.put_blobs([b"just a file"])
    with pytest.raises(DataError, match="should be a tree"):
        list(members(store, Artifact(digest, 0, tree=True)))


# Dropping what is damaged ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"1", b"22", b"333"])
def test_a_damaged_file_of_a_directory_is_dropped_and_nothing_else(
    data: bytes, root: Path, tmp_path: Path
) -> None:
    store = folder_objects(tmp_path / "store")
    artifact = saved(root, store)
    digest = digest_bytes(data)
    store.remove([digest])
    write(Path(store.loose.path(digest)), b"damaged")
    before = set(listing(tmp_path / "store"))
    assert drop_damaged(store, [artifact]) == {digest}
    assert before - set(listing(tmp_path / "store")) == {f"objects/{digest[3:5]}/{digest[5:]}"}


def test_a_damaged_tree_is_dropped(root: Path, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store")
    artifact = saved(root, store)
    store.remove([artifact.digest])
    write(Path(store.loose.path(artifact.digest)), b"damaged")
    assert drop_damaged(store, [artifact]) == {artifact.digest}
    assert store.missing([artifact.digest]) == {artifact.digest}


def test_of_what_is_undamaged_nothing_is_dropped(root: Path, store: Store) -> None:
    artifact = saved(root, store)
    assert drop_damaged(store, [artifact]) == set()
    assert whole(store, [artifact])


# Looking into trees ------------------------------------------------------------------------------------------------


def test_members_are_all_that_lies_inside_folders_first(root: Path, store: Store) -> None:
    (root / "data" / "link").symlink_to("a.txt")
    found = [(path, entry.kind) for path, entry in members(store, saved(root, store))]
    assert sorted(found) == [
        ("a.txt", "file"),
        ("link", "link"),
        ("sub", "tree"),
        ("sub/b.txt", "file"),
        ("sub/deep", "tree"),
        ("sub/deep/c.txt", "file"),
    ]
    places = {path: place for place, (path, _) in enumerate(found)}
    assert places["sub"] < places["sub/deep"] < places["sub/deep/c.txt"]


@pytest.mark.parametrize("lost", [b"1", b"22", b"333"])
def test_a_directory_is_not_whole_without_any_of_its_files(lost: bytes, root: Path, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store")
    artifact = saved(root, store)
    store.remove([digest_bytes(lost)])
    assert not whole(store, [artifact])


def test_a_directory_is_not_whole_without_a_folder_in_it(root: Path, tmp_path: Path) -> None:
    store = folder_objects(tmp_path / "store")
    artifact = saved(root, store)
    store.remove([digest_bytes(encode_tree([Entry("c.txt", "file", digest_bytes(b"333"), 3)]))])
    assert not whole(store, [artifact])


def test_a_file_is_whole_when_it_is_in_the_store(root: Path, store: Store) -> None:
    assert whole(store, [saved(root, store, "data/a.txt")])
    assert not whole(store, [Artifact(digest_bytes(b"none"), 4)])


def test_no_artifacts_are_whole(store: Store) -> None:
    assert whole(store, [])


@pytest.mark.parametrize("path", ["a.txt", "sub", "sub/b.txt", "sub/deep/c.txt"])
def test_what_lies_inside_a_tree_is_what_lay_in_the_directory(path: str, root: Path, store: Store) -> None:
    assert inside(store, saved(root, store), path) == Workspace(root, StatCache(None)).artifact(
        f"data/{path}"
    )


@pytest.mark.parametrize("path", ["none", "sub/none", "a.txt/b", "link", "link/b.txt", "..", "."])
def test_where_nothing_lies_inside_a_tree_there_is_none(path: str, root: Path, store: Store) -> None:
    (root / "data" / "link").symlink_to("sub")
    assert inside(store, saved(root, store), path) is None


def test_inside_a_tree_that_cannot_be_read_there_is_none(store: Store) -> None:
    assert inside(store, Artifact(digest_bytes(b"none"), 0, tree=True), "a") is None


def test_inside_a_file_there_is_none(root: Path, store: Store) -> None:
    assert inside(store, saved(root, store, "data/a.txt"), "a") is None


# Moving ------------------------------------------------------------------------------------------------------------


def test_a_moved_directory_is_in_one_place_only(root: Path) -> None:
    before = listing(root / "data")
    move(str(root / "data"), str(root / "moved"))
    assert listing(root / "moved") == before
    assert not (root / "data").exists()


def test_a_directory_moves_to_another_file_system_as_it_is(root: Path) -> None:
    other = Path("/dev/shm")  # noqa: S108 - another file system, if there is one
    if not other.is_dir() or other.stat().st_dev == root.stat().st_dev:
        pytest.skip("there is one file system only")
    write(root / "data" / "run", "x", executable=True)
    (root / "data" / "link").symlink_to("a.txt")
    before = Workspace(root, StatCache(None)).artifact("data")
    away = other / f"moved-{os.getpid()}"
    move(str(root / "data"), str(away))
    try:
        assert not (root / "data").exists()
    finally:
        move(str(away), str(root / "data"))
    assert Workspace(root, StatCache(None)).artifact("data") == before
    assert stat.S_ISLNK((root / "data" / "link").lstat().st_mode)
    assert [path.name for path in root.iterdir()] == ["data"]


def test_what_is_not_there_cannot_be_moved(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        move(str(root / "none"), str(root / "moved"))
