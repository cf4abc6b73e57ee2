"""Counts drawn: histograms of one or two tables, and classes as level bars with their shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.render.chart import Axis, Key, area, bars, line, plot
from mlops_cli.render.chart_scale import PERCENT, Scale, fixed_scale, scale_of, tick_texts
from mlops_cli.render.fitting import text_width
from mlops_cli.render.page_numbers import share_text
from mlops_cli.render.page_parts import name, text

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEXTS = 5  # texts below a histogram at most
_ROOM = 20.0  # ems below the narrowest histogram, on a small phone
_LABEL = 16  # characters of the longest text that stands there


@dataclass(frozen=True, slots=True)
class Slot:
    """One step of a histogram whose steps are equally wide: its text, and the share that each table has of it, 0 to 1."""

    label: str
    first: float
    second: float | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One class: its name, its share 0 to 1 in one table or two, and whether it is a name of the data or a word of ours."""

    label: str
    first: float
    second: float | None = None
    ours: bool = False


def slots_chart(
    title: str,
    description: str,
    slots: Sequence[Slot],
    names: tuple[str, str],
    height: int = 120,
    scale: Scale | None = None,
) -> str:
    """Return a histogram of slots: the first table as bars, the second as a line.

    Parameters
    ----------
    scale : Scale or None
        Over the slots, counted from 0; without it some slots have their text below them.
    """
    scale = scale or _slot_scale(slots)
    both = any(slot.second is not None for slot in slots)
    up = _up([slot.first for slot in slots] + [slot.second for slot in slots if slot.second is not None])
    gap = 0.06 if len(slots) <= 24 else 0.0
    said = [
        (place + gap, place + 1 - gap, slot.first, _slot_tip(slot, names)) for place, slot in enumerate(slots)
    ]
    marks = [bars(said, scale, up, "a-soft" if both else "a")]
    if both:
        marks.append(line(_steps(slots), scale, up, "b", steps=True))
    keys = (Key("a-soft", "bar", names[0]), Key("b", "line", names[1])) if both else ()
    return plot(title, description, Axis(scale, grid=False), Axis(up), marks, keys=keys, height=height)


def levels(rows: Sequence[Level], kind: str = "a", *, of_all: bool = False) -> str:
    """Return classes with a bar for each table; the longest bar is the largest share, with `of_all` all rows."""
    most = 1.0 if of_all else max((max(row.first, row.second or 0.0) for row in rows), default=0.0) or 1.0
    parts = []
    for row in rows:
        shown = f'<span class="ours">{text(row.label, 60)}</span>' if row.ours else name(row.label, 60)
        drawn = f'<i class="{kind if row.second is None else "a-soft"}" style="width:{100 * row.first / most:.1f}%"></i>'
        amount = share_text(row.first)
        if row.second is not None:
            drawn += f'<i class="b" style="width:{100 * row.second / most:.1f}%"></i>'
            amount += f" → {share_text(row.second)}"
        parts.append(
            f'<li>{shown}<span class="amount">{amount}</span><span class="track">{drawn}</span></li>'
        )
    return f'<ul class="tops">{"".join(parts)}</ul>\n' if parts else ""


def histogram(
    title: str,
    description: str,
    edges: Sequence[float],
    series: Sequence[tuple[str, str, Sequence[float]]],
    *,
    x_title: str = "",
    x: Scale | None = None,
    extra: Sequence[str] = (),
    height: int = 180,
) -> str:
    """Return a histogram between edges.

    Parameters
    ----------
    edges : sequence of float
        Ascending, one more than each series has values.
    series : sequence of (name, class, values)
        The first as bars, the others as areas with their outline.
    extra : sequence of str
        Marks on top.
    """
    across = x or fixed_scale(edges[0], edges[-1], [])
    up = scale_of([value for _, _, values in series for value in values], zero=True, most=4)
    marks = []
    for place, (label, kind, values) in enumerate(series):
        if place == 0:
            rows = [
                (edges[i], edges[i + 1], value, f"{label}: {value:,.0f}") for i, value in enumerate(values)
            ]
            marks.append(bars(rows, across, up, kind))
        else:
            points = [
                (edges[0], 0.0),
                *((edges[i], value) for i, value in enumerate(values)),
                (edges[-1], 0.0),
            ]
            stepped = [point for i, point in enumerate(points) if i > 0]
            marks += [
                area([(edges[0], values[0]), *_edges(edges, values)], across, up, kind, steps=False),
                line(_edges(edges, values) if stepped else [], across, up, kind),
            ]
    keys = [
        Key(kind, "bar" if place == 0 else "line", label) for place, (label, kind, _) in enumerate(series)
    ]
    return plot(
        title,
        description,
        Axis(across, x_title, grid=False),
        Axis(up, "rows"),
        [*marks, *extra],
        keys=keys if len(series) > 1 else (),
        height=height,
    )


def _edges(edges: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    """Return the outline of a histogram, corner by corner."""
    points = [(edges[0], 0.0)]
    for place, value in enumerate(values):
        points += [(edges[place], value), (edges[place + 1], value)]
    return [*points, (edges[-1], 0.0)]


def _steps(slots: Sequence[Slot]) -> list[tuple[float, float]]:
    points = [(0.0, 0.0)]
    points += [(float(place), slot.second or 0.0) for place, slot in enumerate(slots)]
    # The height of a step is reached where it begins.
    stepped = [points[0]]
    for place, slot in enumerate(slots):
        stepped.append((float(place), slot.second or 0.0))
    return [*stepped, (float(len(slots)), 0.0)]


def _slot_scale(slots: Sequence[Slot]) -> Scale:
    """Return a scale of places, with the texts of a few slots that have room beside each other."""
    last = len(slots) - 1
    widest = max((text_width(slot.label) for slot in slots if len(slot.label) <= _LABEL), default=0) + 1
    most = max(2, min(_TEXTS, int(_ROOM / widest), len(slots)))
    chosen = sorted({round(place * last / max(most - 1, 1)) for place in range(most)}) if slots else []
    texts = tuple(slots[place].label if len(slots[place].label) <= _LABEL else "" for place in chosen)
    return Scale(0.0, float(max(len(slots), 1)), tuple(place + 0.5 for place in chosen), texts)


def _up(values: Sequence[float]) -> Scale:
    scale = scale_of(values, zero=True, most=3)
    if scale.high > 0.75:
        return PERCENT
    texts = tuple(f"{said}%" for said in tick_texts([100 * tick for tick in scale.ticks]))
    return Scale(scale.low, scale.high, scale.ticks, texts)


def _slot_tip(slot: Slot, names: tuple[str, str]) -> str:
    first = f"{slot.label}: {names[0]} {share_text(slot.first)}".removeprefix(": ")
    return first if slot.second is None else f"{first}, {names[1]} {share_text(slot.second)}"
