"""`mlops stages`."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from tests.support.command import mlops, project

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
stages:
  train:
    desc: Learn, then "keep"
    cmd: [python t.py, echo | done]
    deps: [t.py, data/*.csv]
    params: [depth]
    env: [THREADS]
    outs: [m, {path: p, persist: true}]
    metrics: [s.json]
  plain: {cmd: a | b, outs: [q]}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return project(tmp_path / "p", PIPELINE, {"params.yaml": "depth: 3\n", "t.py": ""})


def test_a_table_says_what_each_stage_does_needs_and_makes(home: Path) -> None:
    lines = mlops(home, "stages").out.splitlines()
    assert lines[0].split() == ["stage", "what", "it", "does", "needs", "makes"]
    assert "train" in lines[1]
    assert "t.py, data/*.csv" in lines[1]
    assert "m, p, s.json" in lines[1]


def test_json_holds_the_whole_definition(home: Path) -> None:
    value = mlops(home, "stages", "--json").json
    assert value["schema"] == 1
    assert value["stages"][0] == {
        "name": "train",
        "desc": 'Learn, then "keep"',
        "program": ["python t.py", "echo | done"],
        "wdir": ".",
        "deps": ["t.py", "data/*.csv"],
        "params": {"params.yaml": ["depth"]},
        "env": ["THREADS"],
        "outs": [
            {"path": "m", "kind": "out", "cache": True, "persist": False},
            {"path": "p", "kind": "out", "cache": True, "persist": True},
            {"path": "s.json", "kind": "metric", "cache": False, "persist": False},
        ],
        "file": "mlops.yaml",
        "line": 2,
    }
    assert mlops(home, "stages", "-o", "json").json == value


def test_csv_can_be_read_back(home: Path) -> None:
    rows = list(csv.reader(mlops(home, "stages", "-o", "csv").out.splitlines()))
    assert rows[0] == ["stage", "what it does", "needs", "makes"]
    assert rows[1][:2] == ["train", 'Learn, then "keep"']


def test_markdown_keeps_its_columns_where_a_command_has_a_bar(home: Path) -> None:
    lines = mlops(home, "stages", "-o", "md").out.splitlines()
    assert lines[1] == "| --- | --- | --- | --- |"
    assert "a \\| b" in lines[3]


def test_names_narrow_the_list(home: Path) -> None:
    assert [row["name"] for row in mlops(home, "stages", "plain", "--json").json["stages"]] == ["plain"]
    assert [row["name"] for row in mlops(home, "stages", "t*", "--json").json["stages"]] == ["train"]


def test_an_unknown_form_names_those_there_are(home: Path) -> None:
    answer = mlops(home, "stages", "-o", "xml")
    assert answer.code == 2
    assert "csv" in answer.err


def test_a_value_with_marks_of_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    root = project(tmp_path / "p", {"a": {"cmd": "echo '[bold]x[/bold]' :smile:", "outs": ["o"]}})
    assert "[bold]x[/bold]' :smile:" in mlops(root, "stages").out
