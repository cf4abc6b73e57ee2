"""`mlops graph`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import mlops, project

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
stages:
  prepare: {cmd: touch d, outs: [d], desc: 'Split "the" rows <now>'}
  train:
    matrix: {seed: [1, 2]}
    cmd: touch m-${matrix.seed}
    deps: [d]
    outs: ["m-${matrix.seed}"]
  best: {cmd: touch b, deps: [m-1, m-2], outs: [b]}
  alone: {cmd: touch a, outs: [a]}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return project(tmp_path / "p", PIPELINE)


def test_as_text_it_is_a_tree_in_the_direction_of_data_with_a_matrix_as_one(home: Path) -> None:
    answer = mlops(home, "graph")
    assert answer.code == 0
    assert answer.out == "prepare\n└── train (2)\n    └── best\nalone\n"


def test_full_draws_each_member_and_says_what_was_drawn_above(home: Path) -> None:
    lines = mlops(home, "graph", "--full").out.splitlines()
    assert lines == ["prepare", "├── train@1", "│   └── best", "└── train@2", "    └── best", "alone"]


def test_a_stage_is_drawn_with_what_it_needs_and_nothing_else(home: Path) -> None:
    assert mlops(home, "graph", "train").out == "prepare\n└── train (2)\n"
    assert mlops(home, "graph", "b").out == "prepare\n└── train (2)\n    └── best\n"


def test_as_dot_it_names_every_edge(home: Path) -> None:
    out = mlops(home, "graph", "-o", "dot").out
    assert out.startswith("digraph pipeline {")
    assert '"prepare" -> "train";' in out
    assert '"train" -> "best";' in out


def test_as_mermaid_it_names_every_edge(home: Path) -> None:
    lines = mlops(home, "graph", "-o", "mermaid").out.splitlines()
    assert lines[0] == "flowchart LR"
    ids = {text: name for name, _, text in (line.strip().partition("[") for line in lines) if text}
    prepare, train, best = (ids[f'"{label}"]'] for label in ("prepare", "train (2)", "best"))
    assert {f"  {prepare} --> {train}", f"  {train} --> {best}"} < set(lines)


def test_as_json_it_has_every_member_and_edge(home: Path) -> None:
    value = mlops(home, "graph", "--json").json
    assert value["schema"] == 1
    assert {(node["name"], node["count"]) for node in value["nodes"]} == {
        ("prepare", 1), ("train@1", 1), ("train@2", 1), ("best", 1), ("alone", 1),
    }  # fmt: skip
    assert {(edge["from"], edge["to"]) for edge in value["edges"]} == {
        ("prepare", "train@1"), ("prepare", "train@2"), ("train@1", "best"), ("train@2", "best"),
    }  # fmt: skip
    assert next(n["desc"] for n in value["nodes"] if n["name"] == "prepare") == 'Split "the" rows <now>'


def test_an_unknown_form_names_those_there_are(home: Path) -> None:
    answer = mlops(home, "graph", "-o", "svg")
    assert answer.code == 2
    assert all(form in answer.err for form in ("text", "dot", "mermaid"))


def test_it_needs_no_input_to_exist_and_writes_nothing_into_the_project(tmp_path: Path) -> None:
    root = project(tmp_path / "p", {"a": {"cmd": "true", "deps": ["nowhere.csv"], "outs": ["o"]}})
    assert mlops(root, "graph").out == "a\n"
    assert not (root / ".mlops").exists()
    assert not (root / ".gitignore").exists()
