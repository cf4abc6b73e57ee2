"""Metrics of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlops_cli.errors import FileError
from mlops_cli.evaluation.measure import Measurer
from mlops_cli.evaluation.own_metrics import OwnFunction
from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.wishes import OwnMetricWish

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
def right(truth, predicted):
    return sum(t == p for t, p in zip(truth, predicted)) / len(truth)

right.direction = "up"

def mean_score(scores):
    return scores.mean()

def by_place(a, b):
    return float((a != b).mean())

def broken(truth, predicted):
    raise ValueError("no   such\\ncolumn")

def nothing(truth, predicted):
    return float("nan")

def fragile(truth, predicted):
    if len(truth) < 100:
        raise ValueError("too few")
    return 1.0
"""


def own(folder: Path, name: str, **more: Any) -> OwnFunction:
    (folder / "own.py").write_text(CODE)
    return OwnFunction(OwnMetricWish(name, f"{folder}/own.py:{name}", **more))


def sample(n: int = 100) -> Sample:
    draw = np.random.default_rng(1)
    truth = draw.integers(0, 2, n)
    predicted = np.where(draw.random(n) < 0.8, truth, 1 - truth)
    return Sample("binary", truth, predicted, draw.random(n), ("no", "yes"))


def test_a_function_of_the_users_is_measured_with_an_interval(tmp_path: Path) -> None:
    one = sample()
    found = own(tmp_path, "right").measure(one, None)
    wanted = Measurer(one).measure("accuracy")
    assert found.value == wanted.value
    assert (found.method, found.direction, found.n) == ("jackknife", "up", 100)
    assert found.low == pytest.approx(wanted.low, abs=0.03)
    assert found.high == pytest.approx(wanted.high, abs=0.03)


def test_it_is_given_what_its_parameters_ask_for(tmp_path: Path) -> None:
    one = sample()
    assert (
        own(tmp_path, "mean_score").measure(one, None).value is None
    )  # one parameter, and not called truth or predicted
    right = own(tmp_path, "right").measure(one, None).value
    assert right is not None
    assert own(tmp_path, "by_place").measure(one, None).value == pytest.approx(1 - right)


def test_which_way_is_better_can_be_said_where_it_is_asked_for(tmp_path: Path) -> None:
    assert own(tmp_path, "by_place").direction is None
    assert own(tmp_path, "by_place", direction="down").direction == "down"


def test_on_some_rows_it_is_that_of_those_rows(tmp_path: Path) -> None:
    one, rows = sample(), np.arange(40)
    assert own(tmp_path, "right").measure(one, rows).value == Measurer(one).measure("accuracy", rows).value


@pytest.mark.parametrize(
    ("name", "said"), [("broken", "ValueError: no such column"), ("nothing", "returned nan")]
)
def test_a_function_that_fails_is_an_error_with_what_it_said(tmp_path: Path, name: str, said: str) -> None:
    found = own(tmp_path, name).measure(sample(), None)
    assert (found.status, found.value) == ("error", None)
    assert said in found.note


def test_a_function_that_fails_without_some_rows_has_no_interval(tmp_path: Path) -> None:
    found = own(tmp_path, "fragile").measure(sample(), None)
    assert (found.value, found.low) == (1.0, None)
    assert "no interval" in found.note


def test_few_rows_and_no_rows_are_said(tmp_path: Path) -> None:
    assert "needs 20 rows" in own(tmp_path, "right").measure(sample(10), None).note
    assert own(tmp_path, "right").measure(sample(), np.array([], dtype=np.int64)).status == "insufficient"


def test_a_function_that_there_is_not_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="has no nobody"):
        own(tmp_path, "nobody")
