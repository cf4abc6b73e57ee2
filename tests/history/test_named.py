from __future__ import annotations

import json

import pytest

from mlops_cli.history.named import (
    Named,
    alike,
    meant,
    metrics_by_stage,
    params_by_file,
    shared,
    spelled,
    with_set,
)
from mlops_cli.history.run_record import StageRun, flat_metrics, flat_params

BARE = Named({"auc": 0.9, "f1": 0.5}, {"auc": "eval@a", "f1": "models/churn:eval"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auc", 0.9),
        ("eval@a:auc", 0.9),
        ("models/churn:eval:f1", 0.5),
        ("eval@b:auc", None),
        ("eval:f1", None),
        ("eval@a:f1", None),
        ("other", None),
        ("eval@a:", None),
    ],
)
def test_a_name_with_its_owner_leads_to_what_stands_without(name: str, value: float | None) -> None:
    assert BARE.get(name) == value
    assert (name in BARE) == (value is not None)


def test_names_are_those_of_the_record() -> None:
    assert (list(BARE), len(BARE), BARE == {"auc": 0.9, "f1": 0.5}) == (["auc", "f1"], 2, True)
    assert json.loads(json.dumps(dict(BARE))) == {"auc": 0.9, "f1": 0.5}
    with pytest.raises(KeyError):
        BARE["eval@b:auc"]


def test_of_an_old_record_that_does_not_say_whose_a_metric_is_it_may_be_any_stage_that_said_nothing() -> None:
    old = Named({"auc": 0.9, "f1": 0.5}, {"f1": "train"}, ("train", "eval"))
    assert (old.get("eval:auc"), old.get("train:auc"), old.get("report:auc")) == (0.9, None, None)


def test_the_name_of_a_metric_may_have_colons_itself() -> None:
    assert Named({"recall:high": 0.9}, {"recall:high": "eval"}).get("eval:recall:high") == 0.9


def test_a_name_means_one_value_or_that_of_each_owner() -> None:
    assert meant(BARE, "eval@a:auc") == {"eval@a:auc": 0.9}
    assert meant({"a:auc": 1, "b:auc": 2, "x": 3}, "auc") == {"a:auc": 1, "b:auc": 2}
    assert meant(BARE, "loss") == {}


def test_runs_are_told_alike_where_any_of_them_needs_the_owners() -> None:
    every = Named({"eval@a:auc": 0.5, "eval@b:auc": 0.6, "f1": 1}, {"f1": "t"})
    assert [dict(each) for each in alike([every, BARE])] == [
        {"eval@a:auc": 0.5, "eval@b:auc": 0.6, "f1": 1},
        {"eval@a:auc": 0.9, "f1": 0.5},
    ]
    assert shared([every, BARE]) == {"auc"}


def test_a_stage_that_was_renamed_goes_on_reporting_the_same_metric() -> None:
    old, new = Named({"auc": 0.5}, {"auc": "eval"}), Named({"auc": 0.6}, {"auc": "evaluate"})
    assert [dict(each) for each in alike([old, new])] == [{"auc": 0.5}, {"auc": 0.6}]


def test_what_has_no_known_owner_stays_as_it_is() -> None:
    assert dict(spelled({"auc": 1}, {"auc"})) == {"auc": 1}
    assert dict(spelled(Named({"auc": 1}, {}), {"auc"})) == {"auc": 1}


def test_the_stages_of_a_record_say_who_reported_and_which_file_holds() -> None:
    stages = [
        StageRun("eval@a", "ran", metrics={"auc": 0.9, "n": 1}, params={"params.yaml": {"train": {"lr": 1}}}),
        StageRun("b", "fresh", metrics={"n": 2}, filled={"other.yaml": {"folder": "x"}}),
    ]
    metrics = metrics_by_stage(flat_metrics(stages), stages)
    assert [metrics.get(name) for name in ("eval@a:auc", "eval@a:n", "b:n", "n")] == [0.9, 1, 2, None]
    params = params_by_file(flat_params(stages), stages)
    assert (params.get("params.yaml:train.lr"), params.get("other.yaml:folder")) == (1, "x")


def test_what_an_experiment_set_counts_whether_or_not_a_stage_names_it() -> None:
    experiment = {"sweep": "s", "set": {"lr": 0.1, "train": {"depth": 5, "lr": 1}, "b.json:x": 2}}
    assert with_set({"lr": 0.1, "train.lr": 1}, experiment) == {
        "lr": 0.1,
        "train.lr": 1,
        "train.depth": 5,
        "b.json:x": 2,
    }
    same = {"lr": 0.1}
    assert with_set(same, None) is same
    assert with_set(same, {"rerun": "x"}) is same
    assert with_set({"x": 2}, {"set": {"b.json:x": 2}}) == {"x": 2}
