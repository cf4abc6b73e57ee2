from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.git.command import Git
from mlops_cli.git.facts import Actor, Code, read_actor, read_code, tracked_files, uncommitted
from tests.support.command import commit, git, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path

OURS = {".gitignore", ".mlops/stages/", ".mlops/runs/", "metrics.json", "plots/"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def ask(folder: Path) -> Git:
    return Git(folder, os.environ)


def code(folder: Path) -> Code:
    return read_code(ask(folder), OURS)


def test_commit_tree_and_branch_are_those_of_head(repo: Path) -> None:
    write(repo / "a", "1")
    head = commit(repo, "first")
    tree = git(repo, "rev-parse", "HEAD^{tree}").strip()
    assert code(repo) == Code(head, tree, "main", dirty=False)


def test_before_the_first_commit_there_is_only_a_branch(repo: Path) -> None:
    assert code(repo) == Code(None, None, "main", dirty=False)


def test_a_detached_head_is_on_no_branch(repo: Path) -> None:
    commit(repo, "first")
    git(repo, "checkout", "--quiet", "--detach")
    assert code(repo).branch is None


@pytest.mark.parametrize(
    "name", ["src/train.py", "new file.py", "ünïcode.py", ".mlops/config.yaml", "metrics.json.bak"]
)
def test_an_untracked_file_of_the_user_s_makes_the_code_dirty(repo: Path, name: str) -> None:
    commit(repo, "first")
    write(repo / ".mlops/stages/keep")
    commit(repo, "second")
    write(repo / name, "x")
    assert code(repo).dirty


def test_an_edited_file_makes_the_code_dirty(repo: Path) -> None:
    write(repo / "a b", "1")
    commit(repo, "first")
    write(repo / "a b", "2")
    assert code(repo).dirty


def test_a_staged_file_makes_the_code_dirty(repo: Path) -> None:
    commit(repo, "first")
    write(repo / "a", "1")
    git(repo, "add", "a")
    assert code(repo).dirty


def test_a_removed_file_makes_the_code_dirty(repo: Path) -> None:
    write(repo / "a", "1")
    commit(repo, "first")
    (repo / "a").unlink()
    assert code(repo).dirty


def test_a_renamed_file_makes_the_code_dirty(repo: Path) -> None:
    write(repo / "a", "1\n" * 50)
    commit(repo, "first")
    git(repo, "mv", "a", "b")
    assert code(repo).dirty


def test_what_comes_after_a_renamed_file_is_still_read(repo: Path) -> None:
    write(repo / "plots/a", "1\n" * 50)
    commit(repo, "first")
    git(repo, "mv", "plots/a", "plots/b")
    assert not code(repo).dirty
    write(repo / "z", "x")
    assert code(repo).dirty


def test_a_conflict_makes_the_code_dirty(repo: Path) -> None:
    write(repo / "a", "0")
    commit(repo, "first")
    git(repo, "checkout", "--quiet", "-b", "other")
    write(repo / "a", "1")
    commit(repo, "theirs")
    git(repo, "checkout", "--quiet", "main")
    write(repo / "a", "2")
    commit(repo, "ours")
    with pytest.raises(AssertionError):
        git(repo, "merge", "other")
    assert code(repo).dirty


def test_what_the_tool_and_its_stages_write_does_not_make_the_code_dirty(repo: Path) -> None:
    write(repo / "mlops.yaml")
    commit(repo, "first")
    files = (
        ".gitignore",
        ".mlops/stages/a.json",
        ".mlops/runs/2026-01/r.json",
        "metrics.json",
        "plots/a.png",
    )
    write_all(repo, dict.fromkeys(files, "x"))
    assert not code(repo).dirty


def test_an_ignored_file_does_not_make_the_code_dirty(repo: Path) -> None:
    write(repo / ".gitignore", "*.log\n")
    commit(repo, "first")
    write(repo / "a.log", "x")
    assert not code(repo).dirty


def test_who_is_at_work_is_what_git_would_write_into_a_commit(repo: Path) -> None:
    assert read_actor(ask(repo)) == Actor("Ada", "ada@example.org")


def test_without_an_identity_nobody_is_at_work(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name)
    git(repo, "config", "user.useConfigOnly", "true")
    assert read_actor(ask(repo)) is None


def test_a_name_may_hold_anything(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Zoë de l'Île (she) 1")
    assert read_actor(ask(repo)) == Actor("Zoë de l'Île (she) 1", "ada@example.org")


def test_tracked_files_are_told_relative_to_the_folder(repo: Path) -> None:
    write_all(repo, {"a": "1", "sub/b c": "2", "sub/ü": "3"})
    commit(repo, "first")
    write(repo / "sub/new", "4")
    assert tracked_files(ask(repo / "sub")) == {"b c", "ü"}


def test_a_staged_file_is_tracked(repo: Path) -> None:
    write(repo / "a", "1")
    git(repo, "add", "a")
    assert tracked_files(ask(repo)) == {"a"}


def test_of_wanted_files_those_that_git_has_differently_are_told(repo: Path) -> None:
    write_all(repo, {"metrics.json": "1", "plots/a": "1", "src.py": "1"})
    commit(repo, "first")
    write_all(repo, {"metrics.json": "2", "plots/b": "1", "src.py": "2", ".mlops/stages/s.json": "{}"})
    assert uncommitted(ask(repo), "", OURS) == (".mlops/stages/s.json", "metrics.json", "plots/b")


def test_wanted_files_that_are_committed_are_not_told(repo: Path) -> None:
    write(repo / "metrics.json", "1")
    commit(repo, "first")
    assert uncommitted(ask(repo), "", OURS) == ()


def test_wanted_files_are_told_relative_to_a_project_below_the_top(repo: Path) -> None:
    write_all(repo, {"metrics.json": "1", "sub/metrics.json": "1"})
    assert uncommitted(ask(repo / "sub"), "sub/", OURS) == ("metrics.json",)
