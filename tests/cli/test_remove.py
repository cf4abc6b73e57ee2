from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import commit, finish, git, mlops, repository, start
from tests.support.files import write_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return a repository with two tracked directories, committed."""
    repo = repository(tmp_path / "repo")
    write_all(repo, {"data/raw/a": "11", "data/raw/b": "2", "data/more/c": "3"})
    assert mlops(repo, "add", "data/raw", "data/more").code == 0
    commit(repo, "data")
    return repo


def untracked(repo: Path) -> list[str]:
    return git(repo, "ls-files", "--others", "--exclude-standard").split()


def test_it_says_what_it_did_what_git_would_take_and_what_to_commit(repo: Path) -> None:
    answer = mlops(repo, "remove", "data/raw")
    assert (answer.code, answer.out) == (0, "no longer tracked: data/raw (2 files, 3 bytes)\n")
    assert "git add --all would take it" in answer.err
    assert "echo /data/raw >> .gitignore" in answer.err
    assert "git add .gitignore .mlops/data/data/raw.json && git commit" in answer.err
    assert untracked(repo) == ["data/raw/a", "data/raw/b"]
    assert mlops(repo, "status", "--json").json["data"] == [{"path": "data/more", "state": "ok"}]


def test_what_it_says_to_type_does_what_it_says(repo: Path) -> None:
    answer = mlops(repo / "data", "remove", "raw")
    [keep_out] = [line for line in answer.err.splitlines() if line.startswith("Keep it out")]
    assert "echo /data/raw >> ../.gitignore;" in keep_out
    with (repo / ".gitignore").open("a") as file:
        file.write("/data/raw\n")
    assert untracked(repo) == []
    git(repo / "data", "add", "../.gitignore", "../.mlops/data/data/raw.json")
    git(repo, "commit", "--quiet", "-m", "no longer tracked")
    assert git(repo, "status", "--porcelain") == ""
    assert mlops(repo / "data", "add", "../data/raw").code == 0


def test_content_comes_back_with_the_record(repo: Path) -> None:
    assert mlops(repo, "remove", "data/raw").code == 0
    (repo / "data/raw/a").unlink()
    git(repo, "checkout", "--", ".mlops", ".gitignore")
    assert mlops(repo, "checkout").code == 0
    assert (repo / "data/raw/a").read_text() == "11"


def test_data_that_is_not_here_is_said_to_be_known_to_commits_alone(repo: Path) -> None:
    (repo / "data/more/c").unlink()
    (repo / "data/more").rmdir()
    answer = mlops(repo, "remove", "data/more")
    assert answer.code == 0
    assert "data/more is not in the workspace" in answer.err
    assert ".gitignore;" not in answer.err


def test_json_has_everything_and_quiet_says_nothing(repo: Path) -> None:
    answer = mlops(repo, "remove", "data/raw", "--json")
    assert answer.json == {
        "schema": 1,
        "removed": [
            {"path": "data/raw", "tracked": True, "here": True, "visible": True, "size": 3, "files": 2}
        ],
        "written": [".gitignore", ".mlops/data/data/raw.json"],
    }
    answer = mlops(repo, "remove", "data/more", "-q")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_what_cannot_be_removed_is_refused_and_nothing_is_done(repo: Path) -> None:
    answer = mlops(repo, "remove", "data/more", "data/raw/a")
    assert answer.code == 2
    assert "data/raw/a is tracked as part of data/raw" in answer.err
    assert git(repo, "status", "--porcelain") == ""
    assert mlops(repo, "remove").code == 2
    assert mlops(repo, "remove", "../x").code == 2
    answer = mlops(repo / "data", "remove", "mroe", "--json")
    assert answer.code == 2
    assert answer.json["error"]["hint"] == 'Did you mean "more"?'


def test_two_at_once_and_an_add_lose_nothing_of_each_other(repo: Path) -> None:
    write_all(repo, {"new/x": "1"})
    commands = (("remove", "data/raw"), ("remove", "data/more"), ("add", "new"))
    started = [start(repo, *words) for words in commands]
    assert [finish(each).code for each in started] == [0, 0, 0]
    assert [str(p.relative_to(repo / ".mlops/data")) for p in (repo / ".mlops/data").rglob("*")] == [
        "new.json"
    ]
    rules = [line for line in (repo / ".gitignore").read_text().splitlines() if line.startswith("/")]
    assert rules == ["/new"]
