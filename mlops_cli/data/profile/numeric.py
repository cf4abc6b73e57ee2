"""Counting numbers on a layout. The values are sorted once; everything else is a search in them, or one pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mlops_cli.data.profile.hashing import hash_integers, hash_numbers, salt_of
from mlops_cli.data.profile.layout import make_layout
from mlops_cli.data.profile.steps import coarsened
from mlops_cli.statistics.distinct import Distinct
from mlops_cli.statistics.moments import Moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlops_cli.data.profile.model import NumericProfile, Scale

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

Number = TypeVar("Number", bound=np.generic)

_MOST_STEPS = 2.0**53  # further from the centre than so many steps, a value counts as that far
_EXACT = 2.0**53  # sums of whole numbers below this are exact in float64
_HALF = 2.0**26
_EIGHTHS, _OFFSET = 8, 1075


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers, sorted.

    Attributes
    ----------
    finite : (m,) float64
        The finite ones, ascending.
    missing, positive_infinite, negative_infinite : int
        Rows with none.
    """

    finite: Floats
    missing: int
    positive_infinite: int
    negative_infinite: int

    @property
    def n(self) -> int:
        """Rows with a number."""
        return len(self.finite) + self.positive_infinite + self.negative_infinite


def take_numbers(values: Floats) -> Numbers:
    """Return a column of numbers, sorted; NaN is missing."""
    ascending = np.sort(values)
    ascending += 0.0  # -0.0 becomes 0.0, so that equal numbers have one form
    present = int(np.searchsorted(ascending, np.nan))
    first = int(np.searchsorted(ascending[:present], -np.inf, side="right"))
    last = int(np.searchsorted(ascending[:present], np.inf))
    return Numbers(ascending[first:last], len(values) - present, present - last, first)


def numeric_profile(
    blank: NumericProfile, numbers: Numbers, *, fresh: bool, wide: Counts | None = None
) -> NumericProfile:
    """Return the profile of a column of numbers.

    Parameters
    ----------
    blank : NumericProfile
        Name, storage, privacy and layout, without counts.
    numbers : Numbers
        The column.
    fresh : bool
        Make a layout from these values.
    wide : (n,) int64, optional
        The values of a column of whole numbers, where some are beyond 2**53: what is distinct is told by these.
    """
    finite = numbers.finite
    unique, counts = runs(finite)
    layout = make_layout(blank, finite, unique, counts) if fresh else blank
    counted = replace(
        layout,
        n=numbers.n,
        missing=numbers.missing,
        positive_infinite=numbers.positive_infinite,
        negative_infinite=numbers.negative_infinite,
        zero=int(np.searchsorted(finite, 0.0, side="right") - np.searchsorted(finite, 0.0)),
        negative=int(np.searchsorted(finite, 0.0)),
        integer=int(counts[np.floor(unique) == unique].sum()),
    )
    if blank.private:
        return counted
    if numbers.positive_infinite:
        unique = np.append(unique, np.inf)
    if numbers.negative_infinite:
        unique = np.append(unique, -np.inf)
    salt = salt_of(blank.name)
    hashes = hash_numbers(unique, salt) if wide is None else hash_integers(np.unique(wide), salt)
    return replace(
        _on_layout(counted, finite),
        distinct=Distinct.of_hashes(hashes),
        different=len(hashes),
        moments=Moments.of(finite, layout.centre),
        scale=scale_of(finite),
    )


def runs(values: NDArray[Number]) -> tuple[NDArray[Number], Counts]:
    """Return the different values of an ascending array, and the rows of each.

    Examples
    --------
    >>> unique, counts = runs(np.array([1.0, 1.0, 4.0]))
    >>> unique.tolist(), counts.tolist()
    ([1.0, 4.0], [2, 1])
    """
    if not len(values):
        return values, np.empty(0, dtype=np.int64)
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    return values[starts], np.diff(starts, append=len(values))


def _on_layout(profile: NumericProfile, values: Floats) -> NumericProfile:
    """Return a profile with bins and points counted."""
    edges, points = np.array(profile.edges), np.array(profile.points)
    places = np.concatenate([[0], np.searchsorted(values, edges), [len(values)]]).astype(np.int64)
    counts = np.diff(places)
    point_counts = np.searchsorted(values, points, side="right") - np.searchsorted(values, points)
    sums = _sums(_steps(profile, values), places)
    bins = np.searchsorted(edges, points, side="right")
    np.subtract.at(counts, bins, point_counts)
    for bin_, step, rows in zip(bins, _steps(profile, points), point_counts, strict=True):
        sums[bin_] -= int(step) * int(rows)
    low, high = profile.low, profile.high
    return replace(
        profile,
        below=int(np.searchsorted(values, low)) if low is not None else 0,
        above=len(values) - int(np.searchsorted(values, high, side="right")) if high is not None else 0,
        counts=tuple(counts.tolist()),
        sums=tuple(sums),
        point_counts=tuple(point_counts.tolist()),
    )


def _steps(profile: NumericProfile, values: Floats) -> Floats:
    """Return how many units each value is from the centre, a whole number."""
    with np.errstate(over="ignore"):
        steps = values - profile.centre
        steps /= profile.unit
    np.rint(steps, out=steps)
    return np.clip(steps, -_MOST_STEPS, _MOST_STEPS, out=steps)


def _sums(steps: Floats, places: Counts) -> list[int]:
    """Return the exact sum of each slice."""
    bins = len(places) - 1
    starts, filled = places[:-1], np.flatnonzero(np.diff(places))
    sums = [0] * bins
    if not len(filled):
        return sums
    largest = max(abs(float(steps[0])), abs(float(steps[-1])))  # the values are ascending
    if largest * len(steps) < _EXACT:
        totals = np.add.reduceat(steps, starts[filled])
        return _placed(sums, filled, [int(total) for total in totals])
    high = np.floor(steps / _HALF)
    low = steps - high * _HALF
    highs, lows = (np.add.reduceat(part.astype(np.int64), starts[filled]).tolist() for part in (high, low))
    return _placed(sums, filled, [(a << 26) + b for a, b in zip(highs, lows, strict=True)])


def _placed(sums: list[int], places: Counts, found: list[int]) -> list[int]:
    for place, total in zip(places.tolist(), found, strict=True):
        sums[place] = total
    return sums


# Magnitudes ---------------------------------------------------------------------------------------------------------


def scale_of(values: Floats) -> Scale:
    """Return the histogram of magnitudes of ascending finite numbers.

    Examples
    --------
    >>> scale_of(np.array([-3.0, 0.0, 1.0, 1.01])).bins
    ((-8621, 1), (0, 1), (8609, 2))
    """
    first, last = int(np.searchsorted(values, 0.0)), int(np.searchsorted(values, 0.0, side="right"))
    negative = _magnitudes(-values[:first][::-1])
    positive = _magnitudes(values[last:])
    zero = [(0, last - first)] if last > first else []
    return coarsened(0, [*((-key, rows) for key, rows in reversed(negative)), *zero, *positive])


def _magnitudes(values: Floats) -> list[tuple[int, int]]:
    """Return key and rows of ascending positive numbers."""
    if not len(values):
        return []
    low, high = (int(np.frexp(value)[1]) for value in (values[0], values[-1]))
    octaves = np.arange(low, high + 1)
    eighths = 0.5 + np.arange(_EIGHTHS) / (2 * _EIGHTHS)
    starts = np.ldexp(eighths[np.newaxis, :], octaves[:, np.newaxis]).ravel()
    counts = np.diff(np.searchsorted(values, starts), append=len(values))
    filled = np.flatnonzero(counts)
    first = (low + _OFFSET) * _EIGHTHS + 1
    return list(zip((filled + first).tolist(), counts[filled].tolist(), strict=True))
