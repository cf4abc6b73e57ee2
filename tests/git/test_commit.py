from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.git.commit import commit_files
from tests.support.command import commit, git, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    write_all(folder, {"mine": "1", "ours": "1"})
    commit(folder, "first")
    return folder


def test_the_id_of_the_commit_comes_back(repo: Path) -> None:
    write(repo / "ours", "2")
    assert commit_files(repo, ["ours"], "mlops run") == git(repo, "rev-parse", "HEAD").strip()


def test_the_message_is_kept_whole(repo: Path) -> None:
    write(repo / "ours", "2")
    commit_files(repo, ["ours"], "title\n\nRun: x")
    assert git(repo, "log", "-1", "--format=%B").strip() == "title\n\nRun: x"


def test_new_files_are_committed(repo: Path) -> None:
    write(repo / "new file", "x")
    commit_files(repo, ["new file"], "m")
    assert git(repo, "show", "HEAD:new file") == "x"


def test_a_name_that_looks_like_an_option_is_a_name(repo: Path) -> None:
    write(repo / "--all", "x")
    write(repo / "mine", "edited")
    commit_files(repo, ["--all"], "m")
    assert git(repo, "status", "--porcelain") == " M mine\n"


def test_what_else_is_edited_stays_out(repo: Path) -> None:
    write_all(repo, {"mine": "2", "ours": "2"})
    commit_files(repo, ["ours"], "m")
    assert git(repo, "status", "--porcelain") == " M mine\n"


def test_what_else_is_staged_stays_staged(repo: Path) -> None:
    write_all(repo, {"mine": "2", "ours": "2"})
    git(repo, "add", "mine")
    commit_files(repo, ["ours"], "m")
    assert git(repo, "status", "--porcelain") == "M  mine\n"


def test_paths_are_relative_to_the_folder(repo: Path) -> None:
    write(repo / "sub/a", "x")
    commit_files(repo / "sub", ["a"], "m")
    assert git(repo, "show", "HEAD:sub/a") == "x"


def test_what_a_hook_says_when_it_refuses_is_told(repo: Path) -> None:
    hook = write(repo / ".git/hooks/pre-commit", "#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n")
    hook.chmod(0o755)
    write(repo / "ours", "2")
    with pytest.raises(DataError, match="git did not commit: not on a Friday") as raised:
        commit_files(repo, ["ours"], "m")
    assert raised.value.hint == "The files are written; commit them yourself."


def test_a_hook_that_refuses_without_a_word_is_guessed_at(repo: Path) -> None:
    hook = write(repo / ".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    write(repo / "ours", "2")
    with pytest.raises(DataError, match="a hook of this repository refuses without a word"):
        commit_files(repo, ["ours"], "m")
