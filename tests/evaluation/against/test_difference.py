"""Differences of two models on the same rows, held against statsmodels, scikit-learn and what is known of pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from mlops_cli.evaluation.against.difference import paired_difference
from mlops_cli.evaluation.catalogue import metrics_for
from mlops_cli.evaluation.measure import Measurer
from mlops_cli.evaluation.sample import Sample


def binary(seed: int, n: int = 400, skill: float = 1.0, other: float = 0.6) -> tuple[Sample, Sample]:
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, 2, n)
    common = draw.normal(size=n)
    found = []
    for strength in (skill, other):
        scores = 1 / (1 + np.exp(-(strength * (2 * truth - 1) + common + 0.5 * draw.normal(size=n))))
        found.append(Sample("binary", truth, (scores >= 0.5).astype(int), scores, ("n", "y"), True, seed))
    return found[0], found[1]


def regression(seed: int, n: int = 400) -> tuple[Sample, Sample]:
    draw = np.random.default_rng(seed)
    truth, common = draw.normal(50, 10, n), draw.normal(size=n)
    return tuple(
        Sample("regression", truth, truth + spread * (common + draw.normal(size=n)), seed=seed)
        for spread in (2.0, 2.5)
    )  # type: ignore[return-value] # two of them


def several(seed: int, n: int = 400) -> tuple[Sample, Sample]:
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, 3, n)
    found = []
    for strength in (1.0, 0.6):
        table = draw.dirichlet(np.ones(3), n) + strength * np.eye(3)[truth]
        table /= table.sum(axis=1, keepdims=True)
        found.append(Sample("multiclass", truth, table.argmax(axis=1), table, ("a", "b", "c"), True, seed))
    return found[0], found[1]


def test_accuracy_is_tested_by_mcnemar() -> None:
    one, two = binary(1)
    right, other = one.predicted == one.truth, two.predicted == two.truth
    table = [
        [(right & other).sum(), (right & ~other).sum()],
        [(~right & other).sum(), (~right & ~other).sum()],
    ]
    found = paired_difference("accuracy", one, two)
    assert found.difference.p_value == pytest.approx(mcnemar(table, exact=False, correction=True).pvalue)
    assert found.difference.value == pytest.approx(right.mean() - other.mean())


def test_few_disagreements_are_tested_exactly() -> None:
    # statsmodels: contingency_table_r_results.csv, from R: 15 against 19 has the exact p-value .60759136; here 5 against 1.
    truth = np.zeros(100, int)
    one, two = (Sample("binary", truth, np.array(a), None, ("n", "y")) for a in (
        [1] * 1 + [0] * 99, [0] * 1 + [1] * 5 + [0] * 94))  # fmt: skip
    found = paired_difference("accuracy", one, two)
    assert found.difference.p_value == pytest.approx(stats.binomtest(1, 6).pvalue)


def test_mean_losses_are_tested_by_students_test_on_pairs() -> None:
    one, two = regression(2)
    test = stats.ttest_rel(np.abs(one.predicted - one.truth), np.abs(two.predicted - two.truth))
    found = paired_difference("mae", one, two)
    assert found.difference.p_value == pytest.approx(test.pvalue)
    low, high = test.confidence_interval()
    assert found.difference.low == pytest.approx(low)
    assert found.difference.high == pytest.approx(high)


@pytest.mark.parametrize("draw", [binary, several, regression])
def test_every_metric_has_a_difference_of_its_two_values(draw: Any) -> None:
    one, two = draw(3)
    for metric in metrics_for(one.task, one.classes):
        found = paired_difference(metric.name, one, two)
        values = [Measurer(sample).measure(metric.name).value for sample in (one, two)]
        assert found.value == pytest.approx(values[0])
        assert found.base == pytest.approx(values[1])
        assert found.difference.value == pytest.approx((values[0] or 0) - (values[1] or 0))
        assert found.difference.low <= found.difference.value <= found.difference.high
        assert found.difference.high - found.difference.low > 0, metric.name
        assert found.difference.p_value <= 1


@pytest.mark.parametrize("draw", [binary, several, regression])
def test_turning_the_models_round_turns_the_difference_round(draw: Any) -> None:
    one, two = draw(4)
    for metric in metrics_for(one.task, one.classes):
        forth, back = (paired_difference(metric.name, *pair) for pair in ((one, two), (two, one)))
        width = forth.difference.high - forth.difference.low
        assert forth.difference.value == pytest.approx(-back.difference.value)
        assert forth.difference.low == pytest.approx(-back.difference.high, abs=0.25 * width), metric.name


@pytest.mark.parametrize("draw", [binary, several, regression])
def test_the_same_answers_do_not_differ(draw: Any) -> None:
    one, _ = draw(5)
    for metric in metrics_for(one.task, one.classes):
        found = paired_difference(metric.name, one, one).difference
        assert found.value == 0
        assert found.p_value == 1.0
        # That no row of 400 differs does not say that none ever will; the interval of a rate knows.
        most = 0.03 if metric.method == "wilson" else 0.0
        assert -most <= found.low <= 0 <= found.high <= most, metric.name


@pytest.mark.parametrize("name", ["f1", "rmse", "mcc", "r2"])
def test_paired_bootstrap_intervals_are_those_of_rows_drawn_again(name: str) -> None:
    one, two = binary(6) if name in ("f1", "mcc") else regression(6)
    draw = np.random.default_rng(0)
    measured = []
    for _ in range(250):
        rows = draw.integers(0, one.n, one.n)
        both = [paired_values(name, sample.take(rows)) for sample in (one, two)]
        measured.append(both[0] - both[1])
    low, high = np.quantile(measured, [0.025, 0.975])
    found = paired_difference(name, one, two).difference
    width = high - low
    assert found.low == pytest.approx(low, abs=0.25 * width)
    assert found.high == pytest.approx(high, abs=0.25 * width)


def paired_values(name: str, sample: Sample) -> float:
    from mlops_cli.evaluation.values import value_of

    return value_of(name, sample)


def test_many_errors_are_drawn_as_cells_with_nearly_the_same_interval() -> None:
    one, two = regression(7, 40_000)
    exact = paired_difference("rmse", one, two).difference
    square = (one.predicted - one.truth) ** 2, (two.predicted - two.truth) ** 2
    # By the delta method: the root's error is that of the mean square over twice the root.
    each = square[0] / (2 * np.sqrt(square[0].mean())) - square[1] / (2 * np.sqrt(square[1].mean()))
    half = 1.96 * each.std(ddof=1) / np.sqrt(one.n)
    assert (exact.high - exact.low) / 2 == pytest.approx(half, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["accuracy", "f1", "precision", "roc_auc", "log_loss", "brier"])
def test_intervals_of_differences_keep_their_level(name: str) -> None:
    # The truth of a difference is taken from one very large table.
    one, two = binary(99, 400_000)
    true = paired_values(name, one) - paired_values(name, two)
    inside = 0
    for seed in range(400):
        found = paired_difference(name, *binary(seed, 300)).difference
        inside += found.low <= true <= found.high
    assert 0.92 <= inside / 400 <= 0.98


def test_a_missing_answer_is_refused() -> None:
    one, two = binary(8, 50)
    two.predicted[3] = -1
    with pytest.raises(ValueError, match="missing"):
        paired_difference("accuracy", one, two)
