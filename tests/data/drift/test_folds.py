"""Which rows are held back from the classifier, and what it is worth where blocks of time contradict each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlops_cli.data.drift.domain import joint_drift
from mlops_cli.data.drift.model import DriftSettings, JointDrift
from mlops_cli.data.drift.rows import Numbers, Rows


def rows(columns: dict[str, Any]) -> Rows:
    made: dict[str, Numbers | Any] = {
        name: Numbers(np.asarray(values, dtype=np.float64), time=name == "when")
        for name, values in columns.items()
    }
    return Rows(np.arange(len(columns["when"])), made)


def by_turns(seed: int, wave: float) -> list[dict[str, Any]]:
    """Return two tables of ten blocks of time each, whose values are higher in every other block: of one table in the even ones, of
    the other in the odd ones."""
    random = np.random.default_rng(seed)
    block = np.repeat(np.arange(10), 200)
    return [
        {
            "when": np.arange(2000.0),
            "a": random.normal(size=2000) + wave * np.where(block % 2 == turn, 1.0, -1.0),
            "b": random.normal(size=2000),
        }
        for turn in (0, 1)
    ]


def judged(sides: list[dict[str, Any]], *names: str) -> JointDrift:
    first, second = (rows(each) for each in sides)
    return joint_drift(first, second, names or list(sides[0]), DriftSettings())


def test_what_turns_round_from_block_to_block_has_no_verdict_and_says_so() -> None:
    sides = by_turns(1, 0.5)
    # By lot the classifier sees half a wave of every block: a little of it stays, in the way that time goes.
    sides[0]["b"], sides[1]["b"] = (
        np.sin(side["when"] / 30) + 3 * at * (side["when"] % 400 < 200) for at, side in enumerate(sides)
    )
    found = judged(sides)
    assert found.verdict == "insufficient"
    assert found.auc is None
    assert "contradict each other" in found.reason
    assert "lot" in found.folds


def test_what_cannot_be_told_apart_by_lot_either_passes() -> None:
    found = judged(by_turns(2, 0.6))
    assert found.verdict == "pass"
    assert found.auc == pytest.approx(0.5, abs=0.05)
    assert "contradict" in found.folds


def test_blocks_of_time_are_used_where_they_do_not_mislead() -> None:
    found = judged(by_turns(3, 0.0))
    assert (found.verdict, found.folds) == ("pass", "10 blocks of when, every other one held back")


def test_a_column_that_nobody_looks_at_changes_nothing() -> None:
    random = np.random.default_rng(4)
    sides = by_turns(4, 0.0)
    for at, side in enumerate(sides):
        side["yr"] = np.full(2000, at)
        side["a"] = side["a"] + at
        side["c"] = random.normal(size=2000)
    whole, less = judged(sides), judged(sides, "when", "a", "b", "c")
    assert ("yr", "one value in each table") in whole.dropped
    assert (whole.auc, whole.separators) == (less.auc, less.separators)
