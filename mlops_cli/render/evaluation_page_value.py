"""The part of an evaluation's page about what the model's decisions are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.render.chart import Axis, Key, dots, line, plot, whiskers
from mlops_cli.render.chart_scale import scale_of
from mlops_cli.render.evaluation_page_curves import score_scale
from mlops_cli.render.page_frame import Section, card, grid
from mlops_cli.render.page_numbers import amount_text
from mlops_cli.render.page_parts import Cell, facts, measured, name, table, text

if TYPE_CHECKING:
    from mlops_cli.evaluation.findings import Worth


def value_section(found: Worth | None) -> Section:
    """Return what the model's decisions are worth."""
    if found is None:
        return Section("value", "", "")
    per_row, total = found.per_row, found.total
    shown = facts(
        [
            (
                "a row",
                f"{measured(per_row.value, per_row.low, per_row.high, per_row.note)} {text(found.unit)}",
            ),
            ("all rows", f"{measured(total.value, total.low, total.high, total.note)} {text(found.unit)}"),
            (
                f"a row, were every answer “{found.simple_class}”",
                f"{measured(found.simple)} {text(found.unit)}",
            ),
            *(
                [("best threshold", f"{found.best.threshold:.4g}: {amount_text(found.best.per_row)} a row")]
                if found.best is not None
                else []
            ),
        ]
    )
    cells = (
        [Cell(name(label)), *(Cell(amount_text(gain), number=True) for gain in row)]
        for label, row in zip(found.classes, found.matrix, strict=False)
    )
    gains = table(["truly ↓ answered →", *found.classes], cells)
    cards = [card(f"{shown}<h3>What each answer gains or costs</h3>{gains}")]
    if len(found.thresholds) > 1:
        cards.append(card(_worth_curve(found)))
    return Section("value", "What it is worth", grid(cards, "wide"))


def _worth_curve(found: Worth) -> str:
    points = [(one.threshold, one.per_row) for one in found.thresholds]
    across = score_scale([at for at, _ in points])
    ends = [
        (one.threshold, one.low, one.high)
        for one in found.thresholds
        if one.low is not None and one.high is not None
    ]
    up = scale_of(
        [*(value for _, value in points), *(n for _, low, high in ends for n in (low, high)), found.simple]
    )
    marks = [
        whiskers(ends, across, up, "a-soft"),
        line([(across.low, found.simple), (across.high, found.simple)], across, up, "ideal"),
        line(points, across, up, "a"),
    ]
    if found.best is not None:
        marks.append(dots([(found.best.threshold, found.best.per_row, "best")], across, up, "b", 5))
    return plot(
        "Value by threshold",
        f"Mean gain of a row in {found.unit} for every threshold",
        Axis(across, "threshold"),
        Axis(up, f"{found.unit} a row"),
        marks,
        keys=(
            Key("a", "line", "value of a row, with its interval"),
            *((Key("b", "dot", "best"),) if found.best is not None else ()),
            Key("ideal", "dash", f"every answer “{found.simple_class}”"),
        ),
        height=220,
    )
