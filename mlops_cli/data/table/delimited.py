"""CSV and its relatives: which columns there are, in one file or in parts, and where each begins."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mlops_cli.data.table.blocks import BLOCK, Block, blocks_of, first_record_end
from mlops_cli.data.table.converting import Layout, convert
from mlops_cli.data.table.dialect import HEAD, Dialect, find_dialect
from mlops_cli.data.table.kinds import AS_WRITTEN
from mlops_cli.data.table.missing import MISSING
from mlops_cli.data.table.naming import checked_names, expect_same_names
from mlops_cli.data.table.streaming import Converted, TextFile, TextFormat, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mlops_cli.data.table.kinds import Kind
    from mlops_cli.data.table.scratch import ScratchColumns

# Of a table with very many columns a block has few rows, and each batch has a price a column.
_MANY_COLUMNS, _LARGE_BLOCK = 1000, 16 << 20
# Warnings about the beginnings of this many parts are shown; those of others are the same.
_PARTS_TOLD = 3


def read_delimited(
    files: Sequence[TextFile], folder: Path, *, usual: str, kinds: Mapping[str, Kind]
) -> tuple[ScratchColumns, list[str]]:
    """Return the columns of a table in one or more files of delimited text, and warnings.

    Parameters
    ----------
    files : sequence of TextFile
        Parts of one table: the same columns, in any order, each file with a header.
    folder : Path
        For temporary files.
    usual : str
        The separator that the name of the files promises.
    kinds : mapping
        Kinds that the user gave. Columns that are texts or categorical stay as they are written.

    Raises
    ------
    DataError
        When a file is no such table; it names the file, and the line where there is one.
    """
    text = _Delimited(files, usual)
    types = {name: pa.string() if kinds.get(name) in AS_WRITTEN else pa.null() for name in text.names}
    columns, warnings = stream(text, files[0].name, types, folder, told=kinds)
    return columns, text.warnings + warnings


class _Delimited(TextFormat):
    missing_texts = MISSING

    def __init__(self, files: Sequence[TextFile], usual: str) -> None:
        self._files = files
        dialects = [_dialect(file, usual) for file in files]
        self.names, warnings = checked_names(dialects[0].header, files[0].name)
        self.warnings = [
            warning for dialect in dialects[:_PARTS_TOLD] for warning in dialect.warnings
        ] + warnings
        self._dialects = dialects
        self._orders = []
        for file, dialect in zip(files, dialects, strict=True):
            names, _ = checked_names(dialect.header, file.name)
            expect_same_names(self.names, files[0].name, names, file.name)
            self._orders.append(tuple(names))

    def blocks(self) -> Iterator[tuple[int, Block]]:
        for number, (file, dialect) in enumerate(zip(self._files, self._dialects, strict=True)):
            for block in _bodies(file, dialect):
                yield number, block

    def convert(
        self, number: int, block: Block, types: Mapping[str, Any], only: frozenset[str] | None
    ) -> Converted:
        dialect = self._dialects[number]
        layout = Layout(
            self._files[number].name, dialect.separator, dialect.decimal, self._orders[number], only
        )
        return convert(block, layout, types)


def _dialect(file: TextFile, usual: str) -> Dialect:
    with file.open() as opened:
        first = next(blocks_of(opened, file.name, None, HEAD), None)
    # A first line longer than that much is made whole, so that a header of any width is there.
    return find_dialect(first.data if first else b"", file.name, usual)


def _bodies(file: TextFile, dialect: Dialect) -> Iterator[Block]:
    """Yield the blocks of a file without its header."""
    size = _LARGE_BLOCK if len(dialect.header) > _MANY_COLUMNS else BLOCK
    with file.open() as opened:
        blocks = blocks_of(opened, file.name, dialect.separator, size)
        first = next(blocks, None)
        if first is None:
            return
        start = len(first.data) - len(first.data.lstrip(b"\r\n"))
        end = start + first_record_end(first.data[start:], dialect.separator)
        newline = b"\n" if b"\n" in first.data else b"\r"
        body = Block(first.data[end:], first.line + first.data.count(newline, 0, end), first.offset + end)
        yield from (block for block in chain([body], blocks) if block.data.strip(b"\r\n"))
