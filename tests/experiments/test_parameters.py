"""Parameters of a run beside those of a workspace."""

from __future__ import annotations

from typing import Any

from mlops_cli.experiments.parameters import ABSENT, Difference, differences

NOW: dict[str, Any] = {"train": {"lr": 0.1, "opt": {"name": "adam", "beta": 1}}, "seed": 1}


def found(wanted: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(d.name, d.old, d.new) for d in differences({"p.yaml": wanted}, {"p.yaml": NOW}.get)]


def test_only_what_differs_is_found_value_by_value() -> None:
    assert found({"train": {"lr": 0.2, "opt": {"name": "adam", "beta": 2}}, "seed": 1}) == [
        ("train.lr", 0.1, 0.2),
        ("train.opt.beta", 1, 2),
    ]


def test_a_value_of_another_type_differs() -> None:
    assert found({"seed": 1.0}) == [("seed", 1, 1.0)]


def test_the_whole_file_may_be_a_parameter() -> None:
    assert found({"": {**NOW, "seed": 2}}) == [("seed", 1, 2)]


def test_what_is_not_there_any_more_is_added() -> None:
    assert found({"old.name": 3}) == [("old.name", ABSENT, 3)]


def test_a_mapping_that_has_gained_names_is_written_as_a_whole() -> None:
    assert found({"train.opt": {"name": "sgd"}}) == [
        ("train.opt", {"name": "adam", "beta": 1}, {"name": "sgd"})
    ]


def test_a_file_that_is_gone_has_nothing() -> None:
    assert differences({"q.json": {"a": 1}}, lambda _: None) == [Difference("q.json", "a", ABSENT, 1)]
