"""Which kind a column has, what is missing in it, and what the user may say against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlops_cli.data.table.missing import MISSING
from mlops_cli.data.table.opening import open_table
from mlops_cli.data.table.table import table_of
from mlops_cli.errors import DataError, UsageError
from tests.support.tables import people, table

if TYPE_CHECKING:
    from pathlib import Path

KINDS: list[tuple[str, list[Any], str]] = [
    ("whole", [1, 2, None], "numeric"),
    ("double", [1.5, float("nan")], "numeric"),
    ("bool", [True, None], "boolean"),
    ("bool-texts", ["true", "false", None], "boolean"),
    ("Bool-texts", ["True", "False"], "boolean"),
    ("yes-no", ["yes", "no"], "categorical"),
    ("iso-dates", ["2024-01-31", None, "2024-02-29"], "datetime"),
    ("iso-times", ["2024-01-31T10:00:00", "2024-01-31 10:00:00.5"], "datetime"),
    ("iso-zones", ["2024-01-31T10:00:00Z", "2024-01-31T10:00:00+02:00"], "datetime"),
    ("no-date", ["2024-02-30"], "categorical"),
    ("years", ["2024", "2025"], "categorical"),
    ("few", ["a", "b", "a"], "categorical"),
    ("at-most", [f"v{i}" for i in range(256)], "categorical"),
    ("too-many", [f"v{i}" for i in range(257)], "text"),
    ("half-come-back", [f"v{i % 300}" for i in range(600)], "categorical"),
    ("half-come-back-but-long", [f"v{i % 300}" + "x" * 40 for i in range(600)], "text"),
    ("free", [f"{i} " + "word " * 20 for i in range(30)], "text"),
    ("nothing", [None, None], "numeric"),
]


@pytest.mark.parametrize(("values", "kind"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_the_kind_of_a_column_follows_from_all_its_values(values: list[Any], kind: str) -> None:
    assert table({"x": values}).described("x").kind == kind


def test_texts_with_nothing_in_them_are_categorical_and_told() -> None:
    empty = table_of(pa.table({"x": pa.array([None, None], pa.string())}))
    assert empty.described("x").kind == "categorical"
    assert empty.warnings == ("column 'x': it has no value at all",)


@pytest.mark.parametrize("spelling", sorted(text for text in MISSING if not text.startswith(" ")))
def test_missing_is_what_pandas_takes_for_missing(tmp_path: Path, spelling: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"a,b\n1,x\n{spelling},{spelling}\n")
    read = pd.read_csv(path)
    assert read["a"].isna().tolist() == read["b"].isna().tolist() == [False, True]
    with open_table(path, scratch=tmp_path / "s") as ours:
        assert np.isnan(ours.numbers("a")).tolist() == [False, True]
        assert ours.texts("b").to_pylist() == ["x", None]


@pytest.mark.parametrize("text", ["?", "-", "none", "missing", "n.a.", "N.A."])
def test_what_pandas_keeps_is_kept_and_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"a,b\n1,x\n2,{text}\n3,{text}\n")
    assert pd.read_csv(path)["b"].tolist() == ["x", text, text]
    with open_table(path, scratch=tmp_path / "s") as ours:
        assert ours.column("b").to_pylist() == ["x", text, text]
        assert f"column 'b': 2 values are {text!r}, probably a placeholder" in "\n".join(ours.warnings)


def test_where_a_placeholder_counts_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\nx,none\n?,y\n")
    with open_table(path, scratch=tmp_path / "s") as ours:
        sure, maybe = ours.warnings
    assert sure.endswith(
        "it is kept as a value, and validate counts it as missing unless its schema lists it"
    )
    assert maybe.endswith("it is kept as a value")  # `none` may be one


def test_a_frame_is_what_pandas_reads(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,c,d,e\n1,x,2024-01-31,true,1.5\n2,,2024-02-01,false,\n,z,2024-02-02,true,inf\n")
    with open_table(path, scratch=tmp_path / "s") as ours:
        pd.testing.assert_frame_equal(ours.frame(), pd.read_csv(path), check_dtype=True)
        assert ours.frame(["e", "a"]).columns.tolist() == ["e", "a"]


def test_codes_stay_as_they_are_written_where_the_user_says_so(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("zip,n\n00501,1\n10001,2\n")
    with open_table(path, scratch=tmp_path / "s", kinds={"zip": "categorical"}) as ours:
        assert ours.described("zip").kind == "categorical"
        assert ours.column("zip").to_pylist() == ["00501", "10001"]
        assert ours.frame()["zip"].tolist() == ["00501", "10001"]
        assert ours.warnings == ()


def test_a_column_with_placeholders_is_numeric_where_the_user_says_so(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n?\n 3\n2e1\n")
    with open_table(path, scratch=tmp_path / "s", kinds={"a": "numeric"}) as ours:
        assert np.array_equal(ours.numbers("a"), [1, np.nan, 3, 20], equal_nan=True)
        assert "column 'a': 1 value is no number and taken for missing, such as '?'" in ours.warnings
        assert "kept as a value" not in "".join(ours.warnings)


@pytest.mark.parametrize("scale", [1, 10**3, 10**6, 10**9])
def test_seconds_since_1970_stay_numbers_with_a_note_unless_the_user_says_time(scale: int) -> None:
    moments = [1_700_000_000 * scale, 1_700_000_001 * scale]
    assert "since 1970" in table({"created_at": moments}).described("created_at").note
    assert table({"created_at": moments}).described("created_at").kind == "numeric"
    times, zone = table({"created_at": moments}, kinds={"created_at": "datetime"}).times("created_at")
    assert times.astype("datetime64[s]").astype(str).tolist() == [
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:21",
    ]
    assert zone is None


def test_times_are_in_utc_where_zones_are_known() -> None:
    times, zone = table({"t": ["2024-01-31T10:00:00+02:00", None, "2024-01-31T10:00:00Z"]}).times("t")
    assert times.astype(str).tolist() == ["2024-01-31T08:00:00.000000", "NaT", "2024-01-31T10:00:00.000000"]
    assert zone == "UTC"


def test_a_time_zone_is_kept_by_its_name() -> None:
    berlin = table_of(pa.table({"t": pa.array([0, None], pa.timestamp("ns", "Europe/Berlin"))}))
    times, zone = berlin.times("t")
    assert zone == "Europe/Berlin"
    assert times.astype(str).tolist() == ["1970-01-01T00:00:00.000000", "NaT"]


def test_numbers_hold_what_is_infinite_and_say_nan_for_missing() -> None:
    numbers = table({"x": [1.5, None, float("inf"), float("-inf")], "b": [True, None, False, True]})
    assert np.array_equal(numbers.numbers("x"), [1.5, np.nan, np.inf, -np.inf], equal_nan=True)
    assert np.array_equal(numbers.numbers("b"), [1, np.nan, 0, 1], equal_nan=True)


def test_texts_of_any_kind_are_codes_and_distinct_texts() -> None:
    mixed = table({"n": [2, 1, 2, None], "b": [True, None, False, True], "c": ["y", "x", "y", None]})
    assert mixed.texts("n").to_pylist() == ["2", "1", "2", None]
    assert mixed.texts("b").to_pylist() == ["true", None, "false", "true"]
    assert mixed.texts("c").indices.to_pylist() == [0, 1, 0, None]


def test_what_has_another_kind_is_refused_with_what_to_say() -> None:
    with pytest.raises(UsageError, match="'city' is categorical, where numeric") as caught:
        table_of(people()).numbers("city")
    assert "kinds" in caught.value.hint
    with pytest.raises(UsageError, match="where datetime is needed"):
        table_of(people()).times("age")


@pytest.mark.parametrize(
    ("kinds", "said"),
    [({"aeg": "numeric"}, "no column 'aeg'"), ({"age": "number"}, "no kind of column")],
)
def test_kinds_that_cannot_be_are_refused(kinds: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        table_of(people(), kinds=kinds)


def test_a_close_name_is_offered() -> None:
    with pytest.raises(UsageError) as caught:
        table_of(people()).column("incme")
    assert caught.value.hint == "Is 'income' meant?"


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        ([0, 1, 2], "boolean", "row 3 has 2, which is neither 0 nor 1"),
        (["true", "maybe"], "boolean", "row 2 has 'maybe'"),
        (["2024-01-01", "soon"], "datetime", "not all of its values are dates"),
    ],
)
def test_a_kind_that_the_values_cannot_have_is_refused_with_the_row(
    values: list[Any], kind: Any, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        table({"x": values}, kinds={"x": kind}).column("x")


def test_kinds_that_the_values_can_have_are_followed() -> None:
    asked = table({"b": [0, 1, None], "c": [3, 1, 3]}, kinds={"b": "boolean", "c": "categorical"})
    assert asked.column("b").to_pylist() == [False, True, None]
    assert asked.column("c").to_pylist() == ["3", "1", "3"]
    assert [column.kind for column in asked.columns] == ["boolean", "categorical"]


def test_whole_numbers_too_large_for_a_double_are_told() -> None:
    assert "beyond 2**53" in table({"id": [2**60 + 1, 5]}).described("id").note
    assert table({"id": [2**52, 5]}).described("id").note == ""


def test_a_pandas_frame_is_a_table() -> None:
    frame = pd.DataFrame({"a": [1, 2], "m": ["x", 3], "c": pd.Categorical(["u", "v"]), 7: [0.5, np.nan]})
    ours = table_of(frame)
    assert [(column.name, column.kind) for column in ours.columns] == [
        ("a", "numeric"), ("m", "categorical"), ("c", "categorical"), ("7", "numeric"),
    ]  # fmt: skip
    assert ours.column("m").to_pylist() == ["x", "3"]


def test_frames_without_rows_or_with_twins_are_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        table_of(pd.DataFrame({"a": []}))
    with pytest.raises(DataError, match="no columns"):
        table_of(pd.DataFrame())
    with pytest.raises(DataError, match="columns 1 and 2"):
        table_of(pd.DataFrame([[1, 2]], columns=["a", "a"]))
