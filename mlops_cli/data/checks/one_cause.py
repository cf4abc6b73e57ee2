"""One cause, one finding: rows that came twice repeat their key, too, and what befell many columns alike is told once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.data.checks.declared import breaks_of_order
from mlops_cli.data.checks.words import counted, does, named, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlops_cli.data.checks.context import Context, Mask
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.checks.model import Finding

# What says that rows came twice, the one that is told first.
_TWICE = ("duplicate_keys", "not_unique", "duplicate_rows")


def settle(context: Context, ledger: Ledger) -> None:
    """Leave one finding of those that whole rows that came twice, or rows in another order, brought about."""
    _settle_copies(context, ledger)
    _settle_order(ledger)


def _settle_copies(context: Context, ledger: Ledger) -> None:
    copies = context.copies
    if copies is None or not copies.any():
        return
    rows = int(copies.sum())
    # A row that repeats another one repeats its key: where there are as many, these are the same rows.
    same = [each for each in ledger.findings if each.check in _TWICE and each.evidence.get("rows") == rows]
    if not same:
        return
    told = min(same, key=lambda each: (each.severity != "fail", _TWICE.index(each.check)))
    gone = [each for each in same if each is not told]
    gone += [
        each
        for each in ledger.findings
        if each.check == "order"
        and told.severity in ("fail", each.severity)  # a warning never takes the place of a failure
        and _is_of_copies(context, each, copies)
    ]
    _drop(ledger, gone)
    if told.check != "duplicate_rows":
        message = f"{told.message}, and all else of {does(rows, 'it', 'them')}"
        cause = "a file was read twice, or a join matched more than once"
        _put(ledger, told, replace(told, message=message, cause=cause))


def _is_of_copies(context: Context, finding: Finding, copies: Mask) -> bool:
    """Whether values come in order as soon as rows that repeat others are left out."""
    order = str(finding.evidence.get("order"))
    return not len(breaks_of_order(context, finding.column, order, ~copies))


def _settle_order(ledger: Ledger) -> None:
    """Tell of columns that break their order in the same rows in one finding."""
    first: dict[tuple[object, ...], list[Finding]] = {}
    for each in ledger.findings:
        if each.check == "order":
            place = (each.evidence.get("rows"), each.rows, each.severity)
            first.setdefault(place, []).append(each)
    for same in first.values():
        if len(same) > 1:
            others = [each.column for each in same[1:]]
            message = f"{same[0].message}; in the same rows {named(others)} {does(len(others), 'is', 'are')} not in order"
            evidence = {**same[0].evidence, "also": others}
            _drop(ledger, same[1:])
            _put(ledger, same[0], replace(same[0], message=message, evidence=evidence))


def _drop(ledger: Ledger, gone: list[Finding]) -> None:
    ledger.findings[:] = [each for each in ledger.findings if not any(each is other for other in gone)]


def _put(ledger: Ledger, old: Finding, new: Finding) -> None:
    place = next(i for i, each in enumerate(ledger.findings) if each is old)
    ledger.findings[place] = new


# Many columns --------------------------------------------------------------------------------------------------------


def together(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Tell what befell several columns in one way in one finding, in the place of the first: `columns` in its evidence."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for number, each in enumerate(findings):
        groups.setdefault(_way(each) or (number,), []).append(each)
    return tuple(_joined(same) if len(same) > 1 else same[0] for same in groups.values())


def _way(finding: Finding) -> tuple[object, ...] | None:
    """Return what findings share that are one; None where a finding stands for itself."""
    if finding.check == "extra_column":
        return finding.check, finding.severity
    written = finding.evidence.get("written")
    # Of a profile as reference not all labels are known; then the same fault is told as new values.
    check = "relabelled" if finding.check == "unseen_categories" else finding.check
    return (check, finding.severity, written) if written is not None else None


def _joined(same: Sequence[Finding]) -> Finding:
    return _extra(same) if same[0].check == "extra_column" else _written(same)


def _extra(same: Sequence[Finding]) -> Finding:
    names = [each.column for each in same]
    return replace(
        same[0],
        column="",
        message=f"{counted(names, 'column')} are there that nobody expected: {named(names)}",
        cause="upstream began to deliver them, or the schema names only what matters: then write extra: ignore below table",
        evidence={"columns": names, "kinds": {each.column: each.evidence.get("kind") for each in same}},
    )


def _written(same: Sequence[Finding]) -> Finding:
    names = [each.column for each in same]
    how = same[0].evidence["written"]
    first = named([_first(each) for each in same], 3)
    return replace(
        same[0],
        column="",
        message=f"in {counted(names, 'column')} known values are written {how}: {first}",
        cause="another program writes the table, or the same one another way",
        evidence={
            "columns": names,
            "written": how,
            "labels": {each.column: each.evidence["labels"] for each in same},
        },
        rows=same[0].rows if all(each.rows == same[0].rows for each in same) else (),
    )


def _first(finding: Finding) -> str:
    labels = finding.evidence["labels"]
    old, new = next(iter(labels.items())) if isinstance(labels, dict) else ("", "")
    return f"{finding.column} ({quoted(new)} was {quoted(old)})"
