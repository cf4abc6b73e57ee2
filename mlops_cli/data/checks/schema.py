"""What people say of a table in a schema file: its columns, and what may be in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.data.checks.catalogue import Asked

KindName = Literal["numeric", "boolean", "categorical", "datetime", "text"]
Order = Literal["increasing", "strictly increasing", "decreasing", "strictly decreasing"]
Step = Literal["free", "monotone"]
RawRows = Literal["same", "fewer", "any"]
Statistic = Literal["mean", "median", "most frequent"]
Extra = Literal["ignore", "warn", "fail"]
KINDS: tuple[str, ...] = get_args(KindName)
ORDERS: tuple[str, ...] = get_args(Order)
STEPS: tuple[str, ...] = get_args(Step)
RAW_ROWS: tuple[str, ...] = get_args(RawRows)
STATISTICS: tuple[str, ...] = get_args(Statistic)
EXTRAS: tuple[str, ...] = get_args(Extra)

VERSION = 1


@dataclass(frozen=True, slots=True)
class Imputed:
    """What a transformation fills gaps with: the statistic, and the value that it had."""

    by: Statistic
    value: float | str


@dataclass(frozen=True, slots=True)
class ColumnSchema:
    """A column.

    Parameters
    ----------
    kind : str, optional
        What its values are; anything where it is None.
    optional : bool
        It need not be there.
    missing : float, optional
        The largest share of rows without a value, 0 to 1; any where it is None.
    low, high : float or str, optional
        The range of numbers; of times as text.
    outside : float
        The share of numbers that may lie outside of the range, or not be whole.
    values : tuple of str
        The values that there are; empty where anything goes.
    unknown : float
        The share that may be none of `values`.
    shortest, longest : int, optional
        Lengths of texts in characters.
    order : str
        How its values follow each other; empty where they need not.
    transform : str
        What may become of it between the raw table and this one: `free` for anything, `monotone` where the order of
        values stays; empty for nothing but filling gaps and scaling.
    severity : mapping
        Severities of checks for this column.
    """

    name: str
    kind: KindName | None = None
    optional: bool = False
    missing: float | None = None
    low: float | str | None = None
    high: float | str | None = None
    outside: float = 0.0
    values: tuple[str, ...] = ()
    unknown: float = 0.0
    pattern: str = ""
    shortest: int | None = None
    longest: int | None = None
    unique: bool = False
    whole: bool = False
    order: Order | None = None
    transform: Step | None = None
    imputed: Imputed | None = None
    severity: Mapping[str, Asked] = field(default_factory=dict)

    @property
    def has_range(self) -> bool:
        """Whether a smallest or a largest value is given."""
        return self.low is not None or self.high is not None


@dataclass(frozen=True)
class TableSchema:
    """A table.

    Parameters
    ----------
    at_least, at_most : int, optional
        How many rows it has.
    usual_rows : tuple of int
        How many rows earlier tables had: far from all of them is a finding.
    key : tuple of str
        Columns that together name a row.
    duplicates : float, optional
        The share of rows that may repeat an earlier one.
    extra : str
        What to say of a column that is not named: `ignore`, `warn` or `fail`.
    time : str
        The column with the time of a row.
    fresh : float, optional
        How old the newest row may be, in seconds.
    raw_rows : str
        How many rows it has beside its raw table: `same`, `fewer` or `any`.
    file : str
        The path of the schema file; empty where there is none.
    """

    columns: tuple[ColumnSchema, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    usual_rows: tuple[int, ...] = ()
    key: tuple[str, ...] = ()
    duplicates: float | None = None
    extra: Extra = "warn"
    time: str = ""
    fresh: float | None = None
    target: str = ""
    raw_rows: RawRows = "same"
    severity: Mapping[str, Asked] = field(default_factory=dict)
    file: str = ""

    @cached_property
    def _by_name(self) -> dict[str, ColumnSchema]:
        return {column.name: column for column in self.columns}

    def column(self, name: str) -> ColumnSchema | None:
        """Return a column by name; None where it is not named."""
        return self._by_name.get(name)

    def asked(self, check: str, column: str = "") -> Asked | None:
        """Return the severity that the file asks for: of the column, else of the table; None where it says nothing."""
        own = self.column(column)
        if own is not None and check in own.severity:
            return own.severity[check]
        return self.severity.get(check)
