"""`mlops evaluate` and `mlops train` in real repositories, on data that scikit-learn brings."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import joblib
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlops_cli.evaluation.model import load_evaluation
from tests.support.command import commit, git, mlops, project, run
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """
stages:
  train:
    cmd: python train.py
    deps: [train.py, data/train.csv]
    params: [C]
    outs: [models/best.joblib]
  evaluate:
    uses: evaluate
    with:
      model: models/best.joblib
      data: data/test.csv
      target: target
      slices: [{name: large, where: "`mean radius` >= 15"}]
      importance: false
      find: false
    report: reports/evaluation
models:
  tumour: {artifact: models/best.joblib, evaluation: reports/evaluation}
"""
TRAIN = """
import joblib, pandas, yaml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

table = pandas.read_csv("data/train.csv")
strength = yaml.safe_load(open("params.yaml"))["C"]
model = make_pipeline(StandardScaler(), LogisticRegression(C=strength))
joblib.dump(model.fit(table.drop(columns="target"), table["target"]), "models/best.joblib")
"""
QUICK = ("--no-find", "--no-importance")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose pipeline ran once, committed; tests work in copies."""
    folder = tmp_path_factory.mktemp("tumour") / "project"
    project(folder, PIPELINE, {"train.py": TRAIN, "params.yaml": "C: 1.0\n"})
    table, truth = load_breast_cancer(return_X_y=True, as_frame=True)
    table = table.iloc[:, :6].assign(target=truth)
    (folder / "data").mkdir()
    table[::2].to_csv(folder / "data/train.csv", index=False)
    table[1::2].to_csv(folder / "data/test.csv", index=False)
    assert run(folder) == {"train": "ran", "evaluate": "ran"}
    commit(folder, "ran")
    return folder


@pytest.fixture
def tumour(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "project", symlinks=True)


def test_a_pipeline_evaluates_and_the_numbers_are_those_of_scikit_learn(tumour: Path) -> None:
    table, truth = load_breast_cancer(return_X_y=True, as_frame=True)
    table = table.iloc[:, :6]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(table[::2], truth[::2])
    found = load_evaluation((tumour / "reports/evaluation/evaluation.json").read_bytes(), "e")
    assert found.metrics["accuracy"].value == pytest.approx(
        accuracy_score(truth[1::2], model.predict(table[1::2]))
    )
    assert found.slices[0].name == "large"
    assert found.subject.model_digest is not None
    page = (tumour / "reports/evaluation/report.html").read_text()
    assert page.lower().startswith("<!doctype html>")
    tracked = set(git(tumour, "ls-files", "reports").split())
    assert tracked == {"reports/evaluation/evaluation.json", "reports/evaluation/metrics.json"}


def test_the_second_time_there_is_nothing_to_do_and_a_lost_report_is_restored_byte_for_byte(
    tumour: Path,
) -> None:
    assert run(tumour) == {"train": "fresh", "evaluate": "fresh"}
    before = {path.name: path.read_bytes() for path in (tumour / "reports/evaluation").iterdir()}
    shutil.rmtree(tumour / "reports")
    assert run(tumour) == {"train": "fresh", "evaluate": "cached"}
    assert {path.name: path.read_bytes() for path in (tumour / "reports/evaluation").iterdir()} == before


def test_metrics_with_their_intervals_stand_in_the_run_record(tumour: Path) -> None:
    answer = mlops(tumour, "show", "@latest", "--json")
    accuracy = answer.json["metrics"]["accuracy"]
    assert accuracy.keys() == {"value", "low", "high", "n"}
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]


@pytest.mark.slow
def test_evaluating_a_model_by_name_runs_what_is_stale_and_shows_the_evaluation(tumour: Path) -> None:
    write(tumour / "params.yaml", "C: 0.1\n")
    answer = mlops(tumour, "evaluate", "tumour", "--json")
    assert answer.code == 0, answer
    assert answer.json["name"] == "tumour"
    assert answer.json["schema"] == 1
    assert answer.json["run"] is not None
    assert answer.json["metrics"]["accuracy"]["n"] == 284
    again = mlops(tumour, "evaluate", "tumour")
    assert "accuracy" in again.out
    assert "large" in again.out
    assert "284 rows" in again.err


@pytest.mark.slow
def test_training_a_model_by_name_runs_its_stage_alone(tumour: Path) -> None:
    write(tumour / "params.yaml", "C: 0.1\n")
    answer = mlops(tumour, "train", "tumour", "--json")
    assert answer.code == 0, answer
    assert answer.json["stage"] == "train"
    assert answer.json["digest"].startswith("b3:")
    assert [row["name"] for row in answer.json["run"]["stages"]] == ["train"]
    assert "up to date" in mlops(tumour, "train", "tumour").err


@pytest.mark.slow
def test_a_worse_model_is_told_by_the_exit_code(tumour: Path) -> None:
    write(tumour / "params.yaml", "C: 0.0001\n")
    worse = mlops(tumour, "evaluate", "tumour", "--against", "HEAD", "--metric", "log_loss", "--json", *QUICK)
    assert worse.code == 1, worse
    assert worse.json["against"]["verdict"] == "worse"
    assert worse.json["against"]["n"] == 284
    commit(tumour, "worse")
    write(tumour / "params.yaml", "C: 1.0\n")
    better = mlops(
        tumour, "evaluate", "tumour", "--against", "HEAD", "--metric", "log_loss", "--json", *QUICK
    )
    assert (better.code, better.json["against"]["verdict"]) == (0, "better")


@pytest.mark.slow
def test_a_model_is_held_against_what_an_earlier_run_made(tumour: Path) -> None:
    (record,) = (tumour / ".mlops/runs").rglob("*.json")
    answer = mlops(
        tumour, "evaluate", "tumour", "--against", record.stem, "--metric", "accuracy", "--json", *QUICK
    )
    assert answer.code == 0, answer
    assert answer.json["against"]["metrics"][0]["difference"]["value"] == 0
    assert answer.json["against"]["verdict"] in ("equivalent", "undecided")


@pytest.mark.slow
def test_a_file_that_a_stage_made_is_evaluated_and_one_that_nothing_vouches_for_is_not(tumour: Path) -> None:
    options = ("--data", "data/test.csv", "--target", "target", "--metric", "accuracy", *QUICK)
    answer = mlops(tumour, "evaluate", "models/best.joblib", *options, "--json")
    assert answer.code == 0, answer
    assert list(answer.json["metrics"]) == ["accuracy"]
    shutil.copy(tumour / "models/best.joblib", tumour / "other.joblib")
    refused = mlops(tumour, "evaluate", "other.joblib", *options)
    assert refused.code == 5
    assert "no record says" in refused.err
    assert "mlops add other.joblib" in refused.err
    assert mlops(tumour, "add", "other.joblib").code == 0
    assert mlops(tumour, "evaluate", "other.joblib", *options).code == 0


@pytest.mark.slow
def test_a_model_that_git_has_committed_is_evaluated_until_it_is_changed(tumour: Path) -> None:
    joblib.dump(joblib.load(tumour / "models/best.joblib"), tumour / "small.joblib", compress=9)
    commit(tumour, "a model in Git")
    options = ("--data", "data/test.csv", "--target", "target", "--metric", "accuracy", *QUICK)
    assert mlops(tumour, "evaluate", "small.joblib", *options).code == 0
    joblib.dump({"not": "it"}, tumour / "small.joblib")
    refused = mlops(tumour, "evaluate", "small.joblib", *options)
    assert refused.code == 5
    assert "is not what its record says" in refused.err


def test_a_model_that_was_changed_behind_the_pipelines_back_is_not_loaded_by_its_stage(tumour: Path) -> None:
    with (tumour / "models/best.joblib").open("ab") as file:
        file.write(b"more")
    answer = mlops(tumour, "run", "--only", "evaluate", "--force")
    assert answer.code == 4, answer
    assert "is not what its record says" in answer.err


@pytest.mark.slow
def test_files_are_written_where_they_are_wanted(tumour: Path) -> None:
    options = ("--data", "data/test.csv", "--target", "target", *QUICK)
    assert mlops(tumour, "evaluate", "models/best.joblib", *options, "--out", "here/report").code == 0
    names = {path.name for path in (tumour / "here/report").iterdir()}
    assert names == {"evaluation.json", "metrics.json", "predictions.parquet", "report.html"}
    shown = mlops(tumour, "evaluate", "here/report", "-o", "csv")
    assert shown.out.startswith("part,metric,value,low,high,n,direction,status,note\nall,accuracy,0.")


@pytest.mark.slow
def test_a_report_is_kept_inside_the_project_and_nowhere_else(tumour: Path) -> None:
    options = ("--data", "test.csv", "--target", "target", "--metric", "accuracy", *QUICK)
    below = ("-C", "data", "evaluate", "../models/best.joblib", *options)
    assert mlops(tumour, *below, "--out", str(tumour / "reports/absolute")).code == 0
    assert (tumour / "reports/absolute/evaluation.json").is_file()
    assert mlops(tumour, *below, "--out", "here").code == 0
    assert (tumour / "data/here/evaluation.json").is_file()
    for outside in ("/tmp/elsewhere", "../../elsewhere", ".."):  # noqa: S108 - nothing is written there
        refused = mlops(tumour, *below, "--out", outside)
        assert refused.code == 2
        assert "does not lie inside the project" in refused.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("evaluate", "tumor"), 2, 'Did you mean "tumour"?'),
        (("train", "tumor"), 2, 'Did you mean "tumour"?'),
        (("evaluate", "models/none.joblib"), 2, "there is no models/none.joblib"),
        (("evaluate", "models/best.joblib"), 2, "needs --data and --target"),
        (("evaluate", "tumour", "--threshold", "high"), 2, "--threshold high is not understood"),
        (("evaluate", "tumour", "--metric", "acuracy"), 2, 'did you mean "accuracy"?'),
        (("evaluate", "tumour", "--against", "nothing"), 2, "nothing leads to nothing"),
        (("evaluate", "tumour", "--slice", "no such >= 3"), 2, "slices"),
        (("evaluate", "data/test.csv", "--target", "targt"), 2, 'Did you mean "target"?'),
        (("evaluate", "tumour", "--margin", "0.1"), 2, "--margin goes with --against"),
        (("evaluate", "tumour", "--threshold", "value"), 2, "--value"),
        (("evaluate", "tumour", "--metric", "zebra"), 2, "there are accuracy"),
        (("evaluate", "tumour", "--positive", "nope", *QUICK), 2, 'there is no class "nope"'),
        (("evaluate", "tumour", "--metric", "mae", *QUICK), 2, "mae is no metric of a binary task"),
        (("evaluate", "tumour", "--feature", "nope", *QUICK), 2, "has no column nope"),
        (("evaluate", "tumour", "--threshold", "7", *QUICK), 2, "from 0 to 1"),
        (("evaluate", "tumour", "--predictor", "onnx", *QUICK), 2, "--predictor joblib"),
        (
            ("evaluate", "tumour", "--predicted", "guess"),
            2,
            "--predicted names a column of a table of predictions",
        ),
        (
            ("evaluate", "tumour", "--out", "train.py", *QUICK),
            2,
            "train.py is a file, and the report is a folder",
        ),
        (
            ("evaluate", "train.py", "--data", "data/test.csv", "--target", "target"),
            2,
            "is a program or a text",
        ),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said(
    tumour: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    answer = mlops(tumour, *arguments)
    assert (answer.code, said in answer.err) == (code, True), answer


def test_a_setting_that_is_misspelt_is_a_problem_at_its_place(tumour: Path) -> None:
    text = (tumour / "mlops.yaml").read_text().replace("slices:", "slcies:")
    write(tumour / "mlops.yaml", text)
    answer = mlops(tumour, "status")
    assert answer.code == 3
    assert "mlops.yaml:11:" in answer.err
    assert 'no setting "slcies"; did you mean "slices"?' in answer.err


@pytest.mark.slow
def test_a_model_that_crashes_fails_its_stage_with_its_name_and_its_words(tumour: Path) -> None:
    write(
        tumour / "own.py",
        "class Own:\n    def load(self, path): pass\n    def predict(self, table): raise ValueError('no luck')\n",
    )
    text = (
        (tumour / "mlops.yaml")
        .read_text()
        .replace("target: target", "target: target\n      predictor: own.py:Own")
    )
    write(tumour / "mlops.yaml", text)
    answer = mlops(tumour, "run", "evaluate")
    assert answer.code == 4
    assert "the model models/best.joblib cannot be asked: ValueError: no luck" in answer.err
    assert "own.py, line 3, in predict" in answer.err


def test_a_pipeline_without_models_says_how_to_name_one(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", {"a": {"cmd": "true"}})
    answer = mlops(folder, "train", "churn")
    assert answer.code == 2
    assert "models: {churn: {artifact:" in answer.err


_OWN = "import os\nclass Own:\n    def load(self, path): pass\n    def predict(self, table): os._exit(0)\n"


@pytest.mark.slow
def test_a_model_that_ends_the_process_is_said_to_have_done_so(tumour: Path) -> None:
    write(tumour / "own.py", _OWN)
    answer = mlops(tumour, "evaluate", "tumour", "--predictor", "own.py:Own", *QUICK)
    assert (answer.code, "ended the process" in answer.err) == (4, True), answer
    text = (tumour / "mlops.yaml").read_text()
    write(
        tumour / "mlops.yaml", text.replace("target: target", "target: target\n      predictor: own.py:Own")
    )
    answer = mlops(tumour, "run", "evaluate")
    assert (answer.code, "ended the process" in answer.err) == (4, True), answer


@pytest.mark.slow
def test_a_report_that_is_damaged_is_named_and_git_is_asked_for_nothing_that_it_never_had(
    tumour: Path,
) -> None:
    options = ("--data", "data/test.csv", "--target", "target", "--metric", "accuracy", *QUICK)
    assert mlops(tumour, "evaluate", "models/best.joblib", *options, "--out", "here").code == 0
    write(tumour / "here/evaluation.json", "{")
    answer = mlops(tumour, "evaluate", "here")
    assert answer.code == 3
    assert "here/evaluation.json is not valid JSON" in answer.err
    assert "git checkout" not in answer.err


@pytest.mark.slow
def test_figures_that_are_not_to_be_trusted_are_shown_and_told_by_the_exit_code(tumour: Path) -> None:
    options = ("--data", "data/test.csv", "--target", "target", "--train", "data/test.csv", *QUICK)
    answer = mlops(tumour, "evaluate", "models/best.joblib", *options, "--json")
    assert (answer.code, answer.json["verdict"]) == (1, "fail"), answer
    text = (tumour / "mlops.yaml").read_text()
    wished = text.replace("target: target", "target: target\n      train: data/test.csv")
    write(tumour / "mlops.yaml", wished)
    refused = mlops(tumour, "run", "evaluate")
    assert refused.code == 4
    assert "not to be trusted: 284 of 284 rows are in the training table too" in refused.err
    write(tumour / "mlops.yaml", wished.replace("train: data", "on_fail: go\n      train: data"))
    assert mlops(tumour, "run", "evaluate").code == 0
    assert mlops(tumour, "evaluate", "tumour").code == 0


@pytest.mark.slow
def test_the_column_with_the_answers_can_be_named_and_none_is_made_up(tumour: Path) -> None:
    table = pd.read_csv(tumour / "data/test.csv")
    said = joblib.load(tumour / "models/best.joblib").predict(table.drop(columns="target"))
    table.assign(guess=said, score=0.1)[["guess", "score"]].to_csv(tumour / "p.csv", index=False)
    options = ("--data", "data/test.csv", "--target", "target", *QUICK)
    refused = mlops(tumour, "evaluate", "p.csv", *options, "--out", "new/report")
    assert (refused.code, "it has guess, score" in refused.err, "--predicted COL" in refused.err) == (
        5,
        True,
        True,
    )
    assert not (tumour / "new").exists()  # nothing came about, and so no folder stays
    answer = mlops(tumour, "evaluate", "p.csv", *options, "--predicted", "guess", "--json")
    assert answer.json["metrics"]["accuracy"]["value"] == pytest.approx(accuracy_score(table["target"], said))


@pytest.mark.slow
def test_what_could_not_be_measured_is_insufficient_and_told_by_the_exit_code(tumour: Path) -> None:
    pd.read_csv(tumour / "data/test.csv").head(1).to_csv(tumour / "row.csv", index=False)
    options = ("--data", "row.csv", "--target", "target", "--metric", "roc_auc", "--json", *QUICK)
    answer = mlops(tumour, "evaluate", "models/best.joblib", *options)
    assert (answer.code, answer.json["verdict"]) == (1, "insufficient"), answer


@pytest.mark.slow
def test_a_table_of_predictions_can_be_what_a_model_is_held_against(tumour: Path) -> None:
    table = pd.read_csv(tumour / "data/test.csv")
    said = joblib.load(tumour / "models/best.joblib").predict(table.drop(columns="target"))
    table.assign(predicted=said)[["predicted"]].to_csv(tumour / "pred.csv", index=False)
    answer = mlops(
        tumour, "evaluate", "tumour", "--against", "pred.csv", "--metric", "accuracy", "--json", *QUICK
    )
    assert answer.code == 0, answer
    assert answer.json["against"]["metrics"][0]["difference"]["value"] == 0
