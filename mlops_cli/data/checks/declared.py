"""What the schema file says of values, column by column, by pandera's checks.

Only one column is in memory at a time. Texts are checked once for each different value. The reports that pandera makes
of failures grow with them (its issues 652 and 1688: minutes for some hundred thousand rows), so its checks are asked
for their masks, which cost one pass; rows are counted, and the first 20 named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.data.checks.allowed import beyond
from mlops_cli.data.checks.context import missing_mask, rows_where
from mlops_cli.data.checks.duplicates import repeats, row_hashes
from mlops_cli.data.checks.facts import MISSING_TIME, coded, number_label, times_us
from mlops_cli.data.checks.placeholders import gap_mask, sure_gaps
from mlops_cli.data.checks.ranges import cause_outside
from mlops_cli.data.checks.words import counted, does, named, number, quoted, share_text
from mlops_cli.data.checks.writing import rewritten

if TYPE_CHECKING:
    from mlops_cli.data.checks.context import Context, Mask
    from mlops_cli.data.checks.facts import Ints
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.checks.schema import ColumnSchema

_OF_NUMBERS = ("order", "out_of_range", "whole")  # what can be done with numbers, or with times, only


def check_declared(context: Context, ledger: Ledger) -> None:
    """Check every column that the schema file and the table have."""
    for column in context.schema.columns:
        if column.name not in context.facts.columns:
            continue
        other_kind = any(
            each.check == "type_changed" and each.column == column.name and each.severity == "fail"
            for each in ledger.findings
        )
        for check, wanted, do in (
            ("missing_values", column.missing is not None, _missing),
            ("not_unique", column.unique, _unique),
            ("order", column.order is not None, _order),
            ("out_of_range", column.has_range, _range),
            ("whole", column.whole, _whole),
            ("unknown_value", bool(column.values), _values),
            ("pattern", bool(column.pattern), _pattern),
            ("length", column.shortest is not None or column.longest is not None, _length),
        ):
            if other_kind and check in _OF_NUMBERS:
                continue  # the kind is the fault, and is told: what needs the right one would tell it again as an error
            if wanted and ledger.on(check, column.name):
                with ledger.guard(check, column.name):
                    do(context, ledger, column)


def _missing(context: Context, ledger: Ledger, column: ColumnSchema) -> None:
    facts, allowed = context.facts.columns[column.name], column.missing or 0.0
    ledger.look("missing_values", column.name)
    written = sure_gaps(facts, column.values)
    missing = facts.missing + sum(written.values())
    severity = beyond(missing, facts.rows, allowed)
    if severity:
        rows = rows_where(gap_mask(context.table, column.name, written))
        share, allows = share_text(missing, facts.rows), share_text(allowed)
        message = f"{share} missing ({counted(missing, 'row')}); {allows} may be"
        evidence: dict[str, object] = {"missing": missing, "rows": facts.rows, "allowed": allowed}
        if written:
            evidence["counted_as_missing"] = written
            message += f", where {named(map(quoted, written))} counts as missing"
        cause = "upstream lost values" if missing < facts.rows else "the column is not filled any more"
        ledger.find("missing_values", column.name, message, cause, evidence, rows=rows, severity=severity)


def _unique(context: Context, ledger: Ledger, column: ColumnSchema) -> None:
    ledger.look("not_unique", column.name)
    mask = repeats(row_hashes(context.table, [column.name])) & ~missing_mask(context.table, column.name)
    rows = int(mask.sum())
    if rows:
        message = f"{counted(rows, 'row')} {does(rows, 'repeats', 'repeat')} a value of an earlier row"
        cause = "a file was read twice, or a join matched more than once"
        ledger.find("not_unique", column.name, message, cause, {"rows": rows}, rows=rows_where(mask))


def _order(context: Context, ledger: Ledger, column: ColumnSchema) -> None:
    kind, order = context.facts.columns[column.name].kind, str(column.order)
    if kind not in ("numeric", "datetime"):
        ledger.cannot_do(
            "order", f"{column.name} is {kind}, and only numbers and times have an order", column.name
        )
        return
    ledger.look("order", column.name)
    wrong = breaks_of_order(context, column.name, order)
    rows = len(wrong)
    if rows:
        message = f"{counted(rows, 'value')} {does(rows, 'is', 'are')} not {order} after the one before"
        cause = "rows were sorted in another way, parts were put together in a wrong order, or a counter began anew"
        ledger.find("order", column.name, message, cause, {"rows": rows, "order": order}, rows=wrong)


def breaks_of_order(context: Context, name: str, order: str, among: Mask | None = None) -> Any:
    """Return the rows whose value does not come in order after the one before, of all rows or of some: integers."""
    times = context.facts.columns[name].kind == "datetime"
    values: Any = times_us(context.table, name) if times else context.table.numbers(name)
    known = values != MISSING_TIME if times else ~np.isnan(values)
    there = np.flatnonzero(known if among is None else known & among)
    first, second = values[there[:-1]], values[there[1:]]
    if order.endswith("decreasing"):
        first, second = second, first
    wrong = second <= first if order.startswith("strictly") else second < first
    return there[1:][wrong]


def _range(context: Context, ledger: Ledger, column: ColumnSchema) -> None:
    import pandera.pandas as pa

    kind = context.facts.columns[column.name].kind
    if kind not in ("numeric", "datetime"):
        ledger.cannot_do(
            "out_of_range", f"{column.name} is {kind}, and only numbers and times have a range", column.name
        )
        return
    low: Any
    high: Any
    if kind == "datetime":
        values, there = _times(context, column.name)
        low, high = (None if end is None else _moment(end) for end in (column.low, column.high))
    else:
        numbers = context.table.numbers(column.name)
        there = np.flatnonzero(~np.isnan(numbers))
        values, low, high = numbers[there], column.low, column.high
    if isinstance(low, str) or isinstance(high, str):
        ledger.cannot_do(
            "out_of_range", f"the range of {column.name} is of times, and its values are numbers", column.name
        )
        return
    checks = [pa.Check.ge(low)] if low is not None else []
    checks += [pa.Check.le(high)] if high is not None else []
    wrong = _failing(values, checks)
    ledger.look("out_of_range", column.name)
    severity = beyond(int(wrong.sum()), len(values), column.outside)
    if severity:
        rows, facts = int(wrong.sum()), context.facts.columns[column.name]
        ends = [_end(end) for end in (column.low, column.high)]
        shown = "" if kind == "datetime" else f"; they reach from {number(facts.low)} to {number(facts.high)}"
        message = (
            f"{counted(rows, 'value')} ({share_text(rows, len(values))}) "
            f"{does(rows, 'lies', 'lie')} outside of {ends[0]} to {ends[1]}{shown}"
        )
        evidence = {
            "rows": rows,
            "n": len(values),
            "low": column.low,
            "high": column.high,
            "allowed": column.outside,
        }
        cause = "times that were never seen, or days and months swapped"
        if (
            isinstance(column.low, float | None)
            and isinstance(column.high, float | None)
            and kind == "numeric"
        ):
            ends_known = (
                -np.inf if column.low is None else column.low,
                np.inf if column.high is None else column.high,
            )
            cause = cause_outside(*ends_known, facts)
        ledger.find(
            "out_of_range", column.name, message, cause, evidence, rows=there[wrong][:20], severity=severity
        )


def _end(end: float | str | None) -> str:
    return "anything" if end is None else end if isinstance(end, str) else number(end)


def _times(context: Context, name: str) -> tuple[Any, Ints]:
    times = times_us(context.table, name)
    there = np.flatnonzero(times != MISSING_TIME)
    return times[there].astype("datetime64[us]"), there


def _moment(end: float | str) -> Any:
    """Return the end of a range as a time in UTC."""
    import pandas as pd

    moment = pd.Timestamp(end)
    return moment.tz_convert(None) if moment.tz is not None else moment


def _failing(values: Any, checks: list[Any]) -> Mask:
    """Return which values fail any of pandera's checks."""
    import pandas as pd

    series = pd.Series(values)
    wrong = np.zeros(len(series), dtype=bool)
    for check in checks:
        wrong |= ~np.asarray(check(series).check_output, dtype=bool)
    return wrong


def _whole(context: Context, ledger: Ledger, column: ColumnSchema) -> None:
    facts = context.facts.columns[column.name]
    if facts.kind != "numeric":
        ledger.cannot_do("whole", f"{column.name} is {facts.kind}, not numeric", column.name)
        return
    ledger.look("whole", column.name)
    values = context.table.numbers(column.name)
    wrong = np.isfinite(values) & (values != np.rint(values))
    rows = int(wrong.sum())
    severity = beyond(rows, facts.present, column.outside)
    if severity:
        example = number(float(values[wrong][0]))
        message = (
            f"{counted(rows, 'number')} ({share_text(rows, facts.present)}) "
            f"{does(rows, 'is', 'are')} not whole, such as {example}"
        )
        cause = "another unit, another scale, or gaps filled with a mean"
        evidence = {"rows": rows, "n": facts.present, "allowed": column.outside}
        ledger.find("whole", column.name, message, cause, evidence, rows=rows_where(wrong), severity=severity)


def _labels(context: Context, column: ColumnSchema) -> tuple[list[str], Ints, Ints]:
    """Return the different values of a column as text, the code of each row with a value, and which rows these are."""
    if context.facts.columns[column.name].kind == "numeric":
        values = context.table.numbers(column.name)
        there = np.flatnonzero(~np.isnan(values))
        distinct, codes = np.unique(values[there], return_inverse=True)
        return [number_label(value) if np.isfinite(value) else str(value) for value in distinct], codes, there
    labels, codes = coded(context.table, column.name)
    there = np.flatnonzero(codes >= 0)
    return labels, codes[there], there


def _check_labels(
    context: Context, column: ColumnSchema, checks: list[Any]
) -> tuple[list[tuple[str, int]], int, Ints, Ints]:
    """Return the most frequent values that fail, how many rows have a value, which rows fail, and the first of them."""
    labels, codes, there = _labels(context, column)
    wrong = _failing(np.array(labels, dtype=object), checks) if labels else np.zeros(0, dtype=bool)
    rows = there[wrong[codes]] if labels else there
    sizes = np.bincount(codes, minlength=len(labels))
    order = np.argsort(-sizes, kind="stable")
    most = order[wrong[order] & (sizes[order] > 0)][:20] if labels else order
    return [(labels[i], int(sizes[i])) for i in most], len(there), rows, rows[:20]


def _values(context: Context, ledger: Ledger, column: ColumnSchema) -> None:
    import pandera.pandas as pa

    ledger.look("unknown_value", column.name)
    # What stands for a gap is a matter of `missing`, where the file says something of that.
    gaps = sure_gaps(context.facts.columns[column.name]) if column.missing is not None else {}
    found, n, every, rows = _check_labels(context, column, [pa.Check.isin([*column.values, *gaps])])
    severity = beyond(len(every), n, column.unknown)
    if severity:
        listed = named([f"{quoted(value)} ({counted(count, 'row')})" for value, count in found], 3)
        message = f"{share_text(len(every), n)} of {counted(n, 'value')} {does(n, 'is', 'are')} not on the list: {listed}"
        evidence: dict[str, object] = {
            "rows": len(every),
            "n": n,
            "allowed": column.unknown,
            "values": dict(found),
        }
        cause = "a new category, or a known one written in another way"
        written = rewritten([value for value, _ in found], column.values)
        if written is not None and len(written.known) == len(found):
            message = (
                f"{share_text(len(every), n)} of {counted(n, 'value')} {does(n, 'is', 'are')} on the list but written "
                f"{written.said}: {written.pairs('is listed as')}"
            )
            cause = f"a known category is written in another way: {written.said}"
            evidence |= {"written": written.said, "labels": {old: new for new, old in written.known.items()}}
        ledger.find("unknown_value", column.name, message, cause, evidence, rows=rows, severity=severity)


def _pattern(context: Context, ledger: Ledger, column: ColumnSchema) -> None:
    import pandera.pandas as pa

    ledger.look("pattern", column.name)
    found, n, every, rows = _check_labels(context, column, [pa.Check.str_matches(f"(?:{column.pattern})\\Z")])
    if len(every):
        message = (
            f"{counted(len(every), 'text')} ({share_text(len(every), n)}) "
            f"{does(len(every), 'does', 'do')} not match {column.pattern}"
        )
        evidence = {"rows": len(every), "n": n, "pattern": column.pattern}
        cause = f"another way to write it, such as {quoted(found[0][0])}"
        ledger.find("pattern", column.name, message, cause, evidence, rows=rows)


def _length(context: Context, ledger: Ledger, column: ColumnSchema) -> None:
    import pandera.pandas as pa

    ledger.look("length", column.name)
    check = pa.Check.str_length(min_value=column.shortest, max_value=column.longest)
    _, n, every, rows = _check_labels(context, column, [check])
    if len(every):
        ends = [("anything" if end is None else f"{end:,}") for end in (column.shortest, column.longest)]
        message = (
            f"{counted(len(every), 'text')} ({share_text(len(every), n)}) "
            f"{does(len(every), 'is', 'are')} not {ends[0]} to {ends[1]} characters long"
        )
        evidence = {"rows": len(every), "n": n, "shortest": column.shortest, "longest": column.longest}
        ledger.find("length", column.name, message, "texts were cut off, or filled up", evidence, rows=rows)
