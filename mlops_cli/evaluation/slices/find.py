"""Weak slices: searched for on one half of the rows, and believed when the other half says so too."""

from __future__ import annotations

import math
from heapq import heapify, heappushpop
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.findings import FoundSlice
from mlops_cli.evaluation.measured import LEAST_P, Measured
from mlops_cli.evaluation.slices.expression import expression_text
from mlops_cli.evaluation.slices.halves import halves, settle, stir_numbers
from mlops_cli.evaluation.slices.search import Search, best_alone, mask_of_terms
from mlops_cli.evaluation.slices.search_codes import search_axes
from mlops_cli.formats.conditions.tree import both
from mlops_cli.statistics.interval import difference_of_means, mean_t
from mlops_cli.statistics.multiple import benjamini_hochberg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.slices.columns import Columns
    from mlops_cli.evaluation.slices.search import Hit, Terms
    from mlops_cli.evaluation.slices.search_codes import Axis
    from mlops_cli.statistics.interval import Difference

    Floats = NDArray[np.float64]
    Measure = Callable[[NDArray[np.int64]], Mapping[str, Measured]]

LEAST_ROWS = 50
LEAST_SHARE = 0.01
_LEAST_CONFIRM = 20
_MOST = 10
_MOST_AXES = 60
_LARGE = 1e100
_LEVEL = 0.05


def find_slices(
    columns: Columns,
    loss: Floats,
    loss_name: str,
    *,
    depth: int = 3,
    most: int = _MOST,
    measure: Measure | None = None,
) -> tuple[FoundSlice, ...]:
    """Return slices on which the mean loss is higher than elsewhere, the one that costs most first.

    Columns are coded into at most ten parts. On half of the rows, chosen by a hash of their content, every slice of one and two
    columns, and slices of three below the best of two, are ranked by the lower bound of their lift (mean loss inside less
    outside, less three standard errors) times their share of the rows. Once one is chosen, its rows are set aside, and the
    search goes on in what is left. Each is then tested on the other half, against all other rows, and without the rows of earlier
    ones against what is left: Welch's test, one-sided, the larger of both p-values, adjusted after Benjamini and Hochberg. What
    stays above 5 % is not reported. A slice has at least 50 rows and 1 % of all, and at most half of them.

    Parameters
    ----------
    columns : Columns
        What slices may be made of.
    loss : array of float64, shape (rows,)
        Loss of each row, more is worse; rows with NaN are left out.
    loss_name : str
    depth : int
        How many columns a slice may be about, 1 to 3.
    most : int
        How many slices to look for.
    measure : callable, optional
        Takes the row numbers of a slice, returns its metrics.

    Notes
    -----
    The idea of scoring many slices at once by size and loss is that of SliceLine (S. Sagadeeva, M. Boehm, SIGMOD 2021); judging
    on rows that had no say in the choice is that of honest trees (S. Athey, G. Imbens, PNAS 113 (2016) 7353).
    """
    unit = float(np.max(np.abs(loss), where=np.isfinite(loss), initial=0.0))
    loss = loss / unit if unit > _LARGE else loss  # squares stay within the range of floats
    known = np.isfinite(loss)
    total = int(known.sum())
    least = max(LEAST_ROWS, math.ceil(LEAST_SHARE * total))
    if total < 4 * LEAST_ROWS:
        return ()
    axes, side = _chosen(columns, loss, known, least)
    if not axes:
        return ()
    first = side & known
    finding, confirming = np.flatnonzero(first), np.flatnonzero(known & ~first)
    search = Search(axes, finding, loss[finding], max(_LEAST_CONFIRM, int(0.8 * least / 2)), depth)
    codes = [axis.codes for axis in axes]
    hits: list[tuple[Hit, NDArray[np.bool_]]] = []
    for _ in range(2 * most):
        hit = search.next()
        if hit is None or len(hits) == most:
            break
        mask = mask_of_terms(codes, hit.terms) & known
        if mask.sum() >= least:
            hits.append((hit, mask))
    return _confirmed(hits, axes, loss, confirming, loss_name, measure, total)


def _chosen(
    columns: Columns, loss: Floats, known: NDArray[np.bool_], least: int
) -> tuple[list[Axis], NDArray[np.bool_]]:
    """Return the columns that are searched, and which rows are in the finding half.

    Pairs grow with the square of the columns. Of more than 60, those are taken whose best slice of one column scores highest on
    the finding half; only so many are in memory at a time.
    """
    coming = search_axes(columns)
    axes = list(islice(coming, _MOST_AXES))
    side = _halves(axes, loss) if axes else known
    later = next(coming, None)
    if later is None:
        return axes, side
    finding = np.flatnonzero(side & known)
    part = loss[finding]
    ranked = [(best_alone(axis, finding, part, least // 3), -at, axis) for at, axis in enumerate(axes)]
    heapify(ranked)
    for at, axis in enumerate(chain([later], coming), _MOST_AXES):
        heappushpop(ranked, (best_alone(axis, finding, part, least // 3), -at, axis))
    return [axis for _, _, axis in sorted(ranked, key=lambda one: -one[1])], side


def _halves(axes: Sequence[Axis], loss: Floats) -> NDArray[np.bool_]:
    """Return which rows are in the finding half: by the codes that slices are made of, and the loss."""
    found = np.zeros(len(loss), np.uint64)
    for at in range(0, len(axes), 8):  # eight bytes of codes make one number
        packed = np.zeros((len(loss), 8), np.uint8)
        for place, axis in enumerate(axes[at : at + 8]):
            packed[:, place] = axis.codes
        stir_numbers(found, packed.view(np.int64).ravel())
    stir_numbers(found, loss)
    return halves(settle(found))


def _confirmed(
    hits: Sequence[tuple[Hit, NDArray[np.bool_]]],
    axes: Sequence[Axis],
    loss: Floats,
    confirming: NDArray[np.int64],
    loss_name: str,
    measure: Measure | None,
    total: int,
) -> tuple[FoundSlice, ...]:
    left = np.ones(len(confirming), np.bool_)
    other = loss[confirming]
    p_values = []
    for _, mask in hits:
        inside = mask[confirming]
        mine = inside & left
        # Both have to hold: that it is weak without the rows of earlier ones, and with them. So the larger p-value counts.
        apart = _one_sided(other[mine], other[left & ~mine])
        p_values.append(float(np.maximum(apart, _one_sided(other[inside], other[~inside]))))
        left &= ~mine
    adjusted = benjamini_hochberg(np.array(p_values, np.float64))
    found = []
    for (hit, mask), p_value, p_adjusted in zip(hits, p_values, adjusted, strict=True):
        if not p_adjusted <= _LEVEL:
            continue
        inside = mask[confirming]
        where = condition(hit.terms, axes)
        lift = _difference(other[inside], other[~inside])
        losses = _mean(other[inside]), _mean(other[~inside])
        rows = np.flatnonzero(mask)
        found.append(
            FoundSlice(
                name=slice_name(hit.terms, axes),
                where=where,
                n=len(rows),
                support=len(rows) / total,
                level=len(hit.terms),
                loss_name=loss_name,
                loss=losses[0],
                rest=losses[1],
                lift=Measured(lift.value, lift.low, lift.high, int(inside.sum()), "down", method="welch"),
                ratio=lift.value / losses[1].value + 1 if losses[1].value else None,
                p_value=max(p_value, LEAST_P),
                p_adjusted=max(float(p_adjusted), LEAST_P),
                also=tuple(condition(other_terms, axes) for other_terms in hit.also),
                metrics=measure(rows) if measure else {},
            )
        )
    return tuple(found)


def _one_sided(inside: Floats, outside: Floats) -> float:
    """Return the p-value of a higher mean inside; NaN where there are too few rows to tell."""
    if min(len(inside), len(outside)) < _LEAST_CONFIRM:
        return math.nan
    found = _difference(inside, outside)
    return found.p_value / 2 if found.value > 0 else 1 - found.p_value / 2


def condition(terms: Terms, axes: Sequence[Axis]) -> str:
    """Return the condition of a found slice as text, ready to be declared."""
    return expression_text(both(*(axes[column].part(low, high).where for column, low, high in terms)))


def slice_name(terms: Terms, axes: Sequence[Axis]) -> str:
    """Return what a found slice is called: `sex = Male, 28 <= age < 37`."""
    return ", ".join(axes[column].part(low, high).label for column, low, high in terms)


def _difference(inside: Floats, outside: Floats) -> Difference:
    return difference_of_means(
        float(inside.mean()),
        _variance(inside),
        len(inside),
        float(outside.mean()),
        _variance(outside),
        len(outside),
    )


def _mean(values: Floats) -> Measured:
    found = mean_t(float(values.mean()), _variance(values), len(values))
    return Measured(found.value, found.low, found.high, len(values), "down", method="t")


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0
