"""How a file of delimited text is written: separator, decimal sign, header. Found by looking at its beginning."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from mlops_cli.data.table.blocks import BOM, convert_hint, first_record_end, likely_encoding
from mlops_cli.errors import DataError

# How much of a file is looked at.
HEAD = 1 << 18
_SEPARATORS = (",", ";", "\t", "|")
_CALLED = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars (|)"}
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d+,\d+\s*")
_POINT_NUMBER = re.compile(r"\s*[+-]?\d*\.\d+\s*")
_LINES = 50


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one file is written.

    Parameters
    ----------
    separator : str
        Between fields.
    decimal : str
        Between the whole and the rest of a number: a point, or a comma.
    header : tuple of str
        As written.
    warnings : tuple of str
        What is unusual about it.
    """

    separator: str
    decimal: str
    header: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def find_dialect(head: bytes, where: str, usual: str) -> Dialect:
    """Return how a file is written.

    Parameters
    ----------
    head : bytes
        Its beginning, in UTF-8; it may end anywhere.
    usual : str
        The separator that its name promises; another one is taken only where this one cannot be it.

    Raises
    ------
    DataError
        When it is empty, or its header is no text.
    """
    head = head.removeprefix(BOM)
    if not head.strip(b"\r\n "):
        raise DataError(f"{where} is empty", hint="A table has a header and rows.")
    text = head.lstrip(b"\r\n").decode("utf-8", "replace")
    separator = _separator(text, usual)
    rows = _rows(text, separator)
    warnings = []
    if separator != usual:
        warnings.append(f"{where}: its fields are separated by {_CALLED[separator]}, and it is read so")
    decimal = "."
    if separator != ",":
        fields = [field for row in rows[1:] for field in row]
        commas = sum(bool(_COMMA_NUMBER.fullmatch(field)) for field in fields)
        if commas and not any(_POINT_NUMBER.fullmatch(field) for field in fields):
            decimal = ","
            warnings.append(f"{where}: its numbers have a decimal comma, and are read so")
    header = header_of(head, separator, where)
    if len(header) > 1 and all(_is_number(name) for name in header):
        warnings.append(
            f"{where}: the first line has only numbers; it is taken for the header, is one missing?"
        )
    return Dialect(separator, decimal, header, tuple(warnings))


def header_of(data: bytes, separator: str, where: str) -> tuple[str, ...]:
    """Return the names in the first record.

    Raises
    ------
    DataError
        When they are not UTF-8.
    """
    data = data.removeprefix(BOM).lstrip(b"\r\n")
    first = data[: first_record_end(data, separator)]
    try:
        text = first.decode()
    except UnicodeDecodeError as error:
        likely = likely_encoding(first)
        before = first[: error.start][-40:].decode(likely, "replace")
        raise DataError(
            f"{where}: the header is not UTF-8: byte 0x{first[error.start]:02x} after {before!r}",
            hint=convert_hint(likely),
        ) from error
    text = text.rstrip("\r\n")
    if len(text) > 1 << 16 and '"' not in text:
        return tuple(text.split(separator))  # thousands of columns
    rows = _rows(text, separator, lines=1)
    return tuple(rows[0]) if rows else ("",)


def _separator(text: str, usual: str) -> str:
    """Return the separator that gives the first lines the same number of fields, the usual one before others."""
    first, *more = text.splitlines()[: _LINES + 1] or [""]
    candidates = [usual, *(one for one in _SEPARATORS if one != usual and one in first)]
    best, most = usual, 1
    for one in candidates:
        # The last line may be cut off.
        rows = [row for row in _rows(text, one)[: max(len(more), 1)] if row]
        widths = {len(row) for row in rows}
        if len(widths) == 1 and (width := widths.pop()) > 1:
            if one == usual:
                return usual
            if width > most:
                best, most = one, width
    if best == usual and usual not in first:
        # Nothing fits all lines: the header alone tells.
        best = max(candidates, key=first.count)
    return best if best in first else usual


def _rows(text: str, separator: str, lines: int = _LINES) -> list[list[str]]:
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append(row)
            if len(rows) >= lines:
                break
    except csv.Error:
        pass
    return rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
