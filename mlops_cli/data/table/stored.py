"""Where the values of a table lie: the port behind `Table`, and its twin in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Stored(Protocol):
    """Columns that can be read one at a time. Types and missing values are final; what the values mean is not its business.

    Attributes
    ----------
    names : tuple of str
        All different.
    rows : int
        How many values each column has.
    missing_texts : frozenset of str
        Texts that were taken for missing values already; empty where the format has its own sign for these.
    """

    @property
    def names(self) -> tuple[str, ...]: ...  # noqa: D102 - said above
    @property
    def rows(self) -> int: ...  # noqa: D102 - said above
    @property
    def missing_texts(self) -> frozenset[str]: ...  # noqa: D102 - said above

    def storage(self, name: str) -> Any:
        """Return the Arrow type of a column."""
        ...

    def read(self, name: str) -> Any:
        """Return a column as a ChunkedArray, whose memory goes when it does."""
        ...

    def bounds(self, name: str) -> tuple[int, int] | None:
        """Return the least and the greatest of whole numbers where that costs next to nothing, else None."""
        ...

    def batches(self, names: Sequence[str], rows: int) -> Iterator[Any]:
        """Yield record batches of these columns, of at most so many rows, in the order of the table."""
        ...

    def close(self) -> None:
        """Let go of files, and remove temporary ones."""
        ...


class InMemory:
    """Columns of an Arrow table that is in memory already."""

    missing_texts: frozenset[str] = frozenset()

    def __init__(self, table: Any) -> None:
        self._table = table
        self.names: tuple[str, ...] = tuple(table.column_names)
        self.rows: int = table.num_rows
        self._index = {name: index for index, name in enumerate(self.names)}

    def storage(self, name: str) -> Any:
        """Return the Arrow type of a column."""
        return self._table.schema.field(self._index[name]).type

    def read(self, name: str) -> Any:
        """Return a column; nothing is copied."""
        return self._table.column(self._index[name])

    def bounds(self, name: str) -> tuple[int, int] | None:
        """Return the least and the greatest of whole numbers."""
        return bounds_of(self.read(name))

    def batches(self, names: Sequence[str], rows: int) -> Iterator[Any]:
        """Yield record batches of these columns."""
        yield from self._table.select([self._index[name] for name in names]).to_batches(max_chunksize=rows)

    def close(self) -> None:
        """Do nothing: the table belongs to whoever gave it."""


def bounds_of(column: Any) -> tuple[int, int] | None:
    """Return the least and the greatest of a column of whole numbers; None where it has none."""
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py()
    return None if ends["min"] is None else (ends["min"], ends["max"])
