"""Categories: values that the reference never had, labels that changed, and columns that stopped varying."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.context import FEWEST, rows_where, same_kind
from mlops_cli.data.checks.facts import coded, number_label
from mlops_cli.data.checks.placeholders import is_placeholder
from mlops_cli.data.checks.words import counted, named, quoted, share_text
from mlops_cli.data.checks.writing import rewritten
from mlops_cli.statistics.counts import binomial_at_least, two_sample_chi2
from mlops_cli.statistics.distance import jensen_shannon_debiased

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlops_cli.data.checks.context import Context, Mask
    from mlops_cli.data.checks.facts import ColumnFacts
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.checks.model import Severity

MANY_UNSEEN = 0.02
_SURE = 0.001
_OPEN = 0.1  # a column whose values are new so often is no choice from a list
# Labels changed: the shares moved so far, and when sorted hardly at all.
_MOVED, _STAYED = 0.2, 0.06
_MOST_LABELS = 60
_NEARLY_ALL = 0.95  # of the rows with a new label
_SAID = ("missing_values", "out_of_range", "unknown_value")  # what says more of a column with one value
_EMPTY = ("missing_values", "missing_rate", "broken_join")  # what says that a column is not filled any more
_STANDS = 2.0  # times the rows that a value of a column that only grows had on average


def check_unseen(context: Context, ledger: Ledger) -> None:
    """Find categories that the reference never had, where there are more of them than chance would bring.

    Exact binomial test, one-sided, against 3/n: what none of n rows had has a smaller share than that (with 95 %
    confidence). Where the reference has values that came once, such values are still coming, and about as often (Good
    and Turing), so their share is added. The level, 1 %, is shared out over the columns.
    """
    pairs = [
        (before, now)
        for before, now in context.pairs("unseen_categories", ledger)
        if same_kind(before, now) and _is_choice(before) and now.present
    ]
    for before, now in pairs:
        with ledger.guard("unseen_categories", now.name):
            rows, names, mask = _unseen(context, before, now)
            expected = min(1.0, (before.singles + 2 * before.singles**0.5 + 3) / before.present)
            chance = binomial_at_least(rows, now.present, expected) if rows else 1.0
            if chance >= 0.01 / len(pairs) or before.singles / before.present > _OPEN:
                continue
            listed = named([f"{quoted(name)} ({counted(count, 'row')})" for name, count in names], 3)
            message = f"{share_text(rows, now.present)} of {now.present:,} values are new: {listed}"
            evidence = {
                "rows": rows,
                "n": now.present,
                "n_reference": before.present,
                "expected_share": round(expected, 8),
                "p_value": float(f"{chance:.4g}"),
                "values": dict(names[:20]),
            }
            cause = _cause_of_new([name for name, _ in names], before)
            evidence |= _throughout(names, before, now)
            if all(is_placeholder(name) for name, _ in names):
                if ledger.has("missing_rate", now.name) or ledger.has("broken_join", now.name):
                    continue  # told as missing
                cause = "gaps are written in a new way, or a source writes one for the first time"
            severity: Severity = "fail" if rows >= MANY_UNSEEN * now.present else "warn"
            where = rows_where(mask) if mask is not None else []
            ledger.find(
                "unseen_categories", now.name, message, cause, evidence, rows=where, severity=severity
            )


def _throughout(names: list[tuple[str, int]], before: ColumnFacts, now: ColumnFacts) -> dict[str, object]:
    """Return how values are written where nearly all of a column are known ones, written in another way; else nothing."""
    written = rewritten([name for name, _ in names], before.counts)
    if (
        written is None
        or sum(rows for name, rows in names if name in written.known) < _NEARLY_ALL * now.present
    ):
        return {}
    return {"written": written.said, "labels": {old: new for new, old in written.known.items()}}


def _is_choice(before: ColumnFacts) -> bool:
    return before.kind in ("categorical", "boolean") and before.present >= FEWEST and bool(before.counts)


def _unseen(
    context: Context, before: ColumnFacts, now: ColumnFacts
) -> tuple[int, list[tuple[str, int]], Mask | None]:
    """Return how many rows have a new value, the values with their rows, and which rows they are where that is known."""
    counted_before = context.unseen.get(now.name)
    if counted_before is not None:
        return counted_before.rows, list(counted_before.names), None
    if not before.all_counted:
        return 0, [], None
    labels, codes = coded(context.table, now.name)
    fresh = np.array([label not in before.counts for label in labels], dtype=bool)
    mask = (codes >= 0) & fresh[np.maximum(codes, 0)] if len(labels) else codes >= 0
    sizes = np.bincount(codes[mask], minlength=len(labels))
    order = [i for i in np.argsort(-sizes, kind="stable") if sizes[i]]
    return int(mask.sum()), [(labels[i], int(sizes[i])) for i in order], mask


def _cause_of_new(names: list[str], before: ColumnFacts) -> str:
    """Return the likely cause of new values by how they are written."""
    written = rewritten(names, before.counts)
    if written is not None and len(written.known) >= len(names) / 2:
        return written.cause
    if len(names) == 1:
        return "a new category upstream"
    return "new categories upstream, or another coding"


# Labels ---------------------------------------------------------------------------------------------------------------


def check_relabelled(context: Context, ledger: Ledger) -> None:
    """Find columns whose shares stay while the labels change places: shares sorted by size are alike, by label they are not."""
    for before, now in context.pairs("relabelled", ledger):
        if not same_kind(before, now) or not _labels(before) or not _labels(now):
            continue
        with ledger.guard("relabelled", now.name):
            names = sorted(before.counts.keys() | now.counts.keys())
            was = np.array([before.counts.get(name, 0) for name in names], dtype=np.float64)
            shares = np.array([now.counts.get(name, 0) for name in names], dtype=np.float64)
            moved = jensen_shannon_debiased(was, shares)
            if moved < _MOVED or two_sample_chi2(was, shares).p_value > _SURE:
                continue
            if _say_rewritten(before, now, moved, ledger):
                continue
            stayed = jensen_shannon_debiased(_by_size(was), _by_size(shares))
            if stayed > _STAYED:
                continue
            pairs = _changed_places(before, now)
            said = named([f"{quoted(old)} is {quoted(new)}" for old, new in pairs], 4)
            message = (
                f"shares by label are {moved:.2f} apart (Jensen-Shannon), sorted by size {stayed:.2f}: {said}"
            )
            evidence = {
                "distance_by_label": round(moved, 4),
                "distance_sorted": round(stayed, 4),
                "labels": dict(pairs),
                "n": now.present,
                "n_reference": before.present,
            }
            cause = "the labels were swapped or coded anew: the same classes have other names"
            ledger.find("relabelled", now.name, message, cause, evidence)


def _say_rewritten(before: ColumnFacts, now: ColumnFacts, moved: float, ledger: Ledger) -> bool:
    """Find labels that are known but for the way they are written; return whether new labels are nothing else.

    They are matched by what they say, never by how often they come: classes of like size change places by chance.
    """
    fresh = {name: count for name, count in now.counts.items() if name not in before.counts}
    # What is still written as it was is no other way to write it: then values are new, and that is told as such.
    written = rewritten(fresh, before.counts.keys() - now.counts.keys()) if now.kind != "numeric" else None
    if written is None or sum(map(fresh.__getitem__, written.known)) < _NEARLY_ALL * sum(fresh.values()):
        return False
    again: dict[str, int] = {}
    for name, count in now.counts.items():
        old = written.known.get(name, name)
        again[old] = again.get(old, 0) + count
    names = sorted(before.counts.keys() | again.keys())
    was, shares = (
        np.array([side.get(name, 0) for name in names], dtype=np.float64) for side in (before.counts, again)
    )
    if jensen_shannon_debiased(was, shares) >= _MOVED:
        return False  # they changed places besides
    rest = [name for name in fresh if name not in written.known]
    besides = f"; new besides: {named(map(quoted, rest), 3)}" if rest else ""
    message = f"known categories are written {written.said}: {written.pairs()}{besides}"
    evidence = {
        "distance_by_label": round(moved, 4),
        "written": written.said,
        "labels": {old: new for new, old in written.known.items()},
        "n": now.present,
        "n_reference": before.present,
    }
    ledger.find("relabelled", now.name, message, written.cause, evidence)
    return True


def _labels(facts: ColumnFacts) -> bool:
    few = 2 <= facts.distinct <= _MOST_LABELS and facts.all_counted
    return few and (
        facts.kind in ("categorical", "boolean") or (facts.kind == "numeric" and facts.distinct <= 20)
    )


def _by_size(
    counts: NDArray[np.float64],
) -> NDArray[np.float64]:
    return np.sort(counts)[::-1]


def _changed_places(before: ColumnFacts, now: ColumnFacts) -> list[tuple[str, str]]:
    """Return old and new label of classes of the same rank, where they differ."""

    def ranked(facts: ColumnFacts) -> list[str]:
        return sorted(facts.counts, key=lambda name: (-facts.counts[name], name))

    return [(old, new) for old, new in zip(ranked(before), ranked(now), strict=False) if old != new]


# Constants ------------------------------------------------------------------------------------------------------------


def check_constant(context: Context, ledger: Ledger) -> None:
    """Find columns with one value only, unless the reference has one only, too, or chance could bring that about."""
    rows = context.facts.rows
    alone = not context.schema.columns and context.reference is None
    if rows < FEWEST and alone and ledger.on("constant"):
        ledger.cannot_say(
            "constant", f"{counted(rows, 'row')} and nothing to hold against; {FEWEST} rows would do"
        )
    if rows < 2:
        return  # one row cannot vary
    for name, now in context.facts.columns.items():
        if not ledger.on("constant", name):
            continue
        with ledger.guard("constant", name):
            ledger.look("constant", name)
            if now.distinct > 1 or (now.infinite and now.distinct):
                continue
            before = context.reference.columns.get(name) if context.reference else None
            declared = context.schema.column(name)
            if declared is not None and len(declared.values) == 1:
                continue
            if before is None and any(ledger.has(check, name) for check in _SAID):
                continue
            _say_constant(name, now, before, ledger)


def _say_constant(name: str, now: ColumnFacts, before: ColumnFacts | None, ledger: Ledger) -> None:
    value = _only_value(now)
    evidence = {"value": value, "n": now.present, "rows": now.rows}
    if not now.present:
        told = any(ledger.has(check, name) for check in _EMPTY)
        if (before is None or before.present) and not told:
            ledger.find(
                "constant", name, "every value is missing", "the column is not filled any more", evidence
            )
        return
    message = f"every one of {counted(now.present, 'value')} is {quoted(value)}"
    if before is None:
        ledger.find(
            "constant", name, message, "it tells nothing, or a default stands in for the value", evidence
        )
        return
    if before.distinct <= 1:
        return
    if (
        before.increasing
        and now.low >= before.high
        and now.present <= _STANDS * before.present / before.distinct
    ):
        return  # a year that only grows stays the same for a year
    share = before.top_share if before.counts else 0.0
    if share**now.present > _SURE:
        return
    evidence["distinct_before"] = before.distinct
    cause = "upstream fills in a default, or a filter lets one value through"
    ledger.find(
        "constant",
        name,
        f"{message}; there were {before.distinct:,} different ones",
        cause,
        evidence,
        severity="fail",
    )


def _only_value(now: ColumnFacts) -> str:
    if now.counts:
        return next(iter(now.counts))
    return number_label(now.low) if now.low == now.low else ""
