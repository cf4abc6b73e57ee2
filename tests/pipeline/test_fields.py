"""Typed fields: what each reader takes, and that it keeps a problem for everything else."""

from __future__ import annotations

import math
import posixpath
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlops_cli.formats.problems import Problems
from mlops_cli.formats.yaml_text import Node
from mlops_cli.pipeline.fields import Fields
from mlops_cli.pipeline.fields import given as given_at


def _fields(base: str = "", depth: int = 0) -> Fields:
    return Fields("f.yaml", base, depth, Problems())


def _at(value: Any) -> Node:
    return Node(value, 3, 7)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (90, 90.0),
        (0.5, 0.5),
        ("90", 90.0),
        ("90s", 90.0),
        ("250ms", 0.25),
        ("30m", 1800.0),
        (" 2 h ", 7200.0),
        ("1.5d", 129600.0),
    ],
)
def test_durations_are_read_in_seconds(value: object, seconds: float) -> None:
    fields = _fields()
    assert fields.duration(_at(value), "timeout") == seconds
    assert not fields.problems.found


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        "0s",
        "",
        "h",
        "1 week",
        "1h30m",
        "-5s",
        "1e3",
        "٣s",
        True,
        None,
        math.nan,
        math.inf,
        1e9,
        "9" * 400,
        [90],
    ],
)
def test_what_is_no_duration_is_told(value: object) -> None:
    fields = _fields()
    assert fields.duration(_at(value), "timeout") is None
    assert [(p.line, p.column) for p in fields.problems.found] == [(3, 7)]


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (1024, 1024),
        ("1024", 1024),
        ("500MB", 500_000_000),
        ("8GB", 8_000_000_000),
        ("8 GiB", 8 * 2**30),
        ("1.5k", 1500),
        ("2Ti", 2**41),
        ("7b", 7),
    ],
)
def test_sizes_are_read_in_bytes(value: object, size: int) -> None:
    fields = _fields()
    assert fields.size(_at(value), "memory") == size
    assert not fields.problems.found


@pytest.mark.parametrize(
    "value", [0, -1, "0GB", "8i", "8iB", "GB", "-8GB", "8XB", 1.5, True, None, "9" * 400, "9" * 400 + "P", {}]
)
def test_what_is_no_size_is_told(value: object) -> None:
    fields = _fields()
    assert fields.size(_at(value), "memory") is None
    assert len(fields.problems.found) == 1


@pytest.mark.parametrize(
    ("value", "least", "count"),
    [(0, 0, 0), (7, 1, 7), (True, 1, None), (0, 1, None), (1.0, 0, None), ("1", 0, None)],
)
def test_counts_are_whole_numbers_from_the_least(value: object, least: int, count: int | None) -> None:
    fields = _fields()
    assert fields.count(_at(value), "cores", least) == (least if count is None else count)
    assert bool(fields.problems.found) == (count is None)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("a", "a"),
        ("./a/", "a"),
        ("a//b/../c", "a/c"),
        (".", "."),
        ("..a", "..a"),
        ("a b", "a b"),
        ("*.csv", "*.csv"),
        ("é", "é"),
    ],
)
def test_paths_come_out_short_and_with_slashes(value: str, path: str) -> None:
    fields = _fields()
    assert fields.path(_at(value), "dependency") == path
    assert not fields.problems.found


def test_paths_are_relative_to_the_file_or_to_a_base() -> None:
    fields = _fields("models/churn")
    assert fields.path(_at("a"), "dependency") == "models/churn/a"
    assert fields.path(_at("../a"), "dependency") == "models/a"
    assert fields.path(_at("../a"), "dependency", base="deep/er") == "deep/a"


def test_paths_may_leave_the_project_as_far_as_the_repository_goes() -> None:
    fields = _fields(depth=1)
    assert fields.path(_at("../a"), "dependency") == "../a"
    assert not fields.problems.found
    assert fields.path(_at("../../a"), "dependency") == ""
    assert fields.path(_at("../a"), "output", outside=False) == ""
    assert [p.message for p in fields.problems.found] == [
        "dependency ../../a leaves the repository",
        "output ../a leaves the project",
    ]


@given(
    st.text() | st.lists(st.sampled_from(["..", ".", "a", "/", "~", "\\", "C:", "\n"])).map("/".join),
    st.integers(0, 2),
)
@example("a/../../..", 1)
def test_a_path_that_is_taken_never_leads_out_and_never_raises(text: str, depth: int) -> None:
    fields = _fields("base", depth)
    path = fields.path(_at(text), "dependency")
    assert bool(path) != bool(fields.problems.found)
    if path:
        assert not posixpath.isabs(path)
        assert path == posixpath.normpath(path)
        assert path.split("/").count("..") <= depth


def test_one_value_counts_as_a_list_of_one_and_nothing_as_an_empty_one() -> None:
    fields = _fields()
    assert [n.value for n in fields.items(_at("a"), "deps")] == ["a"]
    assert fields.items(_at(None), "deps") == []
    assert not fields.problems.found
    assert fields.items(_at({}), "deps") == []
    assert fields.problems.found


@pytest.mark.parametrize("value", [5, 1.5, True, None, [], {}, "", "  ", "a\0b"])
def test_what_is_no_text_is_told(value: object) -> None:
    fields = _fields()
    assert fields.text(_at(value), "desc") == ""
    assert len(fields.problems.found) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (True, "true"),
        (3, "3"),
        (1e-05, "1e-05"),
        ("short", '"short"'),
        ("x" * 41, "text"),
        (10**50, "a number"),
        ([1], "a list"),
        ({}, "a mapping"),
    ],
)
def test_a_message_shows_short_values_and_names_the_kind_of_others(value: object, words: str) -> None:
    assert given_at(_at(value)) == words


def test_an_unknown_key_is_told_at_its_own_place_with_the_nearest_right_one() -> None:
    fields = _fields()
    at = Node({"outz": Node(1, 2, 9), "zebra": Node(1, 3, 9)}, 1, 1, {"outz": (2, 3), "zebra": (3, 3)})
    fields.known_keys(at, ("outs", "deps"), "a stage")
    assert [str(p) for p in fields.problems.found] == [
        'f.yaml:2:3: unknown key "outz" in a stage (did you mean "outs"?)',
        'f.yaml:3:3: unknown key "zebra" in a stage (a stage takes outs, deps)',
    ]
