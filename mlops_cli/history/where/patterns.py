"""Patterns for `~`: text that is contained, or a regular expression that cannot take for ever."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SPECIAL = frozenset(r"\.^$*+?{}[]|()")
# Pieces of a regular expression, as far as repeating goes.
_PIECE = re.compile(
    r"\\[1-9]|\(\?P[=>][^)]*\)|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:P<\w+>|[a-zA-Z-]*:|<?[=!]|[a-zA-Z]+\)|#[^)]*\))?"
    r"|[()|]|[*+?][?+]?|\{\d*,?\d*\}[?+]?|.",
    re.DOTALL,
)
# A group once more, or a mode in which blanks and comments mean nothing: where it is not plain how much is repeated.
_BACK = re.compile(r"\\[1-9]|\(\?P[=>]|\(\?[a-zA-Z]*x")
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")
_FEW = 10  # more repetitions than this are as good as without end
# Characters that are looked at, by how many repeats without end there are: each multiplies the work by the text's length.
_LOOKED_AT = (100_000, 10_000, 1_000)
_MOST_WAYS = 1_000


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a text has a pattern in it; small and capital letters are the same.

    Raises
    ------
    ValueError
        When it is no regular expression, or one that may take too long; the message says what is wrong.
    """
    if not _SPECIAL.intersection(pattern):
        wanted = pattern.casefold()
        return lambda text: wanted in text.casefold()
    try:
        with warnings.catch_warnings():  # about what a later Python may read differently
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(
            f"it is no regular expression: {error}; a \\ before a character takes it as it is"
        ) from error
    longest = _LOOKED_AT[_endless(pattern)]
    return lambda text: compiled.search(text[:longest]) is not None


def _endless(pattern: str) -> int:
    """Return how many repeats without end a pattern has; refuse one in which they multiply each other.

    Raises
    ------
    ValueError
        When it is refused.
    """
    endless, ways = 0, 1
    varies = [False]  # of each open group: whether it can match one text in several ways
    choices = [1]  # of each open group: between how many alternatives it chooses
    last = False  # as `varies`, of what was read last
    for piece in _PIECE.findall(pattern):
        repeats = _repeats(piece)
        if repeats is None:
            if _BACK.match(piece):
                raise ValueError("it refers back to a group, or sets a mode, which can take for ever")
            if piece[0] == "(" and not (piece.startswith("(?") and piece.endswith(")")):
                varies.append(False)
                choices.append(1)
            elif piece == ")" and len(varies) > 1:
                ways, last = ways * choices.pop(), varies.pop()
                varies[-1] |= last
                continue
            elif piece == "|":
                choices[-1], varies[-1] = choices[-1] + 1, True
            last = False
            continue
        most, least = repeats
        if most != least or last:
            if last and most > 1:
                raise ValueError(
                    "it repeats something that can itself match in several ways, which can take for ever"
                )
            endless, ways = (endless + 1, ways) if most > _FEW else (endless, ways * (most - least + 1))
            varies[-1], last = True, False
    if endless >= len(_LOOKED_AT) or ways > _MOST_WAYS:
        raise ValueError(
            "it has so many repeats that it can take for ever; join several conditions with: and"
        )
    return endless


def _repeats(piece: str) -> tuple[int, int] | None:
    """Return how often a piece repeats what stands before it, at most and at least; None for one that does not repeat."""
    if piece[0] in "*+":
        return 1 << 30, 1
    if piece[0] == "?":
        return 1, 0
    found = _COUNTED.match(piece)
    if found is None or piece == "{}" or not (found[1] or found[3]):
        return None
    least = int(found[1] or 0)
    return (least if not found[2] else int(found[3] or 1 << 30)), least
