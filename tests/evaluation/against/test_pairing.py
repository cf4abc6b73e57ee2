"""Rows are paired when they are the same rows, and refused when they are not."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_cli.errors import DataError
from mlops_cli.evaluation.against.pairing import pair, rows_digest


def test_rows_in_order_are_paired_when_the_same_is_true_of_them() -> None:
    rows, base_rows = pair(["a", "b"], ["a", "b"])
    assert rows.tolist() == base_rows.tolist() == [0, 1]
    assert pair(np.array([1.5, np.nan]), np.array([1.5, np.nan]))[0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("truth", "other", "says"),
    [
        ([1, 2, 3], [1, 2], "3 and 2"),
        ([1, 2, 3], [1, 3, 2], "differs in 2 of 3, first in row 2"),
        ([1.0, np.nan], [1.0, 2.0], "differs in 1 of 2"),
    ],
)
def test_different_rows_are_refused_with_what_differs(
    truth: list[float], other: list[float], says: str
) -> None:
    with pytest.raises(DataError, match=says) as caught:
        pair(truth, other)
    assert caught.value.hint


def test_rows_with_keys_are_paired_in_any_order() -> None:
    keys = np.array(["d", "a", "c", "b"])
    order = np.array([2, 0, 3, 1])
    truth = np.array([0, 1, 0, 1])
    rows, base_rows = pair(truth, truth[order], keys, keys[order])
    assert (keys[rows] == keys[order][base_rows]).all()


def test_keys_that_are_not_alike_or_not_unique_are_refused() -> None:
    with pytest.raises(DataError, match="key b is in one of them only"):
        pair([0, 0], [0, 0], ["a", "b"], ["a", "c"])
    with pytest.raises(DataError, match="key a is there more than once"):
        pair([0, 0], [0, 0], ["a", "a"], ["a", "b"])
    with pytest.raises(DataError, match="what is true differs"):
        pair([0, 1], [0, 1], ["a", "b"], ["b", "a"])


def test_a_digest_is_that_of_the_rows_in_their_order() -> None:
    assert rows_digest([0, 1]) == rows_digest(np.array([0, 1]))
    assert rows_digest([0, 1]) != rows_digest([1, 0])
    assert rows_digest([0, 1], ["a", "b"]) != rows_digest([0, 1], ["b", "a"])
