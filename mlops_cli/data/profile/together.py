"""What columns say together: which miss values in the same rows, which numbers rise together, which rows are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.profile.model import PAIRS, MissingPair, Ranks, RowSample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Packed = NDArray[np.uint8]

_BLOCK = 1 << 16  # rows at a time: 65536 times 15 squared is below 2**24, so float32 adds them exactly
_SMALL = 1 << 15
_MIDDLE = 15
MOST_MISSING = 200  # columns whose pairs a baseline looks at, those that miss most


def pack(missing: NDArray[np.bool_]) -> Packed:
    """Return which rows are missing, a bit a row."""
    return np.packbits(missing)


def find_pairs(packed: Mapping[str, Packed]) -> tuple[MissingPair, ...]:
    """Return the pairs of columns that miss their values together in the most rows.

    Parameters
    ----------
    packed : mapping
        Of the columns that miss any, in the table's order, what `pack` gave.
    """
    rows = {name: int(np.bitwise_count(bits).sum()) for name, bits in packed.items()}
    most = sorted(packed, key=lambda name: -rows[name])[:MOST_MISSING]
    names = [name for name in packed if name in set(most)]
    found = []
    for place, first in enumerate(names[:-1]):
        others = names[place + 1 :]
        together = np.bitwise_count(packed[first] & np.stack([packed[name] for name in others])).sum(axis=1)
        found += [MissingPair(first, second, int(n)) for second, n in zip(others, together, strict=True) if n]
    return tuple(sorted(found, key=lambda pair: -pair.rows)[:PAIRS])


def count_pairs(pairs: Sequence[MissingPair], packed: Mapping[str, Packed]) -> tuple[MissingPair, ...]:
    """Return the same pairs with the rows that miss both here."""
    return tuple(
        MissingPair(pair.first, pair.second, _together(packed.get(pair.first), packed.get(pair.second)))
        for pair in pairs
    )


def _together(first: Packed | None, second: Packed | None) -> int:
    return 0 if first is None or second is None else int(np.bitwise_count(first & second).sum())


def rank_codes(values: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int8]:
    """Return for each value how many edges are below it, plus how many are not above it, minus 15; 0 where missing.

    Examples
    --------
    >>> rank_codes(np.array([-1.0, 0.0, 7.0, np.nan]), [0.0] * 7 + [5.0] * 8).tolist()
    [-15, -8, 15, 0]
    """
    codes = np.empty(len(values), dtype=np.int8)
    weights: dict[float, int] = {}
    for edge in edges:
        weights[edge] = weights.get(edge, 0) + 1
    above = np.empty(_SMALL, dtype=np.bool_)
    for start in range(0, len(values), _SMALL):
        block, code = values[start : start + _SMALL], codes[start : start + _SMALL]
        code[:] = -_MIDDLE
        truth = above[: len(block)]
        for edge, weight in weights.items():
            for compare in (np.greater, np.greater_equal):
                compare(block, edge, out=truth)
                code += truth.view(np.int8) if weight == 1 else np.int8(weight) * truth
        code[np.isnan(block)] = 0
    return codes


def count_ranks(
    columns: Sequence[str], edges: Mapping[str, tuple[float, ...]], codes: Mapping[str, NDArray[np.int8]]
) -> Ranks:
    """Return the sums over all rows.

    Parameters
    ----------
    columns : sequence of str
        The layout's columns.
    edges : mapping
        Of each its edges.
    codes : mapping
        Of each that the table has, the codes of its rows (n,). A column that the table lacks counts as missing.
    """
    if len(columns) < 2:
        return Ranks()
    rows = max((len(code) for code in codes.values()), default=0)
    k = len(columns)
    products, sums = np.zeros((k, k), dtype=np.int64), np.zeros(k, dtype=np.int64)
    block = np.zeros((k, min(_BLOCK, rows)), dtype=np.float32)
    for start in range(0, rows, _BLOCK):
        width = min(_BLOCK, rows - start)
        piece = block[:, :width]
        for row, name in zip(piece, columns, strict=True):
            if name in codes:
                row[:] = codes[name][start : start + width]
        products += (piece @ piece.T).astype(np.int64)
        sums += piece.sum(axis=1, dtype=np.float64).astype(np.int64)
    upper = products[np.triu_indices(k)]
    return Ranks(
        tuple(columns), tuple(edges[name] for name in columns), tuple(sums.tolist()), tuple(upper.tolist())
    )


def sample_rows(hashes: NDArray[np.uint64]) -> RowSample:
    """Return the different rows with the smallest hashes, each with how often it is there.

    Parameters
    ----------
    hashes : (n,) uint64
        Ascending.
    """
    most = RowSample.MOST
    # Rows of one hash stay together, and mostly a few more than are wanted suffice.
    end = (
        int(np.searchsorted(hashes, hashes[min(2 * most, len(hashes)) - 1], side="right"))
        if len(hashes)
        else 0
    )
    unique, counts = np.unique(hashes[:end], return_counts=True)
    if len(unique) < most and end < len(hashes):
        unique, counts = np.unique(hashes, return_counts=True)
    return RowSample(tuple(zip(unique[:most].tolist(), counts[:most].tolist(), strict=True)))
