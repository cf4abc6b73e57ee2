from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute
import pytest

import mlops_cli
from mlops_cli import open_project
from mlops_cli.data.drift.model import DriftSettings
from mlops_cli.errors import UsageError
from mlops_cli.execution.events import StageStarted
from mlops_cli.version import VERSION
from tests.support.command import project
from tests.support.files import write
from tests.support.tables import people, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.execution.events import Event

STAGES = {
    "a": {"cmd": "cat in > a.txt", "deps": ["in"], "outs": ["a.txt"]},
    "b": {"cmd": "cat a.txt > b.txt", "deps": ["a.txt"], "outs": ["b.txt"]},
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return project(tmp_path / "repo", STAGES, {"in": "1"})


def test_a_program_runs_stages_and_reads_what_became_of_them(repo: Path) -> None:
    with open_project(repo) as this:
        assert not this.status().fresh
        result = this.run(["b"], message="from a program")
        assert result.good
        assert [outcome.status for outcome in result.outcomes] == ["ran", "ran"]
        assert this.status().fresh


def test_a_failed_stage_is_in_the_result(tmp_path: Path) -> None:
    this = open_project(project(tmp_path / "repo", {"a": {"cmd": "exit 3"}}))
    result = this.run()
    assert not result.good
    assert result.outcomes[0].exit_code == 3


def test_a_long_lived_object_sees_what_changed(repo: Path) -> None:
    this = open_project(repo)
    this.run()
    write(repo / "in", "2")
    assert [decision.state for decision in this.status().stages] == ["stale", "waiting"]


def test_every_option_of_the_command_is_there(repo: Path) -> None:
    this = open_project(repo)
    assert this.run(dry=True).outcomes == ()
    assert len(this.run(["a"], jobs=1).outcomes) == 1
    assert len(this.run(["a"], downstream=True, keep_going=True).outcomes) == 2
    assert this.run(["b"], only=True, force=True, commit=True).commit is not None


def test_a_program_may_listen(repo: Path) -> None:
    events: list[Event] = []
    open_project(repo).run(listen=events.append)
    assert [event.stage for event in events if isinstance(event, StageStarted)] == ["a", "b"]


def test_stages_and_their_graph_can_be_asked_for(repo: Path) -> None:
    this = open_project(repo)
    assert [stage.name for stage in this.stages(["b"]).stages] == ["b"]
    assert this.graph().edges == (("a", "b"),)


def test_a_folder_may_be_given_as_text(repo: Path) -> None:
    assert open_project(str(repo)).project.root == repo


def test_outside_a_repository_nothing_opens(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        open_project(tmp_path)


def test_the_version_can_be_asked_for() -> None:
    assert mlops_cli.__version__ == VERSION


def test_a_name_that_does_not_exist_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = mlops_cli.nothing


def test_a_program_asks_which_runs_there_were_and_notes_on_one(repo: Path) -> None:
    with open_project(repo) as this:
        run = this.run(["b"], message="from a program").run
        assert run is not None
        assert this.note(run, "fine", outcome="confirmed").file is not None
        found = this.runs("message ~ program", "outcome == confirmed", everything=True, records=True)
        assert [each.id for each in found.runs] == [run]
        assert run.encode() in found.records[run]
        assert this.runs("outcome == rejected").runs == ()
        shown = this.show()
        assert (shown.record.id, [event.text for event in shown.events]) == (run, ["fine"])


def test_a_program_asks_what_was_tried_and_what_differs(repo: Path) -> None:
    with open_project(repo) as this:
        run = this.run(["b"], message="from a program").run
        assert run is not None
        assert [each.id for each in this.tried(text="PROGRAM from").tried.found] == [run]
        assert this.tried(text="never said").tried.found == ()
        result = this.compare(run, run)
        assert [side.first.run for side in result.comparison.sides] == [run, run]
        assert result.comparison.metrics == ()


def test_a_program_describes_checks_and_compares_tables(repo: Path) -> None:
    write_csv(repo / "old.csv", people(3000, seed=1))
    write_csv(repo / "new.csv", people(3000, seed=2))
    later = people(3000, seed=3)
    write_csv(repo / "later.csv", later.set_column(1, "age", pa.compute.add(later["age"], 40)))
    with open_project(repo) as this:
        described = this.profile("old.csv", out="old.json")
        assert (described.profile.rows, (repo / "old.json").exists()) == (3000, True)
        assert this.validate("new.csv", against="old.json").verdict == "pass"
        assert this.drift("old.csv", "new.csv", DriftSettings(joint=False)).verdict == "pass"
        older = this.drift("old.json", "later.csv", DriftSettings(joint=False, ignore=("id",)))
        assert [column.name for column in older.columns if column.verdict == "fail"] == ["age"]


def test_a_program_evaluates_predictions_of_its_own(repo: Path) -> None:
    truth = [0, 1] * 50
    answers = [*truth[:80], *([0] * 20)]
    write_csv(repo / "answers.csv", pa.table({"truth": truth, "predicted": answers}))
    with open_project(repo) as this:
        found = this.evaluate(
            "answers.csv", target="truth", predictions={"path": "answers.csv", "predicted": "predicted"}
        )
        assert found.evaluation is not None
        assert found.evaluation.metrics["accuracy"].value == 0.9
