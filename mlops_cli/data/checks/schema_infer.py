"""A schema file out of the facts on a table: YAML with comments, for people to read and change."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlops_cli.data.checks.duplicates import USUAL
from mlops_cli.data.checks.facts import number_label
from mlops_cli.data.checks.placeholders import sure_gaps
from mlops_cli.data.checks.schema import VERSION
from mlops_cli.data.checks.words import counted
from mlops_cli.formats.yaml_text import read_scalar

if TYPE_CHECKING:
    from mlops_cli.data.checks.facts import ColumnFacts, TableFacts

MOST_LISTED = 50  # values of a column that are written out
_ENOUGH = 10_000  # rows without one missing value: then none are allowed
_ID_ROWS = 50  # so many different values make a column a name of rows
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_LEAST = 0.001  # shares that are allowed are never written smaller
_BEYOND = 8  # rows in as many as were looked at that may lie beyond what was seen
_FEWER = 10  # a table beside may have so many times fewer rows
_SAME = 0.9  # share of the most frequent value from which on a sample may have no other


def infer_schema(facts: TableFacts, repeated: float | None = None) -> str:
    """Return the text of a schema file that the table meets, and another sample of the same should.

    Parameters
    ----------
    repeated : float, optional
        The share of rows that repeat an earlier one; None where nothing is to be said of that.

    Notes
    -----
    A table beside may have a tenth of the rows: so have the rows that were held back for a test. Fewer are another matter.

    Ranges and lists are what was seen, with the share that another sample may have beyond them: eight rows in as many
    as were looked at. What was seen in none of n rows has a share below 3/n (with 95 % confidence), and ranges have two ends.
    """
    lines = [
        f"# What {_comment(facts.name)} should hold, by {counted(facts.rows, 'row')} of it. Written by mlops validate --infer:",
        "# read it, change what is not meant, and commit it. A share is written as 2% or 0.02; ~ is no limit.",
        f"schema: {VERSION}",
        "table:",
        f"  rows: {{at_least: {max(1, facts.rows // _FEWER)}}}  # there: {facts.rows:,}; write more where all tables are long",
        *_table_lines(facts, repeated),
        "columns:" if facts.columns else "columns: {}",
    ]
    for column in facts.columns.values():
        lines += _column_lines(column)
    return "\n".join(lines) + "\n"


def _table_lines(facts: TableFacts, repeated: float | None) -> list[str]:
    names = [column.name for column in facts.columns.values() if _names_rows(column)]
    times = [column.name for column in facts.columns.values() if column.kind == "datetime"]
    key = f"  key: {scalar(names[0])}" if names else "  # key: [order, line]"
    time = f"  time: {scalar(times[0])}" if times else "  # time: created_at"
    again = []
    if repeated is not None:
        there = f"{100 * repeated:.2g} %" if repeated else "none"
        again = [
            f"  duplicates: {percent(max(USUAL, 2 * repeated))}  # rows that repeat an earlier one; there: {there}"
        ]
    return [
        f"{key}  # columns that together name a row",
        *again,
        "  extra: warn  # a column that is not named below: ignore, warn or fail",
        f"{time}  # when a row is from",
        "  # fresh: 2d  # how old the newest row may be",
        "  # target: churned  # what is learnt: no other column may give it away",
    ]


def _column_lines(column: ColumnFacts) -> list[str]:
    head = f"  {scalar(column.name)}:  # {_summary(column)}"
    lines = [head, f"    kind: {column.kind}"]
    if column.present == 0:
        return lines
    none_seen = _gaps(column) == 0 and column.rows < _ENOUGH
    rest = "  # none was; so few rows cannot tell a smaller share from none" if none_seen else ""
    lines.append(f"    missing: {_missing(column)}{rest}")
    if _names_rows(column):
        lines.append("    unique: true")
    elif column.kind == "numeric" and column.distinct == 1 and column.low == column.high:
        unknown = percent(max(_LEAST, _BEYOND / column.present))
        lines += [f"    values: [{number_label(column.low)}]", f"    unknown: {unknown}"]
    elif column.kind == "numeric" and not math.isnan(column.low):
        beyond = (
            f"    outside: {percent(max(_LEAST, 2 * column.beyond / column.rows, _BEYOND / column.present))}"
        )
        ends = f"{number_label(column.low)}, {number_label(column.high)}"
        if column.increasing:
            ends = f"{number_label(column.low)}, ~"
            beyond += "  # it only grows, so the next table may have more"
        lines += [f"    range: [{ends}]", beyond]
    elif column.kind == "categorical" and column.all_counted and column.distinct <= MOST_LISTED:
        gaps = sure_gaps(column)
        listed = ", ".join(scalar(value) for value in sorted(column.counts) if value not in gaps)
        unknown = percent(max(_LEAST, (column.singles + _BEYOND) / column.present))
        lines += [f"    values: [{listed}]", f"    unknown: {unknown}"] if listed else []
    if column.kind == "numeric" and column.whole:
        lines.append("    whole: true")
    if column.top_share >= _SAME and not _names_rows(column):
        lines.append("    severity: {constant: off}  # it hardly varies")
    elif column.kind == "numeric" and column.increasing and column.present >= 2 * column.distinct:
        lines.append("    severity: {constant: off}  # it only grows, and stands still for many rows")
    if column.kind in ("numeric", "datetime") and column.increasing and column.distinct >= _ID_ROWS:
        strictly = "strictly " if column.distinct == column.present else ""
        lines.append(f"    order: {strictly}increasing")
    return lines


def _names_rows(column: ColumnFacts) -> bool:
    """Whether each row has its own value here, and it is no measurement."""
    alone = column.exact and column.distinct == column.rows >= _ID_ROWS
    return alone and (column.kind in ("text", "categorical") or (column.kind == "numeric" and column.whole))


def _gaps(column: ColumnFacts) -> int:
    """Return how many rows have no value, or a text that stands for none."""
    return column.missing + sum(sure_gaps(column).values())


def _missing(column: ColumnFacts) -> str:
    share = _gaps(column) / column.rows
    if share == 0:
        return "0%" if column.rows >= _ENOUGH else percent(3 / column.rows)
    return percent(min(1.0, max(share * 1.5, share + 0.005)))


def _summary(column: ColumnFacts) -> str:
    parts = []
    if not column.present:
        return "no values at all"
    if column.kind in ("categorical", "text", "boolean"):
        parts.append(f"{column.distinct:,} {'value' if column.distinct == 1 else 'values'}")
        most = next(iter(column.counts.items()), None)
        if most and column.kind != "text":
            parts.append(f"most often {_comment(most[0])} ({100 * most[1] / column.present:.3g} %)")
    elif column.kind == "numeric":
        middle = column.quantiles[len(column.quantiles) // 2] if len(column.quantiles) else math.nan
        parts.append(f"median {float(middle):.6g}")
    elif not math.isnan(column.low):
        parts.append(f"{_time(column.low)} to {_time(column.high)}")
    parts.append(f"{100 * _gaps(column) / column.rows:.3g} % missing" if _gaps(column) else "none missing")
    if written := sure_gaps(column):
        parts[-1] += f", written as {' or '.join(_comment(value) for value in sorted(written))}"
    return ", ".join(parts)


def _time(microseconds: float) -> str:
    try:
        return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return "?"


def percent(share: float) -> str:
    """Return a share as text, rounded up to one digit, or two from 10 % on.

    Examples
    --------
    >>> percent(0.00017), percent(0.0312), percent(0.218), percent(1.0)
    ('0.02%', '4%', '22%', '100%')
    """
    value = min(100.0, share * 100)
    if value <= 0:
        return "0%"
    digits = max(0, -math.floor(math.log10(value)))
    step = 10.0**-digits
    return f"{min(100.0, math.ceil(value / step - 1e-9) * step):.{digits}f}%"


def scalar(text: str) -> str:
    """Return text as YAML: as it is where it is read as itself, else in quotes.

    Examples
    --------
    >>> scalar("Self-emp"), scalar("no"), scalar("12"), scalar("a: b"), scalar("true")
    ('Self-emp', 'no', '"12"', '"a: b"', '"true"')
    """
    if _PLAIN.fullmatch(text) and isinstance(read_scalar(text), str):
        return text
    return '"' + "".join(map(_sign, text)) + '"'


def _sign(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _comment(text: str) -> str:
    """Return text that stays on its line of a comment."""
    short = text if len(text) <= 40 else text[:39] + "…"
    return "".join(sign if sign.isprintable() else " " for sign in short)
