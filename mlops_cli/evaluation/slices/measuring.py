"""Metrics of declared slices: from cells where a metric follows from them, on the slice's rows where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.catalogue import metric_of
from mlops_cli.evaluation.findings import Slice
from mlops_cli.evaluation.slices.assign import assign
from mlops_cli.evaluation.slices.cells import (
    confusions,
    loss_sums,
    mean_measured,
    rate_measured,
)
from mlops_cli.evaluation.slices.expression import expression_text
from mlops_cli.evaluation.slices.spec import Condition
from mlops_cli.evaluation.values import row_losses
from mlops_cli.evaluation.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.findings import SliceStatus
    from mlops_cli.evaluation.measured import Measured
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.slices.assign import Group
    from mlops_cli.evaluation.slices.cells import Confusions, LossSums
    from mlops_cli.evaluation.slices.columns import Columns
    from mlops_cli.evaluation.slices.spec import Declared

    Measure = Callable[[str, NDArray[np.int64]], Measured]

SUPPRESSED_UNDER = 20
MIN_N = 50
_MEANS = frozenset({"log_loss", "brier", "mae", "bias"})


def measured_slices(
    declared: Iterable[Declared],
    columns: Columns,
    sample: Sample,
    measure: Measure,
    names: Sequence[str],
    min_n: int = MIN_N,
) -> tuple[Slice, ...]:
    """Return the metrics of declared slices, in the order of their declaration; of one column the largest first.

    Parameters
    ----------
    columns : Columns
        Of the rows of `sample`, in its order.
    measure : callable
        Gives a metric by name on rows by number, for what does not follow from cells.
    min_n : int
        Rows under which a slice is `insufficient`; under 20 it is `suppressed`, and shows no metric.

    Raises
    ------
    UsageError
        When a column is not there, or a condition compares unlike things.
    """
    declared = tuple(declared)
    found: list[Slice] = []
    for item, group in zip(declared, assign(declared, columns), strict=True):
        where = item.where if isinstance(item, Condition) else None
        found.extend(_of_group(group, where, sample, measure, names, min_n))
    return tuple(found)


def standing(n: int, min_n: int, note: str = "") -> tuple[SliceStatus, str]:
    """Return whether a slice has rows enough, and why not.

    Examples
    --------
    >>> standing(7, 50), standing(30, 50)[0], standing(80, 50)
    (('suppressed', '7 rows; nothing is shown of fewer than 20'), 'insufficient', ('ok', ''))
    """
    if n == 0:
        return "insufficient", note or "no row is in it"
    if n < SUPPRESSED_UNDER:
        return "suppressed", f"{counted(n, 'row')}; nothing is shown of fewer than {SUPPRESSED_UNDER}"
    if n < min_n:
        return "insufficient", f"{counted(n, 'row')}, and it takes {min_n} to judge"
    return "ok", ""


def rows_by_code(codes: NDArray[np.int32], slices: int) -> list[NDArray[np.int64]]:
    """Return the rows of each slice, in order, by one sort."""
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(slices + 1))
    return [order[ends[at] : ends[at + 1]] for at in range(slices)]


def _of_group(
    group: Group, where: str | None, sample: Sample, measure: Measure, names: Sequence[str], min_n: int
) -> list[Slice]:
    count = len(group.parts)
    rows = rows_by_code(group.codes, count)
    cells = _Cells(group.codes, count, sample)
    found = []
    for at, part in enumerate(group.parts):
        n = len(rows[at])
        status, reason = standing(n, min_n, group.notes[at])
        metrics = {}
        if n >= SUPPRESSED_UNDER:
            metrics = {name: cells.metric(name, at) or measure(name, rows[at]) for name in names}
        text = where if where is not None else expression_text(part.where)
        found.append(Slice(part.label, text, group.name, n, status, reason, metrics))
    return found


class _Cells:
    """Cells of a group's slices, made when first asked for."""

    def __init__(self, codes: NDArray[np.int32], count: int, sample: Sample) -> None:
        self._codes, self._count, self._sample = codes, count, sample
        self._whole = sample.missing() == 0
        self._confusions: Confusions | None = None
        self._sums: dict[str, LossSums] = {}

    def metric(self, name: str, at: int) -> Measured | None:
        """Return a metric of one slice; None where it does not follow from cells."""
        known, sample = metric_of(name), self._sample
        if known is None or sample.task not in known.tasks or not self._whole:
            return None
        if known.method == "wilson":
            if self._confusions is None:
                self._confusions = confusions(self._codes, self._count, sample)
            rate = self._confusions.rate(name)
            if rate is None:
                return None
            hits, n = int(rate[0][at]), int(rate[1][at])
            return rate_measured(name, hits, n, sample.classes) if n else None
        if name not in _MEANS or not self._has_losses(name):
            return None
        if name not in self._sums:
            self._sums[name] = loss_sums(self._codes, self._count, row_losses(name, sample))
        sums = self._sums[name]
        return mean_measured(name, sums, at) if np.isfinite(sums.squares[at]) else None

    def _has_losses(self, name: str) -> bool:
        if name in ("mae", "bias"):
            return True
        sample = self._sample
        return sample.scores is not None and sample.probabilities and sample.missing_scores() == 0
