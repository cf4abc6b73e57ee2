"""Models of every kind: verified before anything in them runs, loaded, asked, and blamed by name."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlops_cli.errors import DataError, FileError
from mlops_cli.evaluation.predictors.load import load_predictor
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from mlops_cli.evaluation.predictors.predictor import Predictor

FRAME = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]})
TRUTH = np.array(["no", "no", "yes", "yes"])


class Trap:
    """What a hostile file does when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (Path(self.path),))


class Crash:
    def predict(self, _table: Any) -> Any:
        raise RuntimeError("out of   luck\n in line 3")


class Short:
    def predict(self, _table: Any) -> Any:
        return [1]


def load(path: Path, how: str = "", notes: list[str] | None = None) -> Predictor:
    digest = digest_bytes(path.read_bytes())
    return load_predictor(
        str(path), how, {str(path): digest}, {str(path): digest}, [] if notes is None else notes
    )[0]


def fitted() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, TRUTH)


def test_nothing_of_a_file_that_no_record_speaks_of_is_run(tmp_path: Path) -> None:
    mark, model = tmp_path / "ran", tmp_path / "m.joblib"
    joblib.dump(Trap(str(mark)), model)
    with pytest.raises(DataError, match="no record says what the model") as caught:
        load_predictor(str(model), "", {str(model): digest_bytes(model.read_bytes())}, {}, [])
    assert f"mlops add {model}" in caught.value.hint
    assert not mark.exists()


def test_nothing_of_a_file_that_is_not_what_its_record_says_is_run(tmp_path: Path) -> None:
    mark, model = tmp_path / "ran", tmp_path / "m.joblib"
    joblib.dump(fitted(), model)
    promised = digest_bytes(model.read_bytes())
    joblib.dump(Trap(str(mark)), model)
    for how in ("", "pickle", "skops", f"{tmp_path}/p.py:P"):
        with pytest.raises(DataError, match="is not what its record says"):
            load_predictor(str(model), how, {}, {str(model): promised}, [])
    assert not mark.exists()


def test_the_trap_of_these_tests_works(tmp_path: Path) -> None:
    mark, model = tmp_path / "ran", tmp_path / "m.joblib"
    joblib.dump(Trap(str(mark)), model)
    with pytest.raises(DataError, match="has no predict"):
        load(model)
    assert mark.exists()


@pytest.mark.parametrize("kind", ["joblib", "joblib-compressed", "pickle", "skops"])
def test_a_model_of_scikit_learn_answers_as_it_does_by_itself(tmp_path: Path, kind: str) -> None:
    model, path = fitted(), tmp_path / {"pickle": "m.pkl", "skops": "m.skops"}.get(kind, "m.joblib")
    if kind == "skops":
        skops_io = pytest.importorskip("skops.io")
        skops_io.dump(model, path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(model))
    else:
        joblib.dump(model, path, compress=3 if "compressed" in kind else 0)
    found = load(path)
    answers = found.answer(FRAME)
    assert answers.predicted.tolist() == model.predict(FRAME).tolist()
    assert answers.scores is not None
    assert np.array_equal(answers.scores, model.predict_proba(FRAME))
    assert (found.task, list(found.classes or ()), found.features) == (
        "classification",
        ["no", "yes"],
        ("a", "b"),
    )
    assert found.title == "Pipeline(StandardScaler, LogisticRegression)"
    assert found.kind == kind.partition("-")[0]


def test_answers_that_do_not_follow_the_probabilities_are_always_asked_for(tmp_path: Path) -> None:
    many = pd.concat([FRAME] * 60, ignore_index=True)
    for threshold in (0.5, 0.9):
        path = tmp_path / f"{threshold}.joblib"
        from sklearn.model_selection import FixedThresholdClassifier

        model = FixedThresholdClassifier(fitted(), threshold=threshold, pos_label="yes").fit(
            many, np.tile(TRUTH, 60)
        )
        joblib.dump(model, path)
        found = load(path)
        for frame in (many, many[::-1], many):
            assert found.answer(frame).predicted.tolist() == model.predict(frame).tolist()


def test_a_classifier_without_probabilities_gives_scores_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "m.joblib"
    joblib.dump(RidgeClassifier().fit(FRAME, TRUTH), path)
    answers = load(path).answer(FRAME)
    assert not answers.probabilities
    assert answers.scores is not None
    assert answers.scores.shape == (4,)


def test_a_regression_has_no_scores(tmp_path: Path) -> None:
    path = tmp_path / "m.joblib"
    joblib.dump(LinearRegression().fit(FRAME, [1.0, 2.0, 3.0, 4.0]), path)
    found = load(path)
    assert found.task == "regression"
    assert found.answer(FRAME).scores is None


def test_a_model_fitted_without_names_is_given_plain_numbers_and_the_right_number_of_columns(
    tmp_path: Path,
) -> None:
    path = tmp_path / "m.joblib"
    joblib.dump(LogisticRegression().fit(FRAME.to_numpy(), TRUTH), path)
    notes: list[str] = []
    assert (
        load(path, notes=notes).answer(FRAME).predicted.tolist()
        == LogisticRegression().fit(FRAME, TRUTH).predict(FRAME).tolist()
    )
    assert notes == []
    with pytest.raises(DataError, match="wants 2 columns, and is given 3: a, b, c"):
        load(path).answer(FRAME.assign(c=1.0))


def test_a_model_of_another_version_of_scikit_learn_is_loaded_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    data = pickle.dumps(LogisticRegression().fit(FRAME, TRUTH))
    here = sklearn.__version__.encode()
    assert data.count(here) == 1
    path.write_bytes(
        data.replace(here, b"0" * (len(here) - 2) + b".9")
    )  # of the same length, so the pickle stays whole
    notes: list[str] = []
    assert load(path, notes=notes).answer(FRAME).predicted.tolist()
    assert any("InconsistentVersionWarning" in note for note in notes)


def test_a_model_that_crashes_is_named_with_what_it_said(tmp_path: Path) -> None:
    path = tmp_path / "m.joblib"
    joblib.dump(Crash(), path)
    with pytest.raises(
        DataError, match=r"the model .*m\.joblib cannot be asked: RuntimeError: out of luck in line 3"
    ):
        load(path).answer(FRAME)


def test_a_model_that_answers_too_few_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.joblib"
    joblib.dump(Short(), path)
    with pytest.raises(DataError, match="returned 1 for 4 rows"):
        load(path).answer(FRAME)


@pytest.mark.parametrize("data", [b"", b"no pickle at all", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_model_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.joblib"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"the model .*m\.joblib cannot be loaded"):
        load(path)


def test_a_model_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        load_predictor(str(tmp_path / "m.joblib"), "", {}, {}, [])


def test_a_module_that_a_model_needs_and_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(b"cno_such_module_here\nThing\n.")
    with pytest.raises(DataError, match="ModuleNotFoundError") as caught:
        load(path)
    assert "no_such_module_here" in caught.value.hint


@pytest.mark.parametrize("zipmap", [True, False])
def test_an_onnx_model_answers_as_the_model_that_it_was_made_from(tmp_path: Path, zipmap: bool) -> None:
    pytest.importorskip("onnxruntime")
    skl2onnx = pytest.importorskip("skl2onnx")
    from skl2onnx.common.data_types import FloatTensorType

    model = LogisticRegression().fit(FRAME.to_numpy(dtype=np.float32), [0, 0, 1, 1])
    options = {id(model): {"zipmap": zipmap}}
    made = skl2onnx.convert_sklearn(model, initial_types=[("x", FloatTensorType([None, 2]))], options=options)
    path = tmp_path / "m.onnx"
    path.write_bytes(made.SerializeToString())
    found = load(path)
    answers = found.answer(FRAME)
    assert (found.kind, found.task) == ("onnx", "classification")
    assert answers.predicted.tolist() == model.predict(FRAME.to_numpy()).tolist()
    assert answers.scores is not None
    assert answers.scores == pytest.approx(model.predict_proba(FRAME.to_numpy()), abs=1e-6)
    with pytest.raises(DataError, match="wants 2 columns"):
        found.answer(FRAME.assign(c=1))


OWN = """
class Own:
    classes = ["no", "yes"]

    def load(self, path):
        with open(path) as file:
            self.edge = float(file.read())

    def predict(self, table):
        return ["yes" if a >= self.edge else "no" for a in table["a"]]

    def predict_proba(self, table):
        return [[1 - a / 3, a / 3] for a in table["a"]]


class Made:
    @classmethod
    def load(cls, path):
        made = cls()
        made.path = path
        return made

    def predict(self, table):
        return [1.5] * len(table)


class Lazy:
    def predict(self, table):
        return table


class Spoils(Own):
    def predict(self, table):
        answers = super().predict(table)
        table["a"] = 0
        return answers

    def predict_proba(self, table):
        scores = super().predict_proba(table)
        table.loc[:, "a"] = 0
        return scores


class Broken(Made):
    @classmethod
    def load(cls, path):
        raise KeyError("weights")
"""


def test_a_class_of_the_users_is_asked_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    model = tmp_path / "edge.txt"
    model.write_text("2")
    found = load(model, f"{tmp_path}/own.py:Own")
    answers = found.answer(FRAME)
    assert answers.predicted.tolist() == ["no", "no", "yes", "yes"]
    assert answers.scores is not None
    assert answers.scores[:, 1].tolist() == [0, 1 / 3, 2 / 3, 1]
    assert list(found.classes or ()) == ["no", "yes"]
    assert load(model, f"{tmp_path}/own.py:Made").answer(FRAME).predicted.tolist() == [1.5] * 4


def test_what_a_model_writes_into_its_table_nobody_else_sees(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    model = tmp_path / "edge.txt"
    model.write_text("2")
    plain, spoils = (load(model, f"{tmp_path}/own.py:{name}") for name in ("Own", "Spoils"))
    frame = FRAME.copy()
    expected, spoilt = plain.answer(FRAME).scores, spoils.answer(frame).scores
    assert expected is not None
    assert spoilt is not None
    assert spoilt.tolist() == expected.tolist()
    assert frame.equals(FRAME)


@pytest.mark.parametrize(
    ("place", "error", "said"),
    [
        ("own.py:Nobody", FileError, "has no Nobody"),
        ("own.py:Lazy", FileError, "has no load"),
        ("none.py:Own", FileError, "there is no"),
        ("wrong.py:Own", FileError, "cannot be imported: SyntaxError"),
        ("own.py:Broken", DataError, "cannot be loaded: KeyError: 'weights'"),
    ],
)
def test_what_is_wrong_with_a_class_of_the_users_is_said(
    tmp_path: Path, place: str, error: type, said: str
) -> None:
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "wrong.py").write_text("def (:\n")
    (tmp_path / "m").write_text("1")
    with pytest.raises(error, match=said):
        load(tmp_path / "m", f"{tmp_path}/{place}")


def test_a_directory_is_loaded_by_a_class_and_by_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "model").mkdir()
    path = str(tmp_path / "model")
    with pytest.raises(DataError, match="only you know how to load it"):
        load_predictor(path, "", {path: "b3:1"}, {path: "b3:1"}, [])
    assert load_predictor(path, f"{tmp_path}/own.py:Made", {path: "b3:1"}, {path: "b3:1"}, [])[1] == "b3:1"
    with pytest.raises(DataError, match="not what its record says"):
        load_predictor(path, f"{tmp_path}/own.py:Made", {path: "b3:1"}, {path: "b3:2"}, [])
