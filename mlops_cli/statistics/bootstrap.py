"""The bootstrap on cells: rows that count the same are one cell, and only counts are drawn again, never rows.

A cell is a set of rows with the same sufficient statistics, say (1, error, error²), and the count of such rows. A repetition
draws each count from a Poisson distribution with the count as its mean; that is drawing rows with replacement, with a number of
rows that varies. Source: B. Efron, Ann. Stat. 7 (1979) 1; Poisson: J. A. Hanley, B. MacGibbon, Comput. Methods Programs Biomed.
83 (2006) 57.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.statistics.arrays import counted
from mlops_cli.statistics.interval import LEVEL, Interval
from mlops_cli.statistics.seeds import generator, seed_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from mlops_cli.statistics.arrays import Floats

REPETITIONS = 2000
# So many counts are held at once: 2 MB, which the processor keeps near.
_HELD = 1 << 18
# Counts up to here are drawn from a table of 65,536 equally likely values; larger ones from the normal distribution.
_TABLE = 48


@dataclass(frozen=True, slots=True)
class Bootstrapped(Interval):
    """A value with its bootstrap interval.

    Parameters
    ----------
    usable : int
        Repetitions in which the statistic was defined; the interval is of those.
    repetitions : int
        Of so many.
    """

    usable: int
    repetitions: int


def poisson_weights(seed: int, repetitions: int, counts: ArrayLike) -> Floats:
    """Return counts drawn again, once a repetition.

    Definition: independent, Poisson with the count as mean. Up to 48 they are read off a table of 65,536 equally likely values,
    which is exact to 1 in 65,536; above, rounded from the normal distribution with its skewness corrected (E. A. Cornish, R. A.
    Fisher, Rev. Inst. Int. Stat. 5 (1938) 307).

    Parameters
    ----------
    seed : int
        The same seed gives the same counts.
    repetitions : int
        How many rows to make.
    counts : array of int, shape (cells,)
        Not negative; sums of weights are allowed, and are drawn with steps of 1.

    Returns
    -------
    array of float, shape (repetitions, cells)
        Whole numbers.

    Raises
    ------
    ValueError
        When a count is negative or not finite.

    Examples
    --------
    >>> drawn = poisson_weights(1, 2000, [1, 10, 1000])
    >>> drawn.mean(axis=0).round(-1).tolist(), bool((drawn == poisson_weights(1, 2000, [1, 10, 1000])).all())
    ([0.0, 10.0, 1000.0], True)
    """
    means = counted(counts, "counts")
    order = np.argsort(means, kind="stable")
    drawn = np.empty((repetitions, len(means)))
    _draw(generator(seed), means[order], drawn)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return drawn[:, back]


def bootstrap(
    cells: ArrayLike,
    counts: ArrayLike,
    statistic: Callable[[Floats], Floats],
    *,
    seed: int,
    repetitions: int = REPETITIONS,
    level: float = LEVEL,
) -> Bootstrapped:
    """Return a statistic of sums with its percentile bootstrap interval.

    Work grows with cells times repetitions: 10,000 cells take a fraction of a second. Many rows are binned first.

    Parameters
    ----------
    cells : array of float, shape (cells, k)
        What a row of each cell adds to the k sums. A column of ones gives the number of rows, which varies here.
    counts : array of int, shape (cells,)
        Rows in each cell.
    statistic : callable
        From sums of shape (R, k) to values of shape (R,). NaN where it is not defined, as when a class was not drawn.
    seed : int
        From content: see `seeds.seed_of`.
    repetitions : int
        How often to draw.
    level : float
        Of the interval.

    Returns
    -------
    Bootstrapped
        When no repetition is usable, the bounds are -inf and inf.

    Raises
    ------
    ValueError
        When shapes do not fit, there are no rows, a number is not finite, or the statistic is not defined on the data themselves.

    Examples
    --------
    >>> errors = [[1, 0.0], [1, 1.0]]  # a row counts 1, and errs or does not
    >>> found = bootstrap(errors, [80, 20], lambda sums: sums[:, 1] / sums[:, 0], seed=1)
    >>> found.value, 0.11 < found.low < 0.14, 0.26 < found.high < 0.30, found.usable
    (0.2, True, True, 2000)
    """
    if not (repetitions > 0 and 0 < level < 1):
        raise ValueError("a bootstrap needs rows, repetitions, and a level between 0 and 1")
    adds, rows = _used(cells, counts)
    with np.errstate(all="ignore"):
        value = float(statistic((rows @ adds)[None, :])[0])
        found = statistic(_sums(adds, rows, seed, repetitions))
    if not math.isfinite(value):
        raise ValueError("the statistic is not defined on these rows")
    usable = found[np.isfinite(found)]
    if not len(usable):
        return Bootstrapped(value, -math.inf, math.inf, 0, repetitions)
    low, high = np.quantile(usable, [(1 - level) / 2, (1 + level) / 2])
    return Bootstrapped(value, float(low), float(high), len(usable), repetitions)


def _used(cells: ArrayLike, counts: ArrayLike) -> tuple[Floats, Floats]:
    """Return the cells that have rows, and how many each has."""
    adds = np.asarray(cells, dtype=np.float64)
    rows = counted(counts, "counts")
    if adds.ndim != 2 or len(adds) != len(rows) or not np.isfinite(adds).all():
        raise ValueError(f"each cell has finite sums and a count: {adds.shape} sums, {len(rows)} counts")
    if not rows.sum() > 0:
        raise ValueError("a bootstrap needs rows, repetitions, and a level between 0 and 1")
    return adds[rows > 0], rows[rows > 0]


def _sums(adds: Floats, rows: Floats, seed: int, repetitions: int) -> Floats:
    """Return the sums of each repetition, shape (repetitions, k), holding few counts at once."""
    order = np.argsort(rows, kind="stable")
    adds, rows = adds[order], rows[order]
    step = min(max(1, _HELD // len(rows)), repetitions)
    held = np.empty((step, len(rows)))
    sums = np.empty((repetitions, adds.shape[1]))
    for start in range(0, repetitions, step):
        part = held[: repetitions - start]
        _draw(generator(seed_of(seed, start)), rows, part)
        sums[start : start + step] = part @ adds
    return sums


def _draw(random: np.random.Generator, means: Floats, drawn: Floats) -> None:
    """Fill `drawn`, shape (repetitions, cells), with counts around means, which rise. Cells of one mean are drawn together."""
    small = int(np.searchsorted(means, _TABLE, side="right"))
    new = np.flatnonzero(means[1:small] > means[: max(small - 1, 0)]) + 1
    edges = [0, *new.tolist(), small] if small else []
    for start, end in pairwise(edges):
        mean, shape = float(means[start]), (len(drawn), end - start)
        if mean == math.floor(mean):
            pick = random.integers(0, 1 << 16, size=shape, dtype=np.uint16)
            drawn[:, start:end] = _table(int(mean)).take(pick)
        else:
            drawn[:, start:end] = random.poisson(mean, size=shape)
    if small == len(means):
        return
    z = random.standard_normal((len(drawn), len(means) - small), dtype=np.float32)
    skewed = z * z
    skewed -= 1
    skewed /= 6
    z *= np.sqrt(means[small:]).astype(np.float32)
    z += skewed
    z += means[small:].astype(np.float32)
    np.rint(z, out=z)
    np.maximum(z, 0, out=drawn[:, small:])


@cache
def _table(mean: int) -> NDArray[np.uint8]:
    """Return 65,536 values that are equally likely and together Poisson with this mean."""
    steps = np.arange(1, mean + 12 * math.isqrt(mean + 1) + 12, dtype=np.float64)
    terms = (
        np.cumsum(np.concatenate([[-float(mean)], math.log(mean) - np.log(steps)])) if mean else np.zeros(1)
    )
    likely = np.cumsum(np.exp(terms))
    levels = (np.arange(1 << 16) + 0.5) / (1 << 16)
    table: NDArray[np.uint8] = np.searchsorted(likely, levels * likely[-1], side="left").astype(np.uint8)
    return table
