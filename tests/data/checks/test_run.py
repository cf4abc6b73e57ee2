"""One validation: nothing is passed over in silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from mlops_cli.data.checks import run
from mlops_cli.data.checks.catalogue import CATALOGUE
from mlops_cli.data.checks.schema import ColumnSchema, TableSchema
from mlops_cli.formats.canonical import pretty
from tests.support.planted import PLANTED, customers, found, validated

if TYPE_CHECKING:
    from mlops_cli.data.checks.context import Context
    from mlops_cli.data.checks.ledger import Ledger

BEFORE, NOW = customers(3000, 1), customers(1500, 2, start=3000)


def test_a_check_that_crashes_is_an_error_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Context, __: Ledger) -> None:
        raise ZeroDivisionError("by zero")

    checks = [(name, broken if name == "unit" else check) for name, check in run.CHECKS]
    monkeypatch.setattr(run, "CHECKS", tuple(checks))
    result = validated(NOW.drop(columns="age"), against=BEFORE)
    assert result.verdict == "error"
    assert [(each.check, each.message) for each in result.errors] == [("unit", "ZeroDivisionError: by zero")]
    assert [finding.check for finding in result.findings] == ["missing_column"]


def test_with_every_check_off_nothing_was_checked_and_that_is_an_error() -> None:
    result = validated(NOW, TableSchema(severity=dict.fromkeys(CATALOGUE, "off")))
    assert result.looked == ()
    assert result.verdict == "error"


def test_a_table_with_nothing_to_hold_it_against_says_so() -> None:
    result = validated(NOW)
    assert result.verdict == "pass"
    assert "give --schema or --against" in result.advice[0]
    assert "give --schema or --against" in result.to_wire()["notes"][0]


def test_several_faults_at_once_are_each_named_and_failures_come_first() -> None:
    frame = NOW
    for name in ("unit x1000", "tz +5h", "new class 1 %", "class swap"):
        frame = PLANTED[name][0](frame, np.random.default_rng(1))
    result = validated(frame, against=BEFORE)
    assert found(result) == {
        PLANTED[name][1:3] for name in ("unit x1000", "tz +5h", "new class 1 %", "class swap")
    }
    severities = [finding.severity for finding in result.findings]
    assert severities == sorted(severities)  # "fail" before "warn"


@pytest.mark.parametrize("name", PLANTED)
def test_each_finding_is_json_without_nan(name: str) -> None:
    change = PLANTED[name][0]
    wire = validated(change(NOW, np.random.default_rng(1)), against=BEFORE).to_wire()
    assert json.loads(pretty(wire))["findings"]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [1.0]}),
        pd.DataFrame({"x": [np.nan] * 40}),
        pd.DataFrame({"x": [np.inf] * 40}),
        pd.DataFrame({"x": [10**18 + i for i in range(40)]}),
        pd.DataFrame({"x": ["a", 1, None, 2.5] * 10}),
        pd.DataFrame({"t": pd.to_datetime(["2024-01-01"] * 40, utc=True)}),
        pd.DataFrame({f"c{i}": [0, 1] * 20 for i in range(300)}),
    ],
)
def test_odd_tables_have_a_verdict_against_anything(frame: pd.DataFrame) -> None:
    for other in (frame, BEFORE, frame.iloc[:1]):
        result = validated(
            frame, TableSchema(target=str(frame.columns[0])), against=other, raw=other, train=other
        )
        said = [each.message for each in result.errors]
        assert all(not message.split(":")[0].endswith("Error") for message in said), said
        pretty(result.to_wire())


def test_a_finding_that_another_one_explains_is_not_told() -> None:
    result = validated(NOW.assign(height=NOW["height"] * 1000), against=BEFORE)
    assert found(result) == {("height", "unit")}  # and not that its values lie out of range


def test_a_severity_of_the_schema_file_turns_a_failure_into_a_warning() -> None:
    frame = NOW.assign(height=NOW["height"] * 1000)
    assert validated(frame, TableSchema(severity={"unit": "warn"}), against=BEFORE).verdict == "warn"
    assert ("height", "unit") not in found(
        validated(frame, TableSchema(severity={"unit": "off"}), against=BEFORE)
    )


@pytest.mark.parametrize("rows", [1, 2, 29])
def test_a_few_rows_with_nothing_to_hold_them_against_do_not_pass(rows: int) -> None:
    result = validated(NOW[:rows])
    assert (result.verdict, result.exit_code) == ("insufficient", 1)
    assert validated(NOW[:30]).verdict == "pass"


def test_a_single_row_passes_by_what_a_schema_file_says_of_it() -> None:
    schema = TableSchema(columns=(ColumnSchema("age", low=0.0, high=120.0),), extra="ignore")
    assert validated(NOW[:1], schema).verdict == "pass"
    assert validated(NOW[:1].assign(age=-1.0), schema).verdict == "fail"


def test_what_the_page_of_the_command_says_is_not_found_is_not() -> None:
    random = np.random.default_rng(1)
    before, now = (
        frame.assign(left=random.normal(10, 3, len(frame)), right=random.normal(11, 3, len(frame)))
        for frame in (BEFORE, NOW)
    )
    swapped = now.copy()
    swapped.loc[750:, ["left", "right"]] = now.loc[750:, ["right", "left"]].to_numpy()
    assert found(validated(swapped, against=before)) == set()
    slipped = NOW.assign(height=np.roll(NOW["height"], 1))
    assert found(validated(slipped, against=BEFORE)) == set()
    monotone = TableSchema(
        columns=(ColumnSchema("height", transform="monotone"),), key=("customer",), extra="ignore"
    )
    assert found(validated(slipped, monotone, raw=NOW)) == {("height", "rank_order")}
    mostly = (NOW["churned"] == "yes").to_numpy() ^ (random.random(len(NOW)) < 0.05)
    assert found(validated(NOW.assign(late=mostly), TableSchema(target="churned"))) == set()
