"""The shape of a profiled column as steps of equal width, which two profiles can share whatever their bins are. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mlops_cli.render.chart_scale import Scale, nice_step, tick_texts, tight_scale
from mlops_cli.render.page_numbers import amount_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlops_cli.data.profile.model import NumericProfile, TextProfile, Timeline

_STEPS = 36
_LOUD = 0.25  # a single value of so many rows would leave nothing to see of the others
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ends(columns: Iterable[NumericProfile]) -> tuple[float, float] | None:
    """Return the range that holds nearly all numbers of some columns; None where there are none."""
    found: list[float] = []
    for column in columns:
        found += [end for end in (column.low, column.high) if end is not None]
        found += [point for point, rows in zip(column.points, column.point_counts, strict=True) if rows]
        if column.low is None:
            found += column.edges
    if not found:
        return None
    low, high = min(found), max(found)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def steps_between(low: float, high: float) -> list[float]:
    """Return round edges of equal width that hold a range; its highest value begins a step or lies in one.

    Examples
    --------
    >>> steps_between(0, 10)[:3], steps_between(0, 23)[-2:]
    ([0.0, 0.5, 1.0], [23.0, 24.0])
    """
    step = nice_step(high - low, _STEPS)
    first, last = math.floor(low / step + 1e-9), math.floor(high / step + 1e-9) + 1
    return [place * step for place in range(first, max(last, first + 1) + 1)]


def shares(
    column: NumericProfile, edges: Sequence[float], leave: frozenset[float] = frozenset()
) -> list[float]:
    """Return the share of a column's rows in each step; what a bin holds is spread evenly over its width.

    Parameters
    ----------
    leave : frozenset of float
        Points that are not counted.

    Returns
    -------
    list of float
        One less than edges; shares of all rows, so that missing ones and those beyond `low` and `high` leave less than 1.
    """
    counts = [0.0] * (len(edges) - 1)
    low, step = edges[0], edges[1] - edges[0]
    start = column.low if column.low is not None else low
    end = column.high if column.high is not None else edges[-1]
    borders = [min((start, *column.edges[:1])), *column.edges, max((end, *column.edges[-1:]))]
    inside = list(column.counts)
    inside[0], inside[-1] = inside[0] - column.below, inside[-1] - column.above
    for place, rows in enumerate(inside):
        if rows > 0:
            _spread(counts, edges, borders[place], borders[place + 1], rows)
    for point, rows in zip(column.points, column.point_counts, strict=True):
        if rows and point not in leave:
            counts[min(len(counts) - 1, max(0, int((point - low) / step + 1e-9)))] += rows
    return [count / column.rows if column.rows else 0.0 for count in counts]


def loud_points(columns: Iterable[NumericProfile]) -> frozenset[float]:
    """Return single values with so many rows that beside them nothing else could be seen."""
    found = set()
    for column in columns:
        for point, rows in zip(column.points, column.point_counts, strict=True):
            if column.rows and rows / column.rows > _LOUD:
                found.add(point)
    return frozenset(found)


def step_texts(edges: Sequence[float]) -> list[str]:
    """Return what stands below each step: where it begins."""
    return list(tick_texts(edges))[:-1]


def steps_scale(edges: Sequence[float]) -> Scale:
    """Return a scale over steps, counted from 0, with texts at round values."""
    step = edges[1] - edges[0]
    shown = tight_scale([edges[0], edges[-1]], most=4)
    return Scale(
        0.0, float(len(edges) - 1), tuple((tick - edges[0]) / step for tick in shown.ticks), shown.texts
    )


def time_text(seconds: float, width: int) -> str:
    """Return a moment as exactly as bins of a width tell it.

    Examples
    --------
    >>> time_text(0, 86400), time_text(1_700_000_000, 60)
    ('1970-01-01', '2023-11-14 22:13')
    """
    try:
        found = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return amount_text(seconds / 86400 / 365.25 + 1970)
    return f"{found:%Y-%m-%d}" if width >= 86400 else f"{found:%Y-%m-%d %H:%M}"


def timeline_counts(timeline: Timeline, first: int | None = None) -> list[tuple[str, int]]:
    """Return the text and the rows of each bin of a timeline.

    Parameters
    ----------
    first : int, optional
        The first time, in microseconds after 1970: no bin is said to begin before it.
    """
    begin = None if first is None else first // 1_000_000
    starts = [(timeline.start + place) * timeline.width for place in range(len(timeline.counts))]
    return [
        (time_text(start if begin is None else max(start, begin), timeline.width), rows)
        for start, rows in zip(starts, timeline.counts, strict=True)
    ]


def length_counts(column: TextProfile) -> list[tuple[str, int]]:
    """Return the text and the rows of each bin of lengths, without empty ones at the ends."""
    known = [place for place, rows in enumerate(column.lengths) if rows]
    if not known:
        return []
    starts = column.LENGTHS
    return [(str(starts[place]), column.lengths[place]) for place in range(known[0], known[-1] + 1)]


def _spread(counts: list[float], edges: Sequence[float], begin: float, end: float, rows: int) -> None:
    """Deal out rows of a bin over the steps that it covers."""
    low, step, last = edges[0], edges[1] - edges[0], len(counts) - 1
    first = min(last, max(0, int((begin - low) / step)))
    if end <= begin:
        counts[first] += rows
        return
    final = min(last, max(first, int((end - low) / step)))
    for place in range(first, final + 1):
        left = begin if place == first else edges[place]
        right = end if place == final else edges[place + 1]
        counts[place] += rows * max(0.0, right - left) / (end - begin)
