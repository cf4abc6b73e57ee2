"""Times: shifts by hours, the age of the newest row, rows from the future; how many rows there are."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.context import rows_where
from mlops_cli.data.checks.facts import WEEK, times_us
from mlops_cli.data.checks.words import counted, does
from mlops_cli.statistics.counts import two_sample_chi2
from mlops_cli.statistics.distance import jensen_shannon, jensen_shannon_debiased

if TYPE_CHECKING:
    from mlops_cli.data.checks.context import Context
    from mlops_cli.data.checks.facts import Ints
    from mlops_cli.data.checks.ledger import Ledger

_LAGS = range(-14, 15)  # hours that clocks on Earth are apart
_APART, _TOGETHER, _SURE = 0.08, 0.25, 1e-4
_BY_WEEK = 5_000  # rows on both sides from which hours of the week are compared, not hours of the day
_AHEAD = 86_400.0  # seconds that a clock may be wrong


def check_time_zone(context: Context, ledger: Ledger) -> None:
    """Find times whose hours fit the reference best when they are shifted.

    Rows by hour of the week (by hour of the day where there are few) are compared by Jensen-Shannon distance at each
    lag up to 14 hours. A shift is found where the distance is significant (chi-squared), the best lag is not 0, and
    leaves at most a quarter of the distance.
    """
    for before, now in context.pairs("time_zone", ledger):
        if before.kind != "datetime" or now.kind != "datetime" or not before.present or not now.present:
            continue
        with ledger.guard("time_zone", now.name):
            if len(before.week) != WEEK or not before.week.sum():
                continue  # a private column, of which a profile says nothing
            found = shift_between(before.week, now.week)
            if found is None:
                continue
            lag, apart, left = found
            later = f"{abs(lag)} hours {'later' if lag > 0 else 'earlier'}"
            message = f"the hours are {apart:.3f} apart (Jensen-Shannon), and {left:.3f} when taken as {later} than before"
            evidence = {
                "hours": lag,
                "distance": round(apart, 4),
                "distance_without": round(left, 4),
                "n": now.present,
                "n_reference": before.present,
            }
            cause = f"the time zone changed: times are {later} than they were written before"
            ledger.find("time_zone", now.name, message, cause, evidence)


def shift_between(before: Ints, now: Ints) -> tuple[int, float, float] | None:
    """Return by how many hours times are later than before, and the distances without and with undoing that; None for no shift.

    Parameters
    ----------
    before, now : array (168,)
        Rows by hour of the week.
    """
    weeks = before, now
    if min(int(before.sum()), int(now.sum())) < _BY_WEEK:
        before, now = (side.reshape(WEEK // 24, 24).sum(axis=0) for side in weeks)
    apart = jensen_shannon_debiased(before, now)
    if apart < _APART or two_sample_chi2(before, now).p_value > _SURE:
        return None

    def fit(lag: int) -> tuple[float, float]:
        # Of hours of the day 12 earlier and 12 later are one; the days of the week tell them apart.
        return round(jensen_shannon(before, np.roll(now, -lag)), 12), jensen_shannon(
            weeks[0], np.roll(weeks[1], -lag)
        )

    best = min(_LAGS, key=fit)
    left = jensen_shannon_debiased(before, np.roll(now, -best))
    if best == 0 or left > _TOGETHER * apart:
        return None
    return best, apart, left


def time_text(microseconds: float) -> str:
    """Return a time in microseconds since 1970 as text, to the second.

    Examples
    --------
    >>> time_text(0.0)
    '1970-01-01 00:00:00'
    """
    try:
        return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{microseconds / 1e6:.0f} s after 1970"


def check_age(context: Context, ledger: Ledger) -> None:
    """Find a table whose newest row is too old, and rows from the future."""
    time, fresh, now = context.schema.time, context.schema.fresh, context.now
    if not time or now is None:
        if fresh is not None and not time:
            ledger.cannot_do("stale", "how old the newest row is cannot be told: no column is named as time")
        return
    facts = context.facts.columns.get(time)
    if facts is None or facts.kind != "datetime" or math.isnan(facts.high):
        why = (
            "is not there"
            if facts is None
            else f"is {facts.kind}"
            if facts.kind != "datetime"
            else "has no values"
        )
        ledger.cannot_do("stale", f"how old the newest row is cannot be told: the column {time} {why}", time)
        return
    age = now.timestamp() - facts.high / 1e6
    if fresh is not None:
        ledger.look("stale", time)
        if age > fresh:
            message = f"the newest row is from {time_text(facts.high)} UTC, {_span(age)} ago; {_span(fresh)} are allowed"
            evidence = {"newest": time_text(facts.high), "age_seconds": round(age), "allowed_seconds": fresh}
            ledger.find(
                "stale", time, message, "the source was not updated, or an old file was read", evidence
            )
    ledger.look("future", time)
    if age < -_AHEAD:
        mask = times_us(context.table, time) > (now.timestamp() + _AHEAD) * 1e6
        rows = int(mask.sum())
        message = f"{counted(rows, 'row')} {does(rows, 'lies', 'lie')} in the future, up to {time_text(facts.high)} UTC"
        evidence = {"rows": rows, "newest": time_text(facts.high)}
        cause = "a clock that is wrong, days and months swapped, or a time that means never"
        ledger.find("future", time, message, cause, evidence, rows=rows_where(mask))


def _span(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            count = seconds / size
            return f"{count:,.0f} {unit}" if count >= 100 else f"{count:.3g} {unit}"
    return f"{seconds:.3g} seconds"


# Rows -----------------------------------------------------------------------------------------------------------------

_FAR = 5.0  # robust standard deviations


def check_row_count(context: Context, ledger: Ledger) -> None:
    """Find a table with fewer or more rows than the schema file says, or far from the usual."""
    schema, rows = context.schema, context.facts.rows
    if schema.at_least is None and schema.at_most is None and not schema.usual_rows:
        return
    ledger.look("row_count")
    least, most = schema.at_least, schema.at_most
    if (least is not None and rows < least) or (most is not None and rows > most):
        few = least is not None and rows < least
        message = f"{counted(rows, 'row')}; {'at least' if few else 'at most'} {least if few else most:,} should be there"
        cause = "part of the data did not come" if few else "data came twice, or a join multiplied them"
        ledger.find("row_count", "", message, cause, {"rows": rows, "at_least": least, "at_most": most})
        return
    usual = np.asarray(schema.usual_rows, dtype=np.float64)
    if len(usual) < 4:
        return
    middle = float(np.median(usual))
    # Counts vary by their root at least, however even the few that are known are.
    spread = max(1.4826 * float(np.median(np.abs(usual - middle))), math.sqrt(max(middle, 1.0)))
    far = (rows - middle) / spread
    if abs(far) > _FAR:
        message = f"{counted(rows, 'row')}; {middle:,.0f} are usual ({far:+.1f} robust standard deviations)"
        cause = "part of the data did not come" if far < 0 else "data came twice, or a join multiplied them"
        ledger.find(
            "row_count", "", message, cause, {"rows": rows, "usual": middle, "robust_z": round(far, 3)}
        )
