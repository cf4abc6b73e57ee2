"""What `profile diff` says: for each column what differs, the most different first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.history.compare_profiles import most_changed, telling
from mlops_cli.render.lists import list_text
from mlops_cli.render.plain import plain
from mlops_cli.render.profile import share_text, time_text
from mlops_cli.render.runs_table import Cell, runs_table
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text, number_text

if TYPE_CHECKING:
    from mlops_cli.actions.profile import ProfileDiffResult
    from mlops_cli.data.profile.diff import Change

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
        All figures of each column, also in a table; else those that differ by more than chance, and in what is shown.
    """
    rows = _rows(result, whole=everything or form == "csv", marked=form != "csv")
    if form != "table":
        return list_text(_HEAD, [[cell.text for cell in row] for row in rows], form)
    return runs_table(_HEAD, rows, _WEIGHTS, width=width) if rows else ""


def profile_diff_summary(result: ProfileDiffResult) -> str:
    """Return sentences about both profiles."""
    diff = result.diff
    rows = f"{count_text(diff.before.rows, 'row')} before, {diff.after.rows:,} after"
    little = len(diff.changed) - len(diff.told)
    more = f"; {little:,} differ{'s' if little == 1 else ''} no more than by chance, see -v" if little else ""
    differ = "differs" if len(diff.told) == 1 else "differ"
    lines = [f"{len(diff.told):,} of {count_text(len(diff.columns), 'column')} {differ}{more}. {rows}."]
    if not diff.one_layout:
        lines.append(
            "They were not counted on one baseline, so bins cannot be compared: mlops profile PATH --against BASELINE,"
            " or name the tables themselves."
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
                "chance": column.chance,
                "changes": [
                    {
                        "what": change.what,
                        "before": change.before,
                        "after": change.after,
                        "chance": change.chance,
                    }
                    for change in column.changes
                ],
            }
            for column in diff.columns
        ],
    }


def _rows(result: ProfileDiffResult, *, whole: bool, marked: bool) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    shown = result.diff.changed if whole else result.diff.told
    for column in (each for each in most_changed(result.diff) if each in shown):
        name = Cell(plain(short_text(column.name, _LONGEST)))
        distance = Cell("" if column.distance is None else f"{column.distance:.3f}", right=True)
        ranked = column.changes if whole else [each for each in telling(column) if _is_told(each)]
        changes = ranked if whole else ranked[:_MOST]
        said = [_change_cells(change, marked=marked) for change in changes]
        if column.status in ("added", "removed"):
            said = [[Cell(column.status), Cell(""), Cell("")]]
        left = len(ranked) - len(changes)
        said += [[Cell(f"and {left:,} more, see -v"), Cell(""), Cell("")]] if left else []
        said = said or [[Cell("values"), Cell(""), Cell("")]]
        blank = [Cell(column.name), distance] if whole else [Cell(""), Cell("", right=True)]
        rows += [[*([name, distance] if place == 0 else blank), *cells] for place, cells in enumerate(said)]
    return rows


def _is_told(change: Change) -> bool:
    """Whether people are shown a change: it is more than chance, and can be seen in what is shown."""
    return not change.chance and _value(change, change.before) != _value(change, change.after)


def _change_cells(change: Change, *, marked: bool) -> list[Cell]:
    """Return a figure of both sides; `~` marks an estimate, for eyes only."""
    return [
        Cell(plain(short_text(change.what, _LONGEST))),
        *(
            Cell(
                f"{'~' if marked and about and value is not None else ''}{_value(change, value)}", right=True
            )
            for value, about in zip((change.before, change.after), change.about, strict=True)
        ),
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
