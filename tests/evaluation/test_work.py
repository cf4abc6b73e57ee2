"""A whole evaluation, as the child process does it: files in, files out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, mean_absolute_error, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlops_cli.errors import DataError, FileError, StageError, UsageError
from mlops_cli.evaluation.model import Evaluation, dump_evaluation, load_evaluation, metrics_wire
from mlops_cli.evaluation.work import run
from mlops_cli.pipeline.builtin import StepCall
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from pathlib import Path

QUICK = {"find": False, "importance": False}


def cancer(rows: slice = slice(None)) -> tuple[pd.DataFrame, pd.Series]:
    table, truth = load_breast_cancer(return_X_y=True, as_frame=True)
    return table.iloc[rows, :6], truth[rows].map({0: "malignant", 1: "benign"})


def place(folder: Path, model: Any, table: pd.DataFrame, truth: Any) -> None:
    joblib.dump(model, folder / "m.joblib")
    table.assign(target=truth).to_csv(folder / "d.csv", index=False)


def evaluated(folder: Path, page: Any = None, **settings: Any) -> Evaluation:
    given = {
        "model": f"{folder}/m.joblib",
        "data": f"{folder}/d.csv",
        "target": "target",
        **QUICK,
        **settings,
    }
    given = {name: value for name, value in given.items() if value is not None}
    promised = {str(path): digest_bytes(path.read_bytes()) for path in folder.glob("*.joblib")}
    run(StepCall(given, f"{folder}/report", promised, promised, f"{folder}/scratch", page))
    return load_evaluation((folder / "report/evaluation.json").read_bytes(), "evaluation.json")


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*cancer(slice(0, None, 2)))
    place(tmp_path, model, *cancer(slice(1, None, 2)))
    return tmp_path


def test_a_binary_evaluation_says_what_scikit_learn_says(binary: Path) -> None:
    table, truth = cancer(slice(1, None, 2))
    model = joblib.load(binary / "m.joblib")
    found = evaluated(binary)
    assert (found.task, found.n, found.classes, found.positive) == (
        "binary",
        284,
        ("benign", "malignant"),
        "malignant",
    )
    assert found.metrics["accuracy"].value == pytest.approx(accuracy_score(truth, model.predict(table)))
    score = model.predict_proba(table)[:, 1]
    assert found.metrics["roc_auc"].value == pytest.approx(roc_auc_score(truth == "malignant", score))
    assert found.confusion is not None
    assert sum(map(sum, found.confusion.counts)) == 284
    assert found.threshold is not None
    assert (found.threshold.how, found.threshold.value) == ("default", 0.5)
    assert found.calibration is not None
    assert found.curves is not None
    assert found.subject.kind == "Pipeline(StandardScaler, LogisticRegression)"
    assert found.sentence.startswith("284 rows: roc_auc 0.")


def test_the_same_evaluation_twice_gives_the_same_bytes(binary: Path) -> None:
    evaluated(binary, slices=[{"column": "mean radius", "bins": 3}], find=True)
    first = {path.name: path.read_bytes() for path in (binary / "report").iterdir()}
    evaluated(binary, slices=[{"column": "mean radius", "bins": 3}], find=True)
    assert {path.name: path.read_bytes() for path in (binary / "report").iterdir()} == first
    assert first.keys() == {"evaluation.json", "metrics.json", "predictions.parquet"}


def test_what_is_written_is_what_is_read_again(binary: Path) -> None:
    found = evaluated(
        binary,
        slices=[{"name": "large", "where": "`mean radius` >= 15"}, {"column": "mean radius", "bins": 3}],
        importance={"repetitions": 2, "rows": 100},
        find=True,
        value={"unit": "EUR", "matrix": [[0, -5], [-10, 20]]},
        against={"model": f"{binary}/m.joblib"},
    )
    data = dump_evaluation(found)
    assert data == (binary / "report/evaluation.json").read_bytes()
    assert load_evaluation(data, "e") == found
    assert found.value is not None
    assert found.against is not None
    assert found.importance
    assert found.slices


def test_the_metrics_file_has_value_interval_and_n_of_each_metric(binary: Path) -> None:
    found = evaluated(binary)
    written = json.loads((binary / "report/metrics.json").read_bytes())
    assert written == metrics_wire(found)
    assert written["accuracy"].keys() == {"value", "low", "high", "n"}


def test_predictions_are_kept_row_by_row_and_can_be_evaluated_by_themselves(binary: Path) -> None:
    first = evaluated(binary)
    table = pq.read_table(binary / "report/predictions.parquet")
    assert table.column_names == ["row", "truth", "predicted", "score"]
    assert table["row"].to_pylist() == list(range(284))
    (binary / "p.parquet").write_bytes((binary / "report/predictions.parquet").read_bytes())
    again = evaluated(
        binary, model=None, data=None, target="truth", predictions=f"{binary}/p.parquet", positive="malignant"
    )
    assert again.metrics["roc_auc"].value == pytest.approx(first.metrics["roc_auc"].value)
    assert again.metrics["accuracy"] == first.metrics["accuracy"]
    assert again.subject.predictor == "predictions"


def test_predictions_of_another_number_of_rows_are_refused(binary: Path) -> None:
    pd.DataFrame({"predicted": ["benign"]}).to_csv(binary / "p.csv", index=False)
    with pytest.raises(DataError, match=r"has 1 rows?, and .* has 284"):
        evaluated(binary, model=None, predictions=f"{binary}/p.csv")


def test_scores_alone_are_answered_by_a_threshold_that_was_asked_for_and_never_by_one_made_up(
    tmp_path: Path,
) -> None:
    table = pd.DataFrame({"y": ["no", "yes", "yes"], "guess": ["no", "no", "yes"], "proba": [0.2, 0.9, 0.4]})
    table.to_csv(tmp_path / "p.csv", index=False)
    table[["y"]].to_csv(tmp_path / "d.csv", index=False)
    wanted = {"model": None, "target": "y", "predictions": f"{tmp_path}/p.csv"}
    with pytest.raises(DataError, match=r"no column of answers.*: it has guess, proba$") as caught:
        evaluated(tmp_path, **wanted)
    assert "--predicted COL" in caught.value.hint
    assert "--threshold" in caught.value.hint
    found = evaluated(tmp_path, **wanted, threshold=0.3)
    assert found.confusion is not None
    assert found.confusion.counts == ((1, 0), (0, 2))
    assert f"{tmp_path}/p.csv: guess is not used" in found.notes
    named = {"path": f"{tmp_path}/p.csv", "predicted": "guess"}
    found = evaluated(tmp_path, **{**wanted, "predictions": named})
    assert found.confusion is not None
    assert found.confusion.counts == ((1, 0), (1, 1))


def test_the_truth_is_never_taken_for_the_answers_whatever_its_column_is_called(tmp_path: Path) -> None:
    pd.DataFrame({"label": ["no", "yes"], "guess": ["no", "no"]}).to_csv(tmp_path / "p.csv", index=False)
    with pytest.raises(DataError, match="it has guess"):
        evaluated(tmp_path, model=None, data=None, target="label", predictions=f"{tmp_path}/p.csv")


def test_more_classes_than_two(tmp_path: Path) -> None:
    table, truth = load_iris(return_X_y=True, as_frame=True)
    names = np.array(["setosa", "versicolor", "virginica"])[truth]
    place(tmp_path, LogisticRegression(max_iter=500).fit(table[::2], names[::2]), table[1::2], names[1::2])
    found = evaluated(tmp_path)
    assert (found.task, found.positive, found.threshold) == ("multiclass", None, None)
    assert found.metrics["recall[setosa]"].value == 1.0
    assert next(iter(found.metrics)) == "accuracy"
    columns = pq.read_table(tmp_path / "report/predictions.parquet").column_names
    assert columns[-3:] == ["score: setosa", "score: versicolor", "score: virginica"]


def test_a_regression(tmp_path: Path) -> None:
    table, truth = load_diabetes(return_X_y=True, as_frame=True)
    model = LinearRegression().fit(table[::2], truth[::2])
    place(tmp_path, model, table[1::2], truth[1::2])
    found = evaluated(tmp_path)
    assert found.task == "regression"
    assert found.metrics["mae"].value == pytest.approx(
        mean_absolute_error(truth[1::2], model.predict(table[1::2]))
    )
    assert found.confusion is None
    assert found.calibration is None
    assert found.curves is not None
    assert found.curves.grid is not None


def test_a_threshold_is_chosen_on_one_half_and_judged_on_the_other(binary: Path) -> None:
    found = evaluated(binary, threshold={"recall": 0.99})
    assert found.threshold is not None
    assert (found.threshold.chosen_on, found.threshold.judged_on, found.n) == (142, 142, 142)
    assert "judged no more" in found.threshold.note
    assert not any("judged no more" in note for note in found.notes)  # said once
    assert pq.read_table(binary / "report/predictions.parquet").num_rows == 142


def test_a_threshold_chosen_on_the_rows_that_are_judged_is_said_to_be_too_good(binary: Path) -> None:
    found = evaluated(binary, threshold={"by": "youden", "on": "same"})
    assert found.n == 284
    assert found.threshold is not None
    assert "too good" in found.threshold.note


def test_a_threshold_is_chosen_on_another_table(binary: Path) -> None:
    table, truth = cancer(slice(0, 100))
    table.assign(target=truth).to_csv(binary / "valid.csv", index=False)
    found = evaluated(binary, threshold={"by": "youden", "on": f"{binary}/valid.csv"})
    assert found.threshold is not None
    assert (found.threshold.chosen_on, found.n) == (100, 284)
    assert "50 of the 284 rows that it is judged on are among them" in found.threshold.note
    table, truth = cancer(slice(0, None, 2))
    table.assign(target=truth).to_csv(binary / "valid.csv", index=False)
    apart = evaluated(binary, threshold={"by": "youden", "on": f"{binary}/valid.csv"})
    assert apart.threshold is not None
    assert apart.threshold.note == f"chosen on {binary}/valid.csv"


def test_a_threshold_chosen_on_the_very_table_that_is_judged_is_said_to_be_too_good(binary: Path) -> None:
    same = evaluated(binary, threshold={"by": "youden", "on": f"{binary}/d.csv"})
    table, truth = cancer(slice(1, None, 2))
    table.assign(target=truth)[::-1].to_csv(binary / "turned.csv", index=False)
    turned = evaluated(binary, threshold={"by": "youden", "on": f"{binary}/turned.csv"})
    for found in (same, turned):
        assert found.threshold is not None
        assert "too good" in found.threshold.note


def test_two_models_with_a_chosen_threshold_are_judged_on_the_same_half(binary: Path) -> None:
    evaluated(binary, threshold={"recall": 0.8})
    (binary / "p.parquet").write_bytes((binary / "report/predictions.parquet").read_bytes())
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3)).fit(*cancer(slice(0, None, 2)))
    joblib.dump(model, binary / "other.joblib")
    found = evaluated(
        binary,
        model=f"{binary}/other.joblib",
        threshold={"recall": 0.8},
        against={"predictions": f"{binary}/p.parquet"},
    )
    assert found.against is not None
    assert found.against.n == 142


def test_a_threshold_beyond_every_probability_is_refused(binary: Path) -> None:
    with pytest.raises(UsageError, match="from 0 to 1"):
        evaluated(binary, threshold=7)


def test_which_of_two_models_is_better_is_returned_in_some_words(binary: Path) -> None:
    given: dict[str, Any] = {
        "model": f"{binary}/m.joblib",
        "data": f"{binary}/d.csv",
        "target": "target",
        **QUICK,
    }
    promised = {str(path): digest_bytes(path.read_bytes()) for path in binary.glob("*.joblib")}
    call = StepCall(given, f"{binary}/report", promised, promised, f"{binary}/scratch", None)
    assert run(call) == ""
    against = replace(call, settings={**given, "against": {"model": f"{binary}/m.joblib"}})
    assert run(against).startswith(f"as good as {binary}/m.joblib")


def test_predictions_that_came_about_elsewhere_are_held_against_a_model(binary: Path) -> None:
    table, truth = cancer(slice(1, None, 2))
    said = joblib.load(binary / "m.joblib").predict(table)
    pd.DataFrame({"predicted": said, "target": truth}).to_csv(binary / "p.csv", index=False)
    found = evaluated(binary, metrics=["accuracy"], against={"predictions": f"{binary}/p.csv"})
    assert found.against is not None
    assert (found.against.n, found.against.metrics[0].difference.value) == (284, 0)
    pd.DataFrame({"predicted": said[:10]}).to_csv(binary / "p.csv", index=False)
    with pytest.raises(DataError, match="10 rows"):
        evaluated(binary, against={"predictions": f"{binary}/p.csv"})
    pd.DataFrame({"predicted": said, "target": truth[::-1]}).to_csv(binary / "p.csv", index=False)
    with pytest.raises(DataError, match="what is true differs"):
        evaluated(binary, against={"predictions": f"{binary}/p.csv"})


def test_a_metric_that_cannot_be_computed_stops_the_stage_after_its_report_is_written(binary: Path) -> None:
    own = "def raises(truth, predicted):\n    return 1 / 0\ndef nan(truth, predicted):\n    return float('nan')\n"
    (binary / "own.py").write_text(own)
    wanted = [f"{binary}/own.py:raises", f"{binary}/own.py:nan"]
    with pytest.raises(
        DataError,
        match=r"2 metrics could not be computed: raises: .*ZeroDivisionError.*, nan: .* returned nan",
    ):
        evaluated(binary, metrics=wanted)
    assert load_evaluation((binary / "report/evaluation.json").read_bytes(), "e").verdict == "error"
    assert evaluated(binary, metrics=wanted, on_fail="go").verdict == "error"


def test_rows_of_the_training_table_stop_the_stage_after_its_report_is_written(binary: Path) -> None:
    with pytest.raises(
        StageError, match="not to be trusted: 284 of 284 rows are in the training table"
    ) as caught:
        evaluated(binary, train=f"{binary}/d.csv")
    assert "on_fail: go" in caught.value.hint
    assert load_evaluation((binary / "report/evaluation.json").read_bytes(), "e").verdict == "fail"
    assert evaluated(binary, train=f"{binary}/d.csv", on_fail="go").verdict == "fail"


def test_a_column_that_no_model_was_given_is_no_leak_of_predictions(tmp_path: Path) -> None:
    truth = np.random.default_rng(0).integers(0, 2, 200)
    table = pd.DataFrame({"instant": np.arange(200), "truth": truth, "predicted": truth[::-1]})
    table.to_csv(tmp_path / "p.csv", index=False)
    found = evaluated(
        tmp_path, model=None, data=None, target="truth", predictions=f"{tmp_path}/p.csv", on_fail="go"
    )
    assert "identifier" not in {warned.check for warned in found.warnings}


def test_a_class_that_does_not_look_at_a_key_is_not_warned_of_it(binary: Path) -> None:
    (binary / "own.py").write_text(
        "class Own:\n    def load(self, path): pass\n"
        "    def predict(self, table): return [('malignant' if x > 15 else 'benign') for x in table['mean radius']]\n"
        "class Key(Own):\n"
        "    def predict(self, table): return [('malignant' if x % 2 else 'benign') for x in table['key']]\n"
    )
    table, truth = cancer(slice(1, None, 2))
    table.assign(key=range(284), target=truth).to_csv(binary / "d.csv", index=False)
    checks = {
        name: {
            warned.check
            for warned in evaluated(binary, predictor=f"{binary}/own.py:{name}", on_fail="go").warnings
        }
        for name in ("Own", "Key")
    }
    assert ("identifier" in checks["Own"], "identifier" in checks["Key"]) == (False, True)


def test_a_weak_slice_over_a_column_that_the_model_is_not_given_says_so(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    x, hidden = random.normal(size=4000), random.choice(["a", "b", "c"], 4000)
    truth = np.where(hidden == "a", x < 0, x > 0).astype(int)
    table = pd.DataFrame({"x": x})
    model = LogisticRegression().fit(table, (x > 0).astype(int))
    place(tmp_path, model, table.assign(hidden=hidden), truth)
    found = evaluated(tmp_path, find=True)
    assert found.found
    assert found.found[0].unseen == ("hidden",)


def test_rows_without_a_truth_are_left_out_and_that_is_said(binary: Path) -> None:
    table, truth = cancer(slice(1, None, 2))
    table.assign(target=truth.where(truth.index > 20)).to_csv(binary / "d.csv", index=False)
    found = evaluated(binary)
    assert (found.n, found.left_out) == (274, 10)
    assert any("10 of 284 rows are left out" in note for note in found.notes)
    assert pq.read_table(binary / "report/predictions.parquet")["row"][0].as_py() == 10


def test_a_table_whose_truth_is_missing_everywhere_is_refused(binary: Path) -> None:
    table, _truth = cancer(slice(1, None, 2))
    table.assign(target=np.nan).to_csv(binary / "d.csv", index=False)
    with pytest.raises(DataError, match="no row whose target is known"):
        evaluated(binary)


def test_a_truth_of_one_class_gives_what_can_be_said_and_no_more(binary: Path) -> None:
    table, truth = cancer(slice(1, None, 2))
    table[truth == "benign"].assign(target="benign").to_csv(binary / "d.csv", index=False)
    with pytest.raises(StageError, match="1 metric could not be measured on these rows: roc_auc: all rows"):
        evaluated(binary)
    found = evaluated(binary, on_fail="go")
    assert found.metrics["roc_auc"].status == "insufficient"
    assert found.metrics["accuracy"].status == "ok"
    assert "roc_auc" not in metrics_wire(found)
    assert found.verdict == "insufficient"
    assert evaluated(binary, metrics=["accuracy"]).verdict != "insufficient"


def test_a_metric_that_was_named_and_could_not_be_measured_never_passes(tmp_path: Path) -> None:
    table = pd.DataFrame({"y": ["no", "yes"] * 10, "predicted": ["no", "yes"] * 10})
    table.to_csv(tmp_path / "p.csv", index=False)
    wanted = {"model": None, "data": None, "target": "y", "predictions": f"{tmp_path}/p.csv", "on_fail": "go"}
    assert evaluated(tmp_path, **wanted).verdict == "pass"  # without scores there is no roc_auc to ask for
    found = evaluated(tmp_path, **wanted, metrics=["accuracy", "log_loss"])
    assert (found.verdict, found.unmeasured) == ("insufficient", ("log_loss",))
    assert "log_loss" in found.sentence


def test_an_infinite_truth_is_called_infinite_and_warned_of(tmp_path: Path) -> None:
    table, truth = load_diabetes(return_X_y=True, as_frame=True)
    model = LinearRegression().fit(table, truth)
    for every, severity in ((200, "warn"), (4, "fail")):
        place(tmp_path, model, table, truth.where(truth.index % every != 0, np.inf))
        found = evaluated(tmp_path, on_fail="go")
        (warned,) = [each for each in found.warnings if each.check == "infinite_target"]
        assert (warned.severity, warned.evidence["infinite"]) == (severity, found.left_out)
        assert any("target is infinite there" in note for note in found.notes)
        assert not any("missing there" in note for note in found.notes)


def test_a_threshold_that_was_asked_for_is_not_held_against_the_model(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=2000)
    truth = np.where(x + draw.normal(size=2000) > 1.5, "yes", "no")
    table = pd.DataFrame({"x": x, "z": draw.normal(size=2000)})
    place(tmp_path, LogisticRegression().fit(table, truth), table, truth)
    found = evaluated(tmp_path, threshold={"recall": 0.95, "on": "same"})
    assert "no_better_than_simple" not in {warned.check for warned in found.warnings}


def test_classes_in_the_wrong_order_are_suspected_where_answers_contradict_scores(binary: Path) -> None:
    (binary / "own.py").write_text(
        "import numpy\n"
        "class Own:\n"
        "    classes = ['malignant', 'benign']\n"
        "    @classmethod\n"
        "    def load(cls, path): return cls()\n"
        "    def predict(self, table): return numpy.where(table['mean radius'] > 15, 'malignant', 'benign')\n"
        "    def predict_proba(self, table):\n"
        "        score = 1 / (1 + numpy.exp(15 - table['mean radius'].to_numpy()))\n"
        "        return numpy.c_[1 - score, score]\n"
        "class Right(Own):\n"
        "    classes = ['benign', 'malignant']\n"
    )
    found = evaluated(binary, predictor=f"{binary}/own.py:Own")
    (warned,) = [each for each in found.warnings if each.check == "scores_turned_round"]
    assert "surely below the 0.5" in warned.message
    assert "the answers contradict the scores" in warned.message
    assert "order" in warned.cause
    right = evaluated(binary, predictor=f"{binary}/own.py:Right")
    assert "scores_turned_round" not in {each.check for each in right.warnings}


class Holes(LinearRegression):  # type: ignore[misc] # scikit-learn ships no types
    def predict(self, table: Any) -> Any:
        answers = super().predict(table)
        answers[:3] = np.nan
        return answers


def test_predictions_that_are_missing_make_the_verdict_an_error(tmp_path: Path) -> None:
    table, truth = load_diabetes(return_X_y=True, as_frame=True)
    place(tmp_path, Holes().fit(table, truth), table, truth)
    found = evaluated(tmp_path, find=True, importance=True, on_fail="go")
    assert found.verdict == "error"
    assert {measured.status for measured in found.metrics.values()} == {"error"}
    assert "3 of 442 predictions" in found.metrics["mae"].note
    assert metrics_wire(found) == {}
    assert "could not be computed" in found.sentence


def test_a_column_that_the_model_needs_and_the_table_lacks_is_named(binary: Path) -> None:
    table, truth = cancer(slice(1, None, 2))
    table.rename(columns={"mean area": "mean_area"}).assign(target=truth).to_csv(
        binary / "d.csv", index=False
    )
    with pytest.raises(DataError, match="has no column mean area") as caught:
        evaluated(binary)
    assert "mean_area" in caught.value.hint


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"target": "targt"}, UsageError, "has no target targt"),
        ({"metrics": ["mae"]}, UsageError, "mae is no metric of a binary task"),
        ({"metrics": ["recall[x]"]}, UsageError, "recall"),
        ({"positive": "x"}, UsageError, 'no class "x"'),
        ({"features": ["nope"]}, UsageError, "has no column nope"),
        ({"slices": ["nope"]}, UsageError, "has no column nope"),
        ({"predictor": "onnx"}, UsageError, "is no onnx file, but one of joblib"),
        ({"data": "nowhere.csv"}, FileError, "nowhere.csv"),
        ({"targte": "y"}, FileError, "no setting"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_written(
    binary: Path, settings: dict[str, Any], error: type, said: str
) -> None:
    with pytest.raises(error, match=said):
        evaluated(binary, **settings)
    assert not (binary / "report").exists()


def test_the_page_is_written_by_whoever_was_asked_to_draw_it(binary: Path) -> None:
    evaluated(binary, page=lambda evaluation: f"<p>{evaluation.n}")
    assert (binary / "report/report.html").read_text() == "<p>284"


def test_an_own_metric_stands_beside_the_others_and_in_slices(binary: Path) -> None:
    (binary / "own.py").write_text(
        "def missed(truth, predicted):\n    return float((truth != predicted).sum())\n"
    )
    found = evaluated(
        binary, metrics=["accuracy", f"{binary}/own.py:missed"], slices=[{"column": "mean radius", "bins": 2}]
    )
    assert list(found.metrics) == ["accuracy", "missed"]
    missed = found.metrics["missed"].value
    assert missed is not None
    assert missed == round((1 - (found.metrics["accuracy"].value or 0)) * 284)
    assert sum(each.metrics["missed"].value or 0 for each in found.slices) == missed


def test_another_model_is_judged_on_the_same_rows(binary: Path) -> None:
    table, truth = cancer(slice(0, None, 2))
    joblib.dump(
        make_pipeline(StandardScaler(), LogisticRegression(C=1e-5)).fit(table, truth), binary / "old.joblib"
    )
    found = evaluated(binary, against=f"{binary}/old.joblib", metrics=["accuracy", "log_loss"])
    assert found.against is not None
    assert (found.against.n, found.against.verdict) == (284, "better")
    assert "better than" in found.sentence


def test_predictions_of_an_earlier_evaluation_are_paired_by_their_row(binary: Path) -> None:
    evaluated(binary, threshold="youden")  # keeps one half of the rows
    (binary / "p.parquet").write_bytes((binary / "report/predictions.parquet").read_bytes())
    found = evaluated(
        binary, threshold="youden", against={"predictions": f"{binary}/p.parquet", "name": "before"}
    )
    assert found.against is not None
    assert (found.against.n, found.against.joined) == (142, "key:row")
    assert found.against.verdict in ("equivalent", "undecided")


def test_a_file_that_is_no_evaluation_is_said_to_be_none() -> None:
    with pytest.raises(FileError, match="is not an evaluation"):
        load_evaluation(b'{"schema": 1, "task": "binary"}', "e.json")
    with pytest.raises(FileError):
        load_evaluation(b'{"schema": 99}', "e.json")
