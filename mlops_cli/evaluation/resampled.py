"""Intervals by the bootstrap, on counted cells and never on rows: what metrics of confusion, scores and errors need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.bounds import Bounds, effective_rows
from mlops_cli.evaluation.calibration import binned, debiased_square
from mlops_cli.evaluation.values import outcomes
from mlops_cli.statistics.bootstrap import bootstrap, poisson_weights
from mlops_cli.statistics.interval import wilson
from mlops_cli.statistics.seeds import seed_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.statistics.arrays import Floats, Integers

REPETITIONS = 2000
_SCORE_CELLS = 512  # of a curve: fine enough that the area over them is that over rows
_SIDE = 64  # bins a side of the cells of a regression
_MOST_CLASSES = 100


def of_confusion(name: str, sample: Sample) -> Bounds:
    """Return the bounds of a metric that follows from the confusion table, whose cells are drawn anew."""
    size = len(sample.classes)
    per_class = np.bincount(sample.truth.astype(np.int64), minlength=size)
    effective = effective_rows(per_class)
    if size > _MOST_CLASSES:
        return Bounds(None, None, sample.n, effective, f"no interval for more than {_MOST_CLASSES} classes")
    table = sample.confusion()
    truth, answer = np.nonzero(table)
    # A row of the table adds to the right answers of its class, to the rows of it, and to the answers of another.
    cells = np.zeros((len(truth), 3 * size))
    rows = np.arange(len(truth))
    cells[rows[truth == answer], truth[truth == answer]] = 1
    cells[rows, size + truth] = 1
    cells[rows, 2 * size + answer] = 1
    statistic = STATISTICS[name]

    def of_sums(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return statistic(sums[:, :size], sums[:, size : 2 * size], sums[:, 2 * size :])

    found = bootstrap(
        cells, table[truth, answer], of_sums, repetitions=REPETITIONS, seed=seed_of(sample.seed, name)
    )
    if found.high <= found.low:
        return without_spread(name, found.value, sample.n, effective)
    return Bounds(found.low, found.high, sample.n, effective)


def without_spread(name: str, value: float, n: int, effective: float) -> Bounds:
    """Return the bounds of a metric that is the same in every sample drawn anew, which is no proof that it is certain.

    Where all is right, or all wrong, it is a rate of all or none of the rows that it is worth, and has Wilson's interval.

    Examples
    --------
    >>> found = without_spread("f1", 1.0, 200, 100.0)
    >>> round(found.low, 3), found.high
    (0.963, 1.0)
    """
    if value not in (0.0, 1.0) or (value == 0.0 and name in ("mcc", "kappa")):
        return Bounds(None, None, n, effective, "samples drawn anew do not differ")
    rate = wilson(effective * value, effective)
    if name in ("mcc", "kappa"):
        return Bounds(2 * rate.low - 1, 1.0, n, effective)
    return Bounds(rate.low, rate.high, n, effective)


def _mean_of_known(each: Floats) -> Floats:
    """Return the mean over the classes that a sample has; NaN where it has none."""
    known = ~np.isnan(each)
    return np.asarray(np.where(known, each, 0).sum(axis=1) / known.sum(axis=1))


def _balanced(right: Floats, rows: Floats, _answers: Floats) -> Floats:
    return _mean_of_known(right / rows)


def _f1(right: Floats, rows: Floats, answers: Floats) -> Floats:
    return np.asarray(2 * right[:, 1] / (rows[:, 1] + answers[:, 1]))


def _f1_macro(right: Floats, rows: Floats, answers: Floats) -> Floats:
    return _mean_of_known(2 * right / (rows + answers))


def _f1_weighted(right: Floats, rows: Floats, answers: Floats) -> Floats:
    each = np.nan_to_num(2 * right / (rows + answers))
    return np.asarray((each * rows).sum(axis=1) / rows.sum(axis=1))


def _precision_macro(right: Floats, rows: Floats, answers: Floats) -> Floats:
    each = np.where(answers > 0, right / answers, np.where(rows > 0, 0.0, np.nan))
    return _mean_of_known(each)


def _mcc(right: Floats, rows: Floats, answers: Floats) -> Floats:
    total, good = rows.sum(axis=1), right.sum(axis=1)
    above = good * total - (rows * answers).sum(axis=1)
    below = np.sqrt((total**2 - (rows**2).sum(axis=1)) * (total**2 - (answers**2).sum(axis=1)))
    return np.where(below > 0, above / below, 0.0)


def _kappa(right: Floats, rows: Floats, answers: Floats) -> Floats:
    total = rows.sum(axis=1)
    agreed, chance = right.sum(axis=1) / total, (rows * answers).sum(axis=1) / total**2
    return np.asarray((agreed - chance) / (1 - chance))


STATISTICS: dict[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "balanced_accuracy": _balanced,
    "f1": _f1,
    "f1_macro": _f1_macro,
    "f1_weighted": _f1_weighted,
    "precision_macro": _precision_macro,
    "mcc": _mcc,
    "kappa": _kappa,
}


def of_average_precision(sample: Sample, value: float) -> Bounds:
    """Return the bounds of average precision: rows in cells of neighbouring scores, drawn anew, laid about the value over rows."""
    assert sample.scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    positive = sample.truth == 1
    edges = np.unique(sample.scores)  # a cell begins at each; equal scores stay together
    if len(edges) > _SCORE_CELLS:
        edges = np.unique(np.quantile(sample.scores, np.linspace(0, 1, _SCORE_CELLS)))
    index = len(edges) - np.searchsorted(edges, sample.scores, side="right")  # the highest scores first
    counts = np.concatenate(
        [
            np.bincount(index[positive], minlength=len(edges)),
            np.bincount(index[~positive], minlength=len(edges)),
        ]
    )
    weights = poisson_weights(seed_of(sample.seed, "average_precision"), REPETITIONS, counts)
    drawn = _area_under(weights[:, : len(edges)], weights[:, len(edges) :])
    whole = counts[None, :].astype(np.float64)
    shift = value - float(_area_under(whole[:, : len(edges)], whole[:, len(edges) :])[0])
    effective = effective_rows(np.array([positive.sum(), (~positive).sum()]))
    found = _between(drawn + shift, sample.n, 0.0, 1.0, effective)
    if found.low is not None and found.low == found.high:
        return without_spread("average_precision", value, sample.n, effective)
    return found


def _area_under(hits: Floats, misses: Floats) -> Floats:
    """Return average precisions of samples (R, cells), the highest scores first."""
    found = np.cumsum(hits, axis=1, dtype=np.float64)
    answered = found + np.cumsum(misses, axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nansum(hits * found / answered, axis=1) / found[:, -1])


def of_calibration(name: str, sample: Sample, value: float) -> Bounds:
    """Return the bounds of `ece` or `calibration_error`.

    Drawn anew, bins stray from their scores once more; what that adds on the average is taken off again.
    """
    scores, hits = outcomes(sample)
    cells = binned(scores, hits)
    counts = np.stack([cells.n - cells.hits, cells.hits], axis=1)
    weights = poisson_weights(seed_of(sample.seed, name), REPETITIONS, counts.astype(np.int64).ravel())
    drawn = weights.reshape(REPETITIONS, -1, 2).astype(np.float64)
    n, came = drawn.sum(axis=2), drawn[:, :, 1]
    mean = cells.scores / cells.n
    with np.errstate(invalid="ignore", divide="ignore"):
        if name == "ece":
            found = np.nansum(np.abs(mean - came / n) * n, axis=1) / n.sum(axis=1)
            return _between(found + value - np.nanmean(found), sample.n, 0.0, 1.0)
        rate = came / n
        square = np.where(n > 1, ((mean - rate) ** 2 - rate * (1 - rate) / (n - 1)) * n, 0.0)
        found = square.sum(axis=1) / np.where(n > 1, n, 0.0).sum(axis=1)
    shifted = found - np.nanmean(found) + debiased_square(cells)
    inner = _between(shifted, sample.n, 0.0, 1.0)
    if inner.low is None or inner.high is None:
        return inner
    return inner._replace(low=float(np.sqrt(inner.low)), high=max(value, float(np.sqrt(inner.high))))


def of_regression(name: str, sample: Sample) -> Bounds:
    """Return the bounds of `rmse` or `r2`: rows in cells of like error and like truth, drawn anew; of few rows each is a cell."""
    centre = float(sample.truth.mean())
    truth = np.asarray(sample.truth - centre, dtype=np.float64)
    square = np.asarray((sample.predicted - sample.truth) ** 2, dtype=np.float64)
    table = np.column_stack([np.ones(sample.n), truth, truth**2, square])
    if sample.n > _SIDE * _SIDE:
        index = _strata(square) * _SIDE + _strata(truth)
        _kept, index = np.unique(index, return_inverse=True)
        counts = np.bincount(index)
        cells = np.column_stack([np.bincount(index, column) for column in table.T]) / counts[:, None]
    else:
        counts, cells = np.ones(sample.n, dtype=np.int64), table
    found = bootstrap(
        cells,
        counts,
        _rmse if name == "rmse" else _r2,
        repetitions=REPETITIONS,
        seed=seed_of(sample.seed, name),
    )
    return Bounds(found.low, found.high, sample.n)


def _strata(values: Floats) -> Integers:
    edges = np.quantile(values, np.arange(1, _SIDE) / _SIDE)
    return np.asarray(np.searchsorted(edges, values, side="right"), dtype=np.int64)


def _rmse(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt(sums[:, 3] / sums[:, 0]))


def _r2(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = sums[:, 2] - sums[:, 1] ** 2 / sums[:, 0]
        return np.where(spread > 0, 1 - sums[:, 3] / spread, np.nan)


def _between(drawn: Floats, n: int, least: float, most: float, effective: float | None = None) -> Bounds:
    usable = drawn[np.isfinite(drawn)]
    if len(usable) < len(drawn) / 2:
        return Bounds(None, None, n, effective, "in most samples drawn anew it has no value")
    low, high = np.quantile(usable, [0.025, 0.975])
    return Bounds(max(least, float(low)), min(most, float(high)), n, effective)
