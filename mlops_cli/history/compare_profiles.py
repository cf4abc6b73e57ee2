"""What profiles say of how data differs between runs: rows, and the columns that changed most. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.data.profile.diff import diff
from mlops_cli.data.profile.model import CategoricalProfile, NumericProfile, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.data.profile.diff import Change, ColumnDiff, ProfileDiff
    from mlops_cli.history.sides import Facts, Profiled, Side

    # Returns the profile, or in words why it cannot be had.
    Read = Callable[[Facts, Profiled], Profile | str]

NOTICED = 0.02  # a figure that changed less is chance as often as not, or nothing that anybody would act on
_FAR = 0.1  # a distance of distributions that is noticed though no figure tells of it
_BY_KIND = {"time": 0.05, "count": 0.01, "text": 0.5}  # how much such a change tells, whatever its amount
_ENDS = ("smallest, about", "largest, about")


class ProfileCell(NamedTuple):
    """The profile of one side.

    Parameters
    ----------
    made : Profiled
        Which one.
    profile : Profile or None
        None where it was not read.
    problem : str
        Why it could not be read; empty where it was, or need not be.
    """

    made: Profiled
    profile: Profile | None = None
    problem: str = ""


class ProfileRow(NamedTuple):
    """The profiles of one table.

    Parameters
    ----------
    name : str
        The table.
    cells : tuple
        One for each side; None where a side has no profile of it.
    diffs : tuple
        What differs from the baseline's; None for the baseline itself, and where one of the two is not there.
    """

    name: str
    cells: tuple[ProfileCell | None, ...]
    diffs: tuple[ProfileDiff | None, ...]


def compare_profiles(
    sides: Sequence[Side], read: Read, *, everything: bool = False
) -> tuple[ProfileRow, ...]:
    """Return what differs between the profiles of the same tables.

    Runs that repeat each other read the same data, so the first of a side stands for it. Profiles that are the same bytes are not
    read, nor is one that nothing can be held against.

    Parameters
    ----------
    read : callable
        Returns a profile, or in words why it cannot be had.
    everything : bool
        Also what is the same.
    """
    names = dict.fromkeys(name for side in sides for name in side.first.profiled)
    rows = []
    for name in sorted(names):
        made = [side.first.profiled.get(name) for side in sides]
        digests = [each.digest for each in made if each is not None]
        if everything or len(set(digests)) > 1:
            rows.append(_row(name, sides, made, read))
    return tuple(rows)


def _row(name: str, sides: Sequence[Side], made: Sequence[Profiled | None], read: Read) -> ProfileRow:
    cells = tuple(
        None if each is None else _cell(each, read(side.first, each))
        for side, each in zip(sides, made, strict=True)
    )
    base = cells[0].profile if cells[0] else None
    return ProfileRow(name, cells, (None, *(_diff(base, cell) for cell in cells[1:])))


def _cell(made: Profiled, found: Profile | str) -> ProfileCell:
    return ProfileCell(made, found) if isinstance(found, Profile) else ProfileCell(made, None, found)


def _diff(base: Profile | None, cell: ProfileCell | None) -> ProfileDiff | None:
    return diff(base, cell.profile) if base and cell and cell.profile else None


# What tells most -------------------------------------------------------------------------------------------------------


def most_changed(found: ProfileDiff) -> list[ColumnDiff]:
    """Return the columns that differ: those that came, went or are of another kind first, then those that changed most."""
    return sorted(found.changed, key=lambda column: (-column_change(column), column.name))


def column_change(column: ColumnDiff) -> float:
    """Return how much a column changed, for an order.

    2 where it came, went, or is of another kind. Else between 0 and 1: the Jensen-Shannon distance where both profiles were
    counted on one layout, else the most telling figure (`figure_change`).
    """
    if column.status in ("added", "removed", "other kind"):
        return 2.0
    if column.distance is not None:
        return column.distance
    return max((figure_change(column, change) for change in column.changes), default=0.0)


def telling(column: ColumnDiff) -> list[Change]:
    """Return the figures of a column that differ, the most telling first."""
    return sorted(column.changes, key=lambda change: -figure_change(column, change))


def is_noticed(column: ColumnDiff) -> bool:
    """Whether people are shown a column: it came or went, a figure changed enough, or the distribution did as a whole."""
    if column.status in ("added", "removed", "other kind") or (column.distance or 0.0) >= _FAR:
        return True
    return any(figure_change(column, change) >= NOTICED for change in column.changes)


def figure_change(column: ColumnDiff, change: Change) -> float:
    """Return how much a figure changed, 0 to 1, for an order.

    A share counts by its difference. A mean counts by its difference in standard deviations, at most 1; a quartile half as much.
    A standard deviation counts by its ratio, half as much. Other figures only stand behind these.
    """
    if change.form == "share":
        # What one side did not count by itself may have been there among the others.
        known = not appears(change) or is_new(column, change) or is_gone(column, change)
        return abs(_number(change.after) - _number(change.before)) if known else 0.0
    if change.form != "number":
        return _BY_KIND[change.form]
    if change.before is None or change.after is None:
        return 0.05
    if change.what == "sd":
        low, high = sorted((_number(change.before), _number(change.after)))
        return 0.5 * (1 - low / high) if high > 0 else 0.0
    if change.what in _ENDS:
        return 0.01
    share = min(1.0, abs(_number(change.after) - _number(change.before)) / (_spread(column) or math.inf))
    return share if change.what == "mean" else share / 2


def appears(change: Change) -> bool:
    """Whether a figure is of a value, or of a shape, that only one of two profiles has by itself."""
    return change.form == "share" and (change.before is None) != (change.after is None)


def is_new(column: ColumnDiff, change: Change) -> bool:
    """Whether a category surely was not there before: the first profile names every value that it met."""
    return change.before is None and _names_all(column.before) and change.what.startswith("value ")


def is_gone(column: ColumnDiff, change: Change) -> bool:
    """Whether a category surely is not there any more."""
    return change.after is None and _names_all(column.after) and change.what.startswith("value ")


def _names_all(column: object) -> bool:
    return isinstance(column, CategoricalProfile) and not column.outside.rows


def _spread(column: ColumnDiff) -> float:
    """Return the larger of both standard deviations, in which changes of a mean are measured."""
    sds = [
        each.moments.sd or 0.0
        for each in (column.before, column.after)
        if isinstance(each, NumericProfile) and each.moments is not None
    ]
    return max(sds, default=0.0)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
