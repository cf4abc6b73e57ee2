"""What arrays are called here, and how they are taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint64]


def finite(values: ArrayLike, what: str) -> Floats:
    """Return values as one row of floats.

    Raises
    ------
    ValueError
        When they are not one row, or one is NaN or infinite.

    Examples
    --------
    >>> finite([1, 2], "scores").tolist()
    [1.0, 2.0]
    """
    taken = np.asarray(values, dtype=np.float64)
    if taken.ndim != 1:
        raise ValueError(f"{what} come in one row, not in shape {taken.shape}")
    if not np.isfinite(taken).all():
        raise ValueError(f"{what} are finite numbers, and at least one is not")
    return taken


def counted(values: ArrayLike, what: str) -> Floats:
    """Return counts, or sums of weights, as one row of floats.

    Raises
    ------
    ValueError
        When they are not one row, or one is NaN, infinite, negative, or beyond 2 ** 53, where floats stop counting.

    Examples
    --------
    >>> counted([1, 0], "counts").tolist()
    [1.0, 0.0]
    """
    taken = finite(values, what)
    if ((taken < 0) | (taken > 2.0**53)).any():
        raise ValueError(f"{what} lie between 0 and 2**53, and at least one does not")
    return taken


def counted_pair(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    """Return the counts of two samples over the same cells.

    Raises
    ------
    ValueError
        When they differ in length, one is not a count, or a sample has no rows.

    Examples
    --------
    >>> [side.tolist() for side in counted_pair([1, 2], [3, 4])]
    [[1.0, 2.0], [3.0, 4.0]]
    """
    one, two = counted(first, "counts"), counted(second, "counts")
    if one.shape != two.shape:
        raise ValueError(f"two samples are counted over the same cells, not over {len(one)} and {len(two)}")
    if not (one.sum() > 0 and two.sum() > 0):
        raise ValueError("each of two samples has at least one row")
    return one, two
