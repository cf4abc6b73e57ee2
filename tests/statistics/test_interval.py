"""Intervals against those of other libraries and of the literature, and what they keep of their level."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from mlops_cli.statistics.interval import (
    Interval,
    difference_of_means,
    mean_t,
    newcombe,
    newcombe_paired,
    normal_two_sided,
    ratio_of_rates,
    student_quantile,
    wilson,
)

RATES = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(RATES, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_that_of_statsmodels_and_scipy(rate: tuple[int, int], level: float) -> None:
    k, n = rate
    found = wilson(k, n, level)
    assert (found.low, found.high) == pytest.approx(
        proportion_confint(k, n, 1 - level, method="wilson"), abs=1e-12
    )
    theirs = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(RATES)
def test_wilson_is_the_same_seen_from_the_other_side(rate: tuple[int, int]) -> None:
    k, n = rate
    one, two = wilson(k, n), wilson(n - k, n)
    assert (one.low, one.high) == pytest.approx((1 - two.high, 1 - two.low), abs=1e-12)


def test_newcombe_is_that_of_r() -> None:
    """7 of 34 against 1 of 34: R, as in statsmodels: stats/tests/results/results_proportion.py; and by hand."""
    found = newcombe(7, 34, 1, 34)
    assert (found.low, found.high) == pytest.approx((0.019, 0.340), abs=5e-4)
    assert found.value == pytest.approx(6 / 34)


@given(RATES, RATES)
def test_newcombe_is_that_of_statsmodels(one: tuple[int, int], two: tuple[int, int]) -> None:
    found = newcombe(*one, *two)
    theirs = confint_proportions_2indep(*one, *two, compare="diff", method="newcomb")
    assert (found.low, found.high) == pytest.approx(theirs, abs=1e-12)
    other = newcombe(*two, *one)
    assert (found.low, found.high) == pytest.approx((-other.high, -other.low), abs=1e-12)
    assert -1 <= found.low <= found.value <= found.high <= 1


def test_paired_rates_without_correlation_are_as_if_independent() -> None:
    # 25 and 25 agree, 25 and 25 do not: the correlation is 0.
    found, apart = newcombe_paired(25, 25, 25, 25), newcombe(50, 100, 50, 100)
    assert (found.low, found.high) == pytest.approx((apart.low, apart.high))


def test_paired_rates_that_never_disagree_differ_by_nothing_but_what_few_rows_hide() -> None:
    for n in (10, 1000):
        found = newcombe_paired(n // 2, 0, 0, n // 2)
        assert found.value == 0
        assert found.low == pytest.approx(-found.high)
        assert 0 < found.high < newcombe(n // 2, n, n // 2, n).high


@pytest.mark.slow
def test_paired_intervals_keep_their_level() -> None:
    random, inside, runs = np.random.default_rng(1), 0, 4000
    shares = np.array([0.7, 0.12, 0.08, 0.1])
    for table in random.multinomial(150, shares, size=runs).tolist():
        inside += shares[1] - shares[2] in newcombe_paired(*table)
    assert inside / runs == pytest.approx(0.95, abs=0.015)


@given(RATES, RATES)
def test_ratios_are_those_of_statsmodels(one: tuple[int, int], two: tuple[int, int]) -> None:
    found = ratio_of_rates(*one, *two)
    assert 0 < found.low <= found.value <= found.high
    if one[0] and two[0]:
        theirs = confint_proportions_2indep(*one, *two, compare="ratio", method="log")
        assert (found.low, found.high) == pytest.approx(theirs)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=50))
def test_the_interval_of_a_mean_is_students(values: list[float]) -> None:
    sample = np.array(values)
    variance = float(sample.var(ddof=1))
    found = mean_t(float(sample.mean()), variance, len(sample))
    if variance > 1e-12:
        theirs = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-9)


@pytest.mark.filterwarnings("ignore:Precision loss")  # scipy's, where all values are equal
@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=30),
    st.lists(st.integers(-50, 50), min_size=2, max_size=30),
)
def test_the_difference_of_means_is_welchs(one: list[int], two: list[int]) -> None:
    found = difference_of_means(
        float(np.mean(one)),
        float(np.var(one, ddof=1)),
        len(one),
        float(np.mean(two)),
        float(np.var(two, ddof=1)),
        len(two),
    )
    if len({*one}) > 1 or len({*two}) > 1:
        theirs = stats.ttest_ind(one, two, equal_var=False)
        bounds = theirs.confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high))
        assert found.p_value == pytest.approx(theirs.pvalue)
    else:
        assert found.low == found.high == found.value
        assert found.p_value == (1.0 if found.value == 0 else 0.0)


def test_huge_and_tiny_variances_stay_within_floats() -> None:
    for variance in (1e-300, 1e300):
        found = difference_of_means(0.0, variance, 10, 0.0, variance, 20)
        assert math.isfinite(found.low)
        assert found.p_value == 1


def test_one_value_says_nothing_of_the_spread() -> None:
    assert mean_t(3.0, 0.0, 1) == Interval(3.0, -math.inf, math.inf)
    assert difference_of_means(3.0, 0.0, 1, 4.0, 1.0, 9).p_value == 1


@pytest.mark.parametrize(
    ("successes", "n"), [(0, 0), (-1, 5), (6, 5), (math.nan, 5), (1, math.nan), (1, math.inf)]
)
def test_what_is_no_rate_is_refused(successes: float, n: float) -> None:
    for call in (wilson, lambda k, m: newcombe(1, 2, k, m), lambda k, m: ratio_of_rates(k, m, 1, 2)):
        with pytest.raises(ValueError, match="a rate needs rows"):
            call(successes, n)


@pytest.mark.parametrize(
    ("mean", "variance", "n"), [(math.nan, 1, 3), (0, -1, 3), (0, 1, 0), (0, math.nan, 3)]
)
def test_what_is_no_mean_is_refused(mean: float, variance: float, n: float) -> None:
    with pytest.raises(ValueError, match="a mean needs values"):
        mean_t(mean, variance, n)
    with pytest.raises(ValueError, match="a mean needs values"):
        difference_of_means(mean, variance, n, 0, 1, 5)


def test_a_difference_beyond_all_floats_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond all floats"):
        difference_of_means(1e308, 1, 2, -1e308, 1, 2)


def test_what_is_no_level_or_no_table_is_refused() -> None:
    for level in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="a level"):
            wilson(1, 2, level)
        with pytest.raises(ValueError, match="a level"):
            student_quantile(level, 3)
    with pytest.raises(ValueError, match="not negative"):
        newcombe_paired(-1, 2, 3, 4)
    with pytest.raises(ValueError, match="at least one row"):
        newcombe_paired(0, 0, 0, 0)


def test_tails_are_exact_far_out() -> None:
    assert normal_two_sided(20) == pytest.approx(2 * stats.norm.sf(20), rel=1e-12)
    assert Interval(1, 0, 2).negated() == Interval(-1, -2, 0)
    assert 1.5 in Interval(1, 0, 2)
    assert 2.5 not in Interval(1, 0, 2)
