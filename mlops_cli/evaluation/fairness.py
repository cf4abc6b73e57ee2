"""Gaps between groups: how far a group's rate lies from all rows' and from another group's, with intervals."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.findings import Gap
from mlops_cli.evaluation.measured import Measured, unmeasured
from mlops_cli.evaluation.slices.assign import assign
from mlops_cli.evaluation.slices.cells import confusions, rate_measured
from mlops_cli.evaluation.slices.measuring import MIN_N, rows_by_code, standing
from mlops_cli.evaluation.words import counted
from mlops_cli.statistics.interval import Interval, newcombe, ratio_of_rates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.slices.assign import Group
    from mlops_cli.evaluation.slices.columns import Columns
    from mlops_cli.evaluation.slices.spec import Cross

    Measure = Callable[[str, NDArray[np.int64]], Measured]
    Counts = tuple[int, int]

RATES = ("selection_rate", "recall", "false_positive_rate", "precision")
OVERALL = "overall"
_FEWEST = 20  # rows that a rate must be of
_FOUR_FIFTHS = 0.8


def gaps(
    crosses: Iterable[Cross],
    columns: Columns,
    sample: Sample,
    measure: Measure,
    names: Sequence[str] = (),
    min_n: int = MIN_N,
) -> tuple[Gap, ...]:
    """Return the gaps of every group to all rows and to one group, for each metric.

    Of a binary task selection rate, recall (true positive rate), false positive rate and precision, and whatever is named
    besides. The group that others are held against is the largest one; for the selection rate it is the one selected most, as
    the rule of four fifths has it (29 CFR 1607.4 D). Groups of too few rows are neither judged nor held against.

    Parameters
    ----------
    measure : callable
        Gives a metric by name on rows by number, for what is no rate.
    names : sequence of str
        Metrics besides the four rates.
    min_n : int
        Rows that a group must have.
    """
    rates = RATES if sample.task == "binary" else ()
    wanted = tuple(dict.fromkeys((*rates, *names)))
    found: list[Gap] = []
    for group in assign(crosses, columns):
        judged = _Judged(group, sample, measure, min_n)
        for name in wanted:
            found.extend(judged.gaps(name))
    return tuple(found)


def rate_gap(group: Counts, reference: Counts, *, inside: bool = False) -> tuple[Interval, Interval]:
    """Return difference and ratio of a group's rate and a reference's, with Newcombe's interval and that on the log scale.

    Parameters
    ----------
    group, reference : (successes, rows)
    inside : bool
        Whether the reference has the group's rows too, as all rows have. Then, with w the group's share, the difference is
        (1 - w) times that to the rows outside, and the ratio r / (w r + 1 - w) of the ratio r to them; so are their bounds.

    Examples
    --------
    >>> difference, ratio = rate_gap((7, 34), (1, 34))
    >>> round(difference.low, 3), round(difference.high, 3), ratio.value
    (0.019, 0.34, 7.0)
    """
    k, n = group
    if not inside:
        return newcombe(k, n, *reference), ratio_of_rates(k, n, *reference)
    rest = reference[0] - k, reference[1] - n
    whole_rate = reference[0] / reference[1]
    value = k / n - whole_rate
    if rest[1] == 0:  # the group is all there is
        return Interval(0.0, 0.0, 0.0), Interval(1.0, 1.0, 1.0)
    share = n / reference[1]
    apart, times = newcombe(k, n, *rest), ratio_of_rates(k, n, *rest)
    low, high = (bound / (share * bound + 1 - share) for bound in (times.low, times.high))
    difference = Interval(value, (1 - share) * apart.low, (1 - share) * apart.high)
    if not whole_rate:
        return difference, Interval(math.nan, low, high)
    ratio = (k / n) / whole_rate
    return difference, Interval(ratio, min(low, ratio), max(high, ratio))


def measured_gap(group: Measured, reference: Measured) -> tuple[Interval, Interval]:
    """Return difference and ratio of two metrics from their own intervals: squares of distances added, for the ratio on logs.

    Where the reference has the group's rows too, both go up and down together, and the intervals are wider than they need be.
    Source: G. Y. Zou, A. Donner, Statistics in Medicine 27 (2008) 1693.

    Raises
    ------
    ValueError
        When one has no value or no interval.
    """
    one, two = _interval(group), _interval(reference)
    value = one.value - two.value
    difference = Interval(
        value,
        value - math.hypot(one.value - one.low, two.high - two.value),
        value + math.hypot(one.high - one.value, two.value - two.low),
    )
    if min(one.low, two.low) <= 0:
        return difference, Interval(one.value / two.value if two.value else math.nan, math.nan, math.nan)
    ratio = one.value / two.value
    down = math.hypot(math.log(one.value / one.low), math.log(two.high / two.value))
    up = math.hypot(math.log(one.high / one.value), math.log(two.value / two.low))
    return difference, Interval(ratio, ratio * math.exp(-down), ratio * math.exp(up))


class _Judged:
    """One set of groups, with what is known of each."""

    def __init__(self, group: Group, sample: Sample, measure: Measure, min_n: int) -> None:
        self._group, self._sample, self._measure = group, sample, measure
        count = len(group.parts)
        self._rows = rows_by_code(group.codes, count)
        self._sizes = [len(rows) for rows in self._rows]
        self._standing = [standing(n, min_n) for n in self._sizes]
        self._cells = confusions(group.codes, count, sample) if sample.classes else None
        self._whole = confusions(np.zeros(sample.n, np.int32), 1, sample) if sample.classes else None
        self._missing = sample.missing() > 0

    def gaps(self, name: str) -> list[Gap]:
        """Return the gaps of one metric: of each group to all rows, then to the group that others are held against."""
        counts = self._counts(name)
        values = [self._value(name, at, counts) for at in range(len(self._sizes))]
        whole = self._overall(name, counts)
        found = [
            self._gap(name, at, OVERALL, values[at], whole, (counts[at], counts[-1]) if counts else None)
            for at in range(len(values))
        ]
        against = self._against(name, values)
        if against is None:
            return found
        label = self._group.parts[against].label
        for at in range(len(values)):
            if at != against:
                pair = (counts[at], counts[against]) if counts else None
                gap = self._gap(name, at, label, values[at], values[against], pair)
                if name == "selection_rate" and gap.status == "ok" and gap.ratio.value is not None:
                    gap = replace(gap, four_fifths=gap.ratio.value < _FOUR_FIFTHS)
                found.append(gap)
        return found

    def _counts(self, name: str) -> list[Counts] | None:
        """Return successes and rows of every group, and of all rows last; None for what is no rate."""
        if self._cells is None or self._whole is None or self._missing:
            return None
        rate, whole = self._cells.rate(name), self._whole.rate(name)
        if rate is None or whole is None:
            return None
        pairs = [(int(k), int(n)) for k, n in zip(*rate, strict=True)]
        return [*pairs, (int(whole[0][0]), int(whole[1][0]))]

    def _value(self, name: str, at: int, counts: list[Counts] | None) -> Measured:
        status, reason = self._standing[at]
        if status == "suppressed" or not self._sizes[at]:
            return unmeasured("insufficient", reason, self._sizes[at])
        if counts is None:
            return self._measured(name, self._rows[at])
        return rate_measured(name, *counts[at], self._sample.classes)

    def _overall(self, name: str, counts: list[Counts] | None) -> Measured:
        if counts is None:
            return self._measured(name, np.arange(self._sample.n))
        return rate_measured(name, *counts[-1], self._sample.classes)

    def _measured(self, name: str, rows: NDArray[np.int64]) -> Measured:
        if name in RATES and self._missing:
            return unmeasured("error", f"{self._sample.missing()} predictions are missing", len(rows))
        return self._measure(name, rows)

    def _against(self, name: str, values: Sequence[Measured]) -> int | None:
        good = [
            at
            for at, value in enumerate(values)
            if self._standing[at][0] == "ok" and value.value is not None and value.n >= _FEWEST
        ]
        if len(good) == 0 or len(values) < 2:
            return None
        if name == "selection_rate":
            return max(good, key=lambda at: (values[at].value or 0.0, self._sizes[at]))
        return max(good, key=lambda at: self._sizes[at])

    def _gap(
        self,
        name: str,
        at: int,
        reference: str,
        value: Measured,
        base: Measured,
        counts: tuple[Counts, Counts] | None,
    ) -> Gap:
        part, n = self._group.parts[at], self._sizes[at]
        reason = self._standing[at][1] or _too_few(value) or _too_few(base)
        gap = Gap(name, self._group.name, part.label, reference, value, base, _NOTHING, _NOTHING, n=n)
        if reason:
            none = unmeasured("insufficient", reason, value.n)
            return replace(gap, difference=none, ratio=none, status="insufficient", reason=reason)
        if counts is not None:
            difference, ratio = rate_gap(*counts, inside=reference == OVERALL)
            method = "newcombe", "log"
        else:
            difference, ratio = measured_gap(value, base)
            method = "square and add", "square and add"
        way = value.direction
        return replace(
            gap,
            difference=_as_measured(difference, value.n, way, method[0]),
            ratio=_as_measured(ratio, value.n, way, method[1]),
        )


_NOTHING = unmeasured("insufficient", "")


def _too_few(value: Measured) -> str:
    if value.value is None:
        return value.note or "it has no value"
    if value.low is None or value.high is None:
        return value.note or "it has no interval"
    return f"it is of {counted(value.n, 'row')} only, and takes {_FEWEST}" if value.n < _FEWEST else ""


def _interval(value: Measured) -> Interval:
    if value.value is None or value.low is None or value.high is None:
        raise ValueError("a gap is between metrics that have values and intervals")
    return Interval(value.value, value.low, value.high)


def _as_measured(found: Interval, n: int, way: object, method: str) -> Measured:
    direction = way if way in ("up", "down") else None
    if not math.isfinite(found.value):
        return unmeasured("insufficient", "the reference is 0", n)
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return Measured(found.value, None, None, n, direction, note="no interval: a bound is not above 0")  # type: ignore[arg-type] # as was seen
    return Measured(found.value, found.low, found.high, n, direction, method=method)  # type: ignore[arg-type] # as was seen
