"""Columns that give the target away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from mlops_cli.data.checks.schema import TableSchema
from tests.support.planted import customers, found, only, validated

NOW = customers(2000, 2)
CHURN = TableSchema(target="churned")


def test_honest_columns_are_no_leakage() -> None:
    assert found(validated(NOW, CHURN)) == set()


@pytest.mark.parametrize(
    "leak",
    [
        lambda yes, random: yes * 1.0 + random.normal(0, 0.1, 2000),
        lambda yes, random: -(yes * 1.0) + random.normal(0, 0.1, 2000),
        lambda yes, random: np.where(yes, random.choice(["cancelled", "ended"], 2000), "running"),
        lambda yes, _: yes,
    ],
)
def test_a_column_made_from_the_target_is_named(leak: object) -> None:
    assert callable(leak)
    column = leak((NOW["churned"] == "yes").to_numpy(), np.random.default_rng(1))
    finding = only(validated(NOW.assign(leak=column), CHURN), "leakage")
    assert (finding.column, finding.severity) == ("leak", "fail")
    assert float(str(finding.evidence["auc"])) > 0.99
    assert "made from churned" in finding.cause


def test_a_column_that_is_filled_only_afterwards_is_named() -> None:
    reason = pd.Series(np.random.default_rng(1).choice(["price", "moved"], 2000)).where(
        NOW["churned"] == "yes"
    )
    finding = only(validated(NOW.assign(reason=reason), CHURN), "leakage")
    assert finding.column == "reason"
    assert "auc_of_gaps" in finding.evidence or "auc" in finding.evidence


def test_names_of_rows_are_no_knowledge() -> None:
    names = [f"customer {number}" for number in range(2000)]
    assert found(validated(NOW.assign(name=names), CHURN)) == set()


def test_a_target_of_many_classes_has_predictive_power() -> None:
    digits = datasets.load_digits(as_frame=True).frame
    schema = TableSchema(target="target")
    assert "leakage" not in {check for _, check in found(validated(digits, schema))}
    leak = digits["target"] * 3.0 + np.random.default_rng(1).normal(0, 0.1, len(digits))
    finding = only(validated(digits.assign(leak=leak), schema), "leakage")
    assert (finding.column, float(str(finding.evidence["predictive_power"])) > 0.99) == ("leak", True)


def test_a_number_that_is_to_be_predicted_can_leak_too() -> None:
    diabetes = datasets.load_diabetes(as_frame=True).frame
    schema = TableSchema(target="target")
    assert found(validated(diabetes, schema)) == set()
    big = pd.concat([diabetes] * 10, ignore_index=True)
    leak = big["target"] * 2 + np.random.default_rng(1).normal(0, 1, len(big))
    result = validated(
        big.assign(leak=leak), TableSchema(target="target", severity={"duplicate_rows": "off"})
    )
    assert only(result, "leakage").column == "leak"


@pytest.mark.parametrize("load", [datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer])
def test_good_features_of_well_known_tables_are_no_leakage(load: object) -> None:
    assert callable(load)
    frame = load(as_frame=True).frame
    for seed in range(10):
        sample = frame.sample(frac=0.4, random_state=seed)
        result = validated(sample, TableSchema(target="target", severity={"duplicate_rows": "off"}))
        assert result.verdict == "pass", result.findings


def test_a_target_that_is_not_there_is_an_error() -> None:
    result = validated(NOW, TableSchema(target="churn"))
    assert (result.verdict, result.errors[0].column) == ("error", "churn")


@pytest.mark.parametrize(
    "frame", [NOW.assign(churned="no"), NOW[:12], NOW.assign(churned=["yes", *["no"] * 1999])]
)
def test_a_target_that_says_too_little_is_insufficient(frame: object) -> None:
    result = validated(frame, TableSchema(target="churned", severity={"constant": "off"}))
    assert result.verdict == "insufficient"


def test_infinite_values_and_gaps_do_not_stop_the_check() -> None:
    leak = (NOW["churned"] == "yes") * 1.0
    leak = leak.mask(np.arange(2000) % 50 == 0).replace(1.0, np.inf)
    schema = TableSchema(target="churned", severity={"infinite": "off"})
    result = validated(NOW.assign(leak=leak, empty=np.nan), schema)
    assert result.errors == ()
