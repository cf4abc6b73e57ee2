"""The memo of what a worktree held as tracked data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.add import add
from mlops_cli.errors import DataError
from mlops_cli.opened import open_folder
from mlops_cli.project import HELD
from mlops_cli.tracking.held import forget, held_in, hold, release, see, touching, was_held
from tests.support.command import repository
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = repository(tmp_path / "repo")
    for folder in (repo, repo / "sub"):
        write(folder / "mlops.yaml", "stages: {}\n")
        write(folder / ".mlops/config.yaml", "")
        write(folder / "a\tb ü\u2028", "1")
        with open_folder(folder) as opened:
            assert not add(opened, ["a\tb ü\u2028"]).failed
    return repo


def test_projects_of_one_worktree_are_kept_apart_whatever_paths_are_called(repo: Path) -> None:
    name = "a\tb ü\u2028"
    with open_folder(repo) as opened, open_folder(repo / "sub") as below:
        assert held_in(opened.project) == {name: "", f"sub/{name}": "sub/"}
        forget(below, [name])
        assert was_held(opened, name)
        assert not was_held(below, name)


def test_what_was_released_is_held_again_only_when_somebody_adds_it(repo: Path) -> None:
    name = "a\tb ü\u2028"
    with open_folder(repo) as opened:
        release(opened, [name])
        see(opened)
        assert not was_held(opened, name)
        hold(opened, [name])
        assert was_held(opened, name)


def test_what_the_records_track_is_seen_again_after_the_memo_was_lost(repo: Path) -> None:
    (repo / ".git" / HELD).unlink()
    with open_folder(repo) as opened:
        assert held_in(opened.project) == {}
        see(opened)
        assert list(held_in(opened.project)) == ["a\tb ü\u2028"]


def test_a_memo_that_cannot_be_written_hinders_nothing_but_a_release(repo: Path) -> None:
    (repo / ".git" / HELD).unlink()
    (repo / ".git" / HELD).mkdir()
    with open_folder(repo) as opened:
        see(opened)
        hold(opened, ["x"])
        with pytest.raises(DataError, match="held"):
            release(opened, ["x"])


def test_touching_is_being_holding_or_lying_in_one() -> None:
    touches = touching(["a/b", "c"])
    assert [path for path in ("a", "a/b", "a/b/d", "a/bc", "c", "cd", "d") if touches(path)] == [
        "a",
        "a/b",
        "a/b/d",
        "c",
    ]
