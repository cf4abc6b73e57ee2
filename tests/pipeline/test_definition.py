"""The definition as values: plain and back without loss."""

from __future__ import annotations

import json

from hypothesis import given

from mlops_cli.pipeline.definition import Dependency, Pipeline, Place, Stage, dump_pipeline, load_pipeline
from tests.support.pipelines import parse
from tests.support.strategies import pipelines

_HERE = Place("mlops.yaml", 1, 1)


@given(pipelines())
def test_loading_what_was_dumped_gives_the_same_pipeline(pipeline: Pipeline) -> None:
    assert load_pipeline(dump_pipeline(pipeline)) == pipeline


@given(pipelines())
def test_a_dump_survives_json_with_every_place(pipeline: Pipeline) -> None:
    again = load_pipeline(json.loads(json.dumps(dump_pipeline(pipeline))))
    assert again == pipeline
    assert list(again.stages) == list(pipeline.stages)
    # Places do not count for equality, so they are looked at on their own.
    for name, stage in pipeline.stages.items():
        assert again.stages[name].place == stage.place
        assert [d.place for d in again.stages[name].deps] == [d.place for d in stage.deps]
        assert [o.place for o in again.stages[name].outs] == [o.place for o in stage.outs]


def test_a_dump_leaves_out_what_nobody_wrote() -> None:
    row = dump_pipeline(parse("stages:\n  a: {cmd: x}\n"))["stages"]
    assert row == [{"name": "a", "commands": ("x",), "place": ["mlops.yaml", 2, 3], "deps": [], "outs": []}]


def test_where_a_stage_stands_does_not_make_it_another_stage() -> None:
    one = Stage("a", _HERE, commands=("x",), deps=(Dependency("d", _HERE),))
    other = Stage("a", Place("other.yaml", 7, 3), commands=("x",), deps=(Dependency("d", Place("z", 2, 2)),))
    assert one == other


def test_the_program_of_a_step_holds_its_settings_and_that_of_a_command_its_lines() -> None:
    assert Stage("a", _HERE, commands=("x", "y")).program == ["x", "y"]
    step = Stage("a", _HERE, uses="copy", settings={"n": 1}, version=2)
    assert step.program == {"uses": "copy", "with": {"n": 1}, "version": 2}


def test_all_members_of_a_matrix_share_a_group() -> None:
    stages = parse("stages:\n  a:\n    matrix: {v: [1, 2]}\n    cmd: x\n  b: {cmd: y}\n").stages.values()
    assert [(s.name, s.group) for s in stages] == [("a@1", "a"), ("a@2", "a"), ("b", "b")]
