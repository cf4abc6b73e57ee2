"""Two profiles as one page: which columns changed, how far, and in which figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.data.profile.model import BooleanProfile, CategoricalProfile, NumericProfile, TextProfile
from mlops_cli.history.compare_profiles import most_changed, telling
from mlops_cli.render.chart_counts import Level, Slot, levels, slots_chart
from mlops_cli.render.chart_rows import Row, rows_chart
from mlops_cli.render.chart_scale import scale_of
from mlops_cli.render.page_frame import Head, Section, card, grid, page
from mlops_cli.render.page_numbers import amount_text, share_text
from mlops_cli.render.page_parts import Cell, absent, details, name, paragraph, table, text
from mlops_cli.render.profile_slots import (
    ends,
    length_counts,
    shares,
    step_texts,
    steps_between,
    steps_scale,
    time_text,
)
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.data.profile.diff import Change, ColumnDiff, ProfileDiff
    from mlops_cli.data.profile.model import AnyColumn

_ROWS = 60
_CARDS = 100
_SHOWN = 4  # of a column's figures those that stand below its drawing; the rest is folded
_VALUES = 10
_MANY = 0.01  # more rows than that beyond nearly all rows of the first profile are told
_LOUD = {"removed": 0, "added": 1, "other kind": 2}
_NAMES = ("before", "after")


def profile_diff_page(diff: ProfileDiff, before: str = "before", after: str = "after") -> str:
    """Return the page of two profiles.

    Parameters
    ----------
    before, after : str
        What people call the two.
    """
    told = diff.told
    changed = [each for each in most_changed(diff) if each in told]
    little = len(diff.changed) - len(told)
    chance = f" {little:,} more differ{'s' if little == 1 else ''} no more than by chance." if little else ""
    sentence = (
        f"{count_text(len(changed), 'column')} of {len(diff.columns):,} changed.{chance}"
        if changed
        else "No column changed by more than chance."
        if little
        else "No figure of any column changed."
    )
    layout = (
        ""
        if diff.one_layout
        else "The two were not counted on the same bins, so there are no distances: only figures are compared."
    )
    head = Head(
        "Profiles compared",
        f"{after} against {before}",
        sentence,
        more=layout,
        facts=[
            ("rows before", f"{diff.before.rows:,}"),
            ("rows after", f"{diff.after.rows:,}"),
            ("columns before", f"{len(diff.before.columns):,}"),
            ("columns after", f"{len(diff.after.columns):,}"),
        ],
    )
    shown = changed[:_CARDS]
    rest = len(changed) - len(shown)
    cards = grid([_card(each) for each in shown])
    cards += paragraph(f"{count_text(rest, 'more column')} changed less.", "quiet") if rest > 0 else ""
    sections = [
        Section(
            "changed",
            "Columns by change",
            _overview(changed),
            "Distance between both: 0 is no difference, 1 is nothing in common. It is no verdict.",
        ),
        Section("columns", "Column by column", cards, "Shares of all rows of each profile."),
    ]
    return page(head, sections, "Whether a change matters is what mlops drift says.")


def _overview(changed: Sequence[ColumnDiff]) -> str:
    if not changed:
        return ""
    scale = scale_of([each.distance for each in changed], zero=True, most=4)
    rows = [
        Row(name(each.name), each.distance, None, None, _distance(each), text(_kind(each)), bar=True)
        for each in changed[:_ROWS]
    ]
    rest = len(changed) - len(rows)
    more = paragraph(f"{count_text(rest, 'more column')} changed less.", "quiet") if rest > 0 else ""
    return card(rows_chart("Distance of each column", rows, scale, heads=("column", "distance", "")) + more)


def _distance(each: ColumnDiff) -> str:
    if each.status in _LOUD:
        return f"<strong>{text(each.status)}</strong>"
    return (
        f'<span class="value">{each.distance:.3f}</span>'
        if each.distance is not None
        else absent("other bins")
    )


def _kind(each: ColumnDiff) -> str:
    if each.before is not None and each.after is not None and each.before.kind != each.after.kind:
        return f"{each.before.kind} → {each.after.kind}"
    known = each.after or each.before
    return known.kind if known is not None else ""


def _card(each: ColumnDiff) -> str:
    drawn = ""
    if each.status == "removed":
        drawn = paragraph("The second profile does not have it.")
    elif each.status == "added":
        drawn = paragraph("The first profile does not have it.")
    elif each.before is not None and each.after is not None:
        drawn = _overlay(each.before, each.after)
    heads = ("figure", *_NAMES)
    ranked = sorted(telling(each), key=lambda change: change.chance)  # what may be chance is folded away
    rows = [_change(change) for change in ranked]
    shown = min(_SHOWN, len(each.told))
    figures = table(heads, rows[:shown]) if shown else ""
    if len(rows) > shown:
        figures += details(f"{count_text(len(rows) - shown, 'more figure')}", table(heads, rows[shown:]))
    return card(drawn + figures, name(each.name), _distance(each), text(_kind(each)))


def _overlay(before: AnyColumn, after: AnyColumn) -> str:
    if before.private or after.private or not before.rows or not after.rows:
        return ""
    if isinstance(before, NumericProfile) and isinstance(after, NumericProfile):
        return _numbers(before, after)
    if isinstance(before, CategoricalProfile) and isinstance(after, CategoricalProfile):
        first, second = (
            dict(zip(before.values, before.counts, strict=True)),
            dict(zip(after.values, after.counts, strict=True)),
        )
        keys = list(dict.fromkeys((*before.values, *after.values)))
        keys.sort(key=lambda key: -max(first.get(key, 0) / before.rows, second.get(key, 0) / after.rows))
        rows = [
            Level(key, first.get(key, 0) / before.rows, second.get(key, 0) / after.rows)
            for key in keys[:_VALUES]
        ]
        return levels([*rows, *_missing(before, after)])
    if isinstance(before, BooleanProfile) and isinstance(after, BooleanProfile):
        rows = [
            Level("true", before.true / before.rows, after.true / after.rows),
            Level("false", before.false / before.rows, after.false / after.rows),
        ]
        return levels([*rows, *_missing(before, after)])
    if isinstance(before, TextProfile) and isinstance(after, TextProfile):
        first, second = dict(length_counts(before)), dict(length_counts(after))
        labels = sorted({*first, *second}, key=int)
        slots = [
            Slot(label, first.get(label, 0) / before.rows, second.get(label, 0) / after.rows)
            for label in labels
        ]
        return (slots_chart("", "Lengths in both profiles", slots, _NAMES) if slots else "") + levels(
            _missing(before, after)
        )
    return levels(_missing(before, after))


def _numbers(before: NumericProfile, after: NumericProfile) -> str:
    slots: list[Slot] = []
    scale = None
    if before.discrete and before.points == after.points:
        both = zip(before.points, before.point_counts, after.point_counts, strict=True)
        slots = [Slot(amount_text(point), a / before.rows, b / after.rows) for point, a, b in both]
        if sum(before.counts) or sum(after.counts):
            slots.append(Slot("other", sum(before.counts) / before.rows, sum(after.counts) / after.rows))
    else:
        found = ends([before, after])
        if found is not None:
            edges = steps_between(*found)
            scale = steps_scale(edges)
            drawn = zip(step_texts(edges), shares(before, edges), shares(after, edges), strict=True)
            slots = [Slot(label, a, b) for label, a, b in drawn]
    chart = (
        slots_chart("", "Shares of the rows in both profiles", slots, _NAMES, scale=scale) if slots else ""
    )
    return chart + levels([*_beyond(before, after), *_missing(before, after)])


def _beyond(before: NumericProfile, after: NumericProfile) -> list[Level]:
    """Return the rows beyond the range that is drawn, where they are more than the few that always are."""
    if before.discrete or before.low != after.low or before.high != after.high:
        return []
    found = [
        Level(
            f"under {amount_text(before.low)}",
            before.below / before.rows,
            after.below / after.rows,
            ours=True,
        ),
        Level(
            f"over {amount_text(before.high)}",
            before.above / before.rows,
            after.above / after.rows,
            ours=True,
        ),
    ]
    return [level for level in found if max(level.first, level.second or 0.0) >= _MANY]


def _missing(before: AnyColumn, after: AnyColumn) -> list[Level]:
    if not before.missing and not after.missing:
        return []
    return [Level("missing", before.missing / before.rows, after.missing / after.rows, ours=True)]


def _change(change: Change) -> tuple[Cell, ...]:
    return (
        Cell(name(change.what)),
        *(
            Cell(f"{'~' if about else ''}{_value(value, change.form)}", number=change.form != "text")
            for value, about in zip((change.before, change.after), change.about, strict=True)
        ),
    )


def _value(value: float | str | None, form: str) -> str:
    if value is None:
        return absent()
    if isinstance(value, str):
        return name(value)
    if form == "time":
        return text(time_text(value / 1_000_000, 1))
    return share_text(value) if form == "share" else amount_text(value)
