"""What an evaluation is told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mlops_cli.evaluation.settings import read_settings
from mlops_cli.evaluation.step import EvaluateStep
from mlops_cli.evaluation.wishes import AgainstWish, EvaluateSettings, ThresholdWish

BASE = {"model": "m.joblib", "data": "d.csv", "target": "y"}


def read(**more: Any) -> EvaluateSettings:
    return read_settings({**BASE, **more})


def test_model_data_and_target_are_enough() -> None:
    found = read()
    assert (found.model, found.data, found.target, found.min_n) == ("m.joblib", "d.csv", "y", 50)
    assert found.find is not None
    assert found.importance is not None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0.3, ThresholdWish("given", 0.3)),
        ("youden", ThresholdWish("youden")),
        ({"precision": 0.9}, ThresholdWish("precision", 0.9)),
        ({"recall": 0.8, "on": "./valid.csv"}, ThresholdWish("recall", 0.8, "valid.csv")),
        ({"by": "youden", "on": "same"}, ThresholdWish("youden", 0.0, "same")),
    ],
)
def test_a_threshold_can_be_wished_for_in_several_ways(value: Any, wanted: ThresholdWish) -> None:
    assert read(threshold=value).threshold == wanted


def test_a_threshold_by_value_needs_the_value_of_answers() -> None:
    assert read(threshold="value", value=[[0, -5], [-10, 20]]).threshold == ThresholdWish("value")
    for asked in ("value", {"by": "value", "on": "valid.csv"}):
        with pytest.raises(ValueError, match="needs what each answer is worth"):
            read(threshold=asked)


@pytest.mark.parametrize("text", ["HEAD", "HEAD~1", "@latest", "1a2b3c4d", "20261121T171341135"])
def test_a_step_is_held_against_a_path_and_no_commit_or_run(text: str) -> None:
    with pytest.raises(ValueError, match="only on the command line"):
        read(against=text)
    assert read(against={"model": "HEAD"}).against == AgainstWish("HEAD", name="HEAD")
    assert read(against="models/old").against == AgainstWish("models/old", name="models/old")


@pytest.mark.parametrize(
    ("task", "more", "said"),
    [
        ("binary", {"metrics": ["mae"]}, "mae is no metric of a binary task"),
        ("regression", {"threshold": 0.5}, "threshold is for a task of two classes"),
        ("multiclass", {"positive": "a"}, "positive is for a task of two classes"),
    ],
)
def test_what_does_not_go_with_the_task_is_said_before_a_model_is_loaded(
    task: str, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        read(task=task, **more)


def test_an_unknown_metric_is_told_with_all_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"there are accuracy, .*rmse"):
        read(metrics=["zebra"])


def test_a_stage_stops_at_figures_that_are_not_to_be_trusted_unless_it_is_told_to_go_on() -> None:
    assert not read().goes_on
    assert read(on_fail="go").goes_on
    with pytest.raises(ValueError, match="on_fail"):
        read(on_fail="perhaps")


def test_every_file_that_is_read_is_an_input_and_only_models_are_loaded() -> None:
    settings: dict[str, Any] = {
        **BASE,
        "model": "./models//m.joblib",
        "predictor": "src/p.py:P",
        "metrics": ["accuracy", "src/own.py:claims"],
        "threshold": {"by": "youden", "on": "valid.csv"},
        "against": "old.joblib",
        "train": "train.csv",
    }
    declared = EvaluateStep().declare(settings, "reports/e")
    assert set(declared.deps) == {
        "models/m.joblib", "d.csv", "src/p.py", "src/own.py", "valid.csv", "old.joblib", "train.csv",
    }  # fmt: skip
    assert set(declared.loads) == {"models/m.joblib", "old.joblib"}
    assert declared.metrics == ("reports/e/metrics.json",)
    assert declared.plots == ("reports/e/evaluation.json",)
    assert declared.outs == ("reports/e/predictions.parquet", "reports/e/report.html")


def test_a_step_needs_a_report() -> None:
    with pytest.raises(ValueError, match="evaluate needs report"):
        EvaluateStep().declare(BASE, None)


def test_a_table_elsewhere_is_no_input_of_the_project() -> None:
    assert "s3://b/d.csv" not in EvaluateStep().declare({**BASE, "data": "s3://b/d.csv"}, "r").deps


def test_predictions_come_instead_of_a_model() -> None:
    found = read_settings({"predictions": {"path": "p.csv", "score": "s"}, "target": "y"})
    assert found.predictions is not None
    assert (found.predictions.path, found.predictions.predicted, found.predictions.score) == (
        "p.csv",
        "",
        "s",
    )


def test_another_model_is_named_shortly_or_at_length() -> None:
    assert read(against="old.joblib").against == AgainstWish("old.joblib", "", "", "old.joblib", None)
    assert read(against={"predictions": "p.parquet", "margin": 0.02}).against == AgainstWish(
        "", "", "p.parquet", "p.parquet", 0.02
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({**BASE, "targt": "y"}, 'evaluate has no setting "targt"; did you mean "target"?'),
        ({"model": "m", "data": "d"}, "evaluate needs target"),
        ({"data": "d", "target": "y"}, "evaluate needs model"),
        ({"model": "m", "target": "y"}, "evaluate needs data"),
        ({**BASE, "predictions": "p"}, "model or predictions, not both"),
        ({**BASE, "task": "binry"}, 'did you mean "binary"?'),
        ({**BASE, "metrics": ["acuracy"]}, 'did you mean "accuracy"?'),
        ({**BASE, "metrics": [{"function": "x"}]}, "a metric of your own is"),
        (
            {**BASE, "metrics": [{"name": "accuracy", "function": "o.py:f"}]},
            "is the name of a metric already",
        ),
        ({**BASE, "threshold": {"precision": 2}}, "a number above 0, up to 1"),
        ({**BASE, "threshold": {"precision": 0.5, "recall": 0.5}}, "takes one of"),
        ({**BASE, "threshold": {"recal": 0.5}}, 'did you mean "recall"?'),
        ({**BASE, "threshold": True}, "threshold should be a number"),
        ({**BASE, "slices": [{"where": "age >="}]}, "slices[0].where"),
        ({**BASE, "find": "yes"}, "find"),
        ({**BASE, "min_n": 0}, "min_n should be a whole number of 1 or more"),
        ({**BASE, "predictor": "jobli"}, 'did you mean "joblib"?'),
        ({**BASE, "types": {"a": "number"}}, "types should be"),
        ({**BASE, "against": {"model": "a", "predictions": "b"}}, "against should be"),
        ({**BASE, "against": {"model": "a", "margin": -1}}, "a margin is not negative"),
        ({**BASE, "value": [[1, 2]]}, "value.matrix"),
        ({**BASE, "target": 5}, "target should be text"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_settings(settings)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ValueError, match=r"min_n.*seed"):
        read(min_n=-1, seed="x")
