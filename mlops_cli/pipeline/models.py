"""`models:` of a pipeline file: named lines of artifacts. Their environments and watches are not read yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlops_cli.formats.yaml_text import Node
from mlops_cli.pipeline.definition import Model
from mlops_cli.pipeline.fields import given

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.pipeline.fields import Fields

MODEL_KEYS = ("artifact", "evaluation", "predictor", "environments", "watch")
_READ = ("artifact", "evaluation", "predictor")
EVALUATION = "evaluation.json"
"""The file by which the report of an evaluation is known."""
LOADERS = ("joblib", "pickle", "skops", "onnx")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_CLASS = re.compile(r"[^:]+\.py:[A-Za-z_][A-Za-z0-9_]*")


def read_models(node: Node, prefix: str, fields: Fields, filled: Callable[[Node], Node]) -> dict[str, Model]:
    """Return the models of one file by address; what is wrong is kept in the problems of `fields`.

    Parameters
    ----------
    node : Node
        What stands under `models`.
    prefix : str
        What stands before the names of its sub-project.
    filled : callable
        Fills the templates of what is read.
    """
    found: dict[str, Model] = {}
    for name, body in fields.mapping(node, "models").items():
        at = Node(name, *node.keys[name])
        if not _NAME.fullmatch(name):
            fields.problem(at, f'"{name}" cannot be the name of a model', "use letters, digits, _ - and .")
            continue
        model = _model(name, body, at, prefix, fields, filled)
        if model is not None:
            found[model.name] = model
    return found


def _model(
    name: str, body: Node, at: Node, prefix: str, fields: Fields, filled: Callable[[Node], Node]
) -> Model | None:
    if not isinstance(body.value, dict):
        where = at if body.value is None else body
        message = f"model {name} should be a mapping, not {given(body)}"
        fields.problem(where, message, "write artifact: models/best.joblib below its name")
        return None
    before = len(fields.problems.found)
    fields.known_keys(body, MODEL_KEYS, "a model")
    items = {key: filled(value) for key, value in body.value.items() if key in _READ}
    if "artifact" not in items:
        if len(fields.problems.found) == before:  # else it is there, misspelt
            hint = "say which file it is: artifact: models/best.joblib"
            fields.problem(at, f"model {name} has no artifact", hint)
        return None
    artifact = fields.path(items["artifact"], "artifact")
    evaluation = (
        fields.path(items["evaluation"], "evaluation", outside=False) if "evaluation" in items else ""
    )
    predictor = _predictor(items["predictor"], fields) if "predictor" in items else ""
    if not artifact:
        return None
    places = {key: fields.place(value) for key, value in items.items()}
    return Model(f"{prefix}{name}", artifact, evaluation or None, predictor or None, places)


def _predictor(node: Node, fields: Fields) -> str:
    text = fields.text(node, "predictor")
    if text and text not in LOADERS and not _CLASS.fullmatch(text):
        hint = f"write {', '.join(LOADERS)}, or src/predictor.py:Predictor"
        fields.problem(node, f'"{text}" is no predictor', hint)
        return ""
    if ":" not in text:
        return text
    file, _, name = text.rpartition(":")
    path = fields.path(Node(file, node.line, node.column), "predictor", outside=False)
    return f"{path}:{name}" if path else ""
