"""A table: its columns with their kinds, read one at a time or in batches."""

from __future__ import annotations

import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from mlops_cli.data.table.deciding import decide, grouped_warnings
from mlops_cli.data.table.kinds import Column, Kind, check_kinds
from mlops_cli.data.table.naming import checked_names
from mlops_cli.data.table.stored import InMemory
from mlops_cli.data.table.values import encoded, floats, of_kind, plain
from mlops_cli.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np

    from mlops_cli.data.table.deciding import Decided
    from mlops_cli.data.table.stored import Stored


class Table:
    """A table that was opened. Use it as a context manager: its temporary files go at the end.

    Parameters
    ----------
    name : str
        Its address, without anything secret.
    stored : Stored
        Where its values lie.
    kinds : mapping, optional
        Column to kind, where the user knows better.
    digest : callable, optional
        Returns the digest of its content (`b3:…`), or None where it has no name of its own; asked once, when first wanted.
    warnings : sequence of str
        What was noticed while it was read.
    """

    def __init__(
        self,
        name: str,
        stored: Stored,
        *,
        kinds: Mapping[str, Kind] | None = None,
        digest: Callable[[], str | None] | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        check_kinds(kinds or {}, stored.names, name)
        self.name = name
        self.rows = stored.rows
        self._stored = stored
        self._wanted = dict(kinds or {})
        self._digest = digest
        self._noticed = tuple(warnings)
        self._decided: dict[str, Decided] = {}
        self._close = weakref.finalize(self, stored.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove temporary files; columns cannot be read after that."""
        self._close()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in their order; costs nothing."""
        return self._stored.names

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Its columns. Texts are looked at when this is first asked for, a column at a time."""
        return tuple(self.described(name) for name in self.names)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What the reader of a report should know, as whole sentences; each names its column and how often."""
        found = [(name, self._decision(name)) for name in self.names]
        return (*self._noticed, *grouped_warnings(found))

    @cached_property
    def digest(self) -> str | None:
        """The digest of its content, or None."""
        return self._digest() if self._digest else None

    def described(self, name: str) -> Column:
        """Return one column's name, kind and note."""
        decided = self._decision(name)
        return Column(name, decided.kind, str(self._stored.storage(name)), decided.note)

    def column(self, name: str) -> Any:
        """Return one column in the form that its kind has.

        Returns
        -------
        pyarrow.ChunkedArray
            `numeric`: an integer type or `double` (NaN stays NaN); `boolean`: `bool`; `datetime`: `timestamp[us]`, or
            `timestamp[us, tz=…]`; `categorical` and `text`: `string` or `large_string`. Missing is null.

        Raises
        ------
        UsageError
            When there is no such column.
        DataError
            When a value cannot have the kind that was asked for.
        """
        return self._formed(name, self._read(name), self._decision(name).kind)

    def numbers(self, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return a numeric or boolean column as float64 (rows,), with NaN for missing; infinite values stay."""
        self._expect(name, "numeric", "boolean")
        return floats(self.column(name))

    def texts(self, name: str) -> Any:
        """Return a column of any kind as texts, dictionary-encoded.

        Returns
        -------
        pyarrow.DictionaryArray
            Codes are int32 with null for missing; the distinct texts come in the order in which they first appear.
        """
        kind = self._decision(name).kind
        raw = self._read(name) if kind in ("categorical", "text") else self.column(name)
        if pa.types.is_dictionary(raw.type) and pa.types.is_string(raw.type.value_type):
            return encoded(raw)
        return encoded(of_kind(raw, "text"))

    def times(self, name: str) -> tuple[np.ndarray[Any, np.dtype[np.datetime64]], str | None]:
        """Return a datetime column as datetime64[us] (rows,) with NaT for missing, and its time zone or None.

        Where there is a zone, the values are in UTC.
        """
        self._expect(name, "datetime")
        column = self.column(name)
        return column.cast(pa.timestamp("us", column.type.tz)).to_numpy().astype(
            "datetime64[us]"
        ), column.type.tz

    def frame(self, columns: Sequence[str] | None = None) -> Any:
        """Return columns as a pandas frame, as pandas itself would have read them: dates that are texts stay texts.

        A kind that the user gave is followed. The whole of these columns is in memory.
        """
        read = {name: self._as_pandas(name, self._read(name)) for name in self._chosen(columns)}
        return pa.table(read).to_pandas()

    def batches(self, columns: Sequence[str] | None = None, rows: int = 65_536) -> Iterator[Any]:
        """Yield record batches of at most so many rows, each column in the form that `column` gives it."""
        chosen = self._chosen(columns)
        kinds = [self._decision(name).kind for name in chosen]
        for batch in self._stored.batches(chosen, rows):
            formed = [
                self._formed(name, column, kind)
                for name, column, kind in zip(chosen, batch.columns, kinds, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(formed, names=list(chosen))

    def _chosen(self, columns: Sequence[str] | None) -> tuple[str, ...]:
        chosen = self.names if columns is None else tuple(columns)
        for name in chosen:
            self._check(name)
        return chosen

    def _check(self, name: str) -> None:
        if name not in self._known:
            check_kinds({name: "text"}, self.names, self.name)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    def _read(self, name: str) -> Any:
        self._check(name)
        return self._stored.read(name)

    def _decision(self, name: str) -> Decided:
        if name not in self._decided:
            self._check(name)
            self._decided[name] = decide(name, self._stored, self._wanted.get(name))
        return self._decided[name]

    def _formed(self, name: str, raw: Any, kind: Kind) -> Any:
        try:
            return of_kind(raw, kind)
        except (DataError, pa.ArrowInvalid) as error:
            said = error.message if isinstance(error, DataError) else str(error)
            hint = error.hint if isinstance(error, DataError) else ""
            raise DataError(f"{self.name}: column {name!r} cannot be {kind}: {said}", hint=hint) from error

    def _as_pandas(self, name: str, raw: Any) -> Any:
        if name in self._wanted:
            return self._formed(name, raw, self._wanted[name])
        if self._decision(name).kind == "boolean":
            return self._formed(name, raw, "boolean")
        # Codes for texts are how they are kept here; to pandas they are categories only where the file says so.
        return raw if pa.types.is_dictionary(self._stored.storage(name)) else plain(raw)

    def _expect(self, name: str, *kinds: Kind) -> None:
        kind = self._decision(name).kind
        if kind not in kinds:
            raise UsageError(
                f"{self.name}: column {name!r} is {kind}, where {' or '.join(kinds)} is needed",
                hint=f"Where it is {kinds[0]} all the same, say so: kinds: {{{name}: {kinds[0]}}}",
            )


def table_of(frame: Any, name: str = "table", *, kinds: Mapping[str, Kind] | None = None) -> Table:
    """Return a table that is in memory already.

    Parameters
    ----------
    frame : pandas.DataFrame or pyarrow.Table
        Its index, if it has a name, is no column.
    name : str
        What messages call it.

    Raises
    ------
    DataError
        When two columns have one name, or there are no columns or no rows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> with table_of(pa.table({"age": [40, None], "city": ["Oslo", "Bern"]})) as table:
    ...     [(column.name, column.kind) for column in table.columns], table.numbers("age").tolist()
    ([('age', 'numeric'), ('city', 'categorical')], [40.0, nan])
    """
    arrow = frame if isinstance(frame, pa.Table) else _from_pandas(frame, name)
    names, warnings = checked_names(arrow.column_names, name)
    if arrow.num_rows == 0:
        raise DataError(f"{name} has {arrow.num_columns} columns and no rows")
    return Table(name, InMemory(arrow.rename_columns(names)), kinds=kinds, warnings=warnings)


def _from_pandas(frame: Any, name: str) -> Any:
    """Return a pandas frame as Arrow; a column of mixed objects becomes texts."""
    checked_names([str(column) for column in frame.columns], name)
    arrays = []
    for index in range(frame.shape[1]):
        series = frame.iloc[:, index]
        try:
            arrays.append(pa.array(series, from_pandas=True))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            arrays.append(
                pa.array(
                    [
                        None if missing else str(value)
                        for value, missing in zip(series, series.isna(), strict=True)
                    ]
                )
            )
    return pa.table(arrays, names=[str(column) for column in frame.columns])
