"""What a table shares with the training table: rows, keys, time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.context import rows_where
from mlops_cli.data.checks.duplicates import repeats, row_hashes
from mlops_cli.data.checks.facts import MISSING_TIME, times_us
from mlops_cli.data.checks.timing import time_text
from mlops_cli.data.checks.words import counted, does, named, share_text
from mlops_cli.statistics.counts import binomial_at_least

if TYPE_CHECKING:
    from mlops_cli.data.checks.context import Context, Side
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.checks.model import Severity

MUCH = 0.01  # of the rows
_SURE = 0.001


def check_overlap(context: Context, ledger: Ledger) -> None:
    """Find what a table shares with the training table."""
    if context.train is None:
        return
    if ledger.on("overlap_rows"):
        with ledger.guard("overlap_rows"):
            _rows(context, ledger, context.train)
    if context.schema.key and ledger.on("overlap_keys"):
        with ledger.guard("overlap_keys"):
            _keys(context, ledger, context.train)
    if context.schema.time and ledger.on("overlap_time"):
        with ledger.guard("overlap_time"):
            _time(context, ledger, context.train)


def _rows(context: Context, ledger: Ledger, train: Side) -> None:
    """Find shared rows: more than the training table's own repetitions would bring (exact binomial test)."""
    common = [name for name in context.table.names if name in train.facts.columns]
    if not common:
        ledger.cannot_do(
            "overlap_rows", f"no column of {train.table.name} is here, so its rows cannot be looked for"
        )
        return
    ledger.look("overlap_rows")
    kinds = _agreed(context, train, common)
    there = row_hashes(train.table, common, kinds)
    mask = np.isin(row_hashes(context.table, common, kinds), there)
    rows, count = int(mask.sum()), context.facts.rows
    again = repeats(there)
    twins = np.isin(there, there[again])
    natural = min(1.0, max(3.0, float(twins.sum()) + 2 * float(twins.sum()) ** 0.5) / len(there))
    chance = binomial_at_least(rows, count, natural) if rows else 1.0
    if chance >= _SURE:
        return
    message = (
        f"{counted(rows, 'row')} of {count:,} ({share_text(rows, count)}) {does(rows, 'is', 'are')} in {train.table.name}, too; "
        f"{share_text(natural)} would be there by chance"
    )
    evidence = {
        "rows": rows,
        "n": count,
        "n_train": len(there),
        "by_chance": round(natural, 8),
        "columns": len(common),
    }
    cause = "the split lets rows into both sides, or was made before copies were removed"
    severity: Severity = "fail" if rows >= MUCH * count else "warn"
    ledger.find("overlap_rows", "", message, cause, evidence, rows=rows_where(mask), severity=severity)


def _agreed(context: Context, train: Side, names: list[str]) -> dict[str, str]:
    """Return the columns whose kinds differ, to be compared as texts."""
    return {
        name: "text" for name in names if train.facts.columns[name].kind != context.facts.columns[name].kind
    }


def _keys(context: Context, ledger: Ledger, train: Side) -> None:
    key = context.schema.key
    absent = [n for n in key if n not in context.facts.columns or n not in train.facts.columns]
    if absent:
        ledger.cannot_do("overlap_keys", f"the key needs {named(absent)}, which a table does not have")
        return
    ledger.look("overlap_keys")
    kinds = _agreed(context, train, list(key))
    mask = np.isin(row_hashes(context.table, key, kinds), row_hashes(train.table, key, kinds))
    rows = int(mask.sum())
    if rows:
        message = (
            f"{counted(rows, 'row')} of {context.facts.rows:,} "
            f"{does(rows, 'has', 'have')} a key ({', '.join(key)}) that {train.table.name} has, too"
        )
        evidence = {"rows": rows, "n": context.facts.rows, "n_train": train.facts.rows, "key": list(key)}
        cause = "one thing has rows on both sides: split by key, not by row"
        ledger.find("overlap_keys", ", ".join(key), message, cause, evidence, rows=rows_where(mask))


def _time(context: Context, ledger: Ledger, train: Side) -> None:
    time = context.schema.time
    if time not in context.facts.columns or time not in train.facts.columns:
        ledger.cannot_do(
            "overlap_time", f"a table does not have the column {time}, which is to be its time", time
        )
        return
    if any(side.columns[time].kind != "datetime" for side in (context.facts, train.facts)):
        ledger.cannot_do("overlap_time", f"{time} is no time in both tables", time)
        return
    ledger.look("overlap_time", time)
    times, end = times_us(context.table, time), train.facts.columns[time].high
    mask = (times != MISSING_TIME) & (times <= end)
    rows = int(mask.sum())
    if rows:
        message = (
            f"{counted(rows, 'row')} of {context.facts.rows:,} ({share_text(rows, context.facts.rows)}) "
            f"{does(rows, 'lies', 'lie')} before the end of "
            f"{train.table.name} ({time_text(end)})"
        )
        evidence = {"rows": rows, "n": context.facts.rows, "train_ends": time_text(end)}
        cause = "the split is not by time: what is learnt has seen the future of what it is tested on"
        ledger.find("overlap_time", time, message, cause, evidence, rows=rows_where(mask))
