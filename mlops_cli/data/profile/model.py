"""The profile of a table: what can be committed, added up and compared instead of the table.

A **baseline** is a profile that fixed its own layout: which values are keys, where the edges of bins lie, what sums are
centred on. Every other profile (a **window**) was counted on the layout of a baseline. What a profile counts is a whole
number, an exact sum, or a set that keeps its smallest hashes. So profiles of one layout can be added, in any order, and the
sum of the parts is the profile of the whole, byte for byte. A value stands in a profile only as a key of the layout, and
only the baseline makes keys; docs/reference/profile-format.md tells what that has to do with privacy.

The columns are in `columns.py`. Nothing here imports numpy: a profile can be shown without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from mlops_cli.data.profile.columns import (
    EDGES,
    FEW,
    FEWEST,
    HOURS,
    KEYS,
    POINT_SHARE,
    SHAPES,
    AnyColumn,
    BooleanProfile,
    CategoricalProfile,
    ColumnProfile,
    DatetimeProfile,
    Kind,
    NumericProfile,
    Order,
    Others,
    Outside,
    Scale,
    TextProfile,
    Timeline,
)

__all__ = [
    "EDGES",
    "FEW",
    "FEWEST",
    "FORMAT",
    "HOURS",
    "KEYS",
    "PAIRS",
    "POINT_SHARE",
    "RANKED",
    "SCHEMA",
    "SHAPES",
    "AnyColumn",
    "BooleanProfile",
    "CategoricalProfile",
    "ColumnProfile",
    "DatetimeProfile",
    "Kind",
    "MissingPair",
    "NumericProfile",
    "Order",
    "Others",
    "Outside",
    "Profile",
    "Ranks",
    "RowSample",
    "Scale",
    "Stage",
    "TextProfile",
    "Timeline",
]

SCHEMA = 1
FORMAT = "mlops.profile"
PAIRS = 50  # pairs of columns that miss values together
RANKED = 50  # columns of the rank correlation matrix

Stage = Literal["", "raw", "transformed", "scored"]


@dataclass(frozen=True, slots=True)
class MissingPair:
    """Two columns and in how many rows both miss their value. Layout: which pairs, the 50 most frequent of the baseline."""

    first: str
    second: str
    rows: int


@dataclass(frozen=True, slots=True)
class Ranks:
    """Rank correlation of the numeric columns, as sums that can be added.

    A value's code is the number of edges below it, plus the number of edges not above it, minus 15: twice its middle rank among 16
    groups of about equal mass. A missing value has code 0, the middle. Spearman's correlation of two columns is Pearson's
    over these codes: `reading.spearman`.
    """

    columns: tuple[str, ...] = ()  # layout, at most 50
    edges: tuple[tuple[float, ...], ...] = ()  # layout, of each column: 15, ascending, with repetitions
    sums: tuple[int, ...] = ()  # of codes, of each column
    products: tuple[int, ...] = ()  # of code i times code j, for i <= j: (0,0), (0,1), …, (1,1), …


@dataclass(frozen=True, slots=True)
class RowSample:
    """The rows with the smallest hashes, and how often each is there: for duplicates, and rows that two tables share.

    A row's hash follows from its values and the names of its columns, not from their order. Up to 256 different rows all are here.
    None is here where a column is private: whoever knows all of a row but that column could try what gives the hash.
    """

    kept: tuple[tuple[int, int], ...] = ()  # (hash, 64 bits; rows), by hash

    MOST: ClassVar[int] = 256

    @property
    def complete(self) -> bool:
        """Whether every row is here."""
        return len(self.kept) < self.MOST

    @property
    def duplicate_share(self) -> float | None:
        """Share of rows that repeat another row, 0 to 1: exact where complete, else estimated; None where no row is here."""
        rows = sum(count for _, count in self.kept)
        return 1 - len(self.kept) / rows if rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A table, described.

    Attributes
    ----------
    rows : int
        Rows of the table.
    columns : tuple
        The profiles of its columns, in the table's order.
    sources : tuple of str
        Digests of what was read, sorted; of a sum those of all parts.
    stage : str
        Where in the pipeline the table stands: `raw`, `transformed`, `scored`, or "".
    edges_from : str
        The digest of the layout: profiles with the same one can be compared bin by bin, and added.
    baseline : bool
        Whether the layout was made from this very table.
    missing_pairs : tuple of MissingPair
        Which columns miss values together.
    ranks : Ranks
        Which numeric columns go together.
    sample : RowSample
        Rows by hash.
    different_rows : int or None
        How many different rows there are, exactly. Known of a baseline and right after building.
    warnings : tuple of str
        What reading the table had to say; known right after building, never written.
    """

    rows: int
    columns: tuple[AnyColumn, ...]
    sources: tuple[str, ...] = ()
    stage: Stage = ""
    edges_from: str = ""
    baseline: bool = True
    missing_pairs: tuple[MissingPair, ...] = ()
    ranks: Ranks = Ranks()
    sample: RowSample = RowSample()
    different_rows: int | None = field(default=None, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def duplicate_share(self) -> float | None:
        """Share of rows that repeat another row, 0 to 1: exact where that is known, else estimated; None where nobody knows."""
        if self.different_rows is None or not self.rows:
            return self.sample.duplicate_share
        return 1 - self.different_rows / self.rows

    def column(self, name: str) -> AnyColumn | None:
        """Return the profile of a column, or None where there is no such column."""
        return next((each for each in self.columns if each.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        return tuple(each.name for each in self.columns)
