"""Rows and keys that come more than once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_cli.data.checks.duplicates import repeats, row_hashes
from mlops_cli.data.checks.schema import TableSchema
from tests.support.planted import customers, found, only, table, validated

NOW = customers(1000, 2)


def test_a_file_that_was_read_twice_in_part_is_found() -> None:
    frame = pd.concat([NOW, NOW[100:200]], ignore_index=True)
    finding = only(validated(frame), "duplicate_rows")
    assert (finding.severity, finding.evidence["rows"], finding.rows[0]) == ("warn", 100, 1000)


def test_the_schema_file_says_how_many_may_repeat() -> None:
    frame = pd.concat([NOW, NOW[:5]], ignore_index=True)
    assert found(validated(frame)) == set()
    assert only(validated(frame, TableSchema(duplicates=0.0)), "duplicate_rows").severity == "fail"
    assert found(validated(frame, TableSchema(duplicates=0.01))) == set()


def test_rows_of_few_columns_of_few_values_are_alike_without_being_the_same() -> None:
    assert found(validated(NOW[["country", "plan", "member"]])) == set()


def test_keys_that_come_twice_are_found_by_their_columns_together() -> None:
    frame = NOW.assign(line=np.arange(1000) % 3)
    frame.loc[10, ["customer", "line"]] = frame.loc[9, ["customer", "line"]].to_numpy()
    finding = only(validated(frame, TableSchema(key=("customer", "line"))), "duplicate_keys")
    assert (finding.column, finding.severity, finding.rows) == ("customer, line", "fail", (10,))
    assert found(validated(NOW, TableSchema(key=("customer",)))) == set()


def test_a_key_that_is_not_there_is_an_error() -> None:
    result = validated(NOW, TableSchema(key=("order",)))
    assert result.verdict == "error"
    assert "order" in result.errors[0].message


@pytest.mark.parametrize("name", list(NOW.columns))
def test_a_row_differs_as_soon_as_one_value_does(name: str) -> None:
    twice = pd.concat([NOW[:1], NOW[:1]], ignore_index=True)
    names = tuple(NOW.columns)
    assert repeats(row_hashes(table(twice), names)).tolist() == [False, True]
    other = NOW.loc[NOW[name] != NOW[name][0], name].iloc[0]
    twice[name] = pd.Series([NOW[name][0], other], dtype=NOW[name].dtype)
    assert repeats(row_hashes(table(twice), names)).tolist() == [False, False]


def test_missing_is_a_value_of_its_own() -> None:
    frame = pd.DataFrame({"a": ["x", None, None, "None"], "b": [1.0, np.nan, np.nan, np.nan]})
    assert repeats(row_hashes(table(frame), ("a", "b"))).tolist() == [False, False, True, False]
