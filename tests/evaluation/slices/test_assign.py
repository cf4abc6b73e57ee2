"""Which rows are in which declared slice: exactly those for which the slice's own condition holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.slices.assign import assign
from mlops_cli.evaluation.slices.coding import bin_edges
from mlops_cli.evaluation.slices.columns import ArrayColumns
from mlops_cli.evaluation.slices.expression import expression_text
from mlops_cli.evaluation.slices.mask import rows_where
from mlops_cli.evaluation.slices.search_codes import search_axes
from mlops_cli.evaluation.slices.spec import declared_slices

NUMBERS = st.none() | st.floats(allow_nan=False) | st.integers(0, 3).map(float)
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
TABLES = st.integers(1, 60).flatmap(
    lambda n: st.fixed_dictionaries(
        {
            "number": st.lists(NUMBERS, min_size=n, max_size=n),
            "text of it": st.lists(TEXTS, min_size=n, max_size=n),
            "flag": st.lists(st.none() | st.booleans(), min_size=n, max_size=n),
        }
    )
)


@settings(max_examples=60, deadline=None)
@given(TABLES, st.integers(2, 6))
def test_the_condition_of_a_slice_chooses_exactly_its_rows(
    values: dict[str, list[object]], bins: int
) -> None:
    cut = [None if value is None else float(value) for value in values["number"]]  # type: ignore[arg-type] # as drawn
    columns = ArrayColumns({**values, "cut": np.array(cut, np.float64)})
    declared = declared_slices(
        [
            "number",
            {"column": "text of it"},
            ["flag", "text of it"],
            [{"column": "cut", "bins": bins}, "flag"],
        ]
    )
    for group in assign(declared, columns):
        for code, part in enumerate(group.parts):
            text = expression_text(part.where)
            assert np.flatnonzero(rows_where(text, columns)).tolist() == group.rows(code).tolist(), text
        assert ((group.codes >= -1) & (group.codes < len(group.parts))).all()


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_codes_of_the_search_choose_exactly_their_rows(values: dict[str, list[object]]) -> None:
    columns = ArrayColumns(values)
    for axis in search_axes(columns):
        for code, part in enumerate(axis.parts):
            text = expression_text(part.where)
            assert (rows_where(text, columns) == (axis.codes == code)).all(), text
        for low in range(axis.ordered):
            for high in range(low, axis.ordered):
                text = expression_text(axis.part(low, high).where)
                inside = (axis.codes >= low) & (axis.codes <= high)
                assert (rows_where(text, columns) == inside).all(), text


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.integers(2, 10))
def test_every_row_is_in_one_bin_and_bins_are_no_more_than_asked(values: list[float], bins: int) -> None:
    data = np.array(values)
    edges = bin_edges(data, bins)
    assert len(edges) < bins
    codes = np.searchsorted(edges, data, side="right")
    assert (np.bincount(codes, minlength=len(edges) + 1) > 0).all()


def test_bins_of_different_values_hold_equally_many() -> None:
    (group,) = assign(declared_slices([{"column": "x", "bins": 4}]), ArrayColumns({"x": np.arange(100.0)}))
    assert np.bincount(group.codes).tolist() == [25, 25, 25, 25]
    assert [part.label for part in group.parts] == ["x < 25", "25 <= x < 50", "50 <= x < 75", "x >= 75"]


def test_a_number_of_many_values_is_cut_and_one_of_few_is_not() -> None:
    columns = ArrayColumns({"many": np.arange(100.0), "few": np.arange(100.0) % 3})
    many, few = assign(declared_slices(["many", "few"]), columns)
    assert len(many.parts) == 4
    assert [part.label for part in few.parts] == ["few = 0", "few = 1", "few = 2"]


def test_values_beyond_fifty_are_one_slice_with_its_condition() -> None:
    names = [f"v{at:02d}" for at in range(60) for _ in range(at + 1)]
    (group,) = assign(declared_slices(["x"]), ArrayColumns({"x": names}))
    assert len(group.parts) == 50
    assert group.parts[-1].label == "x = other (11 values)"
    assert int((group.codes == 49).sum()) == sum(range(1, 12))


def test_missing_rows_and_infinite_numbers_have_their_place() -> None:
    values = [math.inf, -math.inf, None, *np.arange(40.0)]
    (group,) = assign(declared_slices([{"column": "x", "bins": 2}]), ArrayColumns({"x": values}))
    assert group.parts[-1].label == "x missing"
    assert group.codes[:3].tolist() == [1, 0, 2]


def test_a_cross_has_only_slices_with_rows_and_leaves_out_rows_beyond_the_largest() -> None:
    columns = ArrayColumns({"a": ["x", "y", "x"], "b": [1.0, 2.0, 1.0]})
    (group,) = assign(declared_slices([["a", "b"]]), columns)
    assert [part.label for part in group.parts] == ["a = x, b = 1", "a = y, b = 2"]
    wide = ArrayColumns({name: [f"{name}{at}" for at in range(30)] * 30 for name in ("a",)})
    many = ArrayColumns({"a": wide.values("a"), "b": [f"b{at // 30}" for at in range(900)]})
    (group,) = assign(declared_slices([["a", "b"]]), many)
    assert len(group.parts) == 400
    assert group.dropped == 500
    assert (group.codes == -1).sum() == 500


def test_a_value_that_was_asked_for_and_is_not_there_is_a_slice_without_rows() -> None:
    (group,) = assign(
        declared_slices([{"column": "a", "values": ["x", "z"]}]), ArrayColumns({"a": ["x", "y"]})
    )
    assert group.codes.tolist() == [0, -1]
    assert group.notes == ("", "no row has a == 'z'")


def test_a_column_that_is_not_there_or_has_no_order_is_refused() -> None:
    columns = ArrayColumns({"country": ["a"]})
    with pytest.raises(UsageError, match="no column contry") as caught:
        assign(declared_slices(["contry"]), columns)
    assert "country" in caught.value.hint
    with pytest.raises(UsageError, match="cannot be cut into 4 bins"):
        assign(declared_slices([{"column": "country", "bins": 4}]), columns)
