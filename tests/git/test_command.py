from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.git.command import Git
from tests.support.command import commit, repository
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def test_git_s_answer_comes_back_as_it_was_printed(repo: Path) -> None:
    head = commit(repo, "first")
    assert Git(repo, os.environ).ask("rev-parse", "HEAD") == f"{head}\n".encode()


def test_where_git_says_no_there_is_no_answer(repo: Path) -> None:
    assert Git(repo, os.environ).ask("rev-parse", "--verify", "--quiet", "HEAD") is None


def test_what_a_hook_says_of_its_repository_does_not_lead_astray(repo: Path, tmp_path: Path) -> None:
    other = repository(tmp_path / "other")
    hook = {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": "x"}
    answer = Git(repo, os.environ | hook).ask("rev-parse", "--show-toplevel")
    assert answer == f"{repo}\n".encode()


def test_who_the_user_is_may_come_from_the_environment(repo: Path) -> None:
    answer = Git(repo, os.environ | {"GIT_AUTHOR_NAME": "Grace"}).ask("var", "GIT_AUTHOR_IDENT")
    assert answer is not None
    assert answer.startswith(b"Grace <ada@example.org>")


def test_asking_leaves_the_index_as_it_is(repo: Path) -> None:
    write(repo / "a", "1")
    commit(repo, "first")
    index = (repo / ".git/index").stat().st_mtime_ns
    os.utime(repo / "a", ns=(1, 1))
    Git(repo, os.environ).ask("status", "--porcelain")
    assert (repo / ".git/index").stat().st_mtime_ns == index


def test_a_machine_without_git_is_told_what_to_install(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo))
    with pytest.raises(DataError, match="git is not installed") as raised:
        Git(repo, {"PATH": str(repo)}).ask("status")
    assert raised.value.hint == "Install Git 2.30 or newer."
