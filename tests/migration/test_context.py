"""What `${…}`, `foreach` and `matrix` of a dvc.yaml stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.migration.context import (
    Context,
    ResolveError,
    Style,
    foreach_members,
    load_context,
    matrix_members,
)

if TYPE_CHECKING:
    from typing import Any

VALUES = {
    "a": 1,
    "t": True,
    "n": None,
    "s": "x y",
    "l": [1, {"b": 2}],
    "d": {"lr": 0.1, "deep": {"k": "it's"}, "on": True, "off": False},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${a}", 1), ("${ a }", 1), ("x${a}y", "x1y"), ("${t}!", "true!"), ("${n}!", "None!"), ("${l[1].b}", 2), ("${l.0}", 1),
        (r"\${a}", "${a}"), (r"\${a} ${a}", "${a} 1"), ("$${a}", "$1"), ("${d.lr}${a}", "0.11"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_templates_are_filled_as_dvc_fills_them(text: str, value: Any) -> None:
    assert Context(VALUES).resolve(text) == value


@pytest.mark.parametrize("text", ["${nowhere}", "${a.b}", "${l[7]}", "${d}", "x ${l}", "${l.x}"])
def test_what_dvc_refuses_is_refused(text: str) -> None:
    with pytest.raises(ResolveError):
        Context(VALUES).resolve(text, "deps")


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (Style(), "--lr 0.1 --deep.k 'it'\"'\"'s' --on"),
        (Style(negate=True), "--lr 0.1 --deep.k 'it'\"'\"'s' --on --no-off"),
    ],
)
def test_in_a_command_a_mapping_becomes_arguments(style: Style, text: str) -> None:
    assert Context(VALUES, style).resolve("run ${d}", "cmd") == f"run {text}"


@pytest.mark.parametrize(("style", "text"), [(Style(), "--l 1 2"), (Style(repeat=True), "--l 1 --l 2")])
def test_a_list_in_a_mapping_becomes_one_argument_or_many(style: Style, text: str) -> None:
    assert Context({"d": {"l": [1, 2]}}, style).resolve("${d} end", "cmd") == f"{text} end"


def test_variables_are_merged_into_parameters_and_never_replace_them() -> None:
    files = {"sub/params.yaml": b"d: {a: 1}\n", "sub/v.json": b'{"x": 1, "y": 2}'}
    found = load_context([{"d": {"b": 2}}, "v.json:y"], "sub", files.get, Style())
    assert found.values == {"d": {"a": 1, "b": 2}, "y": 2}
    with pytest.raises(ResolveError, match="defined twice"):
        load_context([{"d": {"a": 2}}], "sub", files.get, Style())
    with pytest.raises(ResolveError, match="does not exist"):
        load_context(["none.yaml"], "sub", files.get, Style())


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (["a", 1, True, 0.5, None], ["a", "1", "true", "0.5", "None"]),
        (["a", {"x": 1}], ["0", "1"]),
        ({"u": 1, "v": {"x": 2}}, ["u", "v"]),
        (["a", "a"], ["a"]),
    ],
)
def test_members_of_a_foreach_have_the_names_that_dvc_gives_them(value: Any, names: list[str]) -> None:
    assert [name for name, _ in foreach_members(value)] == names


def test_members_of_a_matrix_have_the_names_that_dvc_gives_them() -> None:
    found = matrix_members({"a": ["x", {"k": 1}], "b": [1, True]})
    assert [name for name, _ in found] == ["x-1", "x-true", "a1-1", "a1-true"]
    assert found[0][1] == {"key": "x-1", "item": {"a": "x", "b": 1}}
