"""A model that the user's own class loads and asks: `file.py:Class`. And any function of the user's, `file.py:function`."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.errors import FileError
from mlops_cli.evaluation.predictors.predictor import Answers, guarded, own_copy, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def load_named(place: str) -> Any:
    """Return what `file.py:name` names.

    Raises
    ------
    FileError
        When there is no such file, when it cannot be imported, or when it has no such name.
    """
    file, _, name = place.rpartition(":")
    folder, base = os.path.split(os.path.abspath(file))
    module_name = base.removesuffix(".py")
    spec = importlib.util.spec_from_file_location(module_name, os.path.join(folder, base))
    if spec is None or spec.loader is None or not os.path.isfile(file):
        raise FileError(f"there is no {file}", hint="Name a Python file and what is in it: file.py:name")
    if folder not in sys.path:
        sys.path.append(folder)  # what lies beside it is imported as it is where the file runs as a script
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(module_name, module)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise FileError(f"{file} cannot be imported: {type(error).__name__}: {error}") from error
    if not hasattr(module, name):
        raise FileError(f"{file} has no {name}")
    return getattr(module, name)


class OwnPredictor:
    """A class with `load(path)` and `predict(table)`; it may have `predict_proba(table)`, `classes` and `features`.

    `load` belongs to the class, and returns the model, or to an instance made without arguments.
    """

    kind = "class"

    def __init__(self, place: str, path: str, notes: list[str]) -> None:
        self.path = path
        self.notes = notes
        kind = load_named(place)
        for wanted in ("load", "predict"):
            if not callable(getattr(kind, wanted, None)):
                raise FileError(
                    f"{place} has no {wanted}", hint="A predictor has load(path) and predict(table)."
                )
        self._model = guarded("loaded", path, notes, lambda: _made(kind, path))
        self.title = place
        self.task: str | None = getattr(self._model, "task", None)
        if self.task in ("binary", "multiclass"):
            self.task = "classification"

    @property
    def classes(self) -> Sequence[Any] | None:
        """Its labels, where it tells."""
        found = _first(self._model, "classes", "classes_")
        return None if found is None else list(found)

    @property
    def features(self) -> tuple[str, ...] | None:
        """Its columns, where it tells; else it is given all but the target."""
        found = _first(self._model, "features", "feature_names_in_")
        return None if found is None else tuple(map(str, found))

    def answer(self, frame: pd.DataFrame) -> Answers:
        """Return its answers, and its scores where it has `predict_proba`."""
        return guarded("asked", self.path, self.notes, lambda: self._answer(frame))

    def _answer(self, frame: pd.DataFrame) -> Answers:
        predicted = rows_of(self._model.predict(own_copy(frame)), len(frame), "predict", self.path)
        ask = getattr(self._model, "predict_proba", None)
        found = ask(own_copy(frame)) if callable(ask) else None
        if found is None:
            return Answers(predicted)
        return Answers(predicted, rows_of(found, len(frame), "predict_proba", self.path).astype(np.float64))


def _made(kind: Any, path: str) -> Any:
    if isinstance(inspect.getattr_static(kind, "load"), classmethod | staticmethod):
        return kind.load(path)
    model = kind()
    found = model.load(path)
    return found if hasattr(found, "predict") else model


def _first(model: Any, *names: str) -> Any:
    return next((found for name in names if (found := getattr(model, name, None)) is not None), None)
