"""What follows from the settings of a built-in step."""

from __future__ import annotations

import pytest

from mlops_cli.pipeline.builtin import Declared, declare_report


def test_the_files_of_a_report_lie_in_its_folder_each_kind_apart() -> None:
    found = declare_report(
        "evaluate",
        "reports/e",
        ["model.joblib", "test.csv"],
        stored=["p.parquet"],
        kept=["e.json"],
        metrics=["m.json"],
        loads=("model.joblib",),
    )
    assert found == Declared(
        deps=("model.joblib", "test.csv"),
        outs=("reports/e/p.parquet",),
        metrics=("reports/e/m.json",),
        plots=("reports/e/e.json",),
        loads=("model.joblib",),
    )


def test_what_is_named_twice_is_one_input_and_addresses_are_none() -> None:
    found = declare_report("evaluate", "r", ["test.csv", None, "", "https://example.org/a.csv", "test.csv"])
    assert found.deps == ("test.csv",)


@pytest.mark.parametrize("report", [None, ""])
def test_without_a_folder_it_is_said_what_to_write(report: str | None) -> None:
    with pytest.raises(ValueError, match=r"drift needs report.*report: reports/drift"):
        declare_report("drift", report, [])
