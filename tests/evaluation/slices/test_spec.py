"""Slices as people declare them; every mistake at once."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_cli.evaluation.slices.spec import (
    Axis,
    Condition,
    Cross,
    SliceSpecError,
    columns_of,
    declared_slices,
    slices_of_option,
)


def test_every_form_is_read() -> None:
    assert declared_slices(
        [
            "country",
            ["sex", {"column": "age", "bins": 4}],
            {"column": "grade", "values": ["a", 2, True]},
            {"columns": ["a", "b"]},
            {"name": "seniors", "where": "age >= 65"},
            {"where": "age < 18"},
        ]
    ) == (
        Cross((Axis("country"),)),
        Cross((Axis("sex"), Axis("age", 4))),
        Cross((Axis("grade", None, ("a", "2", "true")),)),
        Cross((Axis("a"), Axis("b"))),
        Condition("seniors", "age >= 65"),
        Condition("age < 18", "age < 18"),
    )


def test_one_column_needs_no_list() -> None:
    assert declared_slices("country") == (Cross((Axis("country"),)),)


@pytest.mark.parametrize(
    ("item", "place", "says"),
    [
        (3, "[0]", "3 is no column"),
        ({"column": "age", "bins": 1}, "[0].bins", "from 2 to 20"),
        ({"column": "age", "bins": True}, "[0].bins", "whole number"),
        ({"colum": "age"}, "[0].colum", 'did you mean "column"?'),
        ({"by": "age"}, "[0].by", "there are bins, column, values"),
        ({"name": "x"}, "[0].where", "here a condition should be"),
        ({"name": 3, "where": "a == 1"}, "[0].name", "here a name should be"),
        ({"name": "x", "where": "a =="}, "[0].where", "column 5"),
        ([], "[0]", "one to 3 columns"),
        (["a", "b", "c", "d"], "[0]", "one to 3 columns"),
        (["a", "a"], "[0]", "crossed with itself"),
        ({"column": "a", "bins": 3, "values": ["x"]}, "[0].values", "goes without bins"),
    ],
)
def test_a_mistake_has_its_place(item: Any, place: str, says: str) -> None:
    with pytest.raises(SliceSpecError) as caught:
        declared_slices([item])
    assert any(where == place and says in message for where, message in caught.value.problems)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SliceSpecError) as caught:
        declared_slices([3, {"where": "a =="}, {"column": "b", "bins": 99}])
    assert [place for place, _ in caught.value.problems] == ["[0]", "[1].where", "[2].bins"]


def test_two_slices_of_one_name_are_refused_and_one_twice_counts_once() -> None:
    with pytest.raises(SliceSpecError, match="declared twice"):
        declared_slices([{"name": "x", "where": "a == 1"}, {"name": "x", "where": "a == 2"}])
    assert len(declared_slices(["a", "a"])) == 1


def test_an_option_takes_columns_crosses_bins_and_conditions() -> None:
    assert slices_of_option("sex, age/4") == (Cross((Axis("sex"), Axis("age", 4))),)
    assert slices_of_option("seniors: age >= 65") == (Condition("seniors", "age >= 65"),)
    assert slices_of_option("age is missing") == (Condition("age is missing", "age is missing"),)


def test_columns_are_named_once() -> None:
    assert columns_of(declared_slices(["b", {"where": "a == 1 and b == 2"}])) == ("b", "a")
