"""Changing values in a file, and nothing around them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.formats.data_text import read_values
from mlops_cli.formats.edit_toml import toml_value
from mlops_cli.formats.problems import Problems
from mlops_cli.formats.value_edit import Change, change_values, identical

YAML = """\
# what training uses
train:
  lr: 0.1        # learning rate
  depth: 4
  'layers':       # sizes
  - 64
  - 32
  # before the name
  name: "a # b"
  empty:
  text: |
    two
    lines
  options: {a: 1, b: [1, 2]}   # in braces

seeds: [1, 2, 3]
"""


def changed(text: str, name: str, value: Any, file: str = "params.yaml") -> str:
    return change_values(text.encode(), file, [Change(name, value)]).decode()


@pytest.mark.parametrize(
    ("name", "value", "old", "new"),
    [
        ("train.lr", 0.01, "  lr: 0.1  ", "  lr: 0.01  "),
        ("train.lr", 1e-05, "  lr: 0.1  ", "  lr: 1.0e-05  "),
        ("train.depth", "no", "depth: 4\n", 'depth: "no"\n'),
        ("train.depth", "1e-3", "depth: 4\n", 'depth: "1e-3"\n'),
        ("train.layers.1", 16, "  - 32\n", "  - 16\n"),
        ("train.layers", [8], "'layers':       # sizes\n  - 64\n  - 32\n", "'layers': [8]       # sizes\n"),
        ("train.name", "c", '"a # b"', "c"),
        ("train.empty", 1, "empty:\n", "empty: 1\n"),
        ("train.empty.a", 1, "empty:\n", "empty: {a: 1}\n"),
        ("train.text", "one", "|\n    two\n    lines\n", "one\n"),
        ("train.options.b.0", None, "[1, 2]}", "[null, 2]}"),
        ("train.options.c", True, "b: [1, 2]}", "b: [1, 2], c: true}"),
        ("train.options", {"x": 1.0}, "{a: 1, b: [1, 2]}", "{x: 1.0}"),
        ("seeds", 7, "seeds: [1, 2, 3]", "seeds: 7"),
        ("train.new", "x", "  # in braces\n", "  # in braces\n  new: x\n"),
        ("other.deep.er", 2, "seeds: [1, 2, 3]\n", "seeds: [1, 2, 3]\nother:\n  deep:\n    er: 2\n"),
    ],
)
def test_of_a_yaml_file_only_the_value_changes(name: str, value: Any, old: str, new: str) -> None:
    assert YAML.count(old) == 1
    assert changed(YAML, name, value) == YAML.replace(old, new)


def test_lines_may_end_as_on_windows_and_a_mark_may_stand_at_the_beginning() -> None:
    data = b"\xef\xbb\xbfa: 1 # x\r\nb: 2\r\n"
    assert change_values(data, "p.yaml", [Change("a", 3), Change("c.d", 4)]) == (
        b"\xef\xbb\xbfa: 3 # x\r\nb: 2\r\nc:\r\n  d: 4\r\n"
    )


def test_a_merged_value_is_overridden_where_it_was_merged() -> None:
    text = "base: &base\n  lr: 1\ntrain:\n  <<: *base\n  depth: 2\n"
    assert changed(text, "train.lr", 5) == text + "  lr: 5\n"


def test_an_anchor_stays_with_its_value() -> None:
    assert changed("a: &x 1 # one\nb: 2\n", "a", 3) == "a: &x 3 # one\nb: 2\n"


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_value_that_stands_for_two_is_left_alone(name: str) -> None:
    with pytest.raises(FileError, match="cannot be changed without touching more") as caught:
        changed("a: &x 1\nb: *x\n", name, 3)
    assert f"{name} = 3" in caught.value.hint


@pytest.mark.parametrize(
    ("before", "name", "value", "after"),
    [
        ('{\n\t"a": 1,\n\t"b": {"c": [1, 2]}\n}\n', "b.c.1", 5, '{\n\t"a": 1,\n\t"b": {"c": [1, 5]}\n}\n'),
        ('{\n\t"a": 1\n}\n', "d", "x", '{\n\t"a": 1,\n\t"d": "x"\n}\n'),
        ('{"a": 1}', "b.c", 2, '{"a": 1, "b": {"c": 2}}'),
        ('{"a": {}}', "a.b", 2, '{"a": {"b": 2}}'),
        ('{"a.b": 1, "a": {"b": 2}}', "a.b", 3, '{"a.b": 3, "a": {"b": 2}}'),
        ("", "a", 1, '{\n  "a": 1\n}\n'),
    ],
)
def test_of_a_json_file_only_the_value_changes(before: str, name: str, value: Any, after: str) -> None:
    assert changed(before, name, value, "p.json") == after


TOML = """\
# top
seed = 1 # one
name = "a # b" # two

[train]   # training
lr = 0.1
layers = [
  64, # first
  32,
]
opt.kind = "adam"
inline = {a = 1, b = {c = 2}}
text = \"\"\"
[train.fake]
lr = 3
\"\"\"

[train.deep]
x = 1
[[lists]]
y = 1
"""


@pytest.mark.parametrize(
    ("name", "value", "old", "new"),
    [
        ("seed", 2, "seed = 1 #", "seed = 2 #"),
        ("name", "c", '"a # b" #', '"c" #'),
        ("train.lr", 1e-05, "lr = 0.1", "lr = 1e-05"),
        ("train.layers", [8, 4], "[\n  64, # first\n  32,\n]", "[8, 4]"),
        ("train.opt.kind", "sgd", '"adam"', '"sgd"'),
        ("train.inline.b.c", 5, "{a = 1, b = {c = 2}}", "{a = 1, b = {c = 5}}"),
        ("train.deep.x", True, "x = 1", "x = true"),
        ("train.deep.z", "q", "x = 1\n", 'x = 1\nz = "q"\n'),
        ("other.a", 1, "y = 1\n", "y = 1\n\n[other]\na = 1\n"),
        ("top", 1, "# two\n", "# two\ntop = 1\n"),
    ],
)
def test_of_a_toml_file_only_the_value_changes(name: str, value: Any, old: str, new: str) -> None:
    assert TOML.count(old) == 1
    assert changed(TOML, name, value, "p.toml") == TOML.replace(old, new)


@pytest.mark.parametrize(("name", "value"), [("lists.0.y", 2), ("seed", None), ("train.lr.x", 1)])
def test_what_toml_cannot_have_changed_is_refused(name: str, value: Any) -> None:
    with pytest.raises(FileError):
        changed(TOML, name, value, "p.toml")


def test_parameters_in_python_are_refused() -> None:
    with pytest.raises(FileError, match="lr cannot be changed"):
        changed("lr = 1\n", "lr", 2, "params.py")


# Laws ---------------------------------------------------------------------------------------------------------------

NAMES = st.text(st.sampled_from("abxyz_-1 é#:'"), min_size=1, max_size=6)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
    | st.sampled_from(
        ["no", "1e-3", "", "~", "1:30", "a: b", "# x", "- x", "&a", "*a", "'", '"', "\n", "x\n"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
FILES = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*path, key))
    return found


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {k: with_value(v, path[1:], new) if k == path[0] else v for k, v in value.items()}
    return [with_value(v, path[1:], new) if i == path[0] else v for i, v in enumerate(value)]


def check_change(text: str, file: str, before: Any, path: tuple[Any, ...], new: Any) -> None:
    name = ".".join(map(str, path))
    now = read_values(changed(text, name, new, file).encode(), file, Problems())
    assert identical(now, with_value(before, path, new))


@given(st.data(), FILES, VALUES, st.booleans())
def test_any_value_of_any_yaml_file_can_be_changed(data: Any, values: Any, new: Any, flow: bool) -> None:
    text = yaml.safe_dump(values, sort_keys=False, default_flow_style=flow or None, allow_unicode=True)
    before = read_values(text.encode(), "p.yaml", Problems())
    assert before is not None
    check_change(text, "p.yaml", before, data.draw(st.sampled_from(places(before))), new)


@given(st.data(), FILES, VALUES, st.sampled_from([None, 2, "\t"]))
def test_any_value_of_any_json_file_can_be_changed(data: Any, values: Any, new: Any, indent: Any) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    check_change(text, "p.json", values, data.draw(st.sampled_from(places(values))), new)


def without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_null(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_null(v) for v in value]
    return 0 if value is None else value


@given(st.data(), FILES.map(without_null), VALUES.map(without_null))
def test_any_value_of_any_toml_file_can_be_changed(data: Any, values: Any, new: Any) -> None:
    lines = [
        f"{json.dumps(key, ensure_ascii=False)} = {toml_value(value)} # x\n" for key, value in values.items()
    ]
    text = "".join(lines)
    before = read_values(text.encode(), "p.toml", Problems())
    check_change(text, "p.toml", before, data.draw(st.sampled_from(places(before))), new)


@given(FILES, st.sampled_from(["yaml", "json"]))
def test_what_is_new_is_added_and_nothing_else_changes(values: Any, kind: str) -> None:
    text = json.dumps(values) if kind == "json" else yaml.safe_dump(values, allow_unicode=True)
    before = read_values(text.encode(), f"p.{kind}", Problems())
    now = read_values(changed(text, "new.name", 1, f"p.{kind}").encode(), f"p.{kind}", Problems())
    assert before is not None
    assert identical(now, {**before, "new": {"name": 1}})
