"""What the test table shares with the training table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlops_cli.data.checks.schema import TableSchema
from tests.support.planted import customers, found, only, validated

ALL = customers(4000, 5).sort_values("created", ignore_index=True)
TRAIN, TEST = ALL[:3000].reset_index(drop=True), ALL[3000:].reset_index(drop=True)


def test_a_clean_split_shares_nothing() -> None:
    assert found(validated(TEST, TableSchema(key=("customer",), time="created"), train=TRAIN)) == set()


def test_rows_that_are_in_both_are_found_by_content() -> None:
    test = pd.concat([TEST, TRAIN[50:150]], ignore_index=True)[list(reversed(TEST.columns))]
    finding = only(validated(test, train=TRAIN), "overlap_rows")
    assert (finding.severity, finding.evidence["rows"], finding.rows[0]) == ("fail", 100, 1000)


def test_few_shared_rows_are_a_warning() -> None:
    test = pd.concat([TEST, TRAIN[50:57]], ignore_index=True)
    assert only(validated(test, train=TRAIN), "overlap_rows").severity == "warn"


def test_rows_that_are_alike_by_nature_are_no_overlap() -> None:
    few = ["country", "plan", "member"]
    assert found(validated(TEST[few], train=TRAIN[few])) == set()


def test_keys_on_both_sides_are_found_though_rows_differ() -> None:
    test = TEST.copy()
    test.loc[:4, "customer"] = TRAIN["customer"][:5].to_numpy()
    finding = only(validated(test, TableSchema(key=("customer",)), train=TRAIN), "overlap_keys")
    assert (finding.column, finding.evidence["rows"], finding.rows) == ("customer", 5, (0, 1, 2, 3, 4))
    assert "split by key" in finding.cause


def test_a_split_that_is_not_by_time_is_told() -> None:
    mixed = np.arange(4000) % 4 == 0
    result = validated(ALL[mixed], TableSchema(time="created"), train=ALL[~mixed])
    finding = only(result, "overlap_time")
    assert (finding.column, finding.severity) == ("created", "warn")
    assert int(str(finding.evidence["rows"])) > 900


def test_numbers_that_are_texts_in_the_other_table_are_compared_as_texts() -> None:
    names = ["customer", "country"]
    train = TRAIN[names].assign(customer="k" + TRAIN["customer"].astype(str))
    test = TEST[names].assign(customer="k" + TEST["customer"].astype(str))
    test.loc[:99] = train[:100].to_numpy()
    assert only(validated(test, train=train), "overlap_rows").evidence["rows"] == 100


def test_what_cannot_be_compared_is_an_error() -> None:
    result = validated(TEST[["age"]], TableSchema(key=("customer",), time="created"), train=TRAIN[["income"]])
    assert {error.check for error in result.errors} >= {"overlap_rows", "overlap_keys", "overlap_time"}
    assert result.verdict == "error"
