"""What was noticed while tables were read: the same with every command, so one line for eyes that saw it before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.render.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence


def sentence(said: str) -> str:
    """Return what was said with an end and a beginning.

    Examples
    --------
    >>> sentence("column 'a': 1 value is '?'"), sentence("is one missing?")
    ("Column 'a': 1 value is '?'.", 'Is one missing?')
    """
    ended = said if said.endswith((".", "!", "?")) else f"{said}."
    # What begins with the name of a file begins as the file is called.
    return ended[:1].upper() + ended[1:] if ended.split(" ", 1)[0].isalpha() else ended


def notes_text(notes: Sequence[str], *, everything: bool) -> str:
    r"""Return notes on how tables are written, a line each; one line for several, unless everything is wanted.

    Examples
    --------
    >>> notes_text(["column 'a': 1 value is '?'", "column 'b' has no value"], everything=False)
    '2 notes on how the table is written; -v shows them.\n'
    >>> notes_text(["column 'a': 1 value is '?'"], everything=False)
    "Column 'a': 1 value is '?'.\n"
    """
    if len(notes) > 1 and not everything:
        return f"{len(notes):,} notes on how the table is written; -v shows them.\n"
    return "".join(f"{sentence(plain(note))}\n" for note in notes)
