"""Adding profiles of one layout. The sum of parts is the profile of the whole, byte for byte, in any order."""

from __future__ import annotations

import operator
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from mlops_cli.data.profile.model import (
    AnyColumn,
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    MissingPair,
    NumericProfile,
    Outside,
    Profile,
    Ranks,
    RowSample,
    Scale,
    TextProfile,
    Timeline,
)
from mlops_cli.data.profile.steps import coarsened, fitting_width, halved
from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_ADDED: dict[type[Any], tuple[str, ...]] = {
    NumericProfile: (
        "positive_infinite", "negative_infinite", "zero", "negative", "integer", "below", "above",
    ),
    BooleanProfile: ("true", "false"),
    CategoricalProfile: ("empty", "blank"),
    DatetimeProfile: ("midnight",),
    TextProfile: ("other_shapes", "empty", "blank"),
}  # fmt: skip
_ADDED_EACH: dict[type[Any], tuple[str, ...]] = {
    NumericProfile: ("counts", "sums", "point_counts"),
    BooleanProfile: (),
    CategoricalProfile: ("counts",),
    DatetimeProfile: ("hours",),
    TextProfile: ("lengths", "shape_counts"),
}
_SMALLEST = {CategoricalProfile: "shortest", TextProfile: "shortest", DatetimeProfile: "first"}
_LARGEST = {CategoricalProfile: "longest", TextProfile: "longest", DatetimeProfile: "last"}


def merge(profiles: Sequence[Profile], names: Sequence[str] = ()) -> Profile:
    """Return the profile of all rows of several profiles of one layout.

    Parameters
    ----------
    profiles : sequence of Profile
        At least one.
    names : sequence of str, optional
        What to call each in messages.

    Returns
    -------
    Profile
        It is a window, and knows no order, unless there was only one.

    Raises
    ------
    DataError
        When they were not counted on one layout, or have other columns.
    """
    called = names or [f"profile {place}" for place in range(1, len(profiles) + 1)]
    for profile, name in zip(profiles[1:], called[1:], strict=True):
        _check(profiles[0], profile, called[0], name)
    return reduce(_both, profiles)


def _check(first: Profile, second: Profile, name: str, other: str) -> None:
    hint = "Make both on one baseline: mlops profile PATH --against BASELINE --out FILE"
    if first.edges_from != second.edges_from:
        raise DataError(
            f"{name} and {other} were not counted on one baseline, so they do not add up", hint=hint
        )
    for a, b in zip(first.columns, second.columns, strict=False):
        if (a.name, a.kind) != (b.name, b.kind):
            raise DataError(
                f"{name} has the column {a.name} ({a.kind}) where {other} has {b.name} ({b.kind})", hint=hint
            )
    if len(first.columns) != len(second.columns):
        raise DataError(
            f"{name} has {len(first.columns)} columns, and {other} has {len(second.columns)}", hint=hint
        )
    if first.stage != second.stage:
        raise DataError(f"{name} is of stage {first.stage!r}, and {other} of {second.stage!r}")


def _both(a: Profile, b: Profile) -> Profile:
    return Profile(
        rows=a.rows + b.rows,
        columns=tuple(_column(one, other) for one, other in zip(a.columns, b.columns, strict=True)),
        sources=tuple(sorted({*a.sources, *b.sources})),
        stage=a.stage,
        edges_from=a.edges_from,
        baseline=False,
        missing_pairs=tuple(
            MissingPair(one.first, one.second, one.rows + other.rows)
            for one, other in zip(a.missing_pairs, b.missing_pairs, strict=True)
        ),
        ranks=Ranks(
            a.ranks.columns,
            a.ranks.edges,
            _sums(a.ranks.sums, b.ranks.sums),
            _sums(a.ranks.products, b.ranks.products),
        ),
        sample=RowSample(_kept(a.sample.kept, b.sample.kept, RowSample.MOST)),
    )


def _column(a: AnyColumn, b: AnyColumn) -> AnyColumn:
    kind: Any = type(a)
    changes: dict[str, Any] = {
        "storage": _told("storage", a, b),
        "private": a.private or b.private,
        "distinct": _merged(a.distinct, b.distinct),
        "order": "",
        "different": None,
    }
    for name in ("n", "missing", *_ADDED[kind]):
        changes[name] = getattr(a, name) + getattr(b, name)
    for name in _ADDED_EACH[kind]:
        changes[name] = _sums(getattr(a, name), getattr(b, name))
    for table, choose in ((_SMALLEST, min), (_LARGEST, max)):
        if kind in table:
            changes[table[kind]] = _chosen(choose, getattr(a, table[kind]), getattr(b, table[kind]))
    if isinstance(a, NumericProfile) and isinstance(b, NumericProfile):
        changes["moments"] = _merged(a.moments, b.moments)
        changes["scale"] = _scale(a.scale, b.scale)
    elif isinstance(a, CategoricalProfile) and isinstance(b, CategoricalProfile):
        changes["outside"] = _outside(a.outside, b.outside)
        changes["unseen"] = ()
    elif isinstance(a, DatetimeProfile) and isinstance(b, DatetimeProfile):
        changes["timeline"] = _timeline(a.timeline, b.timeline)
        changes["zone"] = _told("zone", a, b)
    return replace(a, **changes)


def _told(name: str, a: AnyColumn, b: AnyColumn) -> str:
    """Return a text of both; of the one that has values where the other has none; of both where they differ."""
    one, other = getattr(a, name), getattr(b, name)
    if one == other or not b.n:
        return str(one)
    return str(other) if not a.n else "|".join(sorted({*one.split("|"), *other.split("|")}))


def _sums(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sums of each; what was never counted, because there was nothing to count, is zeros."""
    if not a or not b:
        return a or b
    return tuple(map(operator.add, a, b))


def _chosen(choose: Callable[[Iterable[int]], int], a: int | None, b: int | None) -> int | None:
    known = [value for value in (a, b) if value is not None]
    return choose(known) if known else None


def _merged(a: Any, b: Any) -> Any:
    return a.merge(b) if a is not None and b is not None else a if b is None else b


def _kept(
    a: tuple[tuple[int, int], ...], b: tuple[tuple[int, int], ...], most: int
) -> tuple[tuple[int, int], ...]:
    """Return the smallest hashes of both, with all their rows: what is small enough in the sum was so in each part."""
    found = dict(a)
    for value, rows in b:
        found[value] = found.get(value, 0) + rows
    return tuple(sorted(found.items())[:most])


def _outside(a: Outside, b: Outside) -> Outside:
    return Outside(
        a.rows + b.rows, a.tested + b.tested, a.unseen + b.unseen, _kept(a.kept, b.kept, Outside.MOST)
    )


def _scale(a: Scale, b: Scale) -> Scale:
    level = max(a.level, b.level)
    both = [*halved(list(a.bins), level - a.level), *halved(list(b.bins), level - b.level)]
    return coarsened(level, halved(both, 0))


def _timeline(a: Timeline, b: Timeline) -> Timeline:
    if not a.counts or not b.counts:
        return a if a.counts else b
    first, last = (
        choose(line.width * end for line, end in zip((a, b), ends, strict=True))
        for choose, ends in (
            (min, (a.start, b.start)),
            (max, (a.start + len(a.counts) - 1, b.start + len(b.counts) - 1)),
        )
    )
    width = max(fitting_width(first, last), a.width, b.width)
    counts = [0] * (last // width - first // width + 1)
    for line in (a, b):
        for place, rows in enumerate(line.counts):
            counts[(line.start + place) * line.width // width - first // width] += rows
    return Timeline(width, first // width, tuple(counts))
