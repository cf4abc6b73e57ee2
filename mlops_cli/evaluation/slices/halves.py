"""Rows as numbers of their content, and a table's two halves by them: the same rows give the same halves, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.statistics.seeds import seed_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mlops_cli.evaluation.slices.columns import Columns, Values

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)
_HIGH = np.uint64(32)


def row_numbers(columns: Columns, names: Iterable[str] | None = None) -> NDArray[np.uint64]:
    """Return a number of 64 bits for each row, which follows from the row's values and the columns' names alone.

    Rows with the same values have the same number; others differ but for an accident of one in 2**64 a pair. Texts count by
    what they say, not by their place in a dictionary. It is no protection against rows that were made to collide.

    Parameters
    ----------
    names : iterable of str, optional
        Which columns, in this order; all, when None.

    Returns
    -------
    array of uint64, shape (rows,)
    """
    found = np.zeros(columns.rows, np.uint64)
    for name in columns.names if names is None else names:
        stir(found, name, columns.values(name))
    return settle(found)


def stir(found: NDArray[np.uint64], name: str, values: Values) -> None:
    """Take one more column into rows' numbers, in place."""
    if values.kind in ("text", "boolean"):
        words = np.array([seed_of("word", word) for word in values.words] + [0], np.uint64)
        taken = words[values.data]  # -1, missing, is the last one
    else:
        taken = _bits(values.data)
    np.bitwise_xor(found, taken, out=found)
    np.bitwise_xor(found, np.uint64(seed_of("column", name)), out=found)
    _stir(found)


def stir_numbers(found: NDArray[np.uint64], numbers: NDArray[Any]) -> None:
    """Take a column of floats or whole numbers in, in place."""
    np.bitwise_xor(found, _bits(numbers), out=found)
    _stir(found)


def settle(found: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return rows' numbers with every bit depending on every other."""
    np.multiply(found, _MIX, out=found)
    np.bitwise_xor(found, found >> _HIGH, out=found)
    np.multiply(found, _ODD, out=found)
    np.bitwise_xor(found, found >> _SHIFT, out=found)
    return found


def halves(numbers: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which rows are in the first half, by a bit of each row's number.

    Rows that are the same are told apart by their turn, and each falls as a coin of its own. Were they dealt out in turn, both
    halves would have the same share of each kind of row, and what is chance in one would be confirmed by the other.

    Examples
    --------
    >>> halves(np.zeros(12, np.uint64)).astype(int).tolist()
    [1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0]
    """
    order = np.sort(numbers)
    if not (order[1:] == order[:-1]).any():
        return _even(numbers)
    at = np.argsort(numbers, kind="stable")
    arranged = numbers[at]
    first = np.concatenate(([True], arranged[1:] != arranged[:-1]))
    starts = np.flatnonzero(first)
    turn = np.arange(len(numbers)) - np.repeat(starts, np.diff(np.append(starts, len(numbers))))
    stir_numbers(arranged, turn)
    side = np.empty(len(numbers), np.bool_)
    side[at] = _even(settle(arranged))
    return side


def _even(numbers: NDArray[np.uint64]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (numbers & np.uint64(1)) == 0
    return found


def _bits(data: NDArray[Any]) -> NDArray[np.uint64]:
    if data.dtype == np.float64:
        plain: NDArray[np.float64] = data + 0.0  # -0.0 is 0.0
        plain[np.isnan(plain)] = np.nan  # and there is one NaN
        return plain.view(np.uint64)
    return data.astype(np.int64).view(np.uint64)


def _stir(found: NDArray[np.uint64]) -> None:
    np.multiply(found, _ODD, out=found)
    np.bitwise_xor(found, found >> _HIGH, out=found)
