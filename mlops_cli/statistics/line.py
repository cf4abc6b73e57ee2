"""Samples that lie on a line, ordered: Kolmogorov-Smirnov, Wasserstein, Mann-Whitney; from values, bins or quantiles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import kolmogorov

from mlops_cli.statistics.arrays import counted_pair, finite
from mlops_cli.statistics.counts import Test
from mlops_cli.statistics.interval import normal_two_sided

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mlops_cli.statistics.arrays import Floats

# Up to so many steps, and so many steps times the smaller sample, the exact distribution is worked out (about 0.1 s at most).
_STEPS = 20_000
_WORK = 20_000_000


def ks(a: ArrayLike, b: ArrayLike) -> Test:
    """Return the Kolmogorov-Smirnov test that two samples have one distribution.

    Definition: the largest difference of the two empirical distribution functions. The p-value is exact, ties included (given the
    pooled values, every way to deal them out is equally likely: N. V. Smirnov, 1939; J. L. Hodges, Ark. Mat. 3 (1958) 469), where
    that is not too much work; else asymptotic with M. A. Stephens' correction (J. R. Stat. Soc. B 32 (1970) 115).

    Parameters
    ----------
    a, b : array of float, shapes (n,) and (m,)
        Values in any order.

    Raises
    ------
    ValueError
        When a sample is empty, or a value is NaN or infinite.

    Examples
    --------
    >>> found = ks([1, 2, 3, 4], [3, 4, 5, 6, 7])
    >>> round(found.statistic, 4), round(found.p_value, 4)
    (0.6, 0.1905)
    """
    one, two = np.sort(finite(a, "values")), np.sort(finite(b, "values"))
    if not len(one) or not len(two):
        raise ValueError("each of two samples has at least one value")
    both = np.sort(np.concatenate([one, two]), kind="stable")
    ends = both[np.append(both[1:] > both[:-1], True)]
    below = np.searchsorted(one, ends, side="right"), np.searchsorted(two, ends, side="right")
    return _smirnov(below[0].astype(np.float64), below[1].astype(np.float64))


def ks_from_counts(p: ArrayLike, q: ArrayLike) -> Test:
    """Return the Kolmogorov-Smirnov test from counts in bins that are in order.

    The statistic is exact for what takes one value a bin; otherwise it falls short of that of the values by at most the largest
    share of a bin. The p-value is exact given the bins where counts are whole and few; else it is asymptotic and too large
    rather than too small.

    Parameters
    ----------
    p, q : array of float, shape (K,)
        Counts over the same bins, in order.

    Raises
    ------
    ValueError
        When the samples differ in length, a count is negative or not finite, or a sample has no rows.

    Examples
    --------
    >>> found = ks_from_counts([1, 1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1, 1])
    >>> round(found.statistic, 4), round(found.p_value, 4)
    (0.6, 0.1905)
    """
    one, two = counted_pair(p, q)
    used = one + two > 0
    return _smirnov(np.cumsum(one[used]), np.cumsum(two[used]))


def wasserstein(a: ArrayLike, b: ArrayLike) -> float:
    """Return the first Wasserstein distance of two samples: how far their values have to move on average.

    Definition: the area between the two empirical distribution functions. It has the unit of the values, and is inf when beyond
    all floats.

    Raises
    ------
    ValueError
        When a sample is empty, or a value is NaN or infinite.

    Examples
    --------
    >>> wasserstein([0, 1, 3], [5, 6, 8])
    5.0
    """
    one, two = np.sort(finite(a, "values")), np.sort(finite(b, "values"))
    if not len(one) or not len(two):
        raise ValueError("each of two samples has at least one value")
    with np.errstate(over="ignore"):
        if len(one) == len(two):
            return float(np.mean(np.abs(one - two)))
        both = np.sort(np.concatenate([one, two]), kind="stable")
        apart = np.searchsorted(one, both[:-1], side="right") / len(one)
        apart -= np.searchsorted(two, both[:-1], side="right") / len(two)
        steps = np.diff(both)
        return float(np.sum(np.abs(apart[steps > 0]) * steps[steps > 0]))


def wasserstein_from_points(points: ArrayLike, p: ArrayLike, q: ArrayLike) -> float:
    """Return the first Wasserstein distance of counts at the same points of the line.

    Parameters
    ----------
    points : array of float, shape (K,)
        Rising: the values themselves, or what stands for each bin.
    p, q : array of float, shape (K,)
        Counts at each point.

    Raises
    ------
    ValueError
        When lengths differ, points do not rise, a number is not finite, a count is negative, or a sample has no rows.

    Examples
    --------
    >>> wasserstein_from_points([0, 1, 3], [1, 1, 0], [0, 1, 1])
    1.5
    """
    place = finite(points, "points")
    one, two = counted_pair(p, q)
    if place.shape != one.shape or (np.diff(place) <= 0).any():
        raise ValueError("points rise, and each has a count")
    apart = np.cumsum(one / one.sum() - two / two.sum())[:-1]
    return float(np.sum(np.abs(apart) * np.diff(place)))


def wasserstein_from_quantiles(a: ArrayLike, b: ArrayLike) -> float:
    """Return the first Wasserstein distance from quantiles of both samples at the same levels.

    Definition: the mean difference without sign. With levels (i + 1/2) / K, i = 0 … K - 1, each quantile stands for an equal share
    of the rows.

    Parameters
    ----------
    a, b : array of float, shape (K,)
        Quantiles, rising.

    Raises
    ------
    ValueError
        When there are none, lengths differ, or a number is not finite.

    Examples
    --------
    >>> wasserstein_from_quantiles([1, 2, 3], [2, 3, 4])
    1.0
    """
    one, two = finite(a, "quantiles"), finite(b, "quantiles")
    if not len(one) or one.shape != two.shape:
        raise ValueError(f"both have the same quantiles, at least one, not {len(one)} and {len(two)}")
    return float(np.mean(np.abs(one - two)))


def mann_whitney_from_counts(p: ArrayLike, q: ArrayLike) -> Test:
    """Return the Mann-Whitney test from counts over values that are in order.

    Definition: U is the number of pairs in which the row of q has the larger value, equal ones counting half; U / (n m) is the
    probability that a row of q lies above one of p. Two-sided by the normal distribution, corrected for ties and continuity.
    Source: H. B. Mann, D. R. Whitney, Ann. Math. Stat. 18 (1947) 50.

    Parameters
    ----------
    p, q : array of float, shape (K,)
        Counts at the same values, in order.

    Returns
    -------
    Test
        `statistic` is U. Where all values are equal, p is 1.

    Raises
    ------
    ValueError
        When the samples differ in length, a count is negative or not finite, or a sample has no rows.

    Examples
    --------
    >>> found = mann_whitney_from_counts([5, 3, 2], [2, 3, 5])
    >>> found.statistic, round(found.p_value, 4)
    (69.5, 0.1278)
    """
    one, two = counted_pair(p, q)
    n, m = float(one.sum()), float(two.sum())
    above = float(np.sum(two * (np.cumsum(one) - one / 2)))
    both, total = one + two, n + m
    ties = float(np.sum(both * (both * both - 1))) / (total * (total - 1)) if total > 1 else total + 1
    variance = n * m / 12 * (total + 1 - ties)
    if variance <= total * 1e-12:
        return Test(above, 1.0)
    z = max(0.0, abs(above - n * m / 2) - 0.5) / math.sqrt(variance)
    return Test(above, normal_two_sided(z))


def _smirnov(below_a: Floats, below_b: Floats) -> Test:
    """Return the test from how many of each sample lie at or below each place where values end."""
    n, m = float(below_a[-1]), float(below_b[-1])
    whole = n == int(n) and m == int(m) and not (below_a % 1).any() and not (below_b % 1).any()
    apart = np.abs(below_a * m - below_b * n)
    farthest = float(apart.max())
    statistic = farthest / (n * m)
    steps, smaller = n + m, min(n, m)
    if farthest == 0:
        return Test(0.0, 1.0)
    if whole and steps <= _STEPS and steps * smaller <= _WORK:
        return Test(statistic, _exact(int(n), int(m), round(farthest), below_a + below_b))
    root = math.sqrt(n * m / (n + m))
    return Test(statistic, float(kolmogorov((root + 0.12 + 0.11 / root) * statistic)))


def _exact(n: int, m: int, farthest: int, ends: Floats) -> float:
    """Return the probability that the distance reaches `farthest` / (n m) when the pooled values are dealt out at random.

    The pooled values are walked through in order; the state is how many of the first k went to the smaller sample. Only where a run
    of equal values ends does the distance count. What gets there is taken out and added up, so that small p-values are
    as exact as large ones.
    """
    n, m = min(n, m), max(n, m)
    total = n + m
    looked_at = np.zeros(total + 1, dtype=bool)
    looked_at[ends.astype(np.int64)] = True
    index = np.arange(n + 2, dtype=np.float64)
    state = np.zeros(n + 2)
    state[0] = 1.0
    reached = 0.0
    low, high = 0, 0  # states outside are empty
    for k in range(total):
        left = total - k
        # From i, one more goes to the smaller sample with probability (n - i) / left.
        here = state[low : high + 1]
        up = here * ((n - index[low : high + 1]) / left)
        here -= up
        state[low + 1 : high + 2] += up
        high = min(high + 1, n)
        if not looked_at[k + 1]:
            continue
        # i total - (k + 1) n is the difference of the distribution functions times n m.
        first = (n * (k + 1) - farthest) // total + 1
        last = -((-n * (k + 1) - farthest) // total) - 1
        if low < first:
            reached += float(state[low:first].sum())
            state[low:first] = 0.0
            low = min(first, high)
        if last < high:
            reached += float(state[last + 1 : high + 1].sum())
            state[last + 1 : high + 1] = 0.0
            high = max(last, low)
    return min(1.0, reached)
