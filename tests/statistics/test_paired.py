"""Two answers to the same rows: McNemar's test, paired means, and the verdict on their difference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as theirs_mcnemar

from mlops_cli.statistics.equivalence import verdict
from mlops_cli.statistics.interval import Interval
from mlops_cli.statistics.paired import EXACT_UNDER, mcnemar, paired_mean, paired_rates


def test_mcnemar_is_that_of_r() -> None:
    """[[23, 15], [19, 31]]: R, as in statsmodels: stats/tests/results/contingency_table_r_results.csv; corrected by hand."""
    found = mcnemar(15, 19)
    assert found.method == "corrected"
    assert found.p_value == pytest.approx(0.60690543, abs=1e-8)
    # Without the correction it is .470588 and .4927167.
    assert found.statistic < 0.470588  # (15 - 19)² / 34
    assert found.statistic == pytest.approx(9 / 34)


@given(st.integers(0, 80), st.integers(0, 80))
def test_mcnemar_is_that_of_statsmodels(b: int, c: int) -> None:
    found = mcnemar(b, c)
    exact = b + c < EXACT_UNDER
    assert found.method == ("exact" if exact else "corrected")
    if b + c:
        theirs = theirs_mcnemar([[10, b], [c, 10]], exact=exact, correction=b != c)
        assert found.p_value == pytest.approx(min(1.0, theirs.pvalue))
    assert mcnemar(c, b) == found


def test_no_disagreement_decides_nothing() -> None:
    assert mcnemar(0, 0).p_value == 1
    assert mcnemar(30, 30).p_value == 1


def test_the_exact_test_of_r_holds_where_it_is_used() -> None:
    # binom.test(3, 17) has p = 0.01273.
    assert mcnemar(3, 14).p_value == pytest.approx(stats.binomtest(3, 17).pvalue)
    assert mcnemar(3, 14).p_value == pytest.approx(0.01273, abs=1e-5)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        mcnemar(-1, 3)
    with pytest.raises(ValueError, match="not negative"):
        paired_rates(1, -1, 3, 4)


@given(st.lists(st.integers(-100, 100), min_size=2, max_size=40))
def test_the_paired_mean_is_students(values: list[int]) -> None:
    found = paired_mean(values)
    assert found.value == pytest.approx(np.mean(values))
    if len({*values}) > 1:
        theirs = stats.ttest_1samp(values, 0)
        bounds = theirs.confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high))
        assert found.p_value == pytest.approx(theirs.pvalue)
    else:
        assert found.low == found.high == values[0]
        assert found.p_value == (1.0 if values[0] == 0 else 0.0)


def test_huge_differences_do_not_overflow() -> None:
    found = paired_mean([1e300, 2e300, 3e300])
    assert math.isfinite(found.low)
    assert found.p_value == pytest.approx(paired_mean([1, 2, 3]).p_value)


def test_one_difference_decides_nothing_and_none_is_refused() -> None:
    assert paired_mean([3.0]).p_value == 1
    assert math.isinf(paired_mean([3.0]).high)
    for wrong in ([], [math.nan, 1], [math.inf, 1]):
        with pytest.raises(ValueError, match="difference"):
            paired_mean(wrong)


LOW, HIGH = st.floats(-2, 2), st.floats(-2, 2)


@given(LOW, HIGH, st.floats(0, 1))
def test_a_metric_that_falls_is_judged_as_its_mirror_image(low: float, high: float, margin: float) -> None:
    found = Interval((low + high) / 2, min(low, high), max(low, high))
    swapped = {"better": "worse", "worse": "better"}
    assert verdict(found, margin, "up") == verdict(found.negated(), margin, "down")
    other = verdict(found, margin, "down")
    assert verdict(found, margin, "up") == swapped.get(other, other)


def test_equivalence_asks_for_the_whole_interval() -> None:
    assert verdict(Interval(0, -0.01, 0.01), 0.01) == "equivalent"
    assert verdict(Interval(0, -0.01, 0.0101), 0.01) == "undecided"
    assert verdict(Interval(0.005, 0.001, 0.0101), 0.01) == "better"
    assert verdict(Interval(0.005, 0.001, 0.009), 0.01) == "equivalent"
    assert verdict(Interval(0, 0, 0), 0) == "equivalent"
    assert verdict(Interval(0, -math.inf, math.inf), math.inf) == "equivalent"


@pytest.mark.parametrize("bounds", [(math.nan, 1), (-1, math.nan), (-math.inf, math.inf)])
def test_what_is_not_known_is_undecided(bounds: tuple[float, float]) -> None:
    assert verdict(Interval(0, *bounds), 0.5) == "undecided"


def test_a_margin_is_not_negative() -> None:
    for margin in (-0.1, math.nan):
        with pytest.raises(ValueError, match="margin"):
            verdict(Interval(0, -1, 1), margin)
