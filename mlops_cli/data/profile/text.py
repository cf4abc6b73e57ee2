"""Profiles to bytes: canonical JSON with a line a column, so that a change shows which columns changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlops_cli.data.profile.model import (
    FORMAT,
    SCHEMA,
    AnyColumn,
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    NumericProfile,
    Outside,
    Profile,
    TextProfile,
)
from mlops_cli.formats.canonical import compact

if TYPE_CHECKING:
    from mlops_cli.statistics.moments import Moments

_DIGITS = 12


def profile_to_bytes(profile: Profile) -> bytes:
    """Return the file of a profile.

    Keys are sorted; `columns` comes last, with one line for each column. The same profile always gives the same bytes.
    """
    wire = profile_wire(profile)
    columns = wire.pop("columns")
    head = [f'"{name}": {_line(wire[name])}' for name in sorted(wire)]
    body = ",\n".join(_line(column) for column in columns)
    return ("{\n" + ",\n".join([*head, '"columns": [\n' + body + "\n]"]) + "\n}\n").encode()


def is_profile(head: bytes) -> bool:
    """Return whether a file that begins so is a profile."""
    return b'"format": "' + FORMAT.encode() + b'"' in head[:4096]


def _line(value: Any) -> str:
    return compact(value).decode().rstrip("\n")


def profile_wire(profile: Profile) -> dict[str, Any]:
    """Return a profile as JSON."""
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "rows": profile.rows,
        "sources": list(profile.sources),
        "stage": profile.stage,
        "edges_from": profile.edges_from,
        "baseline": profile.baseline,
        "missing_pairs": [[pair.first, pair.second, pair.rows] for pair in profile.missing_pairs],
        "ranks": {
            "columns": list(profile.ranks.columns),
            "edges": [list(edges) for edges in profile.ranks.edges],
            "sums": list(profile.ranks.sums),
            "products": list(profile.ranks.products),
        },
        "sample": _hashed(profile.sample.kept, 16),
        **(
            {"different_rows": profile.different_rows}
            if profile.baseline and profile.different_rows is not None
            else {}
        ),
        "columns": [column_wire(column, order=profile.baseline) for column in profile.columns],
    }


def column_wire(column: AnyColumn, *, order: bool = False) -> dict[str, Any]:
    """Return a column as JSON.

    Parameters
    ----------
    order : bool
        With the order of its values, and how many are different exactly, which is told of a baseline alone.
    """
    wire: dict[str, Any] = {
        "name": column.name,
        "kind": column.kind,
        "storage": column.storage,
        "n": column.n,
        "missing": column.missing,
    }
    if column.private:
        wire["private"] = True
    if order and column.order:
        wire["order"] = column.order
    if order and column.different is not None:
        wire["different"] = column.different
    if column.distinct is not None:
        wire["distinct"] = column.distinct.to_json()
    if isinstance(column, NumericProfile):
        return {**wire, **_numeric(column)}
    if isinstance(column, BooleanProfile):
        return {**wire, "true": column.true, "false": column.false}
    if isinstance(column, DatetimeProfile):
        return {**wire, **_datetime(column)}
    return {**wire, **(_categorical(column) if isinstance(column, CategoricalProfile) else _text(column))}


def _numeric(column: NumericProfile) -> dict[str, Any]:
    moments = column.moments
    return {
        "infinite": [column.negative_infinite, column.positive_infinite],
        "zero": column.zero,
        "negative": column.negative,
        "integer": column.integer,
        "low": column.low,
        "high": column.high,
        "below": column.below,
        "above": column.above,
        "edges": list(column.edges),
        "counts": list(column.counts),
        "sums": list(column.sums),
        "points": list(column.points),
        "point_counts": list(column.point_counts),
        "centre": column.centre,
        "unit": column.unit,
        "discrete": column.discrete,
        "scale": [column.scale.level, *(part for pair in column.scale.bins for part in pair)],
        **({"moments": moments.to_json(), "derived": _derived(moments)} if moments is not None else {}),
    }


def _derived(moments: Moments) -> dict[str, float | None]:
    """Return what people want to see of the exact sums; nothing reads it back."""
    figures = {
        "mean": moments.mean,
        "sd": moments.sd,
        "skewness": moments.skewness,
        "kurtosis": moments.kurtosis,
    }
    return {name: rounded(value) for name, value in figures.items()}


def rounded(value: float | None) -> float | None:
    """Return a figure with 12 digits, or None where there is no finite one.

    Examples
    --------
    >>> rounded(1 / 3), rounded(float("nan"))
    (0.333333333333, None)
    """
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")


def _categorical(column: CategoricalProfile) -> dict[str, Any]:
    return {
        "values": list(column.values),
        "counts": list(column.counts),
        "others": [f"{column.others.below:x}", "".join(f"{mark:04x}" for mark in column.others.marks)],
        "outside": _outside(column.outside),
        **_lengths(column),
    }


def _text(column: TextProfile) -> dict[str, Any]:
    return {
        "lengths": list(column.lengths),
        "shapes": list(column.shapes),
        "shape_counts": list(column.shape_counts),
        "other_shapes": column.other_shapes,
        **_lengths(column),
    }


def _lengths(column: CategoricalProfile | TextProfile) -> dict[str, Any]:
    return {
        "empty": column.empty,
        "blank": column.blank,
        "shortest": column.shortest,
        "longest": column.longest,
    }


def _outside(outside: Outside) -> dict[str, Any]:
    return {
        "rows": outside.rows,
        "tested": outside.tested,
        "unseen": outside.unseen,
        "kept": _hashed(outside.kept, 8),
    }


def _hashed(kept: tuple[tuple[int, int], ...], digits: int) -> list[Any]:
    """Return hashes in one text of so many hexadecimal digits each, and their rows."""
    return ["".join(f"{value:0{digits}x}" for value, _ in kept), [rows for _, rows in kept]]


def _datetime(column: DatetimeProfile) -> dict[str, Any]:
    line = column.timeline
    return {
        "zone": column.zone,
        "first": column.first,
        "last": column.last,
        "hours": list(column.hours),
        "midnight": column.midnight,
        "timeline": {"width": line.width, "start": line.start, "counts": list(line.counts)},
    }
