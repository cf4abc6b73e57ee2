"""The harness measures only what really happened, and says how often it looked."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from benchmarks.measure import CommandFailedError, Machine, clean_environment
from benchmarks.projects import Project, WrongResultError, chains
from benchmarks.report import as_json, markdown
from benchmarks.samples import Sample
from benchmarks.scenarios import Bench
from benchmarks.tools import Make

if TYPE_CHECKING:
    from pathlib import Path

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = chains(tmp_path, 12)
    made.write_inputs()
    made.write_outputs()
    return made


def test_chains_of_ten_begin_with_their_own_input(tmp_path: Path) -> None:
    steps = chains(tmp_path, 12).steps
    assert [step.origin for step in steps] == ["in-000.txt"] * 10 + ["in-001.txt"] * 2
    assert [step.source for step in steps[9:12]] == ["out-000-8.txt", "in-001.txt", "out-001-0.txt"]


def test_right_outputs_pass(project: Project) -> None:
    project.check_outputs()


def test_a_missing_output_is_no_result(project: Project) -> None:
    (project.folder / "out-001-1.txt").unlink()
    with pytest.raises(WrongResultError, match=r"out-001-1\.txt is missing"):
        project.check_outputs()


def test_an_output_of_an_earlier_input_is_no_result(project: Project) -> None:
    project.change_first_input(1)
    with pytest.raises(WrongResultError, match=r"out-000-0\.txt holds something else"):
        project.check_outputs()


def test_work_that_was_not_due_is_noticed(project: Project) -> None:
    before = project.mark()
    (project.folder / "out-001-0.txt").unlink()
    project.write_outputs()
    with pytest.raises(WrongResultError, match="was written again"):
        project.check_written_since(before, set())


def test_a_failing_command_is_no_measurement(tmp_path: Path) -> None:
    machine = Machine(clean_environment(tmp_path))
    with pytest.raises(CommandFailedError, match="ended with 3:\nalas"):
        machine.run(["sh", "-c", "echo alas >&2; exit 3"], tmp_path)


@needs_make
def test_each_operation_is_measured_in_each_round(tmp_path: Path) -> None:
    bench = Bench(Machine(clean_environment(tmp_path)), tmp_path, (Make(),), rounds=2, full=False)
    bench.stages(12)
    assert {sample.operation: len(sample.seconds) for sample in bench.samples.taken} == {
        "fresh run": 2,
        "again": 2,
        "status": 2,
        "one input changed": 2,
    }


def test_tables_say_median_spread_and_how_often_when_fewer() -> None:
    samples = [
        Sample("stages", 1000, "again", "mlops", "mlops run", [0.3, 0.1, 0.2], [30_000_000] * 3),
        Sample("stages", 1000, "again", "DVC", "dvc repro", [123.4], [90_000_000]),
    ]
    lines = markdown({"cores": "2"}, samples, rounds=3, floor=20_000_000).splitlines()
    assert lines[0] == "- cores: 2"
    assert lines[-1] == "| 1,000 | again | 0.200 s (0.100 to 0.300) | 123 s, n=1 | 30 MB | 90 MB |"


def test_memory_at_the_floor_is_an_upper_bound() -> None:
    sample = Sample("start", 0, "--help", "mlops", "mlops --help", [0.1], [20_500_000])
    assert "≤ 20 MB" in markdown({}, [sample], rounds=1, floor=20_000_000)


def test_json_keeps_every_value() -> None:
    sample = Sample("start", 0, "--help", "mlops", "mlops --help", [0.1, 0.3], [2, 4])
    (kept,) = as_json({}, [sample], rounds=2, floor=1)["samples"]
    assert kept["seconds"] == {"median": 0.2, "values": [0.1, 0.3]}
    assert kept["peak_bytes"] == {"median": 3, "values": [2, 4]}
