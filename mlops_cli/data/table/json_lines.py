"""JSON lines: one object a line; blocks that hold what was expected are read by Arrow, others value by value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.json as arrow_json

from mlops_cli.data.table.blocks import BLOCK, Block, blocks_of, wrong_bytes
from mlops_cli.data.table.kinds import AS_WRITTEN
from mlops_cli.data.table.naming import checked_names
from mlops_cli.data.table.streaming import Converted, FirstText, TextFile, TextFormat, stream
from mlops_cli.data.table.values import is_text
from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mlops_cli.data.table.kinds import Kind
    from mlops_cli.data.table.scratch import ScratchColumns

_SIMPLE = (pa.null(), pa.bool_(), pa.int64(), pa.float64(), pa.string())
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_MOSTLY = 0.5


def read_json_lines(
    files: Sequence[TextFile], folder: Path, *, kinds: Mapping[str, Kind]
) -> tuple[ScratchColumns, list[str]]:
    """Return the columns of a table in one or more files of JSON lines, and warnings.

    What an object lacks is missing. Nested values become JSON texts.

    Parameters
    ----------
    files : sequence of TextFile
        Parts of one table.
    folder : Path
        For temporary files.
    kinds : mapping
        Kinds that the user gave. Columns that are texts or categorical stay as they are written.

    Raises
    ------
    DataError
        When a line is no JSON object; it names the file and the line.
    """
    text = _JsonLines(files)
    types = {name: pa.string() for name, kind in kinds.items() if kind in AS_WRITTEN}
    columns, warnings = stream(text, files[0].name, types, folder, told=kinds)
    for name in types:
        if name not in text.seen and columns.read(name).null_count == columns.rows:
            columns.forget(name)  # nobody has it: the user named what is not there
    if columns.names in ((), ("",)):
        raise DataError(f"{files[0].name} has no columns: its objects are empty")
    if "" in columns.names:
        raise DataError(
            f"{files[0].name} has a key without a name", hint='Give each value a name: {"name": 1}.'
        )
    _, named = checked_names(columns.names, files[0].name)
    return columns, warnings + named


class _JsonLines(TextFormat):
    def __init__(self, files: Sequence[TextFile]) -> None:
        self._files = files
        # Names that were met where objects were read one by one, as the first ones are.
        self.seen: set[str] = set()

    def blocks(self) -> Iterator[tuple[int, Block]]:
        for number, file in enumerate(self._files):
            with file.open() as opened:
                for block in blocks_of(opened, file.name, None, BLOCK):
                    if block.data.strip():
                        yield number, block

    def convert(
        self, number: int, block: Block, types: Mapping[str, Any], only: frozenset[str] | None
    ) -> Converted:
        where = self._files[number].name
        found = _at_once(block, types) if types and only is None else None
        if found is not None:
            return Converted(where, found)
        rows = list(_objects(block, where))
        self.seen.update(name for _, row in rows for name in row)
        return _value_by_value(rows, where, types, only)


def _at_once(block: Block, types: Mapping[str, Any]) -> Any | None:
    """Return a block as Arrow reads it; None where it has what was not expected."""
    known = pa.schema(
        [
            (name, pa.string() if is_text(kind) else kind)
            for name, kind in types.items()
            if not pa.types.is_null(kind)
        ]
    )
    try:
        table = arrow_json.read_json(
            pa.BufferReader(block.data),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(block.data) + 64),
            parse_options=arrow_json.ParseOptions(explicit_schema=known, unexpected_field_behavior="infer"),
        )
    except pa.ArrowInvalid:
        return None
    # An object on two lines, or two on one, is no JSON line.
    lines = sum(1 for line in block.data.split(b"\n") if line.strip())
    simple = all(kind in _SIMPLE for kind in table.schema.types) and table.num_rows == lines
    return table if simple else None


def _value_by_value(
    rows: list[tuple[int, dict[str, Any]]], where: str, types: Mapping[str, Any], only: frozenset[str] | None
) -> Converted:
    names = {name: None for _, row in rows for name in row} | dict.fromkeys(types)
    columns: dict[str, Any] = {}
    texts: dict[str, FirstText] = {}
    odd: dict[str, set[str]] = {"beyond": set(), "nested": set()}
    for name in names if only is None else [name for name in names if name in only]:
        values = [row.get(name) for _, row in rows]
        column = _column(values, as_text=is_text(types.get(name, pa.null())), odd=odd, name=name)
        columns[name] = column
        if pa.types.is_string(column.type) and not is_text(types.get(name, pa.null())):
            texts[name] = _first_text([line for line, _ in rows], values)
    table = pa.table(columns) if columns else pa.table({"": pa.nulls(len(rows))})
    return Converted(where, table, texts, {kind: frozenset(found) for kind, found in odd.items()})


def _column(values: list[Any], *, as_text: bool, odd: dict[str, set[str]], name: str) -> Any:
    kinds = {type(value) for value in values} - {type(None)}
    if kinds & {dict, list}:
        odd["nested"].add(name)
    if not as_text:
        if not kinds:
            return pa.nulls(len(values))
        if kinds == {bool}:
            return pa.array(values, pa.bool_())
        if kinds == {int} and all(value is None or _LEAST <= value <= _MOST for value in values):
            return pa.array(values, pa.int64())
        if kinds <= {int, float}:
            if kinds == {int}:
                odd["beyond"].add(name)
            return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array(
        [value if value is None or isinstance(value, str) else _said(value) for value in values], pa.string()
    )


def _said(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _first_text(lines: list[int], values: list[Any]) -> FirstText:
    numbers = sum(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    at = next(
        (
            index
            for index, value in enumerate(values)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float))
        ),
        0,
    )
    there = sum(value is not None for value in values)
    value = values[at]
    return FirstText(
        lines[at], value if isinstance(value, str) else _said(value), mostly=numbers >= _MOSTLY * there
    )


def _objects(block: Block, where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each object with its line."""
    wrong = wrong_bytes(block, where)
    if wrong is not None:
        raise wrong
    for line, text in enumerate(block.data.decode().split("\n"), block.line):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            hint = "Each line is one JSON object."
            if text.lstrip().startswith("["):
                hint = "A JSON array over several lines is no JSON lines file. Write one object a line."
            raise DataError(f"{where}: line {line:,} is not JSON: {error}", hint=hint) from error
        if not isinstance(value, dict):
            raise DataError(
                f"{where}: line {line:,} is no JSON object but {_said(value)[:60]}",
                hint="Each line is one JSON object: {…}.",
            )
        yield line, value
