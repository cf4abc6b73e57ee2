"""Calibration: bins, errors with and without chance, slope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlops_cli.evaluation.calibration import binned, debiased, debiased_square, plain, reliability

if TYPE_CHECKING:
    from mlops_cli.statistics.arrays import Floats


def scores_and_hits(n: int, shift: float = 0.0, seed: int = 0) -> tuple[Floats, Floats]:
    draw = np.random.default_rng(seed)
    rate = 0.05 + 0.8 * draw.random(n)
    return rate + shift, (draw.random(n) < rate).astype(np.float64)


def test_bins_hold_equal_numbers_and_every_row_once() -> None:
    scores, hits = scores_and_hits(1500)
    cells = binned(scores, hits)
    assert cells.n.tolist() == [100.0] * 15
    assert cells.hits.sum() == hits.sum()
    assert (cells.low[1:] > cells.high[:-1]).all()


def test_equal_scores_are_never_parted() -> None:
    scores = np.repeat([0.1, 0.2, 0.9], [1000, 3, 7])
    cells = binned(scores, np.zeros(1010))
    assert cells.n.tolist() == [1000, 10] or cells.n.tolist() == [1000, 3, 7]
    assert len(binned(np.full(50, 0.5), np.zeros(50)).n) == 1


def test_the_plain_error_is_its_definition_bin_by_bin() -> None:
    scores, hits = scores_and_hits(600, 0.05)
    order = np.argsort(scores)
    gaps = [abs(scores[part].mean() - hits[part].mean()) * len(part) for part in np.array_split(order, 15)]
    assert plain(binned(scores, hits)) == pytest.approx(sum(gaps) / 600)


def test_the_debiased_square_is_that_of_kumar_liang_and_ma_bin_by_bin() -> None:
    """Verified Uncertainty Calibration, NeurIPS 2019, definition 4, with a bin's own mean score as its value."""
    scores, hits = scores_and_hits(600, 0.05)
    total = 0.0
    for part in np.array_split(np.argsort(scores), 15):
        rate, n = hits[part].mean(), len(part)
        total += n / 600 * ((scores[part].mean() - rate) ** 2 - rate * (1 - rate) / (n - 1))
    assert debiased_square(binned(scores, hits)) == pytest.approx(total)


def test_without_bias_a_calibrated_model_is_near_zero_where_the_plain_error_is_not() -> None:
    squares, plains = [], []
    for seed in range(200):
        cells = binned(*scores_and_hits(300, 0.0, seed))
        squares.append(debiased_square(cells))
        plains.append(plain(cells))
    assert abs(np.mean(squares)) < 0.0005
    assert np.mean(plains) > 0.06  # what 300 rows in 15 bins make of nothing at all


def test_a_shift_of_a_tenth_is_measured_as_a_tenth() -> None:
    assert debiased(binned(*scores_and_hits(200_000, 0.1))) == pytest.approx(0.1, abs=0.005)


def test_slope_and_intercept_are_those_of_a_logistic_regression_on_the_log_odds() -> None:
    from sklearn.linear_model import LogisticRegression

    scores, hits = scores_and_hits(4000, 0.05)
    odds = np.log(scores / (1 - scores))[:, None]
    fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(odds, hits)
    found = reliability(scores, hits)
    assert found.slope == pytest.approx(fit.coef_[0, 0], abs=1e-4)
    assert found.intercept == pytest.approx(fit.intercept_[0], abs=1e-4)


def test_too_few_rows_of_an_outcome_have_no_slope() -> None:
    assert reliability(np.linspace(0.1, 0.9, 30), np.repeat([0.0, 1.0], [25, 5])).slope is None
    assert reliability(np.full(100, 0.5), np.tile([0.0, 1.0], 50)).slope is None
    perfect = reliability(np.repeat([0.1, 0.9], 50), np.repeat([0.0, 1.0], 50))
    assert perfect.slope is None  # it would be infinite
