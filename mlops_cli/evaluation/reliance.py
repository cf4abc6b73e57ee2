"""How much a model goes by each column, without labels: what its answers do when the column's values are dealt out anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.data.table.opening import open_table
from mlops_cli.errors import DataError
from mlops_cli.evaluation.answering import features_frame
from mlops_cli.evaluation.predictors.load import load_predictor
from mlops_cli.evaluation.reliance_step import FILE
from mlops_cli.statistics.seeds import generator, seed_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mlops_cli.evaluation.predictors.predictor import Answers, Predictor
    from mlops_cli.pipeline.builtin import StepCall

_ROWS = 2000


def reliance(
    predictor: Predictor, frame: pd.DataFrame, seed: int, columns: Sequence[str] | None = None
) -> dict[str, float]:
    """Return the mean change of a model's answers when the values of one column are dealt out anew among the rows.

    Of scores it is the mean absolute change, of numbers that in their standard deviations, of labels the share that changed.
    It says what the model looks at, not what it is right to look at, for which labels are needed.

    Parameters
    ----------
    frame : DataFrame
        Rows as the model takes them.
    columns : sequence of str, optional
        Which columns; all, when None.
    """
    random = generator(seed)
    before = predictor.answer(frame)
    found = {}
    for name in frame.columns if columns is None else columns:
        dealt = frame.copy()
        dealt[name] = frame[name].to_numpy()[random.permutation(len(frame))]
        dealt[name] = dealt[name].astype(frame[name].dtype)
        found[str(name)] = _change(before, predictor.answer(dealt))
    return found


def _change(before: Answers, now: Answers) -> float:
    if before.scores is not None and now.scores is not None:
        return float(np.abs(np.asarray(now.scores, float) - np.asarray(before.scores, float)).mean())
    one, two = np.asarray(before.predicted), np.asarray(now.predicted)
    if one.dtype.kind in "fiu" and len(np.unique(one)) > 20:
        spread = float(one.astype(float).std())
        return float(np.abs(two.astype(float) - one.astype(float)).mean()) / spread if spread > 0 else 0.0
    return float((one != two).mean())


def run(call: StepCall) -> None:
    """Write the reliance of a model on the columns of a table: the child's part of `mlops drift --model`.

    Raises
    ------
    DataError
        When model or table is missing, damaged, or does not fit the other.
    """
    settings: dict[str, Any] = dict(call.settings)
    notes: list[str] = []
    predictor, _ = load_predictor(
        settings["model"], settings.get("predictor", ""), call.inputs, call.recorded, notes
    )
    with open_table(settings["data"], scratch=Path(call.scratch)) as table:
        seed = seed_of("reliance", table.rows, *table.names)
        rows = np.arange(table.rows)
        if table.rows > _ROWS:
            rows = np.sort(generator(seed).choice(table.rows, size=_ROWS, replace=False))
        if not predictor.features and not settings.get("columns"):
            raise DataError(
                f"the model {settings['model']} does not tell the columns that it takes",
                hint="Evaluate it with importance, and name the evaluation: --model reports/evaluation/evaluation.json",
            )
        frame = features_frame(settings.get("columns", ()), predictor, table, "", rows)
    assert call.report is not None, "whoever asks wants to read it"  # noqa: S101 - tells the type checker
    (Path(call.report) / FILE).write_text(json.dumps(reliance(predictor, frame, seed)), encoding="utf-8")
