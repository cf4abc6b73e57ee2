"""Where the threshold of a binary model lies: given, or chosen by value, precision, recall or Youden's index."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.errors import DataError
from mlops_cli.evaluation.charts import Threshold
from mlops_cli.statistics.seeds import generator, seed_of

if TYPE_CHECKING:
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.wishes import ThresholdWish
    from mlops_cli.statistics.arrays import Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """What follows from each threshold that makes a difference; all arrays (T,), thresholds falling.

    Parameters
    ----------
    hits, misses : arrays
        True and false positives.
    """

    thresholds: Floats
    hits: Integers
    misses: Integers
    positives: int
    negatives: int

    @property
    def precision(self) -> Floats:
        """Share of right ones among the positive answers."""
        return np.asarray(self.hits / (self.hits + self.misses))

    @property
    def recall(self) -> Floats:
        """Share of the positives that are found."""
        return np.asarray(self.hits / max(self.positives, 1))


def cuts_of(sample: Sample) -> Cuts:
    """Return what follows from each threshold: every score that occurs."""
    assert sample.scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    order = np.argsort(-sample.scores, kind="stable")
    scores, positive = sample.scores[order], sample.truth[order] == 1
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # equal scores stand or fall together
    hits = np.cumsum(positive)[last]
    positives = int(positive.sum())
    return Cuts(scores[last], hits, last + 1 - hits, positives, len(scores) - positives)


def choose(
    wish: ThresholdWish, sample: Sample, matrix: tuple[tuple[float, float], tuple[float, float]] | None
) -> float:
    """Return the threshold that a wish leads to on a sample.

    Of equally good ones the highest is taken. A wanted precision: the threshold with the most recall among those that reach it.
    A wanted recall: the highest that reaches it.

    Parameters
    ----------
    matrix : 2 x 2 tuple or None
        What a row is worth, by truth and answer; for `value`.

    Raises
    ------
    DataError
        When no threshold does what is wanted, or the rows have one class only.
    """
    cuts = cuts_of(sample)
    if not cuts.positives or not cuts.negatives:
        raise DataError("a threshold cannot be chosen on rows of one class only")
    if wish.how == "precision":
        good = np.flatnonzero(cuts.precision >= wish.at)
        if not len(good):
            best = float(cuts.precision.max())
            raise DataError(f"no threshold reaches a precision of {wish.at:g}; the best is {best:.4g}")
        return float(cuts.thresholds[good[np.argmax(cuts.recall[good])]])
    if wish.how == "recall":
        return float(cuts.thresholds[int(np.argmax(cuts.recall >= wish.at))])
    if wish.how == "value":
        if matrix is None:
            raise DataError(
                "a threshold by value needs the value of each answer",
                hint="Say it with value (on the command line: --value)",
            )
        missed, left = cuts.positives - cuts.hits, cuts.negatives - cuts.misses
        (plain, alarm), (lost, found) = matrix
        worth = found * cuts.hits + alarm * cuts.misses + lost * missed + plain * left
        return float(cuts.thresholds[int(np.argmax(worth))])
    index = cuts.recall - cuts.misses / cuts.negatives
    return float(cuts.thresholds[int(np.argmax(index))])


def halves(numbers: Integers, rows: int, seed: int) -> tuple[Integers, Integers]:
    """Return which rows choose, and which are judged: one half each.

    It follows from a row's place in its table and from the seed alone, never from the model: so two models that are judged on the
    same table are judged on the same rows, and can be held against one another.

    Parameters
    ----------
    numbers : (n,) array
        The places of the rows in their table.
    rows : int
        How many rows the table has.
    seed : int
        The user's.

    Returns
    -------
    (choosing, judging)
        Places in `numbers`, rising; they differ in length by one at most.
    """
    place = generator(seed_of(seed, "threshold", rows)).permutation(rows)[numbers]
    order = np.argsort(place, kind="stable")
    half = len(numbers) // 2
    return np.sort(order[:half]), np.sort(order[half:])


def decided(sample: Sample, threshold: Threshold) -> Sample:
    """Return the sample with answers that follow from a threshold."""
    assert sample.scores is not None, "asked for only where there are scores"  # noqa: S101 - tells the type checker
    answers = (sample.scores >= threshold.value).astype(np.int64)
    return replace(sample, predicted=np.where(np.isfinite(sample.scores), answers, -1))


def own_threshold(sample: Sample) -> Threshold | None:
    """Return the threshold that the model's own answers follow; None where they follow none.

    That is the lowest score that was answered with yes, unless one half lies between that and the highest answered with no.
    """
    if sample.scores is None or sample.n == 0 or sample.missing() or sample.missing_scores():
        return None
    yes, no = sample.scores[sample.predicted == 1], sample.scores[sample.predicted == 0]
    low = float(no.max()) if len(no) else -np.inf
    high = float(yes.min()) if len(yes) else np.inf
    if low > high:
        return None
    usual = 0.5 if sample.probabilities else 0.0
    value = usual if low <= usual <= high else high if len(yes) else low
    return Threshold(float(value), "default", 0, sample.n)
