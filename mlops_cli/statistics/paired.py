"""Two answers to the same rows: is one better? Counts of disagreement, or differences a row, in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlops_cli.statistics.arrays import finite
from mlops_cli.statistics.counts import binomial_at_most
from mlops_cli.statistics.interval import (
    LEVEL,
    Difference,
    newcombe_paired,
    normal_two_sided,
    student_quantile,
    student_two_sided,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# With fewer rows on which the two disagree, the exact test is used.
EXACT_UNDER = 25


@dataclass(frozen=True, slots=True)
class PairedTest:
    """What a test on pairs found.

    Parameters
    ----------
    statistic : float
        `corrected`: McNemar's; `exact`: the smaller of the two counts.
    p_value : float
        Two-sided.
    method : "exact" or "corrected"
        By the binomial distribution, or by chi-squared with Edwards' correction for continuity.
    """

    statistic: float
    p_value: float
    method: Literal["exact", "corrected"]


def mcnemar(b: int, c: int) -> PairedTest:
    """Return the test that two classifiers err equally often on the same rows.

    Definition: only rows on which one is right and the other wrong tell. Exact: a fair coin thrown b + c times; corrected:
    (|b - c| - 1)² / (b + c). Sources: Q. McNemar, Psychometrika 12 (1947) 153; A. L. Edwards, Psychometrika 13 (1948) 185.

    Parameters
    ----------
    b, c : int
        Rows on which only the first is right, and only the second.

    Raises
    ------
    ValueError
        When a count is negative.

    Examples
    --------
    >>> mcnemar(1, 5).method, round(mcnemar(1, 5).p_value, 5), round(mcnemar(15, 19).p_value, 6)
    ('exact', 0.21875, 0.606905)
    """
    if b < 0 or c < 0:
        raise ValueError(f"counts are not negative: {b}, {c}")
    total, fewer = b + c, min(b, c)
    if total < EXACT_UNDER:
        return PairedTest(float(fewer), min(1.0, 2 * binomial_at_most(fewer, total, 0.5)), "exact")
    statistic = max(0, abs(b - c) - 1) ** 2 / total
    return PairedTest(statistic, normal_two_sided(math.sqrt(statistic)), "corrected")


def paired_rates(both: int, first: int, second: int, neither: int, level: float = LEVEL) -> Difference:
    """Return the difference of two rates found on the same rows: Newcombe's interval, McNemar's p-value.

    Parameters
    ----------
    both, first, second, neither : int
        Rows on which both succeed, only the first, only the second, neither.

    Raises
    ------
    ValueError
        When a count is negative, or there is no row.

    Examples
    --------
    >>> found = paired_rates(40, 8, 2, 10)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3), round(found.p_value, 3)
    (0.1, -0.006, 0.207, 0.109)
    """
    found = newcombe_paired(both, first, second, neither, level)
    return Difference(found.value, found.low, found.high, mcnemar(first, second).p_value)


def paired_mean(differences: ArrayLike, level: float = LEVEL) -> Difference:
    """Return the mean of differences with Student's interval, and his p-value that it is 0.

    Parameters
    ----------
    differences : array of float, shape (n,)
        One a row, the same sign convention throughout.

    Returns
    -------
    Difference
        One row says nothing of the spread: bounds -inf and inf, p 1. Where all differences are equal the interval is a point;
        whoever decides by it asks for a least number of rows.

    Raises
    ------
    ValueError
        When there is none, or one is NaN or infinite.

    Examples
    --------
    >>> found = paired_mean([1.0, 2.0, 3.0, 4.0])
    >>> found.value, round(found.low, 4), round(found.p_value, 4)
    (2.5, 0.4457, 0.0305)
    """
    values = finite(differences, "differences")
    n = len(values)
    if n == 0:
        raise ValueError("a mean needs at least one difference")
    if n == 1:
        return Difference(float(values[0]), -math.inf, math.inf, 1.0)
    if values.min() == values.max():
        same = float(values[0])
        return Difference(same, same, same, 1.0 if same == 0 else 0.0)
    # In units of the largest, so that squares stay within the range of floats.
    unit = float(np.abs(values).max())
    scaled = values / unit
    mean = float(scaled.mean())
    error = float(scaled.std(ddof=1)) / math.sqrt(n)
    half = student_quantile(level, n - 1) * error
    return Difference(
        mean * unit, (mean - half) * unit, (mean + half) * unit, student_two_sided(mean / error, n - 1)
    )
