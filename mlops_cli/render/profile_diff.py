"""What `profile diff` says: for each column what differs, the most different first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.render.lineage_facts import plain
from mlops_cli.render.lists import list_text
from mlops_cli.render.profile import share_text, time_text
from mlops_cli.render.runs_table import Cell, runs_table
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text, number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.actions.profile import ProfileDiffResult
    from mlops_cli.data.profile.diff import Change, ColumnDiff

_SCHEMA = 1
_HEAD = ("column", "distance", "what", "before", "after")
_WEIGHTS = (0.0, 1.0, 0.0, 0.0, 0.0)
_MOST = 6  # figures of a column, in a table
_LONGEST = 40


def profile_diff_text(
    result: ProfileDiffResult, form: str, *, width: int | None = None, everything: bool = False
) -> str:
    """Return what differs in one of its forms; nothing where nothing does.

    Parameters
    ----------
    form : str
        `table`, `csv` or `md`; CSV has all figures.
    everything : bool
        All figures of each column, also in a table.
    """
    rows = _rows(result, whole=everything or form == "csv")
    if form != "table":
        return list_text(_HEAD, [[cell.text for cell in row] for row in rows], form)
    return runs_table(_HEAD, rows, _WEIGHTS, width=width) if rows else ""


def profile_diff_summary(result: ProfileDiffResult) -> str:
    """Return sentences about both profiles."""
    diff = result.diff
    columns, rows = count_text(len(diff.changed), "column"), count_text(diff.before.rows, "row")
    lines = [f"{columns} of {len(diff.columns):,} differ; {rows} before, {diff.after.rows:,} after."]
    if not diff.one_layout:
        lines.append(
            "They were not counted on one baseline, so bins cannot be compared: mlops profile PATH --against BASELINE."
        )
    return "".join(f"{line}\n" for line in lines)


def profile_diff_wire(result: ProfileDiffResult) -> dict[str, Any]:
    """Return the shape of `profile diff --json`."""
    diff = result.diff
    return {
        "schema": _SCHEMA,
        "before": {"name": result.before, "rows": diff.before.rows, "edges_from": diff.before.edges_from},
        "after": {"name": result.after, "rows": diff.after.rows, "edges_from": diff.after.edges_from},
        "one_layout": diff.one_layout,
        "columns": [
            {
                "name": column.name,
                "status": column.status,
                "kind": (column.after or column.before).kind,  # type: ignore[union-attr] # one of them is there
                "distance": column.distance,
                "changes": [
                    {"what": change.what, "before": change.before, "after": change.after}
                    for change in column.changes
                ],
            }
            for column in diff.columns
        ],
    }


def _rows(result: ProfileDiffResult, *, whole: bool) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for column in _ranked(result.diff.changed):
        name = Cell(plain(short_text(column.name, _LONGEST)))
        distance = Cell("" if column.distance is None else f"{column.distance:.3f}", right=True)
        changes = column.changes if whole else column.changes[:_MOST]
        said = [_change_cells(change) for change in changes]
        if column.status in ("added", "removed"):
            said = [[Cell(column.status), Cell(""), Cell("")]]
        left = len(column.changes) - len(changes)
        said += [[Cell(f"and {left:,} more, see -v"), Cell(""), Cell("")]] if left else []
        said = said or [[Cell("values"), Cell(""), Cell("")]]
        blank = [Cell(column.name), distance] if whole else [Cell(""), Cell("", right=True)]
        rows += [[*([name, distance] if place == 0 else blank), *cells] for place, cells in enumerate(said)]
    return rows


def _ranked(columns: Sequence[ColumnDiff]) -> list[ColumnDiff]:
    """Return columns that came, went or changed their kind first, then by distance."""
    return sorted(columns, key=lambda column: (column.status == "changed", -(column.distance or 0.0)))


def _change_cells(change: Change) -> list[Cell]:
    return [
        Cell(plain(short_text(change.what, _LONGEST))),
        *(Cell(_value(change, value), right=True) for value in (change.before, change.after)),
    ]


def _value(change: Change, value: Any) -> str:
    if value is None:
        return "-"
    if change.form == "share":
        return share_text(value)
    if change.form == "time":
        return time_text(value)
    if change.form == "count":
        return f"{value:,}"
    return plain(short_text(str(value), _LONGEST)) if change.form == "text" else number_text(value)
