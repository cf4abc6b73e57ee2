"""What answers are worth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.asked import ValueAsked, value_asked
from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.value import worth

MATRIX = [[2, -5], [-10, 10]]


def _sample(n: int = 400) -> Sample:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 2, n)
    scores = np.clip(0.3 * truth + draw.random(n) * 0.7, 0, 1)
    return Sample("binary", truth, (scores >= 0.5).astype(int), scores, ("no", "yes"))


def _asked(value: object) -> ValueAsked:
    found = value_asked(value)
    assert found is not None
    return found


def test_the_gain_of_a_row_is_the_mean_of_its_cells_with_students_interval() -> None:
    sample = _sample()
    found = worth(_asked(MATRIX), sample)
    gains = np.array(MATRIX)[sample.truth, sample.predicted]
    interval = stats.t.interval(0.95, len(gains) - 1, gains.mean(), stats.sem(gains))
    assert found.per_row.value == pytest.approx(gains.mean())
    assert (found.per_row.low, found.per_row.high) == pytest.approx(interval)
    assert found.total.value == pytest.approx(gains.sum())


def test_each_threshold_has_the_gain_of_answers_made_with_it() -> None:
    sample = _sample()
    for point in worth(_asked(MATRIX), sample).thresholds:
        assert sample.scores is not None
        answers = np.where(sample.scores >= point.threshold, 1, 0)
        gains = np.array(MATRIX)[sample.truth, answers]
        assert point.per_row == pytest.approx(gains.mean())
        half = stats.t.ppf(0.975, len(gains) - 1) * stats.sem(gains)
        assert point.high == pytest.approx(gains.mean() + half)


def test_the_best_threshold_and_the_best_single_answer_are_told() -> None:
    sample = _sample()
    found = worth(_asked(MATRIX), sample)
    assert found.best is not None
    assert sample.scores is not None
    at_each = [
        np.array(MATRIX)[sample.truth, (sample.scores >= score).astype(int)].mean() for score in sample.scores
    ]
    assert found.best.per_row == pytest.approx(max(at_each))
    assert found.best.threshold == sample.scores[at_each.index(max(at_each))]
    assert found.best.per_row > max(point.per_row for point in found.thresholds)  # the curve has 101 points
    always = [np.array(MATRIX)[sample.truth, answer].mean() for answer in (0, 1)]
    assert found.simple == pytest.approx(max(always))
    assert found.simple_class == ("no", "yes")[int(np.argmax(always))]


def test_gains_by_name_need_only_what_is_not_0() -> None:
    found = worth(_asked({"unit": "EUR", "gains": {"yes": {"no": -10, "yes": 10}}}), _sample())
    assert found.matrix == ((0.0, 0.0), (-10.0, 10.0))
    assert found.unit == "EUR"


def test_more_classes_have_a_value_and_no_threshold() -> None:
    truth = np.array([0, 1, 2] * 30)
    found = worth(_asked(np.eye(3).tolist()), Sample("multiclass", truth, truth, None, ("a", "b", "c")))
    assert found.per_row.value == 1.0
    assert found.thresholds == ()


def test_what_does_not_fit_the_classes_is_refused() -> None:
    with pytest.raises(UsageError, match="2 classes"):
        worth(_asked(np.eye(3).tolist()), _sample())
    with pytest.raises(UsageError, match="no class yess") as caught:
        worth(_asked({"gains": {"yess": {"yes": 1}}}), _sample())
    assert "yes" in caught.value.hint
    regression = Sample("regression", np.zeros(3), np.zeros(3))
    with pytest.raises(UsageError, match="regression"):
        worth(_asked(MATRIX), regression)


def test_a_missing_answer_is_worth_nothing_that_can_be_told() -> None:
    sample = Sample("binary", np.array([0, 1]), np.array([0, -1]), None, ("no", "yes"))
    assert worth(_asked(MATRIX), sample).per_row.status == "error"
