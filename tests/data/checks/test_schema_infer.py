"""Schema files out of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import datasets

from mlops_cli.data.checks.facts import table_facts
from mlops_cli.data.checks.schema_infer import infer_schema, percent, scalar
from mlops_cli.data.checks.schema_parse import parse_schema
from mlops_cli.data.checks.work import infer_text
from mlops_cli.formats.problems import Problems
from mlops_cli.formats.yaml_text import parse_yaml
from tests.support.planted import customers, found, only, table, validated

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = customers(3000, 1)


def inferred(frame: object) -> str:
    return infer_schema(table_facts(table(frame)))


def test_a_table_meets_the_schema_that_was_made_from_it() -> None:
    schema = parse_schema(inferred(BEFORE).encode(), "s.yaml")
    assert [column.name for column in schema.columns] == list(BEFORE.columns)
    assert validated(BEFORE, schema).verdict == "pass"


def test_what_was_seen_is_written_down() -> None:
    schema = parse_schema(inferred(BEFORE).encode(), "s.yaml")
    age, plan, customer = (schema.column(name) for name in ("age", "plan", "customer"))
    assert age is not None
    assert plan is not None
    assert customer is not None
    assert (age.kind, age.low, age.high, age.whole) == ("numeric", 18.0, float(BEFORE["age"].max()), True)
    assert plan.values == ("basic", "plus", "pro")
    assert (customer.unique, customer.order, customer.low) == (True, "strictly increasing", None)
    assert (schema.key, schema.time) == (("customer",), "created")


def test_a_table_beside_has_a_tenth_of_the_rows_at_least() -> None:
    schema = parse_schema(inferred(BEFORE).encode(), "s.yaml")
    assert schema.at_least == 300
    assert ("", "row_count") in found(validated(BEFORE[:1], schema))


def test_the_share_of_rows_that_repeat_others_is_written_down_and_more_of_them_fail(tmp_path: Path) -> None:
    BEFORE.drop(columns="customer").to_csv(tmp_path / "t.csv", index=False)
    text = infer_text("t.csv", folder=tmp_path, scratch=tmp_path / "scratch")
    assert "  duplicates: 1%  # rows that repeat an earlier one; there: none" in text.splitlines()
    schema = parse_schema(text.encode(), "s.yaml")
    again = pd.concat([BEFORE, BEFORE[:500]]).drop(columns="customer")
    assert only(validated(again, schema), "duplicate_rows").severity == "fail"


def test_nothing_is_said_of_rows_that_are_alike_by_chance(tmp_path: Path) -> None:
    BEFORE[["plan", "member"]].to_csv(tmp_path / "t.csv", index=False)
    assert "duplicates" not in infer_text("t.csv", folder=tmp_path, scratch=tmp_path / "scratch")


def test_a_column_that_only_grows_has_no_upper_end() -> None:
    frame = BEFORE.assign(year=2010 + np.arange(len(BEFORE)) * 4 // len(BEFORE))
    schema = parse_schema(inferred(frame).encode(), "s.yaml")
    year = schema.column("year")
    assert year is not None
    assert (year.low, year.high) == (2010.0, None)
    after = customers(700, 3, start=3000)
    assert found(validated(after.assign(year=2014), schema)) == set()
    assert found(validated(after.assign(year=2009), schema)) == {("year", "out_of_range")}


def test_a_share_that_is_allowed_though_none_was_seen_says_why() -> None:
    line = next(each for each in inferred(BEFORE).splitlines() if each.startswith("    missing: 0.1%"))
    assert line.endswith("# none was; so few rows cannot tell a smaller share from none")


def test_what_stands_for_a_gap_is_inferred_as_a_gap() -> None:
    def with_marks(frame: pd.DataFrame, share: float) -> pd.DataFrame:
        return frame.assign(plan=frame["plan"].mask(np.random.default_rng(5).random(len(frame)) < share, "?"))

    schema = parse_schema(inferred(with_marks(BEFORE, 0.06)).encode(), "s.yaml")
    plan = schema.column("plan")
    assert plan is not None
    assert plan.values == ("basic", "plus", "pro")
    assert 0.08 < (plan.missing or 0) < 0.12
    after = customers(1000, 3, start=3000)
    assert found(validated(with_marks(after, 0.06), schema)) == set()
    assert found(validated(with_marks(after, 0.5), schema)) == {("plan", "missing_values")}


def test_a_column_of_question_marks_has_a_schema_that_can_be_read() -> None:
    schema = parse_schema(inferred(BEFORE.assign(plan="?")).encode(), "s.yaml")
    assert [column.values for column in schema.columns if column.name == "plan"] == [()]


def test_another_sample_of_the_same_does_not_fail() -> None:
    schema = parse_schema(inferred(BEFORE).encode(), "s.yaml")
    for seed in range(20):
        assert validated(customers(1000, 100 + seed, start=3000), schema).verdict in ("pass", "warn")


@pytest.mark.parametrize(
    "load",
    [
        datasets.load_iris,
        datasets.load_wine,
        datasets.load_breast_cancer,
        datasets.load_diabetes,
        datasets.load_digits,
    ],
)
def test_schemas_of_well_known_tables_are_met_by_them(load: object) -> None:
    assert callable(load)
    frame = load(as_frame=True).frame
    result = validated(frame, parse_schema(inferred(frame).encode(), "s.yaml"))
    assert result.verdict == "pass", result.findings


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [1.5]}),
        pd.DataFrame({"x": [np.nan, np.nan]}),
        pd.DataFrame({"x": [np.inf, -np.inf, 1.0]}),
        pd.DataFrame({"x": [None, "a"], "y: #": ["no", "12"], "": [True, False]}),
        pd.DataFrame({"t": pd.to_datetime(["2024-01-01", None])}),
        pd.DataFrame({'"quoted"': ["'", '"'], "null": ["~", "\n"], "ключ": ["значение", "🙂"]}),
    ],
)
def test_odd_tables_have_a_schema_that_can_be_read_again(frame: pd.DataFrame) -> None:
    schema = parse_schema(inferred(frame).encode(), "s.yaml")
    result = validated(frame, schema)
    assert result.errors == ()
    assert {check for _, check in found(result)} <= {"constant", "infinite"}


@given(st.text())
def test_any_text_is_read_back_from_the_file_as_it_was(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    problems = Problems()
    root = parse_yaml(f"[{scalar(text)}]".encode(), "f", problems)
    assert problems.found == []
    assert root is not None
    assert root.plain() == [text]


@given(st.floats(0, 1))
def test_a_share_is_never_written_smaller_than_it_is(share: float) -> None:
    written = float(percent(share).removesuffix("%")) / 100
    assert share - 1e-12 <= written <= max(2 * share + 1e-12, 1e-300)
