"""From a path to a predictor: verified first, loaded then."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.evaluation.predictors.verified import verified_bytes, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.evaluation.predictors.predictor import Predictor


def load_predictor(
    path: str,
    how: str,
    inputs: Mapping[str, str],
    recorded: Mapping[str, str],
    notes: list[str],
) -> tuple[Predictor, str]:
    """Return a model's predictor and its digest.

    Parameters
    ----------
    how : str
        `file.py:Class`, or `joblib`, `pickle`, `skops`, `onnx`; empty to tell by the file.
    inputs, recorded : mapping
        As `StepCall` has them.
    notes : list of str
        Joined by what the library warns of.

    Raises
    ------
    DataError
        When it is not what a record promises, or cannot be loaded.
    FileError
        When the user's class is not there, or wrong.
    """
    if ":" in how:
        from mlops_cli.evaluation.predictors.own import OwnPredictor

        digest = verify(path, inputs, recorded)
        return OwnPredictor(how, path, notes), digest
    if os.path.isdir(path):
        hint = "Write a class that loads it, and name it: predictor: file.py:Class (on the command line: --predictor file.py:Class)"
        raise DataError(f"the model {path} is a directory, and only you know how to load it", hint=hint)
    from mlops_cli.evaluation.predictors.library import load_library

    data, digest = verified_bytes(path, recorded)
    return load_library(path, data, how, notes), digest
