"""Raw against transformed: rows and keys kept, spread, and the order of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.aligned import align
from mlops_cli.data.checks.context import FEWEST, rows_where
from mlops_cli.data.checks.duplicates import row_hashes
from mlops_cli.data.checks.imputing import check_filled
from mlops_cli.data.checks.words import counted, does, named, number
from mlops_cli.statistics.ranks import spearman

if TYPE_CHECKING:
    from mlops_cli.data.checks.aligned import Aligned
    from mlops_cli.data.checks.context import Context, Side
    from mlops_cli.data.checks.facts import Floats
    from mlops_cli.data.checks.ledger import Ledger

SPREADS = 0.5, 2.0
LEAST_RANKS = 0.95
_LINEAR = 0.9999


def check_transform(context: Context, ledger: Ledger) -> None:
    """Find what a transformation should not have done to a table."""
    raw = context.raw
    if raw is None:
        return
    aligned = None
    with ledger.guard("rows_changed"):
        aligned = align(context, raw)
        _check_rows(context, ledger, raw)
    for name in context.facts.columns:
        if name in raw.facts.columns and not _is_free(context, name):
            _check_column(context, ledger, raw, name, aligned)


def _is_free(context: Context, name: str) -> bool:
    declared = context.schema.column(name)
    return declared is not None and declared.transform == "free"


def _check_rows(context: Context, ledger: Ledger, raw: Side) -> None:
    rows, before, allowed = context.facts.rows, raw.facts.rows, context.schema.raw_rows
    ledger.look("rows_changed")
    if (allowed == "same" and rows != before) or (allowed == "fewer" and rows > before):
        word = "lost" if rows < before else "added"
        message = (
            f"{counted(rows, 'row')}, and {before:,} in {raw.table.name}: {abs(rows - before):,} "
            f"{does(abs(rows - before), 'was', 'were')} {word}"
        )
        cause = (
            "a filter, or a join without a partner for each row"
            if rows < before
            else "a join that matched more than once"
        )
        ledger.find("rows_changed", "", message, cause, {"rows": rows, "rows_raw": before})
    key = context.schema.key
    if not key or not ledger.on("keys_changed"):
        return
    absent = [n for n in key if n not in context.facts.columns or n not in raw.facts.columns]
    if absent:
        ledger.cannot_do("keys_changed", f"the key needs {named(absent)}, which a table does not have")
        return
    ledger.look("keys_changed")
    now, was = row_hashes(context.table, key), row_hashes(raw.table, key)
    new = ~np.isin(now, was)
    lost = int(np.count_nonzero(~np.isin(was, now)))
    if new.any() or (lost and allowed == "same"):
        others = f"{counted(lost, 'key')} of it {does(lost, 'is', 'are')} not here"
        message = (
            f"{counted(int(new.sum()), 'row')} "
            f"{does(int(new.sum()), 'has', 'have')} a key that {raw.table.name} has not, and {others}"
        )
        cause = "the key was changed on the way, or rows come from elsewhere"
        evidence = {"new": int(new.sum()), "lost": lost, "key": list(key)}
        ledger.find("keys_changed", ", ".join(key), message, cause, evidence, rows=rows_where(new))


def _check_column(context: Context, ledger: Ledger, raw: Side, name: str, aligned: Aligned | None) -> None:
    if ledger.on("imputed_constant", name):
        with ledger.guard("imputed_constant", name):
            check_filled(context, ledger, raw, name, aligned)
    now, before = context.facts.columns[name], raw.facts.columns[name]
    if now.kind != "numeric" or before.kind != "numeric":
        return
    declared = context.schema.column(name)
    monotone = declared is not None and declared.transform == "monotone"
    with ledger.guard("rank_order" if monotone else "variance", name):
        if aligned is None:
            values, old = context.table.numbers(name), raw.table.numbers(name)
        else:
            values = context.table.numbers(name)[aligned.rows_now]
            old = raw.table.numbers(name)[aligned.rows_raw]
        if monotone:
            _check_ranks(ledger, name, values, old, paired=aligned is not None)
        elif ledger.on("variance", name):
            _check_spread(ledger, name, values, old, paired=aligned is not None)


# Numbers --------------------------------------------------------------------------------------------------------------


def _check_ranks(ledger: Ledger, name: str, values: Floats, old: Floats, *, paired: bool) -> None:
    if not paired:
        ledger.cannot_do("rank_order", "which rows belong together is not known: name a key", name)
        return
    ledger.look("rank_order", name)
    both = np.isfinite(values) & np.isfinite(old)
    if int(both.sum()) < FEWEST:
        ledger.cannot_say(
            "rank_order", f"{counted(int(both.sum()), 'row')} with both values; {FEWEST} would do"
        )
        return
    found = spearman(old[both], values[both])
    if found is None or found < LEAST_RANKS:
        shown = "none" if found is None else number(round(found, 4))
        message = f"the rank correlation with the raw values is {shown}; a step that keeps order has {LEAST_RANKS} or more"
        cause = "rows were mixed up, values were cut off, or the step is not monotone"
        if found is not None and found < -LEAST_RANKS:
            cause = "the step turns the order around"
        evidence = {"rank_correlation": None if found is None else round(found, 6), "n": int(both.sum())}
        ledger.find("rank_order", name, message, cause, evidence)


def _check_spread(ledger: Ledger, name: str, values: Floats, old: Floats, *, paired: bool) -> None:
    """Compare variances; a column that was scaled by a straight line is compared with its scale undone."""
    ledger.look("variance", name)
    first, second = old[np.isfinite(old)], values[np.isfinite(values)]
    if min(len(first), len(second)) < FEWEST:
        ledger.cannot_say(
            "variance", f"{counted(min(len(first), len(second)), 'value')} to take it of; {FEWEST} would do"
        )
        return
    was, is_now = float(np.var(first)), float(np.var(second))
    if was == 0:
        return
    slope = _slope(values, old) if paired else None
    ratio = is_now / was if slope is None else is_now / (was * slope * slope)
    if SPREADS[0] <= ratio <= SPREADS[1]:
        return
    scaled = "" if slope is None or abs(slope - 1) < 1e-9 else f" with its scale ({number(slope)}) undone"
    message = f"the variance is {number(ratio)} times that of the raw values{scaled} ({SPREADS[0]} to {SPREADS[1]} are usual)"
    evidence = {"ratio": float(f"{ratio:.6g}"), "slope": None if slope is None else float(f"{slope:.10g}")}
    cause = (
        "values were cut off, or many gaps filled with one value"
        if ratio < 1
        else "outliers came in, or gaps were filled with a value far off"
    )
    if slope is None:
        cause = "values were transformed, cut off, or filled in; where that is meant, write transform: free or monotone"
    ledger.find("variance", name, message, cause, evidence)


def _slope(values: Floats, old: Floats) -> float | None:
    """Return the slope of the straight line between old and new values; None where they do not lie on one."""
    both = np.isfinite(values) & np.isfinite(old)
    x, y = old[both], values[both]
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    if abs(float(np.corrcoef(x, y)[0, 1])) < _LINEAR:
        return None
    return float(np.cov(x, y)[0, 1] / np.var(x, ddof=1))
