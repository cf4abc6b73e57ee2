"""What a profile's page shows of one column: its shape, its main figures, its most frequent values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.data.profile import reading
from mlops_cli.data.profile.model import BooleanProfile, CategoricalProfile, DatetimeProfile, NumericProfile
from mlops_cli.render.chart import place, tip
from mlops_cli.render.chart_counts import Level, Slot, levels, slots_chart
from mlops_cli.render.chart_scale import MINUS
from mlops_cli.render.page_frame import card
from mlops_cli.render.page_numbers import ABSENT, amount_text, share_text
from mlops_cli.render.page_parts import absent, facts, name, paragraph, text
from mlops_cli.render.profile_slots import (
    ends,
    length_counts,
    loud_points,
    shares,
    step_texts,
    steps_between,
    steps_scale,
    time_text,
    timeline_counts,
)
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.data.profile.model import AnyColumn, TextProfile

_VALUES = 8
_POINTS = 5
_STANDS_OUT = 0.05  # a single value of so many rows is named
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def column_card(column: AnyColumn) -> str:
    """Return the card of a column."""
    words = [
        column.kind,
        *([column.storage] if column.storage else []),
        *([] if column.missing or not column.rows else ["none missing"]),
    ]
    under = text(", ".join(words))
    if column.private:
        body = paragraph("Tagged pii: nothing about its values is kept.", "quiet")
    elif not column.n:
        body = paragraph("No row has a value.", "quiet")
    elif isinstance(column, NumericProfile):
        body = _numeric(column)
    elif isinstance(column, CategoricalProfile):
        body = _categorical(column)
    elif isinstance(column, BooleanProfile):
        body = _boolean(column)
    elif isinstance(column, DatetimeProfile):
        body = _datetime(column)
    else:
        body = _text(column)
    return card(missing_bar(column.missing, column.rows) + body, name(column.name), "", under)


def missing_bar(missing: int, rows: int) -> str:
    """Return the share of missing rows as a bar with its number; nothing where none is missing."""
    if not rows:
        return paragraph("There are no rows.", "quiet")
    if not missing:
        return ""
    return (
        f'<p class="missing"><small>{share_text(missing / rows)} missing ({count_text(missing, "row")})</small></p>'
        f'<div class="share" aria-hidden="true"><i class="b" style="width:{max(0.5, 100 * missing / rows):.2f}%"></i></div>\n'
    )


def distinct_text(column: AnyColumn) -> str:
    """Return how many different values a column has; `~` where that is an estimate."""
    count = column.distinct_count
    if count is None:
        return absent()
    return f"~{count:,}" if column.distinct_estimated else f"{count:,}"


def sparkline(column: AnyColumn) -> str:
    """Return the shape of a column without axes; empty where it has none."""
    values = _spark_values(column)
    most = max(values, default=0.0)
    if most <= 0:
        return ""
    wide = 100 / len(values)
    drawn = "".join(
        f'<rect x="{place(n * wide)}%" y="{place(100 - 100 * value / most)}%" width="{place(wide * 0.86)}%" '
        f'height="{place(100 * value / most)}%"/>'
        for n, value in enumerate(values)
        if value > 0
    )
    return f'<svg class="spark a" aria-hidden="true"><g class="bars a">{drawn}</g></svg>'


def _spark_values(column: AnyColumn) -> list[float]:
    if column.private or not column.n:
        return []
    if isinstance(column, NumericProfile):
        if column.discrete:
            return [float(rows) for rows in column.point_counts]
        found = ends([column])
        # As a terminal has it: without axes and words nobody would know that most rows are left out.
        return shares(column, steps_between(*found)) if found else []
    if isinstance(column, CategoricalProfile):
        return [float(rows) for rows in column.counts[:20]]
    if isinstance(column, BooleanProfile):
        return [float(column.false), float(column.true)]
    if isinstance(column, DatetimeProfile):
        return [float(rows) for rows in column.timeline.counts]
    return [float(rows) for _, rows in length_counts(column)]


# Kinds ----------------------------------------------------------------------------------------------------------------


def _numeric(column: NumericProfile) -> str:
    drawn = _discrete(column) if column.discrete and column.points else _continuous(column)
    quartiles = [reading.quantile(column, q) for q in (0.25, 0.5, 0.75)]
    rows = [
        ("mean", amount_text(column.moments.mean if column.moments is not None else None)),
        ("standard deviation", amount_text(column.moments.sd if column.moments is not None else None)),
        ("median", amount_text(quartiles[1])),
        (
            "middle half",
            f"{amount_text(quartiles[0])} to {amount_text(quartiles[2])}"
            if quartiles[0] is not None
            else ABSENT,
        ),
        *(
            [("nearly all", f"{amount_text(column.low)} to {amount_text(column.high)}")]
            if column.low is not None
            else []
        ),
        ("different", distinct_text(column)),
        *_some("zero", column.zero, column.n),
        *_some("negative", column.negative, column.n),
        *_some("+infinite", column.positive_infinite, column.n),
        *_some(f"{MINUS}infinite", column.negative_infinite, column.n),
        *([("order", text(column.order))] if column.order not in ("", "none") else []),
    ]
    return drawn + facts(rows)


def _discrete(column: NumericProfile) -> str:
    slots = [
        Slot(amount_text(point), rows / column.rows)
        for point, rows in zip(column.points, column.point_counts, strict=True)
    ]
    rest = sum(column.counts)
    chart = slots_chart("", f"Share of the rows of each value of {column.name}", slots, ("rows", ""))
    return chart + (
        paragraph(f"{share_text(rest / column.rows)} of the rows have other values.", "quiet") if rest else ""
    )


def _continuous(column: NumericProfile) -> str:
    found = ends([column])
    if found is None:
        return paragraph("Too few rows for a shape: values that few rows have are not kept.", "quiet")
    loud = loud_points([column])
    edges = steps_between(*found)
    drawn = shares(column, edges, loud)
    parts = []
    if any(drawn):
        slots = [Slot(label, share) for label, share in zip(step_texts(edges), drawn, strict=True)]
        said = f"Share of the rows of {column.name} in steps of equal width"
        parts.append(slots_chart("", said, slots, ("rows", ""), scale=steps_scale(edges)))
    points = sorted(zip(column.point_counts, column.points, strict=True), reverse=True)[:_POINTS]
    rows = [
        Level(amount_text(point), count / column.rows)
        for count, point in points
        if count >= _STANDS_OUT * column.rows
    ]
    if rows:
        left = ", not in the drawing where they would hide the others" if loud and any(drawn) else ""
        parts.append(
            paragraph(f"Values that many rows have{left}:", "quiet label") + levels(rows, of_all=True)
        )
    return "".join(parts)


def _categorical(column: CategoricalProfile) -> str:
    rows = [
        Level(value, count / column.rows)
        for value, count in list(zip(column.values, column.counts, strict=True))[:_VALUES]
    ]
    rest = sum(column.counts[_VALUES:]) + column.outside.rows
    if rest:
        more = len(column.values) - _VALUES
        rows.append(
            Level(f"{more:,} more and others" if more > 0 else "others", rest / column.rows, ours=True)
        )
    lengths = (
        f"{column.shortest:,} to {column.longest:,} characters"
        if column.shortest is not None and column.longest is not None
        else ""
    )
    found = [
        ("different", distinct_text(column)),
        *([("length", lengths)] if lengths else []),
        *_some("empty", column.empty, column.n),
        *_some("blank", column.blank, column.n),
        *_some("not in the baseline", round(column.outside.unseen_rows), column.n),
    ]
    return levels(rows) + facts(found)


def _boolean(column: BooleanProfile) -> str:
    return levels([Level("true", column.true / column.rows), Level("false", column.false / column.rows)])


def _datetime(column: DatetimeProfile) -> str:
    counted = timeline_counts(column.timeline, column.first)
    slots = [Slot(label, rows / column.rows) for label, rows in counted]
    parts = (
        [slots_chart("", f"Share of the rows of {column.name} over time", slots, ("rows", ""))]
        if slots
        else []
    )
    if column.hours and column.midnight < column.n:
        parts.append(_week(column.hours))
    rows = [
        *([("first", time_text(column.first // 1_000_000, 1))] if column.first is not None else []),
        *([("last", time_text(column.last // 1_000_000, 1))] if column.last is not None else []),
        ("time zone", text(column.zone or "none")),
        ("different", distinct_text(column)),
        *_some("at midnight", column.midnight, column.n),
    ]
    return "".join(parts) + facts(rows)


def _hour(n: int, rows: int) -> str:
    return f"{_DAYS[n // 24]} {n % 24}:00, {count_text(rows, 'row')}"


def _week(hours: Sequence[int]) -> str:
    """Return a row of 24 fields for each day of the week, the darker the more rows."""
    most = max(hours, default=0)
    if not most:
        return ""
    fields = "".join(
        f'<rect x="{place(100 * (n % 24) / 24)}%" y="{place(100 * (n // 24) / 7)}%" width="{place(97 / 24)}%"'
        f' height="{place(94 / 7)}%" style="opacity:{rows / most:.2f}">{tip(_hour(n, rows))}</rect>'
        for n, rows in enumerate(hours)
        if rows
    )
    days = "".join(
        f'<text x="0" dx="-6" y="{place(100 * (n + 0.5) / 7)}%" dy="4" text-anchor="end">{day}</text>'
        for n, day in enumerate(_DAYS)
    )
    ticks = "".join(
        f'<text x="{place(100 * hour / 24)}%" y="100%" dy="14" text-anchor="{"start" if hour == 0 else "middle"}">{hour}:00</text>'
        for hour in (0, 6, 12, 18)
    )
    return (
        '<div class="plot wide" style="--height:112px;padding:10px 10px 20px 38px"><svg role="img">'
        "<title>Rows by hour of the week</title>"
        f'<g class="bars a">{fields}</g>{days}{ticks}</svg></div>\n'
    )


def _text(column: TextProfile) -> str:
    lengths = length_counts(column)
    slots = [Slot(label, rows / column.rows) for label, rows in lengths]
    parts = (
        [slots_chart("", f"Lengths of {column.name}, in characters", slots, ("rows", ""))]
        if len(slots) > 1
        else []
    )
    shapes = list(zip(column.shapes, column.shape_counts, strict=True))[:_VALUES]
    if shapes:
        rows = [Level(shape, count / column.rows) for shape, count in shapes if count]
        rest = sum(column.shape_counts[_VALUES:]) + column.other_shapes
        rows += [Level("other shapes", rest / column.rows, ours=True)] if rest else []
        parts.append(paragraph("Shapes: A and a are letters, 9 digits.", "quiet label") + levels(rows))
    length = (
        f"{column.shortest:,} to {column.longest:,} characters"
        if column.shortest is not None and column.longest is not None
        else ""
    )
    found = [
        *([("length", length)] if length else []),
        ("different", distinct_text(column)),
        *_some("repeated", column.repeated or 0, column.n),
        *_some("empty", column.empty, column.n),
        *_some("blank", column.blank, column.n),
    ]
    return "".join(parts) + facts(found)


def _some(title: str, rows: int, of: int) -> list[tuple[str, str]]:
    return (
        [(title, f"{share_text(rows / of)} <small>({count_text(rows, 'row')})</small>")]
        if rows and of
        else []
    )
