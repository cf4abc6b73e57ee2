"""A table that drops columns where a terminal is narrow, and never cuts what people copy out of it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 2
REPEATED = "↻"  # behind the status of a run that repeats another
_LEAST_ELASTIC = 12  # columns of text that may be cut


class Cell(NamedTuple):
    """One field of a row.

    Parameters
    ----------
    style : str
        As the terminal library takes it; empty for none.
    right : bool
        Numbers stand at the right of their column.
    elastic : bool
        It may be cut where there is not enough room.
    mark : str
        What stands behind it, in line with the marks of other rows.
    """

    text: str
    style: str = ""
    right: bool = False
    elastic: bool = False
    mark: str = ""

    def __str__(self) -> str:
        """Return the text with its mark."""
        return f"{self.text} {self.mark.strip()}".rstrip() if self.mark else self.text


def runs_table(
    head: Sequence[str], rows: Sequence[Sequence[Cell]], weights: Sequence[float], *, width: int | None
) -> str:
    """Return a table, newline at its end.

    Parameters
    ----------
    weights : sequence of float
        How soon each column is dropped: the higher, the sooner; 0 never.
    width : int or None
        Columns of the terminal; None for a file: nothing is dropped, cut or coloured.
    """
    widths = [max([text_width(name), *(_needed(row[at]) for row in rows)]) for at, name in enumerate(head)]
    kept = list(range(len(head)))
    if width is not None:
        elastic = [any(row[at].elastic for row in rows) for at in range(len(head))]
        kept = _fitting(widths, elastic, weights, width)
        for at in kept:
            if elastic[at]:
                others = sum(widths[other] + _GAP for other in kept if other != at)
                widths[at] = min(widths[at], max(width - others, _LEAST_ELASTIC))
    lines = [_line([Cell(head[at], "bold", _is_right(rows, at)) for at in kept], [widths[at] for at in kept])]
    lines += [_line([row[at] for at in kept], [widths[at] for at in kept]) for row in rows]
    if width is None:
        return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
    return _coloured(lines, width)


def _fitting(
    widths: Sequence[int], elastic: Sequence[bool], weights: Sequence[float], width: int
) -> list[int]:
    """Return the columns that fit, after dropping those that matter least."""
    kept = list(range(len(widths)))
    least = [min(size, _LEAST_ELASTIC) if soft else size for size, soft in zip(widths, elastic, strict=True)]
    while sum(least[at] + _GAP for at in kept) - _GAP > width:
        droppable = [at for at in kept if weights[at] > 0]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda at: (weights[at], at)))
    return kept


def _line(cells: Sequence[Cell], widths: Sequence[int]) -> list[tuple[str, str]]:
    """Return the pieces of a line, each with its style."""
    pieces: list[tuple[str, str]] = []
    for number, (cell, size) in enumerate(zip(cells, widths, strict=True)):
        room = size - text_width(cell.mark)
        text = _cut(cell.text, room) if cell.elastic else cell.text
        blanks = " " * (room - text_width(text))
        mark = cell.mark if cell.mark or not cell.right else ""
        pieces += [("", ""), (blanks, "")] if cell.right else []
        pieces.append((text + mark, cell.style))
        pieces += [] if cell.right else [(blanks, "")]
        pieces.append((" " * _GAP if number < len(cells) - 1 else "", ""))
    return pieces


def _needed(cell: Cell) -> int:
    return text_width(cell.text) + text_width(cell.mark)


def _is_right(rows: Sequence[Sequence[Cell]], at: int) -> bool:
    filled = [row[at].right for row in rows if row[at].text]
    return bool(filled) and all(filled)


def _cut(text: str, width: int) -> str:
    if text_width(text) <= width:
        return text
    while text and text_width(text) > width - 1:
        text = text[:-1]
    return f"{text}…"


def text_width(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Examples
    --------
    >>> text_width("abc"), text_width("木"), text_width("e\u0301")
    (3, 2, 1)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)


def _coloured(lines: Sequence[Sequence[tuple[str, str]]], width: int) -> str:
    import io

    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    # Wider than the terminal where even the columns that never go do not fit: the terminal wraps them itself.
    console = Console(file=out, width=max(width, 10_000), force_terminal=True, highlight=False)
    for line in lines:
        text = Text()
        for piece, style in line:
            text.append(piece, style=style if style and not console.no_color else "")
        text.rstrip()
        console.print(text)
    return out.getvalue()
