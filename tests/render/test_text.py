from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from mlops_cli.actions.init import InitResult
from mlops_cli.actions.run import RunResult
from mlops_cli.actions.stages import StagesResult
from mlops_cli.actions.status import StatusResult
from mlops_cli.execution.outcome import Outcome
from mlops_cli.pipeline.decision import Decision, Inputs, Plan, Reason, ReasonKind
from mlops_cli.project import Project
from mlops_cli.render.text import (
    commit_text,
    failures_text,
    init_text,
    metrics_text,
    reason_text,
    reasons_text,
    run_text,
    seconds_text,
    stages_rows,
    status_text,
)
from mlops_cli.tracking.last_failures import Failure
from tests.support.facts import stage

NOTHING = Inputs({}, {}, {})


def decision(name: str, state: Any = "fresh", *reasons: Reason) -> Decision:
    return Decision(name, state, reasons, NOTHING)


def result(*outcomes: Outcome, **fields: Any) -> RunResult:
    plan = Plan({outcome.stage: decision(outcome.stage, "stale") for outcome in outcomes})
    return RunResult("r", plan, outcomes, 1.234, **fields)


# Status ---------------------------------------------------------------------------------------------------------------


def test_a_fresh_pipeline_is_one_sentence() -> None:
    assert status_text(StatusResult((decision("a"), decision("b")))) == "2 stages, everything is fresh.\n"


def test_one_stage_is_not_several() -> None:
    assert status_text(StatusResult((decision("a"),))) == "1 stage, everything is fresh.\n"


def test_without_stages_the_next_step_is_told() -> None:
    assert "describe one in mlops.yaml" in status_text(StatusResult(()))


def test_what_is_to_do_is_a_table_with_reasons_and_the_next_command() -> None:
    stages = (decision("prepare"), decision("train", "stale", Reason("dep-changed", "a.csv")))
    lines = status_text(StatusResult(stages)).splitlines()
    assert lines[0].split() == ["stage", "state", "why"]
    assert lines[1].split() == ["prepare", "fresh"]
    assert lines[2].split() == ["train", "stale", "a.csv", "changed"]
    assert lines[-1] == "2 stages: 1 fresh, 1 stale. Bring them up to date with: mlops run"


def test_of_a_large_pipeline_only_what_is_to_do_is_listed() -> None:
    stages = (*(decision(f"s{i}") for i in range(50)), decision("last", "stale", Reason("new")))
    text = status_text(StatusResult(stages))
    assert "last" in text
    assert "s7" not in text


def test_everything_is_listed_when_asked_for() -> None:
    assert "a" in status_text(StatusResult((decision("a"),)), everything=True).splitlines()[1]


# Reasons --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", get_args(ReasonKind))
def test_every_kind_of_reason_has_words(kind: ReasonKind) -> None:
    assert reason_text(Reason(kind, "x", 1, 2))


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason("new"), "has not run yet"),
        (Reason("dep-changed", "a.csv", "b3:1", "b3:2"), "a.csv changed"),
        (Reason("param-changed", "depth", 4, 8, "p.yaml"), "depth 4 -> 8"),
        (Reason("param-changed", "on", True, 1.0), "on true -> 1.0"),
        (Reason("param-changed", "names", ["a", "b"], []), "names a; b -> "),
        (Reason("param-added", "depth", None, 8), "depth = 8 is a new parameter"),
        (Reason("env-changed", "MODE", None, "fast"), "$MODE (not set) -> fast"),
        (Reason("program-changed", "s", ["a", "b"], ["c"]), "command changed: a; b -> c"),
        (Reason("setting-changed", "train.rows", 1, 2), "with.train.rows 1 -> 2"),
        (Reason("setting-added", "against", None, "m.bin"), "with.against = m.bin is a new setting"),
        (Reason("setting-removed", "cut", "value"), "with.cut = value is no setting any more"),
        (Reason("step-changed", "drift", 1, 2), "the step drift is another: version 1 -> 2"),
        (Reason("output-missing", "m.bin"), "m.bin is missing"),
    ],
)
def test_a_reason_is_told_in_words(reason: Reason, text: str) -> None:
    assert reason_text(reason) == text


def test_a_long_value_is_cut() -> None:
    text = reason_text(Reason("env-changed", "X", "a", "b" * 100))
    assert text.endswith("b...")
    assert len(text) < 80


def test_of_long_values_that_begin_alike_the_part_that_differs_is_shown() -> None:
    rows = [{"name": f"group{i}"} for i in range(20)]
    text = reason_text(Reason("setting-changed", "slices", rows, [*rows[:15], {"where": "age > 65"}]))
    assert 'where": "age > 65"' in text
    assert "group15" in text
    assert "group3" not in text


def test_many_reasons_are_the_first_and_how_many_more() -> None:
    reasons = [Reason("dep-changed", f"f{i}") for i in range(10)]
    assert reasons_text(reasons) == "f0 changed; f1 changed; f2 changed; 7 more"


def test_waiting_for_several_stages_is_one_reason() -> None:
    reasons = [Reason("upstream", name) for name in "ab"]
    assert reasons_text([*reasons, Reason("new")]) == "waits for a, b; has not run yet"


def test_a_stage_that_failed_last_time_says_so_with_when_why_and_its_log() -> None:
    failed = {
        "a": Failure("r1", "2026-11-21T20:58:17.340Z", "exit code 3", "/logs/a.log"),
        "b": Failure("r2", "2026-11-20T20:58:17.340Z", "time \x1b[31mout", ""),
    }
    stages = (decision("a", "stale", Reason("new")), decision("b", "stale", Reason("dep-changed", "x")))
    assert status_text(StatusResult(stages, failed=failed)).splitlines() == [
        "stage  state  why",
        "a      stale  failed last time",
        "b      stale  failed last time; x changed",
        "a failed at 2026-11-21 20:58 UTC: exit code 3",
        "  whole log: /logs/a.log",
        "b failed at 2026-11-20 20:58 UTC: time out",
        "  see: mlops show r2",
        "2 stages: 2 stale. Bring them up to date with: mlops run",
    ]


# Runs -----------------------------------------------------------------------------------------------------------------


def test_a_run_is_counted_by_what_became_of_its_stages() -> None:
    outcomes = [Outcome(name, status) for name, status in (("a", "ran"), ("b", "fresh"), ("c", "ran"))]  # type: ignore[arg-type]
    assert run_text(result(*outcomes)) == "2 ran, 1 fresh in 1.23 s.\n"


def test_a_run_with_nothing_to_do_says_so() -> None:
    assert run_text(result(Outcome("a", "fresh"))) == "1 stage, everything is fresh: nothing to do.\n"


def test_a_dry_run_is_shown_as_the_states_are() -> None:
    plan = Plan({"a": decision("a", "stale", Reason("new"))})
    assert "has not run yet" in run_text(RunResult(None, plan, (), 0.0))


def test_a_run_of_no_stages_tells_the_next_step() -> None:
    assert "describe one in mlops.yaml" in run_text(RunResult(None, Plan({}), (), 0.0))


def test_metrics_are_a_row_a_stage() -> None:
    outcomes = [
        Outcome("a", "ran", metrics={"auc": 0.51234}),
        Outcome("b", "ran", metrics={"auc": 0.6, "n": 7}),
    ]
    lines = metrics_text(outcomes).splitlines()
    assert [line.split() for line in lines[:3]] == [["stage", "auc", "n"], ["a", "0.5123"], ["b", "0.6", "7"]]


def test_a_metric_with_an_interval_shows_it() -> None:
    value = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 100}
    assert "0.5 (0.4 to 0.6)" in metrics_text([Outcome("a", "ran", metrics={"auc": value})])


def test_a_metric_that_is_no_number_says_so() -> None:
    assert "not a number" in metrics_text([Outcome("a", "ran", metrics={"auc": None})])


def test_without_metrics_there_is_no_table() -> None:
    assert metrics_text([Outcome("a", "ran")]) == ""


def test_many_metrics_of_few_stages_have_a_row_each() -> None:
    many = {f"m{number}": number for number in range(9)}
    lines = metrics_text([Outcome("a", "ran", metrics=many), Outcome("b", "ran", metrics={"m3": 7})]).split(
        "\n"
    )
    assert lines[0].split() == ["metric", "a", "b"]
    assert [line.split() for line in lines[1:10]][3] == ["m3", "3", "7"]
    assert len(lines) == 12


def test_of_many_metrics_of_many_stages_the_first_are_told_and_where_the_others_are() -> None:
    many = {f"m{number}": number for number in range(9)}
    text = metrics_text([Outcome(f"s{number}", "ran", metrics=many) for number in range(8)])
    assert text.splitlines()[0].split() == ["stage", "m0", "m1", "m2", "m3", "m4", "m5"]
    assert "3 more metrics: mlops show @latest" in text


def test_metrics_that_do_not_fit_beside_each_other_stand_below_each_other() -> None:
    wide = {f"metric_{number}": {"value": 0.5, "low": 0.4001, "high": 0.6001} for number in range(6)}
    outcomes = [Outcome("first", "ran", metrics=wide), Outcome("second", "ran", metrics=wide)]
    for width in (None, 80, 60):
        lines = metrics_text(outcomes, width=width).splitlines()
        assert lines[0].removeprefix("\x1b[1m").split()[0] == "metric"
        assert len(lines) == 8
        assert max(map(len, lines[1:])) <= (width or 120)
    few = {f"m{number}": 0.25 for number in range(6)}
    assert metrics_text([Outcome("a", "ran", metrics=few)], width=80).split()[0] != "metric"
    assert metrics_text([Outcome("a", "ran", metrics=few)]).split()[0] == "stage"


def test_of_metrics_that_fit_neither_way_the_first_are_told() -> None:
    wide = {f"metric_{number}": {"value": 0.5, "low": 0.4001, "high": 0.6001} for number in range(6)}
    text = metrics_text([Outcome(f"stage{number}", "ran", metrics=wide) for number in range(12)])
    assert text.splitlines()[0].split() == ["stage", "metric_0", "metric_1", "metric_2", "metric_3"]
    assert max(map(len, text.splitlines())) <= 120
    assert "2 more metrics: mlops show @latest" in text


def test_a_failure_shows_message_tail_and_log() -> None:
    outcome = Outcome("a", "failed", message="exit code 1", tail="one\ntwo", log="/logs/a.log")
    assert failures_text([outcome, Outcome("b", "ran")]) == (
        "a failed: exit code 1\n  | one\n  | two\n  whole log: /logs/a.log\n"
    )


def test_what_did_not_run_is_told_with_the_failure_and_how_to_go_on() -> None:
    outcomes = [
        Outcome("a", "failed", message="exit code 1"),
        Outcome("b", "skipped", message="it needs a"),
        Outcome("c", "skipped", message="a failed"),
        *(Outcome(f"d{i}", "skipped", message="it needs a") for i in range(9)),
        Outcome("e", "skipped", decision("e"), message="a failed"),  # it had nothing to do
    ]
    assert failures_text(outcomes) == (
        "a failed: exit code 1\n"
        "did not run because they need a: b, d0, d1, d2, d3, 5 more\n"
        "did not run because a failed: c\n"
        "go on with what does not depend on a failure: mlops run --keep-going\n"
    )


def test_where_all_that_did_not_run_needs_the_failure_there_is_nothing_to_go_on_with() -> None:
    outcomes = [Outcome("a", "failed", message="exit code 1"), Outcome("b", "skipped", message="it needs a")]
    assert failures_text(outcomes).splitlines()[-1] == "did not run because it needs a: b"


# The rest -------------------------------------------------------------------------------------------------------------


def test_stages_are_told_by_what_they_do_need_and_make() -> None:
    described = stage("a", deps=["x", "y"], outs=["o"], desc="makes o")
    step = stage("b", commands=(), uses="evaluate")
    head, rows = stages_rows(StagesResult((described, step)))
    assert head == ("stage", "what it does", "needs", "makes")
    assert rows == [("a", "makes o", "x, y", "o"), ("b", "uses evaluate", "", "")]


@pytest.mark.parametrize(
    ("written", "example", "lines"),
    [
        (
            ("mlops.yaml",),
            False,
            ["wrote mlops.yaml", "Next: describe a stage in mlops.yaml, then: mlops run"],
        ),
        (("a", "b"), True, ["wrote a", "wrote b", "Next: mlops run"]),
        ((), False, ["/r is a project already; nothing was changed."]),
    ],
)
def test_init_tells_what_it_wrote_and_what_to_type_next(
    written: tuple[str, ...], example: bool, lines: list[str]
) -> None:
    place = Path("/r")
    assert init_text(InitResult(Project(place, place, place, place), written, example)).splitlines() == lines


def test_files_to_commit_can_be_pasted_into_a_shell() -> None:
    assert commit_text(["a b", "c"]).startswith("To keep this: git add 'a b' c && git commit")


def test_many_files_to_commit_are_told_by_their_folders() -> None:
    many = [".gitignore", *(f".mlops/stages/s{i}.json" for i in range(20))]
    assert "git add .gitignore .mlops &&" in commit_text(many)


def test_records_are_told_as_their_folder_beside_the_few_other_files() -> None:
    records = [f".mlops/runs/2026-11/r{i}.json" for i in range(9)]
    assert "git add .mlops metrics.json &&" in commit_text([*records, "metrics.json"])
    assert f"git add {records[0]} metrics.json &&" in commit_text([records[0], "metrics.json"])
    assert "git add ../../.mlops &&" in commit_text(records, "a/b")


def test_with_nothing_to_commit_nothing_is_said() -> None:
    assert commit_text(()) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (9.994, "9.99 s"),
        (12.34, "12.3 s"),
        (75, "1 min 15 s"),
        (3599, "59 min 59 s"),
        (7300, "2 h 1 min"),
    ],
)
def test_a_duration_is_told_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text
