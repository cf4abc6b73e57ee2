"""Stages that failed when they ran last."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlops_cli.project import Project
from mlops_cli.tracking.last_failures import Failure, last_failures
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return Project(tmp_path, tmp_path, tmp_path / "git", tmp_path / "local")


def record(place: Project, run: str, **stages: str) -> None:
    """Write the record of a run in which these became of stages."""
    rows = [{"name": name, "status": status, "message": f"why {run}"} for name, status in stages.items()]
    write(place.run_record(run), json.dumps({"id": run, "started": f"of {run}", "stages": rows}))


def test_the_newest_run_of_a_stage_says_whether_it_failed(place: Project) -> None:
    record(place, "202601-1", a="failed", b="failed", c="ran")
    record(place, "202602-1", a="ran", b="skipped", c="failed")
    write(place.local / "logs/202601-1/b.log", "boom")
    assert last_failures(place, ["a", "b", "c"]) == {
        "b": Failure("202601-1", "of 202601-1", "why 202601-1", str(place.local / "logs/202601-1/b.log")),
        "c": Failure("202602-1", "of 202602-1", "why 202602-1", ""),
    }


def test_only_stages_asked_for_are_told(place: Project) -> None:
    record(place, "202601-1", a="failed")
    assert last_failures(place, ["b"]) == {}


def test_a_failure_behind_many_runs_is_old_news(place: Project) -> None:
    record(place, "202512-1", a="failed")
    for i in range(5):
        record(place, f"202601-{i}", b="ran")
    assert last_failures(place, ["a"]) == {}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"id": 1, "started": "x", "stages": []}', '{"id": "r", "started": "x", "stages": [1]}'],
)
def test_a_record_that_cannot_be_read_is_passed_over(place: Project, text: str) -> None:
    record(place, "202601-1", a="failed")
    write(place.run_record("202601-2"), text)
    write(place.root / ".mlops/runs/stray", "")
    assert list(last_failures(place, ["a"])) == ["a"]


def test_where_nothing_ran_nothing_failed(place: Project) -> None:
    assert last_failures(place, ["a"]) == {}
