"""Charts as SVG that is as wide as its place: an axis to the left and below, and marks between them.

Places are percents of the chart, so texts keep their size on a phone, on a desktop and on paper; only lines lie in a layer
that is stretched, and their strokes are not. Nothing here needs a program in the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from mlops_cli.render.fitting import fit_end, text_width
from mlops_cli.render.page_parts import text
from mlops_cli.render.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlops_cli.render.chart_scale import Scale

_FONT = 11  # pixels, as in the style sheet
_LINE = 18  # pixels from one line of texts to the next


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: where its values lie, and what they are."""

    scale: Scale
    title: str = ""
    grid: bool = True


@dataclass(frozen=True, slots=True)
class Key:
    """One row of a legend: the class that draws it, its form (`line`, `bar`, `dot`, `dash`, `dotted`), and its text."""

    kind: str
    form: str
    said: str


def plot(
    title: str,
    description: str,
    x: Axis,
    y: Axis | None,
    marks: Iterable[str],
    *,
    keys: Sequence[Key] = (),
    height: int = 200,
    square: bool = False,
    below: str = "",
) -> str:
    """Return a chart with its title, axes, marks and legend.

    Parameters
    ----------
    description : str
        What it shows, for whoever cannot see it.
    y : Axis or None
        None where heights have no scale of their own.
    marks : iterable of str
        As the functions below make them, the first at the bottom.
    height : int
        Pixels between the axes.
    square : bool
        As high as wide, whatever the height.
    below : str
        HTML under the chart: a table behind a fold, a sentence.
    """
    left = _left(y)
    right = max(10, round(text_width(x.scale.texts[-1]) * _FONT / 2) if x.scale.texts else 10)
    bottom = _LINE + 4 + (_LINE - 2 if x.title else 0)
    top = _LINE + 6 if y is not None and y.title else 8
    shape = "square" if square else "wide"
    size = f"padding:{top}px {right}px {bottom}px {left}px" + ("" if square else f";--height:{height}px")
    drawn = _x_axis(x) + (_y_axis(y, left) if y is not None else "") + "".join(marks)
    caption = f"<figcaption>{text(title)}</figcaption>\n" if title else ""
    return (
        f'<figure class="chart">{caption}{legend(keys)}'
        f'<div class="plot {shape}" style="{size}"><svg role="img">'
        f"<title>{text(title or description)}</title><desc>{text(description)}</desc>\n{drawn}</svg></div>\n{below}</figure>\n"
    )


def legend(keys: Sequence[Key]) -> str:
    """Return what the marks of a chart mean."""
    forms = {
        "line": '<path d="M0 6h18"/>',
        "dash": '<path d="M0 6h18" stroke-dasharray="4 3"/>',
        "dotted": '<path d="M0 6h18" stroke-dasharray="1.5 2.5"/>',
        "bar": '<rect x="3" y="1" width="12" height="10"/>',
        "dot": '<circle cx="9" cy="6" r="4"/>',
    }
    rows = "".join(
        f'<li><svg class="key {key.kind} {key.form}" viewBox="0 0 18 12" aria-hidden="true">{forms[key.form]}</svg>'
        f"{text(key.said, 60)}</li>"
        for key in keys
    )
    return f'<ul class="legend">{rows}</ul>\n' if rows else ""


def line(points: Iterable[tuple[float, float]], x: Scale, y: Scale, kind: str, *, steps: bool = False) -> str:
    """Return a line through points; with `steps` it changes its height only where a point lies."""
    return _layer(f'<path class="line {kind}" d="{path(points, x, y, steps=steps)}"/>')


def area(points: Sequence[tuple[float, float]], x: Scale, y: Scale, kind: str, *, steps: bool = False) -> str:
    """Return the space between a line and the foot of the chart."""
    if not points:
        return ""
    outline = path(points, x, y, steps=steps)
    last, first = place(x.at(points[-1][0])), place(x.at(points[0][0]))
    return _layer(f'<path class="area {kind}" d="{outline}L{last} 100L{first} 100z"/>')


def path(points: Iterable[tuple[float, float]], x: Scale, y: Scale, *, steps: bool = False) -> str:
    """Return the commands of a line, in percent.

    Examples
    --------
    >>> from mlops_cli.render.chart_scale import UNIT
    >>> path([(0, 0), (0.5, 1)], UNIT, UNIT), path([(0, 0), (0.5, 1)], UNIT, UNIT, steps=True)
    ('M0 100L50 0', 'M0 100H50V0')
    """
    parts: list[str] = []
    for across, up in points:
        left, top = place(x.at(across)), place(100 - y.at(up))
        if not parts:
            parts.append(f"M{left} {top}")
        else:
            parts.append(f"H{left}V{top}" if steps else f"L{left} {top}")
    return "".join(parts)


def bars(rows: Iterable[tuple[float, float, float, str]], x: Scale, y: Scale, kind: str) -> str:
    """Return upright bars: of each where it begins, where it ends, its height, and its tooltip."""
    parts = []
    for begin, end, height, said in rows:
        left, right, up = x.at(begin), x.at(end), y.at(height)
        if up <= 0 or right <= left:
            continue
        parts.append(
            f'<rect x="{place(left)}%" y="{place(100 - up)}%" width="{place(right - left)}%" height="{place(up)}%">'
            f"{tip(said)}</rect>"
        )
    return f'<g class="bars {kind}">{"".join(parts)}</g>\n'


def fields(edges: Sequence[float], counts: Sequence[Sequence[int]], x: Scale, y: Scale) -> str:
    """Return a field for each cell of a grid, first across, then up: the darker the more rows, none where there are none."""
    most = max((count for row in counts for count in row), default=0)
    parts = []
    for across, row in enumerate(counts):
        left, right = x.at(edges[across]), x.at(edges[across + 1])
        for up, count in enumerate(row):
            if not count:
                continue
            low, high = y.at(edges[up]), y.at(edges[up + 1])
            parts.append(
                f'<rect x="{place(left)}%" y="{place(100 - high)}%" width="{place(right - left)}%" height="{place(high - low)}%"'
                f' opacity="{0.12 + 0.88 * (count / most) ** 0.5:.2f}">{tip(f"{count:,} rows")}</rect>'
            )
    return f'<g class="bars a">{"".join(parts)}</g>\n'


def dots(rows: Iterable[tuple[float, float, str]], x: Scale, y: Scale, kind: str, radius: float = 3.5) -> str:
    """Return dots: of each its place across, its place up, and its tooltip."""
    parts = [
        f'<circle cx="{place(x.at(across))}%" cy="{place(100 - y.at(up))}%" r="{radius}">{tip(said)}</circle>'
        for across, up, said in rows
    ]
    return f'<g class="dots {kind}">{"".join(parts)}</g>\n'


def whiskers(rows: Iterable[tuple[float, float, float]], x: Scale, y: Scale, kind: str) -> str:
    """Return upright whiskers: of each its place across, its low and its high end."""
    parts = []
    for across, low, high in rows:
        at = place(x.at(across))
        parts.append(
            f'<line x1="{at}%" x2="{at}%" y1="{place(100 - y.at(low))}%" y2="{place(100 - y.at(high))}%"/>'
        )
    return f'<g class="whiskers {kind}">{"".join(parts)}</g>\n'


def rule(x: Scale, value: float, said: str, kind: str = "rule") -> str:
    """Return an upright line at a value, with a text at its head that stays inside."""
    at = x.at(value)
    anchor, shift = ("end", -4) if at > 60 else ("start", 4)
    words = (
        f'<text x="{place(at)}%" y="10" dx="{shift}" text-anchor="{anchor}">{text(said, 40)}</text>'
        if said
        else ""
    )
    return f'<g class="{kind}"><line x1="{place(at)}%" x2="{place(at)}%" y1="0" y2="100%"/>{words}</g>\n'


def tip(said: str) -> str:
    """Return what is shown where the mouse rests."""
    return f"<title>{escape(plain(said))}</title>" if said else ""


def place(percent: float) -> str:
    """Return a place in percent, as short as it is exact enough.

    Examples
    --------
    >>> place(12.3456), place(50.0), place(-0.0001)
    ('12.35', '50', '0')
    """
    return f"{percent + 0.0:.2f}".rstrip("0").rstrip(".") if abs(percent) >= 0.005 else "0"


def _layer(inside: str) -> str:
    return f'<svg class="layer" viewBox="0 0 100 100" preserveAspectRatio="none">{inside}</svg>\n'


def _left(y: Axis | None) -> int:
    """Return the pixels that the texts left of the chart need."""
    if y is None:
        return 10
    return round(max((text_width(said) for said in y.scale.texts), default=0) * _FONT) + 12


def _x_axis(x: Axis) -> str:
    parts = ['<line class="base" x1="0" x2="100%" y1="100%" y2="100%"/>']
    for tick, said in zip(x.scale.ticks, x.scale.texts, strict=True):
        at = place(x.scale.at(tick))
        if x.grid:
            parts.append(f'<line class="mesh" x1="{at}%" x2="{at}%" y1="0" y2="100%"/>')
        parts.append(
            f'<text class="tick" x="{at}%" y="100%" dy="{_LINE}" text-anchor="middle">{text(said, 24)}</text>'
        )
    if x.title:
        parts.append(
            f'<text class="axis" x="50%" y="100%" dy="{2 * _LINE - 2}" text-anchor="middle">{text(fit_end(x.title, 26))}</text>'
        )
    return "".join(parts) + "\n"


def _y_axis(y: Axis, left: int) -> str:
    parts = []
    for tick, said in zip(y.scale.ticks, y.scale.texts, strict=True):
        at = place(100 - y.scale.at(tick))
        if y.grid:
            parts.append(f'<line class="mesh" x1="0" x2="100%" y1="{at}%" y2="{at}%"/>')
        parts.append(
            f'<text class="tick" x="0" dx="-6" y="{at}%" dy="4" text-anchor="end">{text(said, 24)}</text>'
        )
    if y.title:
        parts.append(
            f'<text class="axis" x="0" dx="{6 - left}" y="0" dy="-9">{text(fit_end(y.title, 26))}</text>'
        )
    return "".join(parts) + "\n"
