"""Missing and infinite values, against a reference; many columns that go missing in the same rows are one broken join."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.columns import MANY
from mlops_cli.data.checks.context import missing_mask, rows_where
from mlops_cli.data.checks.words import counted, named, share_text
from mlops_cli.statistics.interval import newcombe

if TYPE_CHECKING:
    from mlops_cli.data.checks.context import Context, Mask
    from mlops_cli.data.checks.facts import ColumnFacts
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.checks.model import Severity
    from mlops_cli.statistics.interval import Interval

LEAST_CHANGE, LEAST_RATIO = 0.005, 1.5
MUCH = 0.05  # an increase that is surely larger than this fails
_SAME_ROWS, _OWN_ROWS = 0.8, 0.5  # shares of rows that columns of a broken join miss together


def check_missing_rate(context: Context, ledger: Ledger) -> None:
    """Find columns whose share of missing values changed: surely, by half a point at least, and by half of it at least.

    The interval of the difference is Newcombe's; its level is shared out over all columns (Bonferroni).
    """
    pairs = list(context.pairs("missing_rate", ledger))
    level = 1 - 0.05 / max(1, len(pairs))
    changed = []
    for before, now in pairs:
        with ledger.guard("missing_rate", now.name):
            difference = newcombe(now.missing, now.rows, before.missing, before.rows, level)
            if changed_enough(before, now, difference):
                changed.append((before, now, difference))
    more = [each for each in changed if each[2].value > 0]
    joined = _joined(context, [now.name for _, now, _ in more], len(pairs))
    if joined:
        _say_joined(context, ledger, joined, len(pairs))
    for before, now, difference in changed:
        if now.name not in joined:
            with ledger.guard("missing_rate", now.name):
                _say_changed(context, ledger, before, now, difference)


def changed_enough(before: ColumnFacts, now: ColumnFacts, difference: Interval) -> bool:
    """Whether a change of the share of missing values is sure and large enough."""
    sure = difference.low > 0 or difference.high < 0
    was, share = before.missing / before.rows, now.missing / now.rows
    ratio = max(was, share) / min(was, share) if min(was, share) else math.inf
    return sure and abs(difference.value) >= LEAST_CHANGE and ratio >= LEAST_RATIO


def _say_changed(
    context: Context, ledger: Ledger, before: ColumnFacts, now: ColumnFacts, difference: Interval
) -> None:
    evidence = {
        "missing": now.missing,
        "rows": now.rows,
        "missing_before": before.missing,
        "rows_before": before.rows,
        "difference": round(difference.value, 6),
        "low": round(difference.low, 6),
        "high": round(difference.high, 6),
    }
    message = (
        f"{share_text(now.missing, now.rows)} missing, {share_text(before.missing, before.rows)} before "
        f"({100 * difference.value:+.3g} points, {100 * difference.low:+.3g} to {100 * difference.high:+.3g})"
    )
    if difference.value < 0:
        cause = "gaps are filled now, or rows with gaps are left out"
        ledger.find("missing_rate", now.name, message, cause, evidence, severity="warn")
        return
    mask = missing_mask(context.table, now.name)
    cause = _where(mask)
    severity: Severity = "fail" if difference.low >= MUCH or now.present == 0 else "warn"
    ledger.find("missing_rate", now.name, message, cause, evidence, rows=rows_where(mask), severity=severity)


def _where(mask: Mask) -> str:
    """Return the likely cause of gaps by how they lie among the rows."""
    rows = np.flatnonzero(mask)
    if len(rows) == len(mask):
        return "the column is not filled any more"
    span = int(rows[-1] - rows[0]) + 1
    if len(rows) >= 10 and len(rows) >= 0.9 * span and span < 0.9 * len(mask):
        end = "to the end" if rows[-1] == len(mask) - 1 else f"to row {int(rows[-1]):,}"
        return f"a source broke off: gaps from row {int(rows[0]):,} {end}"
    return "upstream lost values, or writes gaps in a new way"


def _joined(context: Context, names: list[str], compared: int) -> list[str]:
    """Return columns that went missing together, in the same rows; none where they are few."""
    least = max(MANY[0], math.ceil(MANY[1] * compared))
    if len(names) < least:
        return []
    masks = {name: missing_mask(context.table, name) for name in names}
    votes = np.sum(list(masks.values()), axis=0, dtype=np.int32)
    together = votes >= max(MANY[0], len(names) / 2)
    if not together.any():
        return []
    found = []
    for name, mask in masks.items():
        both = np.count_nonzero(mask & together)
        # Of the rows that miss them all, and of the column's own gaps: columns with many gaps meet by chance.
        if both >= _SAME_ROWS * np.count_nonzero(together) and both >= _OWN_ROWS * np.count_nonzero(mask):
            found.append(name)
    return found if len(found) >= least else []


def _say_joined(context: Context, ledger: Ledger, names: list[str], compared: int) -> None:
    together = np.all([missing_mask(context.table, name) for name in names], axis=0)
    rows = int(together.sum())
    evidence = {"columns": names, "rows_without": rows, "rows": context.facts.rows, "compared": compared}
    message = (
        f"{len(names)} of {counted(compared, 'column')} are missing together in {counted(rows, 'row')} "
        f"({share_text(rows, context.facts.rows)}): {named(names)}"
    )
    cause = "a join upstream found no partner for these rows: look at its key, not at the columns"
    ledger.find("broken_join", "", message, cause, evidence, rows=rows_where(together))


def check_infinite(context: Context, ledger: Ledger) -> None:
    """Find infinite values where the reference has none."""
    for name, now in context.facts.columns.items():
        if now.kind != "numeric" or not ledger.on("infinite", name):
            continue
        with ledger.guard("infinite", name):
            ledger.look("infinite", name)
            before = context.reference.columns.get(name) if context.reference else None
            if not now.infinite or (before is not None and before.infinite):
                continue
            mask = np.isinf(context.table.numbers(name))
            message = f"{counted(now.infinite, 'infinite value')} in {counted(now.rows, 'row')}"
            cause = "a division by zero, or the logarithm of zero"
            evidence = {"infinite": now.infinite, "rows": now.rows}
            ledger.find("infinite", name, message, cause, evidence, rows=rows_where(mask))
