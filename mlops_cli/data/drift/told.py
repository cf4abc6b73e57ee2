"""What was noticed of two tables, told once where it is the same of both. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUOTED = re.compile(r"('[^']*')")
_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,.]*\d|(?<![\w.,-])\d(?!\w)")


def both_told(reference: Sequence[str], current: Sequence[str]) -> list[str]:
    """Return the warnings of two tables: those that differ in their numbers only as one, others with the side that they are of.

    Examples
    --------
    >>> both_told(["column 'a1': 20 values are '?'"], ["column 'a1': 1,300 values are '?'", "column 'b' is empty"])
    ["column 'a1': 20 → 1,300 values are '?'", "in the current table: column 'b' is empty"]
    """
    left = {_shape(warning): warning for warning in reversed(current)}
    found = []
    for warning in reference:
        other = left.pop(_shape(warning), None)
        found.append(f"in the reference: {warning}" if other is None else _joined(warning, other))
    return [*found, *(f"in the current table: {each}" for each in current if _shape(each) in left)]


def _shape(warning: str) -> str:
    """Return a warning without its numbers; what stands in quotes are names and values, and stays."""
    return "".join(
        part if at % 2 else _NUMBER.sub("#", part) for at, part in enumerate(_QUOTED.split(warning))
    )


def _joined(one: str, two: str) -> str:
    parts = []
    for at, (first, second) in enumerate(zip(_QUOTED.split(one), _QUOTED.split(two), strict=True)):
        numbers = iter(_NUMBER.findall(second))
        parts.append(
            first if at % 2 else _NUMBER.sub(lambda found, n=numbers: _pair(found[0], next(n)), first)
        )
    return "".join(parts)


def _pair(before: str, now: str) -> str:
    return before if before == now else f"{before} → {now}"
