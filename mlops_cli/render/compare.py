"""What `compare` says: as text, CSV, Markdown for a pull request, and JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlops_cli.history.sides import Input
from mlops_cli.render.compare_rows import heads_of, labels_of, notes_of, sections_of, stale_notes
from mlops_cli.render.lists import list_text
from mlops_cli.render.plain import plain
from mlops_cli.render.runs_table import Cell as Field
from mlops_cli.render.runs_table import runs_table
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.actions.compare import CodeChange, CompareResult
    from mlops_cli.history.compare import Cell, Comparison, MetricCell, MetricRow, Row
    from mlops_cli.history.sides import Side

_SCHEMA = 1
# A comment on a pull request ends somewhere; GitHub's limit is the lowest.
_COMMENT = 60_000
_NAME = 60  # characters of a name, in a table
_LEAST_NAME = 24  # on a narrow terminal


def compare_text(result: CompareResult, *, width: int | None = None) -> str:
    """Return the comparison as one table: a section for each kind of thing that differs."""
    comparison = result.comparison
    labels = labels_of(comparison.sides)
    rows = [(name, *cells, "") for name, *cells in heads_of(comparison.sides)]
    most = _NAME if width is None else min(_NAME, max(width // 3, _LEAST_NAME))
    sections = sections_of(result)
    for section in sections:
        rows += [("",) * (len(labels) + 2), (section.title, *("",) * (len(labels) + 1))]
        rows += [(f"  {_short_name(name, most)}", *cells) for name, *cells in section.rows]
    head = ("", *labels, "change")
    if len(labels) != 2:  # what changed stands beside each value
        head, rows = head[:-1], [row[:-1] for row in rows]
    # Values may be cut on a narrow terminal, ids of runs never.
    fields = [
        [Field(plain(text), elastic=at > 0 and row[0] != "run") for at, text in enumerate(row)]
        for row in rows
    ]
    text = runs_table(head, fields, [0.0] * len(head), width=width)
    notes = notes_of(result)
    if not sections and not notes:
        notes.append("Nothing differs." if len(labels) > 1 else "No metrics were reported.")
    notes = [plain(note) for note in (*notes, *stale_notes(result))]
    patches = "".join(f"\n{_steady(change.text)}" for change in result.code if change.text)
    return text + "".join(f"{note}\n" for note in notes) + patches


def _short_name(name: str, most: int) -> str:
    """Return a name of parts, such as `table: column: figure`, whose longest parts are cut until it fits."""
    parts, size = name.split(": "), most
    while len(": ".join(parts)) > most and size > _LEAST_NAME / 2:
        size -= 1
        parts = [short_text(part, size) for part in parts]
    return ": ".join(parts)


def _steady(patch: str) -> str:
    """Return a difference whose content cannot steer a terminal: what would is spelled out."""
    lines = ("\t".join(plain(part) for part in line.split("\t")) for line in patch.split("\n"))
    return "\n".join(lines)


def compare_markdown(result: CompareResult) -> str:
    """Return the comparison as Markdown that fits a comment on a pull request."""
    labels = ["`{}`".format(label.replace("`", "'")) for label in labels_of(result.comparison.sides)]
    parts = [list_text(("", *labels), [_escaped(row) for row in heads_of(result.comparison.sides)], "md")]
    for section in sections_of(result):
        last = None if len(labels) == 2 else -1
        head = (section.title, *labels, "change")[:last]
        table = list_text(head, [_escaped(row)[:last] for row in section.rows], "md")
        if section.title in ("environment", "code") and len(section.rows) > 5:
            title = f"{section.title}: {count_text(len(section.rows), 'row')}"
            table = f"<details><summary>{title}</summary>\n\n{table}\n</details>\n"
        parts.append(table)
    notes = notes_of(result)
    if len(parts) == 1 and not notes:
        notes.append("Nothing differs.")
    notes += stale_notes(result)
    parts += [_escaped_text(note) + "\n" for note in notes]
    parts += [_fenced(change.text) for change in result.code if change.text]
    text, room = parts[0], _COMMENT - len(parts[0])
    for number, part in enumerate(parts[1:], 1):
        room -= len(part) + 1
        if room < 0:
            return f"{text}\n{count_text(len(parts) - number, 'section')} did not fit in a comment.\n"
        text += f"\n{part}"
    return text


def _fenced(patch: str) -> str:
    """Return a difference in a fence that is longer than any inside it."""
    longest = max((len(run) for run in re.findall("`+", patch)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"<details><summary>the code</summary>\n\n{fence}diff\n{patch.rstrip()}\n{fence}\n\n</details>\n"


def _escaped(row: Sequence[str]) -> tuple[str, ...]:
    return tuple(_escaped_text(cell) for cell in row)


def _escaped_text(text: str) -> str:
    """Return text that Markdown takes for text: no tags, no emphasis, and nobody called by name."""
    text = re.sub(r"([\\`*_\[\]#~])", r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;")
    return text.replace("@", "@<!-- -->")


# JSON -------------------------------------------------------------------------------------------------------------------


def compare_wire(result: CompareResult) -> dict[str, Any]:
    """Return the shape of `compare --json`."""
    comparison = result.comparison
    return {
        "schema": _SCHEMA,
        "sides": [
            _side_wire(side, label)
            for side, label in zip(comparison.sides, labels_of(comparison.sides, brief=False), strict=True)
        ],
        "metrics": [_metric_wire(row) for row in comparison.metrics],
        **{name: [_row_wire(row) for row in rows] for name, rows in _plain(comparison).items()},
        "profiles": _profiles_wire(result),
        "code": [None, *(_code_wire(change) for change in result.code)],
        "stale": [
            {
                "ref": each.ref,
                "run": each.run,
                "departures": [departure._asdict() for departure in each.departures],
            }
            for each in result.stale
        ],
    }


def _profiles_wire(result: CompareResult) -> list[dict[str, Any]]:
    if not result.profiles:
        return []
    from mlops_cli.render.compare_profiles import profiles_wire

    return profiles_wire(result.profiles)


def _plain(comparison: Comparison) -> dict[str, tuple[Row, ...]]:
    return {
        "params": comparison.params,
        "data": comparison.data,
        "commands": comparison.commands,
        "environment": comparison.environment,
        "parents": comparison.parents,
    }


def _side_wire(side: Side, label: str) -> dict[str, Any]:
    return {
        "name": label,
        "runs": [
            {
                "ref": facts.name,
                "run": facts.run,
                "status": facts.status or None,
                "started": facts.started or None,
                "seconds": facts.seconds,
                "author": facts.author or None,
                "message": facts.message,
                "commit": facts.commit,
                "branch": facts.branch,
                "dirty": facts.dirty,
                "tree": facts.tree,
            }
            for facts in side.runs
        ],
    }


def _row_wire(row: Row) -> dict[str, Any]:
    return {"name": row.name, "values": [None if cell is None else _cell_wire(cell) for cell in row.cells]}


def _cell_wire(cell: Cell) -> dict[str, Any]:
    values = [each._asdict() if isinstance(each, Input) else each for each in cell.values]
    return {"value": values[0]} if len(values) == 1 else {"values": values}


def _metric_wire(row: MetricRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "direction": row.way,
        "values": [None if cell is None else _metric_cell_wire(cell) for cell in row.cells],
        "changes": [None if change is None else change._asdict() for change in row.changes],
    }


def _metric_cell_wire(cell: MetricCell) -> dict[str, Any]:
    value: dict[str, Any] = {"value": cell.raw if cell.value is None else cell.value, "runs": cell.runs}
    extra = {"low": cell.low, "high": cell.high, "n": cell.n, "sd": cell.sd}
    return value | {name: each for name, each in extra.items() if each is not None}


def _code_wire(change: CodeChange) -> dict[str, Any]:
    value: dict[str, Any] = {
        "unknown": change.unknown or None,
        "files": [
            {
                "path": file.path,
                "before": file.before or None,
                "added": file.added,
                "removed": file.removed,
                "read": file.path in change.read,
            }
            for file in change.files
        ],
    }
    return value | ({"text": change.text} if change.text else {})
