"""What a stage asks for under `with`."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_cli.data.drift.request import read_settings
from mlops_cli.data.drift.step import DriftStep
from mlops_cli.data.drift.weights import weights_in
from mlops_cli.errors import FileError

TWO = {"reference": "train.csv", "current": "today.csv"}


def test_paths_become_inputs_and_the_report_outputs() -> None:
    declared = DriftStep().declare({**TWO, "weights": "reports/evaluation/evaluation.json"}, "reports/drift")
    assert declared.deps == ("train.csv", "today.csv", "reports/evaluation/evaluation.json")
    assert declared.outs == ("reports/drift/report.html",)
    assert declared.metrics == ("reports/drift/metrics.json",)
    assert declared.plots == ("reports/drift/drift.json",)


def test_addresses_elsewhere_are_no_inputs() -> None:
    assert DriftStep().declare({**TWO, "current": "s3://bucket/today.parquet"}, "r").deps == ("train.csv",)


def test_a_step_needs_a_folder_for_its_report() -> None:
    with pytest.raises(ValueError, match="report"):
        DriftStep().declare(TWO, None)


def test_every_mistake_is_told_at_once() -> None:
    wrong: dict[str, Any] = {
        "reference": 3,
        "collumns": ["a"],
        "warn": 2,
        "types": {"a": "odd"},
        "joint": "no",
        "on_fail": "cry",
    }
    with pytest.raises(ValueError, match="collumns") as raised:
        read_settings(wrong)
    for word in ("reference", "current", "warn", "odd", "joint", "on_fail"):
        assert word in str(raised.value)


def test_what_fails_has_warned_before() -> None:
    with pytest.raises(ValueError, match="lies under"):
        read_settings({**TWO, "warn": 0.3, "fail": 0.1})


def test_all_columns_are_compared_where_all_is_said() -> None:
    assert read_settings({**TWO, "columns": "all"}).settings.columns == ()
    assert read_settings({**TWO, "columns": "price"}).settings.columns == ("price",)


def test_weights_are_read_from_an_evaluation() -> None:
    data = (
        b'{"importance": [{"column": "a", "drop": {"value": 0.2}}, {"column": "b", "drop": {"value": -0.1}}]}'
    )
    assert weights_in(data, "e.json") == {"a": 0.2, "b": 0.0}


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"importance": []}', b'{"importance": [{"column": "a", "drop": {"value": null}}]}']
)
def test_an_evaluation_without_importance_is_refused(data: bytes) -> None:
    with pytest.raises(FileError, match=r"e\.json"):
        weights_in(data, "e.json")
