"""Tests on counts: two samples over the same cells, two rates, one rate against a given one. Counts in, p-values out.

A sample is always held against another *sample*. Taking the reference for the exact truth (a goodness-of-fit test) finds
differences that are not there, so there is no such test here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc, chdtrc, gammaln

from mlops_cli.statistics.arrays import counted_pair
from mlops_cli.statistics.interval import normal_two_sided

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mlops_cli.statistics.arrays import Floats


@dataclass(frozen=True, slots=True)
class Test:
    """What a test found.

    Parameters
    ----------
    statistic : float
        As the function that made it defines it.
    p_value : float
        How often so much or more comes up where there is no difference.
    df : int
        Degrees of freedom; 0 where the test has none.
    pooled : int
        How many cells were counted together because too few rows were expected in them.
    """

    __test__ = False  # its name is no request to a test runner

    statistic: float
    p_value: float
    df: int = 0
    pooled: int = 0


def two_sample_chi2(reference: ArrayLike, current: ArrayLike, minimum: float = 5.0) -> Test:
    """Return Pearson's test that two samples have one distribution over K cells.

    Definition: sum of (observed - expected)² / expected over both samples, expected from both together; K - 1 degrees of
    freedom. Cells in which fewer than `minimum` rows are expected are counted as one (W. G. Cochran, Biometrics 10 (1954) 417).

    Parameters
    ----------
    reference, current : array of float, shape (K,)
        Rows in each cell.
    minimum : float
        Least expected count.

    Returns
    -------
    Test
        With fewer than two cells left there is nothing to tell apart: statistic 0, p 1.

    Raises
    ------
    ValueError
        When the samples differ in length, a count is negative or not finite, or a sample has no rows.

    Examples
    --------
    >>> found = two_sample_chi2([50, 50], [30, 70])
    >>> round(found.statistic, 4), round(found.p_value, 5), found.df
    (8.3333, 0.00389, 1)
    """
    observed, expected, pooled = _table(reference, current, minimum)
    statistic = float(np.sum((observed - expected) ** 2 / expected))
    return _chi2(statistic, observed.shape[1] - 1, pooled)


def g_test(reference: ArrayLike, current: ArrayLike, minimum: float = 5.0) -> Test:
    """Return the likelihood-ratio test that two samples have one distribution over K cells.

    Definition: 2 times the sum of observed ln(observed / expected). Source: S. S. Wilks, Ann. Math. Stat. 6 (1935) 190.
    Cells are pooled as in `two_sample_chi2`.

    Raises
    ------
    ValueError
        As of `two_sample_chi2`.

    Examples
    --------
    >>> found = g_test([50, 50], [30, 70])
    >>> round(found.statistic, 4), round(found.p_value, 5)
    (8.4024, 0.00375)
    """
    observed, expected, pooled = _table(reference, current, minimum)
    some = observed > 0
    statistic = 2 * float(np.sum(observed[some] * np.log(observed[some] / expected[some])))
    return _chi2(max(0.0, statistic), observed.shape[1] - 1, pooled)


def proportions_score(k1: float, n1: float, k2: float, n2: float) -> Test:
    """Return the score test that two independent rates are equal.

    Definition: z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2)) with p from both together, two-sided; z² is Pearson's statistic
    of the table of two by two.

    Returns
    -------
    Test
        `statistic` is z, positive when the first rate is larger. Where all rows succeed, or none, it is 0 and p is 1.

    Raises
    ------
    ValueError
        When a side has no rows, or successes are not between 0 and n.

    Examples
    --------
    >>> found = proportions_score(7, 34, 1, 34)
    >>> round(found.statistic, 4), round(found.p_value, 4)
    (2.2583, 0.0239)
    """
    for successes, n in ((k1, n1), (k2, n2)):
        if not (n > 0 and 0 <= successes <= n and math.isfinite(n)):
            raise ValueError(f"a rate needs rows, and no more successes than rows: {successes} of {n}")
    rate = (k1 + k2) / (n1 + n2)
    variance = rate * (1 - rate) * (1 / n1 + 1 / n2)
    if variance <= 0:
        return Test(0.0, 1.0, 1)
    z = (k1 / n1 - k2 / n2) / math.sqrt(variance)
    return Test(z, normal_two_sided(z), 1)


def binomial_at_least(k: int, n: int, p: float) -> float:
    """Return the probability of k or more successes in n rows when each succeeds with probability p. Exact.

    Raises
    ------
    ValueError
        When k is not between 0 and n, or p not between 0 and 1.

    Examples
    --------
    >>> binomial_at_least(3, 3, 0.5), binomial_at_least(0, 3, 0.5)
    (0.125, 1.0)
    """
    _check_binomial(k, n, p)
    return 1.0 if k == 0 else float(betainc(k, n - k + 1, p))


def binomial_at_most(k: int, n: int, p: float) -> float:
    """Return the probability of k or fewer successes in n rows when each succeeds with probability p. Exact.

    Raises
    ------
    ValueError
        As of `binomial_at_least`.

    Examples
    --------
    >>> binomial_at_most(0, 3, 0.5), binomial_at_most(3, 3, 0.5)
    (0.125, 1.0)
    """
    _check_binomial(k, n, p)
    return 1.0 if k == n else float(betainc(n - k, k + 1, 1 - p))


def fisher(k1: int, n1: int, k2: int, n2: int) -> float:
    """Return the two-sided p-value of Fisher's exact test that two independent rates are equal.

    Definition: with all margins given, the total probability of tables that are no likelier than the one at hand. Source: R. A.
    Fisher, J. R. Stat. Soc. 98 (1935) 39. Meant for few rows; work grows with the number of successes.

    Raises
    ------
    ValueError
        When a side has no rows, or successes are not between 0 and n.

    Examples
    --------
    >>> round(fisher(3, 4, 1, 4), 6)
    0.485714
    """
    if not (n1 > 0 and n2 > 0 and 0 <= k1 <= n1 and 0 <= k2 <= n2):
        raise ValueError(f"a rate needs rows, and no more successes than rows: {k1} of {n1}, {k2} of {n2}")
    total = k1 + k2
    first = np.arange(max(0, total - n2), min(total, n1) + 1, dtype=np.float64)
    logs = -(
        gammaln(first + 1)
        + gammaln(n1 - first + 1)
        + gammaln(total - first + 1)
        + gammaln(n2 - total + first + 1)
    )
    weights = np.exp(logs - logs.max())
    here = weights[k1 - int(first[0])]
    # Tables that are equally likely differ in their last digits.
    return float(min(1.0, weights[weights <= here * (1 + 1e-9)].sum() / weights.sum()))


def _table(reference: ArrayLike, current: ArrayLike, minimum: float) -> tuple[Floats, Floats, int]:
    """Return observed and expected counts of both samples, shape (2, cells), after pooling, and how many were pooled."""
    pair = counted_pair(reference, current)
    observed = np.stack(pair)
    observed = observed[:, observed.sum(axis=0) > 0]
    sizes = observed.sum(axis=1, keepdims=True)
    share = float(sizes.min() / sizes.sum())
    cells = observed.sum(axis=0)
    # Smallest first: the pool takes in all that are too small, and goes on until it is large enough itself.
    order = np.argsort(cells, kind="stable")
    least = minimum / share
    small = int(np.count_nonzero(cells < least))
    if small:
        pool = max(small, 1 + int(np.searchsorted(np.cumsum(cells[order]), least)))
        pool = min(max(pool, 2), len(cells))
        joined = observed[:, order[:pool]].sum(axis=1, keepdims=True)
        observed = np.concatenate([observed[:, np.sort(order[pool:])], joined], axis=1)
    else:
        pool = 0
    return observed, sizes * observed.sum(axis=0) / sizes.sum(), pool


def _chi2(statistic: float, df: int, pooled: int) -> Test:
    if df < 1:
        return Test(0.0, 1.0, 0, pooled)
    return Test(statistic, float(chdtrc(df, statistic)), df, pooled)


def _check_binomial(k: int, n: int, p: float) -> None:
    if not (0 <= k <= n and 0 <= p <= 1):
        raise ValueError(
            f"successes lie between 0 and n, and a probability between 0 and 1: {k} of {n} at {p}"
        )
