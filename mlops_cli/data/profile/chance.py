"""Which differences between two profiles are no more than samples of one population show. It hides figures; it is no verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlops_cli.data.profile.model import AnyColumn, CategoricalProfile, NumericProfile, TextProfile
from mlops_cli.data.profile.reading import Distribution, cells, sure_ends

if TYPE_CHECKING:
    from collections.abc import Callable

_P = 0.001  # so often a difference is told though there is none, of each figure
_Z = 3.2905  # of a normal distribution, so much or more comes up so often, to both sides
_RESOLUTION = 1 / 64  # of quantiles that are read off bins
_FEW = 20  # different values; one more among so few is no accident of counting
_ESTIMATE = 0.033  # standard error of an estimated number of values
_LENGTHS = 1.25  # of the shortest and longest text: the ends of a sample lie anywhere
_QUARTILES = {"quartile 1": 0.25, "median": 0.5, "quartile 3": 0.75}


def by_chance(what: str, before: AnyColumn, after: AnyColumn) -> bool:
    """Return whether a figure differs no more than it does between samples of one population, of so many rows each.

    Rows are taken for independent of each other. Shares are held against each other by the pooled normal test of two rates, means
    by Welch's, standard deviations by their large-sample variance (excess kurtosis + 2) sd² / 4n, quantiles by the share of the
    other sample below them, ends by how many rows of the other lie beyond them; each at p = 0.001.

    Parameters
    ----------
    what : str
        The figure, as `diff` names it.
    before, after : ColumnProfile
        The column in both profiles, of one kind.
    """
    if what == "missing":
        return _shares((before.missing, before.rows), (after.missing, after.rows))
    if what == "distinct":
        return _distinct(before, after)
    if what in ("shortest", "longest"):
        low, high = sorted((getattr(before, what) or 0, getattr(after, what) or 0))
        return high - low <= 1 or low * _LENGTHS >= high
    if isinstance(before, NumericProfile) and isinstance(after, NumericProfile):
        return _number(what, before, after)
    counts = _counted(what, before), _counted(what, after)
    return counts[0] is not None and counts[1] is not None and _shares(*_nearest(*counts))  # type: ignore[arg-type] # looked at


def alike(before: AnyColumn, after: AnyColumn) -> bool:
    """Return whether the cells of a column, missing values among them, are filled as two samples of one population are.

    Pearson's test of two samples, at p = 0.001; for columns of one layout.
    """
    from mlops_cli.statistics.counts import two_sample_chi2

    first, second = ([cell.rows for cell in cells(column)] for column in (before, after))
    if len(first) != len(second) or not sum(first) or not sum(second):
        return True
    return two_sample_chi2(first, second).p_value >= _P


def _shares(first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Whether two shares, each as rows of all rows, are one share."""
    (k1, n1), (k2, n2) = first, second
    if not n1 or not n2:
        return False
    pooled = (k1 + k2) / (n1 + n2)
    return abs(k1 / n1 - k2 / n2) <= _Z * math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))


def _distinct(before: AnyColumn, after: AnyColumn) -> bool:
    """Whether two numbers of different values tell nothing.

    The fewer rows of a population have at most as many values as all have, and at least their share of them; what lies between,
    or beside it by no more than counts and estimates vary, may be of one population.
    """
    few, many = sorted((before, after), key=lambda column: column.n)
    first, second = few.distinct_count or 0, many.distinct_count or 0
    if not few.n or min(first, second) <= _FEW:
        return False
    room = _Z * math.sqrt(first + second)
    room += sum(_Z * _ESTIMATE * (each.distinct_count or 0) for each in (few, many) if each.different is None)
    return second * few.n / many.n - room <= first <= second + room


# Numbers ------------------------------------------------------------------------------------------------------------


def _number(what: str, before: NumericProfile, after: NumericProfile) -> bool:
    if what in ("mean", "sd"):
        return _moment(what, before, after)
    if what in _QUARTILES:
        return _quantile(_QUARTILES[what], before, after)
    if what.startswith(("smallest", "largest")):
        return _end(before, after, top=what.startswith("largest"))
    name = what.replace(" ", "_")
    counts = getattr(before, name, None), getattr(after, name, None)
    if not isinstance(counts[0], int) or not isinstance(counts[1], int):
        return False
    return _shares((counts[0], before.n), (counts[1], after.n))


def _moment(what: str, before: NumericProfile, after: NumericProfile) -> bool:
    values, variances = [], []
    for column in (before, after):
        moments = column.moments
        sd = moments.sd if moments is not None else None
        if moments is None or moments.mean is None or sd is None or not moments.n:
            return False
        values.append(moments.mean if what == "mean" else sd)
        heavy = (max(moments.kurtosis or 0.0, -2.0) + 2) / 4
        variances.append(sd * sd / moments.n * (1.0 if what == "mean" else heavy))
    return abs(values[0] - values[1]) <= _Z * math.sqrt(sum(variances))


def _quantile(share: float, before: NumericProfile, after: NumericProfile) -> bool:
    spreads = Distribution(before), Distribution(after)
    if not before.finite or not after.finite:
        return False
    room = _Z * math.sqrt(share * (1 - share) * (1 / before.finite + 1 / after.finite)) + _RESOLUTION
    for one, other in (spreads, spreads[::-1]):
        value = one.quantile(share)
        if value is None:
            return False
        under, upto = other.cdf(value), other.cdf(math.nextafter(value, math.inf))
        if under is None or upto is None or not under - room <= share <= upto + room:
            return False
    return True


def _end(before: NumericProfile, after: NumericProfile, *, top: bool) -> bool:
    """Whether so many rows beyond the other sample's end are no wonder: of k rows, all lie in one sample by its share to the k."""
    ends = sure_ends(before), sure_ends(after)
    if ends[0] is None or ends[1] is None:
        return False
    rows = before.finite + after.finite
    for column, other in ((before, ends[1]), (after, ends[0])):
        limit = other[1] if top else other[0]
        spread = Distribution(column)
        under = spread.cdf(math.nextafter(limit, math.inf) if top else limit)
        beyond = column.finite * ((1 - (under or 0.0)) if top else (under or 0.0))
        if (column.finite / rows) ** beyond < _P / 2:
            return False
    return True


# Texts and flags ----------------------------------------------------------------------------------------------------

# Rows of a figure: at least, at most, and of how many.
_Counted = tuple[float, float, float]


def _counted(what: str, column: AnyColumn) -> _Counted | None:
    """Return how many rows a figure stands for; where a value is not counted by itself it may be among the others."""
    if isinstance(column, CategoricalProfile) and what.startswith("value "):
        known = dict(zip(column.values, column.counts, strict=True))
        return _among(known.get(what.removeprefix("value ")), column.outside.rows, column.n)
    if isinstance(column, TextProfile) and what.startswith("shape "):
        known = dict(zip(column.shapes, column.shape_counts, strict=True))
        return _among(known.get(what.removeprefix("shape ")), column.other_shapes, column.n)
    counts: dict[str, Callable[[], float]] = {
        "other values": lambda: column.outside.rows,  # type: ignore[union-attr] # of texts alone
        "unseen values": lambda: column.outside.unseen_rows,  # type: ignore[union-attr]
    }
    found = counts[what]() if what in counts else getattr(column, what, None)
    return (found, found, column.n) if isinstance(found, int | float) else None


def _among(rows: int | None, others: int, n: int) -> _Counted:
    return (0, others, n) if rows is None else (rows, rows, n)


def _nearest(first: _Counted, second: _Counted) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the rows of both that lie as near to each other as they can."""
    (low, high, n), (other_low, other_high, other_n) = first, second
    if not n or not other_n:
        return (low, n), (other_low, other_n)
    if low == high:
        return (low, n), (min(max(low / n * other_n, other_low), other_high), other_n)
    return (min(max(other_low / other_n * n, low), high), n), (other_low, other_n)
