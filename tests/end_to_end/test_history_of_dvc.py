"""A repository that only ever knew DVC: its history goes on after coming over, back to the first lock file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.command import commit, git, mlops, run
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.dvc import Dvc
    from tests.support.dvc_projects import Maker

STAGES = """
stages:
  prepare:
    cmd: sort data/raw.csv > clean.csv
    deps: [data/raw.csv]
    outs: [clean.csv]
  train:
    cmd: mkdir -p model; cat clean.csv params.yaml > model/weights; echo '{"acc":0.5}' > acc.json
    deps: [clean.csv]
    params: [train.depth]
    outs: [model]
    metrics:
      - acc.json:
          cache: false
"""


def _md5(folder: Path, path: str, file: str = "dvc.lock") -> str:
    """Return what DVC's file says now of an output."""
    value = yaml.safe_load((folder / file).read_text())
    rows = [out for stage in value.get("stages", {"": value}).values() for out in stage["outs"]]
    return next(f"md5:{row['md5']}" for row in rows if row["path"] == path)


@pytest.fixture(scope="module")
def past(
    maker: Maker, dvc: Dvc, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, str]]]:
    """Return a repository with four lock files in its history, and what each of them said of model and data."""
    folder = maker.empty(tmp_path_factory.mktemp("past") / "repo")
    write_all(folder, {"dvc.yaml": STAGES, "params.yaml": "train:\n  depth: 1\n", "data/raw.csv": "b\na\n"})
    said = []
    for depth in range(1, 5):
        write(folder / "params.yaml", f"train:\n  depth: {depth}\n")
        if depth == 3:
            write(folder / "data/raw.csv", "c\nb\na\n")
        dvc(folder, "add", "data/raw.csv")
        dvc(folder, "repro")
        made = commit(folder, f"depth {depth}")
        said.append(
            {
                "model": _md5(folder, "model"),
                "raw": _md5(folder, "raw.csv", "data/raw.csv.dvc"),
                "commit": made,
            }
        )
    assert mlops(folder, "migrate", "dvc").code == 0
    git(folder, "rm", "-r", "--cached", "--quiet", "dvc.lock", "dvc.yaml", "data/raw.csv.dvc")
    for file in ("dvc.lock", "dvc.yaml", "data/raw.csv.dvc"):
        (folder / file).unlink()
    commit(folder, "over to mlops")
    return folder, said


def lineage(folder: Path, *arguments: str) -> tuple[dict[str, Any], list[Any]]:
    """Return nodes by id, and edges."""
    answer = mlops(folder, "lineage", *arguments, "--json")
    assert answer.code == 0, answer
    return {node["id"]: node for node in answer.json["nodes"]}, answer.json["edges"]


def kinds(nodes: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [node for node in nodes.values() if node["kind"] == kind]


def digests(nodes: dict[str, Any]) -> set[str]:
    return {value for node in nodes.values() for value in [node.get("digest")] if value}


def test_the_model_of_today_is_the_one_that_dvc_made(past: tuple[Path, list[dict[str, str]]]) -> None:
    folder, said = past
    nodes, _ = lineage(folder, "model")
    made = json.loads((folder / ".mlops/stages/train.json").read_bytes())["outs"]["model"]["digest"]
    assert made in digests(nodes)
    text = mlops(folder, "lineage", "model", "-v")
    assert text.code == 0, text
    # Who made it is told by the commit that brought the lock file, not by the one that came over.
    assert said[3]["commit"][:7] in text.out
    assert "depth=4" in text.out
    assert "data/raw.csv" in text.out
    assert said[3]["model"] not in digests(nodes), "it has one name, not two"


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_every_lock_file_is_history_back_to_the_first(
    past: tuple[Path, list[dict[str, str]]], version: int
) -> None:
    folder, said = past
    for ref in (["model", "--at", said[version]["commit"]], [said[version]["model"]]):
        nodes, edges = lineage(folder, *ref)
        runs = kinds(nodes, "run")
        assert {node["stage"] for node in runs} == {"prepare", "train"}, ref
        train = next(node for node in runs if node["stage"] == "train")
        params = [
            nodes[edge["from"]]
            for edge in edges
            if edge["to"] == train["id"] and nodes[edge["from"]]["kind"] == "params"
        ]
        assert f'"train.depth": {version + 1}' in json.dumps([train, params]), ref
        assert said[version]["commit"] in json.dumps(nodes), ref


def test_what_came_of_the_first_data_is_found_on_both_sides(past: tuple[Path, list[dict[str, str]]]) -> None:
    folder, said = past
    old, _ = lineage(folder, said[0]["raw"], "--down")
    assert {said[0]["model"], said[1]["model"]} <= digests(old)
    assert said[2]["model"] not in digests(old)
    new, _ = lineage(folder, said[2]["raw"], "--down")
    now = json.loads((folder / ".mlops/stages/train.json").read_bytes())["outs"]["model"]["digest"]
    assert {said[2]["model"], now} <= digests(new)


def test_work_goes_on_after_the_switch(past: tuple[Path, list[dict[str, str]]], tmp_path: Path) -> None:
    folder, said = past
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(folder), str(clone))
    nodes, _ = lineage(clone, "model")
    assert said[3]["commit"] in json.dumps(nodes)
    write(folder / "params.yaml", "train:\n  depth: 5\n")
    assert run(folder) == {"prepare": "fresh", "train": "ran"}
    nodes, _ = lineage(folder, "model")
    assert {node["stage"] for node in kinds(nodes, "run")} == {"prepare", "train"}
    # What was prepared under DVC is what it was trained on now.
    assert said[2]["commit"] in json.dumps(nodes)
