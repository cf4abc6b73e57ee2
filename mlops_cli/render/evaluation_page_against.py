"""The part of an evaluation's page that holds the model against another one, on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.render.chart_rows import Line, Row, rows_chart
from mlops_cli.render.chart_scale import scale_of
from mlops_cli.render.page_frame import Section, card
from mlops_cli.render.page_numbers import amount_text, interval_texts, is_number, p_text, signed
from mlops_cli.render.page_parts import Cell, absent, badge, details, measured, name, paragraph, table, text
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.evaluation.findings import Comparison, PairedMetric, SlicePair
    from mlops_cli.evaluation.measured import Measured

_SLICES = 100
_KINDS = {"better": "pass", "worse": "fail"}


def against_section(found: Comparison | None) -> Section:
    """Return the part; empty where there is no comparison."""
    if found is None:
        return Section("against", "", "")
    main = next((row for row in found.metrics if row.metric == found.main), None)
    rest = [row for row in found.metrics if row is not main]
    pairing = "by their order" if found.joined == "order" else f"by {found.joined.removeprefix('key:')}"
    parts = [paragraph(said, "quiet") for said in found.notes]
    if main is not None:
        parts.append(card(_difference([main]), text(main.metric), badge(main.verdict), _margin(main)))
    if rest:
        parts.append(card(_difference_table(rest), "The other metrics"))
    if found.slices:
        parts.append(
            card(
                _slices(found.slices),
                "A slice at a time",
                "",
                f"difference of {text(found.slices[0].metric.metric)}",
            )
        )
    return Section(
        "against",
        f"Against {found.against}",
        "".join(parts),
        f"Both models answered the same {count_text(found.n, 'row')}, paired {pairing}. Differences are this one minus the other.",
    )


def _margin(row: PairedMetric) -> str:
    return f"a difference within ±{amount_text(row.margin)} does not matter" if row.margin else ""


def difference_text(found: Measured) -> str:
    """Return a difference with its sign and interval as HTML."""
    if found.value is None or not is_number(found.value):
        return absent(found.note)
    value, low, high = interval_texts(found.value, found.low, found.high)
    around = f' <span class="interval">[{signed(low)}, {signed(high)}]</span>' if low else ""
    return f'<span class="value">{signed(value)}</span>{around}'


def _difference(rows: Sequence[PairedMetric]) -> str:
    numbers = [
        n
        for row in rows
        for n in (row.difference.value, row.difference.low, row.difference.high, row.margin, -row.margin)
    ]
    scale = scale_of(numbers, zero=True, most=3)
    drawn = [
        Row(
            "difference",
            row.difference.value,
            row.difference.low,
            row.difference.high,
            difference_text(row.difference),
            _values(row),
            _KINDS.get(row.verdict, "a"),
        )
        for row in rows
    ]
    margin = rows[0].margin
    lines = [
        *([Line(-margin, "does not matter", "band", margin)] if margin else []),
        Line(0.0, "no difference", "zero"),
    ]
    said = [row.reason for row in rows if row.reason]
    said += [f"p {p_text(row.p_value)} ({row.method})." for row in rows if row.p_value is not None]
    said += [f"About {row.needed:,} rows would likely decide it." for row in rows if row.needed is not None]
    return rows_chart("Difference between the models", drawn, scale, lines) + paragraph(
        " ".join(said), "quiet"
    )


def _values(row: PairedMetric) -> str:
    if row.value is None or row.base is None:
        return ""
    return f"{interval_texts(row.value, None, None)[0]} against {interval_texts(row.base, None, None)[0]}"


def _difference_table(rows: Sequence[PairedMetric]) -> str:
    cells = [
        (
            Cell(text(row.metric)),
            Cell(measured(row.value), number=True),
            Cell(measured(row.base), number=True),
            Cell(difference_text(row.difference), number=True),
            Cell(p_text(row.p_value) if row.p_value is not None else absent(), number=True),
            Cell(badge(row.verdict) + (f"<small> {text(row.reason)}</small>" if row.reason else "")),
        )
        for row in rows
    ]
    return table(("metric", "this model", "the other", "difference", "p", "verdict"), cells)


def _slices(slices: Sequence[SlicePair]) -> str:
    shown = slices[:_SLICES]
    numbers = [
        n
        for each in shown
        for n in (each.metric.difference.value, each.metric.difference.low, each.metric.difference.high)
    ]
    margin = shown[0].metric.margin
    rows = [
        Row(
            name(each.name),
            each.metric.difference.value,
            each.metric.difference.low,
            each.metric.difference.high,
            f"{difference_text(each.metric.difference)}<small>{badge(each.metric.verdict)}</small>",
            count_text(each.n, "row"),
            "grey" if each.metric.verdict == "insufficient" else _KINDS.get(each.metric.verdict, "a"),
        )
        for each in shown
    ]
    lines = [
        *([Line(-margin, "does not matter", "band", margin)] if margin else []),
        Line(0.0, "no difference", "zero"),
    ]
    chart = rows_chart(
        "Difference of each slice", rows, scale_of([*numbers, margin, -margin], zero=True, most=3), lines
    )
    heads = ("slice", "rows", "this model", "the other", "difference", "p adjusted", "verdict")
    cells = [
        (
            Cell(name(each.name)),
            Cell(f"{each.n:,}", number=True),
            Cell(measured(each.metric.value), number=True),
            Cell(measured(each.metric.base), number=True),
            Cell(difference_text(each.metric.difference), number=True),
            Cell(
                p_text(each.metric.p_adjusted) if each.metric.p_adjusted is not None else absent(),
                number=True,
            ),
            Cell(badge(each.metric.verdict)),
        )
        for each in slices
    ]
    return chart + details("As a table", table(heads, cells))
