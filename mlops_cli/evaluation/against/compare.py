"""One model held against another on the same rows: better, worse, equivalent or undecided, overall and a slice at a time."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.against.difference import Found, paired_difference
from mlops_cli.evaluation.against.words import sentence_of
from mlops_cli.evaluation.catalogue import MAIN, metric_of
from mlops_cli.evaluation.findings import Comparison, PairedMetric, SlicePair
from mlops_cli.evaluation.measured import LEAST_P, Measured, unmeasured
from mlops_cli.evaluation.slices.assign import assign
from mlops_cli.evaluation.slices.expression import expression_text
from mlops_cli.evaluation.slices.measuring import MIN_N, rows_by_code, standing
from mlops_cli.evaluation.values import UndefinedError
from mlops_cli.statistics.equivalence import verdict
from mlops_cli.statistics.interval import normal_quantile
from mlops_cli.statistics.multiple import holm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.slices.columns import Columns
    from mlops_cli.evaluation.slices.spec import Declared

_LEVEL = 0.05
_MARGIN = 0.01
_POWER = 0.8


def compare(
    sample: Sample,
    base: Sample,
    names: Sequence[str],
    *,
    against: str,
    margin: float | Mapping[str, float] | None = None,
    declared: Iterable[Declared] = (),
    columns: Columns | None = None,
    joined: str = "order",
    rows_digest: str = "",
    min_n: int = MIN_N,
    main: str = "",
) -> Comparison:
    """Return how a model compares with another on the same rows, which `pairing.pair` has put in the same order.

    Parameters
    ----------
    names : sequence of str
        Metrics; those that have no direction are shown and not judged.
    margin : float, mapping or None
        The largest difference that does not matter. None: 0.01 of a metric between 0 and 1, and a hundredth of the other
        model's value of any other.
    declared, columns
        Slices to compare on by the main metric, and the rows' columns. Their p-values are adjusted after Holm, and only what
        stays at or below 5 % is called better or worse.
    main : str
        The metric that the verdict is about; the first of the task's main ones that could be had, when empty.
    """
    metrics = {name: paired_metric(name, sample, base, margin, min_n) for name in names}
    chosen = main or next((name for name in MAIN[sample.task] if _decided(metrics.get(name))), "")
    head = metrics.get(chosen) or next(iter(metrics.values()), None)
    if head is None:
        return Comparison(
            against, sample.n, "", "insufficient", "No metric could be compared", joined, rows_digest
        )
    slices = () if columns is None else _slices(head.metric, sample, base, margin, declared, columns, min_n)
    return Comparison(
        against,
        sample.n,
        head.metric,
        head.verdict,
        sentence_of(head, against, sample.n, slices, tuple(metrics.values())),
        joined,
        rows_digest,
        tuple(metrics.values()),
        slices,
    )


def paired_metric(
    name: str, sample: Sample, base: Sample, margin: float | Mapping[str, float] | None, min_n: int = MIN_N
) -> PairedMetric:
    """Return one metric of two models on the same rows, with its verdict."""
    known = metric_of(name)
    way = known.direction if known else None
    try:
        found = paired_difference(name, sample, base)
    except (UndefinedError, ValueError, KeyError) as error:
        none = unmeasured("insufficient", str(error), sample.n, way)
        return PairedMetric(name, None, None, none, None, 0.0, "insufficient", reason=str(error))
    width = margin_of(name, found.base, margin)
    difference = found.difference
    bounded = math.isfinite(difference.low) and math.isfinite(difference.high)
    measured = Measured(
        difference.value,
        difference.low if bounded else None,
        difference.high if bounded else None,
        found.n,
        way,
        method=found.method if bounded else "",
        note=found.reason,
    )
    paired = PairedMetric(
        name,
        found.value,
        found.base,
        measured,
        max(difference.p_value, LEAST_P) if bounded else None,
        width,
        "undecided",
        found.method,
    )
    if sample.n < min_n:
        return replace(paired, verdict="insufficient", reason=standing(sample.n, min_n)[1])
    if way is None:
        apart = {"better": "different", "worse": "different"}
        outcome = verdict(difference, width)
        return replace(paired, verdict=apart.get(outcome, outcome), reason="neither way is better")  # type: ignore[arg-type] # one of them
    decided = verdict(difference, width, way)
    needed = rows_needed(found, width) if decided == "undecided" else None
    return replace(paired, verdict=decided, needed=needed, reason=found.reason)


def margin_of(name: str, base: float, margin: float | Mapping[str, float] | None) -> float:
    """Return the largest difference of a metric that does not matter.

    Examples
    --------
    >>> margin_of("accuracy", 0.8, None), margin_of("mae", 40.0, None), margin_of("mae", 40.0, {"mae": 1.5})
    (0.01, 0.4, 1.5)
    """
    if isinstance(margin, int | float):
        return float(margin)
    if margin is not None and name in margin:
        return float(margin[name])
    known = metric_of(name)
    if known is not None and known.low is not None and known.high is not None:
        return _MARGIN
    return _MARGIN * abs(base)


def rows_needed(found: Found, margin: float) -> int | None:
    """Return how many rows would likely decide: with 80 % chance, if the difference is what it seems to be.

    The interval's half-width goes with one over the root of the rows. It decides when it is narrower than the difference, or
    than what the difference leaves of the margin.
    """
    apart = abs(found.difference.value)
    half = (found.difference.high - found.difference.low) / 2
    if not math.isfinite(half) or found.n == 0:
        return None
    room = max(apart, margin - apart)
    if room <= 0 or half <= 0:
        return None
    z, power = normal_quantile(0.95), normal_quantile(2 * _POWER - 1)
    needed = found.n * (half / room * (1 + power / z)) ** 2
    return max(found.n + 1, math.ceil(needed)) if needed < 1e12 else None


def _decided(metric: PairedMetric | None) -> bool:
    return metric is not None and metric.verdict != "insufficient"


def _slices(
    main: str,
    sample: Sample,
    base: Sample,
    margin: float | Mapping[str, float] | None,
    declared: Iterable[Declared],
    columns: Columns,
    min_n: int,
) -> tuple[SlicePair, ...]:
    found: list[SlicePair] = []
    for group in assign(declared, columns):
        for part, rows in zip(group.parts, rows_by_code(group.codes, len(group.parts)), strict=True):
            metric = paired_metric(main, sample.take(rows), base.take(rows), margin, min_n)
            if standing(len(rows), min_n)[0] == "suppressed" or not len(rows):
                metric = _hidden(main, len(rows), min_n)
            found.append(SlicePair(part.label, expression_text(part.where), group.name, len(rows), metric))
    judged = [
        np.nan
        if pair.metric.p_value is None or pair.metric.verdict == "insufficient"
        else pair.metric.p_value
        for pair in found
    ]
    adjusted = holm(np.array(judged, np.float64))
    return tuple(
        replace(pair, metric=_adjusted(pair.metric, float(p)))
        for pair, p in zip(found, adjusted, strict=True)
    )


def _hidden(main: str, n: int, min_n: int) -> PairedMetric:
    reason = standing(n, min_n)[1]
    return PairedMetric(
        main, None, None, unmeasured("insufficient", reason, n), None, 0.0, "insufficient", reason=reason
    )


def _adjusted(metric: PairedMetric, p_adjusted: float) -> PairedMetric:
    """Return a slice's metric with its adjusted p-value; what does not stay significant is undecided."""
    if math.isnan(p_adjusted):
        return metric
    found = replace(metric, p_adjusted=p_adjusted)
    if found.verdict in ("better", "worse") and p_adjusted > _LEVEL:
        return replace(
            found, verdict="undecided", reason="not after the number of slices is taken into account"
        )
    return found
