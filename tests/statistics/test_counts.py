"""Tests on counts against those of scipy and statsmodels, and what few rows do to them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from mlops_cli.statistics.counts import (
    binomial_at_least,
    binomial_at_most,
    fisher,
    g_test,
    proportions_score,
    two_sample_chi2,
)

CELLS = st.integers(2, 12).flatmap(
    lambda k: st.tuples(*(st.lists(st.integers(0, 60), min_size=k, max_size=k) for _ in range(2)))
)
RATES = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(CELLS)
def test_both_tests_are_those_of_scipy_where_nothing_is_pooled(cells: tuple[list[int], list[int]]) -> None:
    one, two = map(np.array, cells)
    assume(one.sum() and two.sum() and np.count_nonzero(one + two) > 1)
    table = np.stack([one, two])[:, one + two > 0]
    for ours, kind in ((two_sample_chi2(one, two, 0), None), (g_test(one, two, 0), "log-likelihood")):
        theirs = stats.chi2_contingency(table, correction=False, lambda_=kind)
        assert ours.statistic == pytest.approx(theirs.statistic, abs=1e-9)
        assert ours.df == theirs.dof
        assert ours.p_value == pytest.approx(theirs.pvalue)
        assert ours.pooled == 0


@given(CELLS)
def test_pooling_leaves_no_cell_in_which_too_few_are_expected(cells: tuple[list[int], list[int]]) -> None:
    one, two = map(np.array, cells)
    assume(one.sum() and two.sum())
    found = two_sample_chi2(one, two)
    share = min(one.sum(), two.sum()) / (one.sum() + two.sum())
    both = np.sort((one + two)[one + two > 0])
    assert 0 <= found.p_value <= 1
    if not found.pooled:
        assert both[0] * share >= 5 or len(both) == 1
    else:
        # The pool holds the smallest cells, and is large enough, or all there is.
        assert both[: found.pooled].sum() * share >= 5 - 1e-9 or found.pooled == len(both)
        assert all(both[found.pooled :] * share >= 5 - 1e-9)
    assert found.df == max(0, len(both) - max(found.pooled, 1))


@given(CELLS, st.randoms())
def test_neither_the_order_of_cells_nor_of_samples_matters(
    cells: tuple[list[int], list[int]], random: np.random.Generator
) -> None:
    one, two = cells
    assume(sum(one) and sum(two))
    order = list(range(len(one)))
    random.shuffle(order)
    first, again = (
        two_sample_chi2(one, two),
        two_sample_chi2([two[i] for i in order], [one[i] for i in order]),
    )
    # Which of equally large cells is pooled depends on the order.
    if not first.pooled:
        assert again.p_value == pytest.approx(first.p_value)
    assert (again.df, again.pooled) == (first.df, first.pooled)


def test_one_cell_tells_nothing() -> None:
    assert two_sample_chi2([10], [20]).p_value == 1
    assert g_test([0, 10], [0, 20]).df == 0
    assert two_sample_chi2([2, 1], [1, 1]).p_value == 1


@pytest.mark.parametrize(
    ("one", "two"),
    [([], []), ([1], [1, 2]), ([0, 0], [1, 2]), ([-1, 3], [1, 2]), ([math.nan], [1]), ([[1]], [[1]])],
)
def test_what_is_no_pair_of_samples_is_refused(one: list[float], two: list[float]) -> None:
    for test in (two_sample_chi2, g_test):
        with pytest.raises(ValueError, match=r"sample|counts"):
            test(one, two)


@pytest.mark.slow
def test_the_tests_keep_their_level_with_few_rows() -> None:
    random = np.random.default_rng(3)
    shares = np.array([0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.03, 0.02])
    for n, m in ((50, 80), (200, 2000)):
        fired = [
            two_sample_chi2(random.multinomial(n, shares), random.multinomial(m, shares)).p_value < 0.05
            for _ in range(4000)
        ]
        assert np.mean(fired) == pytest.approx(0.05, abs=0.013)


@given(RATES, RATES)
def test_the_score_test_is_that_of_statsmodels(one: tuple[int, int], two: tuple[int, int]) -> None:
    found = proportions_score(*one, *two)
    if 0 < one[0] + two[0] < one[1] + two[1]:
        z, p_value = proportions_ztest([one[0], two[0]], [one[1], two[1]])
        assert (found.statistic, found.p_value) == pytest.approx((z, p_value))
    else:
        assert (found.statistic, found.p_value) == (0, 1)


@given(RATES, RATES)
def test_fisher_is_that_of_scipy(one: tuple[int, int], two: tuple[int, int]) -> None:
    table = [[one[0], one[1] - one[0]], [two[0], two[1] - two[0]]]
    assert fisher(*one, *two) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-7)


def test_fisher_is_that_of_the_tasting_lady() -> None:
    """R. A. Fisher, The Design of Experiments (1935): 3 of 4 against 1 of 4."""
    assert fisher(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert fisher(4, 4, 0, 4) == pytest.approx(2 / 70)


@given(RATES, st.floats(0, 1))
def test_binomial_tails_are_those_of_scipy(rate: tuple[int, int], p: float) -> None:
    k, n = rate
    assert binomial_at_least(k, n, p) == pytest.approx(stats.binom.sf(k - 1, n, p), abs=1e-12)
    assert binomial_at_most(k, n, p) == pytest.approx(stats.binom.cdf(k, n, p), abs=1e-12)


def test_what_is_no_rate_is_refused() -> None:
    for wrong in ((0, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="a rate needs rows"):
            fisher(*wrong, 1, 2)
        with pytest.raises(ValueError, match="a rate needs rows"):
            proportions_score(1, 2, *wrong)
    for k, n, p in ((3, 2, 0.5), (-1, 2, 0.5), (1, 2, 1.5), (1, 2, math.nan)):
        with pytest.raises(ValueError, match="successes lie"):
            binomial_at_least(k, n, p)
        with pytest.raises(ValueError, match="successes lie"):
            binomial_at_most(k, n, p)
