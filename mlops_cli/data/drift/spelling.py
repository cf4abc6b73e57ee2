"""Values that differ only in how they are written: blanks, capitals, hyphens. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.data.spelling import spelt_otherwise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST = 0.5  # of the rows with new values, from which on another spelling is the story


def respelled(new: Sequence[tuple[str, int]], known: Iterable[str]) -> tuple[str, str] | None:
    """Return the most frequent new value with the known one that it is; None unless most rows with new values are such.

    Parameters
    ----------
    new : sequence of (str, int)
        Values that the reference never had, with their rows.

    Examples
    --------
    >>> respelled([("male", 60), ("female", 40)], [" Male", " Female"])
    ('male', ' Male')
    >>> respelled([("male", 10), ("robot", 40)], [" Male"]) is None
    True
    """
    _, same = spelt_otherwise((value for value, _ in new), known)
    rows = dict(new)
    if not same or sum(rows[value] for value in same) < _MOST * sum(rows.values()):
        return None
    value = max(same, key=lambda each: rows[each])
    return value, same[value]
