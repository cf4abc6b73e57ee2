"""Which rows a condition holds for, held against plain loops over rows."""

from __future__ import annotations

import math
import operator

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.evaluation.slices.columns import ArrayColumns, TableColumns, values_of
from mlops_cli.evaluation.slices.mask import rows_where, unknown_value
from mlops_cli.evaluation.slices.parse import parse_expression
from mlops_cli.formats.conditions.mistake import ExpressionError
from tests.support.tables import table

PEOPLE = ArrayColumns(
    {
        "age": [70.0, None, 30.0, math.inf],
        "sex": ["f", "m", None, "m"],
        "ok": pa.array([True, False, None, True]),
        "day": pd.to_datetime(
            ["2026-01-31 10:00", "2026-02-01", None, "2025-12-31 23:59:59"], format="ISO8601"
        ),
    }
)


def rows(text: str) -> list[int]:
    return np.flatnonzero(rows_where(text, PEOPLE)).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age >= 65", [0, 3]),
        ("age < 65", [2]),
        ("age != 70", [2, 3]),
        ("age is missing", [1]),
        ("age is not missing", [0, 2, 3]),
        ("not age >= 65", [1, 2]),
        ("age == inf", [3]),
        ("sex == m", [1, 3]),
        ("sex != m", [0]),
        ("sex in (f, x)", [0]),
        ("sex not in (f, x)", [1, 3]),
        ("sex is missing", [2]),
        ("ok == true", [0, 3]),
        ("ok != TRUE", [1]),
        ("day == 2026-01-31", [0]),
        ("day >= 2026-02", [1]),
        ("day < 2026", [3]),
        ("day <= 2025-12-31", [3]),
        ("day > 2026-01-31", [1]),
        ("day == 2026-01-31T10:00", [0]),
        ("day is missing", [2]),
        ("sex == m and (age > 100 or age is missing)", [1, 3]),
    ],
)
def test_rows_of_a_condition(text: str, expected: list[int]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("age == old", "age is compared with a number"),
        ("age in (1, 2x)", "age is compared with a number"),
        ("sex > f", "sex has no order"),
        ("ok == yes", "ok is true or false"),
        ("day > monday", "day is compared with a date"),
        ("day > NaT", "day is compared with a date"),
    ],
)
def test_unlike_things_are_not_compared(text: str, says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        rows_where(text, PEOPLE)


def test_a_value_that_no_row_has_is_named_with_the_nearest_one() -> None:
    columns = ArrayColumns({"sex": ["Female", "Male"]})
    assert "Female" in unknown_value(parse_expression("sex == Femal"), columns)
    assert unknown_value(parse_expression("not sex in (Female, Male)"), columns) == ""


OPS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@given(
    st.lists(st.none() | st.floats(allow_nan=False), min_size=1),
    st.sampled_from(sorted(OPS)),
    st.floats(allow_nan=False),
)
def test_numbers_compare_as_in_python_and_missing_ones_never(
    values: list[float | None], op: str, limit: float
) -> None:
    found = rows_where(f"x {op} '{limit!r}'", ArrayColumns({"x": values}))
    assert found.tolist() == [value is not None and OPS[op](value, limit) for value in values]


@pytest.mark.parametrize(
    "given_column",
    [
        np.array([1, 2, 3]),
        np.array([1.0, 2.0, 3.0], np.float32),
        pa.array([1, 2, 3]),
        pd.Series([1, 2, 3], dtype="Int64"),
        pa.chunked_array([[1], [2, 3]]),
    ],
)
def test_numbers_of_every_make_are_numbers(given_column: object) -> None:
    found = values_of(given_column)
    assert found.kind == "number"
    assert found.data.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "given_column",
    [
        ["a", None, "b"],
        np.array(["a", None, "b"], object),
        pa.array(["a", None, "b"]).dictionary_encode(),
        pa.chunked_array([["a"], [None, "b"]]),
        pd.Series(["a", None, "b"], dtype="category"),
        pd.Series(["a", None, "b"]),
    ],
)
def test_texts_of_every_make_are_texts(given_column: object) -> None:
    found = values_of(given_column)
    assert found.kind == "text"
    assert [found.words[code] if code >= 0 else None for code in found.data] == ["a", None, "b"]


def test_values_of_several_types_are_texts() -> None:
    assert values_of([1, "a", None]).kind == "text"


def test_a_table_gives_its_columns_and_only_the_rows_asked_for() -> None:
    people = table({"age": [1.0, 2.0, 3.0], "code": [10, 20, 10]}, kinds={"code": "categorical"})
    columns = TableColumns(people, without=("age",), only=np.array([2, 1]))
    assert list(columns.names) == ["code"]
    assert columns.rows == 2
    held = columns.values("code")
    assert [held.words[code] for code in held.data] == ["10", "20"]
