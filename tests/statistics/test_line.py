"""Samples on a line: exact p-values, bins against values, and laws of distances."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlops_cli.statistics.line import (
    ks,
    ks_from_counts,
    mann_whitney_from_counts,
    wasserstein,
    wasserstein_from_points,
    wasserstein_from_quantiles,
)

VALUES = st.lists(st.integers(-5, 5), min_size=1, max_size=30)


def test_kolmogorov_smirnov_has_the_values_that_scipy_publishes() -> None:
    """Of scipy: stats/tests/test_stats.py, TestKSTwoSamples; worked out there by other means than ours."""
    hundred, more = np.linspace(1, 100, 100), np.linspace(1, 100, 110)
    found = ks(hundred, more + 20.1)
    assert found.statistic == pytest.approx(232 / 1100)
    assert found.p_value == pytest.approx(0.015739183865607353)
    found = ks(hundred, more + 19.9)
    assert found.statistic == pytest.approx(229 / 1100)
    assert found.p_value == pytest.approx(0.017803803861026313)
    assert ks(hundred, hundred + 2.1).p_value == pytest.approx(0.9999999999962055)


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 60))
def test_without_ties_the_p_value_is_the_exact_one_of_scipy(seed: int, n: int, m: int) -> None:
    random = np.random.default_rng(seed)
    one, two = random.normal(size=n), random.normal(0.5, 1, size=m)
    ours, theirs = ks(one, two), stats.ks_2samp(one, two, method="exact")
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=5), st.lists(st.integers(0, 3), min_size=2, max_size=5)
)
def test_with_ties_the_p_value_counts_every_way_to_deal_out_the_rows(one: list[int], two: list[int]) -> None:
    pooled = np.array(one + two)
    observed = ks(one, two)
    reached = []
    for chosen in combinations(range(len(pooled)), len(one)):
        rest = np.delete(pooled, chosen)
        reached.append(ks(pooled[list(chosen)], rest).statistic >= observed.statistic - 1e-12)
    assert observed.p_value == pytest.approx(np.mean(reached))


def test_tiny_p_values_keep_their_digits() -> None:
    found = ks(np.arange(200), np.arange(300) + 1000)
    # Only two ways of so many set the samples wholly apart.
    from scipy.special import binom

    assert found.p_value == pytest.approx(2 / binom(500, 200), rel=1e-9)


def test_where_exactness_is_too_much_work_the_p_value_is_close() -> None:
    random = np.random.default_rng(5)
    one, two = random.normal(size=9000), random.normal(0.03, 1, size=12_000)
    theirs = stats.ks_2samp(one, two, method="exact")
    assert ks(one, two).p_value == pytest.approx(theirs.pvalue, rel=0.02)


@given(VALUES, VALUES)
def test_counts_of_whole_values_tell_what_the_values_tell(one: list[int], two: list[int]) -> None:
    first, second = (np.bincount(np.array(side) + 5, minlength=11) for side in (one, two))
    assert ks_from_counts(first, second) == ks(one, two)
    assert wasserstein_from_points(np.arange(-5, 6), first, second) == pytest.approx(wasserstein(one, two))


@given(VALUES, VALUES)
def test_the_wasserstein_distance_is_that_of_scipy_and_symmetric(one: list[int], two: list[int]) -> None:
    assert wasserstein(one, two) == pytest.approx(stats.wasserstein_distance(one, two))
    assert wasserstein(one, two) == pytest.approx(wasserstein(two, one))
    assert wasserstein(one, one) == 0


@given(VALUES, VALUES)
def test_mann_whitney_is_that_of_scipy(one: list[int], two: list[int]) -> None:
    first, second = (np.bincount(np.array(side) + 5, minlength=11) for side in (one, two))
    ours = mann_whitney_from_counts(first, second)
    pairs = [(y > x) + (y == x) / 2 for x in one for y in two]
    assert ours.statistic == sum(pairs)
    if len({*one, *two}) == 1:
        assert ours.p_value == 1
    else:
        theirs = stats.mannwhitneyu(two, one, method="asymptotic")
        assert ours.p_value == pytest.approx(min(1.0, theirs.pvalue))


def test_bins_come_short_of_values_by_no_more_than_the_largest_bin() -> None:
    random = np.random.default_rng(2)
    one, two = random.normal(size=2000), random.normal(0.3, 1.2, size=1500)
    edges = np.quantile(one, np.linspace(0, 1, 33)[1:-1])
    first, second = (np.bincount(np.searchsorted(edges, side), minlength=32) for side in (one, two))
    largest = max((first / 2000).max(), (second / 1500).max())
    whole, binned = ks(one, two).statistic, ks_from_counts(first, second).statistic
    assert whole - largest <= binned <= whole + 1e-12


def test_quantiles_tell_the_wasserstein_distance_of_a_shift() -> None:
    random = np.random.default_rng(3)
    values = random.gamma(2, size=4001)
    levels = (np.arange(64) + 0.5) / 64
    one, two = np.quantile(values, levels), np.quantile(values + 0.25, levels)
    assert wasserstein_from_quantiles(one, two) == pytest.approx(0.25)


def test_one_value_and_equal_values_are_no_trouble() -> None:
    assert ks([1], [1]).p_value == 1
    assert ks([1], [2]).p_value == 1
    assert ks([3] * 20, [3] * 30).statistic == 0
    assert mann_whitney_from_counts([20], [30]).p_value == 1
    assert wasserstein([1], [4]) == 3
    assert ks_from_counts([0.5, 0.25], [0.25, 0.25]).statistic == pytest.approx(1 / 6)


@pytest.mark.parametrize("wrong", [[], [float("nan")], [float("inf")], [[1.0]]])
def test_what_is_no_sample_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="value"):
        ks(wrong, [1.0])
    with pytest.raises(ValueError, match="value"):
        wasserstein([1.0], wrong)


def test_values_as_far_apart_as_floats_go_are_no_trouble(recwarn: pytest.WarningsRecorder) -> None:
    largest = 1.7976931348623157e308
    assert ks([5e-324, largest], [-largest]).statistic == 1
    assert wasserstein([largest] * 2, [-largest] * 3) == wasserstein([largest], [-largest]) == np.inf
    assert wasserstein([largest], [largest] * 2) == 0
    assert not recwarn.list


def test_points_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="points rise"):
        wasserstein_from_points([0, 0], [1, 1], [1, 1])
    with pytest.raises(ValueError, match="quantiles"):
        wasserstein_from_quantiles([], [])
