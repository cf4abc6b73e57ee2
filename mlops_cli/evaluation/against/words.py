"""A comparison in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.evaluation.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.evaluation.findings import PairedMetric, SlicePair


def sentence_of(
    metric: PairedMetric,
    against: str,
    n: int,
    slices: Sequence[SlicePair] = (),
    others: Sequence[PairedMetric] = (),
) -> str:
    """Return what a comparison found, with its numbers: the main metric, then what is worse besides.

    Parameters
    ----------
    others : sequence of PairedMetric
        All metrics that were compared.

    Examples
    --------
    >>> from mlops_cli.evaluation.findings import PairedMetric
    >>> from mlops_cli.evaluation.measured import Measured
    >>> difference = Measured(0.02, 0.01, 0.03, 1000, "up")
    >>> sentence_of(PairedMetric("accuracy", 0.82, 0.8, difference, 0.001, 0.005, "better"), "v1", 1000)
    'Better than v1: accuracy 0.82 against 0.8, +0.02 (0.01 to 0.03) on 1,000 rows.'
    """
    if metric.value is None or metric.base is None or metric.difference.value is None:
        return f"Not enough to compare with {against}: {metric.reason}."
    apart = metric.difference
    interval = "" if apart.low is None else f" ({_short(apart.low)} to {_short(apart.high)})"
    numbers = (
        f"{metric.metric} {_short(metric.value)} against {_short(metric.base)}, {apart.value:+.4g}{interval}"
    )
    numbers += f" on {counted(n, 'row')}"
    opening = {
        "better": f"Better than {against}",
        "worse": f"Worse than {against}",
        "different": f"Different from {against}",
        "equivalent": f"As good as {against}, within {_short(metric.margin)}",
        "undecided": f"It cannot be told whether it is better than {against}",
        "insufficient": f"Too few rows to compare with {against}",
    }[metric.verdict]
    found = f"{opening}: {numbers}."
    if metric.verdict == "undecided" and metric.needed:
        found += f" About {_round(metric.needed):,} rows would likely decide."
    for worse in (
        [other.metric for other in others if other.verdict == "worse" and other.metric != metric.metric],
        [pair.name for pair in slices if pair.metric.verdict == "worse"],
    ):
        if worse:
            more = f" and {len(worse) - 3} more" if len(worse) > 3 else ""
            found += f" Worse in {'; '.join(worse[:3])}{more}."
    return found


def _short(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"


def _round(count: int) -> int:
    """Return a count with two digits that say something, rounded up."""
    unit = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // unit) * unit
