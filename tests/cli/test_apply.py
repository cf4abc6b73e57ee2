"""`mlops apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import Counter, mlops, run_records, stage_record, states
from tests.support.files import write
from tests.support.sweeps import PARAMS, belongings, sweep_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    found = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(found.path))
    return found


@pytest.fixture
def home(tmp_path: Path, counter: Counter) -> Path:
    return sweep_project(tmp_path / "p")


def tried(home: Path, *sets: str) -> str:
    """Run one experiment; return its run."""
    answer = mlops(home, "run", "--json", *(part for text in sets for part in ("-S", text)))
    assert answer.code == 0, answer
    run: str = answer.json["experiments"][0]["run"]
    return run


def test_afterwards_everything_is_as_in_the_run_and_nothing_has_run(home: Path, counter: Counter) -> None:
    run = tried(home, "train.lr=0.1", "train.depth=5")
    counter.take()
    answer = mlops(home, "apply", run)
    assert answer.code == 0, answer
    assert "params.yaml: train.lr 0.5 -> 0.1" in answer.out
    assert (home / "params.yaml").read_text() == PARAMS.replace("0.5", "0.1").replace("depth: 2", "depth: 5")
    assert (home / "model.txt").read_text().startswith("0.1 5.0 ")
    assert states(home) == {"prepare": "fresh", "train": "fresh"}
    assert [record["id"] for record in run_records(home)] == [run]
    assert counter.take() == []
    # The records are those that a run in place would have written.
    records = [stage_record(home, name) for name in ("prepare", "train")]
    assert mlops(home, "run", "-f", "-q").code == 0
    assert [stage_record(home, name) for name in ("prepare", "train")] == records
    again = mlops(home, "apply", run)
    assert (again.code, again.out) == (0, "The workspace is as in that run: nothing to do.\n")


@pytest.mark.slow
def test_the_latest_experiment_can_be_meant_by_its_metric(home: Path) -> None:
    answer = mlops(home, "run", "--json", "-S", "train.lr=0.3,0.1,0.2")
    best = answer.json["experiments"][1]["run"]
    assert mlops(home, "apply", "@best:accuracy", "--json").json["run"] == best


def test_an_edited_output_is_not_lost_and_then_nothing_changes(home: Path) -> None:
    assert mlops(home, "run", "-q").code == 0
    run = tried(home, "train.lr=0.1")
    write(home / "model.txt", "made by hand\n")
    before = belongings(home)
    answer = mlops(home, "apply", run)
    assert answer.code == 5
    assert "model.txt (13 bytes)" in answer.err
    assert "Nothing was changed." in answer.err
    assert belongings(home) == before
    assert mlops(home, "apply", "--json", run).json["applied"] is False
    assert mlops(home, "apply", "--force", run).code == 0
    assert states(home) == {"prepare": "fresh", "train": "fresh"}


def test_parameters_alone(home: Path) -> None:
    run = tried(home, "train.lr=0.1")
    assert mlops(home, "apply", "--params-only", run).code == 0
    assert "lr: 0.1  # rate" in (home / "params.yaml").read_text()
    assert not (home / "model.txt").exists()
    assert not (home / ".mlops").exists()


def test_where_the_code_is_another_it_says_which_and_leaves_that_stage(home: Path) -> None:
    run = tried(home, "train.lr=0.1")
    write(home / "train.py", (home / "train.py").read_text() + "# more\n")
    answer = mlops(home, "apply", run)
    assert answer.code == 1
    assert "train is not what it was in that run: train.py changed" in answer.err
    assert (home / "data.txt").exists()
    assert not (home / "model.txt").exists()
    assert "lr: 0.1" in (home / "params.yaml").read_text()
    found = mlops(home, "apply", "--json", run).json
    assert [(stage["name"], stage["state"]) for stage in found["stages"]] == [
        ("prepare", "same"),
        ("train", "differs"),
    ]


@pytest.mark.slow
def test_an_upstream_stage_that_differs_is_named_by_what_waits_for_it(home: Path) -> None:
    run = tried(home, "train.lr=0.1")
    write(home / "notes.txt", "other\n")
    answer = mlops(home, "apply", run)
    assert answer.code == 1
    assert "prepare is not what it was in that run: notes.txt changed" in answer.err
    assert "train is not what it was in that run: waits for prepare" in answer.err


def test_content_that_is_not_here_is_said_and_nothing_changes(home: Path) -> None:
    run = tried(home, "train.lr=0.1")
    before = belongings(home)
    for folder in ("objects", "results"):
        for path in (home / ".git/mlops" / folder).rglob("*"):
            if path.is_file():
                path.unlink()
    answer = mlops(home, "apply", run)
    assert answer.code == 5
    assert "the content of" in answer.err
    assert belongings(home) == before


@pytest.mark.slow
def test_outputs_come_where_the_result_is_forgotten_but_the_content_is_not(home: Path) -> None:
    run = tried(home, "train.lr=0.1")
    for path in (home / ".git/mlops/results").rglob("*"):
        if path.is_file():
            path.unlink()
    assert mlops(home, "apply", run).code == 0
    assert states(home) == {"prepare": "fresh", "train": "fresh"}


def test_of_a_run_that_failed_what_it_finished_comes(home: Path) -> None:
    answer = mlops(home, "run", "--json", "-S", "train.depth=text")
    assert answer.code == 4
    run = answer.json["experiments"][0]["run"]
    answer = mlops(home, "apply", run)
    assert answer.code == 1, answer
    assert "that run did not finish train" in answer.err
    assert states(home) == {"prepare": "fresh", "train": "stale"}


def test_a_parameter_file_that_cannot_be_changed_changes_nothing(home: Path) -> None:
    run = tried(home, "train.lr=0.1")
    write(home / "params.yaml", "base: &lr 0.5\ntrain:\n  lr: *lr\n  depth: 2\n")
    before = belongings(home)
    answer = mlops(home, "apply", run)
    assert answer.code == 3
    assert "train.lr = 0.1" in answer.err
    assert belongings(home) == before


def test_what_is_no_run_is_refused(home: Path) -> None:
    assert mlops(home, "apply", "nothing").code == 2
    assert mlops(home, "apply", "HEAD").code == 2


def test_a_failed_run_is_not_called_applied_and_its_file_is_not_put_up_for_commit(home: Path) -> None:
    assert mlops(home, "run", "-S", "train.lr=0.1", "-S", "train.depth=oops").code != 0
    run = mlops(home, "runs", "--all", "--json").json["runs"][0]
    assert run["status"] == "failed"
    answer = mlops(home, "apply", run["id"])
    assert answer.code == 1, answer
    assert "that run did not finish train" in answer.err
    assert "did not end well (failed)" in answer.err
    assert "is as in" not in answer.out
    assert run_records(home) == []
    assert not any(
        ".mlops/runs" in path for path in mlops(home, "apply", "--json", run["id"]).json["written"]
    )
    assert mlops(home, "apply", "--params-only", run["id"]).code == 0
