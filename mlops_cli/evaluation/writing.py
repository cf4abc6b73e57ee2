"""The files of an evaluation: `evaluation.json`, `metrics.json`, `predictions.parquet`; and predictions read back."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mlops_cli.errors import DataError
from mlops_cli.evaluation.answering import SCORE_OF
from mlops_cli.evaluation.model import dump_evaluation, metrics_wire
from mlops_cli.evaluation.step import METRICS, PREDICTIONS
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.formats.canonical import compact, pretty
from mlops_cli.pipeline.models import EVALUATION

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.evaluation.model import Evaluation
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.statistics.arrays import Integers

_ABOUT = b"mlops"


def write_files(folder: Path, evaluation: Evaluation, sample: Sample, rows: Integers) -> None:
    """Write them; the same evaluation gives the same bytes.

    Parameters
    ----------
    rows : (n,) array
        The number of each row in its table.
    """
    os.makedirs(folder, exist_ok=True)
    write_atomic(folder / EVALUATION, dump_evaluation(evaluation), durable=False)
    write_atomic(folder / METRICS, pretty(metrics_wire(evaluation)), durable=False)
    pq.write_table(_table(sample, rows), folder / PREDICTIONS, compression="zstd", store_schema=True)


def _table(sample: Sample, rows: Integers) -> pa.Table:
    columns: dict[str, Any] = {"row": pa.array(rows, pa.int64())}
    if sample.task == "regression":
        columns |= {
            "truth": pa.array(sample.truth),
            "predicted": pa.array(sample.predicted, from_pandas=True),
        }
    else:
        columns |= {"truth": _labels(sample.truth, sample), "predicted": _labels(sample.predicted, sample)}
    if sample.scores is not None and sample.scores.ndim == 1:
        columns["score"] = pa.array(sample.scores, from_pandas=True)
    elif sample.scores is not None:
        for at, name in enumerate(sample.classes):
            columns[f"{SCORE_OF}{name}"] = pa.array(
                np.ascontiguousarray(sample.scores[:, at]), from_pandas=True
            )
    about = {"task": sample.task, "classes": list(sample.classes), "probabilities": sample.probabilities}
    return pa.table(columns).replace_schema_metadata({_ABOUT: compact(about).strip()})


def _labels(codes: Any, sample: Sample) -> pa.Array:
    known = np.asarray(codes) >= 0
    indices = pa.array(np.where(known, codes, 0), pa.int32(), mask=~known)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(sample.classes), pa.string())).cast(
        pa.string()
    )


def is_own(path: str) -> bool:
    """Whether a file holds predictions that an evaluation wrote, and not a table that came about elsewhere."""
    try:
        return _ABOUT in (pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowException):
        return False


def read_predictions(path: str) -> tuple[pa.Table, dict[str, Any]]:
    """Return a table of predictions that an evaluation wrote, and what it says of itself: task, classes, probabilities.

    Raises
    ------
    DataError
        When it is none.
    """
    try:
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {})[_ABOUT])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise DataError(
            f"{path} holds no predictions of an evaluation", hint="Name the predictions.parquet of one."
        ) from error
    return table, about
