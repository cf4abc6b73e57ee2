"""Gaps that were filled: with one value, and with which."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.context import missing_mask, rows_where
from mlops_cli.data.checks.facts import coded, number_label
from mlops_cli.data.checks.placeholders import is_placeholder
from mlops_cli.data.checks.words import counted, does, number, quoted, share_text

if TYPE_CHECKING:
    from mlops_cli.data.checks.aligned import Aligned
    from mlops_cli.data.checks.context import Context, Mask, Side
    from mlops_cli.data.checks.facts import ColumnFacts
    from mlops_cli.data.checks.ledger import Ledger

_ONE_VALUE = 0.95  # of the filled gaps, for them to be filled with one value
_FEWEST_GAPS = 5
_FAR = 0.5  # robust standard deviations that an imputed statistic may be off


def check_filled(context: Context, ledger: Ledger, raw: Side, name: str, aligned: Aligned | None) -> None:
    """Find one value that stands where the raw table had gaps; by shares where rows do not belong together."""
    before, now = raw.facts.columns[name], context.facts.columns[name]
    ledger.look("imputed_constant", name)
    if before.missing < _FEWEST_GAPS:
        return
    if aligned is None:
        found = spike_between(before, now)
        rows: list[int] = []
    else:
        gaps = np.zeros(context.facts.rows, dtype=bool)
        gaps[aligned.rows_now] = missing_mask(raw.table, name)[aligned.rows_raw]
        found = _filled_with(context, name, gaps)
        rows = rows_where(gaps & ~missing_mask(context.table, name)) if found else []
    if found is None:
        return
    value, filled = found
    had = before.counts.get(value, 0)
    message = (
        f"{counted(filled, 'gap')} of {raw.table.name} ({share_text(filled, now.rows)} of the rows) "
        f"{does(filled, 'holds', 'hold')} {quoted(value)} here; "
        f"{share_text(had, before.present)} of its values were that"
    )
    evidence = {
        "value": value,
        "filled": filled,
        "missing_raw": before.missing,
        "share": round(filled / now.rows, 6),
        "share_raw": round(had / before.present, 6) if before.present else 0.0,
    }
    cause = f"gaps were filled with one value{_which_statistic(value, before, context, name, raw.table.name)}"
    ledger.find("imputed_constant", name, message, cause, evidence, rows=rows)


def _filled_with(context: Context, name: str, gaps: Mask) -> tuple[str, int] | None:
    """Return the one value that stands where there were gaps, and how often; None where there is no such value."""
    if context.table.described(name).kind == "numeric":
        values = context.table.numbers(name)[gaps]
        distinct, sizes = np.unique(values[~np.isnan(values)], return_counts=True)
        labels = [number_label(value) for value in distinct]
    else:
        every, codes = coded(context.table, name)
        sizes = np.bincount(codes[gaps & (codes >= 0)], minlength=len(every))
        labels = every
    if not len(sizes) or sizes.max() < max(_FEWEST_GAPS, _ONE_VALUE * sizes.sum()):
        return None
    place = int(np.argmax(sizes))
    return labels[place], int(sizes[place])


def spike_between(before: ColumnFacts, now: ColumnFacts) -> tuple[str, int] | None:
    """Return a value that gained as many rows as the gaps lost, and that number: by shares, no row is looked at.

    Both are shares of the rows; they may be a fifth apart, or three standard errors. The gaps lost 1 % of the rows at least.
    """
    lost = before.missing / before.rows - now.missing / now.rows
    if lost < 0.01 or before.kind != now.kind or not now.counts or not before.present:
        return None
    best: tuple[float, str] | None = None
    for value, count in now.counts.items():
        usual = before.counts.get(value, 0) / before.rows
        gained = count / now.rows - usual
        if best is None or gained > best[0]:
            best = gained, value
    if best is None or best[0] * now.rows < _FEWEST_GAPS:
        return None
    chance = 3 * (lost * (1 / now.rows + 1 / before.rows)) ** 0.5
    if abs(best[0] - lost) > max(0.2 * lost, chance):
        return None
    return best[1], round(best[0] * now.rows)


def check_filled_since(context: Context, ledger: Ledger) -> None:
    """Find columns whose gaps in the reference became a spike at one value; where the raw table is at hand, that says more."""
    if context.raw is not None:
        return
    for before, now in context.pairs("imputed_constant", ledger):
        with ledger.guard("imputed_constant", now.name):
            found = spike_between(before, now)
            if found is None:
                continue
            value, filled = found
            if is_placeholder(value):
                continue  # no value at all
            message = (
                f"{share_text(before.missing, before.rows)} were missing and {share_text(now.missing, now.rows)} are, while "
                f"{quoted(value)} gained about {share_text(filled, now.rows)} of the rows"
            )
            evidence = {
                "value": value,
                "filled": filled,
                "missing_share": round(now.missing / now.rows, 6),
                "missing_share_before": round(before.missing / before.rows, 6),
            }
            cause = f"gaps are filled with one value now{_which_statistic(value, before, context, now.name, 'the reference')}"
            ledger.find("imputed_constant", now.name, message, cause, evidence)


def statistic_of(facts: ColumnFacts, by: str) -> float | str | None:
    """Return the mean, the median or the most frequent value of a column; None where it has none, or the facts do not tell."""
    if by == "most frequent":
        return max(facts.counts, key=lambda value: facts.counts[value]) if facts.counts else None
    return facts.median if by == "median" else facts.mean


def _which_statistic(value: str, before: ColumnFacts, context: Context, name: str, whose: str) -> str:
    """Return which statistic of the values the constant is, and whose, as the end of a sentence."""
    train = context.train.facts.columns.get(name) if context.train is not None else None
    note = ", not of the training table" if train is not None else ""
    sides = (
        (" of the training table", train),
        (f" of {whose}{note}", before),
        (f" of the other values of this table{note}", _others(context, name, value)),
    )
    for owner, facts in sides:
        if facts is None:
            continue
        for by in ("median", "mean", "most frequent"):
            known = statistic_of(facts, by)
            if known is not None and _same(value, known, facts):
                return f": the {by} value{owner}" if by == "most frequent" else f": the {by}{owner}"
    return ""


def _others(context: Context, name: str, value: str) -> ColumnFacts | None:
    """Return the facts on the numbers of a column that are not this one."""
    facts = context.facts.columns[name]
    if facts.kind != "numeric":
        return None
    numbers = context.table.numbers(name)
    rest = numbers[np.isfinite(numbers) & (numbers != float(value))]
    if not len(rest):
        return None
    # Where as many lie below as above it, it is their median, whether or not one of them had that value, too.
    below, above = np.count_nonzero(rest < float(value)), np.count_nonzero(rest > float(value))
    median = float(value) if abs(below - above) <= 1 else float(np.median(rest))
    return replace(facts, counts={}, mean=float(np.mean(rest)), median=median)


def _same(value: str, known: float | str, facts: ColumnFacts) -> bool:
    if isinstance(known, str):
        return value == known
    try:
        return abs(float(value) - known) <= 1e-6 * max(1.0, abs(known), facts.high - facts.low)
    except ValueError:
        return False


# The statistic of an imputer ------------------------------------------------------------------------------------------


def check_imputers(context: Context, ledger: Ledger) -> None:
    """Find columns whose gaps are filled with a value that is far from that statistic of the data at hand.

    The statistic is taken of the training table where there is one, else of the raw table, else of the reference, else
    of this table. It may be half a robust standard deviation (.7413 of the interquartile range) off.
    """
    for column in context.schema.columns:
        if column.imputed is None or not ledger.on("imputer_statistic", column.name):
            continue
        with ledger.guard("imputer_statistic", column.name):
            whose, facts = _source(context, column.name)
            known = statistic_of(facts, column.imputed.by) if facts is not None else None
            if facts is None or known is None:
                ledger.cannot_do(
                    "imputer_statistic", f"{column.imputed.by} cannot be told of its values", column.name
                )
                continue
            ledger.look("imputer_statistic", column.name)
            _check_statistic(
                ledger, column.name, column.imputed.value, column.imputed.by, known, facts, whose
            )


def _source(context: Context, name: str) -> tuple[str, ColumnFacts | None]:
    for whose, facts in (
        ("the training table", context.train.facts if context.train else None),
        ("the raw table", context.raw.facts if context.raw else None),
        ("the reference", context.reference),
    ):
        if facts is not None and name in facts.columns:
            return whose, facts.columns[name]
    return "this table", context.facts.columns.get(name)


def _check_statistic(
    ledger: Ledger, name: str, value: float | str, by: str, known: float | str, facts: ColumnFacts, whose: str
) -> None:
    cause = "the imputer was fitted on other data, or long ago"
    if isinstance(known, str):
        same = str(value) == known or (isinstance(value, float) and number_label(value) == known)
        if not same:
            message = (
                f"gaps are filled with {quoted(str(value))}, and the {by} value of {whose} is {quoted(known)}"
            )
            ledger.find(
                "imputer_statistic", name, message, cause, {"stored": value, "found": known, "by": by}
            )
        return
    if isinstance(value, str):
        ledger.cannot_do("imputer_statistic", f"{quoted(value)} is no number, and {name} is numeric", name)
        return
    spread = 0.7413 * float(facts.quantiles[75] - facts.quantiles[25]) or float(facts.high - facts.low) / 6
    far = abs(value - known) / spread if spread else float(value != known)
    if far > _FAR:
        off = f"{far:.2f} robust standard deviations off"
        message = f"gaps are filled with {number(value)}, and the {by} of {whose} is {number(known)}: {off}"
        evidence = {"stored": value, "found": known, "by": by, "robust_sd": round(far, 4)}
        ledger.find("imputer_statistic", name, message, cause, evidence)
