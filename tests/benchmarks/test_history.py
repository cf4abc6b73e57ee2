from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.histories import Version, write_history
from benchmarks.history_scenarios import HistoryBench
from benchmarks.measure import Machine
from benchmarks.projects import WrongResultError
from mlops_cli.history.soundness import unsound
from tests.support.command import git, mlops, variables
from tests.support.histories import history

if TYPE_CHECKING:
    from pathlib import Path

COMMITS = 60  # two branches that are merged


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    write_history(folder, COMMITS, variables())
    return folder


def test_each_commit_brings_one_run_and_some_lie_on_branches(repo: Path) -> None:
    assert git(repo, "rev-list", "--count", "--all").strip() == str(COMMITS)
    assert git(repo, "rev-list", "--count", "--merges", "main").strip() == "2"
    assert not git(repo, "status", "--short")
    runs = history(repo).runs()
    assert [run.id for run in runs] == [Version(number).run for number in reversed(range(COMMITS))]
    assert all(len(run.sources) == 1 for run in runs)


def test_the_records_are_such_as_the_program_writes(repo: Path) -> None:
    records = [path for path in (repo / ".mlops").rglob("*.json") if "stages" not in path.parts]
    assert len(records) == COMMITS + 1
    assert [unsound(str(path.relative_to(repo)), path.read_bytes()) for path in records] == [""] * len(
        records
    )


def test_the_measured_questions_are_answered_rightly(repo: Path) -> None:
    depth = Version(COMMITS - 1).params["train"]["depth"]
    answer = mlops(repo, "tried", "-S", f"train.depth={depth}", "--json")
    found = {run["id"] for run in answer.json["runs"]}
    assert found == {Version(n).run for n in range(COMMITS) if Version(n).params["train"]["depth"] == depth}


def test_a_wrong_answer_ends_the_measurement(tmp_path: Path) -> None:
    machine = Machine({**variables(), "HOME": str(tmp_path)})
    program = tmp_path / "mlops"
    program.write_text(f"#!/bin/sh\nmkdir -p .git/mlops\necho nothing; exec {sys.executable} -c ''\n")
    subprocess.run(["chmod", "+x", str(program)], check=True)
    with pytest.raises(WrongResultError, match="does not name the run"):
        HistoryBench(machine, tmp_path, str(program), 1).history(3)
