"""The area under the ROC curve: pROC's values, scikit-learn's, definitions written out, and levels kept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from mlops_cli.statistics.auc import delong, paired_delong, roc_auc

if TYPE_CHECKING:
    from mlops_cli.statistics.arrays import Floats

# N. Turck et al., Intensive Care Med. 36 (2010) 107: patients after a haemorrhage; outcome poor (P) or good (G), WFNS score, S100B.
# It is the example of xrobin/pROC, whose documents have the areas, intervals and the paired test below.
STROKES = """
G,1,.13 G,1,.14 G,1,.1 G,1,.04 P,3,.13 P,2,.1 G,5,.47 P,4,.16 G,1,.18 G,2,.1 P,5,.12 G,2,.1 P,5,.44 P,5,.71 G,1,.04 G,2,.08
P,5,.49 G,2,.04 P,2,.07 P,5,.33 P,2,.09 G,1,.09 P,1,.07 G,1,.11 G,1,.07 G,2,.17 G,1,.07 G,2,.11 G,1,.13 G,1,.19 G,3,.05 G,4,.16
P,2,.41 G,1,.14 G,4,.34 P,5,.35 P,4,.48 G,1,.09 P,4,.96 P,2,.25 G,5,.5 G,5,.46 G,1,.16 G,1,.07 G,2,.43 G,4,.45 G,1,.11 G,1,.08
G,2,.09 P,5,.86 P,5,.52 G,2,.08 G,1,.06 G,2,.13 P,5,2.07 G,1,.1 G,2,.14 G,2,.15 P,2,.07 G,1,.06 P,5,.77 G,1,.05 G,1,.09 P,2,.3
P,5,.03 P,2,.09 G,1,.04 P,4,.23 P,5,.7 G,2,.09 P,4,.27 P,4,.71 P,1,.08 P,4,.26 G,1,.08 G,2,.16 G,1,.09 P,4,.13 P,2,.1 G,1,.08
P,2,.11 G,3,.33 G,2,.11 G,4,.28 G,2,.07 G,1,.1 G,4,.32 P,5,.22 G,1,.07 G,1,.05 G,5,.24 G,4,.38 G,2,.1 G,2,.15 G,1,.08 G,1,.14
G,1,.1 G,3,.07 G,1,.04 G,2,.19 P,5,.56 P,2,.14 P,2,.58 P,5,.32 P,5,.82 P,5,.74 G,2,.15 G,4,.47 G,4,.17 P,5,.44 G,1,.15 G,1,.5
G,1,.48"""
ROWS = [row.split(",") for row in STROKES.split()]
POOR = np.array([row[0] == "P" for row in ROWS])
WFNS, S100B = (np.array([float(row[column]) for row in ROWS]) for column in (1, 2))


@pytest.mark.parametrize(
    ("score", "value", "low", "high"),
    [(WFNS, 0.823678861788618, 0.7485, 0.8988), (S100B, 0.731368563685637, 0.6301, 0.8326)],
)
def test_areas_and_intervals_are_those_of_proc(score: Floats, value: float, low: float, high: float) -> None:
    assert (POOR.sum(), len(POOR)) == (41, 113)
    found = delong(POOR, score, scale="plain")
    assert found.value == pytest.approx(value, rel=1e-14)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_the_paired_test_is_that_of_proc() -> None:
    # DeLong's test for two correlated ROC curves: Z = 2.209, p = 0.02718.
    found = paired_delong(POOR, WFNS, S100B)
    error = (found.high - found.low) / 2 / 1.959963984540054
    assert found.value / error == pytest.approx(2.209, abs=5e-4)
    assert found.p_value == pytest.approx(0.02718, abs=5e-6)


TABLES = st.integers(2, 25).flatmap(
    lambda n: st.tuples(
        st.lists(st.booleans(), min_size=n, max_size=n).filter(lambda truth: 0 < sum(truth) < len(truth)),
        *(st.lists(st.integers(0, 6), min_size=n, max_size=n) for _ in range(2)),
    )
)
Table = tuple[list[bool], list[int], list[int]]


@given(TABLES)
def test_the_area_is_that_of_scikit_learn_with_and_without_weights(table: Table) -> None:
    truth, score, weights = table
    assert roc_auc(truth, score) == pytest.approx(roc_auc_score(truth, score))
    weights = [weight + 1 for weight in weights]
    assert roc_auc(truth, score, weights) == pytest.approx(roc_auc_score(truth, score, sample_weight=weights))
    assert roc_auc(truth, score, [1] * len(truth)) == pytest.approx(roc_auc(truth, score))
    assert roc_auc([not yes for yes in truth], score) == pytest.approx(1 - roc_auc(truth, score))


def written_out(truth: list[bool], score: list[int]) -> tuple[list[float], list[float]]:
    """Return placements after DeLong's definition, pair by pair."""
    up = [value for value, yes in zip(score, truth, strict=True) if yes]
    down = [value for value, yes in zip(score, truth, strict=True) if not yes]
    psi = [[(x > y) + (x == y) / 2 for y in down] for x in up]
    return [sum(row) / len(down) for row in psi], [sum(column) / len(up) for column in zip(*psi, strict=True)]


@given(TABLES)
def test_the_variance_is_delongs_definition(table: Table) -> None:
    truth, one, two = table
    found = delong(truth, one)
    first, second = written_out(truth, one)
    assert 0 <= found.low <= found.value <= found.high <= 1
    if min(len(first), len(second)) < 2:
        assert found.variance == math.inf
        return
    variance = np.var(first, ddof=1) / len(first) + np.var(second, ddof=1) / len(second)
    assert found.variance == pytest.approx(variance, abs=1e-12)
    other = written_out(truth, two)
    covariance = np.cov(first, other[0])[0, 1] / len(first) + np.cov(second, other[1])[0, 1] / len(second)
    of_both = variance + delong(truth, two).variance - 2 * covariance
    difference = paired_delong(truth, one, two)
    assert difference.value == pytest.approx(np.mean(first) - np.mean(other[0]), abs=1e-12)
    if of_both > 1e-9:
        half = 1.959963984540054 * math.sqrt(of_both)
        assert difference.low == pytest.approx(max(-1, difference.value - half), abs=1e-9)
        assert difference.high == pytest.approx(min(1, difference.value + half), abs=1e-9)


@given(TABLES)
def test_the_difference_the_other_way_round_is_its_mirror_image(table: Table) -> None:
    truth, one, two = table
    found, back = paired_delong(truth, one, two), paired_delong(truth, two, one)
    assert (back.value, back.low, back.high) == pytest.approx(
        (-found.value, -found.high, -found.low), abs=1e-12
    )
    assert back.p_value == pytest.approx(found.p_value)
    assert found.low <= found.value <= found.high


@given(TABLES)
def test_only_the_ranking_counts(table: Table) -> None:
    truth, one, _ = table
    stretched = [value**3 - 7.0 for value in one]
    assert delong(truth, stretched) == delong(truth, one)
    assert paired_delong(truth, one, stretched).high == 0


def test_a_perfect_ranking_of_few_rows_is_not_certain() -> None:
    truth = [False] * 10 + [True] * 10
    found = delong(truth, range(20))
    assert (found.value, found.variance, found.high) == (1.0, 0.0, 1.0)
    assert found.low == pytest.approx(0.7225, abs=1e-4)  # Wilson, 10 of 10
    # Two perfect rankings that are not the same: nothing is certain either.
    shuffled = [*range(9, -1, -1), *range(10, 20)]
    between = paired_delong(truth, range(20), shuffled)
    assert between.value == 0
    assert between.low < -0.1 < 0.1 < between.high
    assert between.p_value == 1
    apart = paired_delong(truth, range(20), range(20, 0, -1))
    assert apart.value == 1
    assert apart.low > 0
    assert apart.p_value < 0.01


def test_differences_that_are_all_alike_are_not_taken_for_certain() -> None:
    # Negatives and positives in turn: in one each positive lies above its negative, in the other below it. So every row has a tenth
    # more, and only the last digits of floats would show a spread.
    truth = [False] * 10 + [True] * 10
    places = np.arange(10.0)
    above, below = np.concatenate([places, places + 0.5]), np.concatenate([places, places - 0.5])
    found = paired_delong(truth, above, below)
    assert found.value == pytest.approx(0.1)
    assert found.low < 0 < found.high
    assert 0.5 < found.p_value < 1


def test_one_row_in_a_class_says_little() -> None:
    found = delong([True, False, False], [3, 2, 1])
    assert found.variance == math.inf
    assert found.low == pytest.approx(0.2065, abs=1e-4)
    assert paired_delong([True, False], [1, 0], [0, 1]).p_value > 0.05


@pytest.mark.parametrize(
    ("truth", "score"),
    [
        ([], []),
        ([True], [1]),
        ([False] * 3, [1, 2, 3]),
        ([True, False], [1]),
        ([0, 2], [1, 2]),
        ([True, False], [1, math.nan]),
    ],
)
def test_what_has_no_area_is_refused(truth: list[bool], score: list[float]) -> None:
    for call in (
        roc_auc,
        delong,
        lambda t, s: paired_delong(t, s, s),
        lambda t, s: roc_auc(t, s, [1.0] * len(s)),
    ):
        with pytest.raises(ValueError, match=r"class|score|truth"):
            call(truth, score)


def test_weights_that_do_not_fit_are_refused() -> None:
    for weights in ([1.0], [1.0, -1.0], [1.0, math.nan], [1.0, 0.0]):
        with pytest.raises(ValueError, match=r"weights?|class"):
            roc_auc([True, False], [1, 2], weights)


@pytest.mark.slow
@pytest.mark.parametrize(("shift", "n"), [(0.0, 30), (1.0, 40), (2.3, 40)])
def test_the_interval_keeps_its_level_where_the_textbooks_does_not(shift: float, n: int) -> None:
    random, inside, plain = np.random.default_rng(1), 0, 0
    true = 0.5 * math.erfc(-shift / 2)
    truth = np.arange(2 * n) < n
    for _ in range(3000):
        score = random.normal(size=2 * n) + shift * truth
        inside += true in delong(truth, score)
        plain += true in delong(truth, score, scale="plain")
    assert inside / 3000 == pytest.approx(0.95, abs=0.02)
    assert plain <= inside + 30


def test_a_million_rows_take_little_memory() -> None:
    import tracemalloc

    random = np.random.default_rng(2)
    truth, score = random.random(200_000) < 0.3, random.normal(size=200_000)
    tracemalloc.start()
    delong(truth, score)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * len(score)
