"""Ranks and rank correlation against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlops_cli.statistics.ranks import midranks, spearman, spearman_matrix, top_overlap

PAIRS = st.integers(1, 30).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(-8, 8), min_size=n, max_size=n) for _ in range(2)))
)
Pair = tuple[list[int], list[int]]


@given(PAIRS)
def test_ranks_are_those_of_scipy(pair: Pair) -> None:
    assert midranks(pair[0]).tolist() == stats.rankdata(pair[0]).tolist()


@given(PAIRS)
def test_the_correlation_is_that_of_scipy(pair: Pair) -> None:
    one, two = pair
    found = spearman(one, two)
    if len({*one}) == 1 or len({*two}) == 1:
        assert found is None
    else:
        assert found == pytest.approx(stats.spearmanr(one, two).statistic, abs=1e-12)
        assert spearman(two, one) == found
        assert spearman(one, one) == 1
        assert spearman(one, [-value for value in one]) == -1
        assert spearman(one, [value**3 for value in two]) == found


def test_the_matrix_has_the_correlation_of_each_pair() -> None:
    random = np.random.default_rng(1)
    table = random.integers(0, 9, size=(60, 5)).astype(float)
    table[:, 3] = 2.0
    found = spearman_matrix(table)
    for i in range(5):
        for j in range(5):
            expected = 1.0 if i == j else spearman(table[:, i], table[:, j])
            assert math.isnan(found[i, j]) if expected is None else found[i, j] == pytest.approx(expected)


def test_the_overlap_of_the_largest() -> None:
    assert top_overlap([3, 2, 1], [3, 2, 1], 2) == 1
    assert top_overlap([3, 2, 1], [1, 2, 3], 1) == 0
    # Of equal values the earlier counts as larger, in both.
    assert top_overlap([0, 0, 0], [0, 0, 0], 2) == 1


def test_what_has_no_ranks_is_refused(recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(ValueError, match="finite"):
        midranks([math.nan])
    with pytest.raises(ValueError, match="partner"):
        spearman([1, 2], [1])
    with pytest.raises(ValueError, match="table"):
        spearman_matrix([1.0, 2.0])
    for k in (0, 3):
        with pytest.raises(ValueError, match="k lies"):
            top_overlap([1, 2], [1, 2], k)
    assert spearman([], []) is None
    assert np.isnan(spearman_matrix(np.ones((3, 2)))[0, 1])
    assert not recwarn.list
