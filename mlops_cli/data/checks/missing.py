"""Missing and infinite values, against a reference; many columns that go missing in the same rows are one broken join."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mlops_cli.data.checks.columns import MANY
from mlops_cli.data.checks.context import rows_where
from mlops_cli.data.checks.placeholders import gap_mask, maybe_values, written_gaps
from mlops_cli.data.checks.words import counted, named, quoted, share_text
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


class Gaps(NamedTuple):
    """The gaps of a column on both sides: how many rows, and in how many of these which text stands for one."""

    name: str
    now: int
    before: int
    rows: int
    rows_before: int
    written: dict[str, int]
    written_before: dict[str, int]

    def apart(self, level: float) -> Interval:
        """Return Newcombe's interval of the difference of the shares."""
        return newcombe(self.now, self.rows, self.before, self.rows_before, level)

    @property
    def texts(self) -> list[str]:
        """What counts as a gap besides values that are not there."""
        return sorted(self.written.keys() | self.written_before.keys())

    def surely(self) -> Gaps:
        """Return the same without texts that may be values, such as `none`."""
        doubtful = sum(maybe_values(self.written).values()), sum(maybe_values(self.written_before).values())
        return self._replace(now=self.now - doubtful[0], before=self.before - doubtful[1])


def gaps_of(before: ColumnFacts, now: ColumnFacts) -> Gaps:
    """Return the gaps of a column on both sides; what people write for a gap, such as `?`, is one."""
    written, was = written_gaps(now, before), written_gaps(before, now)
    missing = now.missing + sum(written.values()), before.missing + sum(was.values())
    return Gaps(now.name, missing[0], missing[1], now.rows, before.rows, written, was)


def check_missing_rate(context: Context, ledger: Ledger) -> None:
    """Find columns whose share of missing values changed: surely, by half a point at least, and by half of it at least.

    The interval of the difference is Newcombe's; its level is shared out over all columns (Bonferroni). Texts that stand
    for a gap, such as `?`, count as missing on both sides.
    """
    pairs = list(context.pairs("missing_rate", ledger))
    level = 1 - 0.05 / max(1, len(pairs))
    changed = []
    for before, now in pairs:
        with ledger.guard("missing_rate", now.name):
            gaps = gaps_of(before, now)
            difference = gaps.apart(level)
            if changed_enough(gaps, difference):
                changed.append((gaps, difference))
    more = [gaps for gaps, difference in changed if difference.value > 0]
    joined = _joined(context, more, len(pairs))
    if joined:
        _say_joined(context, ledger, joined, len(pairs))
    for gaps, difference in changed:
        if gaps.name not in {each.name for each in joined}:
            with ledger.guard("missing_rate", gaps.name):
                _say_changed(context, ledger, gaps, difference, level)


def changed_enough(gaps: Gaps, difference: Interval) -> bool:
    """Whether a change of the share of missing values is sure and large enough."""
    sure = difference.low > 0 or difference.high < 0
    was, share = gaps.before / gaps.rows_before, gaps.now / gaps.rows
    ratio = max(was, share) / min(was, share) if min(was, share) else math.inf
    return sure and abs(difference.value) >= LEAST_CHANGE and ratio >= LEAST_RATIO


def _say_changed(context: Context, ledger: Ledger, gaps: Gaps, difference: Interval, level: float) -> None:
    evidence: dict[str, object] = {
        "missing": gaps.now,
        "rows": gaps.rows,
        "missing_before": gaps.before,
        "rows_before": gaps.rows_before,
        "difference": round(difference.value, 6),
        "low": round(difference.low, 6),
        "high": round(difference.high, 6),
    }
    message = (
        f"{share_text(gaps.now, gaps.rows)} missing, {share_text(gaps.before, gaps.rows_before)} before "
        f"({100 * difference.value:+.3g} points, {100 * difference.low:+.3g} to {100 * difference.high:+.3g})"
    )
    if gaps.texts:
        evidence |= {"counted_as_missing": gaps.written, "counted_as_missing_before": gaps.written_before}
        message += f", where {named(map(quoted, gaps.texts))} counts as missing"
    if difference.value < 0:
        cause = "gaps are filled now, or rows with gaps are left out"
        ledger.find("missing_rate", gaps.name, message, cause, evidence, severity="warn")
        return
    mask = gap_mask(context.table, gaps.name, gaps.written)
    surely = gaps.surely()
    much = surely.apart(level).low >= MUCH or surely.now == gaps.rows
    severity: Severity = "fail" if much else "warn"
    rows = rows_where(mask)
    ledger.find("missing_rate", gaps.name, message, _where(mask), evidence, rows=rows, severity=severity)


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


def _joined(context: Context, more: list[Gaps], compared: int) -> list[Gaps]:
    """Return columns that went missing together, in the same rows; none where they are few."""
    least = max(MANY[0], math.ceil(MANY[1] * compared))
    if len(more) < least:
        return []
    masks = [gap_mask(context.table, gaps.name, gaps.written) for gaps in more]
    votes = np.sum(masks, axis=0, dtype=np.int32)
    together = votes >= max(MANY[0], len(more) / 2)
    if not together.any():
        return []
    found = []
    for gaps, mask in zip(more, masks, strict=True):
        both = np.count_nonzero(mask & together)
        # Of the rows that miss them all, and of the column's own gaps: columns with many gaps meet by chance.
        if both >= _SAME_ROWS * np.count_nonzero(together) and both >= _OWN_ROWS * np.count_nonzero(mask):
            found.append(gaps)
    return found if len(found) >= least else []


def _say_joined(context: Context, ledger: Ledger, joined: list[Gaps], compared: int) -> None:
    together = np.all([gap_mask(context.table, gaps.name, gaps.written) for gaps in joined], axis=0)
    names = [gaps.name for gaps in joined]
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
