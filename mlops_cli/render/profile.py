"""What `profile` says: a line a column, with a small picture of its values."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mlops_cli.data.profile.model import (
    AnyColumn,
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    NumericProfile,
    TextProfile,
)
from mlops_cli.data.profile.reading import Distribution
from mlops_cli.data.profile.text import profile_wire, rounded
from mlops_cli.render.lists import list_text
from mlops_cli.render.plain import plain
from mlops_cli.render.runs_table import Cell, runs_table
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text, number_text
from mlops_cli.render.table_notes import notes_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.actions.profile import ProfileResult
    from mlops_cli.data.profile.model import Profile

_SCHEMA = 1
_BARS = "▁▂▃▄▅▆▇█"
_SPARK = 12  # signs of a picture
_TAIL = 0.01  # of a numeric column's values, each side has so many beyond its picture
_NAME = 40  # characters of a column's name
_VALUE = 24  # and of a value
_TOP = 3  # values that are named
_OFTEN = 0.05  # a share of one number that is told
_MUCH = 0.2  # a share of missing values that stands out
_HEAD = ("column", "kind", "missing", "distinct", "values", "what they are")
# How soon a column gives way on a narrow terminal: the higher, the sooner; 0 never.
_WEIGHTS = (0.0, 3.0, 1.0, 2.0, 1.5, 0.0)
_FIGURES = (
    "column", "kind", "storage", "rows", "missing", "missing_share", "distinct", "mean", "sd", "low", "quartile_1", "median",
    "quartile_3", "high", "first", "last", "top", "top_share",
)  # fmt: skip


def profile_text(result: ProfileResult, form: str, *, width: int | None = None) -> str:
    """Return a profile in one of its forms.

    Parameters
    ----------
    form : str
        `table`, `csv` or `md`.
    width : int, optional
        Columns of the terminal; None for no limit, as in a file.
    """
    columns = result.profile.columns
    if form == "csv":
        return list_text(_FIGURES, [_figures(column) for column in columns], form)
    rows = [_cells(column) for column in columns]
    if form == "md":
        return list_text(_HEAD, [[cell.text for cell in row] for row in rows], form)
    return runs_table(_HEAD, rows, _WEIGHTS, width=width)


def profile_summary(result: ProfileResult, *, everything: bool = False) -> str:
    """Return sentences about the whole table; what was noticed on the way in one line, unless everything is wanted."""
    profile = result.profile
    kinds: dict[str, int] = {}
    for column in profile.columns:
        kinds[column.kind] = kinds.get(column.kind, 0) + 1
    parts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items(), key=lambda item: -item[1]))
    lines = [
        f"{plain(result.name)}: {count_text(profile.rows, 'row')}, {count_text(len(profile.columns), 'column')} ({parts})."
    ]
    share = profile.duplicate_share
    if share:
        about = "" if profile.sample.complete or profile.different_rows is not None else "about "
        lines.append(f"{about.capitalize()}{share_text(share)} of the rows repeat another row.")
    notes = notes_text(profile.warnings, everything=everything)
    lines += notes.splitlines()
    if result.out:
        role = "a baseline" if profile.baseline else f"counted on the layout {profile.edges_from[:11]}"
        lines.append(f"Wrote {plain(result.out)}: {role}.")
    return "".join(f"{line}\n" for line in lines)


def profile_result_wire(result: ProfileResult) -> dict[str, Any]:
    """Return the shape of `profile --json`."""
    return {
        "schema": _SCHEMA,
        "name": result.name,
        "out": result.out or None,
        "warnings": list(result.profile.warnings),
        "profile": profile_wire(result.profile),
    }


def share_text(share: float) -> str:
    """Return a share in percent, never 0 % or 100 % where it is not.

    Examples
    --------
    >>> share_text(0.0), share_text(0.3333), share_text(0.00001), share_text(0.99999), share_text(0.021)
    ('0 %', '33 %', 'under 0.1 %', 'over 99.9 %', '2.1 %')
    """
    percent = 100 * share
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f} %".replace(".0 %", " %") if percent < 10 or percent > 99 else f"{percent:.0f} %"


def spark(heights: Sequence[float]) -> str:
    """Return a picture of one line: the highest is a full block, and nothing is a space only where there is nothing.

    Examples
    --------
    >>> spark([0, 1, 4, 8])
    ' ▁▄█'
    """
    top = max(heights, default=0)
    if not top:
        return ""
    return "".join(_BARS[max(round(height / top * 8) - 1, 0)] if height > 0 else " " for height in heights)


def picture(column: AnyColumn) -> str:
    """Return a picture of a column's values in at most 12 signs; empty where nothing is told of them."""
    if isinstance(column, NumericProfile):
        return spark(_numeric_heights(column))
    if isinstance(column, BooleanProfile):
        return spark([column.true, column.false])
    if isinstance(column, CategoricalProfile):
        return spark([*column.counts[:_SPARK]])
    if isinstance(column, DatetimeProfile):
        return spark(_coarse(column.timeline.counts))
    first = next((place for place, rows in enumerate(column.lengths) if rows), 0)
    return spark(_coarse(_trimmed(column.lengths[first:])))


def _numeric_heights(column: NumericProfile) -> list[float]:
    if column.discrete and 0 < len(column.points) <= _SPARK:
        return list(column.point_counts)
    spread = Distribution(column)
    low, high = spread.quantile(_TAIL), spread.quantile(1 - _TAIL)
    if low is None or high is None:
        return []
    if low >= high:
        return [1.0]
    marks = [low + (high - low) * place / _SPARK for place in range(_SPARK)]
    below = [spread.cdf(mark) or 0.0 for mark in (*marks, math.nextafter(high, math.inf))]
    return [max(after - before, 0.0) for before, after in pairwise(below)]


def _coarse(counts: Sequence[int]) -> list[int]:
    """Return counts added up to at most 12."""
    step = max(-(-len(counts) // _SPARK), 1)
    return [sum(counts[place : place + step]) for place in range(0, len(counts), step)]


def _trimmed(counts: Sequence[int]) -> Sequence[int]:
    last = max((place for place, rows in enumerate(counts) if rows), default=-1)
    return counts[: last + 1]


def _cells(column: AnyColumn) -> list[Cell]:
    known = column.distinct_count
    about = "~" if column.distinct_estimated else ""
    return [
        Cell(plain(short_text(column.name, _NAME))),
        Cell(column.kind),
        Cell(
            share_text(column.missing_share),
            style="yellow" if column.missing_share >= _MUCH else "",
            right=True,
        ),
        Cell("" if known is None else f"{about}{known:,}", style="yellow" if known == 1 else "", right=True),
        Cell(picture(column)),
        Cell(plain(summary(column)), elastic=True),
    ]


def summary(column: AnyColumn) -> str:
    """Return what a column's values are, in a few words."""
    if not column.n:
        return "no values"
    if column.private:
        return "private"
    if isinstance(column, NumericProfile):
        return _numeric(column)
    if isinstance(column, BooleanProfile):
        return f"true {share_text(column.true / column.n)}"
    if isinstance(column, DatetimeProfile):
        return f"{time_text(column.first)} to {time_text(column.last)}" + (
            f" {column.zone}" if column.zone else ""
        )
    if isinstance(column, CategoricalProfile):
        return _categorical(column)
    return _text(column)


def _numeric(column: NumericProfile) -> str:
    parts = []
    whole = column.integer == column.finite
    spread = Distribution(column)
    middle, first, third = (_rounded(spread.quantile(share), whole=whole) for share in (0.5, 0.25, 0.75))
    moments = column.moments
    if column.different == 1 and middle is not None and moments is not None and moments.mean is not None:
        parts.append(f"always {number_text(moments.mean)}")
    elif column.discrete and len(column.points) == 2:
        parts += [
            f"{number_text(value)} {share_text(rows / column.n)}"
            for value, rows in zip(column.points, column.point_counts, strict=True)
        ]
    elif middle is not None and first is not None and third is not None and moments is not None:
        parts.append(f"median {number_text(middle)} ({number_text(first)} to {number_text(third)})")
        if moments.mean is not None and moments.sd is not None:
            parts.append(f"mean {number_text(moments.mean)} ± {number_text(moments.sd)}")
    infinite = column.positive_infinite + column.negative_infinite
    if infinite:
        parts.append(f"{infinite:,} infinite")
    spikes = [(rows, value) for value, rows in zip(column.points, column.point_counts, strict=True)]
    if spikes and not column.discrete:
        rows, value = max(spikes)
        if rows >= _OFTEN * column.n:
            parts.append(f"{number_text(value)} in {share_text(rows / column.n)}")
    return ", ".join(parts)


def _rounded(value: float | None, *, whole: bool) -> float | None:
    """Return a quantile as a whole number where all values are: it was found between them."""
    return float(round(value)) if whole and value is not None else value


def _categorical(column: CategoricalProfile) -> str:
    ranked = sorted(zip(column.counts, column.values, strict=True), key=lambda item: -item[0])
    named = [
        f"{short_text(value.strip(), _VALUE) or '(empty)'} {share_text(rows / column.n)}"
        for rows, value in ranked[:_TOP]
        if rows
    ]
    more = (column.distinct_count or 0) - len(named)
    named += [f"{more:,} more"] if more > 0 else []
    unseen = column.outside.unseen_rows
    named += [f"unseen {share_text(unseen / column.n)}"] if unseen else []
    return ", ".join(named)


def _text(column: TextProfile) -> str:
    parts = []
    if column.shortest is not None and column.longest is not None:
        span = (
            f"{column.shortest:,}"
            if column.shortest == column.longest
            else f"{column.shortest:,} to {column.longest:,}"
        )
        parts.append(f"{span} characters")
    if column.shapes and column.shape_counts[0]:
        parts.append(
            f"like {short_text(column.shapes[0], _VALUE)} {share_text(column.shape_counts[0] / column.n)}"
        )
    if column.repeated == 0:
        parts.append("all different")
    return ", ".join(parts)


def time_text(ticks: int | None) -> str:
    """Return a time in as few signs as it needs.

    Examples
    --------
    >>> time_text(0), time_text(1_700_000_000_000_000)
    ('1970-01-01', '2023-11-14 22:13:20')
    """
    if ticks is None:
        return ""
    try:
        moment = datetime.fromtimestamp(ticks // 1_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{ticks // 1_000_000} s"
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")


def _figures(column: AnyColumn) -> list[str]:
    """Return what programs want to read, unshortened."""
    found: dict[str, Any] = {
        "column": column.name,
        "kind": column.kind,
        "storage": column.storage,
        "rows": column.rows,
        "missing": column.missing,
        "missing_share": rounded(column.missing_share),
        "distinct": column.distinct_count,
    }
    if isinstance(column, NumericProfile):
        found |= {"low": column.low, "high": column.high}
        if column.moments is not None:
            found |= {"mean": rounded(column.moments.mean), "sd": rounded(column.moments.sd)}
        spread = Distribution(column)
        for name, share in (("quartile_1", 0.25), ("median", 0.5), ("quartile_3", 0.75)):
            found[name] = rounded(spread.quantile(share))
    elif isinstance(column, DatetimeProfile):
        found |= {"first": time_text(column.first), "last": time_text(column.last)}
    elif isinstance(column, CategoricalProfile) and any(column.counts):
        rows, value = max(zip(column.counts, column.values, strict=True), key=lambda item: item[0])
        found |= {"top": value, "top_share": rounded(rows / column.n)}
    elif isinstance(column, BooleanProfile) and column.n:
        value, rows = ("true", column.true) if column.true >= column.false else ("false", column.false)
        found |= {"top": value, "top_share": rounded(rows / column.n)}
    return ["" if found.get(name) is None else str(found[name]) for name in _FIGURES]


def layout_note(profile: Profile) -> str:
    """Return on what a profile was counted, in a few words."""
    return "baseline" if profile.baseline else f"window on {profile.edges_from[:11]}"
