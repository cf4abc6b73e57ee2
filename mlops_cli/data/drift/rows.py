"""Rows of a table for the joint distribution: the same ones every time, kept while the columns pass by for the profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.statistics.seeds import generator, seed_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from mlops_cli.data.drift.cells import Floats
    from mlops_cli.data.table.table import Table


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers; NaN is missing.

    Parameters
    ----------
    time : bool
        They are times, in microseconds.
    """

    values: Floats
    time: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A column of texts: codes, -1 for missing, and what they stand for.

    Parameters
    ----------
    free : bool
        Free text or identifiers, of which only the length is looked at.
    """

    codes: np.ndarray[Any, np.dtype[np.int64]]
    texts: tuple[str, ...]
    free: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a table, in their order.

    Parameters
    ----------
    numbers : array of int, shape (rows,)
        Which rows they are, counted from 0.
    """

    numbers: np.ndarray[Any, np.dtype[np.int64]]
    columns: Mapping[str, Numbers | Words]

    def __len__(self) -> int:
        return len(self.numbers)


class Watched:
    """A table that keeps some rows of each column that is read from it, so that no column is read twice.

    It stands in for the table where a profile is built.
    """

    def __init__(self, table: Table, rows: int) -> None:
        self._table = table
        self._kept: dict[str, Numbers | Words] = {}
        self._chosen = chosen_rows(table.rows, rows, table.names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def numbers(self, name: str) -> Floats:
        """As of the table."""
        values: Floats = self._table.numbers(name)
        self._kept[name] = Numbers(values[self._chosen])
        return values

    def times(self, name: str) -> tuple[Any, str | None]:
        """As of the table."""
        values, zone = self._table.times(name)
        self._kept[name] = Numbers(_microseconds(values[self._chosen]), time=True)
        return values, zone

    def texts(self, name: str) -> pa.DictionaryArray:
        """As of the table."""
        values = self._table.texts(name)
        self._kept[name] = _words(values.take(self._chosen), free=self._table.described(name).kind == "text")
        return values

    def column(self, name: str) -> Any:
        """As of the table."""
        column = self._table.column(name)
        if name not in self._kept:
            self._kept[name] = _kept(column.take(self._chosen), self._table.described(name).kind)
        return column

    def rows_kept(self) -> Rows:
        """Return the rows that were kept, of all columns; those that nobody has read yet are read now."""
        for name in self._table.names:
            if name not in self._kept:
                self.column(name)
        return Rows(self._chosen, {name: self._kept[name] for name in self._table.names})


def chosen_rows(rows: int, most: int, names: tuple[str, ...]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return which rows are looked at, in order: all, or as many as asked for, always the same of one table.

    Examples
    --------
    >>> chosen_rows(3, 5, ("a",)).tolist()
    [0, 1, 2]
    """
    if rows <= most:
        return np.arange(rows)
    found = generator(seed_of("rows", rows, *names)).choice(rows, size=most, replace=False)
    return np.sort(found)


def _kept(column: Any, kind: str) -> Numbers | Words:
    import pyarrow as pa

    if kind in ("numeric", "boolean"):
        return Numbers(column.cast(pa.float64()).to_numpy())
    if kind == "datetime":
        plain = column.cast(pa.timestamp("us", column.type.tz)).to_numpy().astype("datetime64[us]")
        return Numbers(_microseconds(plain), time=True)
    return _words(column.cast(pa.string()).combine_chunks().dictionary_encode(), free=kind == "text")


def _microseconds(values: Any) -> Floats:
    found: Floats = values.astype("datetime64[us]").astype(np.int64).astype(np.float64)
    found[np.isnat(values)] = np.nan
    return found


def _words(values: Any, *, free: bool) -> Words:
    if hasattr(values, "combine_chunks"):
        values = values.combine_chunks()
    codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Words(codes, tuple(str(text) for text in values.dictionary.to_pylist()), free)
