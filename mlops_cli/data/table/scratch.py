"""Columns in temporary Arrow files: written in batches as a text file is read, mapped into memory and read one at a time."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mlops_cli.data.table.stored import bounds_of
from mlops_cli.data.table.values import is_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

REPEATED = pa.dictionary(pa.int32(), pa.string())
"""Texts of which few are different: each block has a dictionary of its own. To everybody else they are texts."""

# Pages that were read are given back after this many batches.
_BATCHES_HELD = 8


class Segments:
    """Writes batches; whenever their columns or types change, a new file begins.

    Parameters
    ----------
    folder : Path
        Where files are made; it exists.
    prefix : str
        What their names begin with.
    """

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder = folder
        self._prefix = prefix
        self._writer: Any = None
        self._schema: Any = None
        self.paths: list[Path] = []
        self.rows = 0

    def write(self, batch: Any) -> None:
        """Add rows: a table of one block."""
        if self._writer is None or batch.schema != self._schema:
            self.close()
            self.paths.append(self._folder / f"{self._prefix}-{len(self.paths)}.arrow")
            self._schema = batch.schema
            # A stream, and no file in Arrow's sense, may have another dictionary in every batch.
            self._writer = pa.ipc.new_stream(str(self.paths[-1]), self._schema)
        for piece in batch.combine_chunks().to_batches():
            self._writer.write_batch(piece)
        self.rows += batch.num_rows

    def close(self) -> None:
        """Finish the file that is being written."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class ScratchColumns:
    """Columns in such files.

    Parameters
    ----------
    types : mapping
        Column to its Arrow type over the whole table, in the order of the table.
    paths : sequence of Path
        The files, in the order of the rows. What a file lacks is missing there.
    again : sequence of Path
        Files of a second reading, with all rows of the columns in `retyped`, which are taken from nowhere else.
    missing_texts : frozenset of str
        Texts that were taken for missing values.
    """

    def __init__(
        self,
        types: Mapping[str, Any],
        paths: Sequence[Path],
        rows: int,
        missing_texts: frozenset[str],
        again: Sequence[Path] = (),
        retyped: frozenset[str] = frozenset(),
    ) -> None:
        self.names: tuple[str, ...] = tuple(types)
        self.rows = rows
        self.missing_texts = missing_texts
        self._types = dict(types)
        self._paths = (*paths, *again)
        self._maps = [_mapped(path) for path in self._paths]
        self._chunks: dict[str, list[Any]] = {name: [] for name in types}
        for number, held in enumerate(self._maps):
            table = pa.ipc.open_stream(pa.BufferReader(pa.py_buffer(held))).read_all()
            columns = dict(zip(table.column_names, table.columns, strict=True))
            wanted = retyped if number >= len(paths) else types.keys() - retyped
            for name in wanted:
                self._chunks[name].append(columns[name] if name in columns else _nothing(table.num_rows))

    def storage(self, name: str) -> Any:
        """Return the Arrow type of a column."""
        return pa.string() if is_text(self._types[name]) else self._types[name]

    def read(self, name: str) -> Any:
        """Return a column, and give back the memory of what was read before."""
        self._give_back()
        return self._column(name)

    def bounds(self, name: str) -> tuple[int, int] | None:
        """Return the least and the greatest of whole numbers."""
        return bounds_of(self.read(name))

    def batches(self, names: Sequence[str], rows: int) -> Iterator[Any]:
        """Yield record batches of these columns."""
        table = pa.table([self._column(name) for name in names], names=list(names))
        for number, batch in enumerate(table.to_reader(rows)):
            if number % _BATCHES_HELD == 0:
                self._give_back()
            yield batch

    def forget(self, name: str) -> None:
        """Be without a column."""
        self.names = tuple(other for other in self.names if other != name)

    def close(self) -> None:
        """Remove the files. Columns that somebody still holds stay valid until they let go."""
        self._chunks = {}
        for path in self._paths:
            path.unlink(missing_ok=True)

    def _column(self, name: str) -> Any:
        kind = self._types[name]
        pieces = [chunk for column in self._chunks[name] for chunk in in_type(column, kind).chunks]
        return pa.chunked_array(pieces, kind)

    def _give_back(self) -> None:
        for held in self._maps:
            # What is mapped from a file can be read again from it at any time.
            held.madvise(mmap.MADV_DONTNEED)


def in_type(column: Any, kind: Any) -> Any:
    """Return a column in a type that holds all its values, of those that text files are read as."""
    if column.type == kind:
        return column
    if pa.types.is_null(column.type):
        return pa.chunked_array([pa.nulls(len(column), kind)])
    return column.dictionary_encode() if kind == REPEATED else column.cast(kind, safe=False)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), os.fstat(stream.fileno()).st_size, access=mmap.ACCESS_READ)


def _nothing(rows: int) -> Any:
    return pa.chunked_array([pa.nulls(rows)])
