"""Parquet: one column at a time, straight from the file or its parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlops_cli.data.table.naming import checked_names, expect_same_names
from mlops_cli.data.table.values import is_text
from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Where pandas puts an index that has no name.
# Of a column that is read in batches, no more than this is held of what lies in the file.
_BUFFER = 1 << 20
_INDEX = re.compile(r"__index_level_\d+__")


class ParquetColumns:
    """The columns of one or more Parquet files.

    Parameters
    ----------
    files : sequence of (Path, str)
        Parts of one table, each with what messages call it.

    Raises
    ------
    DataError
        When a file is damaged, or the columns of a part are others.
    """

    missing_texts: frozenset[str] = frozenset()

    def __init__(self, files: Sequence[tuple[Path, str]]) -> None:
        self._parts = [_Part(path, name) for path, name in files]
        first = self._parts[0]
        self.names: tuple[str, ...] = tuple(first.names)
        self.warnings: list[str] = list(first.warnings)
        for part in self._parts[1:]:
            expect_same_names(self.names, first.name, part.names, part.name)
        self.rows: int = sum(part.rows for part in self._parts)
        if not self.rows:
            raise DataError(f"{first.name} has {len(self.names)} columns and no rows")
        self._types = {name: self._common_type(name) for name in self.names}

    def _common_type(self, name: str) -> Any:
        found = self._parts[0].types[name]
        for part in self._parts[1:]:
            other = part.types[name]
            if other == found:
                continue
            try:
                both = pa.unify_schemas(
                    [pa.schema([(name, found)]), pa.schema([(name, other)])], promote_options="permissive"
                )
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise DataError(
                    f"column {name!r} is {other} in {part.name} and {found} in {self._parts[0].name}",
                    hint="All parts of a table have the same types.",
                ) from error
            found = both.field(0).type
        return found

    def storage(self, name: str) -> Any:
        """Return the Arrow type of a column."""
        return self._types[name]

    def read(self, name: str) -> Any:
        """Return a column; texts are dictionary-encoded, as they mostly lie in the file."""
        kind = self._types[name]
        encoded = (
            pa.dictionary(pa.int32(), pa.string())
            if is_text(kind) and not pa.types.is_dictionary(kind)
            else kind
        )
        chunks = [chunk for part in self._parts for chunk in _as(part.read(name), encoded).chunks]
        return pa.chunked_array(chunks, encoded)

    def bounds(self, name: str) -> tuple[int, int] | None:
        """Return the least and the greatest of whole numbers, as the files say."""
        found = [part.bounds(name) for part in self._parts]
        known = [pair for pair in found if pair is not None]
        return (min(low for low, _ in known), max(high for _, high in known)) if known else None

    def batches(self, names: Sequence[str], rows: int) -> Iterator[Any]:
        """Yield record batches of these columns."""
        for part in self._parts:
            for batch in part.batches(names, rows):
                columns = [_as(batch.column(name), _plain(self._types[name])) for name in names]
                yield pa.RecordBatch.from_arrays(columns, names=list(names))

    def close(self) -> None:
        """Close the files."""
        for part in self._parts:
            part.file.close()


class _Part:
    """One file: which leaves of its columns are where, so that no name needs to be looked for."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.file, schema = self._open(path)
        self.rows: int = self.file.metadata.num_rows
        self.names: list[str] = []
        self._leaves: dict[str, list[int]] = {}
        self.types: dict[str, Any] = {}
        names, self.warnings = checked_names(schema.names, name)
        at = 0
        for called, field in zip(names, schema, strict=True):
            count = _leaf_count(field.type)
            if not _INDEX.fullmatch(called):
                self.names.append(called)
                self._leaves[called] = list(range(at, at + count))
                self.types[called] = field.type
            at += count

    def _open(self, path: Path) -> tuple[Any, Any]:
        """Return the file, opened so that texts come dictionary-encoded, and its schema as it is without that."""
        try:
            plain = pq.ParquetFile(path)
            schema = plain.schema_arrow
            texts, at = [], 0
            for field in schema:
                if is_text(field.type):
                    texts.append(plain.schema.column(at).path)
                at += _leaf_count(field.type)
            plain.close()
            return pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False, buffer_size=_BUFFER), schema
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def read(self, name: str) -> Any:
        try:
            return self.file.reader.read_all(column_indices=self._leaves[name], use_threads=True).column(0)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error, name) from error

    def batches(self, names: Sequence[str], rows: int) -> Iterator[Any]:
        leaves = sorted(leaf for name in names for leaf in self._leaves[name])
        order = sorted(names, key=lambda name: self._leaves[name])
        groups = list(range(self.file.num_row_groups))
        try:
            for batch in self.file.reader.iter_batches(
                rows, row_groups=groups, column_indices=leaves, use_threads=True
            ):
                yield pa.RecordBatch.from_arrays(batch.columns, names=order)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def bounds(self, name: str) -> tuple[int, int] | None:
        lows, highs = [], []
        for group in range(self.file.num_row_groups):
            statistics = self.file.metadata.row_group(group).column(self._leaves[name][0]).statistics
            if statistics is not None and statistics.has_min_max and isinstance(statistics.min, int):
                lows.append(statistics.min)
                highs.append(statistics.max)
        return (min(lows), max(highs)) if lows else None

    def _damaged(self, error: Exception, column: str = "") -> DataError:
        where = f", column {column!r}" if column else ""
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        return DataError(
            f"{self.name}{where} cannot be read as Parquet: {said}",
            hint="It is damaged or cut off. Make or bring it again.",
        )


def _leaf_count(kind: Any) -> int:
    """Return how many columns of Parquet a column of Arrow lies in."""
    if pa.types.is_dictionary(kind):
        return _leaf_count(kind.value_type)
    if pa.types.is_nested(kind):
        return sum(_leaf_count(kind.field(index).type) for index in range(kind.num_fields))
    return 1


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _as(column: Any, kind: Any) -> Any:
    """Return a column in another type; a dictionary of texts whatever its codes and texts are held in."""
    if column.type == kind:
        return column
    if pa.types.is_dictionary(kind) and not pa.types.is_dictionary(column.type):
        return column.cast(kind.value_type).dictionary_encode()
    if pa.types.is_dictionary(column.type) and not pa.types.is_dictionary(kind):
        column = column.cast(column.type.value_type)
    return column.cast(kind, safe=False)
