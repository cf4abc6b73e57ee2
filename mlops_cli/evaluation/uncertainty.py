"""The interval of each metric: Wilson for rates, DeLong for areas, Student for means, the bootstrap on cells for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.bounds import Bounds, effective_rows
from mlops_cli.evaluation.resampled import (
    of_average_precision,
    of_calibration,
    of_confusion,
    of_regression,
    without_spread,
)
from mlops_cli.evaluation.values import row_losses
from mlops_cli.statistics.auc import delong
from mlops_cli.statistics.interval import mean_t, normal_quantile, wilson
from mlops_cli.statistics.ranks import midranks

if TYPE_CHECKING:
    from mlops_cli.evaluation.catalogue import Metric
    from mlops_cli.evaluation.sample import Sample

_FEWEST_ORDERED = 6  # rows: under this many, no two of them hold a median between them in 95 %


def bounds_of(metric: Metric, sample: Sample, value: float) -> Bounds:
    """Return the 95 % interval of a metric's value.

    Parameters
    ----------
    value : float
        What `value_of` returned for this sample.
    """
    kind = metric.name.partition("[")[0]
    if metric.method == "wilson":
        return _rate(metric.name, kind, sample)
    if metric.method == "delong":
        return _area(sample) if sample.task == "binary" else _areas(sample, value)
    if metric.method == "t":
        return _mean(metric.name, sample)
    if metric.method == "order":
        return _median(sample)
    if metric.name in ("rmse", "r2"):
        return of_regression(metric.name, sample)
    if metric.name == "average_precision":
        return of_average_precision(sample, value)
    if metric.name in ("ece", "calibration_error"):
        return of_calibration(metric.name, sample, value)
    return of_confusion(metric.name, sample)


# Rates and means ------------------------------------------------------------------------------------------------


def _rate(name: str, kind: str, sample: Sample) -> Bounds:
    hits, n = _counts(name, kind, sample)
    found = wilson(hits, n)
    return Bounds(found.low, found.high, n)


def _counts(name: str, kind: str, sample: Sample) -> tuple[int, int]:
    """Return how often a rate came true, and of how many rows."""
    truth, predicted = sample.truth, sample.predicted
    if kind == "accuracy":
        return int((truth == predicted).sum()), sample.n
    if kind == "selection_rate":
        return int((predicted == 1).sum()), sample.n
    label = (
        sample.classes.index(name.partition("[")[2][:-1])
        if "[" in name
        else 0
        if kind == "specificity"
        else 1
    )
    rows = (predicted if kind == "precision" else truth) == label
    return int((rows & (truth == predicted)).sum()), int(rows.sum())


def _mean(name: str, sample: Sample) -> Bounds:
    losses = row_losses(name, sample)
    if len(losses) < 2:
        return Bounds(None, None, len(losses), None, "one row has no spread")
    found = mean_t(float(losses.mean()), float(losses.var(ddof=1)), len(losses))
    low = found.low if name == "bias" else max(0.0, found.low)
    return Bounds(low, found.high, len(losses))


def _median(sample: Sample) -> Bounds:
    """Two of the ordered errors, as far from the middle as coin tosses go: exact for every distribution."""
    if sample.n < _FEWEST_ORDERED:
        return Bounds(None, None, sample.n, None, f"an interval of a median needs {_FEWEST_ORDERED} rows")
    from scipy.stats import binom

    errors = np.sort(np.abs(sample.predicted - sample.truth))
    below = int(binom.ppf(0.025, sample.n, 0.5)) - 1
    below = max(0, below)
    return Bounds(float(errors[below]), float(errors[sample.n - 1 - below]), sample.n)


# Areas ----------------------------------------------------------------------------------------------------------


def _area(sample: Sample) -> Bounds:
    positive = sample.truth == 1
    effective = effective_rows(np.array([positive.sum(), (~positive).sum()]))
    if min(positive.sum(), (~positive).sum()) < 2:
        return Bounds(None, None, sample.n, effective, "one row of a class has no spread")
    assert sample.scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    found = delong(positive, sample.scores)
    return Bounds(found.low, found.high, sample.n, effective)


def _areas(sample: Sample, value: float) -> Bounds:
    """Return the bounds of a mean of areas that share their rows, from the spread of what each row adds to all of them together.

    Source: the components of DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837, summed over classes, then squared.
    """
    assert sample.scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    counts = np.bincount(sample.truth.astype(np.int64), minlength=len(sample.classes))
    present = np.flatnonzero(counts)
    effective = effective_rows(counts[present])
    if counts[present].min() < 2:
        return Bounds(None, None, sample.n, effective, "one row of a class has no spread")
    influence = np.zeros(sample.n)
    for code in present:
        inside, score = sample.truth == code, sample.scores[:, int(code)]
        m, n = int(inside.sum()), int((~inside).sum())
        ranks = midranks(score)
        above = (ranks[inside] - midranks(score[inside])) / n
        below = 1 - (ranks[~inside] - midranks(score[~inside])) / m
        area = float(above.mean())
        influence[inside] += (above - area) / m
        influence[~inside] += (below - area) / n
    half = normal_quantile(0.95) * float(np.sqrt((influence**2).sum())) / len(present)
    if half == 0:
        return without_spread("roc_auc_ovr", value, sample.n, effective)
    return Bounds(max(0.0, value - half), min(1.0, value + half), sample.n, effective)
