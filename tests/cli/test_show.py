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


def test_a_commit_stands_for_the_run_that_came_with_it(repo: Path) -> None:
    first, second = run_records(repo)
    commit(repo, "ran again")
    git(repo, "tag", "then", "HEAD~1")
    git(repo, "branch", "work")
    for ref, record in (("HEAD", second), ("work", second), ("then", first), ("HEAD~1", first)):
        assert mlops(repo, "show", ref, "--json").json["id"] == record["id"]


def test_a_run_that_commits_what_it_did_is_found_by_its_commit_and_by_the_one_before(repo: Path) -> None:
    commit(repo, "ran")
    write(repo / "in", "3")
    commit(repo, "an idea")
    assert mlops(repo, "run", "--commit").code == 0
    assert mlops(repo, "run", "--commit", "--force").code == 0
    *_, idea, again = run_records(repo)
    for ref, record in (("HEAD", again), ("HEAD~1", idea), ("HEAD~2", again)):
        assert mlops(repo, "show", ref, "--json").json["id"] == record["id"]


def test_a_commit_that_was_reworded_after_its_run_still_leads_to_it(tmp_path: Path) -> None:
    repo = project(tmp_path / "repo", STAGES, {"in": "1", ".gitignore": ".mlops/\n"})
    mlops(repo, "run")
    git(repo, "commit", "--quiet", "--amend", "-m", "reworded")
    [record] = run_records(repo)
    assert mlops(repo, "show", "HEAD", "--json").json["id"] == record["id"]
    git(repo, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    git(repo, "gc", "--quiet", "--prune=now")
    assert "which is not in this clone" in mlops(repo, "show", "HEAD").out


def test_where_no_run_stands_for_a_commit_the_hint_finds_something(repo: Path) -> None:
    first, _ = run_records(repo)
    answer = mlops(repo, "show", "HEAD~1")
    assert answer.code == 0  # the first run began with just its files
    git(repo, "checkout", "--quiet", "--", ".")
    write(repo / "in", "9")
    commit(repo, "never run")
    answer = mlops(repo, "show", "HEAD")
    assert answer.code == 2
    assert "no run is known of the code of HEAD: what it has recorded is of other code" in answer.err
    hint = f"show {first['id']}"
    assert f"mlops {hint}" in answer.err
    assert mlops(repo, *hint.split()).code == 0


def test_where_runs_began_at_a_commit_with_uncommitted_changes_the_hint_lists_them(tmp_path: Path) -> None:
    repo = project(tmp_path / "repo", STAGES, {"in": "1", ".gitignore": ".mlops/\nmodel\n"})
    answer = mlops(repo, "show", "HEAD")
    assert (answer.code, "There is no run yet" in answer.err) == (2, True)
    write(repo / "in", "2")
    mlops(repo, "run")
    answer = mlops(repo, "show", "HEAD")
    assert answer.code == 2
    condition = f"commit == {git(repo, 'rev-parse', 'HEAD')[:12]}"
    assert f"With uncommitted changes 1 run began there: mlops runs --all --where '{condition}'" in answer.err
    assert len(mlops(repo, "runs", "--all", "--where", condition, "--json").json["runs"]) == 1


def test_a_run_from_before_the_first_commit_shows_where_its_code_is(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    write(tmp_path / "mlops.yaml", "stages: {a: {cmd: echo > a, outs: [a]}}\n")
    assert mlops(tmp_path, "run").code == 0
    shown = mlops(tmp_path, "show").out
    assert "commit    none yet with uncommitted changes\n" in shown
    [line] = [line for line in shown.splitlines() if "see its files with: " in line]
    assert "mlops.yaml" in git(tmp_path, *line.partition("see its files with: git ")[2].split())


def test_what_is_no_run_is_refused(repo: Path) -> None:
    answer = mlops(repo, "show", "20990101")
    assert answer.code == 2
    assert "20990101" in answer.err
    assert "mlops runs" in answer.err
