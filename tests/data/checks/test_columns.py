"""Which columns there are, and of which kind."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_cli.data.checks.facts import table_facts
from mlops_cli.data.checks.schema_infer import infer_schema
from mlops_cli.data.checks.schema_parse import parse_schema
from tests.support.planted import customers, found, only, table, validated

BEFORE, NOW = customers(3000, 1), customers(1000, 2, start=3000)


def test_the_same_columns_are_no_finding() -> None:
    assert found(validated(NOW, against=BEFORE)) == set()


def test_a_column_that_is_not_there_is_named() -> None:
    finding = only(validated(NOW.drop(columns="income"), against=BEFORE), "missing_column")
    assert (finding.column, finding.severity) == ("income", "fail")


def test_a_column_that_nobody_expected_is_a_warning() -> None:
    finding = only(validated(NOW.assign(new=np.arange(1000) % 7), against=BEFORE), "extra_column")
    assert (finding.column, finding.severity) == ("new", "warn")


@pytest.mark.parametrize(
    ("old", "new"), [("income", "salary"), ("country", "nation"), ("created", "at"), ("visits", "v")]
)
def test_a_renamed_column_is_known_by_its_values(old: str, new: str) -> None:
    result = validated(NOW.rename(columns={old: new}), against=BEFORE)
    finding = only(result, "renamed_column")
    assert (finding.column, finding.evidence["new_name"]) == (old, new)
    assert finding.cause == f"{old} was renamed to {new}"
    assert found(result) == {(old, "renamed_column")}


def test_a_like_name_alone_is_no_renaming() -> None:
    frame = NOW.drop(columns="income").assign(incomes=np.arange(1000) % 7)
    assert found(validated(frame, against=BEFORE)) == {
        ("income", "missing_column"),
        ("incomes", "extra_column"),
    }


def test_two_renamed_columns_are_told_apart() -> None:
    result = validated(NOW.rename(columns={"age": "a", "temperature": "b"}), against=BEFORE)
    named = {finding.column: finding.evidence["new_name"] for finding in result.findings}
    assert named == {"age": "a", "temperature": "b"}


def test_a_renaming_is_found_by_a_schema_file_alone() -> None:
    schema = parse_schema(infer_schema(table_facts(table(BEFORE))).encode(), "s.yaml")
    result = validated(NOW.rename(columns={"country": "nation"}), schema)
    assert only(result, "renamed_column").evidence["new_name"] == "nation"


def test_many_columns_that_are_gone_are_one_broken_join() -> None:
    gone = ["age", "height", "temperature", "income"]
    result = validated(NOW.drop(columns=gone), against=BEFORE)
    assert found(result) == {("", "broken_join")}
    assert only(result, "broken_join").evidence["columns"] == gone


def test_columns_that_may_be_absent_are_not_missed() -> None:
    schema = parse_schema(b"schema: 1\ncolumns: {age: , income: , nothing: {optional: true}}", "s.yaml")
    assert found(validated(NOW[["age", "income"]], schema)) == set()


@pytest.mark.parametrize(("extra", "expected"), [("ignore", set()), ("fail", {("income", "extra_column")})])
def test_the_schema_file_says_how_bad_an_extra_column_is(extra: str, expected: set[tuple[str, str]]) -> None:
    schema = parse_schema(f"schema: 1\ntable: {{extra: {extra}}}\ncolumns: {{age: }}".encode(), "s.yaml")
    result = validated(NOW[["age", "income"]], schema)
    assert found(result) == expected
    assert all(finding.severity == "fail" for finding in result.findings)


# Kinds ----------------------------------------------------------------------------------------------------------------


def test_numbers_with_words_among_them_are_told_with_the_words() -> None:
    frame = NOW.assign(age=NOW["age"].astype(int).astype(str))
    frame.loc[[3, 5], "age"] = "n/a?"
    result = validated(frame, against=BEFORE)
    finding = only(result, "type_changed")
    assert (finding.column, finding.rows, finding.evidence["not_numbers"]) == ("age", (3, 5), 2)
    assert '"n/a?"' in finding.cause
    assert found(result) == {("age", "type_changed")}


def test_decimal_commas_are_recognised() -> None:
    frame = NOW.assign(height=NOW["height"].map(lambda value: f"{value:.3f}".replace(".", ",")))
    finding = only(validated(frame, against=BEFORE), "type_changed")
    assert finding.cause == "numbers are written with a decimal comma"


def test_a_kind_that_the_schema_file_asks_for_is_held_against_the_table() -> None:
    schema = parse_schema(b"schema: 1\ncolumns: {country: {kind: numeric, range: [0, 1]}}", "s.yaml")
    result = validated(NOW[["country"]], schema)
    assert {finding.check for finding in result.findings} == {"type_changed"}
    assert result.errors == ()  # a range of texts cannot be checked, and the finding says why
    assert result.verdict == "fail"


def test_a_kind_that_only_warns_hides_no_check_that_could_not_be_made() -> None:
    text = b"schema: 1\ncolumns: {country: {kind: numeric, range: [0, 1], whole: true, severity: {type_changed: warn}}}"
    result = validated(NOW[["country"]], parse_schema(text, "s.yaml"))
    assert [each.check for each in result.errors] == ["out_of_range", "whole"]


def test_columns_that_nobody_expected_are_one_finding() -> None:
    schema = parse_schema(b"schema: 1\ncolumns: {age: {kind: numeric}}", "s.yaml")
    finding = only(validated(NOW[["age", "plan", "country", "visits"]], schema), "extra_column")
    assert (finding.column, finding.severity) == ("", "warn")
    assert finding.evidence["columns"] == ["plan", "country", "visits"]
    assert finding.message == "3 columns are there that nobody expected: plan, country, visits"
    assert "extra: ignore" in finding.cause


def test_fractions_where_there_were_whole_numbers_are_a_warning() -> None:
    finding = only(validated(NOW.assign(visits=NOW["visits"] + 0.25), against=BEFORE), "whole")
    assert (finding.column, finding.severity) == ("visits", "warn")
