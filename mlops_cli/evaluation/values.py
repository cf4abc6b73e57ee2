"""The value of each metric, through scikit-learn: a sample in, a number out."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import metrics as sk

from mlops_cli.data.spelling import quoted
from mlops_cli.evaluation.calibration import binned, debiased, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.statistics.arrays import Floats


class UndefinedError(Exception):
    """A metric has no value on these rows; the reason in words."""


def value_of(name: str, sample: Sample) -> float:
    """Return the value of a metric of the catalogue.

    Raises
    ------
    UndefinedError
        When these rows do not define it.
    KeyError
        When there is no such metric.
    """
    if sample.n == 0:
        raise UndefinedError("there are no rows")
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # what scikit-learn warns of is asked for before, and said in our words
        kind, bracket, label = name.partition("[")
        if bracket:
            return _OF_CLASS[kind](sample, sample.classes.index(label[:-1]))
        return float(VALUES[name](sample))


def row_losses(name: str, sample: Sample) -> Floats:
    """Return the loss of each row of a metric that is a mean over rows: `log_loss`, `brier`, `mae`, `bias`, `mape`.

    Rows on which `mape` is not defined (a true value of 0) are left out.
    """
    if name in ("mae", "bias", "mape"):
        error = sample.predicted - sample.truth
        if name == "bias":
            return np.asarray(error, dtype=np.float64)
        if name == "mae":
            return np.abs(error)
        known = sample.truth != 0
        return np.asarray(np.abs(error[known] / sample.truth[known]))
    table = probabilities(sample)
    if name == "log_loss":
        own = table[np.arange(sample.n), sample.truth.astype(np.int64)]
        eps = np.finfo(np.float64).eps
        return -np.log(np.clip(own, eps, 1 - eps))
    wanted = np.eye(len(sample.classes))[sample.truth.astype(np.int64)]
    # Of two classes one square is the other: scikit-learn, as Brier for yes and no, counts one.
    squares = ((table - wanted) ** 2).sum(axis=1)
    return np.asarray(squares / 2 if sample.task == "binary" else squares)


def probabilities(sample: Sample) -> Floats:
    """Return the probability of each class, (n, K); rows sum to 1."""
    assert sample.scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    if sample.task == "binary":
        return np.column_stack([1 - sample.scores, sample.scores])
    total = sample.scores.sum(axis=1, keepdims=True)
    return np.asarray(sample.scores / np.where(total > 0, total, 1))


def outcomes(sample: Sample) -> tuple[Floats, Floats]:
    """Return what calibration is about: of each row a score, and 1 where it came true.

    Of a binary task the score of the positive class; of more classes the highest score, and whether that class is the truth.
    """
    table = probabilities(sample)
    if sample.task == "binary":
        return table[:, 1], (sample.truth == 1).astype(np.float64)
    top = table.argmax(axis=1)
    return table[np.arange(sample.n), top], (top == sample.truth).astype(np.float64)


# Labels ---------------------------------------------------------------------------------------------------------


def _labelled(function: Callable[..., Any], **options: Any) -> Callable[[Sample], float]:
    return lambda sample: function(sample.truth, sample.predicted, **options)


def _of_class(function: Callable[..., Any], side: int, label: int) -> Callable[[Sample], float]:
    """Return a rate over rows whose truth (side 0) or answer (side 1) has a label."""

    def value(sample: Sample) -> float:
        if not ((sample.truth, sample.predicted)[side] == label).any():
            raise UndefinedError(_none(sample, side, label))
        return float(function(sample.truth, sample.predicted, pos_label=label, average="binary"))

    return value


def _none(sample: Sample, side: int, code: int) -> str:
    """Say that no row's truth (side 0), or no answer (side 1), is of a class."""
    return f"no row is {'answered ' if side else ''}{quoted(sample.classes[code])}"


def _f1(sample: Sample) -> float:
    if not ((sample.truth == 1) | (sample.predicted == 1)).any():
        raise UndefinedError(f"{_none(sample, 0, 1)}, and none is answered {quoted(sample.classes[1])}")
    return float(sk.f1_score(sample.truth, sample.predicted, pos_label=1))


def _several(function: Callable[..., Any]) -> Callable[[Sample], float]:
    """Return a value that needs two classes among the truth."""

    def value(sample: Sample) -> float:
        _two_classes(sample)
        return float(function(sample.truth, sample.predicted))

    return value


def _averaged(function: Callable[..., Any], average: str) -> Callable[[Sample], float]:
    def value(sample: Sample) -> float:
        return float(function(sample.truth, sample.predicted, average=average, zero_division=0))

    return value


def _class_recall(sample: Sample, code: int) -> float:
    rows = sample.truth == code
    if not rows.any():
        raise UndefinedError(_none(sample, 0, code))
    return float(sk.recall_score(sample.truth, sample.predicted, labels=[code], average=None)[0])


def _class_precision(sample: Sample, code: int) -> float:
    if not (sample.predicted == code).any():
        raise UndefinedError(_none(sample, 1, code))
    return float(sk.precision_score(sample.truth, sample.predicted, labels=[code], average=None)[0])


# Scores ---------------------------------------------------------------------------------------------------------


def _roc_auc(sample: Sample) -> float:
    _two_classes(sample)
    return float(sk.roc_auc_score(sample.truth, sample.scores))


def _roc_auc_ovr(sample: Sample) -> float:
    """Return the mean over the classes that the rows have: of one that none has nothing can be said."""
    _two_classes(sample)
    assert sample.scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    present = np.unique(sample.truth)
    return float(
        np.mean([sk.roc_auc_score(sample.truth == code, sample.scores[:, int(code)]) for code in present])
    )


def _average_precision(sample: Sample) -> float:
    if not (sample.truth == 1).any():
        raise UndefinedError(_none(sample, 0, 1))
    return float(sk.average_precision_score(sample.truth, sample.scores))


def _log_loss(sample: Sample) -> float:
    return float(sk.log_loss(sample.truth, probabilities(sample), labels=list(range(len(sample.classes)))))


def _brier(sample: Sample) -> float:
    labels = list(range(len(sample.classes)))
    return float(sk.brier_score_loss(sample.truth, probabilities(sample), labels=labels))


def _two_classes(sample: Sample) -> None:
    present = np.unique(sample.truth)
    if len(present) < 2:
        raise UndefinedError(f"all rows are of one class, {quoted(sample.classes[int(present[0])])}")


# Numbers --------------------------------------------------------------------------------------------------------


def _r2(sample: Sample) -> float:
    if sample.n < 2 or np.ptp(sample.truth) == 0:
        raise UndefinedError("the true values do not differ")
    return float(sk.r2_score(sample.truth, sample.predicted))


def _mape(sample: Sample) -> float:
    known = sample.truth != 0
    if not known.any():
        raise UndefinedError("all true values are 0")
    return float(sk.mean_absolute_percentage_error(sample.truth[known], sample.predicted[known]))


VALUES: dict[str, Callable[[Sample], float]] = {
    "accuracy": _labelled(sk.accuracy_score),
    "balanced_accuracy": _several(sk.balanced_accuracy_score),
    "precision": _of_class(sk.precision_score, 1, 1),
    "recall": _of_class(sk.recall_score, 0, 1),
    "specificity": _of_class(sk.recall_score, 0, 0),
    "selection_rate": lambda sample: float((sample.predicted == 1).mean()),
    "f1": _f1,
    "f1_macro": _averaged(sk.f1_score, "macro"),
    "f1_weighted": _averaged(sk.f1_score, "weighted"),
    "precision_macro": _averaged(sk.precision_score, "macro"),
    "mcc": _several(sk.matthews_corrcoef),
    "kappa": _several(sk.cohen_kappa_score),
    "roc_auc": _roc_auc,
    "roc_auc_ovr": _roc_auc_ovr,
    "average_precision": _average_precision,
    "log_loss": _log_loss,
    "brier": _brier,
    "ece": lambda sample: plain(binned(*outcomes(sample))),
    "calibration_error": lambda sample: debiased(binned(*outcomes(sample))),
    "mae": _labelled(sk.mean_absolute_error),
    "rmse": _labelled(sk.root_mean_squared_error),
    "median_ae": _labelled(sk.median_absolute_error),
    "r2": _r2,
    "mape": _mape,
    "bias": lambda sample: float((sample.predicted - sample.truth).mean()),
}
_OF_CLASS: dict[str, Callable[[Sample, int], float]] = {
    "recall": _class_recall,
    "precision": _class_precision,
}
