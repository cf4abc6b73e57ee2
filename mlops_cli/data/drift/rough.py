"""A numeric column that was counted on bins of its own, brought onto another's: what is sure of it, and what is likely. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlops_cli.data.drift.cells import Counts, Floats
    from mlops_cli.data.profile.model import CategoricalProfile, NumericProfile

_ROUNDS = 200  # of sharing out in turn; what is left to move after them is far under a row in a thousand


def nearest(column: NumericProfile, layout: NumericProfile) -> NumericProfile:
    """Return a numeric column on another's bins, as much like the other as its own counts allow.

    Both are cut where either has an edge or a point. How the rows of a bin lie between its parts nobody knows, so those of either
    side are shared out in proportion to the other's, in turn: for given parts of one side that is the sharing of the other with
    the least distance (it is for every f-divergence, by convexity), and the distance falls with each turn. What is still apart
    then is apart however the rows lie, so that a verdict on it is no artefact of the bins.
    """
    ends = np.unique(np.concatenate([np.array(side, dtype=np.float64) for each in (column, layout)
                                     for side in (each.edges, each.points)]))  # fmt: skip
    own, other = _parts(column, ends), _parts(layout, ends)
    rows = np.array([*column.counts, *column.point_counts], dtype=np.float64)
    aims = np.array([*layout.counts, *layout.point_counts], dtype=np.float64)
    shared = _shared(rows, own, np.ones(len(own)))
    for _ in range(_ROUNDS):
        shared = _shared(rows, own, _shared(aims, other, shared))
    found: Floats = np.bincount(other, weights=shared, minlength=len(aims)).astype(np.float64)
    return _on(column, layout, found)


def even(column: NumericProfile, layout: NumericProfile) -> NumericProfile:
    """Return a numeric column on another's bins, as if each bin of its own were filled evenly: likely, but not sure."""
    edges = np.array(layout.edges)
    bins, own_edges, means = np.zeros(len(edges) + 1), column.edges, places(column)
    points = dict.fromkeys(layout.points, 0.0)
    for index, rows in enumerate((*column.counts, *column.point_counts)):
        if not rows:
            continue
        low = high = float(means[index])
        if index >= len(column.counts):
            if low in points:
                points[low] += rows
                continue
        else:
            low = own_edges[index - 1] if index else low
            high = own_edges[index] if index < len(own_edges) else high
        inside = np.linspace(low, high, min(rows, 64) + 2)[1:-1] if high > low else np.array([low])
        np.add.at(bins, np.searchsorted(edges, inside, side="right"), rows / len(inside))
    return _on(column, layout, np.array([*bins, *points.values()]))


def keys_found(reference: CategoricalProfile, current: CategoricalProfile) -> dict[str, int]:
    """Return the rows of the reference's keys that the current profile, with keys of its own, has among all other values.

    By the hashes of those that it kept. Where it did not keep them all, a key that is not among them is taken to have as many rows
    as it would if nothing had changed, as far as there are rows: that nothing is said of it that is not sure.
    """
    import pyarrow as pa

    from mlops_cli.data.profile.hashing import hash_texts, salt_of

    outside, own = current.outside, set(current.values)
    sought = [
        (value, rows)
        for value, rows in zip(reference.values, reference.counts, strict=True)
        if value not in own
    ]
    if not (sought and outside.rows):
        return {}
    hashes = hash_texts(
        pa.array([value for value, _ in sought], type=pa.large_string()), salt_of(reference.name)
    ) >> np.uint64(32)
    kept = dict(outside.kept)
    found = {
        value: kept[mark] for (value, _), mark in zip(sought, hashes.tolist(), strict=True) if mark in kept
    }
    if outside.complete:
        return found
    left = outside.rows - sum(kept.values())
    most = min(current.counts, default=left)  # a value with more rows would be a key
    for value, rows in sought:
        if value not in found:
            found[value] = min(round(rows * current.n / reference.n), most, max(left, 0))
            left -= found[value]
    return found


def _parts(column: NumericProfile, ends: Floats) -> NDArray[np.int64]:
    """Return the cell in which each part of the line lies: below the first end, on it, up to the next one, and so on."""
    edges = np.array(column.edges, dtype=np.float64)
    on = np.searchsorted(edges, ends, side="right")
    points = {point: len(column.counts) + at for at, point in enumerate(column.points)}
    found = np.empty(2 * len(ends) + 1, dtype=np.int64)
    found[0] = 0
    found[1::2] = [points.get(float(end), cell) for end, cell in zip(ends, on, strict=True)]
    found[2::2] = on
    return found


def _shared(rows: Floats, cells: NDArray[np.int64], like: Floats) -> Floats:
    """Return the rows of each cell shared out between its parts in proportion to something; evenly where that is nothing."""
    whole = np.bincount(cells, weights=like, minlength=len(rows))
    parts = np.bincount(cells, minlength=len(rows))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(whole[cells] > 0, like / whole[cells], 1 / parts[cells])
    found: Floats = rows[cells] * share
    return found


def _on(column: NumericProfile, layout: NumericProfile, rows: Floats) -> NumericProfile:
    """Return a column with other counts, on another's layout; what was counted beyond the range of its own is not known of this."""
    whole = _whole(rows)
    bins = len(layout.edges) + 1
    return replace(
        column,
        edges=layout.edges,
        points=layout.points,
        counts=tuple(whole[:bins].tolist()),
        sums=(0,) * bins,
        point_counts=tuple(whole[bins:].tolist()),
        centre=layout.centre,
        unit=layout.unit,
        discrete=layout.discrete,
        low=layout.low,
        high=layout.high,
        below=0,
        above=0,
    )


def moved(one: NumericProfile, two: NumericProfile) -> float | None:
    """Return the way that values moved (Wasserstein), each column's on cells of its own; None where a side has no values.

    The rows of a cell lie at their mean. That does not ask how bins are shared out.
    """
    from mlops_cli.statistics.line import wasserstein_from_points

    at: list[Floats] = []
    rows: list[Counts] = []
    for side in (one, two):
        counts = np.array([*side.counts, *side.point_counts], dtype=np.int64)
        at.append(places(side)[counts > 0])
        rows.append(counts[counts > 0])
    if not (len(at[0]) and len(at[1])):
        return None
    ends, where = np.unique(np.concatenate(at), return_inverse=True)
    first = np.bincount(where[: len(at[0])], weights=rows[0], minlength=len(ends))
    second = np.bincount(where[len(at[0]) :], weights=rows[1], minlength=len(ends))
    return wasserstein_from_points(ends, first, second)


def places(column: NumericProfile) -> Floats:
    """Return the mean of the values in each bin, then each point; NaN where there are none."""
    counts = np.array(column.counts, dtype=np.float64)
    sums = np.array([float(each) for each in column.sums])
    with np.errstate(divide="ignore", invalid="ignore"):
        means = column.centre + column.unit * (sums / counts)
    return np.concatenate((means, np.array(column.points, dtype=np.float64)))


def _whole(counts: Floats) -> Counts:
    """Round counts so that their sum stays."""
    ends: Counts = np.rint(np.cumsum(counts)).astype(np.int64)
    return np.diff(ends, prepend=0)
