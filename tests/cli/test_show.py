"""`mlops show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import commit, git, mlops, project, run_records
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

STAGES = {"train": {"cmd": "cat in > model", "deps": ["in"], "outs": ["model"]}}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = project(tmp_path / "repo", STAGES, {"in": "1"})
    mlops(repo, "run", "-m", "the first")
    commit(repo, "ran")
    write(repo / "in", "2")
    mlops(repo, "run", "-m", "the second")
    return repo


def test_the_latest_run_is_shown_where_none_is_named(repo: Path) -> None:
    assert "message  the second" in mlops(repo, "show").out


def test_json_is_the_record_with_its_events(repo: Path) -> None:
    first, _ = run_records(repo)
    mlops(repo, "note", first["id"], "good")
    shown = mlops(repo, "show", first["id"], "--json").json
    events = shown.pop("events")
    assert shown == first
    assert [(event["kind"], event["text"]) for event in events] == [("note", "good")]


def test_a_run_is_named_as_anywhere(repo: Path) -> None:
    first, second = run_records(repo)
    for ref, record in (("@latest", second), ("model", second), (first["id"][:-3], first)):
        assert mlops(repo, "show", ref, "--json").json["id"] == record["id"]


def test_it_says_where_the_record_is_kept(repo: Path) -> None:
    first, second = run_records(repo)
    text = mlops(repo, "show", first["id"]).out.split("kept in\n")[1]
    assert "of Ada" in text
    assert "the journal" in text
    assert "the workspace" in text
    assert "commit" not in mlops(repo, "show", second["id"]).out.split("kept in\n")[1]


def test_a_commit_is_no_run(repo: Path) -> None:
    answer = mlops(repo, "show", "HEAD")
    assert answer.code == 2
    assert f"mlops runs --all --where 'commit == {git(repo, 'rev-parse', 'HEAD')[:12]}'" in answer.err


def test_what_is_no_run_is_refused(repo: Path) -> None:
    answer = mlops(repo, "show", "20990101")
    assert answer.code == 2
    assert "20990101" in answer.err
    assert "mlops runs" in answer.err
