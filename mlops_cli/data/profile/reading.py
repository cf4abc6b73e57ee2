"""What a profile says: its cells, quantiles, correlations. Works on bins, in plain Python."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Literal

from mlops_cli.data.profile.model import (
    AnyColumn,
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    NumericProfile,
    RowSample,
    Scale,
    TextProfile,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_cli.data.profile.model import Ranks

CellKind = Literal["bin", "point", "value", "other", "hour", "length", "infinite", "missing"]

_EIGHTHS, _OFFSET = 8, 1075
_QUARTILES_SD = 1.3489795003921634  # quartiles of a normal distribution lie so many sd apart
_OPEN = 1 / 32  # an open bin with more than this share of the rows is looked at by magnitude


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a column's values. All cells together are all rows.

    Attributes
    ----------
    label : str
        What people call it.
    kind : str
        What it is; `other` are values that are no keys.
    rows : int
        How many rows it has.
    low, high : float
        Of bins, points and lengths: from where to where; -inf and inf where open, NaN for other kinds.
    """

    label: str
    kind: CellKind
    rows: int
    low: float = math.nan
    high: float = math.nan


def cells(column: AnyColumn) -> tuple[Cell, ...]:
    """Return the cells of a column: those of values first, then infinities, missing last. Two profiles of one layout have the same.

    Of times they are the hours of the week; of texts the lengths. A private column has no cells of values.
    """
    missing = Cell("missing", "missing", column.missing)
    if isinstance(column, NumericProfile):
        infinite = (
            Cell("-inf", "infinite", column.negative_infinite, -math.inf, -math.inf),
            Cell("+inf", "infinite", column.positive_infinite, math.inf, math.inf),
        )
        return (*number_cells(column), *infinite, missing)
    if isinstance(column, BooleanProfile):
        return (Cell("true", "value", column.true), Cell("false", "value", column.false), missing)
    if isinstance(column, CategoricalProfile):
        keys = (Cell(value, "value", rows) for value, rows in zip(column.values, column.counts, strict=True))
        return (*keys, Cell("other values", "other", column.outside.rows), missing)
    if isinstance(column, DatetimeProfile):
        hours = (Cell(hour_label(hour), "hour", rows) for hour, rows in enumerate(column.hours))
        return (*hours, missing)
    ends = (*TextProfile.LENGTHS[1:], math.inf)
    lengths = (
        Cell(f"{low}" if high == low + 1 else f"{low} to {high - 1}" if high < math.inf else f"{low} or more",
             "length", rows, low, high)
        for low, high, rows in zip(TextProfile.LENGTHS, ends, column.lengths, strict=False)
    )  # fmt: skip
    return (*lengths, missing)


def number_cells(column: NumericProfile) -> tuple[Cell, ...]:
    """Return the bins and points of a numeric column, by value; a point comes after the bin that it would be in."""
    if column.private:
        return ()
    bounds = (-math.inf, *column.edges, math.inf)
    found = [
        Cell(_range(low, high), "bin", rows, low, high)
        for (low, high), rows in zip(pairwise(bounds), column.counts, strict=True)
    ]
    found += [
        Cell(f"{value:g}", "point", rows, value, value)
        for value, rows in zip(column.points, column.point_counts, strict=True)
    ]
    return tuple(sorted(found, key=lambda cell: (bisect_right(column.edges, cell.low), cell.kind, cell.low)))


def hour_label(hour: int) -> str:
    """Return an hour of the week in words.

    Examples
    --------
    >>> hour_label(0), hour_label(167)
    ('Mon 00', 'Sun 23')
    """
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[hour // 24]} {hour % 24:02}"


def _range(low: float, high: float) -> str:
    if low == -math.inf:
        return "all other" if high == math.inf else f"under {high:g}"
    return f"{low:g} or more" if high == math.inf else f"{low:g} to {high:g}"


# Quantiles ----------------------------------------------------------------------------------------------------------


def bin_means(column: NumericProfile) -> tuple[float | None, ...]:
    """Return the mean of each bin, to half a `unit`; None where it has no rows."""
    return tuple(
        column.centre + column.unit * total / rows if rows else None
        for total, rows in zip(column.sums, column.counts, strict=True)
    )


def magnitudes(scale: Scale) -> tuple[Cell, ...]:
    """Return the bins of a histogram of magnitudes, by value.

    Examples
    --------
    >>> [(cell.low, cell.high) for cell in magnitudes(Scale(0, ((-8609, 1), (0, 1), (8610, 1))))]
    [(-1.125, -1.0), (0.0, 0.0), (1.125, 1.25)]
    """
    found = []
    for key, rows in scale.bins:
        low, high = _bounds(abs(key), scale.level) if key else (0.0, 0.0)
        low, high = (-high, -low) if key < 0 else (low, high)
        found.append(Cell(_range(low, high), "bin", rows, low, high))
    return tuple(found)


def _bounds(key: int, level: int) -> tuple[float, float]:
    first = (key - 1) << level
    return _start(first), _start(first + (1 << level))


def _start(key: int) -> float:
    octave, eighth = divmod(key, _EIGHTHS)
    try:
        return math.ldexp(0.5 + eighth / (2 * _EIGHTHS), octave - _OFFSET)
    except OverflowError:
        return math.inf


def extent(column: NumericProfile) -> tuple[float, float] | None:
    """Return bounds of all finite values, by magnitude: at best 12 % beyond the smallest and the largest, at worst an octave.

    None where there are no finite values.
    """
    found = magnitudes(column.scale)
    return (found[0].low, min(found[-1].high, 1.7976931348623157e308)) if found else None


def sure_ends(column: NumericProfile) -> tuple[float, float] | None:
    """Return about the smallest and about the largest finite value, neither farther from 0 than the value itself.

    Exact where every value has a count of its own and where it is a power of two; else up to 12 % too near to 0, at worst half.
    None where there are no finite values.
    """
    counted = [value for value, rows in zip(column.points, column.point_counts, strict=True) if rows]
    if counted and not any(column.counts):
        return counted[0], counted[-1]
    found = magnitudes(column.scale)
    if not found:
        return None
    first, last = (min(bin_.low, bin_.high, key=abs) for bin_ in (found[0], found[-1]))
    return float(first), float(last)


class Distribution:
    """How the finite numbers of a column lie, made once for many questions.

    Parameters
    ----------
    column : NumericProfile
        Its bins, points and magnitudes.

    Examples
    --------
    >>> import numpy as np
    >>> from mlops_cli.data.profile.build import profile_table
    >>> from mlops_cli.data.table.table import table_of
    >>> import pyarrow as pa
    >>> spread = Distribution(profile_table(table_of(pa.table({"x": np.arange(1000.0)}))).columns[0])
    >>> round(spread.quantile(0.5)), round(spread.cdf(250.0), 2)
    (500, 0.25)
    """

    __slots__ = ("_below", "_constant", "_lows", "_pieces", "rows")

    def __init__(self, column: NumericProfile) -> None:
        self.rows = column.finite
        bounds = extent(column)
        self._pieces = list(_pieces(column, *bounds)) if bounds is not None else []
        self._lows = [piece.low for piece in self._pieces]
        self._below = [0.0, *accumulate(piece.rows for piece in self._pieces)]
        moments = column.moments
        self._constant = moments.mean if moments is not None and moments.sd == 0 else None

    def quantile(self, share: float) -> float | None:
        """Return a quantile, to about a bin of the layout; where values left it, to a bin of magnitudes.

        Parameters
        ----------
        share : float
            0 to 1.

        Returns
        -------
        float or None
            None where there are no finite values, or the column is private.
        """
        if not self._pieces or self._constant is not None:
            return self._constant
        wanted = share * self.rows
        place = max(bisect_left(self._below, wanted, lo=1), 1) - 1
        while place < len(self._pieces) - 1 and not self._pieces[place].rows:
            place += 1
        piece = self._pieces[min(place, len(self._pieces) - 1)]
        if not piece.rows:
            return piece.high
        part = (wanted - self._below[min(place, len(self._pieces) - 1)]) / piece.rows
        return piece.low + (piece.high - piece.low) * min(max(part, 0.0), 1.0)

    def cdf(self, value: float) -> float | None:
        """Return the share of values below a number: exact at the layout's edges, between them by interpolation.

        None where there are no finite values, or the column is private.
        """
        if not self._pieces:
            return None
        # Pieces before `place` begin below the number; only the last of them can end beyond it.
        place = bisect_left(self._lows, value)
        if not place:
            return 0.0
        piece = self._pieces[place - 1]
        share = 1.0 if piece.high <= value else (value - piece.low) / (piece.high - piece.low)
        return (self._below[place - 1] + piece.rows * share) / self.rows


def quantile(column: NumericProfile, share: float) -> float | None:
    """Return one quantile of the finite values; see `Distribution`, which answers many questions at the price of one."""
    return Distribution(column).quantile(share)


def cdf(column: NumericProfile, value: float) -> float | None:
    """Return the share of finite values below one number; see `Distribution`."""
    return Distribution(column).cdf(value)


def median(column: NumericProfile) -> float | None:
    """Return the median of the finite values; see `Distribution`."""
    return quantile(column, 0.5)


def robust_sd(column: NumericProfile) -> float | None:
    """Return the distance of the quartiles over 1.349: the sd of a normal distribution with these quartiles."""
    spread = Distribution(column)
    first, third = spread.quantile(0.25), spread.quantile(0.75)
    return (third - first) / _QUARTILES_SD if first is not None and third is not None else None


def _pieces(column: NumericProfile, low: float, high: float) -> Iterator[Cell]:
    """Yield pieces of the number line with their rows, ascending: open bins are closed, and cut up where they hold much."""
    means = bin_means(column)
    points = list(zip(column.points, column.point_counts, strict=True))
    bounds = (-math.inf, *column.edges, math.inf)
    done = 0
    for place, rows in enumerate(column.counts):
        left, right = bounds[place], bounds[place + 1]
        end = bisect_left(column.points, right)
        inside = [Cell("", "point", count, value, value) for value, count in points[done:end]]
        done = end
        if (left == -math.inf or right == math.inf) and rows > _OPEN * column.finite:
            yield from _by_magnitude(column, Cell("", "bin", rows, left, right), inside)
            continue
        start, stop = _closed(left, right, means[place], low, high)
        if not inside:
            if rows:
                yield Cell("", "bin", rows, start, stop)
            continue
        stops = [start, *(point.low for point in inside), stop]
        width = stop - start
        for number, (one, other) in enumerate(pairwise(stops)):
            part = rows * (other - one) / width if width > 0 else rows * (number == 0)
            if part > 0:
                yield Cell("", "bin", part, one, other)  # type: ignore[arg-type] # a part of a bin's rows
            if number < len(inside):
                yield inside[number]


def _closed(left: float, right: float, mean: float | None, low: float, high: float) -> tuple[float, float]:
    """Return where a bin begins and ends: an open one as far beyond its mean as that is from its edge, within the extent."""
    start, stop = max(left, low), min(right, high)
    if mean is not None and left == -math.inf < right < math.inf:
        start = max(low, 2 * mean - right)
    if mean is not None and -math.inf < left < right == math.inf:
        stop = min(high, 2 * mean - left)
    return min(start, stop), max(start, stop)


def _by_magnitude(column: NumericProfile, cell: Cell, points: list[Cell]) -> Iterator[Cell]:
    """Yield an open bin in the bins of the magnitudes that lie in it, scaled to its rows, with its points between them."""
    parts = []
    for part in magnitudes(column.scale):
        low, high = max(part.low, cell.low), min(part.high, cell.high)
        if low < high or (low == high and cell.low <= low < cell.high):
            share = (high - low) / (part.high - part.low) if part.high > part.low else 1.0
            rows = part.rows * share - sum(
                point.rows for point in points if part.low <= point.low <= part.high
            )
            parts.append((low, high, max(rows, 0.0)))
    total = sum(rows for _, _, rows in parts)
    pieces = [
        Cell("", "bin", cell.rows * rows / total, low, high)  # type: ignore[arg-type] # a part of a bin's rows
        for low, high, rows in parts
        if total
    ]
    yield from sorted([*pieces, *points], key=lambda piece: (piece.low, piece.high))


# Columns and rows together ------------------------------------------------------------------------------------------


def spearman(ranks: Ranks, rows: int) -> dict[tuple[str, str], float | None]:
    """Return the rank correlation of each pair of columns; None where one of them does not vary.

    Parameters
    ----------
    rows : int
        Of the profile.
    """
    k = len(ranks.columns)
    products = dict(zip(((i, j) for i in range(k) for j in range(i, k)), ranks.products, strict=False))
    if not products:
        return {}

    def covariance(i: int, j: int) -> int:
        return rows * products[i, j] - ranks.sums[i] * ranks.sums[j]

    spreads = [covariance(i, i) for i in range(k)]
    return {
        (ranks.columns[i], ranks.columns[j]): (
            covariance(i, j) / math.sqrt(spreads[i] * spreads[j])
            if spreads[i] > 0 and spreads[j] > 0
            else None
        )
        for i in range(k)
        for j in range(i + 1, k)
    }


def shared_rows(of: RowSample, other: RowSample) -> float | None:
    """Return the share of the different rows of one table that another has too: exact for small tables, else from the samples.

    None where there are no rows. Both tables have to have the same columns.
    """
    if not of.kept:
        return None
    # A hash that is too large for the other's sample tells nothing.
    limits = [sample.kept[-1][0] for sample in (of, other) if not sample.complete]
    compared = [value for value, _ in of.kept if not limits or value <= min(limits)]
    known = {value for value, _ in other.kept}
    return sum(value in known for value in compared) / len(compared) if compared else None
