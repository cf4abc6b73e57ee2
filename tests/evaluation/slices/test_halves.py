"""Rows as numbers of their content, and halves by them."""

from __future__ import annotations

import numpy as np

from mlops_cli.evaluation.slices.columns import ArrayColumns
from mlops_cli.evaluation.slices.halves import halves, row_numbers


def _columns(order: np.ndarray | None = None) -> ArrayColumns:
    draw = np.random.default_rng(0)
    values = {"a": draw.normal(size=400), "b": draw.choice(["x", "y"], 400)}
    return ArrayColumns({name: held if order is None else held[order] for name, held in values.items()})


def test_a_row_has_its_number_in_any_order() -> None:
    order = np.random.default_rng(1).permutation(400)
    assert (row_numbers(_columns(order)) == row_numbers(_columns())[order]).all()


def test_rows_that_differ_have_different_numbers() -> None:
    assert len(np.unique(row_numbers(_columns()))) == 400


def test_texts_count_by_what_they_say() -> None:
    one, two = ArrayColumns({"a": ["x", "y"]}), ArrayColumns({"a": ["y", "x"]})
    assert (row_numbers(one) == row_numbers(two)[::-1]).all()


def test_minus_zero_is_zero_and_every_nan_is_missing() -> None:
    numbers = row_numbers(ArrayColumns({"a": np.array([0.0, -0.0, np.nan, -np.nan])}))
    assert numbers[0] == numbers[1]
    assert numbers[2] == numbers[3]


def test_the_columns_name_and_place_count() -> None:
    one = row_numbers(ArrayColumns({"a": [1.0], "b": [2.0]}))
    assert one != row_numbers(ArrayColumns({"a": [2.0], "b": [1.0]}))
    assert one != row_numbers(ArrayColumns({"a": [1.0], "c": [2.0]}))


def test_halves_are_about_equal_and_fall_like_coins_where_rows_are_the_same() -> None:
    assert 150 < halves(row_numbers(_columns())).sum() < 250
    draw = np.random.default_rng(3)
    counts = [halves(np.full(100, number, np.uint64)).sum() for number in draw.integers(0, 1 << 60, 300)]
    # A binomial of 100 coins has a standard deviation of 5; dealt out in turn it would have none.
    assert 4.2 < np.std(counts) < 5.9
    assert abs(np.mean(counts) - 50) < 1.2
