"""Which of the values there are come nearest to one that nobody has. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.canonical import compact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LOOKED_AT = 1000  # different values, those that come up most
_LIKE = 0.6  # texts at least as alike as this come before others


def nearest_values(wanted: Sequence[Any], present: Iterable[Any], most: int = 3) -> tuple[list[Any], int]:
    """Return the different values that come nearest to any of some wanted ones, and how many further ones there are.

    Numbers are near to numbers. Else what is written alike comes first, `8` for `"8"`, then what comes up most.

    Examples
    --------
    >>> nearest_values([7], [4, 8, 8, 16, 64])
    ([8, 4, 16], 1)
    >>> nearest_values(["8"], [4, 8], 1), nearest_values(["trian"], ["prepare", "train"], 1)
    (([8], 1), (['train'], 1))
    """
    counts: Counter[str] = Counter()
    values: dict[str, Any] = {}
    for value in present:
        spelled = _spelled(value)
        counts[spelled] += 1
        values.setdefault(spelled, value)
    often = [values[spelled] for spelled, _ in counts.most_common(_LOOKED_AT)]
    ranked = sorted(often, key=lambda value: min((_far(value, each) for each in wanted), default=0.0))
    return ranked[:most], len(values) - len(ranked[:most])


def _far(value: Any, wanted: Any) -> float:
    """Return how far apart two values are: numbers by their distance, else 0 to 1, and 1 for what has nothing in common."""
    if is_number(value) and is_number(wanted):
        return 0.0 if value == wanted else abs(float(value) - float(wanted))
    one, other = (each if isinstance(each, str) else _spelled(each) for each in (value, wanted))
    if one.casefold() == other.casefold():
        return 0.0
    import difflib  # only what found nothing pays for it

    like = difflib.SequenceMatcher(None, one.casefold()[:200], other.casefold()[:200]).ratio()
    return 1.0 if like < _LIKE else 1.0 - like


def _spelled(value: Any) -> str:
    """Return a value as JSON; a number that JSON does not have, as Python writes it: `inf` may be asked for."""
    try:
        return compact(value).decode().strip()
    except ValueError:
        return str(value)


def is_number(value: Any) -> bool:
    """Whether a value is a number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)
