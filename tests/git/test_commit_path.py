"""The way from one commit to another, and what changes on it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import HistoryError, UsageError
from mlops_cli.git.command import Git
from mlops_cli.git.commit_path import changes_of, files_of, fork_of, path_between, read_commit
from tests.support.command import commit, git, repository
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return repository(tmp_path / "p")


def made(folder: Path, name: str) -> str:
    write(folder / name, name)
    return commit(folder, f"made {name}")


def asking(folder: Path) -> Git:
    return Git(folder, os.environ)


def test_a_straight_way_has_every_commit_and_what_is_known_of_it(home: Path) -> None:
    ids = [made(home, name) for name in "abcd"]
    found = path_between(asking(home), ids[1], ids[3])
    assert [row.id for row in found] == ids[1:]
    assert (found[1].subject, found[1].author, found[1].email) == ("made c", "Ada", "ada@example.org")
    assert found[1].parents == (ids[1],)
    assert [row.id for row in path_between(asking(home), ids[0], ids[0])] == [ids[0]]


def test_first_parents_are_followed_and_a_merge_is_one_step(home: Path) -> None:
    start = made(home, "a")
    git(home, "checkout", "--quiet", "-b", "side")
    side = made(home, "b")
    git(home, "checkout", "--quiet", "main")
    main = made(home, "c")
    git(home, "merge", "--quiet", "--no-ff", "--message", "merged", "side")
    merge = git(home, "rev-parse", "HEAD").strip()
    assert [row.id for row in path_between(asking(home), start, merge)] == [start, main, merge]
    # From inside the merged branch there is but one way.
    assert [row.id for row in path_between(asking(home), side, merge)] == [side, merge]
    assert fork_of(asking(home), main, side) == start


def test_where_no_way_leads_is_told(home: Path) -> None:
    one = made(home, "a")
    git(home, "checkout", "--quiet", "--orphan", "other")
    other = made(home, "b")
    with pytest.raises(HistoryError, match="no way leads"):
        path_between(asking(home), one, other)
    assert fork_of(asking(home), one, other) is None


def test_a_commit_that_is_none_is_refused(home: Path) -> None:
    made(home, "a")
    for name in ("nonsense", "--all", "HEAD~9"):
        with pytest.raises(UsageError):
            read_commit(asking(home), name)


def test_files_and_changes_are_told_with_mode_and_id(home: Path) -> None:
    one = read_commit(asking(home), made(home, "a")).tree
    write(home / "sub/ü\n", "strange\n")
    (home / "a").unlink()
    two = read_commit(asking(home), commit(home, "changed")).tree
    assert set(files_of(home / ".git", os.environ, two)) == {"sub/ü\n"}
    entry = files_of(home / ".git", os.environ, two)["sub/ü\n"]
    assert entry.startswith("100644 ")
    back, none, forth = changes_of(home / ".git", os.environ, [(two, one), (two, two), (one, two)])
    assert set(back) == {"a", "sub/ü\n"}
    assert (back["sub/ü\n"], none) == ("", {})
    assert forth == {"a": "", "sub/ü\n": entry}
    assert changes_of(home / ".git", os.environ, []) == []
