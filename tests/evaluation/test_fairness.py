"""Gaps between groups, held against published values and against what is known of mixtures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.evaluation.asked import fairness_asked
from mlops_cli.evaluation.fairness import OVERALL, gaps, measured_gap, rate_gap
from mlops_cli.evaluation.measure import Measurer
from mlops_cli.evaluation.measured import Measured
from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.slices.columns import ArrayColumns

if TYPE_CHECKING:
    from mlops_cli.evaluation.findings import Gap


def test_the_difference_of_two_groups_has_newcombes_interval() -> None:
    # statsmodels: stats/tests/test_proportion.py, from Newcombe 1998 and R: 7/34 against 1/34 is .019, .340.
    difference, _ = rate_gap((7, 34), (1, 34))
    assert difference.low == pytest.approx(0.019, abs=5e-4)
    assert difference.high == pytest.approx(0.340, abs=5e-4)


def test_the_ratio_of_two_groups_is_katzs() -> None:
    # Katz et al. 1978 as in statsmodels' confint_proportions_2indep(..., compare="ratio", method="log").
    from statsmodels.stats.proportion import confint_proportions_2indep

    _, ratio = rate_gap((20, 100), (12, 90))
    low, high = confint_proportions_2indep(20, 100, 12, 90, compare="ratio", method="log")
    assert ratio.low == pytest.approx(low, rel=1e-9)
    assert ratio.high == pytest.approx(high, rel=1e-9)


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 60), st.integers(0, 60))
def test_a_gap_to_all_rows_is_that_to_the_others_made_smaller(n: int, m: int, k: int, j: int) -> None:
    k, j = min(k, n), min(j, m)
    to_rest, _ = rate_gap((k, n), (j, m))
    to_all, ratio = rate_gap((k, n), (k + j, n + m), inside=True)
    rest_share = m / (n + m)
    assert to_all.value == pytest.approx(rest_share * to_rest.value, abs=1e-12)
    assert to_all.low <= to_all.value + 1e-12
    assert to_all.value <= to_all.high + 1e-12
    assert to_all.high - to_all.low == pytest.approx(rest_share * (to_rest.high - to_rest.low))
    if k and j:
        assert ratio.low <= ratio.value <= ratio.high
        assert ratio.high <= (n + m) / n + 1e-9  # a group cannot be more than all of the successes


def test_an_interval_to_all_rows_keeps_its_level() -> None:
    draw, inside = np.random.default_rng(0), 0
    p, q, n, m = 0.3, 0.2, 80, 320
    true = p - (n * p + m * q) / (n + m)
    for _ in range(2000):
        k, j = draw.binomial(n, p), draw.binomial(m, q)
        inside += true in rate_gap((k, n), (k + j, n + m), inside=True)[0]
    assert 0.935 < inside / 2000 < 0.975


def test_a_group_that_is_all_rows_has_no_gap() -> None:
    difference, ratio = rate_gap((5, 10), (5, 10), inside=True)
    assert (difference.value, ratio.value) == (0.0, 1.0)


def test_metrics_with_intervals_of_their_own_are_held_apart_by_them() -> None:
    difference, ratio = measured_gap(Measured(0.8, 0.7, 0.9), Measured(0.6, 0.5, 0.7))
    assert difference.value == pytest.approx(0.2)
    assert difference.high - difference.value == pytest.approx(math.hypot(0.1, 0.1))
    assert ratio.low < ratio.value < ratio.high
    _, unknown = measured_gap(Measured(0.8, -0.1, 0.9), Measured(0.6, 0.5, 0.7))
    assert math.isnan(unknown.low)


def _hired() -> tuple[ArrayColumns, Sample]:
    """Return 48 of 80 and 12 of 40 selected, the EEOC's own example of four fifths (questions and answers, no. 12)."""
    sex = ["m"] * 80 + ["w"] * 40 + ["x"] * 30
    selected = np.array([1] * 48 + [0] * 32 + [1] * 12 + [0] * 28 + [0] * 30)
    truth = np.tile([0, 1], 75)
    return ArrayColumns({"sex": sex}), Sample("binary", truth, selected, None, ("no", "yes"))


def _found(names: tuple[str, ...] = (), min_n: int = 40) -> list[Gap]:
    columns, sample = _hired()
    return list(gaps(fairness_asked("sex"), columns, sample, Measurer(sample).measure, names, min_n))


def test_four_fifths_are_asked_of_selection_against_the_group_selected_most() -> None:
    (gap,) = [
        g for g in _found() if g.metric == "selection_rate" and g.name == "sex = w" and g.reference != OVERALL
    ]
    assert gap.reference == "sex = m"
    assert gap.ratio.value == pytest.approx(0.5)
    assert gap.four_fifths is True
    assert all(
        g.four_fifths is None for g in _found() if g.metric != "selection_rate" or g.reference == OVERALL
    )


def test_a_group_of_too_few_rows_is_insufficient_and_nobody_is_held_against_it() -> None:
    few = [gap for gap in _found() if gap.name == "sex = x"]
    assert {gap.status for gap in few} == {"insufficient"}
    assert all(gap.reason and gap.difference.value is None and gap.four_fifths is None for gap in few)
    assert "sex = x" not in {gap.reference for gap in _found()}


def test_a_rate_of_few_rows_is_insufficient_though_the_group_is_large() -> None:
    truth = np.array([1] * 5 + [0] * 195 + [1] * 100 + [0] * 100)
    sample = Sample("binary", truth, truth, None, ("no", "yes"))
    columns = ArrayColumns({"g": ["a"] * 200 + ["b"] * 200})
    found = gaps(fairness_asked("g"), columns, sample, Measurer(sample).measure)
    recall = [gap for gap in found if gap.metric == "recall" and gap.name == "g = a"]
    assert {gap.status for gap in recall} == {"insufficient"}
    assert "5 rows" in recall[0].reason


def test_gaps_are_those_of_rates_on_masks() -> None:
    _, sample = _hired()
    women = np.arange(150)[np.array(["m"] * 80 + ["w"] * 40 + ["x"] * 30) == "w"]
    t, p = sample.truth, sample.predicted
    rates: dict[str, Any] = {
        "selection_rate": lambda r: (p[r] == 1).mean(),
        "recall": lambda r: (p[r][t[r] == 1] == 1).mean(),
        "false_positive_rate": lambda r: (p[r][t[r] == 0] == 1).mean(),
    }
    found = {g.metric: g for g in _found() if g.name == "sex = w" and g.reference == OVERALL}
    for name, rate in rates.items():
        assert found[name].difference.value == pytest.approx(rate(women) - rate(np.arange(150)))
        assert found[name].ratio.value == pytest.approx(rate(women) / rate(np.arange(150)))


def test_other_metrics_and_other_tasks_have_gaps_too() -> None:
    draw = np.random.default_rng(1)
    truth = draw.normal(size=200)
    sample = Sample("regression", truth, truth + draw.normal(size=200) * np.repeat([1.0, 3.0], 100))
    columns = ArrayColumns({"g": ["a"] * 100 + ["b"] * 100})
    found = gaps(fairness_asked("g"), columns, sample, Measurer(sample).measure, ["mae"])
    (gap,) = [gap for gap in found if gap.name == "g = b" and gap.reference == "g = a"]
    assert gap.difference.low is not None
    assert gap.difference.low > 1
    assert gap.difference.direction == "down"


def test_a_missing_answer_is_no_gap_of_zero() -> None:
    sample = Sample("binary", np.zeros(200, int), np.array([-1] + [0] * 199), None, ("no", "yes"))
    found = gaps(fairness_asked("g"), ArrayColumns({"g": ["a", "b"] * 100}), sample, Measurer(sample).measure)
    assert {gap.status for gap in found if gap.metric == "selection_rate"} == {"insufficient"}
