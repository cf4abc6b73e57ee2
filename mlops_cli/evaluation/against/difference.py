"""The difference of one metric of two models on the same rows, with an interval and a p-value that know of the pairing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mlops_cli.evaluation.resampled import STATISTICS
from mlops_cli.evaluation.values import UndefinedError, row_losses, value_of
from mlops_cli.statistics.auc import paired_delong
from mlops_cli.statistics.bootstrap import REPETITIONS, poisson_weights
from mlops_cli.statistics.interval import Difference, normal_quantile, normal_two_sided
from mlops_cli.statistics.paired import paired_mean, paired_rates
from mlops_cli.statistics.ranks import midranks
from mlops_cli.statistics.seeds import generator, seed_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlops_cli.evaluation.sample import Sample

    Floats = NDArray[np.float64]

_LOSSES = frozenset({"log_loss", "brier", "mae", "bias"})
_SIDE = 24  # strata a side of the cells of a regression: 24³ at most
_ROW_REPETITIONS = 200
_MOST_ROWS = 100_000  # for metrics whose rows have to be drawn one by one


class Found(NamedTuple):
    """A difference, and how it was found.

    Parameters
    ----------
    value, base : float
        The metric of both models.
    difference : Difference
        `value - base`; bounds -inf and inf where the rows do not allow an interval.
    n : int
        Rows that it stands on.
    reason : str
        Why there is no interval.
    """

    value: float
    base: float
    difference: Difference
    n: int
    method: str
    reason: str = ""


def paired_difference(name: str, sample: Sample, base: Sample) -> Found:
    """Return the difference of a metric between two models, whose rows are the same ones in the same order.

    Rates of the same rows: McNemar's test and Newcombe's paired interval. AUC: DeLong's. Mean losses: Student's test on the
    rows' differences. What follows from confusion: a bootstrap of the cells (truth, one answer, other answer), which keeps
    rows paired. The rest: a bootstrap of pairs of rows.

    Raises
    ------
    UndefinedError
        When these rows do not define the metric.
    ValueError
        When an answer or a score is missing.
    """
    if sample.missing() or base.missing():
        raise ValueError("a prediction is missing")
    value, other = value_of(name, sample), value_of(name, base)
    if name == "roc_auc":
        assert sample.scores is not None  # noqa: S101 - the metric had a value
        assert base.scores is not None  # noqa: S101 - the same
        found = paired_delong(sample.truth == 1, sample.scores, base.scores)
        return Found(value, other, found, sample.n, "delong")
    if name == "roc_auc_ovr":
        return Found(value, other, _of_areas(value - other, sample, base), sample.n, "delong")
    if (hits := _hits(name, sample, base)) is not None:
        return Found(value, other, _of_hits(*hits), len(hits[0]), "mcnemar")
    if name in _LOSSES or name == "mape":
        return Found(
            value,
            other,
            paired_mean(row_losses(name, sample) - row_losses(name, base)),
            sample.n,
            "t",
        )
    seed = seed_of(sample.seed, base.seed, "paired", name)
    if name in STATISTICS or name == "precision" or name.startswith("precision["):
        drawn = _of_cells(name, sample, base, seed)
    elif name in ("rmse", "r2"):
        drawn = _of_errors(name, sample, base, seed)
    elif sample.n <= _MOST_ROWS:
        drawn = _of_rows(name, sample, base, seed)
    else:
        unknown = Difference(value - other, -math.inf, math.inf, 1.0)
        return Found(value, other, unknown, sample.n, "", f"no interval beyond {_MOST_ROWS:,} rows")
    return _drawn(value, other, drawn, sample.n)


def _hits(name: str, sample: Sample, base: Sample) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Return on which rows each model has a hit, for a rate whose rows do not depend on the answers."""
    truth, answer, other = sample.truth, sample.predicted, base.predicted
    if name == "accuracy":
        return answer == truth, other == truth
    if name == "selection_rate":
        return answer == 1, other == 1
    kind, bracket, label = name.partition("[")
    if kind not in ("recall", "specificity"):
        return None
    code = sample.classes.index(label[:-1]) if bracket else int(kind == "recall")
    rows = truth == code
    return answer[rows] == code, other[rows] == code


def _of_hits(hits: NDArray[np.bool_], others: NDArray[np.bool_]) -> Difference:
    both, neither = int((hits & others).sum()), int((~hits & ~others).sum())
    return paired_rates(both, int((hits & ~others).sum()), int((~hits & others).sum()), neither)


def _of_areas(apart: float, sample: Sample, base: Sample) -> Difference:
    """Return the difference of mean areas: what each row adds to the one less what it adds to the other, squared and added."""
    adds = area_parts(sample) - area_parts(base)
    error = math.sqrt(float((adds**2).sum()))
    half = normal_quantile(0.95) * error
    p_value = normal_two_sided(apart / error) if error else 1.0
    return Difference(apart, max(-1.0, apart - half), min(1.0, apart + half), p_value)


def area_parts(sample: Sample) -> Floats:
    """Return what each row adds to the error of the mean area of each class against the rest.

    The components of DeLong et al., Biometrics 44 (1988) 837, a class at a time, summed over classes: a row has a part in each.
    """
    scores = sample.scores
    assert scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    found = np.zeros(sample.n)
    present = np.unique(sample.truth.astype(np.int64))
    for code in present:
        inside, score = sample.truth == code, scores[:, int(code)]
        m, n = int(inside.sum()), int((~inside).sum())
        ranks = midranks(score)
        above = (ranks[inside] - midranks(score[inside])) / n
        below = 1 - (ranks[~inside] - midranks(score[~inside])) / m
        found[inside] += (above - above.mean()) / m
        found[~inside] += (below - above.mean()) / n
    return found / len(present)


def _of_cells(name: str, sample: Sample, base: Sample, seed: int) -> Floats:
    """Return differences of samples drawn anew, from counts of rows by truth and both answers."""
    size = len(sample.classes)
    cell = (sample.truth * size + sample.predicted) * size + base.predicted
    kinds, counts = np.unique(cell.astype(np.int64), return_counts=True)
    weights = poisson_weights(seed, REPETITIONS, counts).astype(np.float64)
    truth, answer, other = kinds // (size * size), kinds // size % size, kinds % size
    with np.errstate(invalid="ignore", divide="ignore"):
        return _statistic(name, sample, weights, truth, answer) - _statistic(
            name, sample, weights, truth, other
        )


def _statistic(
    name: str, sample: Sample, weights: Floats, truth: NDArray[np.int64], answer: NDArray[np.int64]
) -> Floats:
    size = len(sample.classes)
    classes = np.arange(size)
    right = weights @ ((truth == answer)[:, None] & (truth[:, None] == classes)).astype(np.float64)
    rows = weights @ (truth[:, None] == classes).astype(np.float64)
    answers = weights @ (answer[:, None] == classes).astype(np.float64)
    kind, bracket, label = name.partition("[")
    if kind == "precision":
        code = sample.classes.index(label[:-1]) if bracket else 1
        return np.asarray(right[:, code] / answers[:, code])
    found: Floats = STATISTICS[name](right, rows, answers)
    return found


def _of_errors(name: str, sample: Sample, base: Sample, seed: int) -> Floats:
    centre = float(sample.truth.mean())
    truth = sample.truth - centre
    table = np.column_stack(
        [
            np.ones(sample.n),
            truth,
            truth**2,
            (sample.predicted - sample.truth) ** 2,
            (base.predicted - base.truth) ** 2,
        ]
    )
    counts = np.ones(sample.n, np.int64)
    if sample.n > _SIDE**3:  # rows whose errors are alike in both are one cell
        index = (_strata(table[:, 3]) * _SIDE + _strata(table[:, 4])) * _SIDE + _strata(table[:, 1])
        _, index = np.unique(index, return_inverse=True)
        counts = np.bincount(index)
        table = np.column_stack([np.bincount(index, column) for column in table.T]) / counts[:, None]
    found = np.empty(REPETITIONS)
    for at in range(0, REPETITIONS, 100):
        sums = poisson_weights(seed_of(seed, at), 100, counts) @ table
        with np.errstate(invalid="ignore", divide="ignore"):
            if name == "rmse":
                found[at : at + 100] = np.sqrt(sums[:, 3] / sums[:, 0]) - np.sqrt(sums[:, 4] / sums[:, 0])
            else:
                spread = sums[:, 2] - sums[:, 1] ** 2 / sums[:, 0]
                found[at : at + 100] = (sums[:, 4] - sums[:, 3]) / spread
    return found


def _of_rows(name: str, sample: Sample, base: Sample, seed: int) -> Floats:
    draw = generator(seed)
    found = np.full(_ROW_REPETITIONS, np.nan)
    for at in range(_ROW_REPETITIONS):
        rows = np.sort(draw.integers(0, sample.n, sample.n))
        try:
            found[at] = value_of(name, sample.take(rows)) - value_of(name, base.take(rows))
        except UndefinedError:
            continue
    return found


def _drawn(value: float, base: float, drawn: Floats, n: int) -> Found:
    usable = drawn[np.isfinite(drawn)]
    apart = value - base
    if len(usable) < len(drawn) / 2:
        unknown = Difference(apart, -math.inf, math.inf, 1.0)
        return Found(value, base, unknown, n, "", "in most samples drawn anew it has no value")
    low, high = (float(bound) for bound in np.quantile(usable, [0.025, 0.975]))
    below, above = int((usable <= 0).sum()), int((usable >= 0).sum())
    p_value = min(1.0, 2 * (min(below, above) + 1) / (len(usable) + 1))
    found = Difference(apart, min(low, apart), max(high, apart), p_value)
    return Found(value, base, found, n, "bootstrap")


def _strata(values: Floats) -> NDArray[np.int64]:
    edges = np.quantile(values, np.arange(1, _SIDE) / _SIDE)
    return np.searchsorted(edges, values, side="right")
