"""Counts and lists in sentences. Light: no numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(count: int, one: str, many: str = "") -> str:
    """Return how many there are of something.

    Examples
    --------
    >>> counted(1, "row"), counted(70_000, "row"), counted(2, "class", "classes")
    ('1 row', '70,000 rows', '2 classes')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return names in a sentence, and how many more there are.

    Examples
    --------
    >>> listed(["a", "b"]), listed(["a", "b", "c"], 2)
    ('a, b', 'a, b and 1 more')
    """
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
