"""Thresholds: what follows from each, and which is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score, roc_curve

from mlops_cli.errors import DataError
from mlops_cli.evaluation.charts import Threshold
from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.threshold import choose, cuts_of, decided, halves, own_threshold
from mlops_cli.evaluation.wishes import ThresholdWish

if TYPE_CHECKING:
    from mlops_cli.statistics.arrays import Floats


def scores_of(one: Sample) -> Floats:
    assert one.scores is not None
    return one.scores


def sample(n: int = 300, seed: int = 0) -> Sample:
    draw = np.random.default_rng(seed)
    truth = (draw.random(n) < 0.4).astype(np.int64)
    scores = np.asarray(np.round(np.clip(0.3 * truth + 0.7 * draw.random(n), 0, 1), 2), dtype=np.float64)
    return Sample("binary", truth, (scores >= 0.5).astype(np.int64), scores, ("no", "yes"), seed=seed)


@given(st.integers(5, 80), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_what_follows_from_a_threshold_is_what_scikit_learn_counts(n: int, seed: int) -> None:
    one = sample(n, seed)
    cuts = cuts_of(one)
    for at in (0, len(cuts.thresholds) // 2, len(cuts.thresholds) - 1):
        answers = (scores_of(one) >= cuts.thresholds[at]).astype(int)
        assert cuts.precision[at] == pytest.approx(precision_score(one.truth, answers, zero_division=0))
        if one.truth.any():
            assert cuts.recall[at] == pytest.approx(recall_score(one.truth, answers))


def test_youden_is_the_threshold_where_the_roc_curve_is_farthest_from_the_diagonal() -> None:
    one = sample()
    alarms, found, thresholds = roc_curve(one.truth, one.scores, drop_intermediate=False)
    assert choose(ThresholdWish("youden"), one, None) == thresholds[np.argmax(found - alarms)]


def test_a_wanted_precision_is_reached_with_as_much_recall_as_can_be() -> None:
    one = sample()
    chosen = choose(ThresholdWish("precision", 0.8), one, None)
    answers = scores_of(one) >= chosen
    assert precision_score(one.truth, answers) >= 0.8
    for other in np.unique(scores_of(one)):
        better = recall_score(one.truth, scores_of(one) >= other) > recall_score(one.truth, answers)
        assert not (better and precision_score(one.truth, scores_of(one) >= other) >= 0.8)


def test_a_wanted_recall_is_reached_at_the_highest_threshold() -> None:
    one = sample()
    chosen = choose(ThresholdWish("recall", 0.9), one, None)
    assert recall_score(one.truth, scores_of(one) >= chosen) >= 0.9
    assert recall_score(one.truth, scores_of(one) > chosen) < 0.9


def test_a_precision_that_no_threshold_reaches_is_said_with_the_best_there_is() -> None:
    one = Sample("binary", np.array([0, 1, 0]), np.array([0, 1, 1]), np.array([0.9, 0.5, 0.1]), ("no", "yes"))
    with pytest.raises(DataError, match=r"no threshold reaches a precision of 0.9; the best is 0\.5"):
        choose(ThresholdWish("precision", 0.9), one, None)


def test_by_value_the_threshold_is_worth_most_of_all() -> None:
    one, matrix = sample(), ((0.0, -1.0), (-4.0, 3.0))

    def worth(threshold: float) -> float:
        answers = np.asarray(scores_of(one) >= threshold).astype(int)
        return sum(matrix[t][p] for t, p in zip(one.truth, answers, strict=True))

    chosen = choose(ThresholdWish("value"), one, matrix)
    assert worth(chosen) == max(worth(other) for other in np.unique(scores_of(one)))


def test_by_value_needs_to_know_the_value() -> None:
    with pytest.raises(DataError, match="needs the value"):
        choose(ThresholdWish("value"), sample(), None)


def test_rows_of_one_class_choose_no_threshold() -> None:
    one = sample().take(np.flatnonzero(sample().truth == 1))
    with pytest.raises(DataError, match="one class only"):
        choose(ThresholdWish("youden"), one, None)


def test_halves_are_apart_make_up_all_rows_and_follow_the_seed() -> None:
    places = np.arange(101)
    first, second = halves(places, 101, 7)
    assert sorted([*first, *second]) == list(range(101))
    assert (len(first), len(second)) == (50, 51)
    assert np.array_equal(first, halves(places, 101, 7)[0])
    assert not np.array_equal(first, halves(places, 101, 8)[0])


def test_the_half_of_a_row_follows_from_its_place_in_the_table() -> None:
    every = halves(np.arange(1000), 1000, 0)[0]
    some = np.arange(0, 1000, 2)
    chosen = some[halves(some, 1000, 0)[0]]
    assert len(set(chosen) & set(every)) > 200  # of 250; by chance 125


def test_answers_follow_a_threshold_and_a_missing_score_is_a_missing_answer() -> None:
    one = Sample(
        "binary", np.array([0, 1, 1]), np.array([0, 0, 0]), np.array([0.3, 0.7, np.nan]), ("no", "yes")
    )
    assert decided(one, Threshold(0.3, "given")).predicted.tolist() == [1, 1, -1]


def test_the_threshold_of_a_models_own_answers_is_told_where_they_follow_one() -> None:
    one = sample()
    found = own_threshold(one)
    assert found is not None
    assert (found.value, found.how) == (0.5, "default")
    strict = decided(one, Threshold(0.83, "given"))
    followed = own_threshold(strict)
    assert followed is not None
    assert followed.value == min(scores_of(one)[scores_of(one) >= 0.83])
    mixed = Sample("binary", one.truth, 1 - one.predicted, one.scores, one.classes)
    assert own_threshold(mixed) is None
