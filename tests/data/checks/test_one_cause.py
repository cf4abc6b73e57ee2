"""One cause has one finding."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_cli.data.checks.schema import ColumnSchema, TableSchema
from tests.support.planted import customers, found, only, validated

BEFORE, NOW = customers(5000, 1), customers(2000, 2, start=5000)
ORDERED = TableSchema(
    columns=(
        ColumnSchema("customer", unique=True, order="strictly increasing"),
        ColumnSchema("line", order="strictly increasing"),
    ),
    key=("customer",),
    extra="ignore",
)


def twice(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return a frame whose first rows come again at the end."""
    return pd.concat([frame, frame[:rows]], ignore_index=True)


def test_numbers_of_rows_that_come_twice_are_no_values_out_of_range() -> None:
    assert found(validated(twice(NOW, 200), against=BEFORE)) == {("", "duplicate_rows")}


def test_rows_that_come_twice_are_told_by_their_key_alone() -> None:
    result = validated(twice(NOW.assign(line=range(2000)), 200), ORDERED)
    assert found(result) == {("customer", "duplicate_keys")}
    finding = result.findings[0]
    assert (finding.severity, finding.evidence["rows"]) == ("fail", 200)
    assert finding.message == "200 rows repeat the key (customer) of an earlier row, and all else of them"
    assert finding.cause == "a file was read twice, or a join matched more than once"


def test_a_warning_of_rows_that_come_twice_does_not_hide_that_they_break_the_order() -> None:
    schema = TableSchema(columns=(ColumnSchema("customer", order="strictly increasing"),), extra="ignore")
    result = validated(twice(NOW, 200), schema)
    assert found(result) == {("", "duplicate_rows"), ("customer", "order")}
    assert result.verdict == "fail"


def test_a_key_that_comes_twice_in_other_rows_is_told_beside_rows_that_do() -> None:
    frame = twice(NOW.assign(line=range(2000)), 200)
    frame.loc[10, "customer"] = frame.loc[9, "customer"]
    result = validated(frame, ORDERED)
    assert only(result, "duplicate_keys").evidence["rows"] == 200
    assert only(result, "duplicate_rows").evidence["rows"] == 199  # row 10 is another one now


def test_rows_in_another_order_are_one_finding_for_all_their_columns() -> None:
    mixed = NOW.assign(line=range(2000)).sample(frac=1, random_state=1)
    result = validated(mixed, ORDERED)
    assert found(result) == {("customer", "order")}
    assert result.findings[0].evidence["also"] == ["line"]
    assert result.findings[0].message.endswith("in the same rows line is not in order")


def test_an_order_that_breaks_elsewhere_is_told_beside_rows_that_come_twice() -> None:
    frame = NOW.assign(line=range(2000))
    frame.loc[500, "line"] = 3
    assert found(validated(twice(frame, 200), ORDERED)) >= {("customer", "duplicate_keys"), ("line", "order")}


def test_one_unique_column_that_is_the_key_is_told_once() -> None:
    frame = NOW.assign(line=range(2000))
    frame.loc[10, "customer"] = frame.loc[9, "customer"]
    assert ("customer", "not_unique") not in found(validated(frame, ORDERED))


def test_degrees_in_fahrenheit_that_were_whole_in_celsius_are_one_finding() -> None:
    before, now = (frame.assign(temperature=frame["temperature"].round()) for frame in (BEFORE, NOW))
    result = validated(now.assign(temperature=now["temperature"] * 1.8 + 32), against=before)
    assert found(result) == {("temperature", "unit")}


def test_a_column_that_became_the_target_is_leakage_and_nothing_else() -> None:
    frame = NOW.assign(visits=np.where(NOW["churned"] == "yes", 100.5, 200.5))
    result = validated(frame, TableSchema(target="churned"), against=BEFORE)
    assert found(result) == {("visits", "leakage")}


# Columns that only grow -----------------------------------------------------------------------------------------------


def with_year(frame: pd.DataFrame, first: int, years: int) -> pd.DataFrame:
    return frame.assign(year=first + np.arange(len(frame)) * years // len(frame))


def test_the_next_year_is_no_finding() -> None:
    assert found(validated(with_year(NOW, 2014, 1)[:1250], against=with_year(BEFORE, 2010, 4))) == set()


@pytest.mark.parametrize("year", [2009, 2012])
def test_a_year_that_went_back_and_stands_still_is_one_finding(year: int) -> None:
    result = validated(with_year(NOW, year, 1), against=with_year(BEFORE, 2010, 4))
    assert found(result) == {("year", "constant")}
    assert result.verdict == "fail"


def test_a_year_that_stands_still_for_much_longer_than_before_is_a_default() -> None:
    result = validated(with_year(customers(4000, 2, start=5000), 2014, 1), against=with_year(BEFORE, 2010, 4))
    assert found(result) == {("year", "constant")}


def test_a_column_that_stands_outside_of_its_declared_range_is_told_once() -> None:
    schema = TableSchema(columns=(ColumnSchema("age", low=18.0, high=99.0),), extra="ignore")
    assert found(validated(NOW.assign(age=-1.0), schema)) == {("age", "out_of_range")}
