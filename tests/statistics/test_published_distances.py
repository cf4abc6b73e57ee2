"""Distances and tests held against values that others published; each names its source.

What a peer has pinned wrong is here too, as a test that we disagree, with the reason.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlops_cli.statistics.auc import delong
from mlops_cli.statistics.bootstrap import bootstrap
from mlops_cli.statistics.counts import two_sample_chi2
from mlops_cli.statistics.distance import cramers_v, hellinger, jensen_shannon, l_infinity, psi
from mlops_cli.statistics.line import ks, wasserstein, wasserstein_from_points

if TYPE_CHECKING:
    from mlops_cli.statistics.arrays import Floats

# tensorflow/data-validation: anomalies/metrics_test.cc (they report the divergence, base 2; ours is its root) ------------


@pytest.mark.parametrize(
    ("first", "second", "divergence"),
    [
        # bins 1-2, 2-3, 3-4, 4-6: 2 and 2 rows against 2-4: 2 and 4-6: 2, dealt out evenly
        ([2, 2, 0, 0], [0, 1, 1, 2], 0.65563906222),
        # NaN as a bin of its own: 1 of 4 against none
        ([1, 3], [0, 4], 0.13792538096),
        # no bin in common
        ([2, 2, 0, 0], [0, 0, 2, 2], 1.0),
        # rank histograms b2 a2 c1 against a2 Z1 Y1 X1
        ([2, 2, 1, 0, 0, 0], [2, 0, 0, 1, 1, 1], 0.6),
        # the same
        ([1, 2.9866667, 1.0066667, 2.0066667], [1, 2.9866667, 1.0066667, 2.0066667], 0.0),
    ],
)
def test_jensen_shannon_is_that_of_tensorflow_data_validation(
    first: list[float], second: list[float], divergence: float
) -> None:
    assert jensen_shannon(first, second) ** 2 == pytest.approx(divergence, abs=1e-10)
    assert jensen_shannon(second, first) == jensen_shannon(first, second)


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ([0.1, 0.9], [0.3, 0.7], 0.2),
        ([0, 0.9, 0.1], [0.3, 0.7, 0], 0.3),
        ([0.3, 0.7, 0], [0, 0.9, 0.1], 0.3),
    ],
)
def test_l_infinity_is_that_of_tensorflow_data_validation(
    first: list[float], second: list[float], value: float
) -> None:
    assert l_infinity(first, second).value == pytest.approx(value)
    assert l_infinity(first, second).index == 0


# deepchecks/deepchecks: tests/utils/drift_test.py ------------------------------------------------------------------------


def test_cramers_v_is_that_of_deepchecks() -> None:
    assert cramers_v([200, 800], [400, 600]) == pytest.approx(0.21, abs=0.01)
    assert cramers_v([1000, 0], [0, 1000]) == pytest.approx(1, abs=0.01)
    assert cramers_v([1000], [1000]) == 0
    # None is a cell of its own.
    assert cramers_v([200, 800, 100], [400, 600, 0]) == pytest.approx(0.3, abs=0.01)
    assert cramers_v([200, 800, 10, 10], [400, 620, 0, 0]) == pytest.approx(0.228, abs=0.01)


def test_the_wasserstein_distance_is_the_earth_movers_of_deepchecks() -> None:
    # Theirs is divided by the range of both.
    assert wasserstein(np.ones(100), np.zeros(100)) == 1
    assert wasserstein(np.arange(100), np.arange(50, 150)) / 149 == pytest.approx(0.33, abs=0.01)


def test_kolmogorov_smirnov_of_one_standard_deviation_is_as_theory_has_it() -> None:
    # Two normal distributions, one standard deviation apart: 2 Phi(1/2) - 1.
    levels = (np.arange(20_000) + 0.5) / 20_000
    from scipy.stats import norm

    values = norm.ppf(levels)
    assert ks(values, values + 1).statistic == pytest.approx(0.3829, abs=1e-3)


# IFCA-Advanced-Computing/frouros: tests/integration/test_data_drift.py; their fixtures are these draws -------------------


def drawn(mean: float, sd: float, n: int = 100) -> Floats:
    return np.random.RandomState(31).normal(mean, sd, n)


def test_the_wasserstein_distance_is_the_earth_movers_of_frouros() -> None:
    assert wasserstein(drawn(1, 1), drawn(5, 2)) == pytest.approx(3.85346006, abs=1e-8)


def test_psi_and_hellinger_of_one_distribution_are_those_of_frouros() -> None:
    both = drawn(1, 1, 1000)
    edges = np.histogram_bin_edges(both, 10)
    first, second = (np.histogram(part, edges)[0] for part in (both[:500], both[500:]))
    assert psi(first, second) == pytest.approx(0.01840072, abs=1e-8)
    assert hellinger(first, second) == pytest.approx(0.04792538, abs=1e-8)


def test_hellinger_of_two_distributions_is_that_of_frouros_and_psi_is_not() -> None:
    one, two = drawn(1, 1), drawn(5, 2)
    edges = np.histogram_bin_edges(np.concatenate([one, two]), 10)
    first, second = (np.histogram(part, edges)[0] for part in (one, two))
    assert hellinger(first, second) == pytest.approx(0.74509099, abs=1e-8)
    # Theirs is 461.2: where a sample has no rows, they put a probability near the least float, whose logarithm is then most of
    # the answer. Half a row says that there might have been one.
    assert 1 < psi(first, second) < 10


def test_chi_squared_is_that_of_frouros() -> None:
    found = two_sample_chi2([4, 2, 0], [1, 1, 4], minimum=0)
    assert found.statistic == pytest.approx(6.13333333)
    assert found.df == 2
    assert found.p_value == pytest.approx(0.04657615)
    # So few rows are no ground for chi-squared: cells in which fewer than 5 are expected are taken together.
    assert two_sample_chi2([4, 2, 0], [1, 1, 4]).pooled > 0


# evidentlyai/evidently: tests/stattests/test_stattests.py ----------------------------------------------------------------

REFERENCE, CURRENT = [16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]


def test_hellinger_is_that_of_evidently() -> None:
    assert hellinger(REFERENCE, CURRENT) == pytest.approx(0.06812, abs=1e-5)
    assert hellinger([2 * count for count in REFERENCE], CURRENT) == pytest.approx(0.06812, abs=1e-5)


def test_we_disagree_with_evidently_about_chi_squared() -> None:
    """Theirs, p = 0.673, takes the reference for the exact truth, and is the same with twice as many reference rows.

    The reference is a sample too. With as many rows as the current one, half of the spread is its own.
    """
    found = two_sample_chi2(REFERENCE, CURRENT)
    assert found.p_value == pytest.approx(0.898526, abs=1e-6)
    assert found.p_value != pytest.approx(0.67309, abs=0.1)
    assert two_sample_chi2([2 * count for count in REFERENCE], CURRENT).p_value < found.p_value


@pytest.mark.slow
def test_goodness_of_fit_fires_where_nothing_changed_and_ours_does_not() -> None:
    random, fired, ours = np.random.default_rng(1), 0, 0
    from scipy.stats import chisquare

    for _ in range(2000):
        one, two = random.multinomial(500, np.full(10, 0.1), size=2)
        fired += chisquare(two, one * 1.0).pvalue < 0.05
        ours += two_sample_chi2(one, two).p_value < 0.05
    assert fired / 2000 == pytest.approx(0.516, abs=0.04)
    assert ours / 2000 == pytest.approx(0.05, abs=0.015)


# sodadata/soda-core, v3: soda/scientific/tests/distribution_comparison_test.py -------------------------------------------


def test_we_disagree_with_soda_about_categories() -> None:
    """They have PSI 13.885 and a distance of 0.447 for 10, 40, 50 % against 20, 30, 50 %.

    Both are worked out on the counts as if these were the values, so that they say nothing of which category has how many rows.
    """
    first, second = [100, 400, 500], [200, 300, 500]
    by_hand = 0.1 * math.log(2) + 0.1 * math.log(4 / 3)
    assert psi(first, second) == pytest.approx(by_hand)
    assert psi(first, second) == pytest.approx(0.0981, abs=1e-4)
    # A tenth of the rows moves by one: 0.1, in units of the values.
    assert wasserstein_from_points([0, 1, 2], first, second) == pytest.approx(0.1)


# NannyML/nannyml: tests/sampling_error/test_binary_classification_sampling_error.py --------------------------------------


def error_of(cells: list[list[float]], counts: list[int], column: int, below: tuple[int, ...]) -> float:
    """Return the standard error of a ratio of sums, from the width of its bootstrap interval."""
    found = bootstrap(
        cells,
        counts,
        lambda sums: sums[:, column] / sums[:, list(below)].sum(axis=1),
        seed=1,
        repetitions=20_000,
        level=0.6826895,
    )
    return (found.high - found.low) / 2


CONFUSION = np.eye(4).tolist()  # true and false positives, false and true negatives
POPULATION = [1250, 1250, 1250, 1250]  # two fair coins


def test_standard_errors_of_rates_are_those_of_nannyml() -> None:
    right = [[1.0, 1.0], [0.0, 1.0]]
    # For 50 rows; the bootstrap at a hundred times as many is a tenth of it.
    assert 10 * error_of(right, [2500, 2500], 0, (1,)) == pytest.approx(0.0707, rel=0.03)
    assert 10 * error_of(CONFUSION, POPULATION, 0, (0, 1)) == pytest.approx(0.0989, rel=0.04)
    assert 10 * error_of(CONFUSION, POPULATION, 0, (0, 2)) == pytest.approx(0.0998, rel=0.03)


def test_we_disagree_with_nannyml_about_the_area_under_the_curve() -> None:
    """They have 0.0575 for 50 rows without any signal; they leave out what the second class contributes.

    Mann and Whitney: the variance of 25 against 25 is (25 + 25 + 1) / (12 · 25 · 25), which is 0.0825².
    """
    random = np.random.RandomState(1)
    random.random_sample(50)
    truth, score = random.binomial(1, 0.5, 10_000), np.linspace(0, 1, 10_000)
    found = math.sqrt(delong(truth, score).variance * 10_000 / 50)
    assert found == pytest.approx(0.0825, rel=0.03)
    assert found / math.sqrt(2) == pytest.approx(0.0575, rel=0.03)


def test_we_disagree_with_nannyml_about_f1() -> None:
    """They have 0.1153 for 50 rows of two fair coins; drawn 20,000 times, F1 scatters by less than 0.09."""
    table = np.random.default_rng(1).multinomial(50, np.full(4, 0.25), size=20_000)
    scores = 2 * table[:, 0] / (2 * table[:, 0] + table[:, 1] + table[:, 2])
    found = bootstrap(
        CONFUSION,
        POPULATION,
        lambda sums: 2 * sums[:, 0] / (2 * sums[:, 0] + sums[:, 1] + sums[:, 2]),
        seed=2,
        repetitions=20_000,
        level=0.6826895,
    )
    ours = 10 * (found.high - found.low) / 2
    assert ours == pytest.approx(float(scores.std()), rel=0.06)
    assert ours < 0.095
