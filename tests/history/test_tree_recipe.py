"""The recipe that a tree holds, told without checking it out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.git.discover import find_project
from mlops_cli.history.recipes import Recipes
from mlops_cli.history.tree_recipe import Files, Recipe, needed_stages, recipe_at, recipe_changes
from tests.support.command import commit, git, mlops, project
from tests.support.files import write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PIPELINE = """
stages:
  prepare:
    cmd: prepare
    deps: [data/raw.csv, "src/**/*.py"]
    outs: [clean.csv]
  train:
    cmd: train ${train.seed}
    deps: [clean.csv, train.py, outside.txt]
    params: [train.depth]
    env: [THREADS]
    outs: [model]
  report:
    cmd: report
    deps: [model, words.txt]
    outs: [report.txt]
runtime: [requirements.txt]
"""
TREE = {
    "mlops.yaml": PIPELINE,
    "params.yaml": "train: {depth: 3, seed: 1, other: 9}\n",
    "data/raw.csv": "1\n",
    "src/a.py": "",
    "src/deep/b.py": "",
    "train.py": "",
    "words.txt": "",
    "requirements.txt": "",
    "README.md": "",
}


def of(tree: Mapping[str, str], *targets: str, prefix: str = "") -> Recipe:
    """Return the recipe of a tree given as path to content; the content stands for its own id."""
    listing = {
        f"{prefix}{path}": f"100644 {text or 'empty'}".replace("\n", "/") for path, text in tree.items()
    }
    by_id = {
        entry.removeprefix("100644 ").split()[0]: tree[path[len(prefix) :]] for path, entry in listing.items()
    }
    listing = {path: f"100644 {entry.removeprefix('100644 ').split()[0]}" for path, entry in listing.items()}
    return recipe_at(Files(listing, lambda name: by_id[name].encode(), prefix), targets, {})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("data/raw.csv", "2\n"),
        ("src/deep/b.py", "x"),
        ("src/new.py", "x"),
        ("train.py", "x"),
        ("requirements.txt", "numpy"),
        ("params.yaml", "train: {depth: 4, seed: 1}\n"),
        ("params.yaml", "train: {depth: 3, seed: 2}\n"),
        ("mlops.yaml", PIPELINE.replace("cmd: prepare", "cmd: other")),
        ("mlops.yaml", PIPELINE.replace("THREADS", "CORES")),
        ("mlops.yaml", PIPELINE.replace("outs: [model]", "outs: [model, more]")),
        (".mlops/data/src/gen.json", "a record"),
        (".mlopsignore", "x"),
    ],
)
def test_whatever_decides_a_result_changes_the_recipe(path: str, text: str) -> None:
    assert of(TREE | {path: text}, "train").digest != of(TREE, "train").digest


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README.md", "x"),
        ("words.txt", "x"),  # of a stage after it
        ("params.yaml", "# words\ntrain: {depth: 3, seed: 1, other: 10}\n"),
        ("mlops.yaml", PIPELINE.replace("cmd: report", "cmd: other")),
        ("clean.csv", "made by a stage, and in Git all the same"),
        ("src/notes.md", "x"),
        (".mlops/runs/2026-01/r.json", "{}"),
        (".mlops/stages/train.json", "{}"),
    ],
)
def test_what_decides_nothing_does_not(path: str, text: str) -> None:
    assert of(TREE | {path: text}, "train").digest == of(TREE, "train").digest


def test_inputs_that_neither_git_nor_a_stage_has_are_loose() -> None:
    assert of(TREE, "train").loose == ("outside.txt",)
    tracked = TREE | {".mlops/data/outside.txt.json": "a record"}
    assert of(tracked, "train").loose == ()


def test_tracked_data_counts_by_its_record_at_around_and_inside_an_input() -> None:
    tree = {"mlops.yaml": "stages: {s: {cmd: s, deps: [data/images], outs: [o]}}\n"}
    for record in ("data/images.json", "data.json", "data/images/cats.json"):
        with_record = of(tree | {f".mlops/data/{record}": "1"})
        assert with_record.digest != of(tree).digest
        assert with_record.digest != of(tree | {f".mlops/data/{record}": "2"}).digest
    assert of(tree | {".mlops/data/other.json": "1"}).digest == of(tree).digest


def test_a_project_below_the_top_reads_its_own_files() -> None:
    assert (
        of(TREE, "train", prefix="shop/").digest
        != of(TREE | {"train.py": "x"}, "train", prefix="shop/").digest
    )
    assert of(TREE, "train", prefix="shop/").problem == ""


def test_a_wrong_pipeline_is_a_recipe_with_a_problem() -> None:
    broken = of(TREE | {"mlops.yaml": "stages: {s: {cmd: 1"})
    assert broken.problem
    assert of({"a": "b"}).problem


def test_stages_are_found_by_name_group_and_output_and_unknown_ones_passed_over() -> None:
    pipeline = of(TREE).pipeline
    assert pipeline is not None
    assert needed_stages(pipeline, ["train"]) == ("prepare", "train")
    assert needed_stages(pipeline, ["clean.csv", "gone"]) == ("prepare",)
    assert needed_stages(pipeline, ["gone"]) == needed_stages(pipeline, []) == ("prepare", "train", "report")


def test_what_differs_is_told_by_kind() -> None:
    new = TREE | {
        "params.yaml": "train: {depth: 4, seed: 1}\n",
        "train.py": "x",
        ".mlops/data/outside.txt.json": "record",
        "mlops.yaml": PIPELINE.replace("cmd: prepare", "cmd: other").replace(
            "[train.depth]", "[train.depth, train.seed]"
        ),
    }
    found = recipe_changes(of(TREE, "train"), of(new, "train"), "")
    assert [(p.name, p.old, p.new, p.there) for p in found.params] == [
        ("train.depth", 3, 4, (True, True)),
        ("train.seed", None, 1, (False, True)),
    ]
    assert (found.data, found.code, found.stages) == (("outside.txt",), ("train.py",), ("prepare",))


# Many trees ---------------------------------------------------------------------------------------------------------


def test_trees_read_from_their_neighbours_have_the_recipes_that_they_have_alone(tmp_path: Path) -> None:
    stages: dict[str, Any] = {"s": {"cmd": "s", "deps": ["in", "*.py"], "params": ["a"], "outs": ["o"]}}
    home = project(tmp_path / "p", stages, {"in": "1", "x.py": "", "params.yaml": "a: 1\n"})
    for name, text in [
        ("README.md", "1"),
        ("in", "2"),
        ("params.yaml", "a: 2\n"),
        ("params.yaml", "a: 2\nb: 3\n"),
        ("y.py", "new"),
        ("mlops.yaml", "stages: {s: {cmd: [1"),
        ("mlops.yaml", "stages: {s: {cmd: s, deps: [other], outs: [o]}}"),
        ("other", "1"),
        ("README.md", "2"),
    ]:
        write(home / name, text)
        commit(home, name)
    write(home / "big", "1")
    assert mlops(home, "add", "big").code == 0
    commit(home, "data")
    trees = git(home, "log", "--reverse", "--format=%T").split()
    place = find_project(home)
    with Recipes(place, os.environ, (), {}) as together:
        found = [recipe.digest for recipe in together.of(trees)]
        assert together.has(trees[0])
        assert not together.has("0" * 40)
    for tree, digest in zip(trees, found, strict=True):
        with Recipes(place, os.environ, (), {}) as alone:
            assert alone.of([tree])[0].digest == digest
    # README changes are the same recipe, everything else is another.
    assert found[0] == found[1]
    # Twice a README, a parameter that nothing uses, and data that nothing reads.
    assert len(set(found)) == len(found) - 4
