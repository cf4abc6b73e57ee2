"""What was true, what was answered, and how sure the model was: the rows that every metric is computed from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mlops_cli.evaluation.model import Task
    from mlops_cli.statistics.arrays import Floats, Integers

MISSING = -1  # the code of an answer that is none


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows to judge.

    Parameters
    ----------
    truth : (n,) array
        Codes of classes (int64), or numbers (float64); none is missing.
    predicted : (n,) array or None
        The same; a missing answer is -1, or NaN.
    scores : array or None
        Binary: (n,), of the positive class. Multiclass: (n, K), in the order of the classes. None where the model has none.
    classes : tuple of str
        Of a binary task negative, positive.
    probabilities : bool
        Whether scores are probabilities; if not, only their order means something.
    seed : int
        Follows from the content; what is drawn follows from it.
    why_no_scores : str
        What to say of a metric that needs scores, where there are none.
    """

    task: Task
    truth: Integers | Floats
    predicted: Integers | Floats
    scores: Floats | None = None
    classes: tuple[str, ...] = ()
    probabilities: bool = True
    seed: int = 0
    why_no_scores: str = "the model gives no scores"

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.truth)

    def take(self, rows: Integers) -> Sample:
        """Return some of the rows."""
        scores = None if self.scores is None else self.scores[rows]
        return replace(self, truth=self.truth[rows], predicted=self.predicted[rows], scores=scores)

    def missing(self) -> int:
        """Return how many answers are none: missing, or infinite."""
        if self.task == "regression":
            return int((~np.isfinite(self.predicted)).sum())
        return int((self.predicted == MISSING).sum())

    def missing_scores(self) -> int:
        """Return how many rows have a score that is missing or infinite; 0 where there are none at all."""
        if self.scores is None:
            return 0
        good = np.isfinite(self.scores)
        return int((~(good if good.ndim == 1 else good.all(axis=1))).sum())

    def confusion(self) -> Integers:
        """Return rows by truth (first) and answer (second), (K, K); rows without an answer are in none."""
        size = len(self.classes)
        known = self.predicted != MISSING
        cells = self.truth[known].astype(np.int64) * size + self.predicted[known].astype(np.int64)
        return np.bincount(cells, minlength=size * size).reshape(size, size)
