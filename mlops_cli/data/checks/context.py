"""What a validation has at hand: the table, what it is held against, and arrays that several checks need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlops_cli.data.checks.facts import MISSING_TIME, coded, times_us
from mlops_cli.data.checks.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from mlops_cli.data.checks.facts import ColumnFacts, TableFacts
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.checks.schema import TableSchema
    from mlops_cli.data.table.table import Table

Mask = NDArray[np.bool_]

FEWEST = 30  # rows on either side below which shares and shapes say nothing


@dataclass(frozen=True, slots=True)
class Side:
    """A table beside the one that is validated, with its facts."""

    table: Table
    facts: TableFacts


@dataclass(frozen=True, slots=True)
class Unseen:
    """Rows of a column whose value the reference never had, counted where the reference is a profile."""

    rows: int
    names: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that checks may look at.

    Parameters
    ----------
    reference : TableFacts, optional
        What the table should be like.
    unseen : mapping
        Column to what the reference never had; only of a reference that is a profile.
    raw, train : Side, optional
        The table before it was transformed; the table that the model learns from.
    now : datetime, optional
        The present, for checks of age.
    copies : array of bool, optional
        Rows that repeat an earlier one as a whole; None where nobody asked for them.
    """

    table: Table
    facts: TableFacts
    schema: TableSchema
    reference: TableFacts | None = None
    unseen: Mapping[str, Unseen] = field(default_factory=dict)
    raw: Side | None = None
    train: Side | None = None
    now: datetime | None = None
    copies: Mask | None = None

    def pairs(self, check: str, ledger: Ledger) -> Iterator[tuple[ColumnFacts, ColumnFacts]]:
        """Yield reference and present facts of each column that both have with one kind of values, and note the look.

        Where either side has too few rows to compare shares and shapes, that is noted instead.
        """
        if self.reference is None:
            return
        least = min(self.reference.rows, self.facts.rows)
        if least < FEWEST:
            ledger.cannot_say(check, f"{counted(least, 'row')} cannot be compared; {FEWEST} could")
            return
        for name, now in self.facts.columns.items():
            before = self.reference.columns.get(name)
            if before is not None and ledger.on(check, name):
                ledger.look(check, name)
                yield before, now


def same_kind(before: ColumnFacts, now: ColumnFacts) -> bool:
    """Whether two columns hold values of one kind; what is a choice in one sample may look like free text in another."""
    loose = {"categorical", "text"}
    return before.kind == now.kind or {before.kind, now.kind} <= loose


def missing_mask(table: Table, name: str) -> Mask:
    """Return which rows have no value."""
    kind = table.described(name).kind
    if kind == "numeric":
        return np.asarray(np.isnan(table.numbers(name)))
    if kind == "datetime":
        return np.asarray(times_us(table, name) == MISSING_TIME)
    return np.asarray(coded(table, name)[1] < 0)


def rows_where(mask: Mask) -> list[int]:
    """Return the first rows of a mask, as many as a finding names."""
    return [int(row) for row in np.flatnonzero(mask)[:20]]
