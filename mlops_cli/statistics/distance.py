"""How far two samples lie apart: distances of counts over the same cells. What lies on a line is in `line.py`.

Each takes counts (rows, or sums of weights) of a reference p and a current sample q, and says so when one is empty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.statistics.arrays import counted_pair
from mlops_cli.statistics.counts import two_sample_chi2

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mlops_cli.statistics.arrays import Floats


@dataclass(frozen=True, slots=True)
class Farthest:
    """The largest difference of shares, and the cell that has it.

    Parameters
    ----------
    value : float
        Without sign.
    index : int
        The first such cell.
    """

    value: float
    index: int


def jensen_shannon(p: ArrayLike, q: ArrayLike) -> float:
    """Return the Jensen-Shannon distance, base 2: 0 for equal shares, 1 for no cell in common.

    Definition: the root of H((p + q) / 2) - (H(p) + H(q)) / 2. Source: D. M. Endres, J. E. Schindelin, IEEE Trans. Inf. Theory
    49 (2003) 1858, who show that the root is a metric.

    Parameters
    ----------
    p, q : array of float, shape (K,)
        Counts over the same cells.

    Raises
    ------
    ValueError
        When the samples differ in length, a count is negative or not finite, or a sample has no rows.

    Examples
    --------
    >>> jensen_shannon([1, 0], [0, 1]), round(jensen_shannon([50, 50], [30, 70]), 4)
    (1.0, 0.1741)
    """
    return math.sqrt(_divergence(*_shares(p, q)))


def jensen_shannon_debiased(p: ArrayLike, q: ArrayLike) -> float:
    """Return the Jensen-Shannon distance less what sampling alone brings about.

    Definition: root of max(0, JSD - (B - 1) / (8 ln 2 n_eff)), n_eff = n m / (n + m), B the cells that either sample has rows
    in. The term is the expected divergence of two samples of one distribution: 8 ln 2 n_eff JSD is then close to chi-squared
    with B - 1 degrees of freedom.

    Raises
    ------
    ValueError
        As of `jensen_shannon`.

    Examples
    --------
    >>> round(jensen_shannon_debiased([50, 50], [30, 70]), 4), jensen_shannon_debiased([5, 4], [4, 5])
    (0.1634, 0.0)
    """
    one, two = counted_pair(p, q)
    n, m = float(one.sum()), float(two.sum())
    cells = int(np.count_nonzero(one + two))
    bias = (cells - 1) / (8 * math.log(2) * (n * m / (n + m)))
    return math.sqrt(max(0.0, _divergence(one / n, two / m) - bias))


def psi(p: ArrayLike, q: ArrayLike, smoothing: float = 0.5) -> float:
    """Return the population stability index.

    Definition: sum of (p - q) ln(p / q) over shares, which is Jeffreys' divergence. Where one sample has rows in a cell and the
    other has none, it is infinite; then, and only then, `smoothing` rows are added to every cell of both. With no difference
    it is about chi-squared with B - 1 degrees of freedom times (1/n + 1/m), so that 0.1 is noise in small samples (B.
    Yurdakul, Western Michigan University, 2018).

    Raises
    ------
    ValueError
        As of `jensen_shannon`; or when smoothing is not positive.

    Examples
    --------
    >>> round(psi([10, 40, 50], [20, 30, 50]), 4), round(psi([10, 0], [9, 1]), 4)
    (0.0981, 0.109)
    """
    one, two = counted_pair(p, q)
    if not smoothing > 0:
        raise ValueError(f"what is added to a cell is positive, and {smoothing} is not")
    used = (one > 0) | (two > 0)
    one, two = one[used], two[used]
    if (one == 0).any() or (two == 0).any():
        one, two = one + smoothing, two + smoothing
    first, second = one / one.sum(), two / two.sum()
    return max(0.0, float(np.sum((first - second) * np.log(first / second))))


def hellinger(p: ArrayLike, q: ArrayLike) -> float:
    """Return the Hellinger distance: 0 for equal shares, 1 for no cell in common.

    Definition: root of half the sum of (sqrt p - sqrt q)².

    Raises
    ------
    ValueError
        As of `jensen_shannon`.

    Examples
    --------
    >>> hellinger([1, 0], [0, 1]), round(hellinger([50, 50], [30, 70]), 4)
    (1.0, 0.1452)
    """
    one, two = _shares(p, q)
    return min(1.0, math.sqrt(float(np.sum((np.sqrt(one) - np.sqrt(two)) ** 2)) / 2))


def total_variation(p: ArrayLike, q: ArrayLike) -> float:
    """Return half the sum of differences of shares: the share of rows that would have to move.

    Raises
    ------
    ValueError
        As of `jensen_shannon`.

    Examples
    --------
    >>> round(total_variation([50, 50], [30, 70]), 4)
    0.2
    """
    one, two = _shares(p, q)
    return min(1.0, float(np.abs(one - two).sum()) / 2)


def l_infinity(p: ArrayLike, q: ArrayLike) -> Farthest:
    """Return the largest difference of shares, and which cell has it.

    Raises
    ------
    ValueError
        As of `jensen_shannon`.

    Examples
    --------
    >>> found = l_infinity([20, 30, 50], [20, 50, 30])
    >>> round(found.value, 4), found.index
    (0.2, 1)
    """
    one, two = _shares(p, q)
    apart = np.abs(one - two)
    # The first one that is as far as rounding can tell.
    index = int(np.argmax(apart >= apart.max() * (1 - 1e-12)))
    return Farthest(float(apart.max()), index)


def cramers_v(p: ArrayLike, q: ArrayLike, corrected: bool = True) -> float:
    """Return Cramér's V of sample against cell: 0 when which sample tells nothing of the cell, 1 when it tells all.

    Definition: root of chi² / (n min(r - 1, k - 1)). Corrected: W. Bergsma, J. Korean Stat. Soc. 42 (2013) 323, which takes away
    what sampling alone brings about, and falls to 0 there.

    Raises
    ------
    ValueError
        As of `jensen_shannon`.

    Examples
    --------
    >>> round(cramers_v([200, 800], [400, 600]), 4), cramers_v([50, 50], [50, 50])
    (0.2171, 0.0)
    """
    one, two = counted_pair(p, q)
    n = float(one.sum() + two.sum())
    cells = int(np.count_nonzero(one + two))
    if cells < 2:
        return 0.0
    phi = two_sample_chi2(one, two, 0.0).statistic / n
    if not corrected:
        return min(1.0, math.sqrt(phi))
    if n <= 1:
        return 0.0
    phi = max(0.0, phi - (cells - 1) / (n - 1))
    rows, columns = 2 - 1 / (n - 1), cells - (cells - 1) ** 2 / (n - 1)
    below = min(rows, columns) - 1
    return min(1.0, math.sqrt(phi / below)) if below > 0 else 0.0


def _shares(p: ArrayLike, q: ArrayLike) -> tuple[Floats, Floats]:
    one, two = counted_pair(p, q)
    return one / one.sum(), two / two.sum()


def _divergence(p: Floats, q: Floats) -> float:
    """Return the Jensen-Shannon divergence of shares, base 2.

    Written with d = (p - q) / (p + q), each term is near d² for small d, so that equal shares come to 0 and not to the root of a
    rounding error; and both orders of the samples come to the same bits.
    """
    both = p + q
    used = both > 0
    both = both[used]
    d = (p[used] - q[used]) / both
    up, down = 1 + d, 1 - d
    # 0 ln 0 is 0: where one sample has no rows, its term goes.
    terms = up * np.log(np.where(up > 0, up, 1.0)) + down * np.log(np.where(down > 0, down, 1.0))
    return min(1.0, max(0.0, float(np.sum(both * terms)) / (4 * math.log(2))))
