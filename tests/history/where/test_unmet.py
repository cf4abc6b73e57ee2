"""Why nothing was found."""

from __future__ import annotations

from datetime import datetime

import pytest

from mlops_cli.history.near_values import nearest_values
from mlops_cli.history.where.unmet import Unmet, unmet
from tests.support.known_runs import known

NOW = datetime.fromisoformat("2026-02-03T17:59:00Z").timestamp()
RUNS = [
    known(1, params={"depth": 8, "loss": "mae"}, stages=("prepare", "train"), status="ok"),
    known(2, params={"depth": 4, "loss": "mae"}, stages=("prepare", "train"), status="failed"),
    known(3, params={"depth": 4, "loss": None}, stages=("prepare", "train"), status="ok", branch=None),
]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("params.depth == '8'", Unmet("params.depth == '8'", ("8", "4"))),
        ("params.depth > 8", Unmet("params.depth > 8", ("8", "4"))),
        ("stage == trian", Unmet("stage == 'trian'", ("'train'", "'prepare'"))),
        ("status == killed", Unmet("status == 'killed'", ("'failed'", "'ok'"))),
        ("params.loss in ('mse', 'MAE')", Unmet("params.loss in ('mse', 'MAE')", ("'mae'", "null"))),
        ("outcome exists", Unmet("outcome exists")),
        ("outcome == confirmed", Unmet("outcome == 'confirmed'")),
        ("not params.depth < 9", Unmet("not params.depth < 9", ("8", "4"))),
        ("not (status == ok or status == failed)", Unmet("not (status == 'ok' or status == 'failed')")),
        (
            "started < 2026-01-30",
            Unmet("started < '2026-01-30'", ("2026-01-31T17:00",)),
        ),  # all three within a minute
        ("seconds > 1h", Unmet("seconds > '1h'", ("12.5s",))),
    ],
)
def test_a_part_that_no_run_meets_is_told_with_what_there_is(condition: str, expected: Unmet) -> None:
    assert unmet([condition], RUNS, NOW) == (expected,)


def test_only_the_parts_that_no_run_meets_are_told_each_once() -> None:
    conditions = ["status == ok and stage == trian", "stage == trian", "params.depth == 8 or author ~ nobody"]
    assert [each.text for each in unmet(conditions, RUNS, NOW)] == ["stage == 'trian'", "author ~ 'nobody'"]
    assert unmet(["params.depth == 8 and status == failed"], RUNS, NOW) == ()


def test_runs_elsewhere_that_meet_it_are_counted() -> None:
    others = [known(7, status="killed"), known(8, status="ok")]
    assert unmet(["status == killed"], RUNS, NOW, others)[0].elsewhere == 1


def test_of_many_values_the_nearest_are_named_and_the_others_counted() -> None:
    assert nearest_values([50.5], range(1000)) == ([50, 51, 49], 997)
    assert nearest_values(["Forrest"], ["tree", "forest", "linear", "svm"], 1) == (["forest"], 3)
    assert nearest_values([True], [1, 1, 0]) == ([1, 0], 0)
    assert nearest_values([], []) == ([], 0)


def test_what_json_cannot_say_may_be_asked_for() -> None:
    assert unmet(["params.loss == .inf"], RUNS, NOW)[0].nearest == ("'mae'", "null")
    assert nearest_values([float("inf")], [1, 2]) == ([1, 2], 0)
