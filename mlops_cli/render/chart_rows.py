"""Rows of names with a dot and its whisker each, on one scale: metrics, slices, gaps between groups, importance, effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.render.chart import Key, legend, place, tip
from mlops_cli.render.page_numbers import interval_texts, is_number
from mlops_cli.render.page_parts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.render.chart_scale import Scale

_DIM = ' class="dim"'
_FORMS = {"band": "bar", "warn": "dash", "rule": "dash"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes
    ----------
    label, beside : str
        HTML at the left end: the name, and what stands small below it.
    value, low, high : float or None
        The dot and the ends of its whisker; without a value nothing is drawn.
    said : str
        HTML at the right end.
    kind : str
        Class of the marks: `a`, `b`, `grey`, `pass`, `warn`, `fail`.
    bar : bool
        A bar from zero in place of a dot.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    said: str
    beside: str = ""
    kind: str = "a"
    bar: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line through all rows: at a value, or a band between two."""

    value: float
    said: str
    kind: str = "rule"
    end: float | None = None


def rows_chart(
    title: str,
    rows: Sequence[Row],
    scale: Scale,
    lines: Sequence[Line] = (),
    heads: Sequence[str] = ("", "", ""),
) -> str:
    """Return the rows below each other, with one axis at their foot.

    Parameters
    ----------
    title : str
        What the rows are, for whoever cannot see them.
    heads : sequence of str
        Over the names, over the marks, over the numbers.
    """
    keys = legend([Key(each.kind, _FORMS.get(each.kind, "line"), each.said) for each in lines if each.said])
    behind = "".join(_line(line, scale) for line in lines)
    grid = "".join(
        f'<line class="mesh" x1="{place(scale.at(tick))}%" x2="{place(scale.at(tick))}%" y1="0" y2="100%"/>'
        for tick in scale.ticks
    )
    body = "".join(
        f'<tr{_DIM if row.kind == "grey" else ""}><th scope="row">{row.label}{_small(row.beside)}</th>'
        f'<td class="draw"><svg aria-hidden="true">{grid}{behind}{_marks(row, scale)}</svg></td>'
        f'<td class="said">{row.said}</td></tr>\n'
        for row in rows
    )
    top = "".join(f'<th scope="col">{text(head)}</th>' for head in heads)
    head = f"<thead><tr>{top}</tr></thead>" if any(heads) else ""
    return (
        f'{keys}<table class="rows"><caption class="hidden">{text(title)}</caption>{head}<tbody>\n{body}</tbody>'
        f'<tfoot aria-hidden="true"><tr><td></td><td class="draw foot"><svg>{_foot(scale)}</svg></td><td></td></tr></tfoot>'
        "</table>\n"
    )


def _small(html: str) -> str:
    return f"<small>{html}</small>" if html else ""


def _marks(row: Row, scale: Scale) -> str:
    if row.value is None or not is_number(row.value):
        return ""
    at = scale.at(row.value)
    shown, low, high = interval_texts(row.value, row.low, row.high)
    said = tip(f"{shown} [{low}, {high}]" if low else shown)
    parts = []
    if row.bar:
        zero = scale.at(0.0)
        parts.append(
            f'<rect class="bar" x="{place(min(zero, at))}%" y="25%" width="{place(abs(at - zero))}%" height="50%">{said}</rect>'
        )
    if row.low is not None and row.high is not None and is_number(row.low) and is_number(row.high):
        begin, end = place(scale.at(row.low)), place(scale.at(row.high))
        parts.append(f'<line class="whisker" x1="{begin}%" x2="{end}%" y1="50%" y2="50%"/>')
        for ends, inside in ((begin, row.low >= scale.low), (end, row.high <= scale.high)):
            if inside:
                parts.append(f'<line class="whisker" x1="{ends}%" x2="{ends}%" y1="34%" y2="66%"/>')
    if not row.bar:
        parts.append(f'<circle cx="{place(at)}%" cy="50%" r="4.5">{said}</circle>')
    return f'<g class="{row.kind}">{"".join(parts)}</g>'


def _line(line: Line, scale: Scale) -> str:
    if line.end is None:
        at = place(scale.at(line.value))
        return f'<line class="{line.kind}" x1="{at}%" x2="{at}%" y1="0" y2="100%"/>'
    begin, end = sorted((scale.at(line.value), scale.at(line.end)))
    return (
        f'<rect class="{line.kind}" x="{place(begin)}%" y="0" width="{place(end - begin)}%" height="100%"/>'
    )


def _foot(scale: Scale) -> str:
    parts = ['<line class="base" x1="0" x2="100%" y1="0" y2="0"/>']
    for tick, said in zip(scale.ticks, scale.texts, strict=True):
        parts.append(
            f'<text class="tick" x="{place(scale.at(tick))}%" y="15" text-anchor="middle">{text(said, 24)}</text>'
        )
    return "".join(parts)
