"""What is said of tracked data that Git would take, or has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.add import add
from mlops_cli.actions.checkout import checkout
from mlops_cli.actions.remove import remove
from mlops_cli.actions.status import status
from mlops_cli.git.command import Git
from mlops_cli.opened import open_folder
from tests.support.command import commit, define, git, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    git(folder, "checkout", "--quiet", "-b", "main")
    define(folder, {})
    commit(folder, "code")
    write_all(folder, {"raw/a": "1", "one": "2"})
    track(folder, "raw", "one")
    return folder


def track(folder: Path, *paths: str) -> None:
    with open_folder(folder) as opened:
        assert not add(opened, paths).failed


def seen(folder: Path) -> list[tuple[str, str]]:
    with open_folder(folder) as opened:
        return [(each.path, each.kind) for each in status(opened).seen]


def mend(folder: Path) -> bool:
    with open_folder(folder) as opened:
        return checkout(opened).rules


def test_where_all_is_as_it_should_be_nothing_is_said_and_git_is_not_asked(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo, "data")
    assert seen(repo) == []
    monkeypatch.setattr(Git, "tell", lambda *_, **__: pytest.fail("Git was asked"))
    assert seen(repo) == []


def test_data_whose_rule_is_missing_is_named_and_checkout_writes_it(repo: Path) -> None:
    (repo / ".gitignore").write_text("*.log\n")
    assert seen(repo) == [("one", "not ignored"), ("raw", "not ignored")]
    assert mend(repo)
    assert seen(repo) == []
    assert git(repo, "status", "--porcelain", "one", "raw") == ""
    assert not mend(repo)


@pytest.mark.parametrize("rule", ["raw/\none\n", "*\n"])
def test_a_rule_that_people_wrote_does_as_well(repo: Path, rule: str) -> None:
    (repo / ".gitignore").write_text(rule)
    assert seen(repo) == []


def test_data_in_gits_index_is_named_with_what_takes_it_out(repo: Path) -> None:
    git(repo, "add", "--force", "raw/a")
    assert seen(repo) == [("raw", "in git")]
    assert seen(repo) == [("raw", "in git")]
    with open_folder(repo) as opened:
        hint = status(opened).seen[0].hint
    git(repo, *hint.partition("with: git ")[2].split())
    assert seen(repo) == []
    assert (repo / "raw/a").exists()


def test_data_of_another_commit_is_named_until_it_is_taken_away_or_released(repo: Path) -> None:
    commit(repo, "data")
    git(repo, "checkout", "--quiet", "HEAD~1")
    assert seen(repo) == [("one", "no longer tracked"), ("raw", "no longer tracked")]
    with open_folder(repo) as opened:
        remove(opened, ["one"])
    assert seen(repo) == [("raw", "no longer tracked")]
    mend(repo)
    assert seen(repo) == []
    assert (repo / "one").exists()


def test_a_conflict_between_branches_that_track_different_paths_is_named_and_mended(repo: Path) -> None:
    commit(repo, "data")
    for name in ("n1", "n2"):
        git(repo, "checkout", "--quiet", "-b", name, "main")
        mend(repo)
        write(repo / name, name)
        track(repo, name)
        commit(repo, name)
    with pytest.raises(AssertionError):
        git(repo, "merge", "n1")
    assert seen(repo) == [(".gitignore", "conflict")]
    assert mend(repo)
    assert seen(repo) == []
    assert "<<<<" not in (repo / ".gitignore").read_text()
    assert (repo / "n1").exists()
    git(repo, "add", ".gitignore")
    git(repo, "commit", "--quiet", "--no-edit")
    assert git(repo, "status", "--porcelain") == ""


def test_adding_solves_the_conflict_too(repo: Path) -> None:
    commit(repo, "data")
    text = (repo / ".gitignore").read_text()
    write(repo / ".gitignore", text.replace("/raw\n", "<<<<<<< HEAD\n/raw\n=======\n>>>>>>> other\n"))
    assert seen(repo) == [(".gitignore", "conflict")]
    track(repo, "one")
    assert (repo / ".gitignore").read_text() == text
