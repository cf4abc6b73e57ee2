"""Lists in four forms: a table for eyes, Markdown, CSV, JSON."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mlops_cli.render.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMS = ("table", "json", "csv", "md")


def list_text(
    head: Sequence[str], rows: Sequence[Sequence[str]], form: str, *, width: int | None = None
) -> str:
    """Return a list as text, newline at its end; what would steer a terminal is spelled out, but for CSV, which has its quotes.

    Parameters
    ----------
    form : str
        `table`, `csv` or `md`.
    width : int, optional
        Columns of the terminal; None for no limit, as in a file.
    """
    if form == "csv":
        return _csv(head, rows)
    if form == "md":
        return _markdown(head, rows)
    return _table(head, rows, width)


def _csv(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    import csv

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(plain(cell).replace("|", "\\|") for cell in cells) + " |\n"

    return line(head) + line(["---"] * len(head)) + "".join(line(row) for row in rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(file=out, width=width or 10_000, force_terminal=width is not None, highlight=False)
    head_style = "bold" if width and not console.no_color else ""
    table = Table(box=None, pad_edge=False, header_style=head_style, padding=(0, 2, 0, 0))
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console.print(table)
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())
