"""What differs between two profiles, column by column. It gives no verdict: that is what `mlops drift` is for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlops_cli.data.profile.chance import alike, by_chance
from mlops_cli.data.profile.model import (
    AnyColumn,
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    NumericProfile,
    Profile,
    TextProfile,
)
from mlops_cli.data.profile.reading import Distribution, cells, sure_ends
from mlops_cli.data.profile.text import rounded

if TYPE_CHECKING:
    from collections.abc import Iterator

Status = Literal["same", "changed", "added", "removed", "other kind"]
Value = float | int | str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of a column in both profiles.

    Attributes
    ----------
    what : str
        The figure: `missing`, `mean`, `value Oslo`, …
    before, after : number, str or None
        None where a profile has none.
    form : str
        How it is to be shown: `share` (0 to 1), `count`, `number`, `time` (microseconds after 1970) or `text`.
    chance : bool
        It differs no more than it does between samples of one population.
    about : tuple of bool
        Whether each side is an estimate.
    """

    what: str
    before: Value
    after: Value
    form: Literal["share", "count", "number", "time", "text"] = "number"
    chance: bool = False
    about: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class ColumnDiff:
    """One column in both profiles.

    Attributes
    ----------
    name : str
        The column.
    status : str
        `same` where no figure differs.
    before, after : ColumnProfile or None
        None where a profile does not have it.
    distance : float or None
        Jensen-Shannon distance, base 2, of all cells with missing values among them: 0 the same, 1 nothing in common. Not
        corrected for few rows. None where the profiles were not counted on one layout, or there are no rows.
    changes : tuple of Change
        The figures that differ.
    chance : bool
        Whatever differs, differs no more than between samples of one population.
    """

    name: str
    status: Status
    before: AnyColumn | None
    after: AnyColumn | None
    distance: float | None = None
    changes: tuple[Change, ...] = ()
    chance: bool = False

    @property
    def told(self) -> tuple[Change, ...]:
        """The figures that differ by more than chance."""
        return tuple(change for change in self.changes if not change.chance)


@dataclass(frozen=True, slots=True)
class ProfileDiff:
    """Two profiles.

    Attributes
    ----------
    before, after : Profile
        The two.
    one_layout : bool
        Whether they were counted on one layout, so that bins can be compared.
    columns : tuple of ColumnDiff
        All columns, in the order of the second profile; those that it lacks last.
    """

    before: Profile
    after: Profile
    one_layout: bool
    columns: tuple[ColumnDiff, ...]

    @property
    def changed(self) -> tuple[ColumnDiff, ...]:
        """The columns that differ."""
        return tuple(column for column in self.columns if column.status != "same")

    @property
    def told(self) -> tuple[ColumnDiff, ...]:
        """The columns that differ by more than chance."""
        return tuple(column for column in self.changed if not column.chance)


def diff(before: Profile, after: Profile) -> ProfileDiff:
    """Return what differs between two profiles.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from mlops_cli.data.profile.build import profile_table
    >>> from mlops_cli.data.table.table import table_of
    >>> first = profile_table(table_of(pa.table({"age": [30, 40, 50, 60, 70]})))
    >>> second = profile_table(table_of(pa.table({"age": [30, 40, 50, 60, None]})), baseline=first)
    >>> [change.what for change in diff(first, second).columns[0].changes]
    ['missing', 'distinct', 'mean', 'sd', 'quartile 1', 'median', 'quartile 3', 'largest, about']
    """
    one_layout = bool(before.edges_from) and before.edges_from == after.edges_from
    names = [*after.names, *(name for name in before.names if name not in set(after.names))]
    known, now = ({column.name: column for column in each.columns} for each in (before, after))
    found = tuple(_column(name, known.get(name), now.get(name), one_layout) for name in names)
    return ProfileDiff(before, after, one_layout, found)


def _column(name: str, before: AnyColumn | None, after: AnyColumn | None, one_layout: bool) -> ColumnDiff:
    if before is None or after is None:
        return ColumnDiff(name, "added" if before is None else "removed", before, after)
    if before.kind != after.kind:
        kinds = Change("kind", before.kind, after.kind, "text")
        return ColumnDiff(name, "other kind", before, after, None, (kinds, *_changes(before, after)))
    changes = _changes(before, after)
    distance = _distance(before, after) if one_layout else None
    status: Status = "changed" if changes or distance else "same"
    chance = all(change.chance for change in changes) and (distance is None or alike(before, after))
    return ColumnDiff(name, status, before, after, distance, changes, chance=status == "changed" and chance)


def _changes(before: AnyColumn, after: AnyColumn) -> tuple[Change, ...]:
    figures = list(_common(before, after))
    if isinstance(before, NumericProfile) and isinstance(after, NumericProfile):
        figures += _numeric(before, after)
    elif isinstance(before, BooleanProfile) and isinstance(after, BooleanProfile):
        figures.append(Change("true", _share(before.true, before.n), _share(after.true, after.n), "share"))
    elif isinstance(before, CategoricalProfile) and isinstance(after, CategoricalProfile):
        figures += _categorical(before, after)
    elif isinstance(before, DatetimeProfile) and isinstance(after, DatetimeProfile):
        figures += (
            Change("zone", before.zone or "none", after.zone or "none", "text"),
            Change("first", before.first, after.first, "time"),
            Change("last", before.last, after.last, "time"),
        )
    elif isinstance(before, TextProfile) and isinstance(after, TextProfile):
        figures += _text(before, after)
    differing = [each for each in figures if each.before != each.after]
    if before.kind != after.kind:
        return tuple(differing)
    # Types, zones and the ends of times are what they are: no sample makes them differ.
    sure = ("storage", "zone", "first", "last")
    return tuple(
        replace(each, chance=each.what not in sure and by_chance(each.what, before, after))
        for each in differing
    )


def _common(before: AnyColumn, after: AnyColumn) -> Iterator[Change]:
    yield Change("storage", before.storage, after.storage, "text")
    yield Change("missing", rounded(before.missing_share), rounded(after.missing_share), "share")
    about = before.distinct_estimated, after.distinct_estimated
    yield Change("distinct", before.distinct_count, after.distinct_count, "count", about=about)


def _numeric(before: NumericProfile, after: NumericProfile) -> Iterator[Change]:
    for name in ("mean", "sd"):
        was, now = (rounded(getattr(each.moments, name, None)) for each in (before, after))
        yield Change(name, was, now)
    spread, spread_now = Distribution(before), Distribution(after)
    for what, share in (("quartile 1", 0.25), ("median", 0.5), ("quartile 3", 0.75)):
        yield Change(what, _quantile(before, spread, share), _quantile(after, spread_now, share))
    first, second = sure_ends(before), sure_ends(after)
    for what, end in (("smallest, about", 0), ("largest, about", 1)):
        yield Change(what, rounded(first[end]) if first else None, rounded(second[end]) if second else None)
    for what in ("zero", "negative", "integer", "positive_infinite", "negative_infinite"):
        first_share, second_share = (_share(getattr(each, what), each.n) for each in (before, after))
        yield Change(what.replace("_", " "), first_share, second_share, "share")


def _quantile(column: NumericProfile, spread: Distribution, share: float) -> float | None:
    """Return a quantile, of whole numbers a whole one."""
    found = spread.quantile(share)
    return float(round(found)) if found is not None and column.integer == column.finite else rounded(found)


def _categorical(before: CategoricalProfile, after: CategoricalProfile) -> Iterator[Change]:
    known, now = (dict(zip(each.values, each.counts, strict=True)) for each in (before, after))
    for value in dict.fromkeys((*before.values, *after.values)):
        yield Change(
            f"value {value}",
            _share(known[value], before.n) if value in known else None,
            _share(now[value], after.n) if value in now else None,
            "share",
        )
    yield Change(
        "other values", _share(before.outside.rows, before.n), _share(after.outside.rows, after.n), "share"
    )
    unseen, unseen_now = (
        rounded(each.outside.unseen_rows / each.n) if each.n else None for each in (before, after)
    )
    yield Change("unseen values", unseen, unseen_now, "share")
    yield from _lengths(before, after)


def _text(before: TextProfile, after: TextProfile) -> Iterator[Change]:
    known, now = (dict(zip(each.shapes, each.shape_counts, strict=True)) for each in (before, after))
    for shape in dict.fromkeys((*before.shapes, *after.shapes)):
        yield Change(
            f"shape {shape}",
            _share(known[shape], before.n) if shape in known else None,
            _share(now[shape], after.n) if shape in now else None,
            "share",
        )
    yield from _lengths(before, after)


def _lengths(
    before: CategoricalProfile | TextProfile, after: CategoricalProfile | TextProfile
) -> Iterator[Change]:
    yield Change("empty", _share(before.empty, before.n), _share(after.empty, after.n), "share")
    yield Change("blank", _share(before.blank, before.n), _share(after.blank, after.n), "share")
    yield Change("shortest", before.shortest, after.shortest, "count")
    yield Change("longest", before.longest, after.longest, "count")


def _share(rows: int, all_rows: int) -> float | None:
    return rounded(rows / all_rows) if all_rows else None


def _distance(before: AnyColumn, after: AnyColumn) -> float | None:
    """Return the Jensen-Shannon distance of two columns of one layout."""
    from mlops_cli.statistics.distance import jensen_shannon

    first, second = ([cell.rows for cell in cells(column)] for column in (before, after))
    if len(first) != len(second) or not sum(first) or not sum(second):
        return None
    return rounded(jensen_shannon(first, second))
