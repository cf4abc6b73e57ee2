"""Texts that fit a box of a drawing, whichever font it is shown in: as wide as in the widest usual one. Pure."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Widths in ems, as in Verdana and DejaVu Sans, rounded up: what people have instead is narrower.
_WIDTHS = {
    **dict.fromkeys("ijl'|", 0.31),
    **dict.fromkeys(" .,:;/\\I-ft()[]!", 0.4),
    **dict.fromkeys('rJ"_sczk*`', 0.6),
    **dict.fromkeys("w+=<>~^#&ABCDEGHKNOPQRSTUVXYZ", 0.84),
    **dict.fromkeys("mMW@%", 1.06),
}
_OTHERS, _WIDE = 0.65, 1.3
_DOTS = "…"


def fit_end(text: str, room: float) -> str:
    """Return a text without its end where it is too long.

    Parameters
    ----------
    room : float
        Width in ems, the height of the font.

    Examples
    --------
    >>> fit_end("2026-11-21 14:55 Ada", 16), fit_end("2026-11-21 14:55 Ada and many others", 16)
    ('2026-11-21 14:55 Ada', '2026-11-21 14:55 Ada and…')
    """
    if _fitting(text, room) == len(text):
        return text
    return text[: _fitting(text, room - _width(_DOTS))].rstrip() + _DOTS


def fit_middle(text: str, room: float) -> str:
    """Return a text without its middle where it is too long: of a path, the end says most.

    Examples
    --------
    >>> fit_middle("models/churn.joblib", 14), fit_middle("features/customers/2024/history.parquet", 14)
    ('models/churn.joblib', 'features/c…tory.parquet')
    """
    if _fitting(text, room) == len(text):
        return text
    left = room - _width(_DOTS)
    tail = _fitting(reversed(text), left * 5 / 9)
    return text[: _fitting(text, left * 4 / 9)] + _DOTS + text[len(text) - tail :]


def text_width(text: str) -> float:
    """Return how wide a text is at most, in ems.

    Examples
    --------
    >>> round(text_width("10,000"), 2)
    3.65
    """
    return sum(map(_width, text))


def _fitting(text: Iterable[str], room: float) -> int:
    """Return how many characters fit."""
    used, count = 0.0, 0
    for char in text:
        used += _width(char)
        if used > room:
            break
        count += 1
    return count


def _width(char: str) -> float:
    if char.isascii():
        return _WIDTHS.get(char, _OTHERS)
    if unicodedata.combining(char):
        return 0.0
    return _WIDE if unicodedata.east_asian_width(char) in "WF" else 1.06
