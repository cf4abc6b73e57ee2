"""`models:` of a pipeline file."""

from __future__ import annotations

import pytest

from mlops_cli.pipeline.definition import Model, dump_pipeline, load_pipeline
from tests.support.pipelines import parse, problems


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
    assert again.models["a"].place == pipeline.models["a"].place


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
