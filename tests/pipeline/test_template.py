"""Templates: what they are filled with, what they leave alone, and what they say when they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlops_cli.formats.problems import Problems
from mlops_cli.formats.yaml_text import Node
from mlops_cli.pipeline.template import Scope, fill, show
from tests.support.pipelines import node
from tests.support.strategies import json_values, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES: dict[str, Any] = {
    "word": "a",
    "number": 3,
    "list": [10, {"x": 1}],
    "deep": {"er": {"est": True}},
    "none": None,
}
_PARAMETERS: dict[str, Any] = {"train": {"depth": 4, "rate": 1e-05}, "word": "hidden by vars"}


def _scope(bound: Mapping[str, Any] | None = None) -> Scope:
    return Scope(bound or {}, _VARIABLES, lambda: _PARAMETERS)


def _fill(text: str, scope: Scope | None = None) -> tuple[Any, list[str]]:
    found = Problems()
    filled = fill(Node(text, 1, 1), scope or _scope(), "f", found)
    return filled.plain(), [p.message for p in found.found]


def _good(text: str, bound: Mapping[str, Any] | None = None) -> Any:
    value, found = _fill(text, _scope(bound))
    assert not found
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${word}", "a"),
        ("${ word }", "a"),
        ("${number}", 3),
        ("${none}", None),
        ("${deep.er.est}", True),
        ("${list}", [10, {"x": 1}]),
        ("${list.0}", 10),
        ("${list[1].x}", 1),
        ("${train.depth}", 4),
        ("${vars.word}", "a"),
        ("${params.word}", "hidden by vars"),
        ("${params.train}", {"depth": 4, "rate": 1e-05}),
    ],
)
def test_a_text_that_is_one_template_takes_the_value_with_its_type(text: str, value: object) -> None:
    filled = _good(text)
    assert (filled, type(filled)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a ${word} b ${number}", "a a b 3"),
        ("${word}${number}", "a3"),
        ("-${train.rate}-${deep.er.est}-${none}-", "-1e-05-true--"),
        (" ${number}", " 3"),
    ],
)
def test_inside_text_values_become_text(text: str, value: str) -> None:
    assert _good(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\${HOME}", "${HOME}"),
        ("$${HOME}", "${HOME}"),
        (r"${word} \${word} $${word}", "a ${word} ${word}"),
        (r"\${HOME:-/root}", "${HOME:-/root}"),
        (r"\${never closed", "${never closed"),
        ("$word $(date) $$", "$word $(date) $$"),
    ],
)
def test_the_shells_own_variables_can_be_written(text: str, value: str) -> None:
    assert _good(text) == value


def test_what_is_bound_goes_before_variables_and_variables_before_parameters() -> None:
    scope = Scope(
        {"key": "bound"}, {"key": "var", "b": "var"}, lambda: {"key": "param", "b": "param", "c": "param"}
    )
    assert _fill("${key} ${b} ${c}", scope) == ("bound var param", [])


def test_keys_are_filled_too_and_stand_where_they_stood() -> None:
    found = Problems()
    filled = fill(node("x:\n  ${word}: ${number}\n"), _scope(), "f", found)
    assert filled.plain() == {"x": {"a": 3}}
    assert filled.value["x"].keys == {"a": (2, 3)}


def test_a_key_is_always_text() -> None:
    found = Problems()
    filled = fill(node("x:\n  ${number}: 1\n  ${list}: 2\n"), _scope(), "f", found)
    assert filled.plain() == {"x": {"3": 1, "": 2}}
    assert [(p.line, p.message) for p in found.found] == [
        (3, "${list} is a list and cannot stand inside text")
    ]


def test_what_a_template_brings_stands_where_the_template_stood() -> None:
    filled = fill(node("a: 1\nb: ${list}\n"), _scope(), "f", Problems())
    items = filled.value["b"].value
    assert [(item.line, item.column) for item in items] == [(2, 4), (2, 4)]


def test_nothing_is_filled_twice() -> None:
    scope = Scope({}, {"a": "${b}", "b": "never"}, dict)
    assert _fill("${a}!", scope) == ("${b}!", [])


def test_parameters_are_not_read_before_they_are_needed() -> None:
    def read() -> dict[str, Any]:
        raise AssertionError

    scope = Scope({"matrix": {"v": 1}}, {"a": 2}, read)
    assert _fill("${a} ${matrix.v} plain", scope) == ("2 1 plain", [])


def test_with_a_broken_file_unknown_names_are_no_problem_and_the_scope_is_blind() -> None:
    scope = Scope({}, {"a": 1}, lambda: None)
    assert _fill("${a}", scope) == (1, [])
    before = scope.blind
    assert _fill("x${anything.else}", scope) == ("x", [])
    assert (before, scope.blind) == (False, True)
    assert scope.with_bound({}).blind


@given(
    st.recursive(
        texts | st.integers() | st.none() | st.booleans(), lambda x: st.lists(x) | st.dictionaries(texts, x)
    )
)
def test_a_value_without_a_template_is_left_as_it_is(value: Any) -> None:
    written = _nodes(value)
    assume("${" not in str(value))
    found = Problems()
    assert fill(written, _scope(), "f", found) is written
    assert not found.found


@given(
    st.lists(
        st.sampled_from(
            ["${", "}", "$", "\\", "word", ".", "[0]", "[", "list", "deep", " ", "é", "matrix", "²"]
        )
    )
)
def test_filling_never_raises_and_always_says_why_something_is_empty(parts: list[str]) -> None:
    text = "".join(parts)
    value, found = _fill(text)
    assert len(found) <= text.count("${")
    if not found and isinstance(value, str) and "\\${" not in text and "$${" not in text:
        assert "${" not in value


@given(json_values, st.text(max_size=30))
def test_filling_with_any_values_never_raises(values: Any, text: str) -> None:
    scope = Scope({"matrix": {"v": values}, "item": values}, {"v": values}, lambda: {"p": values})
    for template in (text, f"${{{text}}}", f"${{v.{text}}}", "x ${v} ${matrix} ${p}", "${v}"):
        fill(Node({template: Node(template, 1, 1)}, 1, 1), scope, "f", Problems())


def test_text_with_many_openings_is_read_in_one_go() -> None:
    # Quadratic reading of this text would take minutes.
    value, found = _fill("${" * 200_000)
    assert value == ""
    assert len(found) == 1


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (True, "true"), (False, "false"), (1.0, "1.0"), (7, "7"), ("é", "é")]
)
def test_scalars_are_shown_as_yaml_writes_them(value: object, text: str) -> None:
    assert show(value) == text


def _nodes(value: Any) -> Node:
    if isinstance(value, list):
        return Node([_nodes(item) for item in value], 1, 1)
    if isinstance(value, dict):
        return Node({key: _nodes(item) for key, item in value.items()}, 1, 1)
    return Node(value, 1, 1)


def test_what_was_asked_for_is_noted_with_its_file_but_for_matrix_values() -> None:
    parameters = {"train": {"depth": 4, "sizes": [64, 32]}, "name": "a"}
    scope = Scope(
        {"matrix": {"v": 1}},
        {"data": {"raw": "r", "other": 2}, "folder": "out-4", "plain": 1},
        lambda: parameters,
        file="params.yaml",
        origins={"data": "data.yaml", "folder": {("params.yaml", "train.depth"): 4}},
    )
    for name in ("matrix.v", "plain", "train.sizes[1]", "params.name", "vars.data.raw", "folder"):
        scope.find(name)
    assert scope.used == {
        ("params.yaml", "train.sizes"): [64, 32],
        ("params.yaml", "name"): "a",
        ("data.yaml", "data.raw"): "r",
        ("params.yaml", "train.depth"): 4,
    }
    assert scope.with_bound({}).used == {}
