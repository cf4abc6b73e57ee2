"""A run held against its repetition."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_cli.formats.canonical import pretty
from mlops_cli.git.facts import Code
from mlops_cli.history.known import WORKSPACE, Production
from mlops_cli.history.repetition import compare, completed, outside_inputs, recipe_of, summary
from mlops_cli.history.run_record import RunRecord, StageRun
from mlops_cli.history.runtime import Runtime
from mlops_cli.settings import Trigger
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes

RUNTIME = Runtime("3.12.1", {}, digest_bytes(b""), "Linux", 2, (), {})


def art(text: str) -> Artifact:
    return Artifact(digest_bytes(text.encode()), len(text))


def stage(name: str, deps: dict[str, str], outs: dict[str, str], **more: Any) -> StageRun:
    """Return a stage whose key follows from what it read, as real ones do."""
    key = digest_bytes(repr((name, sorted(deps.items()))).encode())
    values: dict[str, Any] = {"status": "ran", "program": [name], "key": key} | more
    return StageRun(
        name,
        deps={path: art(text) for path, text in deps.items()},
        outs={path: art(text) for path, text in outs.items()},
        **values,
    )


def record(*stages: StageRun, run: str = "20260101T000000000-00000001") -> RunRecord:
    return RunRecord(
        id=run,
        status="ok",
        started="2026-01-01T00:00:00.000Z",
        seconds=1.0,
        message="",
        actor=None,
        trigger=Trigger("cli"),
        code=Code("c", "t", "main", False),
        pipeline={},
        stages=stages,
        runtime=RUNTIME,
    )


def pipeline(model: str = "m", auc: float = 0.9, *, prepared: str = "p", status: str = "ran") -> RunRecord:
    return record(
        stage("prepare", {"raw": "r"}, {"clean": prepared}),
        stage("train", {"clean": prepared, "train.py": "x"}, {"model": model}, status=status),
        stage("score", {"model": model}, {"scores": f"{auc}"}, metrics={"auc": auc}),
    )


def test_the_same_digests_everywhere_are_identical() -> None:
    found = compare(pipeline(), pipeline(status="cached"))
    assert (found.verdict, found.stage, found.failed) == ("identical", None, ())
    assert [row.verdict for row in found.stages] == ["same", "same", "same"]


def test_the_first_stage_that_differs_from_the_same_inputs_is_named_and_those_after_it_follow() -> None:
    found = compare(pipeline(), pipeline("other", 0.8))
    assert (found.verdict, found.stage) == ("different", "train")
    assert [row.verdict for row in found.stages] == ["same", "differs", "follows"]
    assert [change.path for change in found.stages[1].outs] == ["model"]
    assert found.stages[2].inputs == ("model",)


def test_an_input_inside_a_directory_that_came_out_differently_is_followed_too() -> None:
    before = record(stage("split", {}, {"parts": "1"}), stage("use", {"parts/train.csv": "1"}, {"out": "1"}))
    after = record(stage("split", {}, {"parts": "2"}), stage("use", {"parts/train.csv": "2"}, {"out": "2"}))
    assert [row.verdict for row in compare(before, after).stages] == ["differs", "follows"]


def test_another_key_without_another_input_is_another_recipe() -> None:
    before = record(stage("s", {"in": "1"}, {"out": "1"}))
    after = record(stage("s", {"in": "1"}, {"out": "2"}, key=digest_bytes(b"a variable")))
    assert [row.verdict for row in compare(before, after).stages] == ["recipe"]


def test_equal_metrics_make_other_bytes_equivalent() -> None:
    before = record(stage("s", {"in": "1"}, {"out": "1"}, metrics={"auc": 0.9}))
    after = record(stage("s", {"in": "1"}, {"out": "2"}, metrics={"auc": 0.9}))
    found = compare(before, after)
    assert (found.verdict, found.stage) == ("equivalent", "s")


def test_without_any_metric_other_bytes_are_different() -> None:
    before, after = record(stage("s", {}, {"out": "1"})), record(stage("s", {}, {"out": "2"}))
    assert compare(before, after).verdict == "different"


@pytest.mark.parametrize(
    ("old", "new", "tolerance", "within"),
    [
        (0.9, 0.9, 0.0, "equal"),
        (0.9, 0.9000000001, 1e-9, "tolerance"),
        (0.9, 0.91, 1e-9, None),
        (0.9, 0.91, 0.02, "tolerance"),
        (0.0, 1e-12, 1e-9, None),  # relative to nothing, nothing is small
        ({"value": 0.9, "n": 10}, {"value": 0.9, "n": 10}, 0.0, "equal"),
    ],
)
def test_a_metric_counts_as_the_same_within_a_relative_tolerance(
    old: object, new: object, tolerance: float, within: str | None
) -> None:
    before = record(stage("s", {}, {"out": "1"}, metrics={"auc": old}))
    after = record(stage("s", {}, {"out": "2"}, metrics={"auc": new}))
    found = compare(before, after, tolerance=tolerance)
    assert found.stages[0].metrics[0].within == within
    assert found.verdict == ("equivalent" if within else "different")


def test_a_metric_that_is_no_longer_reported_is_different() -> None:
    before = record(stage("s", {}, {"out": "1"}, metrics={"auc": 0.9, "f1": 0.5}))
    after = record(stage("s", {}, {"out": "2"}, metrics={"auc": 0.9}))
    assert compare(before, after).verdict == "different"


def test_only_what_was_really_run_tells_of_the_spread() -> None:
    before, after = pipeline(auc=0.90), pipeline("other", 0.92)
    ran, restored = pipeline("third", 0.94), pipeline("third", 0.94)
    restored = record(*(stage("score", {"model": "m"}, {}, metrics={"auc": 0.94}, status="cached"),))
    assert compare(before, after, repeats=[restored]).verdict == "different"
    found = compare(before, after, repeats=[ran])
    assert (found.verdict, found.stages[-1].metrics[0].within) == ("equivalent", "spread")
    assert compare(before, pipeline("other", 0.95), repeats=[ran]).verdict == "different"


def test_a_stage_that_fails_now_is_different_and_one_that_fails_again_is_the_same() -> None:
    good = record(stage("a", {}, {"o": "1"}), stage("b", {"o": "1"}, {"p": "1"}))
    broken = record(stage("a", {}, {}, status="failed"), stage("b", {}, {}, status="skipped"))
    found = compare(good, broken)
    assert (found.verdict, found.failed, found.stage) == ("different", ("a",), "a")
    assert [row.verdict for row in found.stages] == ["failed", "skipped"]
    assert compare(broken, broken).verdict == "identical"
    assert compare(broken, good).verdict == "different"


def test_stages_of_which_nothing_is_recorded_decide_nothing() -> None:
    before = record(stage("a", {}, {}, status="fresh"), stage("b", {}, {"p": "1"}))
    after = record(stage("a", {}, {"o": "1"}), stage("b", {}, {"p": "1"}))
    found = compare(before, after)
    assert [row.verdict for row in found.stages] == ["unknown", "same"]
    assert (found.verdict, found.stage) == ("identical", None)


def test_only_stages_that_were_repeated_are_held_against_each_other() -> None:
    assert [row.name for row in compare(pipeline(), record(pipeline().stages[2])).stages] == ["score"]


# What a record leaves out -------------------------------------------------------------------------------------------


def made(started: str | None, out: str, status: str = "ran") -> Production:
    key = stage("a", {}, {}).key
    return Production(
        "a", key, status, "r", {}, {"o": art(out)}, {}, {"auc": 0.5}, ["a"], started, WORKSPACE, "f"
    )


def test_a_fresh_stage_is_filled_in_with_what_last_made_it_before_the_run() -> None:
    brief = StageRun("a", "fresh", stage("a", {}, {}).key)
    known = [
        made("2025-12-01T00:00:00.000Z", "1"),
        made("2025-12-31T00:00:00.000Z", "2"),
        made("2026-02-01", "3"),
    ]
    [found] = completed(record(brief), lambda _: known).stages
    assert found.outs == {"o": art("2")}
    assert found.metrics == {"auc": 0.5}
    assert found.status == "fresh"


def test_a_fresh_stage_that_only_a_later_record_tells_of_is_filled_in_with_the_first() -> None:
    brief = StageRun("a", "fresh", stage("a", {}, {}).key)
    [found] = completed(
        record(brief), lambda _: [made(None, "1", "recorded"), made("2026-02-01", "3")]
    ).stages
    assert found.outs == {"o": art("1")}
    assert completed(record(brief), lambda _: []).stages == (brief,)


def test_inputs_from_outside_are_those_that_no_stage_made() -> None:
    assert set(outside_inputs(pipeline().stages)) == {"raw", "train.py"}
    inner = [stage("a", {"x": "1"}, {"dir": "1"}), stage("b", {"dir/file": "1"}, {})]
    assert set(outside_inputs(inner)) == {"x"}


def test_a_recipe_does_not_see_what_stages_made_of_each_others_outputs() -> None:
    assert recipe_of(pipeline()) == recipe_of(pipeline("other", 0.1))
    changed = record(stage("prepare", {"raw": "new"}, {"clean": "p"}), *pipeline().stages[1:])
    assert recipe_of(changed) != recipe_of(pipeline())
    params = record(*(stage("a", {}, {}, params={"params.yaml": {"depth": depth}}) for depth in (3,)))
    assert recipe_of(params) != recipe_of(record(stage("a", {}, {})))


def test_what_an_event_keeps_is_plain_json() -> None:
    value = summary(compare(pipeline(), pipeline("other", 0.8)), "20260102T000000000-00000002")
    assert pretty(dict(value))
    assert value["outputs"] == ["model", "scores"]
    assert value["metrics"] == {"score:auc": [0.9, 0.8]}
