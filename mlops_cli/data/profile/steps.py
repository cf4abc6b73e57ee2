"""Histograms that grow coarser by themselves: magnitudes and timelines. How coarse they are follows from the values alone."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING

from mlops_cli.data.profile.model import Scale, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DAY = 86_400
_WIDTHS = (1, 60, 300, 900, 3600, 21_600, DAY)


def coarsened(level: int, bins: list[tuple[int, int]]) -> Scale:
    """Return a histogram of magnitudes at the finest level, from a given one on, at which it is small enough."""
    while len(bins) > Scale.MOST:
        level, bins = level + 1, halved(bins, 1)
    return Scale(level, tuple(bins))


def halved(bins: Iterable[tuple[int, int]], times: int) -> list[tuple[int, int]]:
    """Return bins that are `2**times` as wide, those of one key added.

    Examples
    --------
    >>> halved([(-3, 1), (0, 1), (1, 5), (2, 1), (3, 1)], 1)
    [(-2, 1), (0, 1), (1, 6), (2, 1)]
    """
    found: dict[int, int] = {}
    for key, rows in bins:
        wide = (abs(key) - 1 >> times) + 1 if key else 0
        wide = -wide if key < 0 else wide
        found[wide] = found.get(wide, 0) + rows
    return sorted(found.items())


def widths() -> Iterator[int]:
    """Yield the widths that a timeline may have, in seconds: each divides the next."""
    return chain(_WIDTHS, (DAY << power for power in count(1)))


def fitting_width(first: int, last: int) -> int:
    """Return the smallest width with which a span of seconds has few enough bins.

    Examples
    --------
    >>> fitting_width(0, 63), fitting_width(0, 64), fitting_width(0, 400 * DAY) // DAY
    (1, 60, 8)
    """
    return next(width for width in widths() if last // width - first // width < Timeline.MOST)
