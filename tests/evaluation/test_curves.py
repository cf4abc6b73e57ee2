"""Curves: the points of scikit-learn, thinned to what can be drawn."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import auc, roc_auc_score, roc_curve

from mlops_cli.evaluation.curves import POINTS, curves_of
from mlops_cli.evaluation.sample import Sample


def sample(n: int) -> Sample:
    draw = np.random.default_rng(n)
    truth = (draw.random(n) < 0.3).astype(np.int64)
    scores = np.clip(0.3 * truth + 0.7 * draw.random(n), 0, 1)
    return Sample("binary", truth, (scores >= 0.5).astype(np.int64), scores, ("no", "yes"))


def test_few_points_are_all_kept_and_are_those_of_scikit_learn() -> None:
    one = sample(60)
    alarms, found, thresholds = roc_curve(one.truth, one.scores, drop_intermediate=False)
    curves = curves_of(one)
    assert curves is not None
    assert [point[:2] for point in curves.roc] == list(zip(alarms.tolist(), found.tolist(), strict=True))
    assert [point[2] for point in curves.roc] == [None, *thresholds[1:].tolist()]


def test_many_points_are_thinned_and_the_area_stays() -> None:
    one = sample(20_000)
    curves = curves_of(one)
    assert curves is not None
    assert len(curves.roc) <= POINTS + 1
    assert len(curves.precision_recall) <= POINTS
    area = auc([point[0] for point in curves.roc], [point[1] for point in curves.roc])
    assert abs(area - roc_auc_score(one.truth, one.scores)) < 0.001
    assert curves.roc[0][:2] == (0.0, 0.0)
    assert curves.roc[-1][:2] == (1.0, 1.0)


def test_the_histogram_counts_every_row_once() -> None:
    curves = curves_of(sample(500))
    assert curves is not None
    assert curves.scores is not None
    assert sum(sum(counts) for counts in curves.scores.counts.values()) == 500


def test_a_regression_has_residuals_a_fit_and_a_grid_that_count_every_row_once() -> None:
    draw = np.random.default_rng(0)
    truth = draw.standard_t(2, 3000)  # with far outliers
    curves = curves_of(Sample("regression", truth, truth + draw.normal(0, 1, 3000)))
    assert curves is not None
    assert curves.scores is not None
    assert curves.grid is not None
    assert sum(curves.scores.counts["rows"]) == 3000
    assert sum(row[2] for row in curves.fit) == 3000
    assert sum(map(sum, curves.grid.counts)) == 3000


def test_there_is_nothing_to_draw_where_answers_are_missing_or_all_alike_is_fine() -> None:
    one = sample(30)
    one.predicted[0] = -1
    assert curves_of(one) is None
    constant = Sample("regression", np.ones(5), np.ones(5))
    assert curves_of(constant) is not None
    assert curves_of(sample(40).take(np.array([], dtype=np.int64))) is None


def test_one_class_only_has_no_roc() -> None:
    one = sample(100)
    curves = curves_of(one.take(np.flatnonzero(one.truth == 1)))
    assert curves is not None
    assert curves.roc == ()
    assert curves.precision_recall != ()
