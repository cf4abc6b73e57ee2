from __future__ import annotations

from statistics import stdev
from typing import Any

import pytest

from mlops_cli.history.compare import Cell, Change, Comparison, MetricCell, compare
from mlops_cli.history.sides import Facts, Input, Side


def side(*runs: dict[str, Any]) -> Side:
    return Side(tuple(Facts(name="A", run="r", **fields) for fields in runs))


def of(*sides: dict[str, Any] | list[dict[str, Any]], **options: Any) -> Comparison:
    return compare([side(*(each if isinstance(each, list) else [each])) for each in sides], **options)


def test_only_what_differs_is_told() -> None:
    result = of(
        {"params": {"depth": 4, "lr": 0.1, "old": 1, "same": 8}},
        {"params": {"depth": 8, "lr": 0.1, "new": None, "same": 8.0}},
    )
    assert [(row.name, row.cells) for row in result.params] == [
        ("depth", (Cell((4,)), Cell((8,)))),
        ("new", (None, Cell((None,)))),
        ("old", (Cell((1,)), None)),
    ]


def test_all_widens_to_what_is_the_same() -> None:
    sides = ({"params": {"lr": 0.1}, "metrics": {"auc": 1}}, {"params": {"lr": 0.1}, "metrics": {"auc": 1}})
    assert (of(*sides).params, of(*sides).metrics) == ((), ())
    wide = of(*sides, everything=True)
    assert [row.name for row in wide.params] == ["lr"]
    assert [row.name for row in wide.metrics] == ["auc"]


def test_each_run_has_its_column_and_the_first_is_the_baseline() -> None:
    result = of(
        {"metrics": {"auc": 0.8}}, {"metrics": {"auc": 0.9}}, {"metrics": {}}, {"metrics": {"auc": 0.6}}
    )
    (row,) = result.metrics
    assert [cell and cell.value for cell in row.cells] == [0.8, 0.9, None, 0.6]
    assert [change and change.mark for change in row.changes] == [None, "better", None, "worse"]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("auc", 0.8, 0.9, Change(pytest.approx(0.1), pytest.approx(0.125), "better", None)),  # type: ignore[arg-type]
        ("loss", 0.8, 0.9, Change(pytest.approx(0.1), pytest.approx(0.125), "worse", None)),  # type: ignore[arg-type]
        ("rows", 0, 5, Change(5, None, None, None)),
        ("r2", -0.5, 0.5, Change(1.0, 2.0, "better", None)),
    ],
)
def test_a_change_is_told_absolute_relative_and_by_direction(
    name: str, old: float, new: float, expected: Change
) -> None:
    (row,) = of({"metrics": {name: old}}, {"metrics": {name: new}}).metrics
    assert row.changes[1] == expected


def test_what_the_settings_say_of_a_metric_counts() -> None:
    (row,) = of({"metrics": {"claims": 1}}, {"metrics": {"claims": 2}}, said={"claims": "down"}).metrics
    assert (row.way, row.changes[1] and row.changes[1].mark) == ("down", "worse")


@pytest.mark.parametrize(("low", "overlap"), [(0.84, True), (0.85, True), (0.86, False)])
def test_intervals_that_overlap_are_told(low: float, overlap: bool) -> None:
    old = {"value": 0.8, "n": 50, "low": 0.75, "high": 0.85}
    new = {"value": 0.9, "n": 60, "low": low, "high": 0.95}
    (row,) = of({"metrics": {"auc": old}}, {"metrics": {"auc": new}}).metrics
    assert row.cells[0] == MetricCell(0.8, 0.75, 0.85, 50)
    assert row.changes[1] is not None
    assert row.changes[1].overlap is overlap
    (alone,) = of({"metrics": {"auc": old}}, {"metrics": {"auc": 0.9}}).metrics
    assert alone.changes[1] is not None
    assert alone.changes[1].overlap is None


def test_repeated_runs_are_told_by_mean_and_spread() -> None:
    values = [0.8, 0.82, 0.84]
    first = [{"metrics": {"auc": value}, "params": {"seed": n}} for n, value in enumerate(values)]
    second = [
        {"metrics": {"auc": 0.9}, "params": {"seed": 0}},
        {"metrics": {"auc": 0.92}, "params": {"seed": 0}},
    ]
    result = of(first, second)
    (row,) = result.metrics
    assert row.cells[0] is not None
    assert row.cells[0].value == pytest.approx(0.82)
    assert (row.cells[0].sd, row.cells[0].runs) == (stdev(values), 3)
    assert row.changes[1] is not None
    assert row.changes[1].overlap is False
    (seed,) = result.params
    assert seed.cells == (Cell((0, 1, 2)), Cell((0,)))


def test_repeated_runs_alone_show_all_their_metrics_and_what_varies() -> None:
    result = of([{"metrics": {"auc": 1}, "params": {"seed": n, "lr": 1}} for n in range(3)])
    assert [row.name for row in result.metrics] == ["auc"]
    assert [row.name for row in result.params] == ["seed"]


def test_a_metric_that_is_no_number_is_told_as_it_is() -> None:
    (row,) = of({"metrics": {"grade": "b"}}, {"metrics": {"grade": "a"}}).metrics
    assert [cell and cell.raw for cell in row.cells] == ["b", "a"]
    assert row.changes == (None, None)


def test_code_is_no_data() -> None:
    old = {"inputs": {"train.py": Input("b3:1", 1), "raw.csv": Input("b3:2", 2)}}
    new = {"inputs": {"train.py": Input("b3:3", 1), "raw.csv": Input("b3:4", 2)}}
    assert [row.name for row in of(old, new).data] == ["raw.csv", "train.py"]
    assert [row.name for row in of(old, new, is_code=lambda _, path: path.endswith(".py")).data] == [
        "raw.csv"
    ]


def test_an_environment_that_is_not_known_differs_from_none() -> None:
    old, new = {"environment": {"python": "3.11"}}, {"environment": {"python": "3.12", "packages.x": "1"}}
    unknown: dict[str, Any] = {"environment": None}
    assert of(old, unknown).environment == ()
    assert [row.name for row in of(old, unknown, new).environment] == ["packages.x", "python"]


def test_a_stage_that_one_side_did_not_run_is_no_difference_in_programs() -> None:
    result = of({"commands": {"a": "x", "b": "y"}}, {"commands": {"a": "z"}})
    assert [row.name for row in result.commands] == ["a"]


def test_parents_are_compared() -> None:
    (row,) = of({"parents": {"churn": {"version": "v1"}}}, {"parents": {"churn": {"version": "v2"}}}).parents
    assert row.cells == (Cell(({"version": "v1"},)), Cell(({"version": "v2"},)))
