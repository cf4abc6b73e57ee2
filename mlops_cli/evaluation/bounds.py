"""The ends of an interval, and how many rows they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mlops_cli.statistics.arrays import Integers


class Bounds(NamedTuple):
    """The ends of an interval, on how many rows it stands, and how many those are worth.

    Parameters
    ----------
    note : str
        Why there are no ends.
    """

    low: float | None
    high: float | None
    n: int
    effective: float | None = None
    note: str = ""


def effective_rows(counts: Integers) -> float:
    """Return how many rows of equal classes tell as much: the harmonic mean of the classes' rows, times their number.

    Examples
    --------
    >>> import numpy as np
    >>> effective_rows(np.array([50, 50])), round(effective_rows(np.array([10, 990])), 1)
    (100.0, 39.6)
    """
    some = counts[counts > 0]
    return float(len(some) ** 2 / (1 / some).sum())
