"""A metric with its interval, its n, and what is said where it cannot be had."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlops_cli.evaluation.catalogue import metric_of, metrics_for
from mlops_cli.evaluation.measure import Measurer, measure
from mlops_cli.evaluation.sample import Sample
from mlops_cli.statistics.auc import delong
from mlops_cli.statistics.interval import wilson

if TYPE_CHECKING:
    from mlops_cli.evaluation.measured import Measured
    from mlops_cli.statistics.arrays import Floats


def one(name: str, sample: Sample) -> Measured:
    metric = metric_of(name)
    assert metric is not None
    return measure(metric, sample)


def scores_of(sample: Sample) -> Floats:
    assert sample.scores is not None
    return sample.scores


def ends(found: Measured) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def binary(n: int = 400, seed: int = 0, share: float = 0.3) -> Sample:
    draw = np.random.default_rng(seed)
    truth = (draw.random(n) < share).astype(np.int64)
    scores = np.clip(0.3 * truth + 0.7 * draw.random(n), 0, 1)
    return Sample("binary", truth, (scores >= 0.5).astype(np.int64), scores, ("no", "yes"), seed=seed)


def several(n: int = 400, seed: int = 0, classes: int = 3) -> Sample:
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, classes, n)
    table = draw.random((n, classes)) + 0.6 * np.eye(classes)[truth]
    table /= table.sum(axis=1, keepdims=True)
    names = tuple("abcdefgh"[:classes])
    return Sample("multiclass", truth, table.argmax(axis=1), table, names, seed=seed)


def numbers(n: int = 400, seed: int = 0) -> Sample:
    draw = np.random.default_rng(seed)
    truth = draw.normal(0, 3, n)
    return Sample("regression", truth, truth + draw.normal(0.2, 1, n), seed=seed)


@pytest.mark.parametrize(
    "sample", [binary(), several(), numbers()], ids=["binary", "multiclass", "regression"]
)
def test_every_metric_has_an_interval_around_its_value_and_within_its_range(sample: Sample) -> None:
    for metric in metrics_for(sample.task, sample.classes):
        found = measure(metric, sample)
        assert found.status == "ok", (metric.name, found)
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.value <= found.high, metric.name
        assert found.high > found.low, metric.name
        assert found.method == metric.method
        assert metric.low is None or found.low >= metric.low
        assert metric.high is None or found.high <= metric.high


def test_a_rate_has_the_interval_of_wilson_and_the_rows_that_it_is_of() -> None:
    sample = binary()
    positives = int(sample.truth.sum())
    hits = int(((sample.truth == 1) & (sample.predicted == 1)).sum())
    found, wanted = one("recall", sample), wilson(hits, positives)
    assert (found.n, found.low, found.high) == (positives, wanted.low, wanted.high)
    left = int(((sample.truth == 0) & (sample.predicted == 0)).sum())
    assert one("specificity", sample).low == wilson(left, sample.n - positives).low
    assert one("precision", sample).n == int(sample.predicted.sum())


def test_an_area_has_the_interval_of_delong_and_counts_the_rarer_class() -> None:
    sample = binary(share=0.05)
    found, wanted = one("roc_auc", sample), delong(sample.truth == 1, scores_of(sample))
    assert (found.low, found.high) == (wanted.low, wanted.high)
    assert found.effective is not None
    assert found.effective < 5 * sample.truth.sum()


def test_the_mean_of_two_areas_that_are_one_has_the_interval_of_that_one() -> None:
    sample = binary()
    table = np.column_stack([1 - scores_of(sample), scores_of(sample)])
    doubled = Sample("multiclass", sample.truth, sample.predicted, table, ("no", "yes"))
    found, wanted = one("roc_auc_ovr", doubled), delong(sample.truth == 1, scores_of(sample), scale="plain")
    assert found.low == pytest.approx(wanted.low, abs=1e-3)
    assert found.high == pytest.approx(wanted.high, abs=1e-3)


def test_the_interval_of_a_median_error_lies_at_ordered_errors() -> None:
    sample = numbers(101)
    errors = np.sort(np.abs(sample.predicted - sample.truth))
    found = one("median_ae", sample)
    assert (found.low, found.high) == (errors[40], errors[60])  # binomial: 41st and 61st of 101


def test_the_same_rows_give_the_same_interval_and_another_seed_nearly_the_same() -> None:
    sample = binary()
    assert one("f1", sample) == one("f1", sample)
    other = one("f1", replace(sample, seed=99))
    assert other.low != one("f1", sample).low
    assert other.low == pytest.approx(one("f1", sample).low, abs=0.01)


@pytest.mark.parametrize("name", ["rmse", "r2"])
def test_cells_of_a_regression_give_the_interval_that_rows_give(name: str) -> None:
    """Over 4,096 rows are put into cells; a bootstrap of the rows themselves, written here, is held against it."""
    sample = numbers(6000)
    draw = np.random.default_rng(5)
    values = []
    for _ in range(400):
        rows = draw.integers(0, sample.n, sample.n)
        values.append(one_value(name, sample.take(rows)))
    low, high = np.quantile(values, [0.025, 0.975])
    found = one(name, sample)
    assert found.low == pytest.approx(low, abs=0.25 * (high - low))
    assert found.high == pytest.approx(high, abs=0.25 * (high - low))


def one_value(name: str, sample: Sample) -> float:
    error = ((sample.predicted - sample.truth) ** 2).mean()
    return float(error**0.5 if name == "rmse" else 1 - error / sample.truth.var())


def test_cells_of_average_precision_give_the_interval_that_rows_give() -> None:
    from sklearn.metrics import average_precision_score

    sample = binary(3000)
    draw = np.random.default_rng(5)
    values = []
    for _ in range(300):
        rows = draw.integers(0, sample.n, sample.n)
        values.append(average_precision_score(sample.truth[rows], scores_of(sample)[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    found = one("average_precision", sample)
    assert found.low == pytest.approx(low, abs=0.25 * (high - low))
    assert found.high == pytest.approx(high, abs=0.25 * (high - low))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "true"), [("ece", None), ("calibration_error", 0.1), ("f1", None), ("mcc", None)]
)
def test_intervals_hold_the_true_value_about_as_often_as_they_say(name: str, true: float | None) -> None:
    """200 samples of a score that is too high by 0.1 everywhere; the truth of F1 and MCC from two million rows."""
    wanted = true if true is not None else one(name, shifted(2_000_000, 10**6)).value
    assert wanted is not None
    held = 0
    for seed in range(200):
        low, high = ends(one(name, shifted(800, seed)))
        held += low <= wanted <= high
    assert held >= 180


def shifted(n: int, seed: int) -> Sample:
    draw = np.random.default_rng(seed)
    rate = 0.05 + 0.8 * draw.random(n)
    truth = (draw.random(n) < rate).astype(np.int64)
    return Sample("binary", truth, (rate > 0.5).astype(np.int64), rate + 0.1, ("no", "yes"), seed=seed)


@pytest.mark.parametrize("name", ["balanced_accuracy", "f1", "mcc", "kappa", "average_precision"])
def test_a_model_without_a_single_error_is_not_taken_for_certain(name: str) -> None:
    truth = np.repeat([0, 1], 50)
    sample = Sample("binary", truth, truth, truth.astype(np.float64), ("no", "yes"))
    found = one(name, sample)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low is not None
    assert 0.9 < found.low < 0.98


# What cannot be had --------------------------------------------------------------------------------------------


def test_one_class_only_is_insufficient_for_what_needs_two_and_enough_for_the_rest() -> None:
    sample = binary(50)
    same = replace(sample, truth=np.ones(50, dtype=np.int64))
    assert (one("roc_auc", same).status, one("roc_auc", same).value) == ("insufficient", None)
    assert "one class, yes" in one("roc_auc", same).note
    assert one("specificity", same).status == "insufficient"
    assert one("recall", same).status == "ok"


def test_no_rows_are_insufficient_for_everything() -> None:
    for sample in (binary(), several(), numbers()):
        empty = sample.take(np.array([], dtype=np.int64))
        for metric in metrics_for(sample.task, sample.classes):
            found = measure(metric, empty)
            assert (found.status, found.value, found.n) == ("insufficient", None, 0)


@pytest.mark.parametrize(
    "sample", [binary(1), several(1), numbers(1)], ids=["binary", "multiclass", "regression"]
)
def test_one_row_never_breaks_anything_and_never_gives_a_nan(sample: Sample) -> None:
    for metric in metrics_for(sample.task, sample.classes):
        found = measure(metric, sample)
        assert found.status in ("ok", "insufficient")
        assert (found.value is None) == (found.status == "insufficient")
        assert found.value is None or np.isfinite(found.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_prediction_that_is_no_number_makes_an_error_of_every_metric(bad: float) -> None:
    sample = numbers(20)
    sample.predicted[3] = bad
    for metric in metrics_for("regression"):
        found = measure(metric, sample)
        assert (found.status, found.value) == ("error", None)
        assert "1 of 20 predictions are infinite or missing" in found.note


def test_a_missing_answer_is_an_error_and_leaves_what_scores_tell() -> None:
    sample = binary(20)
    sample.predicted[0] = -1
    assert one("accuracy", sample).status == "error"
    assert one("roc_auc", sample).status == "ok"


def test_a_missing_score_is_an_error_and_leaves_what_answers_tell() -> None:
    sample = binary(20)
    scores_of(sample)[0] = np.nan
    assert one("roc_auc", sample).status == "error"
    assert "1 of 20 scores" in one("log_loss", sample).note
    assert one("accuracy", sample).status == "ok"


def test_without_scores_a_metric_that_needs_them_is_insufficient_and_says_why() -> None:
    sample = replace(binary(), scores=None, why_no_scores="the model gives no scores")
    assert one("roc_auc", sample).note == "the model gives no scores"
    margins = replace(binary(), probabilities=False)
    assert one("log_loss", margins).note == "the scores are no probabilities"
    assert one("roc_auc", margins).status == "ok"


def test_a_metric_of_another_task_is_an_error() -> None:
    assert one("mae", binary()).status == "error"
    assert "no metric of a binary task" in one("mae", binary()).note


def test_the_same_answer_for_all_is_said_beside_the_metric_that_it_makes_worthless() -> None:
    sample = replace(binary(), predicted=np.zeros(400, dtype=np.int64))
    assert (one("mcc", sample).value, one("mcc", sample).note) == (0.0, "all rows get the same answer")
    assert one("precision", sample).status == "insufficient"
    assert one("f1", sample).value == 0.0


def test_errors_whose_squares_no_float_holds_end_in_words_and_never_in_a_traceback() -> None:
    sample = Sample("regression", np.array([1e300, -1e300, 3.0] * 10), np.zeros(30))
    with np.errstate(all="ignore"):
        for metric in metrics_for("regression"):
            found = measure(metric, sample)
            assert found.value is None or np.isfinite(found.value)
            assert found.low is None or np.isfinite(found.low)
    assert one("mae", sample).status == "ok"
    assert one("rmse", sample).status == "error"


def test_a_perfect_ranking_of_several_classes_is_not_taken_for_certain() -> None:
    truth = np.repeat([0, 1, 2], 18)
    sample = Sample("multiclass", truth, truth, np.eye(3)[truth], ("a", "b", "c"))
    found = one("roc_auc_ovr", sample)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low is not None
    assert 0.9 < found.low < 0.97


def test_a_measurer_measures_some_rows_alone() -> None:
    sample = binary()
    rows = np.flatnonzero(scores_of(sample) > 0.4)
    found = Measurer(sample).measure("accuracy", rows)
    assert found == one("accuracy", sample.take(rows))
    with pytest.raises(KeyError):
        Measurer(sample).measure("nothing")
