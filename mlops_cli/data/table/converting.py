"""One block of delimited text to columns: at once where its values have the types known so far, else a column at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from mlops_cli.data.table.blocks import Block, line_of_record, wrong_bytes
from mlops_cli.data.table.missing import MISSING
from mlops_cli.data.table.streaming import Converted, FirstText
from mlops_cli.data.table.values import is_text
from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NULLS = sorted(MISSING)
_NUMBER = r"^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|(?i:inf|infinity))$"
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Layout:
    """How blocks of one file are written.

    Parameters
    ----------
    where : str
        What messages call the file.
    names : tuple of str
        Its columns, in its order.
    only : frozenset of str or None
        The columns that are wanted; None for all.
    """

    where: str
    separator: str
    decimal: str
    names: tuple[str, ...]
    only: frozenset[str] | None = None


def convert(block: Block, layout: Layout, types: Mapping[str, Any]) -> Converted:
    """Return the columns of a block.

    Parameters
    ----------
    types : mapping
        Column to the type that it has had so far; null where nothing is known. A column may come out wider, never narrower.

    Raises
    ------
    DataError
        When a line has too many or too few fields, or bytes that are no UTF-8.
    """
    if any(not pa.types.is_null(kind) for kind in types.values()):
        try:
            return Converted(layout.where, _parse(block, layout, types))
        except pa.ArrowInvalid:
            pass
    return _slowly(block, layout, types)


def _parse(block: Block, layout: Layout, types: Mapping[str, Any], handler: Any = None) -> Any:
    options = arrow_csv.ConvertOptions(
        column_types=types,
        null_values=_NULLS,
        strings_can_be_null=True,
        decimal_point=layout.decimal,
        include_columns=list(layout.only) if layout.only is not None else None,
    )
    return arrow_csv.read_csv(
        pa.BufferReader(block.data),
        read_options=arrow_csv.ReadOptions(
            use_threads=False, column_names=layout.names, block_size=len(block.data) + 64
        ),
        # Line ends inside quotes are read rightly all the same; the option only says how blocks are found, and there is one.
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.separator, newlines_in_values=False, invalid_row_handler=handler
        ),
        convert_options=options,
    )


def _slowly(block: Block, layout: Layout, types: Mapping[str, Any]) -> Converted:
    try:
        table = _parse(block, layout, dict.fromkeys(layout.names, pa.string()))
    except pa.ArrowInvalid as error:
        raise _explained(block, layout, types, error) from error
    columns: list[Any] = []
    texts: dict[str, FirstText] = {}
    odd: dict[str, set[str]] = {"beyond": set(), "zeros": set()}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if is_text(types[name]):
            columns.append(column)
            continue
        columns.append(_narrow(column, layout.decimal))
        if pa.types.is_string(columns[-1].type):
            first = _first_text(column, types[name], block, layout)
            texts |= {} if first is None else {name: first}
        elif found := _odd(column, columns[-1]):
            odd[found].add(name)
    narrowed = pa.table(columns, names=table.column_names)
    return Converted(layout.where, narrowed, texts, {kind: frozenset(names) for kind, names in odd.items()})


def _narrow(column: Any, decimal: str) -> Any:
    """Return texts as the narrowest type that holds all of them."""
    if column.null_count == len(column):
        return column.cast(pa.null()) if len(column) == 0 else pa.chunked_array([pa.nulls(len(column))])
    trimmed = _trimmed(column, decimal)
    if not pc.any(pc.match_substring_regex(trimmed, "^-?0[xX]")).as_py():
        for kind in (pa.int64(), pa.float64()):
            try:
                return trimmed.cast(kind)
            except pa.ArrowInvalid:
                continue
    return column


def _trimmed(column: Any, decimal: str) -> Any:
    trimmed = pc.ascii_trim_whitespace(column)
    if decimal == ",":
        # A point is no part of a number then.
        trimmed = pc.replace_substring(pc.replace_substring(trimmed, ".", "\N{MIDDLE DOT}"), ",", ".")
    return trimmed


def _first_text(column: Any, had: Any, block: Block, layout: Layout) -> FirstText | None:
    """Return the first text of a column where it was of numbers before, or mostly has numbers here; else None."""
    number = pc.match_substring_regex(_trimmed(column, layout.decimal), _NUMBER)
    mostly = (pc.sum(number).as_py() or 0) >= _MOSTLY * (len(column) - column.null_count)
    if not mostly and pa.types.is_null(had):
        return None
    at = max(pc.index(number, False).as_py(), 0)
    line = line_of_record(block, at, layout.separator)
    return FirstText(line, column[at].as_py() or "", mostly=mostly)


def _odd(column: Any, narrow: Any) -> str:
    if pa.types.is_floating(narrow.type):
        return (
            "beyond" if pc.any(pc.match_substring_regex(column, r"^\s*[+-]?[1-9]\d{18,}\s*$")).as_py() else ""
        )
    if pa.types.is_integer(narrow.type):
        return "zeros" if pc.any(pc.match_substring_regex(column, r"^\s*-?0\d")).as_py() else ""
    return ""


def _explained(block: Block, layout: Layout, types: Mapping[str, Any], error: Exception) -> DataError:
    """Return why a block cannot be read at all."""
    wrong = wrong_bytes(block, layout.where)
    if wrong is not None:
        return wrong
    found: list[Any] = []

    def note(row: Any) -> str:
        found.append(row)
        return "skip"

    _parse(block, layout, dict.fromkeys(types, pa.string()), note)
    if not found:
        return DataError(f"{layout.where}: near line {block.line:,}: {error}")
    row = found[0]
    line = line_of_record(block, row.number - 1 if row.number else 0, layout.separator)
    text = re.sub(r"\s+", " ", row.text)
    more = f" (and {len(found) - 1:,} more like it near there)" if len(found) > 1 else ""
    return DataError(
        f"{layout.where}: line {line:,} has {row.actual_columns:,} fields, where the header has {row.expected_columns:,}:"
        f" {text[:80]}{'…' if len(text) > 80 else ''}{more}",
        hint=_hint(row.text, layout),
    )


def _hint(text: str, layout: Layout) -> str:
    """Return what to do about a line that has too few or too many fields: one of names only is another header."""
    fields = [field.strip().strip('"') for field in text.rstrip("\r\n").split(layout.separator)]
    known = sum(field in layout.names for field in fields)
    if known < 2 or known < 0.5 * len(fields):
        return "Put fields that have the separator in them into double quotes, or mend the program that writes the file."
    lacking = [name for name in layout.names if name not in fields]
    besides = [field for field in fields if field not in layout.names]
    told = [f"without {', '.join(map(repr, lacking[:5]))}"] if lacking else []
    told += [f"with {', '.join(map(repr, besides[:5]))} besides"] if besides else []
    return (
        f"This line looks like another header{', ' + ' and '.join(told) if told else ''}: two files were put together."
        " Give both the same columns first, or put them into one folder, each with its header."
    )
