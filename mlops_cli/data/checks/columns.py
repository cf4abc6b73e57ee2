"""Which columns there are: missing, renamed and extra ones, and kinds of values that changed."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.context import rows_where, same_kind
from mlops_cli.data.checks.facts import GRID, coded
from mlops_cli.data.checks.words import counted, does, named, quoted, share_text
from mlops_cli.statistics.counts import binomial_at_least

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlops_cli.data.checks.context import Context
    from mlops_cli.data.checks.facts import ColumnFacts
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.checks.model import Severity
    from mlops_cli.data.checks.schema import ColumnSchema

MANY = 3, 0.2  # so many columns, and this share of all, gone at once are one broken join
_ALIKE = 0.9  # how alike two columns are when the profile alone says that they are one
_ALIKE_NAMED = 0.75  # and when their names say so, too
_NAME = 0.6
_SURE = 0.001


def check_columns(context: Context, ledger: Ledger) -> None:
    """Find missing, renamed, extra columns; many missing at once are one finding."""
    schema, facts, reference = context.schema, context.facts, context.reference
    if not schema.columns and reference is None:
        return
    ledger.look("missing_column")
    ledger.look("renamed_column")
    ledger.look("extra_column")
    wanted = _wanted(context)
    missing = [name for name in wanted if name not in facts.columns]
    optional = {column.name for column in schema.columns if column.optional}
    known = {*wanted, *optional}
    extra = [name for name in facts.columns if name not in known]
    renamed = _renamed(context, missing, extra)
    for old, (new, alike) in renamed.items():
        names = difflib.SequenceMatcher(None, old.lower(), new.lower()).ratio()
        ledger.find(
            "renamed_column",
            old,
            f"{old} is not there, and {new}, which nobody expected, has like values ({share_text(alike)} alike)",
            f"{old} was renamed to {new}",
            {"new_name": new, "values_alike": round(alike, 4), "names_alike": round(names, 4)},
        )
    gone = [name for name in missing if name not in renamed]
    if len(gone) >= max(MANY[0], math.ceil(MANY[1] * len(wanted))):
        ledger.find(
            "broken_join",
            "",
            f"{len(gone)} of {len(wanted)} columns are not there: {named(gone)}",
            "a join or a selection upstream left out a whole source"
            if len(gone) < len(wanted)
            else "this is another table, or its header is not there",
            {"columns": gone, "expected": len(wanted)},
        )
        gone = []
    for name in gone:
        cause = "it is not delivered any more, or was dropped on the way"
        ledger.find("missing_column", name, f"{name} is not there", cause, {"expected": len(wanted)})
    if schema.extra == "ignore":
        return
    severity: Severity = "fail" if schema.extra == "fail" else "warn"
    known_again = {new for new, _ in renamed.values()}
    for name in extra:
        if name not in known_again:
            message = f"{name} is there, and nobody expected it"
            cause = "upstream began to deliver it; name it in the schema, or leave it out"
            ledger.find(
                "extra_column", name, message, cause, {"kind": facts.columns[name].kind}, severity=severity
            )


def _wanted(context: Context) -> list[str]:
    """Return the columns that have to be there: those of the schema file, else those of the reference."""
    if context.schema.columns:
        return [column.name for column in context.schema.columns if not column.optional]
    return list(context.reference.columns) if context.reference else []


def _renamed(context: Context, missing: list[str], extra: list[str]) -> dict[str, tuple[str, float]]:
    """Return for each missing column the extra one that it became, and how alike their values are: best pairs first."""
    found = []
    for old in missing:
        for new in extra:
            alike = _likeness(context, old, context.facts.columns[new])
            name = difflib.SequenceMatcher(None, old.lower(), new.lower()).ratio()
            if alike >= _ALIKE or (alike >= _ALIKE_NAMED and name >= _NAME):
                found.append((alike + name / 2, alike, old, new))
    pairs: dict[str, tuple[str, float]] = {}
    for _, alike, old, new in sorted(found, key=lambda each: -each[0]):
        if old not in pairs and new not in {taken for taken, _ in pairs.values()}:
            pairs[old] = new, alike
    return pairs


def _likeness(context: Context, old: str, new: ColumnFacts) -> float:
    before = context.reference.columns.get(old) if context.reference else None
    if before is not None:
        return alike(before, new)
    declared = context.schema.column(old)
    return _fits(declared, new) if declared is not None else 0.0


def alike(before: ColumnFacts, now: ColumnFacts) -> float:
    """Return how alike the values of two columns are, 0 to 1: one less the distance of their distributions.

    Numbers, times and lengths by the largest distance of their distribution functions, categories by half the sum of absolute
    differences of shares. Columns that say little of themselves, such as constants, are alike in nothing.
    """
    if not same_kind(before, now) or not before.present or not now.present:
        return 0.0
    missing = abs(before.missing / before.rows - now.missing / now.rows)
    if before.kind in ("categorical", "boolean") and before.counts and before.all_counted:
        names = before.counts.keys() | now.counts.keys()
        if len(names) < 2:
            return 0.0
        apart = sum(
            abs(before.counts.get(name, 0) / before.present - now.counts.get(name, 0) / now.present)
            for name in names
        )
        return max(0.0, 1 - apart / 2 - missing)
    first, second = before.quantiles, now.quantiles
    if not len(first) or not len(second) or first[0] == first[-1]:
        return 0.0
    return max(0.0, 1 - _distance(first, second) - missing - 0.2 * (before.whole != now.whole))


def _distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the largest distance of two distribution functions that are known at 101 places."""
    places = np.concatenate((first, second))
    reached = [np.searchsorted(side, places, side="right") / len(GRID) for side in (first, second)]
    return float(np.max(np.abs(reached[0] - reached[1])))


def _fits(declared: ColumnSchema, now: ColumnFacts) -> float:
    """Return how well a column meets what the schema file says of another: little, where that says little."""
    if declared.kind is not None and declared.kind != now.kind:
        return 0.0
    if declared.values and now.counts:
        listed = sum(count for value, count in now.counts.items() if value in declared.values)
        return listed / now.present
    if isinstance(declared.low, float) and isinstance(declared.high, float) and len(now.quantiles):
        span = declared.high - declared.low
        inside = float(np.mean((now.quantiles >= declared.low) & (now.quantiles <= declared.high)))
        filled = (now.high - now.low) / span if span else 0.0
        return inside * min(1.0, filled)  # a column that uses little of the range may be anything
    return 0.0


# Kinds ----------------------------------------------------------------------------------------------------------------


def check_kinds(context: Context, ledger: Ledger) -> None:
    """Find columns whose values are of another kind than the schema file, or the reference, says."""
    for name, now in context.facts.columns.items():
        declared = context.schema.column(name)
        before = context.reference.columns.get(name) if context.reference else None
        wanted = (
            declared.kind
            if declared and declared.kind
            else before.kind
            if before and before.present
            else None
        )
        if wanted is None:
            continue
        with ledger.guard("type_changed", name):
            ledger.look("type_changed", name)
            loose = {wanted, now.kind} <= {"categorical", "text"}
            if wanted == now.kind or loose or not now.present:
                _check_whole(context, now, before, ledger)
                continue
            cause, evidence, rows = _why(context, name, now, wanted)
            evidence = {"was": wanted, "is": now.kind, "storage": now.storage, **evidence}
            message = f"{name} should be {wanted} and is {now.kind} ({now.storage})"
            ledger.find("type_changed", name, message, cause, evidence, rows=rows)


def _check_whole(context: Context, now: ColumnFacts, before: ColumnFacts | None, ledger: Ledger) -> None:
    """Find fractions where the reference has whole numbers only: more than a share of 3/n, by the exact binomial test."""
    if before is None or now.kind != "numeric" or not before.whole or now.whole or not len(now.quantiles):
        return
    values = context.table.numbers(now.name)
    mask = np.isfinite(values) & (values != np.rint(values))
    rows = int(mask.sum())
    if binomial_at_least(rows, now.present, min(1.0, 3 / max(1, before.present))) >= _SURE:
        return
    message = f"{now.name} had whole numbers only, and {counted(rows, 'value')} {does(rows, 'is a fraction', 'are fractions')} now"
    cause = "another unit, another scale, or gaps filled with a mean"
    evidence = {"rows": rows, "n": now.present, "n_reference": before.present}
    ledger.find("whole", now.name, message, cause, evidence, rows=rows_where(mask), severity="warn")


def _why(
    context: Context, name: str, now: ColumnFacts, wanted: str
) -> tuple[str, dict[str, object], list[int]]:
    """Return the likely cause, what shows it, and rows."""
    if wanted not in ("numeric", "datetime") or now.kind in ("boolean", "numeric", "datetime"):
        return f"upstream writes {now.kind} values now", {}, []
    labels, codes = coded(context.table, name)
    if wanted == "datetime":
        return "the format of the times changed, or some are no times", {"examples": labels[:3]}, []
    wrong = np.array([not _is_number(label) for label in labels], dtype=bool)
    mask = (codes >= 0) & wrong[np.maximum(codes, 0)]
    examples = [label for label, bad in zip(labels, wrong, strict=True) if bad][:5]
    evidence: dict[str, object] = {"not_numbers": int(mask.sum()), "examples": examples}
    if examples and all(_is_number(label.replace(".", "").replace(",", ".")) for label in examples):
        cause = "numbers are written with a decimal comma"
    elif int(mask.sum()) < 0.5 * now.present:
        texts = named([quoted(label) for label in examples], 3)
        count = int(mask.sum())
        cause = f"{counted(count, 'value')} {does(count, 'is no number', 'are no numbers')}, such as {texts}"
        cause += ": a new way to write a gap, or a broken line"
    else:
        cause = "upstream writes texts now"
    return cause, evidence, [int(row) for row in np.flatnonzero(mask)[:20]]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
