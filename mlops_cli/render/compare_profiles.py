"""What of profiles `compare` shows, as rows under data: how many rows, and the figures that changed most; and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.history.compare_profiles import (
    NOTICED,
    column_change,
    figure_change,
    is_gone,
    is_new,
    is_noticed,
    most_changed,
    telling,
)
from mlops_cli.render.plain import plain
from mlops_cli.render.profile import share_text, time_text
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text, number_text, percent_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.data.profile.diff import Change, ColumnDiff
    from mlops_cli.history.compare_profiles import ProfileCell, ProfileRow

_COLUMNS, _FIGURES = 5, 3  # of a table, and of a column, that people are shown
_LONGEST = 40  # characters of a column's name, or of a value
_STATUS = {"added": "new column", "removed": "gone"}


class _Figure(NamedTuple):
    """One figure of a column: what it is on each side that differs from the baseline, by the side's number."""

    what: str
    change: Change
    sides: dict[int, tuple[ColumnDiff, Change]]

    @property
    def weight(self) -> float:
        """How much it changed, on the side on which it changed most."""
        return max(figure_change(column, change) for column, change in self.sides.values())


class ProfileLine(NamedTuple):
    """A row of the section on data: a cell for each side, and for each what changed from the first one."""

    name: str
    cells: Sequence[str]
    changes: Sequence[str]


def profile_rows(profiles: Sequence[ProfileRow], *, everything: bool) -> list[tuple[str, ...]]:
    """Return rows of the section on data: a name, a cell for each side, and what changed where there are two sides."""
    lines = profile_lines(profiles, everything=everything, whole=False)
    return [(line.name, *_cells(line.cells, line.changes)) for line in lines]


def profile_lines(profiles: Sequence[ProfileRow], *, everything: bool, whole: bool) -> list[ProfileLine]:
    """Return what profiles say.

    Parameters
    ----------
    everything : bool
        Also numbers of rows that are the same.
    whole : bool
        All columns and all figures, as for programs.
    """
    found: list[ProfileLine] = []
    for row in profiles:
        known = [cell.profile.rows for cell in row.cells if cell and cell.profile]
        if everything or len(set(known)) > 1 or any(cell and cell.problem for cell in row.cells):
            found.append(_rows_row(row))
        found += _column_rows(row, whole=whole)
    return found


def profile_notes(profiles: Sequence[ProfileRow], labels: Sequence[str]) -> list[str]:
    """Return a sentence for each profile that could not be read."""
    return [
        f"{row.name} at {label}: {cell.problem}"
        for row in profiles
        for label, cell in zip(labels, row.cells, strict=True)
        if cell and cell.problem
    ]


def profiles_wire(profiles: Sequence[ProfileRow]) -> list[dict[str, Any]]:
    """Return profiles as JSON: all columns that differ, those that changed most first."""
    return [
        {
            "name": row.name,
            "values": [None if cell is None else _cell_wire(cell) for cell in row.cells],
            "changes": [
                None
                if found is None
                else {
                    "rows": found.after.rows - found.before.rows,
                    "one_layout": found.one_layout,
                    "columns": [_column_wire(column) for column in most_changed(found)],
                }
                for found in row.diffs
            ],
        }
        for row in profiles
    ]


def _cell_wire(cell: ProfileCell) -> dict[str, Any]:
    rows = cell.profile.rows if cell.profile else None
    return {**cell.made._asdict(), "rows": rows, "problem": cell.problem or None}


def _column_wire(column: ColumnDiff) -> dict[str, Any]:
    return {
        "name": column.name,
        "status": column.status,
        "distance": column.distance,
        "changes": [
            {"what": change.what, "before": change.before, "after": change.after}
            for change in telling(column)
        ],
    }


# Rows -------------------------------------------------------------------------------------------------------------------


def _rows_row(row: ProfileRow) -> ProfileLine:
    base = row.cells[0].profile if row.cells[0] else None
    cells, changes = [], []
    for cell in row.cells:
        profile = cell.profile if cell else None
        cells.append(f"{profile.rows:,}" if profile else "not here" if cell and cell.problem else "-")
        changed = base and profile and profile.rows != base.rows
        changes.append(_difference(base.rows, profile.rows) if base and profile and changed else "")
    return ProfileLine(f"{_short(row.name)}: rows", cells, changes)


def _column_rows(row: ProfileRow, *, whole: bool) -> list[ProfileLine]:
    """Return a row for each figure that is shown, of the columns that changed most on any side."""
    columns: dict[str, dict[int, ColumnDiff]] = {}
    for number, found in enumerate(row.diffs):
        for column in found.changed if found else ():
            columns.setdefault(column.name, {})[number] = column
    names = sorted(columns, key=lambda name: (-max(map(column_change, columns[name].values())), name))
    telling_names = [name for name in names if any(map(is_noticed, columns[name].values()))]
    shown = names if whole else telling_names[:_COLUMNS]
    rows = [line for name in shown for line in _figure_rows(row, name, columns[name], whole=whole)]
    if len(shown) < len(names):
        left = count_text(len(names) - len(shown), "more column" if shown else "column")
        more = (
            f"{_short(row.name)}: {'… and ' if shown else ''}{left} changed {'less' if shown else 'little'}"
        )
        rows.append(ProfileLine(more, [""] * len(row.cells), [""] * len(row.cells)))
    return rows


def _figure_rows(
    row: ProfileRow, name: str, columns: dict[int, ColumnDiff], *, whole: bool
) -> list[ProfileLine]:
    lead = f"{_short(row.name)}: {_short(name)}"
    found = []
    status = {number: _STATUS[each.status] for number, each in columns.items() if each.status in _STATUS}
    if status:
        there = next(iter(columns.values())).before is not None
        cells = ["there" if there else "-"]
        cells += [_presence(row, number, status, there=there) for number in range(1, len(row.cells))]
        found.append(ProfileLine(lead, cells, [status.get(number, "") for number in range(len(row.cells))]))
    figures = _figures(columns, whole=whole)
    if not figures and not status:
        far = [columns[at].distance if at in columns else None for at in range(len(row.cells))]
        said = ["" if each is None else f"distance {each:.2f}" for each in far]
        found.append(ProfileLine(f"{lead}: distribution", [""] * len(row.cells), said))
    for figure in figures if whole else figures[:_FIGURES]:
        cells = [_value(figure.change, figure.change.before)]
        changes = [""]
        for number in range(1, len(row.cells)):
            column, change = figure.sides.get(number, (None, figure.change))
            same = row.diffs[number] is not None and number not in status
            value = change.after if column else change.before
            cells.append(_value(change, value) if same else "-")
            changes.append(_change(column, change) if column else "")
        # What does not differ in the digits that people are shown tells them nothing.
        if whole or len(set(cells)) > 1:
            found.append(ProfileLine(f"{lead}: {_short(figure.what)}", cells, changes))
    return found


def _presence(row: ProfileRow, number: int, status: dict[int, str], *, there: bool) -> str:
    if row.diffs[number] is None:
        return "-"
    return "there" if there != (number in status) else "-"


def _figures(columns: dict[int, ColumnDiff], *, whole: bool) -> list[_Figure]:
    """Return the figures that changed enough to be noticed on any side, or all; the most telling first."""
    found: dict[str, _Figure] = {}
    for number, column in columns.items():
        for change in column.changes:
            figure = found.setdefault(change.what, _Figure(change.what, change, {}))
            figure.sides[number] = column, change
    kept = [figure for figure in found.values() if whole or figure.weight >= NOTICED]
    return sorted(kept, key=lambda figure: -figure.weight)


def _cells(cells: Sequence[str], changes: Sequence[str]) -> list[str]:
    """Return the cells of a row and its last one: what changed stands there for two sides, else beside each value."""
    if len(cells) == 2:
        return [*cells, changes[1]]
    return [*(f"{cell} {change}".rstrip() for cell, change in zip(cells, changes, strict=True)), ""]


def _change(column: ColumnDiff, change: Change) -> str:
    """Return a change in words."""
    if is_new(column, change):
        return "new"
    if is_gone(column, change):
        return "gone"
    before, after = change.before, change.after
    if not isinstance(before, int | float) or not isinstance(after, int | float) or change.form == "time":
        return ""
    if change.form == "share":
        return f"{100 * (after - before):+.1f} points"
    return _difference(before, after)


def _difference(before: float, after: float) -> str:
    by = after - before
    relative = f" ({percent_change(by / abs(before))})" if before else ""
    return (
        f"{by:+,}{relative}" if isinstance(by, int) else f"{'+' if by > 0 else ''}{number_text(by)}{relative}"
    )


def _value(change: Change, value: Any) -> str:
    if value is None:
        return "-"
    if change.form == "share":
        return share_text(value)
    if change.form == "time":
        return time_text(value)
    if change.form == "count":
        return f"{value:,}"
    return _short(str(value)) if change.form == "text" else number_text(value)


def _short(text: str) -> str:
    return plain(short_text(" ".join(text.split()), _LONGEST))
