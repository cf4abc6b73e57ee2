"""P-values of many questions at once, adjusted. Arrays in, arrays of the same shape out.

A question without an answer (NaN) stays NaN and is not counted. An empty set is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from mlops_cli.statistics.arrays import Floats


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Return adjusted p-values: calling all at or below q significant keeps the expected share of false ones at q.

    Definition: min over j >= rank of p_(j) m / j, at most 1. Source: Y. Benjamini, Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289.

    Parameters
    ----------
    p : array of float, shape (m,)
        P-values, in any order.

    Returns
    -------
    array of float, shape (m,)
        In the order of `p`.

    Raises
    ------
    ValueError
        When one is not between 0 and 1.

    Examples
    --------
    >>> benjamini_hochberg([0.04, 0.001, 0.03]).round(3).tolist()
    [0.04, 0.003, 0.04]
    """
    return _adjusted(p, lambda sorted_p: _from_above(sorted_p * (len(sorted_p) / _ranks(sorted_p))))


def benjamini_yekutieli(p: ArrayLike) -> Floats:
    """Return adjusted p-values that keep the share of false ones whatever way the questions depend on each other.

    Definition: as Benjamini and Hochberg, times 1 + 1/2 + … + 1/m. Source: Y. Benjamini, D. Yekutieli, Ann. Stat. 29 (2001) 1165.

    Raises
    ------
    ValueError
        When one is not between 0 and 1.

    Examples
    --------
    >>> benjamini_yekutieli([0.01, 0.02]).round(3).tolist()
    [0.03, 0.03]
    """
    return _adjusted(
        p,
        lambda sorted_p: _from_above(
            sorted_p * (len(sorted_p) / _ranks(sorted_p)) * np.sum(1 / _ranks(sorted_p))
        ),
    )


def holm(p: ArrayLike) -> Floats:
    """Return adjusted p-values: calling all at or below alpha significant errs once or more in at most alpha of cases.

    Definition: max over j <= rank of p_(j) (m - j + 1), at most 1. Source: S. Holm, Scand. J. Stat. 6 (1979) 65.

    Raises
    ------
    ValueError
        When one is not between 0 and 1.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    return _adjusted(
        p, lambda sorted_p: np.maximum.accumulate(sorted_p * (len(sorted_p) + 1 - _ranks(sorted_p)))
    )


def _adjusted(p: ArrayLike, adjust: Callable[[Floats], Floats]) -> Floats:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"p-values come in one row, not in shape {values.shape}")
    known = np.flatnonzero(~np.isnan(values))
    outside = (values[known] < 0) | (values[known] > 1)
    if outside.any():
        raise ValueError(f"a p-value lies between 0 and 1, and {values[known][outside][0]} does not")
    order = known[np.argsort(values[known], kind="stable")]
    result = np.full(len(values), np.nan)
    if len(order):
        result[order] = np.minimum(adjust(values[order]), 1.0)
    return result


def _ranks(sorted_p: Floats) -> Floats:
    return np.arange(1, len(sorted_p) + 1, dtype=np.float64)


def _from_above(values: Floats) -> Floats:
    """Return the least of each value and all after it, so that order is kept."""
    kept: Floats = np.minimum.accumulate(values[::-1])[::-1]
    return kept
