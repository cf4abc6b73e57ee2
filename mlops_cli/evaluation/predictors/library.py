"""Models of libraries: joblib and pickle (scikit-learn and whatever has `predict`), skops, ONNX."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.errors import DataError, UsageError
from mlops_cli.evaluation.predictors.predictor import Answers, guarded, own_copy, rows_of
from mlops_cli.evaluation.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mlops_cli.evaluation.predictors.predictor import Predictor

_FEW_ROWS = 50_000
_TELLING_ROWS = 100  # from so many on, answers show whether they follow the probabilities


def load_library(path: str, data: bytes, kind: str, notes: list[str]) -> Predictor:
    """Return the predictor in a model's bytes.

    Parameters
    ----------
    kind : str
        `joblib`, `pickle`, `skops` or `onnx`; empty to tell by the file.

    Raises
    ------
    DataError
        When it cannot be loaded, or is none.
    UsageError
        When it is plainly of another kind than was said.
    """
    _hold_kind(path, data, kind)
    kind = kind or _kind_of(path, data)
    if kind == "onnx":
        return OnnxPredictor(path, data, notes)
    model = guarded("loaded", path, notes, lambda: _skops(path, data) if kind == "skops" else _joblib(data))
    if not callable(getattr(model, "predict", None)):
        message = f"{path} holds a {type(model).__name__}, which has no predict"
        raise DataError(
            message,
            hint="Write a class that has one, and name it as predictor (on the command line: --predictor file.py:Class).",
        )
    return EstimatorPredictor(path, model, kind, notes)


def _hold_kind(path: str, data: bytes, said: str) -> None:
    """Raise where a file is plainly not what it was said to be: a pickle has its protocol first, skops is a zip file."""
    pickled = data[:1] == b"\x80" and data[1:2] <= b"\x05"
    zipped = data[:2] == b"PK" and b"schema.json" in data
    if (pickled and said in ("onnx", "skops")) or (zipped and said in ("onnx", "joblib", "pickle")):
        found = "skops" if zipped else "joblib"
        raise UsageError(
            f"the model {path} is no {said} file, but one of {found}",
            hint=f"Leave the predictor out, or say {found} (on the command line: --predictor {found}).",
        )


def _kind_of(path: str, data: bytes) -> str:
    if path.endswith(".onnx"):
        return "onnx"
    if path.endswith(".skops") or (data[:2] == b"PK" and b"schema.json" in data):
        return "skops"
    return "pickle" if path.endswith((".pkl", ".pickle")) else "joblib"


def _joblib(data: bytes) -> Any:
    import joblib

    return joblib.load(io.BytesIO(data))


def _skops(path: str, data: bytes) -> Any:
    try:
        from skops import io as skops_io
    except ImportError as error:
        raise DataError(
            f"{path} needs skops", hint="Install it with: pip install 'mlops-cli[skops]'"
        ) from error
    # Whoever recorded these bytes vouches for them, so types that skops does not know are no reason to refuse.
    return skops_io.loads(data, trusted=skops_io.get_untrusted_types(data=data))


class EstimatorPredictor:
    """A model with scikit-learn's manners: `predict`, and perhaps `predict_proba` or `decision_function`."""

    def __init__(self, path: str, model: Any, kind: str, notes: list[str]) -> None:
        self.path = path
        self.kind = kind
        self.model = model
        self.notes = notes
        names = getattr(model, "feature_names_in_", None)
        self.features: tuple[str, ...] | None = None if names is None else tuple(str(name) for name in names)
        self._wanted: int | None = getattr(model, "n_features_in_", None)
        self._follows: bool | None = (
            None  # whether its answer is always the class with the highest probability
        )

    @property
    def title(self) -> str:
        """What it is made of."""
        return _title(self.model)

    @property
    def task(self) -> str | None:
        """What it is for."""
        from sklearn.base import is_classifier, is_regressor

        try:
            return (
                "classification"
                if is_classifier(self.model)
                else "regression"
                if is_regressor(self.model)
                else None
            )
        except AttributeError:  # not of scikit-learn
            return "classification" if hasattr(self.model, "classes_") else None

    @property
    def classes(self) -> Sequence[Any] | None:
        """Its labels."""
        found = getattr(self.model, "classes_", None)
        return None if found is None else list(found)

    def answer(self, frame: pd.DataFrame) -> Answers:
        """Return its answers and scores."""
        given: Any = frame
        if self.features is None and self._wanted is not None:
            if self._wanted != frame.shape[1]:
                given_names = listed([str(name) for name in frame.columns], 20)
                message = f"the model {self.path} wants {counted(self._wanted, 'column')}, and is given {frame.shape[1]}"
                raise DataError(
                    f"{message}: {given_names}",
                    hint="Name those that it was fitted with: features: [a, b] (on the command line: --feature a --feature b)",
                )
            given = frame.to_numpy()
        return guarded("asked", self.path, self.notes, lambda: self._ask(given))

    def _ask(self, given: Any) -> Answers:
        if len(given) > _FEW_ROWS:
            return self._answer(given)
        from threadpoolctl import threadpool_limits

        # On few rows threads wait for each other more than they work; where others are at work, a hundred times as long.
        with threadpool_limits(1, user_api="openmp"):
            return self._answer(given)

    def _answer(self, given: Any) -> Answers:
        n = len(given)
        if callable(getattr(self.model, "predict_proba", None)):
            scores = rows_of(self.model.predict_proba(_own(given)), n, "predict_proba", self.path).astype(
                np.float64
            )
            return Answers(self._labels(given, scores), scores)
        predicted = rows_of(self.model.predict(_own(given)), n, "predict", self.path)
        if self.task == "classification" and callable(getattr(self.model, "decision_function", None)):
            scores = rows_of(self.model.decision_function(_own(given)), n, "decision_function", self.path)
            return Answers(predicted, scores.astype(np.float64), probabilities=False)
        return Answers(predicted)

    def _labels(self, given: Any, scores: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return its answers; once they were seen to be the classes with the highest probability, it is not asked twice."""
        labels = self.classes
        likely = None
        if labels is not None and scores.ndim == 2 and scores.shape[1] == len(labels):
            likely = np.asarray(np.asarray(labels)[scores.argmax(axis=1)])
        if likely is not None and self._follows:
            return likely
        predicted = rows_of(self.model.predict(_own(given)), len(given), "predict", self.path)
        if self._follows is None and len(given) >= _TELLING_ROWS:
            self._follows = likely is not None and bool((predicted == likely).all())
        return predicted


def _own(given: Any) -> Any:
    """Return what a model is given so that it may change it."""
    return own_copy(given) if hasattr(given, "columns") else given.copy()


def _title(model: Any) -> str:
    """Return `Pipeline(StandardScaler, LogisticRegression)`: the class, and of a pipeline its steps."""
    name = type(model).__name__
    steps = getattr(model, "steps", None)
    if isinstance(steps, list) and steps:
        return f"{name}({', '.join(type(step[-1]).__name__ for step in steps)})"
    inner = getattr(model, "best_estimator_", None)
    return name if inner is None else f"{name}({_title(inner)})"


class OnnxPredictor:
    """A model in ONNX, run by onnxruntime: one input of all columns, or an input a column."""

    kind = "onnx"

    def __init__(self, path: str, data: bytes, notes: list[str]) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            hint = "Install it with: pip install 'mlops-cli[onnx]'"
            raise DataError(f"{path} needs onnxruntime", hint=hint) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.path = path
        self.notes = notes
        self._session = guarded(
            "loaded",
            path,
            notes,
            lambda: onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"]),
        )
        self._inputs = self._session.get_inputs()
        self._outputs = self._session.get_outputs()
        self.classes: Sequence[Any] | None = None
        one = len(self._inputs) == 1 and len(self._inputs[0].shape) == 2 and self._inputs[0].shape[1] != 1
        self.features = None if one else tuple(item.name for item in self._inputs)

    @property
    def title(self) -> str:
        """Who made it, and how many inputs it has."""
        producer = self._session.get_modelmeta().producer_name or "ONNX"
        return f"{producer} ({', '.join(item.name for item in self._outputs)})"

    @property
    def task(self) -> str | None:
        """Told by its first output: labels are whole numbers or text."""
        kind = self._outputs[0].type
        return "classification" if "int" in kind or "string" in kind else "regression"

    def answer(self, frame: pd.DataFrame) -> Answers:
        """Return its answers, and the scores where a second output has them."""
        return guarded("asked", self.path, self.notes, lambda: self._answer(frame))

    def _answer(self, frame: pd.DataFrame) -> Answers:
        if self.features is None:
            wanted = self._inputs[0].shape[1]
            if isinstance(wanted, int) and wanted != frame.shape[1]:
                raise DataError(
                    f"the model {self.path} wants {counted(wanted, 'column')}, and is given {frame.shape[1]}",
                    hint="Name those that it was fitted with: features: [a, b] (on the command line: --feature a --feature b)",
                )
            given = {self._inputs[0].name: frame.to_numpy().astype(_numpy_type(self._inputs[0].type))}
        else:
            given = {
                item.name: frame[item.name].to_numpy().astype(_numpy_type(item.type)).reshape(-1, 1)
                for item in self._inputs
            }
        found = self._session.run(None, given)
        predicted = rows_of(found[0], len(frame), "predict", self.path)
        if self.task != "classification" or len(found) < 2:
            return Answers(predicted)
        scores = found[1]
        if isinstance(scores, list) and scores and isinstance(scores[0], dict):  # label to probability, a row
            self.classes = list(scores[0])
            scores = np.array([[row[name] for name in self.classes] for row in scores])
        return Answers(predicted, rows_of(scores, len(frame), "probabilities", self.path).astype(np.float64))


def _numpy_type(kind: str) -> Any:
    names = {
        "float": np.float32,
        "double": np.float64,
        "int64": np.int64,
        "int32": np.int32,
        "bool": np.bool_,
    }
    inner = kind.removeprefix("tensor(").removesuffix(")")
    return names.get(inner, np.object_)
