"""What of a comparison is shown, as rows: who and when of each side, then a section for each kind of thing that differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.quantities import size_text
from mlops_cli.history.conditions import shown
from mlops_cli.history.sides import Input
from mlops_cli.render.plain import plain
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text, number_text, percent_change

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.actions.compare import CodeChange, CompareResult
    from mlops_cli.history.compare import Cell, Change, MetricCell, MetricRow, Row
    from mlops_cli.history.sides import Facts, Side
    from mlops_cli.tracking.stale_records import Departure, Stale

_MOST = 40  # rows of one section that people are shown: JSON and CSV have them all
_LONGEST = 80  # characters of a value
_DEPARTURES = 5  # that one sentence names


class Section(NamedTuple):
    """Rows under one title: a name, a cell for each side, and what changed."""

    title: str
    rows: list[tuple[str, ...]]


# Sides ------------------------------------------------------------------------------------------------------------------


def labels_of(sides: Sequence[Side], *, brief: bool = True) -> list[str]:
    """Return a distinct name for each side: what was typed, and how many runs it stands for.

    Parameters
    ----------
    brief : bool
        A run's whole id is cut to its last digits: it stands below in full.
    """
    found: list[str] = []
    for side in sides:
        first = side.first
        label = first.name.rpartition("-")[2] if brief and first.name == first.run else first.name
        label += f" (n={len(side.runs)})" if len(side.runs) > 1 else ""
        number = 2
        wanted = label
        while label in found:
            label, number = f"{wanted} #{number}", number + 1
        found.append(label)
    return found


def heads_of(sides: Sequence[Side]) -> list[tuple[str, ...]]:
    """Return who and when of each side."""
    parts: list[tuple[str, Callable[[Facts], str]]] = [
        ("run", lambda facts: facts.run or ""),
        ("status", lambda facts: facts.status),
        ("started", lambda facts: facts.started[:16].replace("T", " ")),
        ("by", lambda facts: facts.author),
        ("code", _code_of),
        ("message", lambda facts: _short(facts.message)),
    ]
    rows = [(name, *(_many([say(facts) for facts in side.runs]) for side in sides)) for name, say in parts]
    return [row for row in rows if any(row[1:])]


def _many(texts: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(text for text in texts if text)) or [""]
    return distinct[0] if len(distinct) == 1 else f"{distinct[0]} … {distinct[-1]}"


def _code_of(facts: Facts) -> str:
    if facts.commit is None:
        return ""
    where = f"{facts.branch} " if facts.branch else ""
    return f"{where}{facts.commit[:8]}{'*' if facts.dirty and not facts.set_only else ''}"


# Sections ---------------------------------------------------------------------------------------------------------------


def sections_of(result: CompareResult) -> list[Section]:
    """Return the sections that have anything in them."""
    comparison = result.comparison
    sections = [Section("metrics", [_metric_row(row) for row in comparison.metrics])]
    for title, rows in (
        ("parameters", comparison.params),
        ("data", comparison.data),
        ("commands", comparison.commands),
    ):
        more = _profile_rows(result) if title == "data" else []
        sections.append(Section(title, [*map(_row, rows), *more]))
    sections.append(Section("code", _code_rows(result.code)))
    sections.append(Section("environment", [_row(row) for row in comparison.environment]))
    sections.append(Section("parents", [_row(row) for row in comparison.parents]))
    return [_cut(section) for section in sections if section.rows]


def _profile_rows(result: CompareResult) -> list[tuple[str, ...]]:
    if not result.profiles:
        return []
    from mlops_cli.render.compare_profiles import profile_rows

    return profile_rows(result.profiles, everything=result.comparison.everything)


def _cut(section: Section) -> Section:
    if len(section.rows) <= _MOST:
        return section
    more = f"… and {len(section.rows) - _MOST} more"
    return Section(section.title, [*section.rows[:_MOST], (more, *("",) * (len(section.rows[0]) - 1))])


def _row(row: Row) -> tuple[str, ...]:
    return (row.name, *(_short(cell_text(cell)) for cell in row.cells), input_change(row))


def cell_text(cell: Cell | None) -> str:
    """Return what a side has, whole."""
    return "-" if cell is None else ", ".join(_value_text(value) for value in cell.values)


def _value_text(value: Any) -> str:
    if isinstance(value, Input):
        files = f", {count_text(value.files, 'file')}" if value.files is not None else ""
        return f"{value.digest[:11]} ({size_text(value.size)}{files})"
    return shown(value)


def input_change(row: Row) -> str:
    """Return how the amount of data changed between two sides."""
    if len(row.cells) != 2:
        return ""
    old, new = ((cell.values[0] if cell and len(cell.values) == 1 else None) for cell in row.cells)
    if not isinstance(old, Input) or not isinstance(new, Input) or old.digest == new.digest:
        return ""
    parts = []
    if old.files is not None and new.files is not None and old.files != new.files:
        parts.append(f"{new.files - old.files:+,} files")
    if old.size != new.size:
        sign = "+" if new.size > old.size else "-"
        parts.append(f"{sign}{size_text(abs(new.size - old.size))}")
    return ", ".join(parts) or "same size"


def _short(text: str) -> str:
    return plain(short_text(" ".join(text.split()), _LONGEST))


def _metric_row(row: MetricRow) -> tuple[str, ...]:
    changes = [_change_text(change) for change in row.changes[1:]]
    if len(changes) == 1:
        return (row.name, *(_metric_text(cell) for cell in row.cells), changes[0])
    cells = [_metric_text(row.cells[0])]
    for cell, change in zip(row.cells[1:], changes, strict=True):
        cells.append(_metric_text(cell) + (f" {change}" if change else ""))
    return (row.name, *cells, "")


def _metric_text(cell: MetricCell | None) -> str:
    if cell is None:
        return "-"
    if cell.value is None:
        return _short(shown(cell.raw))
    text = number_text(cell.value)
    if cell.sd is not None:
        return f"{text} ± {number_text(cell.sd)} (n={cell.runs})"
    if cell.low is not None and cell.high is not None:
        return f"{text} [{number_text(cell.low)}, {number_text(cell.high)}]"
    return text


def _change_text(change: Change | None) -> str:
    if change is None or change.absolute == 0:
        return ""
    text = f"{'+' if change.absolute > 0 else ''}{number_text(change.absolute)}"
    if change.relative is not None:
        text += f" ({percent_change(change.relative)})"
    text += f" {change.mark}" if change.mark else ""
    return text + (", intervals overlap" if change.overlap else "")


def _code_rows(changes: Sequence[CodeChange]) -> list[tuple[str, ...]]:
    """Return a row for each file that differs in any side."""
    files = code_lines(changes)
    if len(changes) == 1:
        return [(path, "", "", files[path][0]) for path in files]
    return [(path, "", *files[path], "") for path in files]


def code_lines(changes: Sequence[CodeChange]) -> dict[str, list[str]]:
    """Return for each file that differs in any side how it does in each; those that a stage read come first."""
    files: dict[str, list[str]] = {}
    read = {path for change in changes for path in change.read}
    for number, change in enumerate(changes):
        for file in change.files:
            cells = files.setdefault(file.path, [""] * len(changes))
            lines = "not text" if file.added is None else f"+{file.added} -{file.removed}"
            cells[number] = lines + (f" (was {file.before})" if file.before else "")
    return {path: files[path] for path in sorted(files, key=lambda path: (path not in read, path))}


def notes_of(result: CompareResult) -> list[str]:
    """Return sentences on what could not be compared."""
    unknown = dict.fromkeys(change.unknown for change in result.code if change.unknown)
    notes = [f"What differs in the code is not known: {why}." for why in unknown]
    if result.profiles:
        from mlops_cli.render.compare_profiles import profile_notes

        notes += profile_notes(result.profiles, labels_of(result.comparison.sides))
    return notes


def stale_notes(result: CompareResult) -> list[str]:
    """Return a sentence for each commit whose records are not of its code."""
    return [_stale_note(each) for each in result.stale]


def _stale_note(stale: Stale) -> str:
    told = list(dict.fromkeys(_departure(each) for each in stale.departures))
    more = f" and {len(told) - _DEPARTURES} more" if len(told) > _DEPARTURES else ""
    what = f"the records of {stale.ref} are not of its code: {', '.join(told[:_DEPARTURES])}{more}."
    if stale.run:
        return f"Note: {what} Run {stale.run}, of just this code, stands for it."
    return f"Note: {what} What is shown of it is as recorded."


def _departure(each: Departure) -> str:
    if each.about == "param":
        return f"{each.name} {_short(shown(each.old))} -> {_short(shown(each.new))}"
    return f"other {each.name}" if each.about == "input" else f"other program of {each.name}"
