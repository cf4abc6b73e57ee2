"""Making the profile of a table: a column at a time, on a few threads, so that memory is that of a few columns."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, cast

import numpy as np

from mlops_cli.data.profile.blank import BLANKS, blank_column, layout_digest
from mlops_cli.data.profile.hashing import RowHashes, hash_integers, hash_numbers, salt_of
from mlops_cli.data.profile.layout import rank_edges
from mlops_cli.data.profile.model import (
    RANKED,
    AnyColumn,
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    NumericProfile,
    Order,
    Profile,
    Ranks,
    RowSample,
    Stage,
    TextProfile,
)
from mlops_cli.data.profile.numeric import numeric_profile, take_numbers
from mlops_cli.data.profile.texts import categorical_profile, take_texts, text_profile
from mlops_cli.data.profile.times import datetime_profile
from mlops_cli.data.profile.together import (
    count_pairs,
    count_ranks,
    find_pairs,
    pack,
    rank_codes,
    sample_rows,
)
from mlops_cli.data.table.kinds import check_kinds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from mlops_cli.data.profile.hashing import Hashes
    from mlops_cli.data.table.kinds import Column
    from mlops_cli.data.table.table import Table

    Floats = NDArray[np.float64]
    Missing = NDArray[np.bool_]

_THREADS = 4
_EXACT = 2.0**53  # whole numbers beyond this have no float64 of their own
_TEXTS = ("categorical", "text")
_GLANCE = 1000  # rows that mostly suffice to see that a column has no order


def profile_table(
    table: Table,
    *,
    baseline: Profile | None = None,
    stage: Stage = "",
    pii: Collection[str] = (),
) -> Profile:
    """Return the profile of a table.

    Parameters
    ----------
    table : Table
        Read once, a column at a time.
    baseline : Profile, optional
        Count on its layout. What it says is private stays private. Without it the profile is a baseline.
    stage : str
        Where in the pipeline the table stands: `raw`, `transformed`, `scored`, or "".
    pii : collection of str
        Columns whose values may not be told.

    Raises
    ------
    UsageError
        When a column of `pii` does not exist.
    DataError
        When a value cannot be read.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from mlops_cli.data.table.table import table_of
    >>> made = profile_table(table_of(pa.table({"age": [30, 40, 40, 50, 50, 50, None]})))
    >>> made.rows, made.columns[0].missing, made.columns[0].moments.mean
    (7, 1, 43.333333333333336)
    """
    check_kinds(dict.fromkeys(pii, "text"), table.names, table.name)
    work = _Work(
        table, baseline, frozenset(pii), iter(enumerate(table.columns)), _ranked(table, baseline, pii)
    )
    work.known = {column.name: column for column in baseline.columns} if baseline else {}
    rows = _profile_columns(work)
    packed = {name: work.packed[name] for name in table.names if name in work.packed}
    made = Profile(
        rows=table.rows,
        columns=tuple(work.made[place] for place in range(len(table.columns))),
        sources=(table.digest,) if table.digest else (),
        stage=stage,
        baseline=baseline is None,
        missing_pairs=count_pairs(baseline.missing_pairs, packed) if baseline else find_pairs(packed),
        ranks=work.ranks(),
        sample=RowSample() if any(column.private for column in work.made.values()) else sample_rows(rows),
        different_rows=len(rows) and 1 + int(np.count_nonzero(rows[1:] != rows[:-1])),
        warnings=table.warnings,
    )
    return replace(made, edges_from=baseline.edges_from if baseline else layout_digest(made))


def _profile_columns(work: _Work) -> Hashes:
    """Make the profiles of all columns on a few threads, and return the hashes of the rows, ascending."""
    threads = min(_THREADS, os.cpu_count() or 1, len(work.table.columns))
    with ThreadPoolExecutor(threads) as pool:
        try:
            parts = list(pool.map(lambda _: work.columns(), range(threads)))
        except BaseException:
            # The pool waits for the other threads: they end with the columns they have.
            work.left = iter(())
            raise
    rows = parts[0].hashes
    for more in parts[1:]:
        rows += more.hashes
    rows.sort()
    return rows


def _ranked(table: Table, baseline: Profile | None, pii: Collection[str]) -> tuple[str, ...]:
    """Return the columns that may be in the rank correlation."""
    if baseline is not None:
        return baseline.ranks.columns
    return tuple(each.name for each in table.columns if each.kind == "numeric" and each.name not in pii)[
        :RANKED
    ]


@dataclass(slots=True)
class _Work:
    """What the threads share. Each takes the next column, until there is none."""

    table: Table
    baseline: Profile | None
    pii: frozenset[str]
    left: Iterator[tuple[int, Column]]
    ranked: tuple[str, ...]
    known: dict[str, AnyColumn] = field(default_factory=dict)  # the baseline's columns
    made: dict[int, AnyColumn] = field(default_factory=dict)
    packed: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    edges: dict[str, tuple[float, ...]] = field(default_factory=dict)
    codes: dict[str, NDArray[np.int8]] = field(default_factory=dict)
    reading: Lock = field(default_factory=Lock)  # a file has one reader

    def columns(self) -> RowHashes:
        """Make the profiles of columns, and return the sum of their hashes, by row."""
        hashes = RowHashes(self.table.rows)
        while (taken := self._next()) is not None:
            place, column = taken
            self.made[place] = self._column(column, hashes)
        return hashes

    def ranks(self) -> Ranks:
        """Return the rank correlation."""
        chosen = (
            self.baseline.ranks.columns if self.baseline else tuple(n for n in self.ranked if n in self.edges)
        )
        edges = dict(zip(chosen, self.baseline.ranks.edges, strict=True)) if self.baseline else self.edges
        return count_ranks(chosen, edges, self.codes)

    def _next(self) -> tuple[int, Column] | None:
        with self.reading:
            return next(self.left, None)

    def _column(self, column: Column, hashes: RowHashes) -> AnyColumn:
        known = self.known.get(column.name)
        kind = column.kind
        if known is not None and kind in _TEXTS and known.kind in _TEXTS:
            kind = known.kind
        if known is not None and known.kind in _TEXTS and known.storage == column.storage:
            kind = known.kind  # somebody said of the baseline's column what it is
        private = column.name in self.pii or (known is not None and known.private)
        blank = (
            replace(blank_column(known), storage=column.storage, private=private)
            if known is not None and known.kind == kind
            else BLANKS[kind](name=column.name, storage=column.storage, private=private)
        )
        made = self._profile(blank, hashes)
        if made.n == 0 and known is not None and made.kind != known.kind:
            # Nothing but missing values: there is no kind to see, so it is the baseline's.
            follows: AnyColumn = replace(blank_column(known), storage=column.storage, missing=made.missing)
            return follows
        return made

    def _profile(self, blank: AnyColumn, hashes: RowHashes) -> AnyColumn:
        if isinstance(blank, CategoricalProfile | TextProfile):
            return self._texts(blank, hashes)
        if isinstance(blank, DatetimeProfile):
            return self._times(blank, hashes)
        with self.reading:
            values = self.table.numbers(blank.name)
        missing = np.isnan(values)
        if isinstance(blank, BooleanProfile):
            self._note(blank.name, hashes, hash_numbers(values, salt_of(blank.name)), missing)
            true = int(np.count_nonzero(values == 1))
            present = len(values) - int(np.count_nonzero(missing))
            return replace(
                blank, n=present, missing=len(values) - present, true=true, false=present - true,
            )  # fmt: skip
        return self._numbers(blank, values, missing, hashes)

    def _numbers(
        self, blank: NumericProfile, values: Floats, missing: Missing, hashes: RowHashes
    ) -> NumericProfile:
        name, salt = blank.name, salt_of(blank.name)
        numbers = take_numbers(values)
        wide = self._wide(name, numbers.finite)
        if wide is None:
            self._note(name, hashes, hash_numbers(values, salt), missing)
        else:
            self._note(name, hashes, hash_integers(wide, salt), missing)
            wide = wide[~missing]
        fresh = self.baseline is None
        if name in self.ranked and not blank.private:
            edges = rank_edges(numbers.finite) if fresh else self._known_edges(name)
            if len(set(edges)) > 1 or not fresh:
                self.edges[name] = edges
                self.codes[name] = rank_codes(values, edges)
        made = numeric_profile(blank, numbers, fresh=fresh, wide=wide)
        return replace(made, order=order_of(values[~missing] if made.missing else values))

    def _known_edges(self, name: str) -> tuple[float, ...]:
        assert self.baseline is not None  # noqa: S101 - tells the type checker
        return self.baseline.ranks.edges[self.baseline.ranks.columns.index(name)]

    def _wide(self, name: str, finite: Floats) -> NDArray[np.int64] | None:
        """Return a column of whole numbers as such, where float64 would take different ones for the same."""
        if not len(finite) or max(-finite[0], finite[-1]) < _EXACT:
            return None
        with self.reading:
            column = self.table.column(name)
        if str(column.type) not in ("int64", "uint64"):
            return None
        values = column.combine_chunks().fill_null(0).to_numpy(zero_copy_only=False)
        return cast("NDArray[np.int64]", values.view(np.int64))

    def _texts(self, blank: CategoricalProfile | TextProfile, hashes: RowHashes) -> AnyColumn:
        with self.reading:
            column = self.table.texts(blank.name)
        texts = take_texts(blank.name, column)
        # The last one stands for -1, which is missing.
        by_row = np.append(texts.hashes, np.uint64(0))[texts.codes]
        self._note(blank.name, hashes, by_row, texts.codes < 0)
        fresh = self.baseline is None
        if isinstance(blank, CategoricalProfile):
            return categorical_profile(blank, texts, fresh=fresh)
        return text_profile(blank, texts, fresh=fresh)

    def _times(self, blank: DatetimeProfile, hashes: RowHashes) -> DatetimeProfile:
        with self.reading:
            times, zone = self.table.times(blank.name)
        missing = np.isnat(times)
        ticks = times.astype(np.int64)
        self._note(blank.name, hashes, hash_integers(ticks, salt_of(blank.name)), missing)
        return replace(datetime_profile(blank, times, zone), order=order_of(ticks[~missing]))

    def _note(self, name: str, hashes: RowHashes, found: NDArray[np.uint64], missing: Missing) -> None:
        """Remember of a column what is counted together with others."""
        some = bool(missing.any())
        hashes.add(found, missing if some else None)
        if some:
            self.packed[name] = pack(missing)


def order_of(values: NDArray[np.float64] | NDArray[np.int64]) -> Order:
    """Return how values stand in the order of rows; "" for fewer than two.

    Examples
    --------
    >>> order_of(np.array([1, 2, 2])), order_of(np.array([3, 1, 2]))
    ('not decreasing', 'none')
    """
    if len(values) < 2:
        return ""
    if len(values) > _GLANCE and order_of(values[:_GLANCE]) == "none":
        return "none"
    up, down = bool(np.all(values[1:] >= values[:-1])), bool(np.all(values[1:] <= values[:-1]))
    if up and down:
        return "constant"
    if not (up or down):
        return "none"
    strict = bool(np.all(values[1:] != values[:-1]))
    if up:
        return "increasing" if strict else "not decreasing"
    return "decreasing" if strict else "not increasing"


def row_hashes(table: Table) -> NDArray[np.uint64]:
    """Return a hash of each row (n,): equal rows have equal ones, in any order of columns.

    For finding duplicates and rows that two tables share, exactly. Both tables have to have the same columns, of the same kinds.
    """
    work = _Work(table, None, frozenset(table.names), iter(()), ())
    hashes = RowHashes(table.rows)
    for column in table.columns:
        work._profile(BLANKS[column.kind](name=column.name, storage=column.storage, private=True), hashes)  # noqa: SLF001
    return hashes.hashes
