"""Curves to draw, of at most 200 points: ROC, precision and recall, scores; of a regression how answers fit, and the residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.charts import Curves, Grid, Histogram
from mlops_cli.evaluation.threshold import cuts_of

if TYPE_CHECKING:
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.statistics.arrays import Floats, Integers

POINTS = 200
_SCORE_BINS, _FIT_BINS, _GRID = 40, 20, 24


def curves_of(sample: Sample) -> Curves | None:
    """Return what can be drawn of a sample; None where that is nothing."""
    if sample.n == 0 or sample.missing():
        return None
    if sample.task == "regression":
        return _of_numbers(sample)
    if sample.task != "binary" or sample.scores is None or sample.missing_scores():
        return None
    return _of_scores(sample)


def _of_scores(sample: Sample) -> Curves:
    cuts = cuts_of(sample)
    assert sample.scores is not None, "looked at before"  # noqa: S101 - tells the type checker
    roc: list[tuple[float, float, float | None]] = []
    precision: list[tuple[float, float, float | None]] = []
    by_threshold: list[tuple[float, float, float, float]] = []
    recall, right = cuts.recall, cuts.precision
    if cuts.positives and cuts.negatives:
        alarms = cuts.misses / cuts.negatives
        picked = _picked(np.column_stack([alarms, recall]))
        roc = [(0.0, 0.0, None)]
        roc += [(float(alarms[at]), float(recall[at]), float(cuts.thresholds[at])) for at in picked]
    if cuts.positives:
        picked = _picked(np.column_stack([recall, right]))
        precision = [(float(recall[at]), float(right[at]), float(cuts.thresholds[at])) for at in picked]
        for at in picked:
            one, two = float(right[at]), float(recall[at])
            f1 = 2 * one * two / (one + two) if one + two else 0.0
            by_threshold.append((float(cuts.thresholds[at]), one, two, f1))
    return Curves(tuple(roc), tuple(precision), _histogram(sample), by_threshold=tuple(by_threshold))


def _picked(points: Floats) -> Integers:
    """Return which points of a curve to keep, so that they lie evenly along it; the first and the last always."""
    if len(points) < POINTS:
        return np.arange(len(points))
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(points, axis=0)).sum(axis=1))])
    wanted = np.linspace(0, way[-1], POINTS - 1)
    return np.unique(np.append(np.searchsorted(way, wanted).clip(0, len(points) - 1), len(points) - 1))


def _histogram(sample: Sample) -> Histogram:
    assert sample.scores is not None, "looked at before"  # noqa: S101 - tells the type checker
    low, high = (
        (0.0, 1.0) if sample.probabilities else (float(sample.scores.min()), float(sample.scores.max()))
    )
    edges = np.linspace(low, high if high > low else low + 1, _SCORE_BINS + 1)
    counts = {
        name: tuple(int(count) for count in np.histogram(sample.scores[sample.truth == code], edges)[0])
        for code, name in enumerate(("negative", "positive"))
    }
    return Histogram(tuple(float(edge) for edge in edges), counts)


def _of_numbers(sample: Sample) -> Curves:
    residuals = np.asarray(sample.predicted - sample.truth, dtype=np.float64)
    edges = _edges(residuals, _SCORE_BINS)
    counts = np.histogram(residuals.clip(edges[0], edges[-1]), edges)[0]
    histogram = Histogram(
        tuple(float(edge) for edge in edges), {"rows": tuple(int(count) for count in counts)}
    )
    cuts = np.unique(np.quantile(sample.predicted, np.arange(1, _FIT_BINS) / _FIT_BINS))
    _kept, index = np.unique(np.searchsorted(cuts, sample.predicted, side="left"), return_inverse=True)
    fit = []
    for code in range(int(index.max()) + 1):
        said, true = sample.predicted[index == code], sample.truth[index == code]
        fit.append((float(said.min()), float(said.max()), len(said), float(said.mean()), float(true.mean())))
    return Curves(scores=histogram, fit=tuple(fit), grid=_grid(sample))


def _grid(sample: Sample) -> Grid:
    both = np.concatenate([sample.truth, sample.predicted]).astype(np.float64)
    edges = _edges(both, _GRID)
    inside = [values.clip(edges[0], edges[-1]) for values in (sample.predicted, sample.truth)]
    counts = np.histogram2d(inside[0], inside[1], bins=(edges, edges))[0].astype(np.int64)
    return Grid(tuple(float(edge) for edge in edges), tuple(tuple(int(n) for n in row) for row in counts))


def _edges(values: Floats, bins: int) -> Floats:
    """Return equal steps over all but the outermost half per cent; what lies beyond is put into the last bins."""
    low, high = np.quantile(values, [0.005, 0.995])
    return np.asarray(np.linspace(low, high if high > low else low + 1, bins + 1))
