"""Schema files: YAML to a TableSchema, or every problem in it at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlops_cli.data.checks import schema as words
from mlops_cli.data.checks.catalogue import ASKED, CATALOGUE
from mlops_cli.data.checks.schema import VERSION, ColumnSchema, Imputed, TableSchema
from mlops_cli.formats.problems import Problems, nearest
from mlops_cli.formats.quantities import read_duration
from mlops_cli.formats.yaml_text import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.formats.yaml_text import Node

TOP_KEYS = ("schema", "table", "columns", "severity")
TABLE_KEYS = ("rows", "key", "duplicates", "extra", "time", "fresh", "target", "raw_rows")
ROW_KEYS = ("at_least", "at_most", "usual")
COLUMN_KEYS = (
    "kind", "optional", "missing", "range", "outside", "values", "unknown", "pattern", "length", "unique", "whole",
    "order", "transform", "imputed", "severity",
)  # fmt: skip
# What says nothing of a column of that kind.
_MISFITS = {
    "range": ("boolean", "categorical", "text"),
    "outside": ("boolean", "categorical", "text"),
    "pattern": ("numeric", "boolean", "datetime"),
    "length": ("numeric", "boolean", "datetime"),
    "whole": ("boolean", "categorical", "datetime", "text"),
    "values": ("datetime",),
    "unknown": ("datetime",),
}
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*%")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?")


def parse_schema(data: bytes, file: str) -> TableSchema:
    """Return what a schema file says.

    Parameters
    ----------
    data : bytes
        Its YAML.
    file : str
        Its path, for the problems.

    Raises
    ------
    DefinitionError
        With every problem in it.
    """
    problems = Problems()
    root = parse_yaml(data, file, problems)
    reader = _Reader(file, problems)
    result = TableSchema(file=file)
    if root is None or root.value is None:
        if not problems.found:
            problems.add(file, 1, 1, "the schema file is empty", f"write columns: below schema: {VERSION}")
    else:
        result = reader.read(root)
    problems.raise_if_any()
    return result


class _Reader:
    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems

    def read(self, root: Node) -> TableSchema:
        top = self._mapping(root, "a schema file", TOP_KEYS)
        version = top.get("schema")
        if version is None and top:
            self.problems.add(
                self.file, 1, 1, "the file does not say its schema", f"begin with schema: {VERSION}"
            )
        elif version is not None and version.value != VERSION:
            self._problem(
                version, f"schema {version.plain()} is not known", f"this version reads schema: {VERSION}"
            )
        columns = self._columns(top["columns"]) if "columns" in top else ()
        severity = self._severity(top["severity"]) if "severity" in top else {}
        table = self._mapping(top["table"], "table", TABLE_KEYS) if "table" in top else {}
        rows = self._mapping(table["rows"], "rows", ROW_KEYS) if "rows" in table else {}
        found: dict[str, Any] = {}
        for key in ("at_least", "at_most"):
            if key in rows:
                found[key] = self._count(rows[key], key)
        if "usual" in rows:
            found["usual_rows"] = tuple(
                self._count(each, "usual") or 0 for each in self._items(rows["usual"])
            )
        if (found.get("at_least") or 0) > (found.get("at_most") or float("inf")):
            self._problem(table["rows"], "at_least is more than at_most", "swap them")
        readers: dict[str, Callable[[Node], Any]] = {
            "key": self._names,
            "duplicates": lambda node: self._share(node, "duplicates"),
            "extra": lambda node: self._choice(node, "extra", words.EXTRAS),
            "time": lambda node: self._text(node, "time"),
            "fresh": lambda node: self._duration(node, "fresh"),
            "target": lambda node: self._text(node, "target"),
            "raw_rows": lambda node: self._choice(node, "raw_rows", words.RAW_ROWS),
        }
        for key, read in readers.items():
            if key in table:
                value = read(table[key])
                if value is not None:
                    found[key] = value
        result = TableSchema(columns=columns, severity=severity, file=self.file, **found)
        self._check_names(result, table)
        return result

    def _check_names(self, result: TableSchema, table: dict[str, Node]) -> None:
        """Keep a problem for each column that `table` names and `columns` does not have."""
        known = [column.name for column in result.columns]
        if not known:
            return
        for key in ("key", "time", "target"):
            nodes = self._items(table[key]) if key in table else []
            for node in nodes:
                if isinstance(node.value, str) and node.value not in known:
                    hint = nearest(node.value, known) or "name it under columns"
                    self._problem(node, f'{key} names the column "{node.value}", which is not there', hint)

    # A column ---------------------------------------------------------------------------------------------------------

    def _columns(self, node: Node) -> tuple[ColumnSchema, ...]:
        if node.value is None:
            return ()
        if not isinstance(node.value, dict):
            self._wrong(node, "columns", "a mapping of names to what is said of them")
            return ()
        return tuple(self._column(name, body) for name, body in node.value.items())

    def _column(self, name: str, body: Node) -> ColumnSchema:
        if body.value is None:
            return ColumnSchema(name)
        fields = self._mapping(body, f"column {name}", COLUMN_KEYS)
        found: dict[str, Any] = {}
        readers: dict[str, Callable[[Node], Any]] = {
            "kind": lambda node: self._choice(node, "kind", words.KINDS),
            "optional": lambda node: self._flag(node, "optional"),
            "missing": lambda node: self._share(node, "missing"),
            "outside": lambda node: self._share(node, "outside"),
            "unknown": lambda node: self._share(node, "unknown"),
            "values": self._values,
            "pattern": self._pattern,
            "unique": lambda node: self._flag(node, "unique"),
            "whole": lambda node: self._flag(node, "whole"),
            "order": lambda node: self._choice(node, "order", words.ORDERS),
            "transform": lambda node: self._choice(node, "transform", words.STEPS),
            "imputed": self._imputed,
            "severity": self._severity,
        }
        for key, read in readers.items():
            if key in fields:
                value = read(fields[key])
                if value is not None:
                    found[key] = value
        if "range" in fields:
            found["low"], found["high"] = self._range(fields["range"], found.get("kind"))
        if "length" in fields:
            found["shortest"], found["longest"] = self._lengths(fields["length"])
        self._check_fit(name, fields, found, body)
        return ColumnSchema(name, **found)

    def _check_fit(self, name: str, fields: dict[str, Node], found: dict[str, Any], body: Node) -> None:
        kind = found.get("kind")
        for key, misfits in _MISFITS.items():
            if key in fields and kind in misfits:
                self.problems.add(
                    self.file,
                    *body.keys[key],
                    f"{key} says nothing of a {kind} column",
                    f"remove it from {name}",
                )
        for key, needs in (("outside", "range"), ("unknown", "values")):
            if key in fields and needs not in fields:
                self.problems.add(
                    self.file, *body.keys[key], f"{key} needs {needs}", f"give {name} a {needs}, too"
                )

    def _values(self, node: Node) -> tuple[str, ...] | None:
        if not isinstance(node.value, list) or not node.value:
            self._wrong(node, "values", "a list of values")
            return None
        found = []
        for item in node.value:
            if isinstance(item.value, dict | list) or item.value is None:
                self._wrong(item, "a value", "text, a number, true or false")
            else:
                found.append(_label(item.value))
        return tuple(dict.fromkeys(found))

    def _pattern(self, node: Node) -> str | None:
        text = self._text(node, "pattern")
        if text is None:
            return None
        try:
            re.compile(text)
        except re.error as error:
            self._problem(node, f"pattern is not a regular expression: {error}", "see Python's re")
            return None
        return text

    def _range(self, node: Node, kind: str | None) -> tuple[Any, Any]:
        items = node.value
        if not isinstance(items, list) or len(items) != 2:
            self._wrong(node, "range", "a list of two: the smallest and the largest value, ~ for none")
            return None, None
        low: Any
        high: Any
        low, high = (self._end(item, kind) for item in items)
        if low is not None and high is not None and isinstance(low, str) is not isinstance(high, str):
            self._problem(
                node, "the range begins and ends with values of two kinds", "write two numbers, or two times"
            )
            return None, None
        if low is not None and high is not None and low > high:
            self._problem(node, "the range ends before it begins", "swap its values")
        return low, high

    def _end(self, node: Node, kind: str | None) -> float | str | None:
        value = node.value
        if value is None:
            return None
        if kind in (None, "datetime") and isinstance(value, str) and _TIME.fullmatch(value):
            return value
        if kind == "datetime":
            self._wrong(node, "an end of the range", "a time such as 2024-05-01 or 2024-05-01T12:00")
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        self._wrong(node, "an end of the range", "a number")
        return None

    def _lengths(self, node: Node) -> tuple[int | None, int | None]:
        items = node.value
        if not isinstance(items, list) or len(items) != 2:
            self._wrong(node, "length", "a list of two: the shortest and the longest, ~ for none")
            return None, None
        low, high = (None if item.value is None else self._count(item, "a length") for item in items)
        if low is not None and high is not None and isinstance(low, str) is not isinstance(high, str):
            self._problem(
                node, "the range begins and ends with values of two kinds", "write two numbers, or two times"
            )
            return None, None
        if low is not None and high is not None and low > high:
            self._problem(node, "the length ends before it begins", "swap its values")
        return low, high

    def _imputed(self, node: Node) -> Imputed | None:
        fields = self._mapping(node, "imputed", ("by", "value"))
        if not fields:
            return None
        if "by" not in fields or "value" not in fields:
            self._problem(node, "imputed needs by and value", "write imputed: {by: median, value: 38}")
            return None
        by = self._choice(fields["by"], "by", words.STATISTICS)
        value = fields["value"].value
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self._wrong(fields["value"], "value", "a number or text")
            return None
        return None if by is None else Imputed(by, value if isinstance(value, str) else float(value))

    def _severity(self, node: Node) -> dict[str, Any]:
        fields = self._mapping(node, "severity", tuple(CATALOGUE))
        found = {key: self._choice(each, key, ASKED) for key, each in fields.items() if key in CATALOGUE}
        return {key: value for key, value in found.items() if value}

    # Values -----------------------------------------------------------------------------------------------------------

    def _mapping(self, node: Node, what: str, known: Sequence[str]) -> dict[str, Node]:
        if not isinstance(node.value, dict):
            self._wrong(node, what, "a mapping")
            return {}
        for key in node.value:
            if key not in known:
                hint = nearest(key, known) or f"{what} takes {', '.join(known)}"
                self.problems.add(self.file, *node.keys[key], f'unknown key "{key}" in {what}', hint)
        return node.value

    def _items(self, node: Node) -> list[Node]:
        return node.value if isinstance(node.value, list) else [node]

    def _names(self, node: Node) -> tuple[str, ...] | None:
        found = [self._text(each, "a column's name") for each in self._items(node)]
        return tuple(name for name in found if name) or None

    def _text(self, node: Node, what: str) -> str | None:
        if isinstance(node.value, str) and node.value:
            return node.value
        self._wrong(node, what, "text")
        return None

    def _flag(self, node: Node, what: str) -> bool | None:
        if isinstance(node.value, bool):
            return node.value
        self._wrong(node, what, "true or false")
        return None

    def _count(self, node: Node, what: str) -> int | None:
        if isinstance(node.value, int) and not isinstance(node.value, bool) and node.value >= 0:
            return node.value
        self._wrong(node, what, "a whole number of 0 or more")
        return None

    def _share(self, node: Node, what: str) -> float | None:
        value = node.value
        if isinstance(value, str) and (found := _PERCENT.fullmatch(value)):
            value = float(found[1]) / 100
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        self._wrong(node, what, "a share such as 2% or 0.02")
        return None

    def _duration(self, node: Node, what: str) -> float | None:
        seconds = read_duration(node.value)
        if seconds is None:
            self._wrong(node, what, "a duration such as 6h or 2d")
        return seconds

    def _choice(self, node: Node, what: str, known: Sequence[str]) -> Any:
        if isinstance(node.value, str) and node.value in known:
            return node.value
        hint = (
            nearest(node.value, known) if isinstance(node.value, str) else ""
        ) or f"one of {', '.join(known)}"
        self._problem(node, f"{what} cannot be {_given(node)}", hint)
        return None

    def _wrong(self, node: Node, what: str, wanted: str) -> None:
        self._problem(node, f"{what} should be {wanted}, not {_given(node)}")

    def _problem(self, node: Node, message: str, hint: str = "") -> None:
        self.problems.add(self.file, node.line, node.column, message, hint)


def _given(node: Node) -> str:
    if isinstance(node.value, str) and len(node.value) <= 40:
        return f'"{node.value}"'
    if isinstance(node.value, bool | int | float):
        return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
    return node.kind()


def _label(value: bool | float | str) -> str:
    """Return a listed value as columns show theirs: whole numbers without a point, true and false in lower case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
