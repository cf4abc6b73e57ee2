"""Sums without any rounding, which therefore do not depend on order or on how rows were dealt out to parts.

A float is a whole number times a power of two, and so is a sum of floats; `Exact` holds just that. Values are taken in chunks that
stay in the processor's cache. Of each chunk the leading bits of all values are cut off by adding and subtracting a power of
two, which is exact; they are multiples of one unit and few enough that their sum in floats is exact too; what is left is cut
again until nothing is. Source: S. M. Rump, T. Ogita, S. Oishi, SIAM J. Sci. Comput. 31 (2008) 189, as made independent of order by
J. Demmel, H. D. Nguyen, IEEE Trans. Comput. 64 (2015) 2060; here every cut is kept, so nothing is lost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from mlops_cli.statistics.arrays import Floats, Integers

# Small enough for the cache, and so large that threads seldom wait for each other between two passes over it.
CHUNK = 1 << 16
# A cut keeps values up to 2**36 units, so that a chunk of 2**16 adds up to 2**52 at most; units lie 32 bits apart.
_ROOM = 36
_STEP = 32
_LEAST = -1074
# Adding the power of two must not overflow; what is larger is scaled down first, which is exact.
_LARGE = 2.0**990
_SCALE = 512
# So many chunks fit into 63 bits.
_FLUSH = 1 << 10


@dataclass(frozen=True, slots=True)
class Exact:
    """A sum: mantissa times 2 ** exponent. The mantissa is odd, or both are 0, so that equal sums have equal fields.

    Parameters
    ----------
    mantissa, exponent : int
        Made by `Exact.of`, which sees to the form.
    """

    mantissa: int
    exponent: int

    @classmethod
    def of(cls, mantissa: int, exponent: int = 0) -> Exact:
        """Return a sum in its one form.

        Examples
        --------
        >>> Exact.of(12, 1)
        Exact(mantissa=3, exponent=3)
        """
        if mantissa == 0:
            return cls(0, 0)
        zeros = (mantissa & -mantissa).bit_length() - 1
        return cls(mantissa >> zeros, exponent + zeros)

    def __add__(self, other: Exact) -> Exact:
        least = min(self.exponent, other.exponent)
        return Exact.of(
            (self.mantissa << (self.exponent - least)) + (other.mantissa << (other.exponent - least)), least
        )

    @property
    def fraction(self) -> Fraction:
        """The sum as a ratio."""
        if self.exponent >= 0:
            return Fraction(self.mantissa << self.exponent)
        return Fraction(self.mantissa, 1 << -self.exponent)

    @property
    def value(self) -> float:
        """The float next to the sum; -inf or inf when it lies beyond all floats."""
        return nearest(self.fraction)

    def over(self, n: int) -> float:
        """Return the float next to the sum divided by n: a mean.

        Raises
        ------
        ZeroDivisionError
            When n is 0.

        Examples
        --------
        >>> exact_sum([0.1, 0.2, 0.3]).over(3)
        0.2
        """
        return nearest(self.fraction / n)

    def to_json(self) -> str:
        """Return the sum as text: the mantissa in hexadecimal digits, `p`, the exponent.

        Examples
        --------
        >>> Exact.of(-10).to_json(), Exact.from_json("-5p1") == Exact.of(-10)
        ('-5p1', True)
        """
        return f"{self.mantissa:x}p{self.exponent}"

    @classmethod
    def from_json(cls, text: str) -> Exact:
        """Return a sum from its text.

        Raises
        ------
        ValueError
            When it is no such text.
        """
        mantissa, _, exponent = text.partition("p")
        return cls.of(int(mantissa, 16), int(exponent))


def nearest(value: Fraction) -> float:
    """Return the float next to a ratio; -inf or inf when it lies beyond all floats.

    Examples
    --------
    >>> nearest(Fraction(1, 3)), nearest(Fraction(10) ** 400)
    (0.3333333333333333, inf)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


class Totals:
    """Sums under way: a whole number for each unit that was met."""

    __slots__ = ("_units",)

    def __init__(self) -> None:
        self._units: dict[int, int] = {}

    def add(self, values: Floats, shift: int = 0) -> None:
        """Add a chunk of at most `CHUNK` finite values, times 2 ** shift."""
        for unit, scale, cut in cuts(values):
            found = int(math.ldexp(float(cut.sum()), -unit))
            place = unit + scale + shift
            self._units[place] = self._units.get(place, 0) + found

    def total(self) -> Exact:
        """Return the sum of all that was added."""
        return _joined(self._units)


def cuts(values: Floats) -> Iterator[tuple[int, int, Floats]]:
    """Yield (unit, scale, cut) until the values are used up: cuts times 2 ** scale add up to the values.

    A cut is whole multiples of 2 ** unit, none larger than 2 ** 36 of them.

    Parameters
    ----------
    values : array of float, shape (n,)
        Finite, n at most `CHUNK`. Not changed. A cut is only good until the next one is asked for.

    Raises
    ------
    ValueError
        When a value is NaN or infinite.
    """
    if not len(values):
        return
    top = max(float(values.max()), -float(values.min()))
    if not top < math.inf:
        raise ValueError("only finite numbers have a sum, and at least one is NaN or infinite")
    if top >= _LARGE:
        large = np.abs(values) >= _LARGE
        yield from ((unit, _SCALE, cut) for unit, _, cut in cuts(np.where(large, values, 0.0) * 2.0**-_SCALE))
        yield from cuts(np.where(large, 0.0, values))
        return
    rest, cut = values, np.empty_like(values)
    while top > 0:
        unit = max(-(-(math.frexp(top)[1] - _ROOM) // _STEP) * _STEP, _LEAST)
        power = math.ldexp(1.5, unit + 52)
        np.add(rest, power, out=cut)
        cut -= power
        rest = rest - cut if rest is values else np.subtract(rest, cut, out=rest)
        yield unit, 0, cut
        top = max(float(rest.max()), -float(rest.min()))


def exact_sum(values: ArrayLike) -> Exact:
    """Return the sum of values without rounding.

    Parameters
    ----------
    values : array of float, shape (n,)
        Finite; none at all add up to 0.

    Raises
    ------
    ValueError
        When a value is NaN or infinite.

    Examples
    --------
    >>> exact_sum([1e300, 1.0, -1e300]).value, sum([1e300, 1.0, -1e300])
    (1.0, 0.0)
    """
    taken = np.ascontiguousarray(values, dtype=np.float64).ravel()
    totals = Totals()
    for start in range(0, len(taken), CHUNK):
        totals.add(taken[start : start + CHUNK])
    return totals.total()


def exact_bin_sums(values: ArrayLike, index: ArrayLike, bins: int) -> tuple[Exact, ...]:
    """Return the sum of values in each bin without rounding.

    Parameters
    ----------
    values : array of float, shape (n,)
        Finite.
    index : array of int, shape (n,)
        The bin of each value, from 0 to bins - 1.
    bins : int
        How many bins there are.

    Returns
    -------
    tuple of Exact, length `bins`
        Empty bins have 0.

    Raises
    ------
    ValueError
        When a value is NaN or infinite, lengths differ, or a bin lies outside.

    Examples
    --------
    >>> [total.value for total in exact_bin_sums([0.1, 0.2, 0.3], [0, 2, 0], 3)]
    [0.4, 0.0, 0.2]
    """
    taken = np.ascontiguousarray(values, dtype=np.float64)
    places = np.ascontiguousarray(index, dtype=np.int64)
    if taken.ndim != 1 or taken.shape != places.shape:
        raise ValueError(f"each value has a bin: {taken.shape} values, {places.shape} bins")
    if len(places) and not (places.min() >= 0 and places.max() < bins):
        raise ValueError(f"bins lie between 0 and {bins - 1}, and at least one does not")
    units: dict[int, Integers] = {}
    done: dict[int, list[int]] = {}
    for number, start in enumerate(range(0, len(taken), CHUNK)):
        here = places[start : start + CHUNK]
        for unit, scale, cut in cuts(taken[start : start + CHUNK]):
            found = np.ldexp(np.bincount(here, weights=cut, minlength=bins), -unit).astype(np.int64)
            if unit + scale in units:
                units[unit + scale] += found
            else:
                units[unit + scale] = found
        if number % _FLUSH == _FLUSH - 1:
            _flush(units, done)
    _flush(units, done)
    return tuple(_joined({unit: sums[place] for unit, sums in done.items()}) for place in range(bins))


def _flush(units: dict[int, Integers], done: dict[int, list[int]]) -> None:
    """Move sums of 64 bits into whole numbers of any size."""
    for unit, sums in units.items():
        before = done.get(unit)
        found = sums.tolist()
        done[unit] = found if before is None else [one + two for one, two in zip(before, found, strict=True)]
    units.clear()


def _joined(units: dict[int, int]) -> Exact:
    if not units:
        return Exact(0, 0)
    least = min(units)
    return Exact.of(sum(found << (unit - least) for unit, found in units.items()), least)
