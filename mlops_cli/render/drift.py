"""What `drift` says: a table of columns by effect, the joint distribution, and one sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

from mlops_cli.data.drift.wire import drift_wire
from mlops_cli.data.drift.words import band_text, class_of, p_text, shared_text, value_text
from mlops_cli.render.lists import list_text
from mlops_cli.render.runs_table import Cell, runs_table
from mlops_cli.render.short import short_text

__all__ = ["drift_summary", "drift_text", "drift_wire"]

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.data.drift.model import ColumnDrift, DriftReport, JointDrift, Measure

T = TypeVar("T")
_HEAD = (
    "column",
    "type",
    "verdict",
    "measure",
    "effect",
    "warn",
    "fail",
    "p",
    "rows",
    "needed",
    "weight",
    "what",
)
# How soon a column gives way on a narrow terminal: the higher, the sooner; 0 never.
_WEIGHTS = (0.0, 5.0, 0.0, 3.0, 0.0, 4.0, 4.5, 2.0, 6.5, 6.0, 5.5, 1.0)
_STYLES = {"fail": "red", "error": "bold red", "warn": "yellow", "pass": "green", "insufficient": "cyan"}
_NAME = 40
_FOLDED = 3  # columns without a verdict that are listed one by one
_NAMES = 6
_FLOAT = 12  # significant digits


def drift_text(report: DriftReport, form: str, *, width: int | None = None, brief: bool = False) -> str:
    """Return the comparison in one of its forms.

    Parameters
    ----------
    form : str
        `table`, `csv` or `md`.
    brief : bool
        Only the columns about which there is something to say, where there are many.
    """
    head: tuple[str, ...] = _HEAD
    weights: tuple[float, ...] = _WEIGHTS
    rows = [_row(each) for each in report.columns]
    if report.weighted == "equal":  # all the same, so not worth a column
        at = head.index("weight")
        head, weights = _but(head, at), _but(weights, at)
        rows = [_but(row, at) for row in rows]
    if form == "csv":
        return list_text(_CSV, [_csv_row(each) for each in report.columns], "csv")
    if form == "md":
        parts = (f"{_headline(report)}\n", list_text(head, rows, "md"), _told_md(report), _notes_md(report))
        return "\n".join(part for part in parts if part)
    shown = list(zip(report.columns, rows, strict=True))
    telling = [pair for pair in shown if pair[0].verdict != "pass"]
    quiet = len(shown) - len(telling)
    if brief and quiet > 10 and telling:
        shown = telling
    else:
        quiet = 0
    few = [each for each, _ in shown if each.verdict == "insufficient"] if brief else []
    if len(few) <= _FOLDED:
        few = []
    shown = [pair for pair in shown if pair[0] not in few]
    cells = [_cells(head, row, each) for each, row in shown]
    table = runs_table(head, cells, weights, width=width) if cells else ""
    more = f"{quiet} more columns pass; -v shows them.\n" if quiet else ""
    return f"{table}{_few_text(few)}{more}{_joint_text(report.joint)}"


def _few_text(columns: Sequence[ColumnDrift]) -> str:
    """Return one line for all columns without a verdict: they say the same, each with numbers of its own."""
    if not columns:
        return ""
    most = max((each.needed or 0 for each in columns), default=0)
    rows = min(min(each.n_reference, each.n_current) for each in columns)
    names = ", ".join(short_text(each.name, _NAME) for each in columns[:_NAMES])
    more = f" and {len(columns) - _NAMES} more" if len(columns) > _NAMES else ""
    why = f"{rows:,} rows are too few, {most:,} would do for all of them" if most > rows else "no verdict"
    return f"{len(columns)} columns are insufficient ({names}{more}): {why}; -v shows them.\n"


def drift_summary(report: DriftReport) -> str:
    """Return the sentence, and what was noticed on the way."""
    notes = "".join(f"{warning}\n" for warning in report.warnings)
    return f"{notes}{report.verdict}: {report.sentence}\n"


def _told_md(report: DriftReport) -> str:
    return f"{_joint_text(report.joint)}{report.sentence}\n"


def _notes_md(report: DriftReport) -> str:
    return "".join(f"- {warning}\n" for warning in report.warnings)


def _headline(report: DriftReport) -> str:
    return f"**{report.verdict}**: {report.current.name} against {report.reference.name}"


def _row(column: ColumnDrift) -> tuple[str, ...]:
    main = _main(column)
    return (
        short_text(column.name, _NAME),
        column.type,
        column.verdict,
        column.measure,
        "" if main is None else value_text(main),
        "" if main is None else band_text(main, main.warn),
        "" if main is None else band_text(main, main.fail),
        "" if column.p_adjusted is None else p_text(column.p_adjusted),
        f"{column.n_reference:,} → {column.n_current:,}",
        "" if column.needed is None else f"{column.needed:,}",
        f"{column.weight:.1%}",
        _what(column) or (column.reason if column.verdict in ("insufficient", "error") else ""),
    )


def _what(column: ColumnDrift) -> str:
    """Return the cause, and of which class that is said."""
    about = class_of(column) if column.cause not in ("", "relabelled") else ""
    return f"{column.cause}: {short_text(about, _NAME)}" if about else column.cause


def _but(row: tuple[T, ...], at: int) -> tuple[T, ...]:
    return (*row[:at], *row[at + 1 :])


def _cells(head: Sequence[str], row: Sequence[str], column: ColumnDrift) -> list[Cell]:
    cells = []
    for name, text in zip(head, row, strict=True):
        style = _STYLES[column.verdict] if name == "verdict" else ""
        right = name in ("effect", "warn", "fail", "p", "needed", "weight")
        cells.append(Cell(text, style, right=right, elastic=name in ("what", "column")))
    return cells


def _main(column: ColumnDrift) -> Measure | None:
    return next((each for each in column.measures if each.name == column.measure), None)


def _joint_text(joint: JointDrift | None) -> str:
    if joint is None:
        return ""
    if joint.auc is None or joint.low is None or joint.high is None:
        return f"All columns together: {joint.verdict}, {joint.reason}.\n"
    interval = f"{joint.auc:.3f} ({joint.low:.3f} to {joint.high:.3f})"
    bands = f"warns over {joint.warn:g}, fails over {joint.fail:g}"
    rows = f"{joint.n_reference:,} rows of each"
    lines = [f"All columns together: {joint.verdict}, area under the ROC curve {interval}, {rows}; {bands}"]
    if joint.folds:
        lines.append(f"  judged on {joint.folds}")
    if joint.shared:
        lines.append(f"  {shared_text(joint)}")
    if joint.separators and joint.verdict != "pass":
        names = ", ".join(f"{each.name} ({each.drop:.3f})" for each in joint.separators[:5])
        lines.append(f"  told apart by {names}")
    if joint.dropped:
        names = ", ".join(f"{name} ({why})" for name, why in joint.dropped[:6])
        more = f" and {len(joint.dropped) - 6} more" if len(joint.dropped) > 6 else ""
        lines.append(f"  not looked at: {names}{more}")
    return "".join(f"{line}\n" for line in lines)


_CSV = (
    "column", "type", "verdict", "measure", "effect", "warn", "fail", "test", "statistic", "p_value", "p_adjusted",
    "n_reference", "n_current", "missing_reference", "missing_current", "needed", "weight", "cause", "reason",
)  # fmt: skip


def _csv_row(column: ColumnDrift) -> tuple[str, ...]:
    values = [column.name, *(getattr(column, name) for name in _CSV[1:])]
    return tuple("" if each is None else str(_plain(each)) for each in values)


def _plain(value: Any) -> Any:
    """Return a value as CSV has it: numbers with 12 digits, empty for none that is one."""
    if isinstance(value, float):
        return f"{value:.{_FLOAT}g}" if math.isfinite(value) else ""
    return value
