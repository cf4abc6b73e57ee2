"""Cells of slices that add: confusion counts and sums of losses. Metrics of a slice, of a day or of a version follow from them.

Cells of any parts of the rows, added, are the cells of all of them; so no row is needed to put slices, days or versions together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.catalogue import metric_of
from mlops_cli.evaluation.measured import Measured, unmeasured
from mlops_cli.statistics.interval import mean_t, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.measured import Direction
    from mlops_cli.evaluation.sample import Sample

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

# What a rate of no rows has to say.
_NONE = {
    "precision": "no row is answered {label}",
    "recall": "no row is {label}",
    "specificity": "no row is {label}",
    "false_positive_rate": "no row is {label}",
}


@dataclass(frozen=True, slots=True)
class Confusions:
    """Rows by slice, truth and answer.

    Parameters
    ----------
    counts : array of int64, shape (slices, K, K)
    classes : tuple of str
    """

    counts: Integers
    classes: tuple[str, ...]

    def plus(self, other: Confusions) -> Confusions:
        """Return the cells of the rows of both, of the same slices."""
        return Confusions(self.counts + other.counts, self.classes)

    def rate(self, name: str) -> tuple[Integers, Integers] | None:
        """Return how often a rate came true, and of how many rows, for each slice; None when it is no rate of these cells.

        `accuracy`, `selection_rate`, `precision`, `recall`, `specificity`, `false_positive_rate`, and `recall[c]`, `precision[c]`.
        """
        kind, bracket, label = name.partition("[")
        total = self.counts.sum(axis=(1, 2))
        right = np.diagonal(self.counts, axis1=1, axis2=2)
        if name == "accuracy":
            return right.sum(axis=1), total
        if label[:-1] not in self.classes if bracket else len(self.classes) != 2:
            return None
        code = self.classes.index(label[:-1]) if bracket else 1
        answered, true = self.counts[:, :, code].sum(axis=1), self.counts[:, code].sum(axis=1)
        rates: dict[str, tuple[Integers, Integers]] = {
            "recall": (right[:, code], true),
            "precision": (right[:, code], answered),
        }
        if not bracket:
            rates |= {
                "selection_rate": (answered, total),
                "specificity": (right[:, 0], total - true),
                "false_positive_rate": (self.counts[:, 0, 1], total - true),
            }
        return rates.get(kind)


def confusions(codes: NDArray[np.int32], slices: int, sample: Sample) -> Confusions:
    """Return the confusion of every slice, in one pass; rows of no slice, or without an answer, count nowhere.

    Parameters
    ----------
    codes : array of int32, shape (rows,)
        Which slice each row is in, -1 for none.
    """
    size = len(sample.classes)
    known = (codes >= 0) & (sample.predicted >= 0)
    cell = (codes[known].astype(np.int64) * size + sample.truth[known].astype(np.int64)) * size
    counts = np.bincount(cell + sample.predicted[known].astype(np.int64), minlength=slices * size * size)
    return Confusions(counts.reshape(slices, size, size), sample.classes)


@dataclass(frozen=True, slots=True)
class LossSums:
    """Rows, losses and squared losses by slice, about a centre that keeps their spread exact.

    Parameters
    ----------
    n, total, squares : array of float64, shape (slices,)
    centre : float
    """

    n: Floats
    total: Floats
    squares: Floats
    centre: float

    def plus(self, other: LossSums) -> LossSums:
        """Return the sums of the rows of both, about the same centre.

        Raises
        ------
        ValueError
            When the centres differ.
        """
        if self.centre != other.centre:
            raise ValueError("sums about different centres do not add")
        return LossSums(self.n + other.n, self.total + other.total, self.squares + other.squares, self.centre)

    def mean_variance(self, at: int) -> tuple[float, float, int]:
        """Return mean, variance (n - 1 below) and rows of one slice."""
        n = float(self.n[at])
        mean = float(self.total[at]) / n
        variance = (float(self.squares[at]) - n * mean * mean) / (n - 1) if n > 1 else 0.0
        return self.centre + mean, max(variance, 0.0), int(n)


def loss_sums(codes: NDArray[np.int32], slices: int, losses: Floats) -> LossSums:
    """Return the sums of every slice, in one pass."""
    inside = codes >= 0
    with np.errstate(over="ignore", invalid="ignore"):  # what leaves the range of floats is seen as infinite
        centre = float(losses.mean()) if len(losses) else 0.0
        place, apart = codes[inside].astype(np.int64), losses[inside] - centre
        return LossSums(
            np.bincount(place, minlength=slices).astype(np.float64),
            np.bincount(place, apart, slices).astype(np.float64),
            np.bincount(place, apart * apart, slices).astype(np.float64),
            centre,
        )


def rate_measured(name: str, hits: int, n: int, classes: Sequence[str]) -> Measured:
    """Return a rate as a metric, with Wilson's interval."""
    known = metric_of(name)
    way: Direction | None = "down" if name == "false_positive_rate" else known.direction if known else None
    if n == 0:
        kind, bracket, label = name.partition("[")
        what = label[:-1] if bracket else classes[0 if kind in ("specificity", "false_positive_rate") else 1]
        return unmeasured("insufficient", _NONE.get(kind, "there are no rows").format(label=what), 0, way)
    found = wilson(hits, n)
    return Measured(found.value, found.low, found.high, n, way, method="wilson")


def mean_measured(name: str, sums: LossSums, at: int) -> Measured:
    """Return a mean of losses as a metric, with Student's interval."""
    known = metric_of(name)
    way: Direction | None = known.direction if known else "down"
    if sums.n[at] == 0:
        return unmeasured("insufficient", "there are no rows", 0, way)
    mean, variance, n = sums.mean_variance(at)
    if n < 2:
        return Measured(mean, None, None, n, way, note="one row has no spread")
    found = mean_t(mean, variance, n)
    low = found.low if name == "bias" else max(0.0, found.low)
    return Measured(mean, min(low, mean), found.high, n, way, method="t")
