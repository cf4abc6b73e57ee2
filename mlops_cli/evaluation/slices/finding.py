"""Weak slices of a model: which loss is compared, and the metrics of what is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.slices.find import find_slices
from mlops_cli.evaluation.values import row_losses
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.findings import FoundSlice
    from mlops_cli.evaluation.measured import Measured
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.slices.columns import Columns, Values
    from mlops_cli.evaluation.slices.spec import FindAsked


class _Some:
    """Some columns of others."""

    def __init__(self, columns: Columns, names: Sequence[str]) -> None:
        self._columns, self.names, self.rows = columns, tuple(names), columns.rows

    def values(self, name: str) -> Values:
        return self._columns.values(name)


def found_slices(
    asked: FindAsked,
    columns: Columns,
    sample: Sample,
    measure: Callable[[str, NDArray[np.int64]], Measured],
    names: Sequence[str],
) -> tuple[FoundSlice, ...]:
    """Return the slices on which a model is weak, as `find.find_slices` finds them, with metrics on all their rows.

    Raises
    ------
    UsageError
        When a column that was named is not there.
    """
    for name in (*asked.columns, *asked.without):
        if name not in columns.names:
            close = nearest(name, columns.names)
            raise UsageError(f"find: the table has no column {name}", hint=close[:1].upper() + close[1:])
    chosen = [name for name in asked.columns or columns.names if name not in asked.without]
    loss, loss_name = loss_of(sample)
    return find_slices(
        _Some(columns, chosen),
        loss,
        loss_name,
        depth=asked.depth,
        most=asked.most,
        measure=lambda rows: {name: measure(name, rows) for name in names},
    )


def loss_of(sample: Sample) -> tuple[NDArray[np.float64], str]:
    """Return the loss of each row, and its name: `log_loss` where there are probabilities, `error` (0 or 1) or `absolute_error`.

    Probabilities nearer than 0.001 to 0 count as 0.001, so that a few rows that the model is sure and wrong of do not hide all
    others. A row without an answer has no loss (NaN).
    """
    if sample.task == "regression":
        error = np.abs(sample.predicted - sample.truth)
        return np.where(np.isfinite(error), error, np.nan), "absolute_error"
    if sample.scores is not None and sample.probabilities and sample.missing_scores() == 0:
        return np.minimum(row_losses("log_loss", sample), -np.log(0.001)), "log_loss"
    wrong = (sample.predicted != sample.truth).astype(np.float64)
    return np.where(sample.predicted >= 0, wrong, np.nan), "error"
