"""`mlops note`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import commit, git, mlops, project, run_records
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

STAGES = {"train": {"cmd": "cat in > model", "deps": ["in"], "outs": ["model"]}}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = project(tmp_path / "repo", STAGES, {"in": "1"})
    mlops(repo, "run")
    return repo


def notes(repo: Path, ref: str = "@latest") -> list[tuple[str, str | None]]:
    events: list[dict[str, Any]] = mlops(repo, "show", ref, "--json").json["events"]
    return [(event["text"], event["outcome"]) for event in events]


def test_a_note_is_kept_with_who_when_and_what_came_of_it(repo: Path) -> None:
    answer = mlops(repo, "note", "@latest", "overfits", "--outcome", "rejected", "--json")
    assert answer.code == 0, answer
    event = answer.json["event"]
    assert event["actor"] == {"email": "ada@example.org", "name": "Ada"}
    assert (event["kind"], event["text"], event["outcome"]) == ("note", "overfits", "rejected")
    assert json.loads((repo / answer.json["file"]).read_bytes()) == event
    assert notes(repo) == [("overfits", "rejected")]
    assert "rejected" in mlops(repo, "runs").out


def test_notes_add_up_and_the_last_outcome_counts(repo: Path) -> None:
    mlops(repo, "note", "@latest", "promising")
    mlops(repo, "note", "@latest", "--outcome", "confirmed")
    mlops(repo, "note", "@latest", "more seeds needed", "--outcome", "inconclusive")
    mlops(repo, "note", "@latest", "see the wiki")
    assert [outcome for _, outcome in notes(repo)] == [None, "confirmed", "inconclusive", None]
    found = mlops(repo, "runs", "-w", "outcome == inconclusive and notes == 4", "--json").json["runs"]
    assert len(found) == 1


def test_a_run_without_a_file_has_its_note_in_the_journal(repo: Path) -> None:
    [record] = run_records(repo)
    next((repo / ".mlops/runs").glob("*/*.json")).unlink()
    answer = mlops(repo, "note", record["id"], "from memory")
    assert answer.code == 0, answer
    assert "in the journal" in answer.out
    assert list((repo / ".mlops/runs").glob("*/*.note-*")) == []
    assert notes(repo, record["id"]) == [("from memory", None)]


def test_committed_notes_are_known_in_a_clone(repo: Path, tmp_path: Path) -> None:
    mlops(repo, "note", "@latest", "well done", "--outcome", "confirmed")
    commit(repo, "with a note")
    git(repo, "clone", "--quiet", str(repo), str(tmp_path / "clone"))
    assert notes(tmp_path / "clone") == [("well done", "confirmed")]


def test_notes_from_two_branches_merge_without_a_conflict(repo: Path) -> None:
    commit(repo, "a run")
    git(repo, "switch", "--quiet", "--create", "other")
    mlops(repo, "note", "@latest", "one")
    commit(repo, "one")
    git(repo, "switch", "--quiet", "main")
    mlops(repo, "note", "@latest", "two")
    commit(repo, "two")
    git(repo, "merge", "--quiet", "--no-edit", "other")
    assert notes(repo) == [("one", None), ("two", None)]


def test_verify_and_gc_know_notes_and_say_where_one_is_damaged(repo: Path) -> None:
    file = mlops(repo, "note", "@latest", "fine", "--json").json["file"]
    commit(repo, "a note")
    assert mlops(repo, "verify").code == 0
    assert mlops(repo, "gc").code == 0
    write(repo / file, (repo / file).read_text().replace("fine", "bad"))
    answer = mlops(repo, "verify")
    assert answer.code == 5
    assert file in answer.out + answer.err
    assert mlops(repo, "verify", "--repair").code == 0
    assert notes(repo) == [("fine", None)]


def test_a_note_makes_no_stage_stale_and_no_code_dirty(repo: Path) -> None:
    commit(repo, "a run")
    mlops(repo, "note", "@latest", "fine")
    assert mlops(repo, "status", "--check").code == 0
    mlops(repo, "run", "--force")
    assert run_records(repo)[-1]["code"]["dirty"] is False


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("20990101", "x"), "20990101"),
        (("@latest",), "needs a text, or an --outcome"),
        (("@latest", "  "), "needs a text, or an --outcome"),
        (("@latest", "x", "--outcome", "great"), "confirmed"),
        (("HEAD:mlops.yaml", "x"), "nothing is recorded of mlops.yaml"),
        (("@latest", "x" * 20_001), "up to 20,000 characters"),
    ],
)
def test_a_mistake_is_explained(repo: Path, arguments: tuple[str, ...], says: str) -> None:
    answer = mlops(repo, "note", *arguments)
    assert answer.code == 2
    assert says in answer.err
    assert notes(repo) == []


def test_a_secret_in_a_note_is_taken_out_and_that_is_said(repo: Path) -> None:
    answer = mlops(repo, "note", "@latest", "from https://ana:pw@example.org/data")
    assert "taken out" in answer.err
    assert notes(repo) == [("from https://example.org/data", None)]


def test_a_text_without_a_run_is_told_where_the_run_goes(repo: Path) -> None:
    answer = mlops(repo, "note", "it overfits")
    assert answer.code == 2
    assert 'mlops note @latest "it overfits"' in answer.err
