"""Text files of any format, block by block, into temporary Arrow columns, with types that hold over the whole table."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from mlops_cli.data.table.scratch import REPEATED, ScratchColumns, Segments, in_type
from mlops_cli.data.table.values import is_text
from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from mlops_cli.data.table.blocks import Block

# More cores than these do not help: the rest of the work is in one thread.
_MOST_THREADS = 4


@dataclass(frozen=True, slots=True)
class TextFile:
    """One file of text.

    Parameters
    ----------
    name : str
        What messages call it.
    open : callable
        Returns its uncompressed bytes as a binary file; may be called again.
    """

    name: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class FirstText:
    """A text in a column of numbers.

    Parameters
    ----------
    mostly : bool
        Whether most values of the column in this block are numbers.
    """

    line: int
    value: str
    mostly: bool


@dataclass(frozen=True, slots=True)
class Converted:
    """The columns of a block.

    Parameters
    ----------
    where : str
        What messages call the file.
    table : pyarrow.Table
        Each column null, bool, int64, double, string or `REPEATED`.
    texts : mapping
        Of columns that are texts here and were not known to be: the first of these.
    odd : mapping
        What is odd about numbers, by the name of a warning, to the columns that it is true of.
    """

    where: str
    table: Any
    texts: Mapping[str, FirstText] = field(default_factory=dict)
    odd: Mapping[str, frozenset[str]] = field(default_factory=dict)


class TextFormat(ABC):
    """How blocks of one format become columns: what `stream` needs to know."""

    missing_texts: frozenset[str] = frozenset()

    @abstractmethod
    def blocks(self) -> Iterator[tuple[int, Block]]:
        """Yield the blocks of all files, each with the number of its file; may be called again."""

    @abstractmethod
    def convert(
        self, number: int, block: Block, types: Mapping[str, Any], only: frozenset[str] | None
    ) -> Converted:
        """Return the columns of a block, or only some; called in threads."""


# A block's texts are kept as a dictionary and codes while there are at most so many different ones a row.
_MOST_DIFFERENT = 0.25

_WARNINGS = {
    "beyond": "has whole numbers of more than 64 bits, of which a double keeps 15 digits; where it is an id: kind text",
    "zeros": "has numbers with zeros in front, which are lost; where they are codes: kind categorical",
    "nested": "has nested values, which are read as JSON texts",
}


def stream(
    text: TextFormat, name: str, types: Mapping[str, Any], folder: Path, *, told: Collection[str] = ()
) -> tuple[ScratchColumns, list[str]]:
    """Return the columns of a table, read once; columns of numbers that turn out to be texts are read once more.

    Parameters
    ----------
    name : str
        What messages call the table.
    types : mapping
        The columns in their order, `null` where the type is to be found; `string` stays texts.
    folder : Path
        For temporary files.
    told : collection of str
        Columns whose kind the user has said: about these, nobody needs to be warned.

    Raises
    ------
    DataError
        When a file cannot be read; it names the file, and the line where there is one.
    """
    reading = _Reading(text, name, types, folder)
    return reading.columns(), reading.warnings(told)


class _Reading:
    def __init__(self, text: TextFormat, name: str, types: Mapping[str, Any], folder: Path) -> None:
        self._text = text
        self._name = name
        self._folder = folder
        self._seen: dict[str, None] = {}
        self.types = dict(types)
        self._mixed: dict[str, tuple[str, FirstText]] = {}
        self._odd: dict[str, set[str]] = {kind: set() for kind in _WARNINGS}

    def columns(self) -> ScratchColumns:
        """Read everything, and what turned out to be texts once more."""
        first = Segments(self._folder, "columns")
        for block, converted in self._converted(None):
            self._take(block, converted, first)
        first.close()
        if not first.rows:
            raise DataError(f"{self._name} has no rows")
        retyped = frozenset(self._mixed)
        again = Segments(self._folder, "texts")
        if retyped:
            for _, converted in self._converted(retyped):
                again.write(_completed(converted.table, retyped))
            again.close()
            if again.rows != first.rows:
                raise DataError(f"{self._name} changed while it was read", hint="Do it again.")
        return ScratchColumns(
            {column: self.types[column] for column in self._seen},
            first.paths,
            first.rows,
            self._text.missing_texts,
            again.paths,
            retyped,
        )

    def warnings(self, told: Collection[str]) -> list[str]:
        """Return what was noticed on the way."""
        said = [
            f"column {name!r} has numbers and texts, and is read as texts: the first text is {first.value!r} on line"
            f" {first.line:,} of {where}"
            for name, (where, first) in self._mixed.items()
            if name not in told
        ]
        for kind, names in self._odd.items():
            said += [
                f"column {name!r} {_WARNINGS[kind]}"
                for name in self.types
                if name in names - self._mixed.keys() - set(told)
            ]
        return said

    def _converted(self, only: frozenset[str] | None) -> Iterator[tuple[Block, Converted]]:
        """Yield every block with its columns, in order, a few blocks ahead in threads."""
        threads = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, _MOST_THREADS)
        waiting: deque[tuple[Block, Future[Converted]]] = deque()
        with ThreadPoolExecutor(threads, thread_name_prefix="table") as pool:
            try:
                for number, block in self._text.blocks():
                    types = dict.fromkeys(only, pa.string()) if only else dict(self.types)
                    waiting.append((block, pool.submit(self._text.convert, number, block, types, only)))
                    # The first block decides the types that all others are tried with.
                    while len(waiting) > threads + 1 or (waiting and not self._decided):
                        block, future = waiting.popleft()  # noqa: PLW2901 - the oldest goes on
                        yield block, future.result()
                while waiting:
                    block, future = waiting.popleft()
                    yield block, future.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    @property
    def _decided(self) -> bool:
        return any(not pa.types.is_null(kind) for kind in self.types.values())

    def _take(self, block: Block, converted: Converted, out: Segments) -> None:
        """Write a block in the types that hold so far, wider ones where it asks for them."""
        for kind, names in converted.odd.items():
            self._odd[kind] |= names
        columns = {}
        for name, column in zip(converted.table.column_names, converted.table.columns, strict=True):
            new = name not in self._seen
            self._seen[name] = None
            had = self.types.get(name, pa.null())
            kind = width_of(had, column.type)
            if is_text(kind):
                kind = _form_of_texts(None if new else had, column)
            self.types[name] = kind
            self._watch(name, had, block, converted)
            if name in self._mixed:
                self.types[name] = pa.string()
            else:
                columns[name] = in_type(column, kind)
        out.write(pa.table(columns) if columns else _only_rows(converted.table.num_rows))

    def _watch(self, name: str, had: Any, block: Block, converted: Converted) -> None:
        """Note a column that was of numbers and is no longer."""
        kind, text = self.types[name], converted.texts.get(name)
        if name in self._mixed or not is_text(kind) or is_text(had):
            return
        if text is not None and (text.mostly or not pa.types.is_null(had)):
            self._mixed[name] = (converted.where, text)
        elif not pa.types.is_null(had):
            column = converted.table.column(name)
            value = next((str(value) for value in column.to_pylist() if value is not None), "")
            self._mixed[name] = (converted.where, FirstText(block.line, value, mostly=False))


def width_of(one: Any, other: Any) -> Any:
    """Return the narrowest type that holds the values of both, of null, bool, int64, double and texts."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    return pa.float64() if {one, other} == {pa.int64(), pa.float64()} else pa.string()


def _form_of_texts(had: Any | None, column: Any) -> Any:
    """Return how texts are kept from here on, by those of a block: once plain, they stay plain."""
    if had is not None and pa.types.is_string(had):
        return had
    if pa.types.is_null(column.type):
        return REPEATED
    different = (
        sum(len(chunk.dictionary) for chunk in column.chunks)
        if pa.types.is_dictionary(column.type)
        else pc.count_distinct(column).as_py()
    )
    return REPEATED if different <= max(_MOST_DIFFERENT * len(column), 1) else pa.string()


def _completed(table: Any, names: Iterable[str]) -> Any:
    there = set(table.column_names)
    return pa.table(
        {
            name: table.column(name) if name in there else pa.nulls(table.num_rows, pa.string())
            for name in sorted(names)
        }
    )


def _only_rows(rows: int) -> Any:
    return pa.table({"": pa.nulls(rows)})


__all__: Sequence[str] = ("Converted", "FirstText", "TextFile", "TextFormat", "stream", "width_of")
