"""What `run -S` says."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from mlops_cli.actions.experiments import ExperimentsResult
from mlops_cli.execution.events import Notice
from mlops_cli.experiments.trial import Trial
from mlops_cli.render.experiments import (
    LiveSweep,
    PlainSweep,
    event_line,
    experiments_failures,
    experiments_text,
    experiments_wire,
    main_metric,
    value_text,
)

OK = Trial(0, {"lr": 0.1}, "ok", "run-1", False, {"rows": 3, "loss": 0.5}, seconds=1.5)
TRIALS = (
    OK,
    Trial(1, {"lr": "a b"}, "ok", "run-2", True, {"rows": 3, "loss": {"value": 0.25, "n": 4}}),
    Trial(2, {"lr": [1, 2]}, "failed", "run-3", trouble="train: exit code 1"),
    Trial(3, {"lr": None}, "left"),
)


def test_the_best_stands_first_and_what_has_no_metric_last() -> None:
    assert experiments_text(ExperimentsResult("s", TRIALS)).splitlines() == [
        "run    status       lr      loss ↓  rows",
        "run-2  done before  a b     0.25    3",
        "run-1  ok           0.1     0.5     3",
        "run-3  failed       [1, 2]",
        "       not begun    null",
        "4 experiments: 1 ok, 1 done before, 1 failed, 1 not begun.",
        "The same command runs the rest.",
        "Take one over with: mlops apply RUN",
    ]


def test_on_a_narrow_terminal_ids_stay_whole_and_columns_go_those_that_say_nothing_first() -> None:
    run = "20260131T175900123-1f2e3d4c"
    settings = {"same.everywhere": "x" * 20, "train.lr": 0.1, "train.depth": 4}
    trials = [
        Trial(n, settings | {"train.lr": 0.1 + n}, "ok", run, False, {"loss": n + 0.5, "rows": 3, "other": 5})
        for n in range(2)
    ]
    lines = experiments_text(ExperimentsResult("s", tuple(trials)), width=60).splitlines()
    plain = [re.sub("\x1b\\[[0-9;]*m", "", line).split() for line in lines]
    assert plain[0] == ["run", "status", "train.lr", "loss", "↓", "rows"]
    assert plain[1] == [run, "ok", "0.1", "0.5", "3"]
    narrow = experiments_text(ExperimentsResult("s", tuple(trials)), width=20)
    assert run in narrow


def test_settings_may_say_which_way_is_better() -> None:
    text = experiments_text(ExperimentsResult("s", TRIALS), said={"loss": "up"})
    assert [line.split()[0] for line in text.splitlines()[1:3]] == ["run-1", "run-2"]


def test_the_main_metric_is_the_first_that_has_a_direction() -> None:
    assert main_metric(TRIALS) == "loss"
    assert main_metric([replace(OK, metrics={"rows": 1})]) == "rows"
    assert main_metric([]) is None


def test_failures_are_told_a_line_each() -> None:
    assert experiments_failures(TRIALS) == "failed: lr=[1, 2]: train: exit code 1\n"


def test_the_shape_for_programs() -> None:
    wire = experiments_wire(ExperimentsResult("s", TRIALS))
    assert (wire["schema"], wire["sweep"], wire["dry"]) == (1, "s", False)
    assert wire["experiments"][1] == {
        "set": {"lr": "a b"},
        "run": "run-2",
        "status": "ok",
        "metrics": {"rows": 3, "loss": {"value": 0.25, "n": 4}},
        "seconds": 0.0,
        "before": True,
    }
    assert wire["experiments"][2]["message"] == "train: exit code 1"


@pytest.mark.parametrize(
    ("trials", "code"),
    [(TRIALS[:2], 0), (TRIALS, 4), ((TRIALS[3],), 0), ((replace(OK, status="stopped"),), 4)],
)
def test_exit_codes(trials: tuple[Trial, ...], code: int) -> None:
    assert ExperimentsResult("s", trials).exit_code == code
    assert ExperimentsResult("s", trials, interrupted=True).exit_code == 130


@pytest.mark.parametrize(
    ("event", "everything", "line"),
    [
        (Notice("hear"), False, "hear"),
        (replace(OK, status="running"), False, ""),
        (replace(OK, status="running", doing="train ran"), True, "lr=0.1: train ran"),
        (OK, False, "lr=0.1: ok in 1.50 s (run-1): rows 3 loss 0.5"),
        (TRIALS[1], False, "lr=a b: done before: run-2"),
        (TRIALS[2], False, "lr=[1, 2]: failed in 0.00 s (run-3): train: exit code 1"),
    ],
)
def test_lines_of_progress(event: Any, everything: bool, line: str) -> None:
    assert event_line(event, everything=everything) == line


def test_plain_progress_is_a_line_when_one_ends() -> None:
    out = io.StringIO()
    progress = PlainSweep(out)
    for event in (replace(OK, status="running"), OK):
        progress(event)
    progress.close()
    assert out.getvalue() == "lr=0.1: ok in 1.50 s (run-1): rows 3 loss 0.5\n"


def test_the_live_table_shows_what_runs_first_and_leaves_nothing_behind() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    progress = LiveSweep(out)
    progress(Notice("hear"))
    progress(OK)
    progress(replace(TRIALS[3], status="running", doing="prepare ran"))
    table = progress._table()
    cells = [[str(cell) for cell in column.cells] for column in table.columns]
    assert cells[0] == ["running", "ok"]
    assert cells[1] == ["lr=null", "lr=0.1"]
    assert cells[3] == ["prepare ran", "rows 3 loss 0.5"]
    progress.close()
    assert "hear" in out.getvalue()


def test_the_live_table_shows_the_parameters_that_vary_and_shows_them_whole() -> None:
    progress = LiveSweep(io.StringIO())
    for n in range(2):
        settings = {"same": "y" * 90, "train.learning_rate": 0.001 * (n + 1), "name": "z" * 30}
        progress(Trial(n, settings | {"name": f"{n}" * 30}, "ok", metrics={"a_long_name": 1, "another": 2}))
    alone = LiveSweep(io.StringIO())
    alone(Trial(0, {"a": 1, "b": 2}, "ok", varies=("b",)))
    assert [str(cell) for cell in alone._table().columns[1].cells] == ["b=2"]
    alone.close()
    table = progress._table()
    shown = [str(cell) for cell in table.columns[1].cells]
    assert shown[0] == f"train.learning_rate=0.002 name={'1' * 30}"
    with_width = io.StringIO()
    Console(file=with_width, width=80).print(table)
    progress.close()
    assert shown[0] in with_width.getvalue()
    assert max(map(len, with_width.getvalue().splitlines())) <= 80


def test_values_are_shown_as_they_would_be_typed() -> None:
    assert [value_text(value) for value in ("a", 1, 0.5, None, True, [1])] == [
        "a",
        "1",
        "0.5",
        "null",
        "true",
        "[1]",
    ]
