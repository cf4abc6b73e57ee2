"""`models:` of a pipeline file."""

from __future__ import annotations

import pytest

from mlops_cli.formats.problems import DefinitionError
from mlops_cli.pipeline.definition import Model, dump_pipeline, load_pipeline
from mlops_cli.pipeline.parse import parse_pipeline
from tests.support.pipelines import parse, problems, reader


def test_a_model_names_its_artifact_its_evaluation_and_its_predictor() -> None:
    text = "models:\n  churn: {artifact: ./models/best.joblib, evaluation: reports/e/, predictor: src/p.py:Own}\n"
    assert parse(text).models == {
        "churn": Model("churn", "models/best.joblib", "reports/e", "src/p.py:Own"),
    }


def test_a_model_of_a_sub_project_has_its_folder_before_name_and_paths() -> None:
    files = {
        "mlops.yaml": "include: [sub]\n",
        "sub/mlops.yaml": "models: {m: {artifact: a.joblib, predictor: p.py:P}}\n",
    }
    assert parse(files).models == {"sub:m": Model("sub:m", "sub/a.joblib", None, "sub/p.py:P")}


def test_templates_of_a_model_are_filled_where_they_are_read_and_left_alone_elsewhere() -> None:
    text = "vars: {best: forest}\nmodels:\n  m: {artifact: 'models/${best}.joblib', watch: {text: '${nobody}'}}\n"
    assert parse(text).models["m"].artifact == "models/forest.joblib"


def test_models_survive_being_remembered() -> None:
    pipeline = parse(
        "models:\n  a: {artifact: a.joblib, evaluation: r}\n  b: {artifact: b, predictor: skops}\n"
    )
    again = load_pipeline(dump_pipeline(pipeline))
    assert again.models == pipeline.models
    assert (
        again.models["a"].places
        == pipeline.models["a"].places
        == {
            "artifact": ("mlops.yaml", 2, 17),
            "evaluation": ("mlops.yaml", 2, 39),
        }
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{artefact: a}", 'unknown key "artefact" in a model'),
        ("{evaluation: r}", "model m has no artifact"),
        ("{artifact: /a}", "artifact"),
        ("{artifact: a, predictor: file.py}", '"file.py" is no predictor'),
        ("{artifact: a, evaluation: ../r}", "evaluation"),
        ("text", "model m should be a mapping"),
        ("", "model m should be a mapping"),
    ],
)
def test_what_is_wrong_with_a_model_is_said_at_its_place(body: str, said: str) -> None:
    found = problems(f"models:\n  m: {body}\n")
    assert any(said in str(problem) for problem in found), found
    assert {problem.line for problem in found} == {2}


_STAGES = """
stages:
  train: {cmd: x, outs: [models/gb.joblib, out]}
  score: {cmd: x, deps: [bought.onnx], outs: [r/gb/evaluation.json]}
"""


def _unknown(
    body: str, *, there: tuple[str, ...] = (), stages: str = _STAGES
) -> list[tuple[int, int, str, str]]:
    """Return what is wrong with one model beside stages, where these files lie."""
    files = {"mlops.yaml": f"models:\n  gb:\n    {body}\n{stages}"}
    try:
        parse_pipeline(reader(files), there=there.__contains__)
    except DefinitionError as error:
        return [(p.line, p.column, p.message, p.hint) for p in error.problems]
    return []


def test_an_artifact_that_nothing_makes_is_told_where_it_is_written_with_what_may_be_meant() -> None:
    assert _unknown("artifact: models/gbx.joblib") == [
        (
            3,
            15,
            "no stage makes models/gbx.joblib, the artifact of gb, and nothing lies there",
            'did you mean "models/gb.joblib"?',
        )
    ]
    assert _unknown("artifact: zebra")[0][3] == "name it among the outs of the stage that trains it"


def test_an_evaluation_that_nothing_makes_is_told_beside_the_artifact() -> None:
    found = _unknown("{artifact: models/gbx.joblib, evaluation: r/gbb}", there=("r/gbb/evaluation.json",))
    assert [(line, column, hint) for line, column, _, hint in found] == [
        (3, 16, 'did you mean "models/gb.joblib"?'),
        (3, 47, 'did you mean "r/gb"?'),
    ]
    assert found[1][2] == "no stage makes r/gbb/evaluation.json, the evaluation of gb"
    hint = _unknown("{artifact: out, evaluation: zebra}")[0][3]
    assert hint == "write a stage with uses: evaluate and report: zebra"


@pytest.mark.parametrize(
    "artifact", ["models/gb.joblib", "out", "out/deep/model.onnx", "by-hand.joblib", "bought.onnx"]
)
def test_an_artifact_may_be_an_output_or_inside_of_one_or_lie_there_or_be_read_by_a_stage(
    artifact: str,
) -> None:
    assert not _unknown(f"{{artifact: {artifact}, evaluation: r/gb}}", there=("by-hand.joblib",))


def test_a_stage_that_is_wrong_is_not_told_a_second_time_through_the_model_it_makes() -> None:
    found = _unknown("artifact: m", stages="stages:\n  train: {cmdd: x, outs: [m]}\n")
    assert {line for line, *_ in found} == {5}


def test_what_a_model_of_a_sub_project_may_mean_is_said_as_its_file_writes_it() -> None:
    files = {
        "mlops.yaml": "include: [sub]\n",
        "sub/mlops.yaml": "models: {m: {artifact: modell.bin}}\nstages:\n  t: {cmd: x, outs: [model.bin]}\n",
    }
    with pytest.raises(DefinitionError) as caught:
        parse_pipeline(reader(files), there=lambda _: False)
    assert [(p.file, p.hint) for p in caught.value.problems] == [
        ("sub/mlops.yaml", 'did you mean "model.bin"?')
    ]


def test_models_of_an_old_commit_are_taken_as_they_are_written() -> None:
    assert parse("models: {m: {artifact: nowhere, evaluation: gone}}\n").models["m"].artifact == "nowhere"
