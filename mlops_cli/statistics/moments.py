"""Mean, spread, skewness and kurtosis from sums without rounding: the merge of any parts equals the whole, byte for byte."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.statistics.exact import CHUNK, Exact, Totals, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from mlops_cli.statistics.arrays import Floats

# Fourth powers of distances between these stay within the range of floats, with all their digits.
_NEAR, _FAR = 2.0**-250, 2.0**250
# Other distances are scaled by a power of two of this step.
_CLASS = 400
# Cuts a float into halves of 26 bits, whose products are exact (T. J. Dekker, Numer. Math. 18 (1971) 224).
_SPLIT = 2.0**27 + 1
# Skewness and kurtosis are told when rounding can have moved them by less than this part.
_TRUSTED = 1e-6


@dataclass(frozen=True, slots=True)
class Moments:
    """Exact sums of powers of distances from a fixed centre.

    Parameters
    ----------
    n : int
        How many values.
    centre : float
        What distances are from. Parts that are to be merged have the same; a value in the middle of the data is best.
    first, second, third, fourth : Exact
        Sums of d, d², d³ and d⁴, d being the value less the centre as floats give it. d and d² are added up in full; d³ and d⁴ are
        rounded once a value, in the same way wherever the value stands.
    """

    n: int
    centre: float
    first: Exact
    second: Exact
    third: Exact
    fourth: Exact

    @classmethod
    def empty(cls, centre: float) -> Moments:
        """Return the moments of no values.

        Raises
        ------
        ValueError
            When the centre is not finite.
        """
        if not math.isfinite(centre):
            raise ValueError(f"a centre is a finite number, and {centre} is not")
        nothing = Exact(0, 0)
        return cls(0, float(centre), nothing, nothing, nothing, nothing)

    @classmethod
    def of(cls, values: ArrayLike, centre: float) -> Moments:
        """Return the moments of values.

        Parameters
        ----------
        values : array of float, shape (n,)
            Finite; missing and infinite ones are counted elsewhere.
        centre : float
            Finite.

        Raises
        ------
        ValueError
            When a value or the centre is NaN or infinite.

        Examples
        --------
        >>> whole = Moments.of([1.0, 2.0, 4.0, 9.0], 2.0)
        >>> whole == Moments.of([9.0, 1.0], 2.0).merge(Moments.of([4.0, 2.0], 2.0))
        True
        >>> whole.mean, round(whole.sd, 4), round(whole.skewness, 4)
        (4.0, 3.559, 0.7684)
        """
        start = cls.empty(centre)
        taken = np.ascontiguousarray(values, dtype=np.float64).ravel()
        totals = (Totals(), Totals(), Totals(), Totals())
        for place in range(0, len(taken), CHUNK):
            _add(taken[place : place + CHUNK], start.centre, totals)
        return cls(len(taken), start.centre, *(total.total() for total in totals))

    def merge(self, other: Moments) -> Moments:
        """Return the moments of the values of both.

        Raises
        ------
        ValueError
            When the centres differ.
        """
        if self.centre != other.centre:
            raise ValueError(f"moments about {self.centre} and about {other.centre} do not add up")
        return Moments(
            self.n + other.n,
            self.centre,
            self.first + other.first,
            self.second + other.second,
            self.third + other.third,
            self.fourth + other.fourth,
        )

    @property
    def mean(self) -> float | None:
        """The mean; None without values."""
        if not self.n:
            return None
        # Rounding of distances may lead past the largest float by a hair.
        limit = float(np.finfo(np.float64).max)
        return min(max(nearest(Fraction(self.centre) + self.first.fraction / self.n), -limit), limit)

    @property
    def variance(self) -> float | None:
        """The variance with n - 1 below; None with fewer than two values, inf when beyond all floats."""
        return None if self.n < 2 else nearest(self._central_second() * Fraction(self.n, self.n - 1))

    @property
    def sd(self) -> float | None:
        """The standard deviation with n - 1 below; None with fewer than two values."""
        return None if self.n < 2 else _root(self._central_second() * Fraction(self.n, self.n - 1))

    @property
    def skewness(self) -> float | None:
        """The skewness g1 = m3 / m2^1.5; None without spread, or when the centre is too far away to tell."""
        second = self._central_second() if self.n else Fraction(0)
        if not second:
            return None
        mean = self.first.fraction / self.n
        third = self.third.fraction / self.n - 3 * mean * (self.second.fraction / self.n) + 2 * mean**3
        # Of d³ each is off by 2^-52 at most, and sums of |d|³ are at most those of d⁴ to the power 3/4.
        rounding = 2.0**-52 * _ratio_power(self.fourth.fraction / self.n, second, 0.75)
        if rounding > _TRUSTED:
            return None
        found = _root(third**2 / second**3)
        return found if third >= 0 else -found

    @property
    def kurtosis(self) -> float | None:
        """The excess kurtosis g2 = m4 / m2² - 3; None without spread, or when the centre is too far away to tell."""
        second = self._central_second() if self.n else Fraction(0)
        if not second:
            return None
        mean = self.first.fraction / self.n
        raw = self.fourth.fraction / self.n
        fourth = (
            raw
            - 4 * mean * (self.third.fraction / self.n)
            + 6 * mean**2 * (self.second.fraction / self.n)
            - 3 * mean**4
        )
        if 2.0**-50 * _ratio_power(raw, second, 1.0) > _TRUSTED:
            return None
        return nearest(fourth / second**2 - 3)

    def _central_second(self) -> Fraction:
        """Return the mean squared distance from the mean: exactly 0 where all values are equal, and never below."""
        return self.second.fraction / self.n - (self.first.fraction / self.n) ** 2

    def to_json(self) -> dict[str, Any]:
        """Return the moments as JSON values; equal moments have equal ones.

        Examples
        --------
        >>> Moments.of([1.0, 2.0], 0.0).to_json()
        {'n': 2, 'centre': 0.0, 'sums': ['3p0', '5p0', '9p0', '11p0']}
        """
        sums = (self.first, self.second, self.third, self.fourth)
        return {"n": self.n, "centre": self.centre, "sums": [total.to_json() for total in sums]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Moments:
        """Return moments from their JSON values.

        Raises
        ------
        ValueError, KeyError, TypeError
            When they are not such.
        """
        first, second, third, fourth = map(Exact.from_json, data["sums"])
        return cls(int(data["n"]), float(data["centre"]), first, second, third, fourth)


def _add(values: Floats, centre: float, totals: tuple[Totals, Totals, Totals, Totals]) -> None:
    """Add a chunk of values."""
    with np.errstate(over="ignore", invalid="ignore"):
        distance = values - centre
    size = np.abs(distance)
    top = float(size.max())
    if top < _FAR and (float(size.min()) >= _NEAR or not ((size > 0) & (size < _NEAR)).any()):
        _powers(distance, totals)
        return
    if not np.isfinite(values).all():
        raise ValueError("only finite numbers have moments, and at least one is NaN or infinite")
    # Where the distance itself is beyond all floats, a quarter of it is not.
    beyond = np.isinf(distance)
    if beyond.any():
        _scaled(values[beyond] / 4 - centre / 4, totals, 2)
        distance = distance[~beyond]
    _scaled(distance, totals, 0)


def _scaled(distance: Floats, totals: tuple[Totals, Totals, Totals, Totals], shift: int) -> None:
    """Add distances of any size, each class of sizes brought near 1 by a power of two, which changes no digit."""
    exponent = np.frexp(distance)[1].astype(np.int64)
    # The same bounds as of those that need no scaling, and at least as narrow.
    size = np.where(distance == 0, 0, (exponent + _CLASS // 2) // _CLASS)
    for number in np.unique(size).tolist():
        power = number * _CLASS
        _powers(np.ldexp(distance[size == number], -power), totals, power + shift)


def _powers(distance: Floats, totals: tuple[Totals, Totals, Totals, Totals], shift: int = 0) -> None:
    """Add d, d², d³ and d⁴ of distances between 2^-250 and 2^250, times 2 ** shift."""
    square = distance * distance
    upper = distance * _SPLIT
    upper -= upper - distance
    lower = distance - upper
    # What the square lost to rounding, in full.
    lost = upper * upper
    lost -= square
    upper *= lower
    upper *= 2
    lost += upper
    lower *= lower
    lost += lower
    totals[0].add(distance, shift)
    totals[1].add(square, 2 * shift)
    totals[1].add(lost, 2 * shift)
    totals[2].add(np.multiply(square, distance, out=upper), 3 * shift)
    totals[3].add(np.multiply(square, square, out=lower), 4 * shift)


def _root(value: Fraction) -> float:
    """Return the square root of a ratio of any size."""
    if not value:
        return 0.0
    # Brought near 1 by an even power of two.
    half = (value.numerator.bit_length() - value.denominator.bit_length()) // 2
    near = value / Fraction(4) ** half
    return math.ldexp(math.sqrt(near), half) if half < 1023 else nearest(Fraction(math.sqrt(near)) * 2**half)


def _ratio_power(above: Fraction, below: Fraction, power: float) -> float:
    """Return (above / below²) ** power; inf when beyond all floats."""
    ratio = nearest(above / below**2)
    return math.inf if math.isinf(ratio) else float(ratio**power)
