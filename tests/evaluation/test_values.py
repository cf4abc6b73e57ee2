"""Every metric held against scikit-learn, called here by itself, or against its definition in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from mlops_cli.evaluation.catalogue import CATALOGUE, MAIN, metric_of, metrics_for
from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.values import VALUES, UndefinedError, row_losses, value_of
from mlops_cli.history.directions import direction


def binary(n: int = 700, seed: int = 1) -> Sample:
    draw = np.random.default_rng(seed)
    truth = (draw.random(n) < 0.3).astype(np.int64)
    scores = np.asarray(
        np.round(np.clip(0.35 * truth + draw.random(n) * 0.65, 0, 1), 2), dtype=np.float64
    )  # with ties
    return Sample("binary", truth, (scores >= 0.5).astype(np.int64), scores, ("no", "yes"))


def several(n: int = 600, seed: int = 2) -> Sample:
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, 4, n)
    table = draw.random((n, 4)) + 1.2 * np.eye(4)[truth]
    table /= table.sum(axis=1, keepdims=True)
    return Sample("multiclass", truth, table.argmax(axis=1), table, ("a", "b", "c", "d"))


def numbers(n: int = 500, seed: int = 3) -> Sample:
    draw = np.random.default_rng(seed)
    truth = draw.normal(50, 20, n)
    return Sample("regression", truth, truth * 0.9 + draw.normal(3, 8, n))


B, M, R = binary(), several(), numbers()
BT, BP, BS = B.truth, B.predicted, np.asarray(B.scores)
MT, MP, MS = M.truth.astype(np.int64), M.predicted, np.asarray(M.scores)
RT, RP = R.truth, R.predicted
BOTH = np.column_stack([1 - BS, BS])

WANTED = [
    (B, "accuracy", sk.accuracy_score(BT, BP)),
    (B, "balanced_accuracy", sk.balanced_accuracy_score(BT, BP)),
    (B, "precision", sk.precision_score(BT, BP)),
    (B, "recall", sk.recall_score(BT, BP)),
    (B, "specificity", sk.recall_score(1 - BT, 1 - BP)),
    (B, "selection_rate", BP.mean()),
    (B, "f1", sk.f1_score(BT, BP)),
    (B, "mcc", sk.matthews_corrcoef(BT, BP)),
    (B, "kappa", sk.cohen_kappa_score(BT, BP)),
    (B, "roc_auc", sk.roc_auc_score(BT, BS)),
    (B, "average_precision", sk.average_precision_score(BT, BS)),
    (B, "log_loss", sk.log_loss(BT, BOTH)),
    (B, "brier", ((BS - BT) ** 2).mean()),
    (M, "accuracy", sk.accuracy_score(MT, MP)),
    (M, "balanced_accuracy", sk.balanced_accuracy_score(MT, MP)),
    (M, "f1_macro", sk.f1_score(MT, MP, average="macro")),
    (M, "f1_weighted", sk.f1_score(MT, MP, average="weighted")),
    (M, "precision_macro", sk.precision_score(MT, MP, average="macro")),
    (M, "mcc", sk.matthews_corrcoef(MT, MP)),
    (M, "kappa", sk.cohen_kappa_score(MT, MP)),
    (M, "roc_auc_ovr", sk.roc_auc_score(MT, MS, multi_class="ovr", average="macro")),
    (M, "log_loss", sk.log_loss(MT, MS)),
    (M, "brier", ((MS - np.eye(4)[MT]) ** 2).sum(axis=1).mean()),
    (M, "recall[c]", sk.recall_score(MT, MP, average=None)[2]),
    (M, "precision[b]", sk.precision_score(MT, MP, average=None)[1]),
    (R, "mae", sk.mean_absolute_error(RT, RP)),
    (R, "rmse", sk.mean_squared_error(RT, RP) ** 0.5),
    (R, "median_ae", np.median(np.abs(RT - RP))),
    (R, "r2", sk.r2_score(RT, RP)),
    (R, "mape", sk.mean_absolute_percentage_error(RT, RP)),
    (R, "bias", (RP - RT).mean()),
]


@pytest.mark.parametrize(("sample", "name", "wanted"), WANTED, ids=[f"{s.task}-{n}" for s, n, _ in WANTED])
def test_a_metric_is_what_scikit_learn_says(sample: Sample, name: str, wanted: float) -> None:
    assert value_of(name, sample) == pytest.approx(wanted, abs=1e-12)


def test_every_metric_of_the_catalogue_is_held_against_something() -> None:
    held = {(sample.task, name.partition("[")[0]) for sample, name, _ in WANTED}
    elsewhere = {
        (task, name) for task in ("binary", "multiclass") for name in ("ece", "calibration_error")
    }  # test_calibration
    assert held | elsewhere >= {(task, name) for name, metric in CATALOGUE.items() for task in metric.tasks}
    assert VALUES.keys() == CATALOGUE.keys()


@pytest.mark.parametrize("name", [*CATALOGUE, "recall[setosa]", "precision[b]"])
def test_catalogue_and_history_agree_on_which_way_is_better(name: str) -> None:
    metric = metric_of(name)
    assert metric is not None
    assert metric.direction == direction(name)


@pytest.mark.parametrize("sample", [B, M, R], ids=["binary", "multiclass", "regression"])
def test_every_value_lies_in_the_range_that_the_catalogue_states(sample: Sample) -> None:
    for metric in metrics_for(sample.task, sample.classes):
        value = value_of(metric.name, sample)
        assert metric.low is None or value >= metric.low
        assert metric.high is None or value <= metric.high


@pytest.mark.parametrize(
    ("sample", "names"),
    [(B, ("log_loss", "brier")), (M, ("log_loss", "brier")), (R, ("mae", "bias", "mape"))],
)
def test_the_mean_of_row_losses_is_the_metric(sample: Sample, names: tuple[str, ...]) -> None:
    for name in names:
        assert row_losses(name, sample).mean() == pytest.approx(value_of(name, sample), rel=1e-12)


@given(st.integers(2, 60), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_metrics_of_classes_do_not_depend_on_the_order_of_the_rows(n: int, seed: int) -> None:
    sample = binary(n, seed)
    other = sample.take(np.random.default_rng(seed).permutation(n))
    for name in ("accuracy", "f1", "roc_auc", "average_precision", "ece", "calibration_error"):
        values: list[float | str] = []
        for each in (sample, other):
            try:
                values.append(value_of(name, each))
            except UndefinedError as error:
                values.append(str(error))
        if isinstance(values[0], str):
            assert values[0] == values[1]
        else:
            assert values[0] == pytest.approx(values[1])


def test_the_main_metrics_are_metrics_of_their_task() -> None:
    for task, names in MAIN.items():
        assert all(task in CATALOGUE[name].tasks for name in names)


def test_a_metric_that_does_not_exist_is_none() -> None:
    assert metric_of("acuracy") is None
    assert metric_of("mae[x]") is None


@pytest.mark.parametrize(
    ("name", "truth", "predicted", "why"),
    [
        ("roc_auc", [1, 1], [1, 0], "one class"),
        ("precision", [1, 0], [0, 0], "no row is answered"),
        ("recall", [0, 0], [0, 1], "no row is yes"),
        ("specificity", [1, 1], [0, 1], "no row is no"),
        ("average_precision", [0, 0], [0, 1], "no row is yes"),
        ("f1", [0, 0], [0, 0], "no row is yes, and none is answered yes"),
        ("mcc", [1, 1], [0, 1], "one class, yes"),
    ],
)
def test_what_rows_do_not_define_is_said_and_is_no_number(
    name: str, truth: list[int], predicted: list[int], why: str
) -> None:
    sample = Sample("binary", np.array(truth), np.array(predicted), np.array([0.2, 0.8]), ("no", "yes"))
    with pytest.raises(UndefinedError, match=why):
        value_of(name, sample)


def test_no_rows_define_nothing() -> None:
    for sample in (B, M, R):
        empty = sample.take(np.array([], dtype=np.int64))
        for metric in metrics_for(sample.task):
            with pytest.raises(UndefinedError, match="no rows"):
                value_of(metric.name, empty)


def test_mape_leaves_rows_with_a_true_value_of_zero_out() -> None:
    sample = Sample("regression", np.array([0.0, 2.0, 4.0]), np.array([1.0, 3.0, 4.0]))
    assert value_of("mape", sample) == 0.25
    with pytest.raises(UndefinedError, match="all true values are 0"):
        value_of("mape", sample.take(np.array([0])))


def test_a_class_that_the_model_does_not_know_costs_all_it_can() -> None:
    table = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    sample = Sample("multiclass", np.array([2, 0]), np.array([0, 0]), table, ("a", "b", "c"))
    assert value_of("log_loss", sample) > 15
