"""Columns of a table as arrays that conditions can be asked of: numbers, times, and texts as codes of a dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

ValueKind = Literal["number", "boolean", "time", "text"]


@dataclass(frozen=True, slots=True)
class Values:
    """One column.

    Parameters
    ----------
    kind : {"number", "boolean", "time", "text"}
        How its values are compared.
    data : array of shape (rows,)
        Numbers as float64, NaN for missing; times as datetime64[us], NaT for missing; texts and booleans as codes of `words`
        (int32), -1 for missing.
    words : sequence of str
        What the codes of a text or boolean mean.
    """

    kind: ValueKind
    data: NDArray[Any]
    words: Sequence[str] = ()

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows have no value."""
        if self.kind == "number":
            mask: NDArray[np.bool_] = np.isnan(self.data)
        elif self.kind == "time":
            mask = np.isnat(self.data)
        else:
            mask = self.data < 0
        return mask


class Columns(Protocol):
    """What conditions need of a table."""

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns."""

    @property
    def rows(self) -> int:
        """How many rows it has."""

    def values(self, name: str) -> Values:
        """Return one column.

        Raises
        ------
        KeyError
            When there is none of this name.
        """


class ArrayColumns:
    """Columns in memory: arrays of numpy, Arrow or pandas, or `Values`; each is turned into `Values` once.

    Parameters
    ----------
    columns : mapping of str to array
        All of one length.
    categorical : collection of str
        Columns of numbers whose values are names, not amounts.
    """

    def __init__(self, columns: Mapping[str, Any], categorical: Sequence[str] = ()) -> None:
        self._columns = dict(columns)
        self._categorical = frozenset(categorical)
        self._known: dict[str, Values] = {}

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns."""
        return tuple(self._columns)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        for column in self._columns.values():
            return len(column.data) if isinstance(column, Values) else len(column)
        return 0

    def values(self, name: str) -> Values:
        """Return one column."""
        if name not in self._known:
            column = self._columns[name]
            self._known[name] = (
                column if isinstance(column, Values) else values_of(column, names=name in self._categorical)
            )
        return self._known[name]


class TableColumns:
    """Columns of a `data.table` Table, read one at a time and not kept but for the last few.

    Parameters
    ----------
    table : Table
        With `rows`, `columns` (each with `name` and `kind`) and `column(name)`.
    without : collection of str
        Columns to leave out, such as the target.
    only : array of int64, optional
        Which rows of the table, in this order; all when None.
    """

    def __init__(
        self, table: Any, without: Sequence[str] = (), only: NDArray[np.int64] | None = None
    ) -> None:
        self._table, self._only = table, only
        self._kinds = {column.name: column.kind for column in table.columns if column.name not in without}
        self._known: dict[str, Values] = {}

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns."""
        return tuple(self._kinds)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self._table.rows) if self._only is None else len(self._only)

    def values(self, name: str) -> Values:
        """Return one column."""
        if name not in self._known:
            kind = self._kinds[name]
            while len(self._known) >= 4:
                self._known.pop(next(iter(self._known)))
            held = values_of(self._table.column(name), names=kind in ("categorical", "text"))
            if self._only is not None and not _is_all(self._only, self._table.rows):
                held = Values(held.kind, held.data[self._only], held.words)
            self._known[name] = held
        return self._known[name]


def values_of(column: Any, *, names: bool = False) -> Values:
    """Return a column as `Values`.

    Parameters
    ----------
    column : array
        Of numpy, Arrow or pandas.
    names : bool
        Whether its numbers are names of something, and so are compared as text.

    Examples
    --------
    >>> values_of(["b", "a", None, "b"])
    Values(kind='text', data=array([ 0,  1, -1,  0], dtype=int32), words=('b', 'a'))
    """
    if isinstance(column, np.ndarray) and column.dtype.kind in "fiu" and not names:
        return Values("number", column.astype(np.float64, copy=False))
    array = _arrow(column)
    if names and not pa.types.is_dictionary(array.type):
        array = pc.cast(array, pa.string())
    kind = array.type
    if pa.types.is_boolean(kind):
        codes = _filled(pc.cast(array, pa.int32()), -1)
        return Values("boolean", codes.astype(np.int32), ("false", "true"))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Values("number", _filled(pc.cast(array, pa.float64(), safe=False), np.nan))
    if pa.types.is_temporal(kind) and not (pa.types.is_duration(kind) or pa.types.is_time(kind)):
        if pa.types.is_timestamp(kind) and kind.tz:  # moments are told in UTC
            array = pc.cast(array, pa.timestamp(kind.unit))
        return Values("time", _numpy(pc.cast(array, pa.timestamp("us"), safe=False)))
    return _texts(array)


def _texts(array: pa.Array) -> Values:
    if not pa.types.is_dictionary(array.type):
        plain = array.type if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) else None
        array = pc.dictionary_encode(array if plain else _as_text(array))
    if isinstance(array, pa.ChunkedArray):
        array = array.unify_dictionaries().combine_chunks()
        array = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    codes = _filled(pc.cast(array.indices, pa.int32()), -1)
    words = tuple("" if word is None else str(word) for word in array.dictionary.to_pylist())
    return Values("text", codes, words)


def _as_text(array: pa.Array) -> pa.Array:
    try:
        return pc.cast(array, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())


def _arrow(column: Any) -> Any:
    if isinstance(column, pa.Array | pa.ChunkedArray):
        return column
    if isinstance(column, np.ndarray) and column.dtype.kind in "UO":
        column = column.tolist()
    try:
        return pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # values of several types in one column
        missing = (None, np.nan)
        return pa.array([None if value in missing else str(value) for value in column], pa.string())


def _filled(array: Any, missing: float) -> NDArray[Any]:
    return _numpy(pc.fill_null(array, missing) if array.null_count else array)


def _is_all(only: NDArray[np.int64], rows: int) -> bool:
    return len(only) == rows and bool((only == np.arange(rows)).all())


def _numpy(array: Any) -> NDArray[Any]:
    found: NDArray[Any] = (
        array.to_numpy() if isinstance(array, pa.ChunkedArray) else array.to_numpy(zero_copy_only=False)
    )
    return found
