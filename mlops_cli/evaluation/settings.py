"""What an evaluation is told, under `with:` or as options: read once, everything that is wrong said at once. Light: no numpy."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, TypeVar

from mlops_cli.data.table.kinds import KINDS
from mlops_cli.errors import MlopsError
from mlops_cli.evaluation.asked import fairness_asked, find_asked, importance_asked, margin_asked, value_asked
from mlops_cli.evaluation.catalogue import CATALOGUE, metric_of
from mlops_cli.evaluation.slices.spec import declared_slices
from mlops_cli.evaluation.wishes import (
    MIN_N,
    AgainstWish,
    EvaluateSettings,
    OwnMetricWish,
    PredictionsWish,
    ThresholdWish,
)
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.data.table.kinds import Kind

KEYS = (
    "model", "data", "target", "task", "predictor", "predictions", "positive", "features", "threshold", "metrics", "slices",
    "find", "fairness", "importance", "value", "against", "min_n", "seed", "python_path", "types", "train",
    "on_fail",
)  # fmt: skip
_KINDS = ("joblib", "pickle", "skops", "onnx")
_TASKS = ("binary", "multiclass", "regression")
# What looks like a commit or a run, and has no suffix as files have.
_REVISION = re.compile(r"(HEAD|@\w+|[0-9a-f]{7,40}|\d{8}T\d+\w*)([~^]\d*)*")
T = TypeVar("T")


def read_settings(values: Mapping[str, Any]) -> EvaluateSettings:
    """Return what `with:` says.

    Raises
    ------
    ValueError
        With everything that is wrong.
    """
    reader = _Reader(values)
    found = reader.read()
    if reader.problems:
        raise ValueError("; ".join(reader.problems))
    return found


class _Reader:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.problems: list[str] = []

    def read(self) -> EvaluateSettings:
        for key in self.values:
            if key not in KEYS:
                hint = nearest(str(key), KEYS)
                self.problems.append(f'evaluate has no setting "{key}"' + (f"; {hint}" if hint else ""))
        target, model = self._text("target"), self._path("model")
        predictions = self._predictions()
        if not target and "target" not in self.values:
            self.problems.append("evaluate needs target: the column with the truth")
        if not model and predictions is None and "model" not in self.values:
            self.problems.append("evaluate needs model, or predictions: a table of them")
        if model and predictions is not None:
            self.problems.append("evaluate takes model or predictions, not both")
        data = self._path("data")
        if not data and predictions is None and "data" not in self.values:
            self.problems.append("evaluate needs data: the table to judge on")
        own, metrics = self._metrics()
        self._for_task(metrics)
        return EvaluateSettings(
            target=target,
            model=model,
            data=data,
            task=self._one_of("task", _TASKS),  # type: ignore[arg-type] # one of them
            predictor=self._predictor(),
            predictions=predictions,
            positive=self._label("positive"),
            features=self._texts("features"),
            threshold=self._threshold(),
            metrics=metrics,
            own_metrics=own,
            slices=self._asked("slices", lambda value: () if value is None else declared_slices(value)) or (),
            find=self._asked("find", find_asked, default=True),
            fairness=self._asked("fairness", fairness_asked) or (),
            importance=self._asked("importance", importance_asked, default=True),
            value=self._asked("value", value_asked),
            against=self._against(),
            min_n=self._count("min_n", MIN_N, 1),
            seed=self._count("seed", 0, 0),
            python_path=self._texts("python_path"),
            kinds=self._kinds(),
            train=self._path("train"),
            goes_on=self._one_of("on_fail", ("stop", "go")) == "go",
        )

    def _for_task(self, metrics: tuple[str, ...]) -> None:
        """Say what does not go with a task that somebody named; of others only the model or the table tells."""
        task = self.values.get("task")
        if task not in _TASKS:
            return
        for name in metrics:
            metric = metric_of(name)
            if metric is not None and task not in metric.tasks:
                self._problem("metrics", f"{name} is no metric of a {task} task")
        for key in ("threshold", "positive") if task != "binary" else ():
            if self.values.get(key) is not None:
                self._problem(key, f"is for a task of two classes, and not for {task}")

    def _problem(self, key: str, message: str) -> None:
        self.problems.append(f"{key} {message}")

    def _text(self, key: str) -> str:
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or not value:
            self._problem(key, f"should be text, not {value!r}; quote it if it is")
            return ""
        return value

    def _path(self, key: str) -> str:
        text = self._text(key)
        return plain_path(text) if text else ""

    def _label(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str | int | float):
            self._problem(key, "should be one class")
            return None
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key)
        if value is None:
            return ()
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, str) and item for item in items):
            self._problem(key, "should be a name or a list of names")
            return ()
        return tuple(dict.fromkeys(items))

    def _one_of(self, key: str, allowed: tuple[str, ...]) -> str | None:
        text = self._text(key)
        if text and text not in allowed:
            hint = nearest(text, allowed)
            self._problem(key, f'"{text}" is not known; {hint or "there are " + ", ".join(allowed)}')
            return None
        return text or None

    def _count(self, key: str, default: int, least: int) -> int:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self._problem(key, f"should be a whole number of {least} or more")
            return default
        return value

    def _asked(self, key: str, read: Callable[[Any], T], default: Any = None) -> T | None:
        try:
            return read(self.values.get(key, default))
        except MlopsError as error:
            self.problems.append(error.message + (f". {error.hint}" if error.hint else ""))
            return None

    def _against(self) -> AgainstWish | None:
        value = self.values.get("against")
        if value is None:
            return None
        if isinstance(value, str) and _REVISION.fullmatch(value):
            self._problem(
                "against",
                f'"{value}" should be a path: runs and commits work only on the command line, '
                f"mlops evaluate MODEL --against {value}",
            )
            return None
        given = (
            {"model" if self.values.get("model") else "predictions": value}
            if isinstance(value, str)
            else value
        )
        allowed = ("model", "predictor", "predictions", "name", "margin")
        if (
            not isinstance(given, dict)
            or not set(given) <= set(allowed)
            or ("model" in given) == ("predictions" in given)
        ):
            self._problem(
                "against",
                "should be a model's path, or {model: …} or {predictions: …}, with margin and predictor if wanted",
            )
            return None
        paths = {name: given[name] for name in allowed[:4] if name in given}
        if not all(isinstance(path, str) and path for path in paths.values()):
            self._problem("against", f"should have text for {', '.join(paths)}")
            return None
        margin = self._asked_margin(given.get("margin"))
        model, predictions = (plain_path(paths[n]) if n in paths else "" for n in ("model", "predictions"))
        predictor = paths.get("predictor", "")
        return AgainstWish(
            model,
            _plain_place(predictor) if ":" in predictor else predictor,
            predictions,
            paths.get("name") or model or predictions,
            margin,
        )

    def _asked_margin(self, value: Any) -> float | dict[str, float] | None:
        try:
            return None if value is None else margin_asked(value)
        except MlopsError as error:
            self.problems.append(f"against.{error.message}")
            return None

    def _kinds(self) -> dict[str, Kind]:
        value = self.values.get("types", {})
        if not isinstance(value, dict) or not all(kind in KINDS for kind in value.values()):
            self._problem("types", f"should be {{column: kind}}; kinds are {', '.join(KINDS)}")
            return {}
        return {str(name): kind for name, kind in value.items()}

    def _predictor(self) -> str:
        text = self._text("predictor")
        if text and ":" not in text and text not in _KINDS:
            hint = nearest(text, _KINDS) or f"write {', '.join(_KINDS)}, or file.py:Class"
            self._problem("predictor", f'"{text}" is not known; {hint}')
            return ""
        return _plain_place(text) if ":" in text else text

    def _predictions(self) -> PredictionsWish | None:
        value = self.values.get("predictions")
        if value is None:
            return None
        if isinstance(value, str) and value:
            return PredictionsWish(plain_path(value))
        allowed = ("path", "predicted", "score")
        if not isinstance(value, dict) or not isinstance(value.get("path"), str):
            self._problem("predictions", "should be a path, or {path: …, predicted: column, score: column}")
            return None
        for name, item in value.items():
            if name not in allowed:
                self._problem(
                    "predictions",
                    f'has no "{name}"; {nearest(str(name), allowed) or "it has path, predicted, score"}',
                )
            elif not isinstance(item, str):
                self._problem("predictions", f"{name} should be text")
                return None
        return PredictionsWish(plain_path(value["path"]), value.get("predicted", ""), value.get("score", ""))

    def _threshold(self) -> ThresholdWish | None:
        value = self.values.get("threshold")
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return ThresholdWish("given", float(value))
        if isinstance(value, str) and value in ("youden", "value"):
            return self._by_value(ThresholdWish("youden" if value == "youden" else "value"))
        if not isinstance(value, dict):
            self._problem(
                "threshold",
                "should be a number, youden, value, or {precision: 0.9}, {recall: 0.8}, {by: youden, on: data/valid.csv}",
            )
            return None
        return self._threshold_of(value)

    def _threshold_of(self, value: Mapping[str, Any]) -> ThresholdWish | None:
        allowed = ("by", "on", "precision", "recall")
        for name in value:
            if name not in allowed:
                self._problem(
                    "threshold",
                    f'has no "{name}"; {nearest(str(name), allowed) or "it has " + ", ".join(allowed)}',
                )
                return None
        on = value.get("on", "")
        if not isinstance(on, str):
            self._problem("threshold", "on should be a path, or same")
            return None
        on = on if on in ("", "same") else plain_path(on)
        wanted = [name for name in ("by", "precision", "recall") if name in value]
        if len(wanted) != 1:
            self._problem("threshold", "takes one of precision, recall and by")
            return None
        (name,) = wanted
        if name == "by":
            if value["by"] not in ("youden", "value"):
                self._problem("threshold", "by should be youden or value")
                return None
            return self._by_value(ThresholdWish(value["by"], 0.0, on))
        at = value[name]
        if isinstance(at, bool) or not isinstance(at, int | float) or not 0 < at <= 1:
            self._problem("threshold", f"{name} should be a number above 0, up to 1")
            return None
        return ThresholdWish("precision" if name == "precision" else "recall", float(at), on)

    def _by_value(self, wish: ThresholdWish) -> ThresholdWish:
        if wish.how == "value" and self.values.get("value") is None:
            self._problem(
                "threshold",
                "by value needs what each answer is worth: value: [[0, -5], [-10, 20]] (--value on the command line)",
            )
        return wish

    def _metrics(self) -> tuple[tuple[OwnMetricWish, ...], tuple[str, ...]]:
        value = self.values.get("metrics")
        items = [value] if isinstance(value, str | dict) else [] if value is None else value
        if not isinstance(items, list | tuple):
            self._problem("metrics", "should be a list")
            return (), ()
        own: list[OwnMetricWish] = []
        names: list[str] = []
        for item in items:
            if isinstance(item, str) and ":" in item and ".py" in item:
                own.append(OwnMetricWish(item.rpartition(":")[2], _plain_place(item)))
            elif isinstance(item, dict):
                own += self._own_metric(item)
            elif isinstance(item, str) and metric_of(item) is not None:
                names.append(item)
            else:
                hint = (
                    nearest(str(item), CATALOGUE)
                    or f"there are {', '.join(CATALOGUE)}, and your own as file.py:function"
                )
                self._problem("metrics", f'"{item}" is not known; {hint}')
        clash = [wish.name for wish in own if metric_of(wish.name)]
        if clash:
            self._problem(
                "metrics", f"{clash[0]} is the name of a metric already; give yours another with name:"
            )
        return tuple(own), tuple(dict.fromkeys(names))

    def _own_metric(self, item: Mapping[str, Any]) -> list[OwnMetricWish]:
        allowed = ("name", "function", "direction")
        function = item.get("function")
        way = item.get("direction")
        unknown = [name for name in item if name not in allowed]
        if unknown or not isinstance(function, str) or ".py:" not in function:
            self._problem(
                "metrics",
                "a metric of your own is {name: claims, function: src/own.py:claims, direction: up}",
            )
            return []
        if way not in (None, "up", "down"):
            self._problem("metrics", "direction should be up or down")
            return []
        name = item.get("name") or function.rpartition(":")[2]
        return [OwnMetricWish(str(name), _plain_place(function), way)]


def plain_path(path: str) -> str:
    """Return a path as records have it: `./a//b` is `a/b`; an address of elsewhere stays as it is."""
    return path if "://" in path else posixpath.normpath(path)


def _plain_place(place: str) -> str:
    file, colon, name = place.rpartition(":")
    return f"{plain_path(file)}{colon}{name}"
