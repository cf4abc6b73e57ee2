"""Parameter files: read once, looked up by dotted names."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.formats.problems import Problems
from mlops_cli.pipeline.parameters import (
    ParameterFiles,
    finite,
    index_of,
    is_parameter_file,
    leaves,
    lookup,
)
from tests.support.strategies import json_values


def test_a_file_is_read_once_however_often_it_is_asked_for() -> None:
    asked: list[str] = []

    def read(file: str) -> bytes:
        asked.append(file)
        return b"a: 1\n"

    files = ParameterFiles(read, Problems())
    assert files.values("p.yaml") == files.values("p.yaml") == {"a": 1}
    assert asked == ["p.yaml"]


def test_every_file_that_was_asked_for_is_named_also_those_that_are_missing() -> None:
    files = ParameterFiles({"a.yaml": b""}.get, Problems())
    files.values("b.yaml")
    files.values("a.yaml")
    assert files.files == ("b.yaml", "a.yaml")


def test_a_broken_file_exists_and_has_no_values() -> None:
    found = Problems()
    files = ParameterFiles({"a.json": b"{"}.get, found)
    assert files.exists("a.json")
    assert files.values("a.json") is None
    assert len(found.found) == 1


def test_a_missing_file_does_not_exist_and_is_no_problem_yet() -> None:
    found = Problems()
    files = ParameterFiles(lambda _: None, found)
    assert not files.exists("a.json")
    assert not found.found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", {"a": {"b": [10, {"c": 2}]}, "x.y": 3}),
        ("a.b.0", 10),
        ("a.b.1.c", 2),
        ("x.y", 3),
        ("a", {"b": [10, {"c": 2}]}),
    ],
)
def test_a_dotted_name_leads_through_mappings_and_lists(name: str, value: object) -> None:
    assert lookup({"a": {"b": [10, {"c": 2}]}, "x.y": 3}, name) == value


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("treain.depth", 'did you mean "train.depth"?'),
        ("train.depht", 'did you mean "train.depth"?'),
        ("treain.zzz", 'did you mean "train"?'),
        ("zzz", "it has train, rows"),
        ("train.zzz", "it has depth"),
        ("train.depth.more", ""),
        ("rows.2", ""),
        ("rows.²", ""),
        ("rows." + "9" * 5000, ""),
        ("rows.-1", ""),
    ],
)
def test_a_name_that_leads_nowhere_says_what_there_is(name: str, hint: str) -> None:
    with pytest.raises(LookupError) as caught:
        lookup({"train": {"depth": 4}, "rows": [1, 2]}, name)
    assert caught.value.args == (hint,)


def test_many_names_are_cut_short_with_a_mark() -> None:
    with pytest.raises(LookupError, match=r"it has k0, .*, k7, …"):
        lookup({f"k{i}": i for i in range(20)}, "zzzzzz")


@pytest.mark.parametrize(
    ("part", "index"), [("0", 0), ("12", 12), ("", None), ("-1", None), ("²", None), ("٣", None)]
)
def test_only_plain_digits_are_a_position(part: str, index: int | None) -> None:
    assert index_of(part) == index


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "x/b.json", "c.toml"])
def test_these_names_are_files(name: str) -> None:
    assert is_parameter_file(name)


@pytest.mark.parametrize("name", ["train", "train.depth", "yaml", "a.csv"])
def test_these_names_are_parameters(name: str) -> None:
    assert not is_parameter_file(name)


@given(json_values)
def test_what_json_can_carry_is_finite(value: object) -> None:
    assert finite(value)


@given(json_values, st.sampled_from([math.nan, math.inf, -math.inf]))
def test_one_number_that_is_not_finite_is_found_however_deep(value: object, odd: float) -> None:
    assert not finite({"a": [value, {"b": odd}]})


def test_leaves_name_every_single_parameter() -> None:
    values: dict[str, dict[str, Any]] = {
        "params.yaml": {"train": {"depth": 4, "grid": [1, 2], "empty": {}}},
        "o.toml": {"": {"a": {"b": 1}}},
    }
    assert leaves(values) == {
        ("params.yaml", "train.depth"): 4,
        ("params.yaml", "train.grid"): [1, 2],
        ("params.yaml", "train.empty"): {},
        ("o.toml", "a.b"): 1,
    }
