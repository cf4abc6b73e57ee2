"""The part of a drift page about all columns together: whether rows can be told apart, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.data.drift.words import shared_text
from mlops_cli.render.chart_rows import Line, Row, rows_chart
from mlops_cli.render.chart_scale import fixed_scale, scale_of
from mlops_cli.render.page_frame import card
from mlops_cli.render.page_numbers import p_text, share_text
from mlops_cli.render.page_parts import (
    Cell,
    badge,
    details,
    facts,
    measured,
    name,
    note,
    paragraph,
    table,
    text,
)
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from mlops_cli.data.drift.model import JointDrift

_ALIEN = 20


def joint_part(joint: JointDrift | None) -> str:
    """Return the part; empty where the tables were not compared as a whole, and nobody asked for it."""
    if joint is None:
        return ""
    if joint.auc is None:
        return card(note(joint.verdict, "The tables were not compared as a whole", paragraph(joint.reason)))
    scale = fixed_scale(0.5, 1.0, (0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    row = Row(
        "area under the ROC curve",
        joint.auc,
        joint.low,
        joint.high,
        measured(joint.auc, joint.low, joint.high),
        "0.5 is chance",
    )
    lines = [
        Line(joint.warn, f"warn from {joint.warn:g} on", "warn"),
        Line(joint.fail, f"fail from {joint.fail:g} on", "fail"),
    ]
    said = (
        "A classifier was asked to tell rows of the two tables apart. At 0.5 it cannot; at 1 it always can. The verdict goes by "
        "the low end of the interval."
    )
    parts = [paragraph(said, "quiet"), rows_chart("How well rows can be told apart", [row], scale, lines)]
    if joint.reason:
        parts.append(paragraph(joint.reason))
    parts.append(
        facts(
            [
                ("rows a side", f"{joint.n_reference:,} and {joint.n_current:,}"),
                *([("folds", text(joint.folds))] if joint.folds else []),
                *([("rows in both", shared_text(joint))] if joint.shared else []),
                *([("p by permutation", p_text(joint.p_value))] if joint.p_value is not None else []),
                *([("spread without a change", f"{joint.null_sd:.4f}")] if joint.null_sd is not None else []),
                *([("rows from", text(joint.source))] if joint.source else []),
            ]
        )
    )
    parts.append(_others(joint))
    cards = [card("".join(parts), "Can rows be told apart?", badge(joint.verdict))]
    if joint.separators:
        cards.append(
            card(_separators(joint), "What tells them apart", "", "loss of area when a column is shuffled")
        )
    return "".join(cards)


def _separators(joint: JointDrift) -> str:
    scale = scale_of(
        [n for each in joint.separators for n in (each.drop, each.low, each.high)], zero=True, most=4
    )
    rows = [
        Row(
            name(each.name),
            each.drop,
            each.low,
            each.high,
            measured(each.drop, each.low, each.high),
            bar=True,
        )
        for each in joint.separators
    ]
    return rows_chart("What tells the tables apart", rows, scale, [Line(0.0, "", "zero")])


def _others(joint: JointDrift) -> str:
    parts = []
    if joint.alien:
        rows = [
            (Cell(f"{row:,}", number=True), Cell(share_text(chance), number=True))
            for row, chance in joint.alien[:_ALIEN]
        ]
        parts.append(
            details(
                f"{count_text(len(rows), 'row')} of the current table that look least like the reference",
                table(("row", "chance of being from the reference"), rows),
            )
        )
    if joint.dropped:
        rows = [(Cell(name(column)), Cell(text(why))) for column, why in joint.dropped]
        parts.append(
            details(
                f"{count_text(len(rows), 'column')} that the classifier did not see",
                table(("column", "why"), rows),
            )
        )
    return "".join(parts)
