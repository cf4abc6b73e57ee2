"""One validation: every check that what is at hand allows, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.data.checks.categories import check_constant, check_relabelled, check_unseen
from mlops_cli.data.checks.columns import check_columns, check_kinds
from mlops_cli.data.checks.context import Context, Side
from mlops_cli.data.checks.declared import check_declared
from mlops_cli.data.checks.duplicates import check_duplicate_keys, check_duplicate_rows, copies_in
from mlops_cli.data.checks.facts import table_facts
from mlops_cli.data.checks.imputing import check_filled_since, check_imputers
from mlops_cli.data.checks.leakage import check_leakage
from mlops_cli.data.checks.ledger import Ledger
from mlops_cli.data.checks.missing import check_infinite, check_missing_rate
from mlops_cli.data.checks.model import Validation
from mlops_cli.data.checks.one_cause import settle, together
from mlops_cli.data.checks.overlap import check_overlap
from mlops_cli.data.checks.ranges import check_outside, check_units
from mlops_cli.data.checks.schema import TableSchema
from mlops_cli.data.checks.timing import check_age, check_row_count, check_time_zone
from mlops_cli.data.checks.transform import check_transform

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mlops_cli.data.checks.facts import TableFacts
    from mlops_cli.data.profile.model import Profile
    from mlops_cli.data.table.table import Table

# What is wrong with the quality of a table comes first: which columns there are, then what is in them, then how they changed.
CHECKS: tuple[tuple[str, Callable[[Context, Ledger], None]], ...] = (
    ("missing_column", check_columns),
    ("type_changed", check_kinds),
    ("missing_rate", check_missing_rate),
    ("infinite", check_infinite),
    ("missing_values", check_declared),
    ("constant", check_constant),
    ("unit", check_units),
    ("relabelled", check_relabelled),
    ("time_zone", check_time_zone),
    ("imputed_constant", check_filled_since),
    ("unseen_categories", check_unseen),
    ("out_of_range", check_outside),
    ("row_count", check_row_count),
    ("duplicate_keys", check_duplicate_keys),
    ("duplicate_rows", check_duplicate_rows),
    ("stale", check_age),
    ("rows_changed", check_transform),
    ("imputer_statistic", check_imputers),
    ("overlap_rows", check_overlap),
    ("leakage", check_leakage),
)


def validate(
    table: Table,
    schema: TableSchema | None = None,
    *,
    against: Table | Profile | None = None,
    against_name: str = "",
    raw: Table | None = None,
    train: Table | None = None,
    now: datetime | None = None,
) -> Validation:
    """Validate a table.

    Parameters
    ----------
    schema : TableSchema, optional
        What people say of it.
    against : Table or Profile, optional
        What it should be like.
    raw : Table, optional
        The table before it was transformed.
    train : Table, optional
        The table that a model learns from, to find what both share.
    now : datetime, optional
        The present; without it no age is checked.

    Returns
    -------
    Validation
        Its verdict is `error` where a check could not be done, and where nothing was checked.

    Raises
    ------
    DataError
        When a table cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlops_cli.data.table.table import table_of
    >>> before = table_of(pd.DataFrame({"height": [1.5 + i / 100 for i in range(50)]}), "before")
    >>> after = table_of(pd.DataFrame({"height": [150.0 + i for i in range(50)]}), "after")
    >>> [(finding.column, finding.check) for finding in validate(after, against=before).findings]
    [('height', 'unit')]
    """
    wanted = schema or TableSchema()
    facts = table_facts(table)
    ledger = Ledger(wanted)
    context = _with_reference(Context(table, facts, wanted), against, against_name)
    context = _with_sides(context, raw, train, now)
    _look(context, ledger)
    return Validation(
        table.name,
        facts.rows,
        len(facts.columns),
        findings=together(ledger.told()),
        errors=tuple(ledger.errors),
        looked=ledger.looked,
        compared=_compared(wanted, context.reference, raw, train),
        notes=tuple(table.warnings),
        advice=_advice(schema, against),
    )


def _look(context: Context, ledger: Ledger) -> None:
    """Do all checks; one that breaks down is noted, and the others go on."""
    if ledger.on("duplicate_rows"):
        with ledger.guard("duplicate_rows"):
            context = replace(context, copies=copies_in(context.table))
    for check, look in CHECKS:
        with ledger.guard(check):
            look(context, ledger)
    settle(context, ledger)


def _with_reference(context: Context, against: Table | Profile | None, name: str) -> Context:
    from mlops_cli.data.profile.model import Profile

    if against is None:
        return context
    if not isinstance(against, Profile):
        return replace(context, reference=table_facts(against))
    from mlops_cli.data.checks.from_profile import profile_facts, unseen_in
    from mlops_cli.data.profile.build import profile_table

    window = profile_table(context.table, baseline=against)
    return replace(context, reference=profile_facts(against, name or "a profile"), unseen=unseen_in(window))


def _with_sides(context: Context, raw: Table | None, train: Table | None, now: datetime | None) -> Context:
    return replace(
        context,
        raw=Side(raw, table_facts(raw)) if raw is not None else None,
        train=Side(train, table_facts(train)) if train is not None else None,
        now=now,
    )


def _compared(
    schema: TableSchema, reference: TableFacts | None, raw: Table | None, train: Table | None
) -> tuple[str, ...]:
    named = (
        ("the schema {}", schema.file),
        ("{}", reference.name if reference else ""),
        ("the raw table {}", raw.name if raw is not None else ""),
        ("the training table {}", train.name if train is not None else ""),
    )
    return tuple(text.format(name) for text, name in named if name)


def _advice(schema: TableSchema | None, against: object) -> tuple[str, ...]:
    alone = "Nothing says what it should be like: give --schema or --against. Only what is wrong with any table was looked for."
    return (alone,) if schema is None and against is None else ()
