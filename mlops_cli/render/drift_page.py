"""Two tables compared, as one page: what changed, how much, and how sure that is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlops_cli.data.spelling import quoted
from mlops_cli.render.chart_counts import Level, Slot, levels, slots_chart
from mlops_cli.render.chart_rows import Line, Row, rows_chart
from mlops_cli.render.chart_scale import MINUS, Scale
from mlops_cli.render.drift_page_joint import joint_part
from mlops_cli.render.page_frame import Head, Section, card, grid, page
from mlops_cli.render.page_numbers import amount_text, is_number, p_text, share_text
from mlops_cli.render.page_parts import (
    Cell,
    absent,
    badge,
    details,
    mark,
    name,
    paragraph,
    table,
    text,
)
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.data.drift.model import Cell as Counted
    from mlops_cli.data.drift.model import ColumnDrift, DriftReport, Measure

_ROWS = 60  # columns in the overview
_CARDS = 60  # columns that are drawn
_TABLE = 1000  # columns in the table
_ALIEN = 20
_MEASURES = {
    "js": "Jensen-Shannon distance",
    "wasserstein": "Wasserstein distance",
    "l-infinity": "largest change of a share",
    "difference": "difference of shares",
    "ratio": "ratio of shares",
    "missing": "change of the missing share",
    "infinite": "change of the infinite share",
    "unseen": "share of unseen values",
    "outside": "share outside of the range",
    "length": "distance of lengths",
    "shape": "distance of shapes",
    "ks": "Kolmogorov-Smirnov distance",
    "cramers_v": "Cramér's V",
}
_ZONES = Scale(0.0, 3.0, (0.0, 1.0, 2.0), ("0", "warn", "fail"))


def drift_page(report: DriftReport) -> str:
    """Return the page of a comparison."""
    first, second = report.reference, report.current
    head = Head(
        "Drift",
        f"{second.name} against {first.name}",
        report.sentence,
        report.verdict,
        facts=[
            ("reference", f"{name(first.name)}, {first.rows:,} rows"),
            ("current", f"{name(second.name)}, {second.rows:,} rows"),
            ("columns compared", f"{len(report.compared):,}"),
            ("failed", _weight(report.failed, report.weighted)),
            ("warned", _weight(report.warned, report.weighted)),
            *([("not judged", _weight(report.unjudged, report.weighted))] if report.unjudged else []),
        ],
    )
    sections = [
        Section(
            "columns",
            "Columns by effect",
            _overview(report.columns),
            "Each effect beside the bands of its own measure: from “warn” on it matters, from “fail” on it matters much. A column "
            "is marked only when its effect is that large, is no accident, and stands on enough rows.",
        ),
        Section("joint", "All columns together", joint_part(report.joint)),
        Section("details", "Column by column", _cards(report.columns), "Shares of the rows of each table."),
        Section("table", "All numbers", _numbers(report.columns), screen=True),
        Section("notes", "Noticed on the way", _notes(report)),
        Section("how", "How the numbers were made", _how(report)),
    ]
    return page(head, sections)


def _weight(share: float, weighted: str) -> str:
    return f"{share_text(share)} of the {'columns' if weighted == 'equal' else 'importance'}"


def _notes(report: DriftReport) -> str:
    """Return what was noticed of the tables on the way, small: it is about how they are written, not about the result."""
    said = [text(each) for each in report.warnings]
    for names, where in (
        (report.only_reference, "only in the reference"),
        (report.only_current, "only in the current table"),
    ):
        if names:
            shown = ", ".join(name(each) for each in names[:30])
            more = f" and {len(names) - 30:,} more" if len(names) > 30 else ""
            said.append(f"{count_text(len(names), 'column')} {where}: {shown}{more}")
    items = "".join(f"<li><small>{each}</small></li>" for each in said)
    return card(f'<ul class="plain">{items}</ul>') if said else ""


# Overview -------------------------------------------------------------------------------------------------------------


def zone(value: float, warn: float, fail: float) -> float:
    """Return an effect's place where 1 is its warn band and 2 its fail band, so that effects of all measures share an axis.

    Examples
    --------
    >>> zone(0.05, 0.1, 0.2), round(zone(0.15, 0.1, 0.2), 6), zone(9, 0.1, 0.2)
    (0.5, 1.5, 3.0)
    """
    size = abs(value)
    if size < warn:
        return size / warn
    if size < fail:
        return 1 + (size - warn) / (fail - warn)
    return min(3.0, 2 + (size - fail) / (2 * fail)) if fail else 3.0


def _overview(columns: Sequence[ColumnDrift]) -> str:
    rows = []
    for column in columns[:_ROWS]:
        drawn = None
        if is_number(column.effect) and column.effect is not None and column.warn and column.fail:
            drawn = zone(column.effect, column.warn, column.fail)
        said = f"{badge(column.verdict)}<small>{_effect(column)}</small>"
        kind = column.verdict if column.verdict in ("warn", "fail") else "grey"
        rows.append(Row(name(column.name), drawn, None, None, said, text(_under(column)), kind, bar=True))
    lines = [Line(1.0, "", "warn"), Line(2.0, "", "fail")]
    chart = rows_chart("Effect of each column", rows, _ZONES, lines, ("column", "effect", "verdict"))
    more = len(columns) - _ROWS
    rest = paragraph(f"{count_text(more, 'column')} with smaller effects: see all numbers below.", "quiet")
    return card(chart + (rest if more > 0 else "")) if columns else ""


def _under(column: ColumnDrift) -> str:
    return f"{column.type}, {column.cause}" if column.cause not in ("", column.type) else column.type


def _effect(column: ColumnDrift) -> str:
    if column.effect is None or math.isnan(column.effect):
        return absent(column.reason)
    if not column.measure:
        return ""
    return f"{text(_MEASURES.get(column.measure, column.measure))} {_size(column.measure, column.effect)}"


def _size(measure: str, value: float) -> str:
    if measure in ("difference", "missing", "infinite", "unseen", "outside", "l-infinity"):
        return share_text(value)
    return f"{value:.3f}".replace("-", MINUS) if is_number(value) and abs(value) < 100 else amount_text(value)


# Columns --------------------------------------------------------------------------------------------------------------


def _cards(columns: Sequence[ColumnDrift]) -> str:
    order = {"error": 0, "fail": 0, "warn": 1, "insufficient": 2}
    shown = sorted(columns, key=lambda column: order.get(column.verdict, 3))[:_CARDS]
    found = [_card(column) for column in shown]
    rest = len(columns) - len(shown)
    return grid(found) + (
        paragraph(f"{count_text(rest, 'column')} more are in the table below.", "quiet") if rest else ""
    )


def _card(column: ColumnDrift) -> str:
    said = paragraph(column.reason[:1].upper() + column.reason[1:])
    cells = _cells(column)
    numbers = details(
        "All measures",
        table(
            ("measure", "effect", "warn / fail", "p adjusted", ""),
            map(_measure, column.measures),
            kind="plain",
        ),
    )
    return card(
        said + cells + (numbers if column.measures else ""),
        name(column.name),
        badge(column.verdict),
        text(_under(column)),
    )


def _cells(column: ColumnDrift) -> str:
    ordered = [cell for cell in column.cells if cell.kind in ("bin", "value")]
    classes = [cell for cell in column.cells if cell.kind == "class"]
    apart = [cell for cell in column.cells if cell.kind not in ("bin", "value", "class")]
    first, second = column.n_reference, column.n_current
    parts = []
    if ordered:
        slots = [
            Slot(cell.label, _share(cell.reference, first), _share(cell.current, second)) for cell in ordered
        ]
        parts.append(
            slots_chart("", f"Shares of {column.name} in both tables", slots, ("reference", "current"))
        )
    rows = [_level(cell, first, second, ours=False) for cell in classes[:12]]
    if len(classes) > 12:
        rest = classes[12:]
        rows.append(
            Level(
                f"{count_text(len(rest), 'more value')}",
                _share(sum(cell.reference for cell in rest), first),
                _share(sum(cell.current for cell in rest), second),
                ours=True,
            )
        )
    rows += [_level(cell, first, second, ours=True) for cell in apart if cell.reference or cell.current]
    return "".join(parts) + levels(rows)


def _level(cell: Counted, first: int, second: int, *, ours: bool) -> Level:
    label = cell.kind if ours else cell.label
    return Level(label, _share(cell.reference, first), _share(cell.current, second), ours)


def _share(count: int, rows: int) -> float:
    return count / rows if rows else 0.0


def _measure(one: Measure) -> tuple[Cell, ...]:
    shown = _MEASURES.get(one.name, one.name)
    about = f" <small>{name(quoted(one.about))}</small>" if one.about else ""
    interval = (
        f" [{_size(one.name, one.low)}, {_size(one.name, one.high)}]"
        if one.low is not None and one.high is not None
        else ""
    )
    return (
        Cell(text(shown) + about),
        Cell(f'{_size(one.name, one.value)}<span class="interval">{interval}</span>', number=True),
        Cell(
            f"{_size(one.name, one.warn)} / {_size(one.name, one.fail)}" if one.fail else "none", number=True
        ),
        Cell(p_text(one.p_adjusted) if one.p_adjusted is not None else absent(), number=True),
        Cell(mark(one.verdict) + f'<span class="hidden">{text(one.verdict)}</span>'),
    )


# All numbers ----------------------------------------------------------------------------------------------------------


def _numbers(columns: Sequence[ColumnDrift]) -> str:
    heads = (
        "column",
        "type",
        "verdict",
        "measure",
        "effect",
        "p adjusted",
        "test",
        "rows",
        "missing",
        "weight",
    )
    shown = columns[:_TABLE]
    rows = [
        (
            Cell(name(column.name)),
            Cell(text(column.type)),
            Cell(badge(column.verdict)),
            Cell(text(_MEASURES.get(column.measure, column.measure))),
            Cell(
                _size(column.measure, column.effect) if column.effect is not None else absent(), number=True
            ),
            Cell(p_text(column.p_adjusted) if column.p_adjusted is not None else absent(), number=True),
            Cell(text(column.test)),
            Cell(f"{column.n_reference:,} → {column.n_current:,}", number=True),
            Cell(
                f"{share_text(_share(column.missing_reference, column.n_reference))} → "
                f"{share_text(_share(column.missing_current, column.n_current))}",
                number=True,
            ),
            Cell(share_text(column.weight), number=True),
        )
        for column in shown
    ]
    rest = len(columns) - len(shown)
    more = (
        paragraph(f"{count_text(rest, 'more column')} with smaller effects: mlops drift --json has them all.")
        if rest
        else ""
    )
    return (
        card(details(f"{count_text(len(shown), 'column')} as a table", table(heads, rows) + more))
        if rows
        else ""
    )


def _how(report: DriftReport) -> str:
    chosen = report.settings
    lines = [
        (
            f"An effect matters from {chosen.warn:g} on and matters much from {chosen.fail:g} on, as a Jensen-Shannon distance of"
            " base 2 without what chance adds; other measures have bands that mean the same."
        ),
        f"P-values are adjusted after Benjamini and Hochberg over all tests of the comparison; the bound is {chosen.q:g}.",
        f"A column is judged with {chosen.min_rows} rows on each side or more; with fewer it is insufficient, never passed.",
        (
            f"The whole fails when columns with {share_text(chosen.share)} of the weight fail, or a single one does that is broken"
            " at the source or full of values that the reference never had, or when rows can be told apart."
        ),
        "Missing and infinite values are counted as what they are, not left out.",
    ]
    if report.ignored:
        lines.append(f"Left out on request: {', '.join(report.ignored[:50])}.")
    return card('<ul class="plain">' + "".join(f"<li>{text(said)}</li>" for said in lines) + "</ul>")
