"""The counts of one column in both tables, on the same cells: what every measure of drift starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlops_cli.statistics.verdict import Verdict

    Counts = NDArray[np.int64]
    Floats = NDArray[np.float64]

Quartiles = tuple[float, float, float]  # NaN where nobody knows
Pair = tuple[int, int]  # of the reference, of the current table

_TEST_BINS = (5, 32)  # fewest and most cells of an ordered column that a test sees


@dataclass(frozen=True, slots=True)
class Ordered:
    """A column whose cells have an order: bins of a numeric one, or each value of one that has few.

    Parameters
    ----------
    labels : tuple of str
        One a cell, lowest first.
    reference, current : array of int, shape (cells,)
        Rows in each cell.
    reference_at, current_at : array of float, shape (cells,)
        Mean of the values in each cell; NaN where there is none.
    points : array of bool, shape (cells,)
        Which cells are a single value.
    missing, low, high : (int, int)
        Rows without a value, with minus and with plus infinity.
    outside : (int, int)
        Rows outside of nearly all values of the reference: below its .001 quantile or above its .999 quantile.
    means, deviations : (float, float)
        Mean and standard deviation of the finite values.
    scale : float
        Robust standard deviation of the reference: its interquartile range divided by 1.349; where the quartiles are one, the
        standard deviation of all its values.
    robust : bool
        Whether it is the robust one.
    few : bool
        Few different values, each with a cell of its own.
    way : float or None
        How far the values moved, in `scale`, where that is known better than these cells tell.
    """

    labels: tuple[str, ...]
    reference: Counts
    current: Counts
    reference_at: Floats
    current_at: Floats
    points: NDArray[np.bool_]
    missing: Pair = (0, 0)
    low: Pair = (0, 0)
    high: Pair = (0, 0)
    outside: Pair = (0, 0)
    means: tuple[float, float] = (np.nan, np.nan)
    deviations: tuple[float, float] = (np.nan, np.nan)
    scale: float = np.nan
    robust: bool = True
    few: bool = False
    way: float | None = None

    @property
    def others(self) -> Pair:
        """Rows whose value is none of the few that the reference has."""
        apart = ~self.points
        return int(self.reference[apart].sum()), int(self.current[apart].sum())


class Unseen(NamedTuple):
    """Rows whose class the reference never had, and of how many rows: of all, or of as many as were looked at."""

    rows: float
    of: float


class Usual(NamedTuple):
    """The share of rows that would be unseen in a table like the reference, and the most that it can well be."""

    share: float
    most: float


@dataclass(frozen=True, slots=True)
class Classes:
    """A column of classes without an order.

    Parameters
    ----------
    labels : tuple of str
        The classes that are counted one by one, of both tables.
    other : (int, int)
        Rows of all further classes.
    unseen : Unseen or None
        Rows of the current table whose class the reference never had; None where that is not known.
    usual : Usual or None
        What would be unseen where nothing has changed; None where that is not known.
    distinct : (int, int)
        How many classes there are.
    new : str
        The most frequent class that is new.
    known : str
        The class of the reference that it is in another spelling, where that holds of most rows with new ones; else empty.
    many : bool
        More classes than are counted one by one.
    """

    labels: tuple[str, ...]
    reference: Counts
    current: Counts
    other: Pair = (0, 0)
    missing: Pair = (0, 0)
    unseen: Unseen | None = None
    usual: Usual | None = None
    distinct: Pair = (0, 0)
    new: str = ""
    known: str = ""
    many: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """A column of times: rows in each hour of the week, Monday first.

    Parameters
    ----------
    reference, current : array of int, shape (168,)
    newest : (str, str)
        The latest time of each.
    """

    reference: Counts
    current: Counts
    missing: Pair = (0, 0)
    newest: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts, or of identifiers: their lengths and their shapes, never the texts.

    Parameters
    ----------
    identifier : bool
        Nearly every row has a text of its own.
    """

    lengths: Ordered | None = None
    shapes: Classes | None = None
    missing: Pair = (0, 0)
    identifier: bool = False


@dataclass(frozen=True, slots=True)
class Unlike:
    """A column whose values cannot be compared, what that means, and why: such as one that was of one kind and is of another."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Counted:
    """One column, ready to be compared.

    Parameters
    ----------
    rows : (int, int)
        Rows of the two tables.
    quartiles : callable, optional
        Returns the quartiles of numbers in both tables; only what drifted is asked for them.
    likely : Ordered or None
        Where `cells` have only what is sure, since the two were counted on bins of their own: what is likely.
    """

    name: str
    rows: Pair
    cells: Ordered | Classes | Hours | Texts | Unlike
    quartiles: Callable[[], tuple[Quartiles, Quartiles]] | None = field(default=None, compare=False)
    likely: Ordered | None = None


def effective(rows: Pair) -> float:
    """Return the size of two samples together, `n m / (n + m)`: what every two-sample test knows of them.

    Examples
    --------
    >>> effective((100, 100)), effective((0, 5))
    (50.0, 0.0)
    """
    n, m = rows
    return n * m / (n + m) if n + m else 0.0


def grouped(reference: Counts, bins: int, points: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Return the group of each ordered cell, so that about `bins` groups of equal mass of the reference arise.

    Parameters
    ----------
    points : array of bool, optional
        Cells that stay alone.

    Examples
    --------
    >>> grouped(np.array([5, 5, 5, 5, 5, 5]), 3).tolist()
    [0, 0, 1, 1, 2, 2]
    """
    total = max(int(reference.sum()), 1)
    middle = (np.cumsum(reference) - reference / 2) / total
    group = np.minimum((middle * bins).astype(np.int64), bins - 1)
    if points is not None and points.any():
        # A point and whatever follows it begin a new group each.
        before = np.concatenate(([False], points[:-1]))
        group = group + np.cumsum(points | before) * bins
    changed = np.concatenate(([False], group[1:] != group[:-1]))
    return np.cumsum(changed).astype(np.int64)


def summed(counts: Counts, group: NDArray[np.int64]) -> Counts:
    """Return the counts of groups of cells.

    Examples
    --------
    >>> summed(np.array([1, 2, 3]), np.array([0, 0, 1])).tolist()
    [3, 3]
    """
    return np.bincount(group, weights=counts, minlength=int(group[-1]) + 1 if len(group) else 0).astype(
        np.int64
    )


def bins_for(rows: Pair) -> int:
    """Return how many cells a test of an ordered column should see: few rows say little about many cells.

    Two times n to the power 0.4 (H. Mann, A. Wald, Annals of Mathematical Statistics 13 (1942) 306), at most 32. And 20 rows of the
    reference for each: where the bins are cut out of a small reference, their own masses are uncertain.

    Examples
    --------
    >>> bins_for((100, 100)), bins_for((200, 5_000)), bins_for((1_000_000, 1_000_000))
    (5, 10, 32)
    """
    return int(np.clip(min(round(2 * effective(rows) ** 0.4), rows[0] // 20), *_TEST_BINS))


def with_rest(cells: Counts, *rest: int) -> Counts:
    """Return counts with further cells behind them: what is missing and what is infinite are cells, too."""
    return np.concatenate((cells, np.asarray(rest, dtype=np.int64)))
