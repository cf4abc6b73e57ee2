"""One stage as written to many: which members there are, what they are called, what they see."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.formats.problems import Problems
from mlops_cli.formats.yaml_text import Node
from mlops_cli.pipeline.expand import foreach_members, matrix_members
from mlops_cli.pipeline.fields import Fields
from tests.support.pipelines import node
from tests.support.strategies import texts


def _fields() -> Fields:
    return Fields("f", "", 0, Problems())


def test_a_matrix_gives_every_combination_in_the_order_in_which_it_is_written() -> None:
    members = matrix_members(node("{algo: [forest, boosting], seed: [1, 2]}"), _fields())
    assert [label for label, _ in members] == ["forest-1", "forest-2", "boosting-1", "boosting-2"]
    assert members[1][1] == {"matrix": {"algo": "forest", "seed": 2}}


@pytest.mark.parametrize(
    ("axis", "labels"),
    [
        ("[true, 0.1, ~, '', 1e-05]", ["true", "0.1", "null", "null", "1e-05"]),
        ("[a/b, 'a b', été, x+y_z-1.0]", ["a_b", "a_b", "_t_", "x+y_z-1.0"]),
        ("[{d: 1}, [2], last]", ["v0", "v1", "last"]),
        ("single", ["single"]),
    ],
)
def test_members_are_named_by_their_values(axis: str, labels: list[str]) -> None:
    assert [label for label, _ in matrix_members(node(f"{{v: {axis}}}"), _fields())] == labels


def test_a_long_value_is_named_by_its_position() -> None:
    members = matrix_members(node(f"{{v: [{'x' * 80}, {'y' * 81}]}}"), _fields())
    assert [label for label, _ in members] == ["x" * 80, "v1"]
    assert members[1][1] == {"matrix": {"v": "y" * 81}}


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_]\w{0,5}", fullmatch=True).filter(str.isascii),
        st.lists(texts, min_size=1, max_size=3),
        min_size=1,
        max_size=3,
    )
)
def test_a_matrix_has_the_product_of_its_axes_and_names_fit_for_files(axes: dict[str, list[str]]) -> None:
    fields = _fields()
    values = {name: Node([Node(v, 1, 1) for v in axis], 1, 1) for name, axis in axes.items()}
    members = matrix_members(Node(values, 1, 1), fields)
    assert not fields.problems.found
    assert [bound["matrix"] for _, bound in members] == [
        dict(zip(axes, choice, strict=True)) for choice in product(*axes.values())
    ]
    for label, _ in members:
        assert re.fullmatch(r"[A-Za-z0-9_.+-]+", label)


def test_foreach_over_a_list_gives_item_and_position() -> None:
    members = foreach_members(node("[north, {x: 1}]"), _fields())
    assert members == [("north", {"key": 0, "item": "north"}), ("1", {"key": 1, "item": {"x": 1}})]


def test_foreach_over_a_mapping_gives_key_and_item() -> None:
    members = foreach_members(node("{north: {rows: 1}, south: 2}"), _fields())
    assert members == [
        ("north", {"key": "north", "item": {"rows": 1}}),
        ("south", {"key": "south", "item": 2}),
    ]


@pytest.mark.parametrize("text", ["3", "text", "true", "[]", "{}"])
def test_a_foreach_without_members_has_none_and_is_told(text: str) -> None:
    fields = _fields()
    assert foreach_members(node(text), fields) == []
    assert len(fields.problems.found) == 1


@pytest.mark.parametrize("text", ["{a: {b: 1}}", "{a: }", "{a: []}", "{}", "[a]", "3"])
def test_a_matrix_without_values_has_no_members_and_is_told_once(text: str) -> None:
    fields = _fields()
    assert matrix_members(node(text), fields) == []
    assert len(fields.problems.found) == 1


def test_a_matrix_of_ten_thousand_is_taken_and_one_more_is_not() -> None:
    fields = _fields()
    rows = Node([Node(i, 1, 1) for i in range(10_000)], 1, 1)
    assert len(matrix_members(Node({"v": rows}, 1, 1), fields)) == 10_000
    assert not fields.problems.found
    rows.value.append(Node(0, 1, 1))
    assert matrix_members(Node({"v": rows}, 1, 1), fields) == []
    assert foreach_members(rows, fields) == []
    assert len(fields.problems.found) == 2


def test_an_impossible_product_is_refused_before_it_is_made() -> None:
    rows = Node([Node(i, 1, 1) for i in range(9_999)], 1, 1)
    fields = _fields()
    assert matrix_members(Node({f"a{i}": rows for i in range(9)}, 1, 1), fields) == []
    assert len(fields.problems.found) == 1
