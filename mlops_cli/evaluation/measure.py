"""Measuring: a metric's name and rows in, its value with interval and n out. What cannot be had is said in words, never NaN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from mlops_cli.evaluation.bounds import Bounds
from mlops_cli.evaluation.catalogue import Metric, metric_of
from mlops_cli.evaluation.measured import Measured, unmeasured
from mlops_cli.evaluation.uncertainty import bounds_of
from mlops_cli.evaluation.values import UndefinedError, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlops_cli.evaluation.measured import Direction
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.statistics.arrays import Integers


class OwnMetric(Protocol):
    """A metric of the user's."""

    @property
    def direction(self) -> Direction | None:
        """Which way is better."""
        ...

    def measure(self, sample: Sample, rows: Integers | None) -> Measured:
        """Return it on all rows, or on some."""
        ...


class Measurer:
    """Measures metrics of one sample.

    Parameters
    ----------
    own : mapping
        Metrics of the user's, by name.
    """

    def __init__(self, sample: Sample, own: Mapping[str, OwnMetric] | None = None) -> None:
        self.sample = sample
        self.own = own or {}

    def measure(self, name: str, rows: Integers | None = None) -> Measured:
        """Return a metric on all rows, or on those whose numbers are given.

        Raises
        ------
        KeyError
            When there is no such metric.
        """
        if name in self.own:
            return self.own[name].measure(self.sample, rows)
        metric = metric_of(name)
        if metric is None:
            raise KeyError(name)
        return measure(metric, self.sample if rows is None else self.sample.take(rows))

    def measure_all(self, names: Iterable[str]) -> dict[str, Measured]:
        """Return several metrics on all rows."""
        return {name: self.measure(name) for name in names}


def measure(metric: Metric, sample: Sample) -> Measured:
    """Return one metric of the catalogue on a sample."""
    way = metric.direction
    refused = _refused(metric, sample)
    if refused is not None:
        return refused
    try:
        value = value_of(metric.name, sample)
    except UndefinedError as error:
        return unmeasured("insufficient", str(error), sample.n, way)
    except (ValueError, ArithmeticError, KeyError) as error:
        return unmeasured("error", f"it could not be computed: {_line(error)}", sample.n, way)
    if not math.isfinite(value):
        return unmeasured("error", f"its value is {value}", sample.n, way)
    try:
        bounds = bounds_of(metric, sample, value)
    except (ValueError, ArithmeticError) as error:  # of numbers whose squares no float holds
        bounds = Bounds(None, None, sample.n, None, f"no interval: {_line(error)}")
    low = high = None
    if bounds.low is not None and bounds.high is not None:
        # A bootstrap of few rows may end beside the value that it is about.
        low, high = min(bounds.low, value), max(bounds.high, value)
    note = _note(metric, sample, bounds.n) or bounds.note
    method = metric.method if low is not None else ""
    return Measured(value, low, high, bounds.n, way, "ok", method, note, bounds.effective)


def _refused(metric: Metric, sample: Sample) -> Measured | None:
    """Return why a metric is not computed at all; None where it is."""
    way, n = metric.direction, sample.n
    if sample.task not in metric.tasks:
        return unmeasured("error", f"it is no metric of a {sample.task} task", n, way)
    if n == 0:
        return unmeasured("insufficient", "there are no rows", 0, way)
    if metric.needs in ("scores", "probabilities"):
        if sample.scores is None:
            return unmeasured("insufficient", sample.why_no_scores, n, way)
        bad = sample.missing_scores()
        if bad:
            return unmeasured("error", f"{bad} of {n} scores are missing or infinite", n, way)
        if metric.needs == "probabilities" and not sample.probabilities:
            return unmeasured("insufficient", "the scores are no probabilities", n, way)
        return None
    bad = sample.missing()
    if bad:
        what = "infinite or missing" if metric.needs == "numbers" else "missing"
        return unmeasured("error", f"{bad} of {n} predictions are {what}", n, way)
    return None


def _note(metric: Metric, sample: Sample, n: int) -> str:
    if metric.name == "mape" and n < sample.n:
        return f"{sample.n - n} rows with a true value of 0 are left out"
    if metric.name in ("mcc", "kappa", "balanced_accuracy") and len(set(sample.predicted.tolist())) == 1:
        return "all rows get the same answer"
    return ""


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
