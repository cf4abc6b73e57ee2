"""Texts of any length as people read them: the beginning, and how long the whole is."""

from __future__ import annotations

VALUE = 100  # characters of a value, where the whole is to be had elsewhere
PROSE = 1000  # characters of what people wrote to be read


def short_text(text: str, most: int = VALUE) -> str:
    """Return a text, or its beginning and how long it is where that is shorter.

    Parameters
    ----------
    most : int
        Characters of the beginning.

    Examples
    --------
    >>> short_text("a" * 1_000_000, 3), short_text("abcdef", 3)
    ('aaa… (1,000,000 characters)', 'abcdef')
    """
    if len(text) <= most:
        return text
    short = f"{text[:most].rstrip()}… ({len(text):,} characters)"
    return short if len(short) < len(text) else text
