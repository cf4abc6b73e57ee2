"""Metrics of declared slices, held against scikit-learn on masks for every metric of the catalogue."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from mlops_cli.evaluation.catalogue import metrics_for
from mlops_cli.evaluation.measure import Measurer
from mlops_cli.evaluation.measured import Measured
from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.slices.columns import ArrayColumns
from mlops_cli.evaluation.slices.mask import rows_where
from mlops_cli.evaluation.slices.measuring import measured_slices, rows_by_code
from mlops_cli.evaluation.slices.spec import declared_slices

CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}


def _sample(task: Any, n: int = 900) -> Sample:
    draw = np.random.default_rng(5)
    if task == "regression":
        amount = draw.normal(100, 15, n)
        return Sample(task, amount, amount + draw.normal(1, 5, n))
    size = len(CLASSES[task])
    truth = draw.integers(0, size, n)
    table = draw.dirichlet(np.ones(size), n) + np.eye(size)[truth]
    table /= table.sum(axis=1, keepdims=True)
    scores = table[:, 1] if task == "binary" else table
    return Sample(task, truth, table.argmax(axis=1), scores, CLASSES[task], True, 3)


COLUMNS = ArrayColumns(
    {
        "group": np.random.default_rng(1).choice(["x", "y", "z"], 900, p=[0.5, 0.4, 0.1]),
        "age": np.random.default_rng(2).integers(18, 80, 900),
    }
)
DECLARED = declared_slices(
    ["group", {"column": "age", "bins": 3}, ["group", "age"], {"name": "old", "where": "age >= 60"}]
)


def _on_mask(name: str, task: str, sample: Sample) -> float:
    """Return what scikit-learn says of some rows, called as its manual shows."""
    t, p, s = sample.truth, sample.predicted, np.asarray(sample.scores)
    kind, _, label = name.partition("[")
    if label:
        code = CLASSES[task].index(label[:-1])
        return float({"recall": sk.recall_score}[kind](t, p, labels=[code], average=None, zero_division=0)[0])
    macro = {"average": "macro", "zero_division": 0}
    answers: dict[str, Any] = {
        "accuracy": lambda: sk.accuracy_score(t, p),
        "balanced_accuracy": lambda: sk.balanced_accuracy_score(t, p),
        "precision": lambda: sk.precision_score(t, p),
        "recall": lambda: sk.recall_score(t, p),
        "specificity": lambda: sk.recall_score(t, p, pos_label=0),
        "selection_rate": lambda: float(np.mean(p == 1)),
        "f1": lambda: sk.f1_score(t, p),
        "f1_macro": lambda: sk.f1_score(t, p, **macro),
        "f1_weighted": lambda: sk.f1_score(t, p, average="weighted", zero_division=0),
        "precision_macro": lambda: sk.precision_score(t, p, **macro),
        "mcc": lambda: sk.matthews_corrcoef(t, p),
        "kappa": lambda: sk.cohen_kappa_score(t, p),
        "roc_auc": lambda: sk.roc_auc_score(t, s),
        "roc_auc_ovr": lambda: sk.roc_auc_score(t, s, multi_class="ovr"),
        "average_precision": lambda: sk.average_precision_score(t, s),
        "log_loss": lambda: sk.log_loss(t, s, labels=range(len(CLASSES[task]))),
        "brier": lambda: (
            sk.brier_score_loss(t, s)
            if task == "binary"
            else float(np.mean(((s - np.eye(3)[t]) ** 2).sum(axis=1)))
        ),
        "mae": lambda: sk.mean_absolute_error(t, p),
        "rmse": lambda: sk.root_mean_squared_error(t, p),
        "median_ae": lambda: sk.median_absolute_error(t, p),
        "r2": lambda: sk.r2_score(t, p),
        "mape": lambda: sk.mean_absolute_percentage_error(t, p),
        "bias": lambda: float(np.mean(p - t)),
    }
    return float(answers[name]())


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_metric_of_every_slice_is_that_of_scikit_learn_on_its_mask(task: str) -> None:
    sample = _sample(task)
    own = {"ece", "calibration_error"}  # scikit-learn has none of these
    names = [metric.name for metric in metrics_for(task, CLASSES[task]) if metric.name not in own]
    found = measured_slices(DECLARED, COLUMNS, sample, Measurer(sample).measure, names)
    assert len(found) > 12
    for slice_ in found:
        rows = np.flatnonzero(rows_where(slice_.where, COLUMNS))
        assert slice_.n == len(rows)
        for name, measured in slice_.metrics.items():
            expected = _on_mask(name, task, sample.take(rows))
            assert measured.value == pytest.approx(expected, rel=1e-10, abs=1e-12), (slice_.name, name)


def test_cells_give_the_same_interval_as_the_rows_themselves() -> None:
    for task in ("binary", "multiclass", "regression"):
        sample = _sample(task)
        measurer = Measurer(sample)
        names = [
            metric.name for metric in metrics_for(task, CLASSES[task]) if metric.method in ("wilson", "t")
        ]
        for slice_ in measured_slices(DECLARED, COLUMNS, sample, measurer.measure, names):
            rows = np.flatnonzero(rows_where(slice_.where, COLUMNS))
            for name, measured in slice_.metrics.items():
                direct = measurer.measure(name, rows)
                assert measured.n == direct.n
                assert (measured.direction, measured.method) == (direct.direction, direct.method)
                for end in ("value", "low", "high"):
                    assert getattr(measured, end) == pytest.approx(getattr(direct, end), rel=1e-9), name


def test_a_slice_of_few_rows_is_suppressed_and_one_of_some_more_insufficient() -> None:
    columns = ArrayColumns({"g": ["a"] * 19 + ["b"] * 49 + ["c"] * 832})
    sample = _sample("binary")
    found = measured_slices(declared_slices(["g"]), columns, sample, Measurer(sample).measure, ["accuracy"])
    assert [(slice_.n, slice_.status) for slice_ in found] == [
        (832, "ok"),
        (49, "insufficient"),
        (19, "suppressed"),
    ]
    assert found[2].metrics == {}
    assert "20" in found[2].reason
    assert found[1].metrics["accuracy"].value is not None


def test_a_condition_that_no_row_meets_is_insufficient_and_says_what_may_be_meant() -> None:
    columns = ArrayColumns({"g": ["left", "right"] * 450})
    sample = _sample("binary")
    (found,) = measured_slices(
        declared_slices([{"where": "g == rigth"}]), columns, sample, Measurer(sample).measure, ["accuracy"]
    )
    assert (found.n, found.status, found.metrics) == (0, "insufficient", {})
    assert "right" in found.reason


def test_a_slice_of_one_class_has_no_auc_and_says_why() -> None:
    truth = np.array([1] * 100 + [0, 1] * 100)
    sample = Sample("binary", truth, truth, np.linspace(0, 1, 300), ("n", "y"))
    columns = ArrayColumns({"g": ["one"] * 100 + ["both"] * 200})
    one = measured_slices(declared_slices(["g"]), columns, sample, Measurer(sample).measure, ["roc_auc"])[1]
    assert one.metrics["roc_auc"].status == "insufficient"
    assert one.metrics["roc_auc"].note


def test_a_missing_answer_makes_metrics_an_error_and_not_a_number() -> None:
    sample = Sample("binary", np.zeros(60, int), np.array([-1] + [0] * 59), None, ("n", "y"))
    columns = ArrayColumns({"g": ["a"] * 60})
    (found,) = measured_slices(
        declared_slices(["g"]), columns, sample, Measurer(sample).measure, ["accuracy"]
    )
    assert found.metrics["accuracy"].status == "error"


def test_a_metric_of_the_user_is_asked_for_on_the_rows() -> None:
    sample, asked = _sample("regression"), []

    def measure(name: str, rows: np.ndarray) -> Measured:
        asked.append((name, len(rows)))
        return Measured(1.0, n=len(rows))

    found = measured_slices(declared_slices(["group"]), COLUMNS, sample, measure, ["mine"])
    assert asked == [("mine", slice_.n) for slice_ in found]


def test_rows_are_told_apart_by_one_sort() -> None:
    assert [rows.tolist() for rows in rows_by_code(np.array([1, -1, 0, 1], np.int32), 3)] == [[2], [0, 3], []]


def test_errors_beyond_what_can_be_squared_are_no_crash() -> None:
    truth = np.random.default_rng(0).normal(size=200) * 1e300
    sample = Sample("regression", truth, -truth)
    columns = ArrayColumns({"g": ["a"] * 200})
    asked = Measured(1.0, note="measured on the rows")
    (found,) = measured_slices(declared_slices(["g"]), columns, sample, lambda *_: asked, ["mae"])
    assert found.metrics["mae"] == asked
