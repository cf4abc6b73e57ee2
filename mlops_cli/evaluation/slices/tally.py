"""Rows, losses and squared losses of every slice of one and of two columns, in few passes over bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.slices.search_codes import Axis

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """What a slice's mean loss and its spread follow from; sums of rows that are taken together add.

    Parameters
    ----------
    n, loss, squares : array of float64
        Rows, sum of losses, sum of squared losses.
    """

    n: Floats
    loss: Floats
    squares: Floats

    def minus(self, other: Sums) -> Sums:
        """Return the sums without some of their rows."""
        return Sums(self.n - other.n, self.loss - other.loss, self.squares - other.squares)

    def at(self, index: NDArray[np.int64]) -> Sums:
        """Return some of them."""
        return Sums(self.n[index], self.loss[index], self.squares[index])


@dataclass(frozen=True, slots=True)
class Plan:
    """Which slices a tally has, in its order: those of one column, then those of two.

    Parameters
    ----------
    first, first_code, second, second_code : array of int64
        Columns and codes; -1 as second of a slice of one column.
    """

    first: NDArray[np.int64]
    first_code: NDArray[np.int64]
    second: NDArray[np.int64]
    second_code: NDArray[np.int64]


def plan_of(axes: Sequence[Axis]) -> Plan:
    """Return the slices of one and of two columns."""
    sizes = [len(axis.parts) for axis in axes]
    rows: list[NDArray[np.int64]] = []
    for at, size in enumerate(sizes):
        codes = np.arange(size)
        rows.append(np.stack([np.full(size, at), codes, np.full(size, -1), np.full(size, -1)]))
    for one, two in _pairs(len(sizes)):
        a, b = np.divmod(np.arange(sizes[one] * sizes[two]), sizes[two])
        rows.append(np.stack([np.full(len(a), one), a, np.full(len(a), two), b]))
    joined = np.concatenate(rows, axis=1).astype(np.int64)
    return Plan(*joined)


def tally(axes: Sequence[Axis], rows: NDArray[np.int64] | None, loss: Floats) -> Sums:
    """Return the sums of every slice of `plan_of`, in its order.

    Columns are coded together two by two; two such pairs give the tables of six pairs of columns in one pass, so thirty columns
    take 105 passes, not 435.

    Parameters
    ----------
    rows : array of int64 or None
        Which rows; all when None.
    loss : array, shape (len(rows),)
    """
    codes = [axis.codes if rows is None else axis.codes[rows] for axis in axes]
    sizes = [len(axis.parts) for axis in axes]
    weights: tuple[Floats | None, ...] = (None, loss, loss * loss)
    found: dict[tuple[int, int], list[Floats]] = {}
    blocks = [_block(tuple(range(at, min(at + 2, len(axes)))), codes, sizes) for at in range(0, len(axes), 2)]
    for left in range(len(blocks)):
        if left + 1 == len(blocks):
            _count(blocks[left], None, weights, sizes, found)
        for right in range(left + 1, len(blocks)):
            _count(blocks[left], blocks[right], weights, sizes, found)
    singles = [found[at, at] for at in range(len(axes))]
    pairs = [found[pair] for pair in _pairs(len(axes))]
    ordered = [*singles, *pairs]
    return Sums(*(np.concatenate([table[kind].ravel() for table in ordered]) for kind in range(3)))


@dataclass(frozen=True, slots=True)
class _Block:
    columns: tuple[int, ...]
    size: int
    codes: NDArray[np.uint16]


def _block(columns: tuple[int, ...], codes: Sequence[NDArray[np.uint8]], sizes: Sequence[int]) -> _Block:
    joint = codes[columns[0]].astype(np.uint16)
    size = sizes[columns[0]]
    for column in columns[1:]:
        joint = joint * np.uint16(sizes[column]) + codes[column]
        size *= sizes[column]
    return _Block(columns, size, joint)


def _count(
    left: _Block,
    right: _Block | None,
    weights: tuple[Floats | None, ...],
    sizes: Sequence[int],
    found: dict[tuple[int, int], list[Floats]],
) -> None:
    """Count one pass, and take from it every table of one or two of its columns that is not there yet."""
    if right is None:
        columns, size, index = left.columns, left.size, left.codes.astype(np.intp)
    else:
        columns, size = left.columns + right.columns, left.size * right.size
        index = (left.codes * np.uint16(right.size) + right.codes).astype(np.intp)
    shape = tuple(sizes[column] for column in columns)
    tables = [
        np.bincount(index, minlength=size).astype(np.float64)
        if weight is None
        else np.bincount(index, weight, size)
        for weight in weights
    ]
    shaped = [table.reshape(shape) for table in tables]
    places = range(len(columns))
    for one in places:
        for two in range(one, len(columns)):
            key = columns[one], columns[two]
            if key not in found:
                others = tuple(place for place in places if place not in (one, two))
                found[key] = [table.sum(axis=others) for table in shaped]


def _pairs(count: int) -> list[tuple[int, int]]:
    return [(one, two) for one in range(count) for two in range(one + 1, count)]
