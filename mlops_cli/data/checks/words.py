"""Numbers and names as sentences have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sized

_LONGEST = 40


def share_text(part: float, whole: float = 1.0) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> share_text(31, 1000), share_text(0.00004), share_text(1.0)
    ('3.1 %', '0.004 %', '100 %')
    """
    value = 100 * part / whole if whole else 0.0
    return f"{value:.3g} %" if value < 99.95 or value == 100 else f"{value:.5g} %"


def number(value: float) -> str:
    """Return a number in up to six digits, those before the point all.

    Examples
    --------
    >>> number(1234567.0), number(0.25), number(37)
    ('1,234,567', '0.25', '37')
    """
    return f"{value:,.0f}" if 1e6 <= abs(value) < 1e15 else f"{value:.6g}"


def quoted(value: str) -> str:
    """Return a value of a table in quotes, shortened, on one line."""
    short = value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    return '"' + "".join(sign if sign.isprintable() else "�" for sign in short) + '"'


def named(names: Iterable[str], most: int = 5) -> str:
    """Return names with commas, the rest as a count.

    Examples
    --------
    >>> named(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    every = list(names)
    more = len(every) - most
    return ", ".join(every[:most]) + (f" and {more:,} more" if more > 0 else "")


def counted(things: Sized | int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    count = things if isinstance(things, int) else len(things)
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def does(count: int, one: str, many: str) -> str:
    """Return the verb for so many things.

    Examples
    --------
    >>> does(1, "is", "are"), does(2, "is", "are"), does(0, "is", "are")
    ('is', 'are', 'are')
    """
    return one if count == 1 else many
