"""Values that are the same but for the way they are written: blanks around them, case, signs between words. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Between words, and not between digits: 1.5 is not 15, as -1 is not 1.
_BETWEEN = re.compile(r"(?<=[^\W\d])[\s_./,;:-]+(?=\w)|(?<=\w)[\s_./,;:-]+(?=[^\W\d])")


def _words(value: str) -> str:
    return _BETWEEN.sub(" ", value.strip().casefold()).rstrip(" .,;:")


# From what hardly changes a value to what changes it more: the first that brings two together says how they differ.
_FORMS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("blanks", str.strip),
    ("case", lambda value: value.strip().casefold()),
    ("signs", _words),
)


def spelt_otherwise(new: Iterable[str], known: Iterable[str]) -> tuple[str, dict[str, str]]:
    """Return the new values that are known ones in another spelling, each with that one, and in what they differ at most.

    Returns
    -------
    str
        `blanks` around them, upper and lower `case`, or `signs` between words; empty where none is known.
    dict
        New value to known value.

    Examples
    --------
    >>> spelt_otherwise(["HS-grad", "11th", "PhD"], [" 11th", " HS-grad"])
    ('blanks', {'HS-grad': ' HS-grad', '11th': ' 11th'})
    >>> spelt_otherwise(["never_married", "-1"], [" Never-Married ", "1"])
    ('signs', {'never_married': ' Never-Married '})
    >>> spelt_otherwise(["FR"], ["DE"])
    ('', {})
    """
    every = list(known)
    # Reversed: of two known values that are one in this form, the first is meant.
    forms = [(form, {form(old): old for old in reversed(every) if form(old)}) for _, form in _FORMS]
    found: dict[str, str] = {}
    worst = 0
    for value in new:
        for rank, (form, by_form) in enumerate(forms):
            old = by_form.get(form(value))
            if old is not None:
                found[value] = old
                worst = max(worst, rank)
                break
    return (_FORMS[worst][0] if found else ""), found


def quoted(value: str) -> str:
    """Return a value as sentences have it: in quotes where it begins or ends with a blank, or is nothing else.

    Examples
    --------
    >>> quoted("Male"), quoted(" Male"), quoted("")
    ('Male', '" Male"', '""')
    """
    return value if value and value == value.strip() else f'"{value}"'
