"""What a schema file says of values."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.data.checks.allowed import beyond
from mlops_cli.data.checks.schema import ColumnSchema, TableSchema
from mlops_cli.data.checks.schema_parse import parse_schema
from tests.support.planted import customers, found, only, validated

NOW = customers(1000, 2)


def said(text: str) -> bytes:
    return f"schema: 1\ntable: {{extra: ignore}}\ncolumns: {{{text}}}".encode()


@pytest.mark.parametrize(
    ("text", "check", "rows"),
    [
        ("x: {range: [0, 5]}", "out_of_range", (1, 4)),
        ("x: {range: [~, 5]}", "out_of_range", (1,)),
        ("x: {missing: 0%}", "missing_values", (2,)),
        ("x: {whole: true}", "whole", (3,)),
        ("x: {unique: true}", "not_unique", (5,)),
        ("x: {order: increasing}", "order", (3, 4)),
        ("x: {values: [1, 9, 2.5, -1]}", None, ()),
        ("x: {values: [1, 9, -1]}", "unknown_value", (3,)),
        ("t: {values: [ab, cd]}", "unknown_value", (2, 3)),
        ("t: {pattern: '[a-z]{2}'}", "pattern", (3,)),
        ("t: {length: [2, 2]}", "length", (3,)),
        ("t: {length: [~, 4]}", None, ()),
        ("d: {range: [2024-01-02, 2024-01-05]}", "out_of_range", (0, 5)),
        ("d: {order: strictly increasing}", None, ()),
        ("d: {order: decreasing}", "order", (1, 2, 3, 4, 5)),
    ],
)
def test_each_rule_names_the_rows_that_break_it(text: str, check: str | None, rows: tuple[int, ...]) -> None:
    frame = pd.DataFrame({
        "x": [1.0, 9.0, np.nan, 2.5, -1.0, 1.0],
        "t": ["ab", "cd", "ef", "Abc", "ab", "cd"],
        "d": pd.date_range("2024-01-01", periods=6),
    })  # fmt: skip
    result = validated(frame, parse_schema(said(text), "s.yaml"))
    assert result.errors == ()
    assert [(finding.check, finding.rows) for finding in result.findings] == (
        [(check, rows)] if check else []
    )
    assert all(finding.severity == "fail" for finding in result.findings)


@pytest.mark.parametrize(
    ("rows", "n", "allowed", "severity"),
    [
        (0, 100, 0.0, None),
        (1, 100, 0.0, "fail"),
        (2, 100, 0.02, None),
        (3, 100, 0.02, "warn"),
        (20, 100, 0.02, "fail"),
    ],
)
def test_a_little_more_than_allowed_is_a_warning_and_much_more_fails(
    rows: int, n: int, allowed: float, severity: str | None
) -> None:
    assert beyond(rows, n, allowed) == severity


@given(st.integers(0, 1000), st.floats(0, 1))
def test_more_rows_are_never_better(rows: int, allowed: float) -> None:
    rank = {None: 0, "warn": 1, "fail": 2}
    assert rank[beyond(rows, 1000, allowed)] <= rank[beyond(min(1000, rows + 1), 1000, allowed)]


def test_the_severity_of_the_schema_file_is_taken() -> None:
    schema = parse_schema(said("age: {range: [0, 20], severity: {out_of_range: warn}}"), "s.yaml")
    assert only(validated(NOW, schema), "out_of_range").severity == "warn"
    schema = parse_schema(said("age: {range: [0, 20], severity: {out_of_range: off}}"), "s.yaml")
    assert found(validated(NOW, schema)) == set()


@pytest.mark.parametrize("rule", ["range: [0, 1]", "whole: true", "order: increasing"])
def test_a_rule_that_does_not_fit_the_values_is_an_error(rule: str) -> None:
    result = validated(NOW, parse_schema(said(f"country: {{{rule}}}"), "s.yaml"))
    assert result.verdict == "error"


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=2, max_size=30).filter(
        lambda v: any(x is not None for x in v)
    ),
    st.floats(-5, 0),
    st.floats(0, 5),
)
def test_a_range_has_the_verdict_that_pandera_has(
    values: list[float | None], low: float, high: float
) -> None:
    frame = pd.DataFrame({"x": pd.Series(values, dtype=float)})
    ours = validated(frame, parse_schema(said(f"x: {{range: [{low!r}, {high!r}]}}"), "s.yaml"))
    rows = [row for finding in ours.findings if finding.check == "out_of_range" for row in finding.rows]
    schema = pa.DataFrameSchema({"x": pa.Column(float, pa.Check.in_range(low, high), nullable=True)})
    try:
        schema.validate(frame, lazy=True)
        theirs: list[int] = []
    except pa.errors.SchemaErrors as error:
        theirs = sorted(error.failure_cases["index"].tolist())
    assert rows == theirs[:20]


def test_hundreds_of_thousands_of_failing_rows_are_counted_and_not_collected() -> None:
    rows = 300_000
    frame = pd.DataFrame(
        {"x": np.full(rows, np.nan), "y": np.arange(rows) % 97 * 1.0, "t": np.arange(rows).astype(str)}
    )
    text = "x: {missing: 1%}, y: {range: [0, 1], unique: true}, t: {pattern: x, length: [9, ~]}"
    begin = time.process_time()
    result = validated(frame, parse_schema(said(text), "s.yaml"))
    checks = {finding.check for finding in result.findings}
    assert {"missing_values", "out_of_range", "not_unique", "pattern", "length"} <= checks
    assert all(len(finding.rows) <= 20 for finding in result.findings)
    assert (
        time.process_time() - begin < 60
    )  # a net: it takes about two seconds, and took minutes when failures were collected


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (ColumnSchema("x", order="increasing"), "1 value is not increasing"),
        (ColumnSchema("x", low=0.0), "1 value (10 %) lies outside"),
        (ColumnSchema("x", whole=True), "1 number (10 %) is not whole"),
        (ColumnSchema("t", pattern="[a-z]+"), "1 text (10 %) does not match"),
        (ColumnSchema("t", longest=3), "1 text (10 %) is not"),
        (ColumnSchema("u", unique=True), "1 row repeats a value"),
    ],
)
def test_one_of_a_kind_has_a_verb_of_its_own(column: ColumnSchema, said: str) -> None:
    frame = pd.DataFrame({
        "x": [1.0, 2, 3, -0.5, 5, 6, 7, 8, 9, 10],
        "t": ["abc"] * 9 + ["ABCD"],
        "u": [*range(9), 0],
    })  # fmt: skip
    (finding,) = validated(frame, TableSchema(columns=(column,), extra="ignore")).findings
    assert finding.message.startswith(said)


def with_marks(share: float) -> pd.DataFrame:
    return NOW.assign(plan=NOW["plan"].mask(np.random.default_rng(5).random(len(NOW)) < share, "?"))


@pytest.mark.parametrize("values", ["", ", values: [basic, plus, pro]"])
def test_what_stands_for_a_gap_counts_as_missing(values: str) -> None:
    schema = parse_schema(said(f"plan: {{kind: categorical, missing: 10%{values}}}"), "s.yaml")
    assert found(validated(with_marks(0.06), schema)) == set()
    result = validated(with_marks(0.5), schema)
    assert found(result) == {("plan", "missing_values")}
    assert '"?" counts as missing' in result.findings[0].message
    assert all(with_marks(0.5)["plan"][row] == "?" for row in result.findings[0].rows)


def test_what_stands_for_a_gap_is_a_value_where_it_is_listed() -> None:
    schema = parse_schema(said('plan: {missing: 0%, values: [basic, plus, pro, "?"]}'), "s.yaml")
    assert found(validated(with_marks(0.5), schema)) == set()


def test_what_stands_for_a_gap_is_no_value_where_nothing_is_said_of_gaps() -> None:
    schema = parse_schema(said("plan: {values: [basic, plus, pro]}"), "s.yaml")
    assert found(validated(with_marks(0.5), schema)) == {("plan", "unknown_value")}
