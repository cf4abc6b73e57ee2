"""Small parts of pages: names that may be hostile, verdict marks, tables, notes. Everything is escaped here, once."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.render.page_numbers import ABSENT, interval_texts, is_number
from mlops_cli.render.plain import plain
from mlops_cli.render.short import short_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NAME = 80  # characters of a name where it stands among others; the whole is its tooltip
_BESIDE = 3  # columns that find room beside each other on a phone
_PROSE = 2000  # characters of a text that is read
_SHAPES = {  # told apart by shape, not by colour alone
    "pass": '<circle cx="8" cy="8" r="7"/><path d="M4.6 8.4 7 10.8 11.6 5.6"/>',
    "warn": '<path d="M8 1.4 15.2 14.4H.8z"/><path d="M8 6v4M8 12v.6"/>',
    "fail": '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/>',
    "insufficient": '<circle cx="8" cy="8" r="7"/><path d="M4.6 8h.4M7.8 8h.4M11 8h.4"/>',
    "error": '<path d="M1 1h14v14H1z"/><path d="M8 4v5M8 11.4v.6"/>',
    "undecided": '<circle cx="8" cy="8" r="7"/><path d="M4.6 8h6.8"/>',
    "better": '<circle cx="8" cy="8" r="7"/><path d="M8 11.6V4.8M5 7.6l3-3 3 3"/>',
    "worse": '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path d="M8 4.4v6.8M5 8.4l3 3 3-3"/>',
    "equivalent": '<circle cx="8" cy="8" r="7"/><path d="M5 6.4h6M5 9.6h6"/>',
}
_LOOKS = {"better": "pass", "worse": "fail", "equivalent": "insufficient", "undecided": "insufficient"}


class Cell(NamedTuple):
    """One cell of a table: its HTML, and whether it holds a number."""

    html: str
    number: bool = False


def text(value: object, most: int = _PROSE) -> str:
    r"""Return any text as HTML, on one line and not without end; what would steer a page or a terminal is spelled out.

    Examples
    --------
    >>> text("a<b\n"), text("x" * 5000, 3)
    ('a&lt;b\\n', 'xxx… (5,000 characters)')
    """
    return escape(plain(short_text(str(value), most)))


def name(value: object, most: int = _NAME) -> str:
    """Return the name of a column, a slice or a file as HTML, apart from the direction of writing around it."""
    whole = str(value)
    shown = text(whole, most) if whole.strip() else ("(empty)" if not whole else "(blanks)")
    tip = f' title="{text(whole)}"' if len(whole) > most else ""
    return f'<bdi class="name"{tip}>{shown}</bdi>'


def mark(verdict: str) -> str:
    """Return a verdict's shape."""
    look = _LOOKS.get(verdict, verdict if verdict in _SHAPES else "insufficient")
    shape = _SHAPES.get(verdict, _SHAPES["undecided"])
    return f'<svg class="mark {look}" viewBox="0 0 16 16" aria-hidden="true">{shape}</svg>'


def badge(verdict: str, said: str = "") -> str:
    """Return a verdict as shape and word."""
    look = _LOOKS.get(verdict, verdict if verdict in _SHAPES else "insufficient")
    return f'<span class="badge {look}">{mark(verdict)}{text(said or verdict)}</span>'


def absent(reason: str = "") -> str:
    """Return what stands where a number is not known, with the reason in words."""
    because = f'<span class="why">: {text(reason)}</span>' if reason else ""
    return f'<span class="absent">{ABSENT}{because}</span>'


def measured(value: float | None, low: float | None = None, high: float | None = None, why: str = "") -> str:
    """Return a value with its interval as HTML."""
    if value is None or not is_number(value):
        return absent(why)
    shown, from_, to = interval_texts(value, low, high)
    around = f' <span class="interval">[{from_}, {to}]</span>' if from_ else ""
    return f'<span class="value">{shown}</span>{around}'


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, caption: str = "", kind: str = "") -> str:
    """Return a table that scrolls by itself where it is wider than its place; columns in which nothing stands are left out."""
    lines = [[*row] for row in rows]
    filled = [place for place in range(len(heads)) if place == 0 or any(row[place].html for row in lines)]
    numbers = [any(row[place].number for row in lines) for place in range(len(heads))]
    top = "".join(f'<th scope="col"{_numeric(numbers[place])}>{text(heads[place])}</th>' for place in filled)
    # On a phone a row of many cells becomes a block, and each cell says what it is.
    labels = [f' data-head="{text(head)}"' if len(filled) > _BESIDE and head else "" for head in heads]
    kind = kind or ("plain stack" if len(filled) > _BESIDE else "plain")
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_numeric(row[place].number)}{labels[place]}>{row[place].html}</td>" for place in filled
        )
        + "</tr>\n"
        for row in lines
    )
    said = f"<caption>{text(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table class="{kind}">{said}<thead><tr>{top}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def details(summary: str, inside: str) -> str:
    """Return what is folded away until somebody asks for it."""
    return f"<details><summary>{text(summary)}</summary>\n{inside}</details>\n"


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Return titles with their HTML beside each other."""
    found = "".join(f"<div><dt>{text(title)}</dt><dd>{html}</dd></div>" for title, html in rows)
    return f'<dl class="facts">{found}</dl>\n' if found else ""


def note(severity: str, title: str, inside: str) -> str:
    """Return something that a reader must know: a mark, a title as HTML, and HTML below it."""
    return f'<div class="note {severity}">{mark(severity)}<div><p class="title">{title}</p>{inside}</div></div>\n'


def paragraph(said: str, kind: str = "") -> str:
    """Return a text as a paragraph."""
    look = f' class="{kind}"' if kind else ""
    return f"<p{look}>{text(said)}</p>\n" if said else ""


def _numeric(number: bool) -> str:
    return ' class="number"' if number else ""
