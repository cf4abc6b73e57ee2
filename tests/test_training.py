"""Metrics, parameters and artifacts of training scripts: plain files that a stage declares."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlops_cli import log_artifact, log_metrics, log_params
from mlops_cli.errors import FileError, UsageError
from tests.support.command import mlops, project, run_records, variables
from tests.support.files import write


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(path: str = "metrics.json") -> Any:
    return json.loads(Path(path).read_bytes())


def lines(path: str = "metrics.jsonl") -> list[Any]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def files() -> list[str]:
    return sorted(str(path.relative_to(Path.cwd())) for path in Path().absolute().rglob("*"))


# Metrics ----------------------------------------------------------------------------------------------------------------


def test_final_metrics_gather_in_one_object() -> None:
    log_metrics(accuracy=0.5, loss=2)
    log_metrics({"accuracy": 0.75, "test": {"auc": 0.9}})
    log_metrics({"test": {"f1": 0.8}})
    assert read() == {"accuracy": 0.75, "loss": 2, "test": {"auc": 0.9, "f1": 0.8}}
    assert files() == ["metrics.json"]


def test_an_interval_takes_the_place_of_the_one_before() -> None:
    log_metrics({"auc": {"value": 0.9, "low": 0.8, "high": 0.95}})
    log_metrics({"auc": {"value": 0.8, "n": 50}})
    assert read() == {"auc": {"value": 0.8, "n": 50}}
    log_metrics(auc=0.7)
    assert read() == {"auc": 0.7}


def test_steps_become_lines_and_the_last_value_counts() -> None:
    for step in range(3):
        log_metrics(loss=1 / (step + 1), step=step, path="out/fit.metrics.json")
    log_metrics(best=0.2, path="out/fit.metrics.json")
    assert lines("out/fit.metrics.jsonl") == [
        {"step": 0, "loss": 1.0}, {"step": 1, "loss": 0.5}, {"step": 2, "loss": 1 / 3},
    ]  # fmt: skip
    assert read("out/fit.metrics.json") == {"loss": 1 / 3, "best": 0.2}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (np.float32(0.5), 0.5), (np.float64(0.1), 0.1), (np.int64(7), 7), (np.array(3), 3), (np.array([2.5]), 2.5),
        (Decimal("0.5"), 0.5), (np.longdouble(2), 2.0), (10**400, None), (np.float16(1), 1.0),
    ],
)  # fmt: skip
def test_numbers_of_other_libraries_are_numbers(value: Any, number: float | None) -> None:
    if number is None:
        with pytest.raises(UsageError, match="not finite"):
            log_metrics(x=value)
        return
    log_metrics(x=value, step=np.int32(3))
    assert read() == {"x": number}
    assert type(read()["x"]) is type(number)
    assert lines() == [{"step": 3, "x": number}]


@pytest.mark.parametrize(
    "value",
    [
        math.nan, math.inf, -math.inf, np.float32("nan"), "0.5", None, True, np.bool_(True), [1], np.array([1, 2]), 1j,
        np.str_("1"), {"a": math.nan}, {"a": "x"}, {1: 2.0}, object(),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_and_nothing_is_written(value: Any) -> None:
    log_metrics(good=1, step=1)
    before = Path("metrics.json").read_bytes(), Path("metrics.jsonl").read_bytes()
    with pytest.raises(UsageError, match=r"bad|1 is a value of type int"):
        log_metrics({"good": 2, "bad": value}, step=2)
    assert (Path("metrics.json").read_bytes(), Path("metrics.jsonl").read_bytes()) == before


def test_the_message_says_which_metric_and_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"the metric test\.loss is nan: .*leave it out"):
        log_metrics({"test": {"loss": math.nan}})
    with pytest.raises(UsageError, match="the metric name is a value of type str"):
        log_metrics(name="x")


@pytest.mark.parametrize("step", [0.5, "1", None, math.nan, True])
def test_a_step_is_a_whole_number(step: Any) -> None:
    if step is None:
        log_metrics(loss=1.0, step=step)
        assert files() == ["metrics.json"]
        return
    with pytest.raises(UsageError, match="step"):
        log_metrics(loss=1.0, step=step)
    assert files() == []


def test_a_metric_may_not_be_called_step_where_steps_are_counted() -> None:
    log_metrics({"step": 3})
    with pytest.raises(UsageError, match="another name"):
        log_metrics({"step": 3}, step=1)


@pytest.mark.parametrize("there", ["[1]", "not JSON", "[" * 100_000])
def test_a_file_of_somebody_elses_is_left_alone(there: str) -> None:
    write(Path("metrics.json"), there)
    with pytest.raises(FileError, match="move it away"):
        log_metrics(loss=1, step=1)
    assert Path("metrics.json").read_text() == there
    assert files() == ["metrics.json"]


# After a kill -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("torn", "kept"),
    [
        ('{"step": 1, "lo', []), ('{"step": 1, "loss": 1.0}', [{"step": 1, "loss": 1.0}]),
        ("x" * 200_000, []), (b'{"a\xc3'.decode("latin-1"), []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", '{"step": 0, "loss": 2.0}\n'])
def test_a_line_that_a_kill_tore_is_mended_by_the_next(torn: str, kept: list[Any], before: str) -> None:
    Path("metrics.jsonl").write_bytes((before + torn).encode("latin-1"))
    log_metrics(loss=0.5, step=2)
    first = [json.loads(before)] if before else []
    assert lines() == [*first, *kept, {"step": 2, "loss": 0.5}]


def test_an_empty_file_of_a_power_cut_is_no_obstacle() -> None:
    write(Path("metrics.json"), "")
    log_metrics(loss=1)
    assert read() == {"loss": 1}


# Beside others ------------------------------------------------------------------------------------------------------------


def test_threads_lose_nothing() -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: log_metrics({f"m{n}": n}, step=n), range(200)))
    assert read() == {f"m{n}": n for n in range(200)}
    assert sorted(row["step"] for row in lines()) == list(range(200))


def test_processes_lose_nothing() -> None:
    program = (
        "import sys; from mlops_cli import log_metrics\n"
        "for n in range(50): log_metrics({f'p{sys.argv[1]}-{n}': n}, step=n)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(number)], env=variables()) for number in range(4)
    ]
    assert [process.wait() for process in started] == [0] * 4
    assert len(read()) == len(lines()) == 200
    assert files() == ["metrics.json", "metrics.jsonl"]


def test_a_process_forked_in_the_middle_keeps_nobody_waiting() -> None:
    program = """
import os, time
from mlops_cli import training
with training._alone(training.Path("metrics.json")):
    if not os.fork():
        time.sleep(60)
training.log_metrics(x=1)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=variables(), start_new_session=True, stdout=subprocess.DEVNULL
    )
    assert process.wait(30) == 0
    os.killpg(process.pid, 9)
    assert read() == {"x": 1}


# Parameters and artifacts -------------------------------------------------------------------------------------------------


def test_parameters_are_kept_as_json_has_them() -> None:
    log_params({"depth": np.int64(4), "rates": (0.1, np.float32(0.5)), "name": "x", "no": None, "on": True})
    log_params({"path": Path("a/b"), "grid": np.array([[1, 2]]), "train": {"lr": 0.1}}, seed=3)
    log_params({"train": {"batch": 8}})
    assert read("params.used.json") == {
        "depth": 4, "rates": [0.1, 0.5], "name": "x", "no": None, "on": True, "path": "a/b", "grid": [[1, 2]],
        "train": {"lr": 0.1, "batch": 8}, "seed": 3,
    }  # fmt: skip


@pytest.mark.parametrize("value", [math.inf, object(), {1: 2}, [{"a": {1, 2}}], 1j])
def test_parameters_that_json_does_not_have_are_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="odd"):
        log_params({"fine": 1, "odd": value})
    assert files() == []


def test_an_artifact_is_copied_to_where_the_stage_declares_it() -> None:
    source = write(Path("tmp/weights"), "w" * 100)
    source.chmod(0o755)
    log_artifact("tmp/weights", "models/best")
    assert Path("models/best").read_bytes() == source.read_bytes()
    assert os.access("models/best", os.X_OK)
    log_artifact(b"newer", "models/best")
    assert Path("models/best").read_bytes() == b"newer"
    log_artifact(source, "models/best")
    log_artifact("models/best", "models/best")
    assert Path("models/best").read_bytes() == source.read_bytes()
    assert files() == ["models", "models/best", "tmp", "tmp/weights"]


@pytest.mark.parametrize(
    ("source", "why"), [("tmp", "folder"), ("nothing", "no file"), (object(), "save it")]
)
def test_what_is_no_file_cannot_be_an_artifact(source: Any, why: str) -> None:
    Path("tmp").mkdir()
    with pytest.raises(UsageError, match=why):
        log_artifact(source, "models/best")
    assert files() == ["tmp"]


# Under mlops ----------------------------------------------------------------------------------------------------------------

SCRIPT = """
from mlops_cli import log_artifact, log_metrics, log_params
log_params({"depth": 4})
for step in range(3):
    log_metrics(loss=1 / (step + 1), step=step, path="metrics/fit.json")
log_metrics({"auc": {"value": 0.9, "n": 50, "low": 0.8, "high": 0.95}}, path="metrics/fit.json")
log_artifact(b"weights", "model.bin")
"""


def test_what_a_stage_logs_lands_in_the_run_record(tmp_path: Path) -> None:
    stages = {
        "fit": {
            "cmd": "python fit.py",
            "deps": ["fit.py"],
            "outs": ["model.bin", "metrics/fit.jsonl", "params.used.json"],
            "metrics": ["metrics/fit.json"],
        }
    }
    repo = project(tmp_path / "repo", stages, {"fit.py": SCRIPT})
    for count in (1, 2):  # the second time it starts anew: what the first one wrote is not added to
        answer = mlops(repo, "run", "--force")
        assert answer.code == 0, answer.err
        record = run_records(repo)[-1]
        assert record["metrics"] == {
            "loss": 1 / 3, "auc": {"value": 0.9, "n": 50, "low": 0.8, "high": 0.95},
        }  # fmt: skip
        assert (repo / "metrics/fit.jsonl").read_text().count("\n") == 3
        assert len(run_records(repo)) == count


def test_importing_the_package_brings_nothing_that_is_not_asked_for() -> None:
    program = (
        "import sys, mlops_cli; early = {m for m in sys.modules if m.startswith('mlops_cli')};"
        "from mlops_cli import log_metrics; log_metrics(x=1, step=2);"
        "print(sorted(early), 'numpy' in sys.modules, 'mlops_cli.api' in sys.modules, 'mlops_cli.git' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=variables(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['mlops_cli', 'mlops_cli.version'] False False False"


@pytest.mark.parametrize("values", ["x", True, 3, ["a"]])
@pytest.mark.parametrize("function", [log_metrics, log_params])
def test_what_is_no_mapping_is_a_mistake_of_whoever_calls(function: Any, values: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{function.__name__} takes a mapping of names to values"):
        function(values, path=tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()
