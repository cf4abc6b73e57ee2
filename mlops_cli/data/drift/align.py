"""Two profiles of one column, brought onto the same cells. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.drift.cells import Classes, Counted, Hours, Ordered, Texts, Unlike, Unseen, Usual
from mlops_cli.data.drift.rough import even, keys_found, moved, nearest, places
from mlops_cli.data.drift.spelling import respelled
from mlops_cli.data.profile.model import (
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    NumericProfile,
    TextProfile,
)
from mlops_cli.data.profile.reading import quantile, robust_sd

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.data.drift.cells import Floats, Pair, Quartiles
    from mlops_cli.data.profile.model import AnyColumn, Outside

# Keys are those values that had enough rows in the reference; the ones that just had enough had so by luck, and have fewer in
# any other table. With so many rows that no longer shows, so where there are other values besides keys, rarer keys are counted
# with them.
_SURE = 30


def aligned(reference: AnyColumn, current: AnyColumn, *, same_layout: bool = True) -> Counted:
    """Return a column of two profiles on the same cells.

    Parameters
    ----------
    same_layout : bool
        Whether both were counted on the layout of one baseline. Else counts are shared out between bins: see `rough`.
    """
    rows = (reference.rows, current.rows)
    name = reference.name
    gone = (reference.missing, current.missing)
    without = _without_values(reference, current, gone)
    if without is not None:
        return Counted(name, rows, without)
    match reference, current:
        case (NumericProfile(), NumericProfile()):
            if same_layout or _same_cells(reference, current):
                return Counted(name, rows, _numeric(reference, current), _both(reference, current))
            return _roughly(reference, current)
        case (CategoricalProfile(), CategoricalProfile()):
            return Counted(name, rows, _categorical(reference, current, same_layout=same_layout))
        case (BooleanProfile(), BooleanProfile()):
            counts = (
                np.array([reference.false, reference.true]),
                np.array([current.false, current.true]),
            )
            return Counted(name, rows, Classes(("false", "true"), *counts, missing=gone, distinct=(2, 2)))
        case (DatetimeProfile(), DatetimeProfile()):
            times = (np.array(reference.hours, dtype=np.int64), np.array(current.hours, dtype=np.int64))
            return Counted(
                name, rows, Hours(*times, missing=gone, newest=(_day(reference.last), _day(current.last)))
            )
        case (TextProfile(), TextProfile()):
            return Counted(name, rows, _texts(reference, current))
    raise TypeError(f"no comparison is known for columns of kind {reference.kind}")


def _both(reference: NumericProfile, current: NumericProfile) -> Callable[[], tuple[Quartiles, Quartiles]]:
    return lambda: (_quartiles(reference), _quartiles(current))


def _roughly(reference: NumericProfile, current: NumericProfile) -> Counted:
    """Return a numeric column whose sides were counted on bins of their own: what is sure, and beside it what is likely."""
    sure = _numeric(reference, nearest(current, reference), rough=True)
    way = moved(reference, current)
    if way is not None and sure.scale > 0:
        sure = replace(sure, way=way / sure.scale)
    likely = _numeric(reference, even(current, reference), rough=True)
    return Counted(
        reference.name, (reference.rows, current.rows), sure, _both(reference, current), likely=likely
    )


def _without_values(reference: AnyColumn, current: AnyColumn, gone: Pair) -> Texts | Unlike | None:
    """Return what can be said where values cannot be compared; None where they can."""
    if reference.private or current.private:
        return Texts(missing=gone, identifier=True)
    if not reference.n or not current.n:
        return _emptied(reference, current, gone)
    if reference.kind != current.kind:
        return Unlike("fail", f"it was {_a(reference.kind)} and is {_a(current.kind)} now")
    return None


def _emptied(reference: AnyColumn, current: AnyColumn, gone: Pair) -> Texts | Unlike:
    """Return what can be said where a side has no value at all: how many are missing, if there is a difference."""
    if not reference.rows or not current.rows:
        return Unlike("insufficient", "a table has no rows")
    if not reference.n and not current.n:
        return Unlike("insufficient", "neither table has a value here")
    return Texts(missing=gone, identifier=False)


def _a(kind: str) -> str:
    return {"boolean": "yes or no", "datetime": "a time", "text": "text"}.get(kind, kind)


def _day(microseconds: int | None) -> str:
    return "" if microseconds is None else str(np.datetime64(microseconds, "us").astype("datetime64[s]"))


def _same_cells(reference: NumericProfile, current: NumericProfile) -> bool:
    return (reference.edges, reference.points, reference.centre, reference.unit) == (
        current.edges,
        current.points,
        current.centre,
        current.unit,
    )


def _numeric(reference: NumericProfile, current: NumericProfile, *, rough: bool = False) -> Ordered:
    """Return bins and points in one order; a column that keeps each of its few values has no bins in between."""
    first = np.array([*reference.counts, *reference.point_counts], dtype=np.int64)
    second = np.array([*current.counts, *current.point_counts], dtype=np.int64)
    points = np.arange(len(first)) >= len(reference.counts)
    middle = _middles(reference)
    at, at_other = places(reference), middle if rough else places(current)
    place = np.where(first > 0, at, np.where(second > 0, at_other, middle))
    labels = _labels(reference)
    kept = np.flatnonzero((first + second > 0) | ~points)
    # Where a bin has no rows on either side, its middle still says where it stands.
    order = kept[np.argsort(place[kept], kind="stable")]
    if reference.discrete:
        order = order[first[order] + second[order] > 0]
    moments = [side.moments for side in (reference, current)]
    scale, robust = _scale(reference)
    return Ordered(
        labels=tuple(labels[index] for index in order),
        reference=first[order],
        current=second[order],
        reference_at=np.where(first > 0, at, place)[order],
        current_at=np.where(second > 0, at_other, place)[order],
        points=points[order],
        missing=(reference.missing, current.missing),
        low=(reference.negative_infinite, current.negative_infinite),
        high=(reference.positive_infinite, current.positive_infinite),
        outside=(reference.below + reference.above, current.below + current.above),
        means=_pair(each.mean if each and each.n else None for each in moments),
        deviations=_pair(each.sd if each and each.n else None for each in moments),
        scale=scale,
        robust=robust,
        few=reference.discrete,
    )


def _quartiles(column: NumericProfile) -> Quartiles:
    first, second, third = (quantile(column, share) for share in (0.25, 0.5, 0.75))
    return tuple(math.nan if each is None else each for each in (first, second, third))  # type: ignore[return-value]


def _pair(values: object) -> tuple[float, float]:
    one, two = (math.nan if each is None else float(each) for each in values)  # type: ignore[attr-defined]
    return one, two


def _middles(column: NumericProfile) -> Floats:
    """Return where a bin without rows stands; the open ones at their edge."""
    if not column.edges:
        inner = np.array([column.centre])
    else:
        edges = np.array(column.edges)
        inner = np.concatenate((edges[:1], (edges[:-1] + edges[1:]) / 2, edges[-1:]))
    return np.concatenate((inner, np.array(column.points, dtype=np.float64)))


def _labels(column: NumericProfile) -> list[str]:
    edges = [f"{edge:.4g}" for edge in column.edges]
    bins = ["all"] if not edges else [f"< {edges[0]}", *_between(edges), f"≥ {edges[-1]}"]
    return [*bins, *(f"{point:.6g}" for point in column.points)]


def _between(edges: list[str]) -> list[str]:
    return [f"{low} to {high}" for low, high in pairwise(edges)]


def _scale(column: NumericProfile) -> tuple[float, bool]:
    """Return a standard deviation, and whether it is the robust one: between the quartiles; of all values where those are one."""
    robust = robust_sd(column)
    if robust is not None and robust > 0:
        return robust, True
    moments = column.moments
    return (float(moments.sd) if moments and moments.n and moments.sd is not None else math.nan), False


def _categorical(
    reference: CategoricalProfile, current: CategoricalProfile, *, same_layout: bool
) -> Classes | Texts:
    gone = (reference.missing, current.missing)
    if not reference.values:  # more than half of its values differ
        return Texts(missing=gone, identifier=True)
    now = dict(zip(current.values, current.counts, strict=True))
    hidden = {} if same_layout else keys_found(reference, current)
    second = np.array([now.pop(value, hidden.get(value, 0)) for value in reference.values], dtype=np.int64)
    rest = current.n - int(second.sum())
    first = np.array(reference.counts, dtype=np.int64)
    rare = first < (_SURE if reference.outside.rows else 0)
    unseen = _unseen(current) if same_layout else None
    if not same_layout and reference.outside.complete and not reference.outside.rows:
        unseen = Unseen(float(rest), current.n)  # the reference had nothing but its keys
    named = current.unseen or tuple(now.items())
    same = respelled(named, reference.values)
    return Classes(
        labels=tuple(value for value, left in zip(reference.values, rare, strict=True) if not left),
        reference=first[~rare],
        current=second[~rare],
        other=(reference.outside.rows + int(first[rare].sum()), rest + int(second[rare].sum())),
        missing=gone,
        unseen=unseen,
        usual=usual(reference.outside, (reference.distinct_count or 0) - len(reference.values), reference.n),
        distinct=(reference.distinct_count or 0, current.distinct_count or 0),
        new=same[0] if same else named[0][0] if named else "",
        known=same[1] if same else "",
        many=reference.outside.rows > 0 and (reference.distinct_count or 0) > len(reference.values) + 20,
    )


def _unseen(current: CategoricalProfile) -> Unseen | None:
    """Return the unseen rows that were counted, of as many rows as were looked at.

    Where only some values were looked for, their rows come in groups, so that they count for half.
    """
    outside = current.outside
    if not outside.rows:
        return Unseen(0, current.n)
    if not outside.tested:
        return None
    looked = outside.tested / outside.rows
    groups = 1 if looked == 1 else 2
    return Unseen(outside.unseen / groups, current.n * looked / groups)


def usual(outside: Outside, values: int, rows: int) -> Usual:
    """Return the share of rows that would be unseen in another table like the reference.

    A value that stands once in n rows would be unseen if its row were new, so the share is f1 / n, f1 values standing once, with a
    standard error of sqrt(f1 + 2 f2) / n (I. J. Good, Biometrika 40 (1953) 237). The most is three errors above it, and never
    under 3 / n: so often, at most, may happen what did not happen once.

    Parameters
    ----------
    outside : Outside
        Values of the reference that are no keys.
    values : int
        How many these are.

    Examples
    --------
    >>> from mlops_cli.data.profile.model import Outside
    >>> usual(Outside(), 0, 300)
    Usual(share=0.0, most=0.01)
    """
    kept = len(outside.kept)
    once = sum(count == 1 for _, count in outside.kept)
    twice = sum(count == 2 for _, count in outside.kept)
    times = 1.0 if outside.complete or not kept else max(values, kept) / kept
    # What was not kept is estimated, and that with an error of its own.
    error = math.sqrt(times * (once + 2 * twice)) + (0 if times == 1 else times * math.sqrt(once + 1))
    return Usual(times * once / rows, (times * once + 3 * error + 3) / rows)


def _texts(reference: TextProfile, current: TextProfile) -> Texts:
    size = len(TextProfile.LENGTHS)
    first = np.zeros(size, dtype=np.int64)
    second = np.zeros(size, dtype=np.int64)
    first[: len(reference.lengths)] = reference.lengths
    second[: len(current.lengths)] = current.lengths
    starts = [f"{start} characters" for start in TextProfile.LENGTHS]
    at = np.array(TextProfile.LENGTHS, dtype=np.float64)
    now = dict(zip(current.shapes, current.shape_counts, strict=True))
    shapes = Classes(
        labels=reference.shapes,
        reference=np.array(reference.shape_counts, dtype=np.int64),
        current=np.array([now.pop(shape, 0) for shape in reference.shapes], dtype=np.int64),
        other=(reference.other_shapes, current.other_shapes + sum(now.values())),
    )
    return Texts(
        lengths=Ordered(tuple(starts), first, second, at, at, np.zeros(size, dtype=bool)),
        shapes=shapes,
        missing=(reference.missing, current.missing),
        identifier=(reference.distinct_count or 0) > 0.9 * reference.n,
    )
