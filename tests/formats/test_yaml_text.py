from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.formats.problems import Problem, Problems
from mlops_cli.formats.yaml_text import Node, parse_yaml, read_scalar


def node_of(text: str | bytes) -> Node:
    """Parse text that is right."""
    problems = Problems()
    node = parse_yaml(text if isinstance(text, bytes) else text.encode(), "f.yaml", problems)
    assert problems.found == []
    assert node is not None
    return node


def plain(text: str | bytes) -> Any:
    return node_of(text).plain()


def problems_of(text: str | bytes) -> list[Problem]:
    problems = Problems()
    parse_yaml(text if isinstance(text, bytes) else text.encode(), "f.yaml", problems)
    return problems.found


def place_of(text: str | bytes) -> tuple[int, int]:
    """Return where the one problem stands."""
    [problem] = problems_of(text)
    assert problem.file == "f.yaml"
    return problem.line, problem.column


# Scalars -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("true", True),
        ("False", False),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("007", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("1.5e+3", 1500.0),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
    ],
)
def test_plain_scalars_are_read_by_the_core_schema(text: str, value: Any) -> None:
    found = read_scalar(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "text",
    [
        "on",
        "no",
        "yes",
        "y",
        "off",
        "1:30",
        "1_000",
        "2026-01-02",
        "0b1",
        "1e",
        ".",
        "-",
        "+",
        "e3",
        "0x",
        "0xg",
        "0o8",
        "nan",
        "inf",
        "1.2.3",
        "TrUe",
        "v1",
        "1 2",
        "٣",
    ],
)
def test_what_earlier_yaml_took_for_something_else_is_text(text: str) -> None:
    assert read_scalar(text) == text


def test_not_a_number_is_not_a_number() -> None:
    found = read_scalar(".nan")
    assert isinstance(found, float)
    assert math.isnan(found)


def test_a_number_that_nobody_can_write_out_is_text() -> None:
    assert read_scalar("9" * 5000) == "9" * 5000


@given(st.integers(-(10**30), 10**30))
def test_whole_numbers_are_read_as_python_writes_them(number: int) -> None:
    assert read_scalar(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_as_python_writes_them(number: float) -> None:
    found = read_scalar(repr(number))
    assert (type(found), found) == (float, number)


@given(st.text(max_size=8))
def test_every_text_is_some_scalar(text: str) -> None:
    assert isinstance(read_scalar(text), None | bool | int | float | str)


@pytest.mark.parametrize("text", ["'1'", '"1"', "!!str 1", "|\n  1", ">-\n  1"])
def test_quoted_and_block_scalars_are_text(text: str) -> None:
    assert plain(f"a: {text}\n")["a"].strip() == "1"


@pytest.mark.parametrize(
    ("text", "value"), [("!!int 7", 7), ("!!float 7", 7), ("!!bool true", True), ("!!null ~", None)]
)
def test_tags_of_the_core_schema_are_understood(text: str, value: Any) -> None:
    assert plain(f"a: {text}") == {"a": value}


# Documents ---------------------------------------------------------------------------------------------------------

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), max_size=6
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_json_is_yaml(value: Any) -> None:
    assert plain(json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "\ufeff", "---\n"])
def test_an_empty_document_is_nothing(text: str) -> None:
    problems = Problems()
    node = parse_yaml(text.encode(), "f.yaml", problems)
    assert problems.found == []
    assert node is None or node.plain() is None


def test_every_value_knows_where_it_stands() -> None:
    root = node_of("stages:\n  train:\n    deps: [a, b]\n    cmd: >-\n      run\n")
    train = root.value["stages"].value["train"]
    places = {key: (node.line, node.column) for key, node in train.value.items()}
    assert places == {"deps": (3, 11), "cmd": (4, 10)}
    assert [(item.line, item.column) for item in train.value["deps"].value] == [(3, 12), (3, 15)]


def test_every_key_knows_where_it_stands() -> None:
    root = node_of("# head\na: 1\n\nb:\n  c: 2\n")
    assert root.keys == {"a": (2, 1), "b": (4, 1)}
    assert root.value["b"].keys == {"c": (5, 3)}


def test_keys_are_text_as_they_are_written() -> None:
    assert plain("1: a\ntrue: b\n~: c\n1.50: d\n") == {"1": "a", "true": "b", "~": "c", "1.50": "d"}


def test_the_order_of_keys_is_kept() -> None:
    assert list(plain("b: 1\na: 2\nc: 3\n")) == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("~", "nothing"),
        ("{a: 1}", "a mapping"),
        ("[1]", "a list"),
        ("true", "true or false"),
        ("a", "text"),
        ("1", "a number"),
        ("1.5", "a number"),
    ],
)
def test_a_value_can_say_what_it_is(text: str, kind: str) -> None:
    assert node_of(text).kind() == kind


# Anchors -----------------------------------------------------------------------------------------------------------


def test_an_alias_is_the_value_that_it_names() -> None:
    assert plain("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\n", {"k": 1, "l": 3}),
        ("a: &x {k: 1, l: 2}\nb: {l: 3, <<: *x}\n", {"k": 1, "l": 3}),
        ("a: &x {k: 1}\nc: &y {k: 2, l: 2}\nb: {<<: [*x, *y]}\n", {"k": 1, "l": 2}),
        ("a: {}\nb: {<<: {k: 1}}\n", {"k": 1}),
    ],
)
def test_merged_keys_yield_to_those_that_stand_there(text: str, merged: dict[str, int]) -> None:
    assert plain(text)["b"] == merged


def test_a_merged_key_knows_where_it_was_written() -> None:
    assert node_of("a: &x\n  k: 1\nb:\n  <<: *x\n").value["b"].keys == {"k": (2, 3)}


def test_two_arrows_in_quotes_are_a_key() -> None:
    assert plain("'<<': 1\n") == {"<<": 1}


@pytest.mark.parametrize("text", ["a:\n  <<: 1\n", "a:\n  <<: [1]\n", "a:\n  <<: text\n"])
def test_only_mappings_can_be_merged(text: str) -> None:
    assert place_of(text) == (2, 3)


def test_an_alias_inside_its_own_value_is_a_problem() -> None:
    assert "inside the value that it names" in problems_of("a: &x [*x]\n")[0].message


def test_an_alias_that_names_nothing_is_a_problem() -> None:
    assert place_of("a: 1\nb: *none\n") == (2, 4)


def bomb(merge: bool) -> str:
    item = "{%s}" if merge else "[%s]"
    lines = [
        "a0: &a0 " + (item % ("k: [1, 1, 1, 1, 1, 1, 1, 1, 1]" if merge else "1, 1, 1, 1, 1, 1, 1, 1, 1"))
    ]
    for n in range(1, 30):
        inner = ", ".join(f"k{i}: *a{n - 1}" if merge else f"*a{n - 1}" for i in range(9))
        lines.append(f"a{n}: &a{n} " + item % inner)
    return "\n".join(lines)


@pytest.mark.parametrize("merge", [False, True])
def test_aliases_that_expand_without_end_are_a_problem(merge: bool) -> None:
    assert any("more than a million values" in problem.message for problem in problems_of(bomb(merge)))


# Mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\n\tb: 2\n", (2, 1)),
        ("a: b: c\n", (1, 5)),
        ("a: 1\nb\n", (2, 1)),
        ("a: 1\n---\nb: 2\n", (2, 1)),
        ("a: 1\nb: 2\na: 3\n", (3, 1)),
        ("a:\n  ? [x]\n  : 1\n", (2, 5)),
        ("a: !!python/object:os.system x\n", (1, 4)),
        ("a: !mine {b: 1}\n", (1, 4)),
        ("a: !!int x\n", (1, 4)),
        ("a: 'open\n", (1, 4)),
        ("a: @x\n", (1, 4)),
        ("a: [1, 2\nb: 3\n", (2, 2)),
        ("a: 1\n\nb: \x01\n", (3, 4)),
    ],
)
def test_a_mistake_is_reported_at_its_place(text: str, place: tuple[int, int]) -> None:
    assert place_of(text) == place


def test_bytes_that_are_not_utf8_are_reported_at_their_place() -> None:
    assert place_of(b"a: 1\nb: \xff\n") == (2, 4)


def test_a_key_given_twice_says_where_it_stood_first() -> None:
    [problem] = problems_of("a: 1\nb: 2\na: 3\n")
    assert (problem.message, problem.hint) == ('"a" is given twice', "first on line 1")


def test_all_mistakes_that_can_be_read_past_are_reported_at_once() -> None:
    text = "a: 1\na: 2\nb: !x 1\nc: {d: 1, d: 2}\n"
    assert [problem.line for problem in problems_of(text)] == [2, 3, 4]


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "[" * 500 + "]" * 500])
def test_towers_of_brackets_are_a_problem_and_no_crash(text: str) -> None:
    assert problems_of(text) != []


@given(st.binary(max_size=40) | st.text("ab:-[]{}&*!#|>'\"%@`?,<~\n\t 01.", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_but_never_crash(data: bytes) -> None:
    problems = Problems()
    parse_yaml(data, "f.yaml", problems)
    lines = data.count(b"\n") + data.count(b"\r") + 1
    assert all(1 <= problem.line <= lines + 1 and problem.column >= 1 for problem in problems.found)
