"""The facts that a profile has on a table: nearly those of the table itself, as far as privacy lets it tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.context import Unseen
from mlops_cli.data.checks.facts import GRID, ColumnFacts, Floats, TableFacts, number_label
from mlops_cli.data.profile.model import (
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    NumericProfile,
    TextProfile,
)

if TYPE_CHECKING:
    from mlops_cli.data.profile.model import AnyColumn, Profile


def profile_facts(profile: Profile, name: str) -> TableFacts:
    """Return the facts that a profile has."""
    return TableFacts(name, profile.rows, {each.name: _facts(each) for each in profile.columns})


def unseen_in(window: Profile) -> dict[str, Unseen]:
    """Return by column what the baseline never had, out of a profile that was counted on its layout."""
    return {
        column.name: Unseen(round(column.outside.unseen_rows), column.unseen)
        for column in window.columns
        if isinstance(column, CategoricalProfile)
    }


def _facts(column: AnyColumn) -> ColumnFacts:
    if isinstance(column, NumericProfile):
        return _numeric(column)
    if isinstance(column, DatetimeProfile):
        return _datetime(column)
    counts: dict[str, int] = {}
    quantiles: Floats = np.empty(0)
    if isinstance(column, BooleanProfile):
        counts = {name: count for name, count in (("true", column.true), ("false", column.false)) if count}
    elif isinstance(column, CategoricalProfile):
        counts = {value: count for value, count in zip(column.values, column.counts, strict=True) if count}
    elif isinstance(column, TextProfile):
        quantiles = _of_bins(
            np.array(column.LENGTHS[: len(column.lengths)], dtype=np.float64), column.lengths
        )
    distinct = column.distinct_count
    return ColumnFacts(
        column.name,
        column.kind,
        column.storage,
        rows=column.rows,
        missing=column.missing,
        distinct=len(counts) if distinct is None else distinct,
        counts=counts,
        quantiles=quantiles,
        exact=False,
    )


def _numeric(column: NumericProfile) -> ColumnFacts:
    from mlops_cli.data.profile.reading import quantile

    infinite = column.positive_infinite + column.negative_infinite
    points = {
        number_label(value): count
        for value, count in zip(column.points, column.point_counts, strict=True)
        if count
    }
    low = float("nan") if column.low is None else column.low
    high = float("nan") if column.high is None else column.high
    known = column.finite > 0 and not column.private
    grid = [quantile(column, float(place)) for place in GRID] if known else []
    distinct = column.distinct_count
    return ColumnFacts(
        column.name,
        column.kind,
        column.storage,
        rows=column.rows,
        missing=column.missing,
        infinite=infinite,
        distinct=len(points) if distinct is None else distinct,
        counts=points,
        quantiles=np.array([each for each in grid if each is not None], dtype=np.float64)
        if all(each is not None for each in grid)
        else np.empty(0),
        low=low,
        high=high,
        mean=column.moments.mean if column.moments is not None else None,
        median=quantile(column, 0.5) if known else None,
        increasing=column.order in ("increasing", "not decreasing"),
        whole=column.finite > 0 and column.integer == column.finite,
        beyond=column.below + column.above,
        exact=False,
    )


def _datetime(column: DatetimeProfile) -> ColumnFacts:
    line = column.timeline
    starts = np.asarray((line.start + np.arange(len(line.counts))) * line.width * 1e6, dtype=np.float64)
    distinct = column.distinct_count
    return ColumnFacts(
        column.name,
        column.kind,
        column.storage,
        rows=column.rows,
        missing=column.missing,
        distinct=0 if distinct is None else distinct,
        quantiles=_of_bins(starts, line.counts),
        low=float("nan") if column.first is None else float(column.first),
        high=float("nan") if column.last is None else float(column.last),
        week=np.array(column.hours, dtype=np.int64),
        increasing=column.order in ("increasing", "not decreasing"),
        exact=False,
    )


def _of_bins(starts: Floats, counts: tuple[int, ...]) -> Floats:
    """Return quantiles of rows that stand where their bins begin."""
    reached = np.cumsum(np.array(counts, dtype=np.float64))
    if not len(reached) or reached[-1] == 0:
        return np.empty(0)
    place = np.searchsorted(reached, GRID * reached[-1], side="left")
    return np.asarray(starts[np.minimum(place, len(starts) - 1)], dtype=np.float64)
