"""What checks compare: a few facts on each column, from a table (exactly) or from a profile (nearly)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.data.table.kinds import Kind
    from mlops_cli.data.table.table import Table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_VALUES = 1_000  # of a column, kept with their counts
_FEW_NUMBERS = 50  # of so many different numbers all are kept; of more those that come twice
GRID: Floats = np.linspace(0.0, 1.0, 101)
WEEK = 168
_HOUR, _WEEK_US = 3_600_000_000, 168 * 3_600_000_000
_MONDAY_US = 4 * 24 * _HOUR  # the first Monday after the epoch, 1970-01-05


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column in a few numbers.

    Parameters
    ----------
    rows, missing, infinite : int
        Of all rows, how many have no value, and how many an infinite one.
    distinct : int
        Different values; about so many where the column comes from a profile.
    counts : mapping
        Values as text with how often they come; of up to 1,000 values, the most frequent ones where there are more.
    singles : int
        How many values come only once; at most so many where the column comes from a profile.
    quantiles : array (101,)
        Of finite numbers, of lengths of texts, of times in microseconds; empty where there are none.
    low, high : float
        Smallest and largest finite number, or time in microseconds; NaN where there are none.
    mean, median : float, optional
        Of finite numbers.
    week : array (168,)
        Rows by hour of the week, from Monday; empty where the column holds no times.
    increasing : bool
        Whether no value lies below the one before, and they are not all the same.
    beyond : int
        Rows below `low` or above `high`: none, but in profiles, which do not keep the ends of the range.
    exact : bool
        Whether the facts come from the table itself.
    """

    name: str
    kind: Kind
    storage: str
    rows: int
    missing: int = 0
    infinite: int = 0
    distinct: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    singles: int = 0
    quantiles: Floats = field(default_factory=lambda: np.empty(0))
    low: float = float("nan")
    high: float = float("nan")
    mean: float | None = None
    median: float | None = None
    week: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    increasing: bool = False
    whole: bool = False
    beyond: int = 0
    exact: bool = True

    @property
    def present(self) -> int:
        """Rows that have a value."""
        return self.rows - self.missing

    @property
    def all_counted(self) -> bool:
        """Whether `counts` has every value."""
        return self.distinct <= len(self.counts)

    @property
    def top_share(self) -> float:
        """Share of the most frequent value among those present; 0 where that is not known."""
        return max(self.counts.values(), default=0) / self.present if self.present else 0.0


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table in a few numbers: its columns by name, in order."""

    name: str
    rows: int
    columns: Mapping[str, ColumnFacts]


def table_facts(table: Table) -> TableFacts:
    """Return the facts on a table; in memory there is one column at a time."""
    return TableFacts(table.name, table.rows, {name: column_facts(table, name) for name in table.names})


def column_facts(table: Table, name: str) -> ColumnFacts:
    """Return the facts on one column of a table."""
    column = table.described(name)
    make = {"numeric": _numeric, "datetime": _datetime}.get(column.kind, _textual)
    return make(table, name, column.kind, column.storage)


def _numeric(table: Table, name: str, kind: Kind, storage: str) -> ColumnFacts:
    values = table.numbers(name)
    present = values[~np.isnan(values)]
    finite = np.sort(present[np.isfinite(present)])
    distinct, counts, singles = _counted(finite)
    return ColumnFacts(
        name,
        kind,
        storage,
        rows=len(values),
        missing=len(values) - len(present),
        infinite=len(present) - len(finite),
        distinct=distinct,
        counts={number_label(value): count for value, count in counts},
        singles=singles,
        quantiles=_grid_of_sorted(finite),
        low=float(finite[0]) if len(finite) else float("nan"),
        high=float(finite[-1]) if len(finite) else float("nan"),
        mean=float(np.mean(finite)) if len(finite) else None,
        median=float(np.median(finite)) if len(finite) else None,
        increasing=is_increasing(present),
        whole=bool(len(finite)) and bool(np.all(finite == np.rint(finite))),
    )


def _datetime(table: Table, name: str, kind: Kind, storage: str) -> ColumnFacts:
    times = times_us(table, name)
    present = times[times != MISSING_TIME]
    ordered = np.sort(present)
    distinct = int(np.count_nonzero(np.diff(ordered))) + 1 if len(ordered) else 0
    return ColumnFacts(
        name,
        kind,
        storage,
        rows=len(times),
        missing=len(times) - len(present),
        distinct=distinct,
        quantiles=_grid_of_sorted(ordered.astype(np.float64)),
        low=float(ordered[0]) if len(ordered) else float("nan"),
        high=float(ordered[-1]) if len(ordered) else float("nan"),
        week=np.bincount(hours_of_week(ordered), minlength=WEEK).astype(np.int64),
        increasing=is_increasing(present),
    )


def _textual(table: Table, name: str, kind: Kind, storage: str) -> ColumnFacts:
    labels, codes = coded(table, name)
    sizes = np.bincount(codes[codes >= 0], minlength=len(labels)).astype(np.int64)
    seen = np.flatnonzero(sizes)
    most = seen[np.argsort(-sizes[seen], kind="stable")][:MOST_VALUES]
    lengths = np.fromiter((len(label) for label in labels), dtype=np.float64, count=len(labels))
    return ColumnFacts(
        name,
        kind,
        storage,
        rows=len(codes),
        missing=int(np.count_nonzero(codes < 0)),
        distinct=len(seen),
        counts={labels[i]: int(sizes[i]) for i in most},
        singles=int(np.count_nonzero(sizes == 1)),
        quantiles=_grid_weighted(lengths[seen], sizes[seen]),
    )


# Columns as arrays ----------------------------------------------------------------------------------------------------

MISSING_TIME = int(np.iinfo(np.int64).min)


def times_us(table: Table, name: str) -> Ints:
    """Return times as microseconds since the epoch; `MISSING_TIME` where there is none."""
    times, _zone = table.times(name)
    return times.astype("datetime64[us]").astype(np.int64)


def hours_of_week(times: Ints) -> Ints:
    """Return the hour of the week of times in microseconds, from 0 on Monday at midnight.

    Examples
    --------
    >>> hours_of_week(np.array([0, 4 * 86_400_000_000]))  # 1970-01-01 was a Thursday
    array([72,  0])
    """
    return ((times - _MONDAY_US) % _WEEK_US) // _HOUR


def coded(table: Table, name: str) -> tuple[list[str], Ints]:
    """Return the labels of a column and the code of each row, -1 where it has no value; each label is there once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table.texts(name)
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], type=pa.string())
    if not pa.types.is_dictionary(whole.type):
        whole = pc.dictionary_encode(whole)
    codes = pc.fill_null(whole.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return [str(label) for label in whole.dictionary.to_pylist()], codes


def number_label(value: float) -> str:
    """Return a number as text: whole ones without a point.

    Examples
    --------
    >>> number_label(3.0), number_label(0.25)
    ('3', '0.25')
    """
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def is_increasing(values: Floats | Ints) -> bool:
    """Whether no value lies below the one before, and they are not all the same."""
    return len(values) > 1 and bool(values[-1] > values[0]) and bool(np.all(values[1:] >= values[:-1]))


def _counted(ordered: Floats) -> tuple[int, list[tuple[float, int]], int]:
    """Return how many values there are, the most frequent with their counts, and how many come once."""
    if not len(ordered):
        return 0, [], 0
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    sizes = np.diff(np.append(starts, len(ordered)))
    most = np.argsort(-sizes, kind="stable")[:MOST_VALUES]
    if len(starts) > _FEW_NUMBERS:
        most = most[sizes[most] > 1]  # of measurements, what comes once is no value to know
    counts = [(float(ordered[starts[i]]), int(sizes[i])) for i in most]
    return len(starts), counts, int(np.count_nonzero(sizes == 1))


def _grid_of_sorted(ordered: Floats) -> Floats:
    if not len(ordered):
        return np.empty(0)
    return np.asarray(ordered[np.rint(GRID * (len(ordered) - 1)).astype(np.int64)], dtype=np.float64)


def _grid_weighted(values: Floats, weights: Ints) -> Floats:
    if not len(values):
        return np.empty(0)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    place = np.searchsorted(reached, GRID * reached[-1], side="left")
    return np.asarray(values[order][np.minimum(place, len(values) - 1)], dtype=np.float64)
