"""Lineage from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli import open_project
from mlops_cli.errors import UsageError
from tests.support.command import commit, project, run
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def two(tmp_path: Path) -> Path:
    command = "cat d.csv > m${matrix.n}.pkl && echo ${matrix.n} >> m${matrix.n}.pkl"
    stage = {"matrix": {"n": [1, 2]}, "cmd": command, "deps": ["d.csv"], "outs": ["m${matrix.n}.pkl"]}
    folder = project(tmp_path / "two", {"train": stage}, {"d.csv": "a line of data\n" * 9})
    run(folder)
    commit(folder, "trained")
    return folder


def test_the_same_answers_come_from_python(two: Path) -> None:
    opened = open_project(two)
    graph = opened.lineage("m1.pkl").graph
    assert [graph.nodes[name].label for name in graph.starts] == ["m1.pkl"]
    assert len(opened.lineage("d.csv", down=True).models) == 2
    assert opened.lineage_chain("m1.pkl").generations[0].number == 0
    assert opened.lineage_verify("m1.pkl").good


def test_a_commit_leads_to_every_model_of_its_records(two: Path) -> None:
    graph = open_project(two).lineage("HEAD").graph
    assert {graph.nodes[name].label for name in graph.starts} == {"m1.pkl", "m2.pkl"}


def test_members_of_a_matrix_are_held_against_each_other(two: Path) -> None:
    found = open_project(two).lineage_diff("m1.pkl", "m2.pkl").differences
    assert [row.kind for row in found.rows] == ["program"]
    assert found.rows[0].stages == ("train@1", "train@2")


def test_what_made_several_models_cannot_be_compared_as_one(two: Path) -> None:
    with pytest.raises(UsageError, match="more than one"):
        open_project(two).lineage_diff("@latest", "m2.pkl")


def test_a_fresh_stage_of_a_run_leads_to_the_run_that_made_it(two: Path) -> None:
    more = "  more:\n    cmd: cat m1.pkl m2.pkl > all.txt\n    deps: [m1.pkl, m2.pkl]\n    outs: [all.txt]\n"
    text = (two / "mlops.yaml").read_text() + more
    write(two / "mlops.yaml", text)
    assert run(two) == {"train@1": "fresh", "train@2": "fresh", "more": "ran"}
    graph = open_project(two).lineage("@latest").graph
    assert [graph.nodes[name].label for name in graph.starts] == ["all.txt"]
    assert {p.stage for p in graph.productions.values()} == {"more", "train@1", "train@2"}
