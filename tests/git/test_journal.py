from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.git.batch import Reader
from mlops_cli.git.command import Git
from mlops_cli.git.journal import (
    Difference,
    Entry,
    add_entries,
    differences,
    graft,
    list_refs,
    move_ref,
    record_path,
    snapshot_path,
    walk,
    write_objects,
)
from mlops_cli.git.objects import TREE_MODE, NewObject, Row, object_id, tree_data
from tests.support.command import commit, git, repository
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

REF = "refs/mlops/journal/0123456789ab"
HOUR = "runs/2026-01/31/17"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path)
    write(folder / "code/file", "1")
    commit(folder, "first")
    return folder


def at(folder: Path) -> Git:
    return Git(folder, os.environ)


def add(folder: Path, ref: str = REF, **files: str) -> str:
    entries = {f"{HOUR}/{name}.json": Entry(text.encode()) for name, text in files.items()}
    return add_entries(at(folder), folder / ".git", ref, entries)


def compared(folder: Path, old: str, new: str) -> list[Difference]:
    with Reader(folder / ".git", os.environ) as reader:
        return list(differences(reader, old, new))


def walked(folder: Path, tree: str) -> list[str]:
    with Reader(folder / ".git", os.environ) as reader:
        return [path for path, _ in walk(reader, tree)]


def test_journals_differ_where_one_has_what_the_other_has_not(repo: Path) -> None:
    first, second = add(repo, a="1"), add(repo, b="2", c="3")
    assert [(row.path, bool(row.old), bool(row.new)) for row in compared(repo, first, second)] == [
        (f"{HOUR}/b.json", False, True),
        (f"{HOUR}/c.json", False, True),
    ]
    assert [(row.old is None, row.new is None) for row in compared(repo, second, first)] == [
        (False, True)
    ] * 2
    assert compared(repo, second, second) == []
    assert [row.path for row in compared(repo, "", first)] == [f"{HOUR}/a.json"]


def test_a_changed_file_is_on_both_sides_of_a_difference(repo: Path) -> None:
    first, second = add(repo, a="1"), add(repo, ref=f"{REF[:-1]}c", a="2")
    [row] = compared(repo, first, second)
    assert row.old is not None
    assert row.new is not None


def test_a_file_in_place_of_a_folder_is_a_difference_of_that_path(repo: Path) -> None:
    first = add(repo, a="1")
    blob = object_id("blob", b"x")
    write_objects(
        at(repo), [NewObject("blob", b"x"), NewObject("tree", tree_data([Row("100644", "runs", blob)]))]
    )
    second = object_id("tree", tree_data([Row("100644", "runs", blob)]))
    assert [row.path for row in compared(repo, first, second)] == ["runs"]


def test_snapshots_are_not_looked_into(repo: Path) -> None:
    tree = git(repo, "rev-parse", "HEAD^{tree}").strip()
    entries = {snapshot_path(tree): Entry(id=tree, mode=TREE_MODE), f"{HOUR}/a.json": Entry(b"1")}
    top = add_entries(at(repo), repo / ".git", REF, entries)
    assert walked(repo, top) == [snapshot_path(tree), f"{HOUR}/a.json"]
    assert [row.path for row in compared(repo, "", top)] == walked(repo, top)


def test_a_graft_has_both(repo: Path) -> None:
    first = add(repo, a="1")
    new = graft(at(repo), repo / ".git", first, {f"{HOUR}/b.json": Entry(b"2")})
    assert walked(repo, new) == [f"{HOUR}/a.json", f"{HOUR}/b.json"]
    assert [ref.tree for ref in list_refs(at(repo), "refs/mlops")] == [first]


def test_a_ref_that_moved_meanwhile_is_not_moved(repo: Path) -> None:
    first, second = add(repo, a="1"), add(repo, b="2")
    assert "expected" in move_ref(at(repo), REF, first, first)
    assert "exists" in move_ref(at(repo), REF, first, "")
    assert list_refs(at(repo), REF)[0].tree == second


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", "a/b", "git~1"])
def test_a_name_that_no_journal_of_ours_would_have_is_refused(repo: Path, name: str) -> None:
    blob = NewObject("blob", b"x")
    tree = NewObject("tree", tree_data([Row("100644", name, object_id("blob", b"x"))]))
    write_objects(at(repo), [blob, tree])
    with pytest.raises(DataError, match="which no journal of ours would have"):
        walked(repo, object_id("tree", tree.data))


def test_odd_folders_of_projects_are_no_reason_to_refuse_a_journal(repo: Path) -> None:
    for name in ("a\u00a0b", "a\\b", "a\nb", os.fsdecode(b"\xff"), "-x", "ünïcode"):
        top = add_entries(at(repo), repo / ".git", REF, {f"{name}/{HOUR}/a.json": Entry(b"1")})
        assert f"{name}/{HOUR}/a.json" in walked(repo, top)


def test_a_tree_that_is_not_there_is_told_of(repo: Path) -> None:
    with pytest.raises(DataError, match="Git does not have the tree"):
        walked(repo, "0" * 39 + "1")


def test_the_path_of_a_journal_stands_for_one_in_a_worktree() -> None:
    snapshot = snapshot_path("ab" * 20)
    assert record_path(f"{HOUR}/r.json") == ".mlops/runs/2026-01/r.json"
    assert record_path(f"runs/{HOUR}/r.note-0a1b2c3d.json") == "runs/.mlops/runs/2026-01/r.note-0a1b2c3d.json"
    assert record_path(f"{snapshot}/sub/.mlops/data/d.json") == "sub/.mlops/data/d.json"
    assert record_path(snapshot) == snapshot
    assert record_path("anything/else") == "anything/else"
