"""Ranks, and how alike two orders are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.statistics.arrays import finite

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mlops_cli.statistics.arrays import Floats


def midranks(values: ArrayLike) -> Floats:
    """Return the rank of each value, from 1; equal values share the mean of their ranks.

    Raises
    ------
    ValueError
        When a value is NaN or infinite.

    Examples
    --------
    >>> midranks([10, 30, 20, 20]).tolist()
    [1.0, 4.0, 2.5, 2.5]
    """
    taken = finite(values, "values")
    order = np.sort(taken)
    below = np.searchsorted(order, taken, side="left")
    return (below + np.searchsorted(order, taken, side="right") + 1) / 2


def spearman(a: ArrayLike, b: ArrayLike) -> float | None:
    """Return Spearman's rank correlation: Pearson's of the midranks. None where either is constant, or has fewer than two values.

    Source: C. Spearman, Am. J. Psychol. 15 (1904) 72.

    Raises
    ------
    ValueError
        When lengths differ, or a value is NaN or infinite.

    Examples
    --------
    >>> spearman([1, 2, 3], [10, 20, 15]), spearman([1, 1], [1, 2]) is None
    (0.5, True)
    """
    one, two = midranks(a), midranks(b)
    if one.shape != two.shape:
        raise ValueError(f"each value has a partner: {len(one)} and {len(two)} values")
    if len(one) < 2:
        return None
    # Twice a rank is whole, and so are all sums below: the result is exact up to one division.
    middle = len(one) + 1
    first, second = 2 * one - middle, 2 * two - middle
    spread = float(first @ first), float(second @ second)
    if 0 in spread:
        return None
    return min(1.0, max(-1.0, float(first @ second) / math.sqrt(spread[0] * spread[1])))


def spearman_matrix(columns: ArrayLike) -> Floats:
    """Return Spearman's rank correlation of each pair of columns.

    Parameters
    ----------
    columns : array of float, shape (n, k)
        Finite.

    Returns
    -------
    array of float, shape (k, k)
        1 on the diagonal; NaN elsewhere where a column is constant or n is below 2.

    Raises
    ------
    ValueError
        When it is no table, or a value is NaN or infinite.

    Examples
    --------
    >>> spearman_matrix([[1, 10], [2, 20], [3, 15]]).round(3).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    table = np.asarray(columns, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"columns come as a table, not in shape {table.shape}")
    n, k = table.shape
    centred = np.empty((n, k))
    for place in range(k):
        centred[:, place] = 2 * midranks(table[:, place]) - (n + 1)
    sums = centred.T @ centred
    spread = np.diag(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.clip(sums / np.sqrt(spread[:, None] * spread), -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def top_overlap(a: ArrayLike, b: ArrayLike, k: int) -> float:
    """Return the share of the k largest of a that are among the k largest of b. Of equal values the earlier counts as larger.

    Raises
    ------
    ValueError
        When lengths differ, k is not between 1 and the length, or a value is NaN or infinite.

    Examples
    --------
    >>> top_overlap([5, 4, 1, 0], [5, 0, 4, 1], 2)
    0.5
    """
    one, two = finite(a, "values"), finite(b, "values")
    if one.shape != two.shape or not 1 <= k <= len(one):
        raise ValueError(
            f"k lies between 1 and the number of values, the same in both: {k}, {len(one)}, {len(two)}"
        )
    first, second = (set(np.argsort(-side, kind="stable")[:k].tolist()) for side in (one, two))
    return len(first & second) / k
