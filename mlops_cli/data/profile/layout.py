"""How the layout of a numeric column is chosen: edges, points, range, centre and step."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.data.profile.model import EDGES, FEW, FEWEST, POINT_SHARE, NumericProfile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

_TAIL = 0.001
_DIGITS = 18  # digits after which a shorter number between two others is no longer looked for
_FINE = 20  # steps in `high - low` are at least 2**20
_GROUPS = 16  # of rank correlation
_SLACK = 32  # an edge may take a 32nd of a bin's rows from its neighbour, to be a short number


def tidy(low: float, high: float) -> float:
    """Return the shortest decimal number in `low < x <= high`, or `high` where there is none before 18 digits.

    Short edges make small files, and tell less of any one row.

    Examples
    --------
    >>> tidy(37.4881, 37.5122), tidy(3.0, 4.0), tidy(-0.2, 7.1)
    (37.5, 4.0, 0.0)
    """
    if low < 0 <= high:
        return 0.0
    gap = high - low
    if not 0 < gap < math.inf:
        return high
    first = math.ceil(math.log10(gap))
    for power in range(first, first - _DIGITS, -1):
        step = 10.0 ** min(max(power, -300), 300)
        found = float(f"{math.floor(high / step) * step:.15g}")
        if low < found <= high:
            return found
    return high


def make_layout(blank: NumericProfile, values: Floats, unique: Floats, counts: Counts) -> NumericProfile:
    """Return a profile with a layout that fits these values, and nothing counted yet.

    Parameters
    ----------
    blank : NumericProfile
        Name, storage, and whether the column is private: then there is no layout.
    values : (n,) float64
        All finite numbers, ascending.
    unique, counts : (d,) float64, (d,) int64
        The different ones, ascending, and their rows.
    """
    n = len(values)
    if blank.private or n < FEWEST:
        return blank
    few = len(unique) <= FEW
    points = unique[counts >= (FEWEST if few else max(FEWEST, math.ceil(POINT_SHARE * n)))]
    inward = min(max(math.ceil(_TAIL * n), FEWEST), n) - 1
    low, high = float(values[min(inward, (n - 1) // 2)]), float(values[max(n - 1 - inward, n // 2)])
    centre = _centre(values)
    edges = () if few else _edges(values)
    blanks = (0,) * (len(edges) + 1)
    return replace(
        blank,
        low=low,
        high=high,
        edges=edges,
        counts=blanks,
        sums=blanks,
        points=tuple(points.tolist()),
        point_counts=(0,) * len(points),
        centre=centre,
        unit=_unit(low, high, centre),
        discrete=few,
    )


def _centre(values: Floats) -> float:
    """Return a short number near the median."""
    n = len(values)
    spread = max(n // 50, 1)
    return tidy(float(values[max(n // 2 - spread, 0)]), float(values[min(n // 2 + spread, n - 1)]))


def _unit(low: float, high: float, centre: float) -> float:
    """Return the power of two that sums of bins are counted in."""
    span = high - low
    if not 0 < span < math.inf:
        span = abs(centre) or 1.0
    exponent = math.frexp(span)[1] - 1 - _FINE
    return math.ldexp(1.0, min(max(exponent, -1000), 900))


def _edges(values: Floats) -> tuple[float, ...]:
    """Return inner edges of bins of about equal mass, and never under five rows each, points counted in."""
    bins = min(EDGES + 1, len(values) // FEWEST)
    return tuple(dict.fromkeys(_cut(values, bins))) if bins > 1 else ()


def rank_edges(values: Floats) -> tuple[float, ...]:
    """Return 15 edges, ascending, with repetitions, that cut values into 16 groups of about equal mass; none for few values.

    Parameters
    ----------
    values : (n,) float64
        Finite, ascending.
    """
    return tuple(_cut(values, _GROUPS)) if len(values) >= _GROUPS * FEWEST else ()


def _cut(values: Floats, bins: int) -> list[float]:
    n = len(values)
    slack = n // bins // _SLACK
    places = [n * i // bins for i in range(1, bins)]
    return [_edge(values, place, slack) for place in places]


def _edge(values: Floats, place: int, slack: int) -> float:
    """Return a short number at about a place of the ascending values; a value itself only where many rows have it."""
    low, high = float(values[max(place - 1 - slack, 0)]), float(values[min(place + slack, len(values) - 1)])
    return tidy(low, high) if low < high else high
