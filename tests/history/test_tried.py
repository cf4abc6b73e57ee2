from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.history.conditions import ReadCondition, read_conditions
from mlops_cli.history.named import Named
from mlops_cli.history.tried import Best, Tried, best_of, search
from tests.support.attempts import known_run

if TYPE_CHECKING:
    from mlops_cli.history.known import KnownRun


def look(runs: list[KnownRun], *texts: str, near: int = 5) -> Tried:
    return search(runs[::-1], read_conditions(texts), near=near)


def numbers(runs: object) -> list[int]:
    return [int(run.id[-8:], 16) for run in runs]  # type: ignore[attr-defined]


def test_all_runs_that_meet_every_condition_are_found_newest_first_failed_ones_too() -> None:
    runs = [
        known_run(1, {"depth": 8, "lr": 0.1}),
        known_run(2, {"depth": 8, "lr": 0.2}),
        known_run(3, {"depth": 8.0, "lr": 0.1}, status="failed"),
        known_run(4, {"depth": 4, "lr": 0.1}),
    ]
    assert numbers(look(runs, "depth=8", "lr=0.1").found) == [3, 1]
    assert numbers(look(runs, "depth=8").found) == [3, 2, 1]
    assert look(runs, "depth=5").found == ()


def test_near_misses_come_by_how_much_is_missed_then_by_how_far() -> None:
    runs = [
        known_run(1, {"depth": 100, "lr": 0.1}),
        known_run(2, {"depth": 7, "lr": 0.1}),
        known_run(3, {"depth": 7, "lr": 0.11}),
        known_run(4, {"depth": "auto", "lr": 0.1}),
        known_run(5, {"lr": 0.1}),
        known_run(6, {"other": 1}),
    ]
    result = look(runs, "depth=8", "lr=0.1", near=10)
    assert numbers(each.run for each in result.near) == [2, 1, 4, 5, 3]
    (miss,) = result.near[0].misses
    assert (miss.about, miss.wanted, miss.had) == ("depth", "8", (7,))


def test_near_misses_of_one_kind_are_told_once_and_counted() -> None:
    runs = [known_run(n, {"depth": 4 if n % 2 else 6}) for n in range(1, 8)]
    result = look(runs, "depth=7", near=2)
    assert [(numbers([each.run]), each.others) for each in result.near] == [([6], 2), ([7], 3)]
    assert numbers(look(runs, "depth=7", near=1).near[i].run for i in range(1)) == [6]
    assert look(runs, "depth=7", near=0).near == ()


def test_a_run_without_the_parameter_asked_for_is_not_near() -> None:
    assert look([known_run(1, {"lr": 1}), known_run(2, {"depth": "deep"})], "depth=8").near == ()


def test_what_was_read_counts_as_any_other_condition() -> None:
    runs = [known_run(1, {"depth": 8}), known_run(2, {"depth": 8})]
    read = ReadCondition("data", "raw.csv", frozenset({runs[0].id}))
    result = search(runs[::-1], [*read_conditions(["depth=8"]), read])
    assert numbers(result.found) == [1]
    assert [(numbers([each.run]), each.misses[0].about) for each in result.near] == [([2], "data")]


def test_the_best_is_that_of_all_runs_that_ended_well() -> None:
    runs = [
        known_run(1, {"depth": 4}, {"auc": 0.9, "loss": 0.5, "rows": 7}),
        known_run(2, {"depth": 8}, {"auc": {"value": 0.8, "n": 10}, "loss": 0.3, "rows": 9}),
        known_run(3, {"depth": 5}, {"auc": 0.99}, status="failed"),
        known_run(4, {"depth": 5}, {"auc": 0.9, "other_loss": 1}),
        known_run(5, {"depth": 5}, {"auc": float("nan"), "loss": "high"}),
    ]
    assert look(runs, "depth=8").best == {
        "auc": Best(0.9, runs[0].id, "up"),
        "loss": Best(0.3, runs[1].id, "down"),
    }
    assert best_of(runs[::-1], ["rows"], {"rows": "up"}) == {"rows": Best(9, runs[1].id, "up")}


def test_a_metric_has_one_name_whichever_stages_ran() -> None:
    every = known_run(1, {"n": 5}, {"eval@a:auc": 0.5, "eval@b:auc": 0.6})
    alone = known_run(2, {"n": 9}, Named({"auc": 0.9}, {"auc": "eval@a"}))
    result = look([every, alone], "n=5")
    assert result.best == {
        "eval@a:auc": Best(0.9, alone.id, "up"),
        "eval@b:auc": Best(0.6, every.id, "up"),
    }
    assert dict(result.metrics(alone)) == {"eval@a:auc": 0.9}


def test_a_repetition_is_found_and_is_never_the_best() -> None:
    first = known_run(1, {"n": 5}, {"auc": 0.5})
    again = known_run(2, {"n": 5}, {"auc": 0.6}, experiment={"rerun": first.id})
    tried_out = known_run(3, {"n": 5}, {"auc": 0.7}, experiment={"bisect": "auc"})
    result = look([first, again, tried_out], "n=5")
    assert numbers(result.found) == [3, 2, 1]
    assert result.best == {"auc": Best(0.5, first.id, "up")}
