"""What a model's answers are worth, from what each kind of right and wrong answer gains or costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.findings import Worth, WorthAt
from mlops_cli.evaluation.measured import Measured, unmeasured
from mlops_cli.evaluation.threshold import cuts_of
from mlops_cli.formats.problems import nearest
from mlops_cli.statistics.interval import mean_t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlops_cli.evaluation.asked import ValueAsked
    from mlops_cli.evaluation.sample import Sample

    Floats = NDArray[np.float64]

_POINTS = 101


def worth(asked: ValueAsked, sample: Sample) -> Worth:
    """Return what answers are worth: a row's mean with Student's interval, all rows', and for each threshold.

    Rows are independent, so the gain of all rows is that of one times their number, and so are its bounds. The best threshold is
    the best on these rows; on others it will be worth a little less.

    Raises
    ------
    UsageError
        When the matrix does not fit the classes, or there are none.
    """
    if sample.task == "regression":
        raise UsageError("value: what answers are worth is told by classes, and a regression has none")
    matrix = matrix_for(asked, sample.classes)
    gains = _constant_gains(matrix, sample)
    simple = int(np.argmax(gains))
    per_row = _per_row(matrix, sample)
    thresholds = thresholds_of(matrix, sample, _points(sample)) if _scored(sample) else ()
    # Beyond the highest score nobody is answered with yes, which the curve may reach.
    best = max((_best(matrix, sample), *thresholds), key=lambda at: at.per_row) if thresholds else None
    return Worth(
        asked.unit,
        sample.classes,
        tuple(tuple(map(float, row)) for row in matrix),
        per_row,
        _times(per_row, sample.n),
        float(gains[simple]),
        sample.classes[simple],
        thresholds,
        best,
    )


def matrix_for(asked: ValueAsked, classes: tuple[str, ...]) -> Floats:
    """Return what was asked as a matrix in the order of the classes: truths down, answers across.

    Raises
    ------
    UsageError
        When it does not fit them; with the nearest class there is.

    Examples
    --------
    >>> from mlops_cli.evaluation.asked import ValueAsked
    >>> matrix_for(ValueAsked(gains={"yes": {"yes": 10, "no": -10}}), ("no", "yes")).tolist()
    [[0.0, 0.0], [-10.0, 10.0]]
    """
    size = len(classes)
    if asked.matrix:
        if len(asked.matrix) != size:
            raise UsageError(
                f"value.matrix: there are {size} classes ({', '.join(classes[:10])}), and the matrix has {len(asked.matrix)} rows"
            )
        return np.array(asked.matrix, np.float64)
    matrix = np.zeros((size, size))
    for truth, row in asked.gains.items():
        for answer, gain in row.items():
            for name in (truth, answer):
                if name not in classes:
                    close = nearest(name, classes) or f"there are {', '.join(classes[:10])}"
                    raise UsageError(
                        f"value.gains: there is no class {name}", hint=close[:1].upper() + close[1:]
                    )
            matrix[classes.index(truth), classes.index(answer)] = gain
    return matrix


def _points(sample: Sample) -> Floats:
    """Return the thresholds that a curve is drawn of: of probabilities 0.00, 0.01, … 1.00; of others 101 of their quantiles."""
    assert sample.scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    steps = np.linspace(0, 1, _POINTS)
    return steps if sample.probabilities else np.unique(np.quantile(sample.scores, steps))


def _best(matrix: Floats, sample: Sample) -> WorthAt:
    """Return the most valuable of all thresholds that make a difference: every score that occurs; of equal ones the highest."""
    (lost, found), (plain, alarm) = matrix[1], matrix[0]
    cuts = cuts_of(sample)
    missed, left = cuts.positives - cuts.hits, cuts.negatives - cuts.misses
    worth_of = found * cuts.hits + alarm * cuts.misses + lost * missed + plain * left
    at = cuts.thresholds[int(np.argmax(worth_of))]
    return thresholds_of(matrix, sample, np.array([at]))[0]


def thresholds_of(matrix: Floats, sample: Sample, points: Floats) -> tuple[WorthAt, ...]:
    """Return what a row is worth for some thresholds of a binary task: positive from the threshold on."""
    scores = sample.scores
    assert scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    n = sample.n
    order = np.argsort(scores, kind="stable")
    truth = sample.truth[order].astype(np.int64)
    below = np.searchsorted(scores[order], points, side="left")  # rows answered negative
    no, yes = matrix[truth, 0], matrix[truth, 1]
    sums = [
        np.concatenate(([0.0], np.cumsum(no**power)))[below]
        + np.concatenate((np.cumsum((yes**power)[::-1])[::-1], [0.0]))[below]
        for power in (1, 2)
    ]
    found = []
    for point, total, squares in zip(points, *sums, strict=True):
        mean = total / n
        variance = max(0.0, (squares - n * mean * mean) / (n - 1)) if n > 1 else 0.0
        bounds = mean_t(float(mean), float(variance), n) if n > 1 else None
        found.append(
            WorthAt(
                float(point),
                float(mean),
                bounds.low if bounds else None,
                bounds.high if bounds else None,
            )
        )
    return tuple(found)


def _per_row(matrix: Floats, sample: Sample) -> Measured:
    missing = sample.missing()
    if missing:
        return unmeasured("error", f"{missing} of {sample.n} predictions are missing", sample.n, "up")
    gains = matrix[sample.truth.astype(np.int64), sample.predicted.astype(np.int64)]
    if sample.n < 2:
        return unmeasured("insufficient", "one row has no spread", sample.n, "up")
    found = mean_t(float(gains.mean()), float(gains.var(ddof=1)), sample.n)
    return Measured(found.value, found.low, found.high, sample.n, "up", method="t")


def _times(per_row: Measured, n: int) -> Measured:
    if per_row.value is None or per_row.low is None or per_row.high is None:
        return per_row
    return Measured(per_row.value * n, per_row.low * n, per_row.high * n, n, "up", method="t")


def _constant_gains(matrix: Floats, sample: Sample) -> Floats:
    """Return what a row is worth when all rows get the same answer, for each answer."""
    shares = np.bincount(sample.truth.astype(np.int64), minlength=len(matrix)) / max(sample.n, 1)
    found: Floats = shares @ matrix
    return found


def _scored(sample: Sample) -> bool:
    return sample.task == "binary" and sample.scores is not None and sample.missing_scores() == 0
