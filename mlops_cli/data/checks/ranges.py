"""Numbers: values beyond those of the reference, and units that changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mlops_cli.data.checks.context import FEWEST, rows_where
from mlops_cli.data.checks.words import number, share_text
from mlops_cli.statistics.counts import binomial_at_least

if TYPE_CHECKING:
    from mlops_cli.data.checks.context import Context
    from mlops_cli.data.checks.facts import ColumnFacts, Floats
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.checks.model import Severity

MUCH_OUTSIDE = 0.2
# Numbers that stand for a gap.
_PLACEHOLDERS = (-1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99_999.0, 999_999.0)
# Quantiles that a unit is read from: the ends are left to outliers.
_PLACES = np.arange(5, 96)
# How far apart the quantiles are (in spreads of the reference) that call for a unit, and how close one has to bring them.
_APART, _TOGETHER, _GAIN = 0.75, 0.15, 5.0
_NAMES = 0.97  # different values of all, from which on whole numbers name rows; profiles only estimate it
_NAMES_AGAIN = 0.2  # and in a table of the same that may have rows more than once
_EXACT = 0.05  # how close, where a column only grows


class Unit(NamedTuple):
    """A change of unit: new = factor * old + offset."""

    factor: float
    offset: float
    says: str


def _units() -> tuple[Unit, ...]:
    powers = [Unit(10.0**k, 0.0, _power(k)) for k in (*range(-9, 0), *range(1, 10))]
    pairs = [
        (2.54, "inches became centimetres", "centimetres became inches"),
        (1.609344, "miles became kilometres", "kilometres became miles"),
        (0.45359237, "pounds became kilograms", "kilograms became pounds"),
        (7.0, "weeks became days", "days became weeks"),
        (12.0, "years became months, or dozens pieces", "months became years, or pieces dozens"),
        (24.0, "days became hours", "hours became days"),
        (60.0, "minutes became seconds, or hours minutes", "seconds became minutes, or minutes hours"),
        (3600.0, "hours became seconds", "seconds became hours"),
        (86400.0, "days became seconds", "seconds became days"),
        (180 / math.pi, "radians became degrees", "degrees became radians"),
    ]
    ratios = [Unit(f, 0.0, there) for f, there, _ in pairs] + [Unit(1 / f, 0.0, back) for f, _, back in pairs]
    degrees = [
        Unit(1.8, 32.0, "degrees Celsius became Fahrenheit"),
        Unit(1 / 1.8, -32 / 1.8, "degrees Fahrenheit became Celsius"),
        Unit(1.0, 273.15, "degrees Celsius became kelvins"),
        Unit(1.0, -273.15, "kelvins became degrees Celsius"),
    ]
    return (*powers, *ratios, *degrees, Unit(-1.0, 0.0, "the sign was turned"))


def _power(k: int) -> str:
    common = {
        2: "shares became percent, or metres centimetres",
        -2: "percent became shares, or centimetres metres",
        3: "a unit became its thousandth, as kilograms grams, or seconds milliseconds",
        -3: "a unit became its thousandfold, as grams kilograms, or milliseconds seconds",
        6: "a unit became its millionth, as seconds microseconds",
        -6: "a unit became its millionfold, as microseconds seconds",
    }
    return common.get(
        k, f"a unit {'smaller' if k > 0 else 'larger'} by {10 ** abs(k):,}, or a decimal point that moved"
    )


UNITS = _units()


def check_units(context: Context, ledger: Ledger) -> None:
    """Find columns whose quantiles fit the reference as soon as a common change of unit is undone.

    The distance is the mean difference of the quantiles from .05 to .95, in spreads (.95 less .05 quantile) of the reference.
    """
    for before, now in context.pairs("unit", ledger):
        if before.kind != "numeric" or now.kind != "numeric":
            continue
        with ledger.guard("unit", now.name):
            _check_unit(before, now, ledger)


def _check_unit(before: ColumnFacts, now: ColumnFacts, ledger: Ledger) -> None:
    epochs = _epochs(before, now)
    found = unit_between(before.quantiles, now.quantiles)
    if found is not None and found[2] > _EXACT and _goes_on(before, now):
        found = None  # a number of rows that went on growing fits many a unit
    unit = epochs or (found[0] if found else None)
    if unit is None:
        return
    was, is_now = float(before.quantiles[50]), float(now.quantiles[50])
    message = f"the median is {number(is_now)} and was {number(was)}"
    evidence = {
        "factor": float(f"{unit.factor:.10g}"),
        "offset": float(f"{unit.offset:.10g}"),
        "median": is_now,
        "median_before": was,
        "ratio": is_now / was if was else None,
    }
    if found is not None and epochs is None:
        apart, left = found[1:]
        message += f"; taken as {_formula(unit)} the quantiles are {left:.2g} spreads apart instead of {_spreads(apart)}"
        evidence |= {"distance": round(apart, 4), "distance_without": round(left, 4)}
    ledger.find("unit", now.name, message, unit.says, evidence)


def _goes_on(before: ColumnFacts, now: ColumnFacts) -> bool:
    """Whether a column only grows, or names rows by whole numbers: then new values are what one expects of it.

    A year that only grew may be one throughout a later table. Rows that come twice are another check's matter.
    """
    names = all(
        side.whole and side.present >= FEWEST and side.distinct >= least * side.present
        for side, least in ((before, _NAMES), (now, _NAMES_AGAIN))
    )
    stands = now.distinct == 1 and now.low >= before.high
    return names or (before.increasing and (now.increasing or stands))


def unit_between(before: Floats, now: Floats) -> tuple[Unit, float, float] | None:
    """Return the change of unit that lies between two columns, by their 101 quantiles, and the distances without and with it."""
    if not len(before) or not len(now):
        return None
    was, present = before[_PLACES], now[_PLACES]
    spread = float(was[-1] - was[0])
    if spread <= 0 or not math.isfinite(spread):
        return None
    apart = float(np.mean(np.abs(present - was))) / spread
    relative = max(abs(float(np.median(was))), spread)
    changed = abs(float(np.median(present) - np.median(was))) / relative
    # Something has to be far off in terms of the old column, or of the new one when it became tiny.
    shrunk = float(present[-1] - present[0]) < spread / 2
    if apart < _APART and not (shrunk and (changed > 0.3 or apart > 0.2)):
        return None
    best: tuple[float, Unit] | None = None
    for unit in UNITS:
        undone = (present - unit.offset) / unit.factor
        ordered = undone[::-1] if unit.factor < 0 else undone
        left = float(np.mean(np.abs(ordered - was))) / spread
        if best is None or left < best[0]:
            best = left, unit
    if best is None or best[0] > _TOGETHER or best[0] * _GAIN > apart:
        return None
    return best[1], apart, best[0]


def _spreads(distance: float) -> str:
    return f"{distance:,.0f}" if distance >= 100 else f"{distance:.3g}"


def _formula(unit: Unit) -> str:
    offset = f" {'+' if unit.offset > 0 else '-'} {number(abs(unit.offset))}" if unit.offset else ""
    return f"{number(unit.factor)} times the old value{offset}"


_SINCE = {0: "seconds", 3: "milliseconds", 6: "microseconds", 9: "nanoseconds"}


def _since_1970(median: float) -> int | None:
    """Return the power of ten by which numbers are smaller than seconds since 1970, where they are such: years 1979 to 2128."""
    return next((power for power in _SINCE if 3e8 < median / 10**power < 5e9), None)


def _epochs(before: ColumnFacts, now: ColumnFacts) -> Unit | None:
    """Return the change of unit of times since 1970; where time went on, quantiles say nothing."""
    was, is_now = before.median, now.median
    first = None if was is None else _since_1970(was)
    second = None if is_now is None else _since_1970(is_now)
    if first is None or second is None or first == second:
        return None
    says = f"times since 1970 came in {_SINCE[first]} and come in {_SINCE[second]}"
    return Unit(10.0 ** (second - first), 0.0, says)


def check_outside(context: Context, ledger: Ledger) -> None:
    """Find numbers beyond the smallest and largest of the reference, where there are more of them than chance would bring.

    Exact binomial test, one-sided, against 3/n, as for categories. Columns that only grow, and whole numbers that name
    rows, are left alone.
    """
    pairs = [
        (before, now)
        for before, now in context.pairs("out_of_range", ledger)
        if before.kind == now.kind == "numeric"
        and not _goes_on(before, now)
        and not _declared(context, now.name)
    ]
    for before, now in pairs:
        with ledger.guard("out_of_range", now.name):
            finite = now.present - now.infinite
            if not finite or math.isnan(before.low):
                continue
            values = context.table.numbers(now.name)
            mask = np.isfinite(values) & ((values < before.low) | (values > before.high))
            rows = int(mask.sum())
            expected = min(1.0, max(3, before.beyond + 2 * before.beyond**0.5) / max(1, before.present))
            chance = binomial_at_least(rows, finite, expected) if rows else 1.0
            if chance >= 0.01 / len(pairs):
                continue
            message = (
                f"{share_text(rows, finite)} of {finite:,} values lie outside of {number(before.low)} to {number(before.high)}; "
                f"they reach from {number(now.low)} to {number(now.high)}"
            )
            evidence = {
                "rows": rows,
                "n": finite,
                "n_reference": before.present,
                "low": now.low,
                "high": now.high,
                "low_before": before.low,
                "high_before": before.high,
                "p_value": float(f"{chance:.4g}"),
            }
            severity: Severity = "fail" if rows >= MUCH_OUTSIDE * finite else "warn"
            cause = cause_outside(before.low, before.high, now)
            ledger.find(
                "out_of_range", now.name, message, cause, evidence, rows=rows_where(mask), severity=severity
            )


def _declared(context: Context, name: str) -> bool:
    """Whether the schema file gives a range: then that counts."""
    column = context.schema.column(name)
    return column is not None and column.has_range


def cause_outside(least: float, most: float, now: ColumnFacts) -> str:
    """Return the likely cause of numbers outside of a range."""
    if least == most:
        return f"the column was {number(least)} throughout, and is not any more"
    for value in (now.low, now.high):
        if value in _PLACEHOLDERS and not least <= value <= most:
            return f"{number(value)} may stand for a missing value"
    if least >= 0 > now.low:
        return "negative values: a sign that turned, or a gap written as a number"
    return "the population moved, or some rows have another unit"
