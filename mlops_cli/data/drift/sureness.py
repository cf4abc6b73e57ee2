"""How sure it is that two samples differ, and how many rows it takes to be sure. Pure: counts in, tests out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mlops_cli.data.drift.cells import bins_for, grouped, summed, with_rest
from mlops_cli.statistics.counts import fisher, proportions_score, two_sample_chi2
from mlops_cli.statistics.line import mann_whitney_from_counts

if TYPE_CHECKING:
    from mlops_cli.data.drift.cells import Counts, Ordered, Pair

_POWER = 0.5  # how often an effect of the fail band has to be found for its absence to say anything
_CELLS = 64  # more than so many are never asked for when it is said how many rows would do
_SMALL = 5  # rows under which a rate is tested exactly


class Bands(NamedTuple):
    """From where on an effect matters, and matters much. All follow the two that people set, for a Jensen-Shannon distance."""

    warn: float
    fail: float

    def times(self, warn: float, fail: float) -> Bands:
        """Return the bands of another effect, given what they are where nobody has set anything (.10 and .20)."""
        return Bands(warn * self.warn / 0.10, fail * self.fail / 0.20)

    def over_one(self, warn: float, fail: float) -> Bands:
        """Return the bands of a ratio, which begins at 1."""
        less = self.times(warn - 1, fail - 1)
        return Bands(1 + less.warn, 1 + less.fail)


class Tested(NamedTuple):
    """What a test said, and the rows of the current table that it needs."""

    test: str
    statistic: float | None
    p_value: float | None
    needed: int | None = None


def place_or_shape(cells: Ordered, rows: Pair, bands: Bands, q: float) -> Tested:
    """Test the shape by chi-square and the place by ranks; return what is surer, its p-value doubled."""
    cells_apart = np.arange(len(cells.reference))
    group = cells_apart if cells.few else grouped(cells.reference, bins_for(rows))
    found = shape(*with_specials(cells, group), rows, bands, q / 2)
    # Infinite values have their place in the order, missing ones have none.
    first = np.concatenate(([cells.low[0]], cells.reference, [cells.high[0]]))
    second = np.concatenate(([cells.low[1]], cells.current, [cells.high[1]]))
    if found.p_value is None or not (first.sum() and second.sum()):
        return found
    place = mann_whitney_from_counts(first, second)
    if place.p_value < found.p_value:
        return Tested("rank", place.statistic, min(1.0, 2 * place.p_value), found.needed)
    return found._replace(p_value=min(1.0, 2 * found.p_value))


def with_specials(cells: Ordered, group: Counts) -> tuple[Counts, Counts]:
    """Return the counts of both tables by groups of cells, with what is missing and infinite as cells of their own."""
    specials = (cells.missing, cells.low, cells.high)
    return (
        with_rest(summed(cells.reference, group), *(pair[0] for pair in specials)),
        with_rest(summed(cells.current, group), *(pair[1] for pair in specials)),
    )


def shape(first: Counts, second: Counts, rows: Pair, bands: Bands, q: float) -> Tested:
    """Test whether two samples are of one distribution. Never whether the current one fits the reference: that is a sample, too."""
    if not (first.sum() and second.sum()):
        return Tested("chi2", None, None)
    done = two_sample_chi2(first, second)
    # As many as there are cells, also where the test had to add up rare ones: what happens inside of those it does not see.
    freedom = min(max(int(np.count_nonzero(first + second)) - 1, 1), _CELLS)
    # A Jensen-Shannon distance d is a noncentrality of 8 ln 2 d² for each effective row.
    wanted = noncentrality(freedom, q) / (8 * math.log(2) * max(bands.fail, 1e-9) ** 2)
    return Tested("chi2", done.statistic, done.p_value, current_rows(wanted, rows[0]))


def rates(hits: Pair, rows: Pair) -> tuple[str, float | None, float]:
    """Test two rates: exactly where there is little to go by."""
    if min(sum(hits), sum(rows) - sum(hits)) < 4 * _SMALL:
        return "exact", None, fisher(hits[0], rows[0], hits[1], rows[1])
    done = proportions_score(hits[0], rows[0], hits[1], rows[1])
    return "score", float(done.statistic), float(done.p_value)


def needed_for_rate(before: float, difference: float, reference: int, q: float) -> int | None:
    """Return the current rows with which a difference of two rates is seen as often as not."""
    from scipy.special import ndtri

    if not difference > 0:
        return None
    rate = min(max(before, difference / 2), 1 - difference / 2)
    z = float(ndtri(1 - q / 2) + ndtri(_POWER))
    return current_rows(z * z * rate * (1 - rate) / difference**2, reference)


def noncentrality(freedom: int, q: float) -> float:
    """Return how far from nothing a chi-square statistic has to be on average to pass its test as often as not.

    Examples
    --------
    >>> round(noncentrality(1, 0.05), 2)  # 1.96 squared
    3.84
    """
    from scipy.special import chdtri, chndtrinc

    return float(chndtrinc(chdtri(freedom, q), freedom, 1 - _POWER))


def current_rows(wanted: float, reference: int) -> int | None:
    """Return the rows of the current table that bring `n m / (n + m)` to what is wanted; None where no number of them does.

    Examples
    --------
    >>> current_rows(50, 100), current_rows(50, 1_000_000), current_rows(50, 40)
    (100, 51, None)
    """
    if reference <= wanted:
        return None
    return math.ceil(wanted * reference / (reference - wanted))
