from __future__ import annotations

import pytest

from mlops_cli.history.directions import direction, mark, value_of

UP = [
    "accuracy",
    "roc_auc",
    "AUC",
    "valAccuracy",
    "f1",
    "f1_macro",
    "f1-score",
    "F1",
    "precision@5",
    "recall_at_10",
    "r2",
    "r2_score",
    "r_squared",
    "validation.ndcg@10",
    "true_positive_rate",
    "average_precision",
    "explained_variance",
    "mAP50",
    "train@forest-1:auc",
    "neg_mean_squared_error",
    "neg_log_loss",
    "score",
]
DOWN = [
    "loss",
    "val_loss",
    "log_loss",
    "logloss",
    "error",
    "error_rate",
    "mae",
    "RMSE",
    "test/rmse",
    "brier",
    "brier_score",
    "latency",
    "p95_latency_ms",
    "fit_seconds",
    "false_positive_rate",
    "cross_entropy",
    "wer",
    "accuracy_loss",
    "train@auc:mae",
    "negative_log_likelihood",
    "kl_divergence",
]
NEITHER = [
    "rows",
    "words",
    "n",
    "churned",
    "accuracy_std",
    "f1_support",
    "depth",
    "",
    "claim_rate",
    "error_reduction",
]


@pytest.mark.parametrize("name", UP)
def test_more_of_it_is_better(name: str) -> None:
    assert direction(name) == "up"


@pytest.mark.parametrize("name", DOWN)
def test_less_of_it_is_better(name: str) -> None:
    assert direction(name) == "down"


@pytest.mark.parametrize("name", NEITHER)
def test_of_other_names_nothing_is_claimed(name: str) -> None:
    assert direction(name) is None


def test_what_the_settings_say_wins_over_the_name() -> None:
    said = {"claim_rate": "down", "accuracy": "down"}
    assert direction("claim_rate", said) == "down"
    assert direction("accuracy", said) == "down"
    assert direction("evaluate:claim_rate", said) == "down"
    assert direction("evaluate:claim_rate", {"evaluate:claim_rate": "up", "claim_rate": "down"}) == "up"
    assert direction("roc_auc", said) == "up"


def test_a_mark_follows_the_direction() -> None:
    assert mark("auc", 0.8, 0.9) == "better"
    assert mark("auc", 0.9, 0.8) == "worse"
    assert mark("loss", 0.9, 0.8) == "better"
    assert mark("loss", 0.8, 0.9) == "worse"
    assert mark("auc", 0.8, 0.8) is None
    assert mark("rows", 1, 2) is None
    assert mark("rows", 1, 2, {"rows": "up"}) == "better"


def test_the_number_of_a_metric() -> None:
    assert value_of(3) == 3
    assert value_of({"value": 0.5, "low": 0.4}) == 0.5
    assert value_of(True) is None
    assert value_of({"low": 0.4}) is None
    assert value_of(None) is None
