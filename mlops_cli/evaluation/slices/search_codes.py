"""Columns as a byte a row, with at most ten codes beside missing: what the search for weak slices walks over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.slices.coding import (
    Part,
    bin_edges,
    code_column,
    interval_part,
    number_text,
    value_part,
)
from mlops_cli.evaluation.slices.expression import Name
from mlops_cli.formats.conditions.tree import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlops_cli.evaluation.slices.columns import Columns, Values

MOST_CODES = 10


@dataclass(frozen=True, slots=True)
class Axis:
    """One column, coded.

    Parameters
    ----------
    column : str
    codes : array of uint8, shape (rows,)
    parts : tuple of Part
        By code; the last one is the missing rows, if there are any.
    ends : tuple of str
        Of a column with an order, where codes begin, but the first one's; empty for any other.
    """

    column: str
    codes: NDArray[np.uint8]
    parts: tuple[Part, ...]
    ends: tuple[str, ...] = ()

    @property
    def ordered(self) -> int:
        """How many codes, from 0, have an order."""
        return len(self.ends) + 1 if self.ends else 0

    def part(self, low: int, high: int) -> Part:
        """Return the part of the codes from `low` to `high`, both inside."""
        if low == high:
            return self.parts[low]
        name = Name(self.column)
        return interval_part(
            name,
            self.ends[low - 1] if low else None,
            self.ends[high] if high < len(self.ends) else None,
        )


def search_axes(columns: Columns) -> Iterator[Axis]:
    """Yield the columns that can make slices: those with two codes or more. Each is read once, when its turn comes."""
    for name in columns.names:
        axis = _axis(name, columns.values(name))
        if axis is not None:
            yield axis


def _axis(name: str, values: Values) -> Axis | None:
    if values.kind != "number":
        coded = code_column(name, values, bins=MOST_CODES, most=MOST_CODES)
        if len(coded.parts) < 2 or (values.kind == "text" and _is_id(values)):
            return None
        ends: tuple[str, ...] = ()
        return Axis(name, coded.codes.astype(np.uint8), coded.parts, ends)
    missing = np.isnan(values.data)
    some_missing = bool(missing.any())
    present = values.data[~missing] if some_missing else values.data
    if len(present) == 0:
        return None
    codes, parts, ends = _numbers(name, values.data, present)
    if some_missing:
        codes[missing] = len(parts)
        parts = (*parts, Part(f"{name} missing", Missing(Name(name))))
    return Axis(name, codes, parts, ends) if len(parts) > 1 else None


def _numbers(
    name: str, data: NDArray[np.float64], present: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], tuple[Part, ...], tuple[str, ...]]:
    """Return codes, parts and ends of numbers: by value where there are ten or fewer, else by tenths."""
    distinct = np.unique(present[:1000])
    if len(distinct) <= MOST_CODES:
        distinct = np.unique(present)
    if len(distinct) <= MOST_CODES:
        edges = distinct[1:]
        ends = tuple(number_text(edge) for edge in edges)
        label = [number_text(value) for value in distinct]
        parts: tuple[Part, ...] = tuple(value_part(Name(name), word) for word in label)
    else:
        edges = _tenths(present)
        ends = tuple(number_text(edge) for edge in edges)
        lower, upper = [None, *ends], [*ends, None]
        parts = tuple(interval_part(Name(name), low, high) for low, high in zip(lower, upper, strict=True))
    codes = np.zeros(len(data), np.uint8)
    for edge in edges:
        codes += data >= edge
    return codes, parts, ends


def _tenths(present: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges of tenths. Without repeated quantiles no sorting is needed; with them, values that many share are looked at."""
    n = len(present)
    places = [n * tenth // MOST_CODES for tenth in range(1, MOST_CODES)]
    found = np.partition(present, places)[places]
    edges = np.unique(found)
    if len(edges) == len(found) and edges[0] > present.min():
        return edges
    return bin_edges(present, MOST_CODES)


def _is_id(values: Values) -> bool:
    """Whether nearly every row has a text of its own, so that no value has rows enough."""
    return len(values.words) > max(100, 0.5 * len(values.data))
