"""The area under the ROC curve, its interval, and the difference of two on the same rows, after DeLong.

All in O(n log n): what a row contributes is how many rows of the other class lie below and above it, which sorting tells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlops_cli.statistics.arrays import counted, finite
from mlops_cli.statistics.interval import (
    LEVEL,
    Difference,
    Interval,
    normal_quantile,
    normal_two_sided,
    wilson,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mlops_cli.statistics.arrays import Floats, Integers


@dataclass(frozen=True, slots=True)
class Estimate(Interval):
    """A value with its interval and its variance.

    Parameters
    ----------
    variance : float
        Of the value, as an estimate; inf when there are too few rows to tell.
    """

    variance: float


def roc_auc(truth: ArrayLike, score: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the probability that a positive row has a higher score than a negative one, ties counting half.

    Parameters
    ----------
    truth : array of bool, shape (n,)
        Which rows are positive.
    score : array of float, shape (n,)
        Finite.
    weights : array of float, shape (n,), optional
        How much a row counts.

    Raises
    ------
    ValueError
        When a class has no rows or no weight, lengths differ, or a score is NaN or infinite.

    Examples
    --------
    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    if weights is None:
        positive, negative = _classes(truth, score)
        return _pairs(positive, negative) / (len(positive) * len(negative))
    scores, weight = finite(score, "scores"), counted(weights, "weights")
    positives = _truth(truth, len(scores))
    if weight.shape != scores.shape:
        raise ValueError(f"each score has a weight: {len(scores)} scores, {len(weight)} weights")
    order = np.argsort(scores, kind="stable")
    scores, up = scores[order], np.where(positives, weight, 0.0)[order]
    down = np.where(positives, 0.0, weight)[order]
    starts = np.flatnonzero(np.append(True, scores[1:] > scores[:-1])) if len(scores) else np.empty(0, int)
    if not (up.sum() > 0 and down.sum() > 0):
        raise ValueError("an area under the ROC curve needs rows of both classes")
    ups, downs = np.add.reduceat(up, starts), np.add.reduceat(down, starts)
    below = np.cumsum(downs) - downs / 2
    return min(1.0, float(np.sum(ups * below) / (ups.sum() * downs.sum())))


def delong(
    truth: ArrayLike, score: ArrayLike, level: float = LEVEL, scale: Literal["logit", "plain"] = "logit"
) -> Estimate:
    """Return the area under the ROC curve with DeLong's variance and interval.

    Definition: the variance is that of the rows' placements, a class at a time, each divided by its number of rows. Source: E. R.
    DeLong et al., Biometrics 44 (1988) 837. On the scale of the logit the interval stays between 0 and 1 and keeps its level near
    them (G. Qin, L. Hotilovac, Stat. Methods Med. Res. 17 (2008) 207); `plain` is the textbook's, cut at 0 and 1.

    Where every placement is the same (all pairs in order, say), the variance is 0 though nothing is certain. The interval is then
    Wilson's of as many rows as the smaller class has. With one row in a class there is no variance, and the interval is that too.

    Parameters
    ----------
    truth : array of bool, shape (n,)
        Which rows are positive.
    score : array of float, shape (n,)
        Finite.

    Raises
    ------
    ValueError
        When a class has no rows, lengths differ, or a score is NaN or infinite.

    Examples
    --------
    >>> found = delong([0, 0, 0, 1, 1, 1], [0.1, 0.4, 0.5, 0.35, 0.8, 0.9])
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4), round(found.variance, 4)
    (0.7778, 0.173, 0.9832, 0.0617)
    """
    positive, negative = _classes(truth, score)
    # Which row has which placement does not matter here, and places are found faster in order.
    placed = _placements(np.sort(positive), np.sort(negative))
    value, variance = _auc(*placed), _variance(*placed)
    if variance == 0 or math.isinf(variance):
        smaller = min(map(len, placed))
        bounds = wilson(value * smaller, smaller, level)
        return Estimate(value, bounds.low, bounds.high, variance)
    half = normal_quantile(level) * math.sqrt(variance)
    if scale == "plain":
        return Estimate(value, max(0.0, value - half), min(1.0, value + half), variance)
    middle, half = math.log(value / (1 - value)), half / (value * (1 - value))
    return Estimate(value, _logistic(middle - half), _logistic(middle + half), variance)


def paired_delong(
    truth: ArrayLike, score_a: ArrayLike, score_b: ArrayLike, level: float = LEVEL
) -> Difference:
    """Return the area of a less the area of b on the same rows, with DeLong's interval and p-value.

    Where both rank the rows alike, the difference is 0 for certain. Where the variance is 0 though they do not, or a class has
    one row, the interval comes from both areas' own intervals (squares added), and p from its width.

    Parameters
    ----------
    truth : array of bool, shape (n,)
        Which rows are positive.
    score_a, score_b : array of float, shape (n,)
        Finite.

    Raises
    ------
    ValueError
        As of `delong`.

    Examples
    --------
    >>> truth = [0, 0, 0, 0, 1, 1, 1, 1]
    >>> found = paired_delong(truth, [1, 2, 3, 6, 4, 5, 7, 8], [5, 2, 3, 7, 4, 1, 6, 8])
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4), round(found.p_value, 4)
    (0.3125, -0.0192, 0.6442, 0.0648)
    """
    one = _placements_in_rows(*_classes(truth, score_a))
    two = _placements_in_rows(*_classes(truth, score_b))
    differences = one[0] - two[0], one[1] - two[1]
    value, variance = _auc(*differences), _variance(*differences)
    if variance > 0 and not math.isinf(variance):
        error = math.sqrt(variance)
        half = normal_quantile(level) * error
        return Difference(
            value, max(-1.0, value - half), min(1.0, value + half), normal_two_sided(value / error)
        )
    if _same_ranking(finite(score_a, "scores"), finite(score_b, "scores")):
        return Difference(0.0, 0.0, 0.0, 1.0)
    first, second = delong(truth, score_a, level), delong(truth, score_b, level)
    down = math.hypot(first.value - first.low, second.high - second.value)
    up = math.hypot(first.high - first.value, second.value - second.low)
    toward_zero = down if value > 0 else up
    p_value = normal_two_sided(value / toward_zero * normal_quantile(level)) if toward_zero > 0 else 1.0
    return Difference(value, max(-1.0, value - down), min(1.0, value + up), p_value)


def _truth(truth: ArrayLike, n: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    taken = np.asarray(truth)
    if taken.shape != (n,):
        raise ValueError(f"each score has a truth: {n} scores, {taken.shape} truths")
    positives = taken.astype(bool)
    if taken.dtype != np.bool_ and not (taken == positives).all():
        raise ValueError("truth is true or false (or 1 and 0), a row")
    return positives


def _classes(truth: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
    """Return the scores of positive and of negative rows, in the order of rows."""
    scores = finite(score, "scores")
    positives = _truth(truth, len(scores))
    positive, negative = scores[positives], scores[~positives]
    if not len(positive) or not len(negative):
        raise ValueError("an area under the ROC curve needs rows of both classes")
    return positive, negative


def _pairs(positive: Floats, negative: Floats) -> float:
    """Return how many pairs are in order, ties counting half."""
    ups, downs = np.sort(positive), np.sort(negative)
    lower = np.searchsorted(downs, ups, side="left").sum(dtype=np.int64)
    upper = np.searchsorted(downs, ups, side="right").sum(dtype=np.int64)
    return int(lower + upper) / 2


def _placements(ups: Floats, downs: Floats) -> tuple[Integers, Integers]:
    """Return for each row how many of the other class it is in order with, times 2: positives above, negatives below.

    Both come sorted, and so do the placements of the positives; those of the negatives fall. Whole numbers, so that what is equal
    is found to be equal.
    """
    below = np.searchsorted(downs, ups, side="left") + np.searchsorted(downs, ups, side="right")
    at_most = np.searchsorted(ups, downs, side="left") + np.searchsorted(ups, downs, side="right")
    return below, 2 * len(ups) - at_most


def _placements_in_rows(positive: Floats, negative: Floats) -> tuple[Integers, Integers]:
    """Return placements in the order of rows."""
    orders = np.argsort(positive), np.argsort(negative)
    placed = _placements(positive[orders[0]], negative[orders[1]])
    for side, order in zip(placed, orders, strict=True):
        side[order] = side.copy()
    return placed


def _auc(ups: Integers, downs: Integers) -> float:
    return int(ups.sum()) / (2 * len(ups) * len(downs))


def _variance(ups: Integers, downs: Integers) -> float:
    n, m = len(ups), len(downs)
    if min(n, m) < 2:
        return math.inf
    # All alike is 0, whatever rounding makes of their mean.
    of_ups, of_downs = (0.0 if (side == side[0]).all() else float(side.var(ddof=1)) for side in (ups, downs))
    return of_ups / n / (2 * m) ** 2 + of_downs / m / (2 * n) ** 2


def _same_ranking(one: Floats, two: Floats) -> bool:
    """Whether two scores put the rows in the same order, with the same ties."""
    order = np.lexsort((two, one))
    first, second = one[order], two[order]
    return bool(
        (((first[1:] > first[:-1]) == (second[1:] > second[:-1])) & (second[1:] >= second[:-1])).all()
    )


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))
