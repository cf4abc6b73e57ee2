"""From values to places on an axis: scales, their ticks and what stands at them. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MINUS = "\N{MINUS SIGN}"
_STEPS = (1, 2, 2.5, 5, 10)
_MOST_DECIMALS = 3  # beside a unit
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis: from its low end to its high end, with ticks.

    Attributes
    ----------
    low, high : float
        The ends, in the unit of the values; `low < high`.
    ticks : tuple of float
        Where a text stands, ascending, none outside of the ends.
    texts : tuple of str
        What stands there, as many as ticks.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    texts: tuple[str, ...]

    def at(self, value: float) -> float:
        """Return the place of a value in percent of the axis, 0 at its low end; what is outside lies at the end.

        Examples
        --------
        >>> scale_of([0, 10]).at(2.5), scale_of([0, 10]).at(99)
        (25.0, 100.0)
        """
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return min(100.0, max(0.0, 100 * share))


def scale_of(values: Iterable[float | None], *, most: int = 5, zero: bool = False) -> Scale:
    """Return a scale with round ends that holds all values.

    Parameters
    ----------
    values : iterable of float or None
        None, NaN and infinite values are passed over.
    most : int
        Steps between ticks at most.
    zero : bool
        The scale holds zero, whether the values do or not.

    Examples
    --------
    >>> scale_of([3, 97]).ticks
    (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
    """
    low, high = _ends(values, zero=zero)
    step = nice_step(high - low, most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return fixed_scale(
        first * step, max(last, first + 1) * step, _multiples(step, first, max(last, first + 1))
    )


def tight_scale(values: Iterable[float | None], *, most: int = 5, zero: bool = False) -> Scale:
    """Return a scale that ends where the values do; its ticks are round.

    Examples
    --------
    >>> scale = tight_scale([17, 90])
    >>> scale.low, scale.ticks
    (17.0, (20.0, 40.0, 60.0, 80.0))
    """
    low, high = _ends(values, zero=zero)
    step = nice_step(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = [tick for tick in _multiples(step, first, last) if low <= tick <= high]
    return fixed_scale(low, high, ticks or [low, high])


def fixed_scale(low: float, high: float, ticks: Sequence[float]) -> Scale:
    """Return a scale with the ends and ticks that were chosen."""
    return Scale(low, high, tuple(ticks), tick_texts(ticks))


UNIT = Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), ("0", "0.25", "0.50", "0.75", "1"))
PERCENT = Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), ("0", "25%", "50%", "75%", "100%"))


def nice_step(span: float, most: int) -> float:
    """Return the smallest of 1, 2, 2.5, 5 times a power of ten with which a span has few steps.

    Examples
    --------
    >>> nice_step(94, 5), nice_step(0.7, 4)
    (20.0, 0.2)
    """
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 1e-307 else 1e-307
    return next((step * power for step in _STEPS if step * power >= rough * (1 - 1e-9)), 10 * power)


def tick_texts(ticks: Sequence[float]) -> tuple[str, ...]:
    """Return ticks as people read them: all with the same decimals and the same unit.

    Examples
    --------
    >>> tick_texts([0, 0.5, 1]), tick_texts([0, 20_000, 40_000])
    (('0', '0.5', '1.0'), ('0', '20k', '40k'))
    """
    largest = max((abs(tick) for tick in ticks), default=0.0)
    if largest >= 1e15 or 0 < largest < 1e-4:
        return tuple("0" if tick == 0 else minus(f"{tick:.3g}") for tick in ticks)
    unit, letter = next(((unit, letter) for unit, letter in _UNITS if largest >= max(unit, 1e4)), (1.0, ""))
    decimals = _decimals(ticks, unit)
    if decimals > _MOST_DECIMALS and unit > 1:  # a unit that shortens nothing
        unit, letter, decimals = 1.0, "", _decimals(ticks, 1.0)
    texts = [f"{tick / unit + 0.0:.{decimals}f}" for tick in ticks]
    return tuple("0" if tick == 0 else minus(text) + letter for tick, text in zip(ticks, texts, strict=True))


def minus(text: str) -> str:
    """Return a number's text with the sign that is as wide as a digit."""
    return text.replace("-", MINUS)


def _decimals(ticks: Sequence[float], unit: float) -> int:
    """Return the fewest decimals with which texts differ from each other no less than the ticks do."""
    gap = min((b - a for a, b in pairwise(ticks)), default=0.0) / unit
    room = max(gap, 1e-12) * 0.02
    exact = (d for d in range(14) if all(abs(round(tick / unit, d) - tick / unit) <= room for tick in ticks))
    return next(exact, 14)


def _multiples(step: float, first: int, last: int) -> list[float]:
    digits = max(0, 2 - math.floor(math.log10(step)))
    return [round(place * step, digits) if digits < 300 else place * step for place in range(first, last + 1)]


def _ends(values: Iterable[float | None], *, zero: bool) -> tuple[float, float]:
    """Return the ends of what can be drawn, apart from each other."""
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    known = [min(1e300, max(-1e300, value)) for value in known] + ([0.0] if zero else [])
    low, high = min(known, default=0.0), max(known, default=1.0)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    room = abs(low) * 0.1 or 1.0
    return (0.0, high + room) if zero and low >= 0 else (low - room, high + room)
