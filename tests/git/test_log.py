from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import HistoryError
from mlops_cli.git import log
from mlops_cli.git.log import Brought, contents, find_tips, lost, reachable, tree_changes, walk
from mlops_cli.git.worktrees import Repository, repository_at
from tests.support.command import commit, repository
from tests.support.command import git as say
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    return say(folder, *arguments).strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    write(folder / "a/one", "1")
    commit(folder, "begin")
    return folder


def at(folder: Path) -> Repository:
    return repository_at(folder / ".git", os.environ)


def brought(folder: Path, *known: str, paths: tuple[str, ...] = ("a",)) -> dict[str, list[str]]:
    """Return which paths each commit brought, by its subject."""
    tips = find_tips(at(folder), ()).commits
    return {
        found.subject: [path for path, _ in files] for found, files in walk(at(folder), tips, known, paths)
    }


def test_each_commit_brings_what_it_added_or_changed(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD")
    write(repo / "a/two", "2")
    write(repo / "b/one", "not asked for")
    commit(repo, "more")
    git(repo, "mv", "a/one", "a/moved")
    git(repo, "rm", "-q", "a/two")
    commit(repo, "moved")
    assert brought(repo) == {"moved": ["a/moved"], "more": ["a/two"], "begin": ["a/one"]}
    assert brought(repo, first) == {"moved": ["a/moved"], "more": ["a/two"]}


def test_links_and_submodules_bring_nothing(repo: Path) -> None:
    (repo / "a/link").symlink_to("one")
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{git(repo, 'rev-parse', 'HEAD')},a/module")
    git(repo, "add", "a/link")
    git(repo, "commit", "-qm", "odd")
    assert brought(repo) == {"begin": ["a/one"]}


def test_plain_paths_are_no_patterns_and_patterns_are(repo: Path) -> None:
    write(repo / "*/x", "x")
    commit(repo, "star")
    assert brought(repo, paths=("*",)) == {"star": ["*/x"]}
    tips = find_tips(at(repo), ()).commits
    found = list(walk(at(repo), tips, (), [":(glob)**/one"], literal=False))
    assert [files for _, files in found] == [[Brought("a/one", git(repo, "rev-parse", "HEAD:a/one"))]]


def test_tips_are_refs_of_people_and_detached_heads(repo: Path, tmp_path: Path) -> None:
    tree = git(repo, "rev-parse", "HEAD^{tree}")
    git(repo, "update-ref", "refs/mlops/journal/a", tree)
    git(repo, "update-ref", "refs/mlops/other", tree)
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    (tmp_path / "linked/new").touch()
    apart = commit(tmp_path / "linked", "apart")
    tips = find_tips(at(repo), ("refs/mlops/journal/",))
    assert set(tips.commits) == {git(repo, "rev-parse", "HEAD"), apart}
    assert tips.journals == {"refs/mlops/journal/a": tree}
    assert not tips.wide


def test_what_nothing_leads_to_any_more_is_told_while_git_has_it(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD")
    second = commit(repo, "second")
    assert lost(at(repo), [first], [second]) == [second]
    assert lost(at(repo), [second], [first]) == []
    assert lost(at(repo), [first], ["0" * 39 + "1"]) is None
    assert set(reachable(at(repo), [second])) == {first, second}
    assert reachable(at(repo), [second], [first]) == [second]


def test_contents_come_in_the_order_asked_for_and_what_is_missing_is_empty(repo: Path) -> None:
    data = [bytes([number % 256]) * (number * 997 % 70_000) for number in range(60)]
    for number, content in enumerate(data):
        write(repo / f"a/{number}", content)
    commit(repo, "many")
    ids = [git(repo, "rev-parse", f"HEAD:a/{number}") for number in range(60)]
    missing = "0" * 39 + "1"
    found = list(contents(at(repo), [*ids[::-1], missing, ids[0]]))
    assert [one.data for one in found] == [*data[::-1], b"", data[0]]
    assert [one.kind for one in found] == ["blob"] * 60 + ["", "blob"]


def test_trees_are_compared_in_one_folder(repo: Path) -> None:
    old = git(repo, "rev-parse", "HEAD^{tree}")
    for path in ("a/two", "code/ab/deep/x", "code/y"):
        write(repo / path, path)
    git(repo, "rm", "-q", "a/one")
    commit(repo, "more")
    new = git(repo, "rev-parse", "HEAD^{tree}")
    assert dict(tree_changes(at(repo), old, new, "a")).keys() == {"a/one", "a/two"}
    assert dict(tree_changes(at(repo), old, new, "code")).keys() == {"code/ab/deep/x", "code/y"}
    assert dict(tree_changes(at(repo), old, new, "a"))["a/one"] == ""
    assert dict(tree_changes(at(repo), "", old, "a")).keys() == {"a/one"}
    assert dict(tree_changes(at(repo), old, new, "*")) == {}
    with pytest.raises(HistoryError):
        list(tree_changes(at(repo), "0" * 39 + "1", new, "a"))


def test_an_error_on_the_way_is_raised_and_leaves_no_thread_behind(repo: Path) -> None:
    with pytest.raises(HistoryError, match="git log"):
        list(walk(at(repo), ["0" * 39 + "1"], (), ["a"]))
    begun = log.walk(at(repo), find_tips(at(repo), ()).commits, (), ["a"])
    next(begun)
    begun.close()  # type: ignore[attr-defined] # a generator, as is known here
