"""Every metric by name: its tasks, which way is better, its range, what it needs, how its interval is made. Light: no numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.evaluation.measured import Direction

Needs = Literal["labels", "scores", "probabilities", "numbers"]
Method = Literal["wilson", "delong", "bootstrap", "t", "order"]
BINARY, MULTICLASS, REGRESSION = "binary", "multiclass", "regression"
_MOST_CLASSES = 50  # with more of them, a metric for each is left out


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Parameters
    ----------
    tasks : tuple of str
        `binary`, `multiclass`, `regression`.
    direction : str or None
        Which way is better; None where neither is.
    low, high : float or None
        The ends of its range; None where there is no end.
    needs : str
        `labels` (what was answered), `scores` (any order), `probabilities`, `numbers` (of a regression).
    method : str
        How its interval is made.
    title : str
        In words, for pages.
    """

    name: str
    tasks: tuple[str, ...]
    direction: Direction | None
    low: float | None
    high: float | None
    needs: Needs
    method: Method
    title: str


_BOTH = (BINARY, MULTICLASS)
_B, _M, _R = (BINARY,), (MULTICLASS,), (REGRESSION,)

CATALOGUE: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", _BOTH, "up", 0, 1, "labels", "wilson", "share of right answers"),
        Metric("balanced_accuracy", _BOTH, "up", 0, 1, "labels", "bootstrap", "mean recall of the classes"),
        Metric("precision", _B, "up", 0, 1, "labels", "wilson", "share of right ones among the answers 'positive'"),
        Metric("recall", _B, "up", 0, 1, "labels", "wilson", "share of the positives that are found"),
        Metric("specificity", _B, "up", 0, 1, "labels", "wilson", "share of the negatives that are left alone"),
        Metric("selection_rate", _B, None, 0, 1, "labels", "wilson", "share of rows answered 'positive'"),
        Metric("f1", _B, "up", 0, 1, "labels", "bootstrap", "harmonic mean of precision and recall"),
        Metric("f1_macro", _M, "up", 0, 1, "labels", "bootstrap", "mean F1 of the classes"),
        Metric("f1_weighted", _M, "up", 0, 1, "labels", "bootstrap", "F1 of the classes, weighted by their rows"),
        Metric("precision_macro", _M, "up", 0, 1, "labels", "bootstrap", "mean precision of the classes"),
        Metric("mcc", _BOTH, "up", -1, 1, "labels", "bootstrap", "Matthews' correlation of truth and answer"),
        Metric("kappa", _BOTH, "up", -1, 1, "labels", "bootstrap", "Cohen's agreement beyond chance"),
        Metric("roc_auc", _B, "up", 0, 1, "scores", "delong", "chance that a positive scores above a negative"),
        Metric("roc_auc_ovr", _M, "up", 0, 1, "scores", "delong", "mean AUC of each class against the rest"),
        Metric("average_precision", _B, "up", 0, 1, "scores", "bootstrap", "area under precision over recall"),
        Metric("log_loss", _BOTH, "down", 0, None, "probabilities", "t", "mean surprise at the truth, in nats"),
        Metric("brier", _BOTH, "down", 0, 2, "probabilities", "t", "mean squared error of the probabilities"),
        Metric("ece", _BOTH, "down", 0, 1, "probabilities", "bootstrap", "mean distance of score and rate, 15 bins"),
        Metric(
            "calibration_error", _BOTH, "down", 0, 1, "probabilities", "bootstrap",
            "root mean square distance of score and rate, 15 bins, without what chance alone makes",
        ),
        Metric("mae", _R, "down", 0, None, "numbers", "t", "mean absolute error"),
        Metric("rmse", _R, "down", 0, None, "numbers", "bootstrap", "root mean squared error"),
        Metric("median_ae", _R, "down", 0, None, "numbers", "order", "median absolute error"),
        Metric("r2", _R, "up", None, 1, "numbers", "bootstrap", "share of the spread that is explained"),
        Metric("mape", _R, "down", 0, None, "numbers", "t", "mean absolute error as a share of the true value"),
        Metric("bias", _R, None, None, None, "numbers", "t", "mean of predicted minus true"),
    )
}  # fmt: skip


def metric_of(name: str) -> Metric | None:
    """Return what is known of a metric; `recall[setosa]` is the recall of one class. None where there is no such metric.

    Examples
    --------
    >>> metric_of("log_loss").direction, metric_of("recall[setosa]").tasks, metric_of("acuracy")
    ('down', ('multiclass',), None)
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    kind, bracket, rest = name.partition("[")
    if bracket and rest.endswith("]") and kind in ("recall", "precision"):
        label = rest[:-1]
        title = (
            f"share of {label} that is found"
            if kind == "recall"
            else f"share of right ones among the answers {label}"
        )
        return Metric(name, _M, "up", 0, 1, "labels", "wilson", title)
    return None


def metrics_for(task: str, classes: Iterable[str] = ()) -> tuple[Metric, ...]:
    """Return all metrics of a task, in the order in which they are shown; of many classes also the recall of each."""
    found = [metric for metric in CATALOGUE.values() if task in metric.tasks]
    names = list(classes)
    if task == MULTICLASS and len(names) <= _MOST_CLASSES:
        found += [metric for name in names if (metric := metric_of(f"recall[{name}]"))]
    return tuple(found)


def in_order(names: Iterable[str]) -> list[str]:
    """Return names of metrics in the order of the catalogue; those that it does not have come last, as they came."""
    known = {name: at for at, name in enumerate(CATALOGUE)}
    return sorted(names, key=lambda name: known.get(name, len(known)))


# By which a comparison, an importance or a headline goes where nobody says otherwise: the first that could be had.
MAIN = {
    BINARY: ("roc_auc", "accuracy"),
    MULTICLASS: ("accuracy",),
    REGRESSION: ("mae",),
}
