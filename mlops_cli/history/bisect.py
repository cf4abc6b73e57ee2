"""Finding where a metric fell, on a line of commits: which of them to ask next, and what the values say. Pure.

Positions count from 0, which is good, to the last one, which is bad. A value counts as bad when it lies on the bad side of a
threshold. Where values scatter, the scatter known so far tells how many of them a position needs.
"""

from __future__ import annotations

import math
from statistics import fmean, variance
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Answer = Literal["good", "bad", "skip"]
Side = Literal["good", "bad", "unclear"]

# So many standard errors away from the threshold, a mean is on its side of it.
_SURE = 3.0
_APART = 2.0


class Scale(NamedTuple):
    """What is good, what is bad, and what lies between.

    Parameters
    ----------
    good, bad : float
        The metric at both ends: means, where there are several values.
    threshold : float
        Values on the good's side of it are good.
    """

    good: float
    bad: float
    threshold: float

    def is_bad(self, value: float) -> bool:
        """Whether a value lies on the bad side."""
        return value < self.threshold if self.good > self.bad else value > self.threshold


class Step(NamedTuple):
    """What is known, and what to ask next.

    Parameters
    ----------
    ask : int or None
        The position to look at; None when nothing more can be learnt.
    good, bad : int
        Neighbours in what is known: the last position that is good, and the first one after it that is bad.
    again : tuple of int
        Positions before `good` that are bad: it fell, and rose again, before it fell for good.
    """

    ask: int | None
    good: int
    bad: int
    again: tuple[int, ...] = ()

    @property
    def suspects(self) -> range:
        """Positions that can be guilty; one, where everything between could be told."""
        return range(self.good + 1, self.bad + 1)


def next_step(count: int, answers: Mapping[int, Answer]) -> Step:
    """Return what is known, and the position to look at next: the one nearest to the middle of what is open.

    Parameters
    ----------
    count : int
        How many positions there are, both ends included; at least 2.
    answers : mapping
        What is known of positions between the ends.

    Examples
    --------
    >>> next_step(9, {}).ask, next_step(9, {4: "bad"}).ask, next_step(3, {1: "good"}).suspects
    (4, 2, range(2, 3))
    """
    last = count - 1
    good = max([0, *(at for at, answer in answers.items() if answer == "good" and 0 < at < last)])
    bads = sorted(at for at, answer in answers.items() if answer == "bad" and 0 < at < last)
    bad = next((at for at in bads if at > good), last)
    again = tuple(at for at in bads if at < good)
    middle = (good + bad) / 2
    candidates = [at for at in range(good + 1, bad) if at not in answers]
    ask = min(candidates, key=lambda at: (abs(at - middle), at), default=None)
    return Step(ask, good, bad, again)


def questions_left(step: Step) -> int:
    """Return how many more questions it takes at most, when every one is answered."""
    return math.ceil(math.log2(step.bad - step.good)) if step.ask is not None else 0


# Values --------------------------------------------------------------------------------------------------------------


def scatter_of(groups: Iterable[Sequence[float]]) -> float | None:
    """Return the standard deviation of one value: pooled over groups that each should be one value; None while nothing tells.

    The pooled estimate, sqrt(sum((n-1) s^2) / sum(n-1)) over groups with n values of variance s^2.

    Examples
    --------
    >>> scatter_of([[1.0, 3.0], [5.0]])
    1.4142135623730951
    """
    known = [group for group in groups if len(group) > 1]
    if not known:
        return None
    freedom = sum(len(group) - 1 for group in known)
    return math.sqrt(sum((len(group) - 1) * variance(group) for group in known) / freedom)


def differ(good: Sequence[float], bad: Sequence[float], scatter: float | None) -> bool:
    """Whether the means of two groups of values lie further apart than two standard errors of their difference."""
    apart = abs(fmean(good) - fmean(bad))
    return apart > _APART * (scatter or 0.0) * math.sqrt(1 / len(good) + 1 / len(bad))


def enough(values: Sequence[float], scale: Scale, scatter: float | None, repeats: int) -> bool:
    """Whether values tell the side of the threshold that they are on, so that no more are needed.

    Parameters
    ----------
    scatter : float or None
        As `scatter_of` gives it.
    repeats : int
        The largest number of values to ask for.
    """
    if len(values) >= repeats:
        return True
    if not values or scatter is None:
        return False
    return abs(fmean(values) - scale.threshold) > _SURE * scatter / math.sqrt(len(values))


def side_of(values: Sequence[float], scale: Scale, scatter: float | None) -> Side:
    """Return which side of the threshold values are on; unclear where their mean is within a standard error of it."""
    mean = fmean(values)
    error = (scatter or 0.0) / math.sqrt(len(values))
    if error and abs(mean - scale.threshold) <= error:
        return "unclear"
    return "bad" if scale.is_bad(mean) else "good"
