"""How far scores are what they say: reliability bins, calibration errors with and without what chance makes, slope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.charts import Bin, Calibration
from mlops_cli.statistics.interval import wilson

if TYPE_CHECKING:
    from mlops_cli.statistics.arrays import Floats, Integers

BINS = 15
_STEPS = 50
_ENOUGH = 20  # rows of each outcome: with fewer a slope says nothing


@dataclass(frozen=True, slots=True, eq=False)
class Binned:
    """Rows by bins of their score, of equal numbers as far as equal scores allow; all arrays (B,), and no bin is empty.

    Parameters
    ----------
    index : (n,) array
        The bin of each row.
    n, hits : arrays
        Rows, and how many came true.
    scores : array
        Sum of the scores.
    low, high : arrays
        The smallest and the largest score.
    """

    index: Integers
    n: Floats
    hits: Floats
    scores: Floats
    low: Floats
    high: Floats


def binned(scores: Floats, hits: Floats, bins: int = BINS) -> Binned:
    """Put rows into bins by their score.

    Parameters
    ----------
    scores, hits : (n,) arrays
        Probabilities, and 1 where they came true.
    """
    edges = np.unique(np.quantile(scores, np.arange(1, bins) / bins))
    raw = np.searchsorted(edges, scores, side="left")
    _kept, index = np.unique(raw, return_inverse=True)
    count = int(index.max()) + 1
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, index, scores)
    np.maximum.at(high, index, scores)
    return Binned(
        index,
        np.bincount(index, minlength=count).astype(np.float64),
        np.asarray(np.bincount(index, hits, count), dtype=np.float64),
        np.asarray(np.bincount(index, scores, count), dtype=np.float64),
        low,
        high,
    )


def plain(cells: Binned) -> float:
    """Return the expected calibration error: the mean over rows of |mean score - rate| of their bin.

    Source: Naeini, Cooper, Hauskrecht, AAAI 2015, here with bins of equal numbers. Chance alone makes it positive: about
    sqrt(bins / n) * 0.3 of a model that is perfectly calibrated.
    """
    return float(np.abs(cells.scores - cells.hits).sum() / cells.n.sum())


def debiased_square(cells: Binned) -> float:
    """Return the mean square distance of score and rate without what chance makes of it; negative when there is less than that.

    Definition: of each bin (mean score - rate)^2 - rate (1 - rate) / (n - 1), weighted by its rows; bins of one row are left out.
    Source: Kumar, Liang, Ma, "Verified Uncertainty Calibration", NeurIPS 2019, definition 4.
    """
    rate, several = cells.hits / cells.n, cells.n > 1
    gap = (cells.scores / cells.n - rate) ** 2 - rate * (1 - rate) / np.maximum(cells.n - 1, 1)
    weight = cells.n * several
    return float((gap * weight).sum() / weight.sum()) if several.any() else 0.0


def debiased(cells: Binned) -> float:
    """Return the root of `debiased_square`, 0 where that is negative."""
    return float(np.sqrt(max(0.0, debiased_square(cells))))


def reliability(scores: Floats, hits: Floats) -> Calibration:
    """Return bins to draw, and slope and intercept.

    Examples
    --------
    >>> found = reliability(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0.0, 0.0, 1.0, 0.0]))
    >>> [(bin.n, bin.score, bin.rate) for bin in found.bins]
    [(2, 0.1, 0.0), (2, 0.9, 0.5)]
    """
    cells = binned(scores, hits)
    rows = []
    for at in range(len(cells.n)):
        rate = wilson(float(cells.hits[at]), float(cells.n[at]))
        rows.append(
            Bin(
                float(cells.low[at]),
                float(cells.high[at]),
                int(cells.n[at]),
                float(cells.scores[at] / cells.n[at]),
                rate.value,
                rate.low,
                rate.high,
            )
        )
    slope, intercept = _slope(scores, hits)
    return Calibration(tuple(rows), slope, intercept)


def _slope(scores: Floats, hits: Floats) -> tuple[float | None, float | None]:
    """Return slope and intercept of the logistic regression of the outcome on the log-odds of the score (D. R. Cox, 1958).

    By Newton's method; None where it does not settle, or where there is too little to go by.
    """
    positives = float(hits.sum())
    if min(positives, len(hits) - positives) < _ENOUGH or np.ptp(scores) == 0:
        return None, None
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    odds = np.log(clipped / (1 - clipped))
    design = np.column_stack([odds, np.ones_like(odds)])
    found = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        rate = 1 / (1 + np.exp(-np.clip(design @ found, -500, 500)))
        hessian = design.T @ (design * (rate * (1 - rate))[:, None])
        try:
            step = np.linalg.solve(hessian, design.T @ (hits - rate))
        except np.linalg.LinAlgError:
            return None, None
        found = found + step
        if np.abs(step).max() < 1e-9:
            return float(found[0]), float(found[1])
    return None, None
