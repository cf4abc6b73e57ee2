"""Where a model is weak, on one half of the rows: the best slice, then the best of what is left, and so on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mlops_cli.evaluation.slices.tally import Sums, plan_of, tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.slices.search_codes import Axis

    Floats = NDArray[np.float64]

# A column and its codes from one to another, both inside.
Term: TypeAlias = "tuple[int, int, int]"
Terms: TypeAlias = "tuple[Term, ...]"

_SURE = 3.0  # standard errors that a lift must be above 0: of 40,000 slices by chance some fifty are
_UNDER = 50  # slices of two columns below which a third is looked at
_UNDER_LATER = 10
_SAME = 0.8  # rows in common over rows in either, from which two slices are one
_KEEPS = 0.5  # of the extra loss that a narrower slice must keep to stand for a wider one
_EMPTY_REST = 0.4  # lift of what a narrower slice leaves, over its own, below which there was nothing else in the wider one
_LOOKED_ALIKE = 40
_MOST_SHARE = 0.5  # of the rows: what is larger is no slice, its complement is


@dataclass(frozen=True, slots=True)
class Hit:
    """A slice that was found.

    Parameters
    ----------
    terms : tuple of (column, first code, last code)
    score : float
        Lower bound of its lift, times its share of the rows, on the finding half.
    also : tuple of terms
        Slices of nearly the same rows.
    """

    terms: Terms
    score: float
    also: tuple[Terms, ...] = ()


def lift_of(part: Sums, whole: Sums) -> tuple[Floats, Floats]:
    """Return mean loss inside less mean loss outside, and its standard error (Welch's), of each part of a whole.

    Where the spread cannot be told, inside or outside, the error is infinite.
    """
    rest = whole.minus(part)
    inside, outside = _mean_variance(part), _mean_variance(rest)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(inside[1] / part.n + outside[1] / rest.n)
        lift = inside[0] - outside[0]
    unknown = ~np.isfinite(error) | ~np.isfinite(lift)
    return np.where(unknown, 0.0, lift), np.where(unknown, np.inf, error)


def _mean_variance(sums: Sums) -> tuple[Floats, Floats]:
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums.loss / sums.n
        spread = (sums.squares - sums.loss * mean) / (sums.n - 1)
    return mean, np.where(sums.n > 1, np.maximum(spread, 0.0), np.nan)


class Search:
    """The search on one half.

    Parameters
    ----------
    axes : sequence of Axis
    rows : array of int64
        The rows to search on.
    loss : array, shape (len(rows),)
    least : int
        Rows that a slice must have among them.
    depth : int
        How many columns a slice may be about: 1, 2 or 3.
    """

    def __init__(
        self, axes: Sequence[Axis], rows: NDArray[np.int64], loss: Floats, least: int, depth: int = 3
    ) -> None:
        self._axes, self._loss, self._least, self._depth = axes, loss, least, depth
        self._codes = [axis.codes[rows] for axis in axes]
        self._plan = plan_of(axes)
        self._left = np.ones(len(rows), np.bool_)
        self._half = [
            type(axis)(axis.column, codes, axis.parts, axis.ends)
            for axis, codes in zip(axes, self._codes, strict=True)
        ]
        self._sums = tally(self._half, None, loss)
        self._whole = _sums_of(loss)
        # What is weak only among the rows that are left is not weak, and what has most rows is no slice.
        small = self._sums.n <= _MOST_SHARE * len(loss)
        self._weak = (lift_of(self._sums, self._whole)[0] > 0) & small
        self._all = self._whole
        self._rounds = 0

    def next(self) -> Hit | None:
        """Return the best slice of the rows that are left, and take its rows away; None when there is none."""
        score = np.where(self._weak, self._scores(self._sums), -np.inf)
        if self._depth < 2:
            score[self._plan.second >= 0] = -np.inf
        best_at = int(np.argmax(score))
        best = self._terms(best_at), float(score[best_at])
        if self._depth >= 3:
            best = max(best, self._deeper(score), key=lambda found: found[1])
        self._rounds += 1
        if not best[1] > 0:
            return None
        terms = self._grown(self._simplified(self._narrowed(best[0])))
        mask = self.mask(terms)
        also = self._alike(terms, mask, score)
        final = float(self._scores(_one(_sums_of(self._loss[mask & self._left])))[0])
        self._take_away(np.flatnonzero(mask & self._left))
        return Hit(terms, final, also)

    def mask(self, terms: Terms) -> NDArray[np.bool_]:
        """Return which of the searched rows a slice has."""
        return mask_of_terms(self._codes, terms)

    def _is_weak(self, terms: Terms) -> bool:
        """Whether a slice is weak among all rows, those that earlier ones have included."""
        return bool(lift_of(_one(_sums_of(self._loss[self.mask(terms)])), self._all)[0][0] > 0)

    # Scores ---------------------------------------------------------------------------------------------------------

    def _scores(self, sums: Sums) -> Floats:
        lift, error = lift_of(sums, self._whole)
        enough = (sums.n >= self._least) & (self._whole.n - sums.n >= self._least)
        with np.errstate(invalid="ignore"):
            score = (lift - _SURE * error) * sums.n / len(self._loss)
        return np.where(enough & np.isfinite(error), score, -np.inf)

    def _terms(self, at: int) -> Terms:
        plan = self._plan
        first = int(plan.first[at]), int(plan.first_code[at]), int(plan.first_code[at])
        if plan.second[at] < 0:
            return (first,)
        return first, (int(plan.second[at]), int(plan.second_code[at]), int(plan.second_code[at]))

    def _deeper(self, score: Floats) -> tuple[Terms, float]:
        """Return the best slice of three columns below the best ones of two."""
        pairs = np.where(self._plan.second >= 0, score, -np.inf)
        count = min(_UNDER_LATER if self._rounds else _UNDER, len(pairs))
        chosen = np.argpartition(-pairs, count - 1)[:count]
        best: tuple[Terms, float] = ((), -np.inf)
        for at in chosen[np.argsort(-pairs[chosen], kind="stable")]:
            if not np.isfinite(pairs[at]):
                break
            terms, sums = self._children(self._terms(int(at)))
            if not terms:
                continue
            scores = self._scores(sums)
            top = int(np.argmax(scores))
            if scores[top] > max(best[1], 0.0) and self._is_weak(terms[top]):
                best = terms[top], float(scores[top])
        return best

    def _children(self, terms: Terms) -> tuple[list[Terms], Sums]:
        """Return every slice with one more column, and its sums on the rows that are left."""
        rows = np.flatnonzero(self.mask(terms) & self._left)
        loss = self._loss[rows]
        used = {column for column, _, _ in terms}
        found: list[Terms] = []
        tables: list[Floats] = []
        for column, codes in enumerate(self._codes):
            if column in used:
                continue
            index, size = codes[rows].astype(np.intp), len(self._axes[column].parts)
            tables.append(
                np.stack(
                    [
                        np.bincount(index, minlength=size),
                        np.bincount(index, loss, size),
                        np.bincount(index, loss * loss, size),
                    ]
                )
            )
            found.extend((*terms, (column, code, code)) for code in range(size))
        return found, Sums(*np.concatenate(tables, axis=1)) if tables else _one(_sums_of(loss))

    # From the best one to the one that says it best -------------------------------------------------------------------

    def _narrowed(self, terms: Terms) -> Terms:
        """Return the narrower slice that has nearly all of the extra loss, if outside of it there is none in the wider one."""
        while len(terms) < self._depth:
            wide = _one(_sums_of(self._loss[self.mask(terms) & self._left]))
            found, sums = self._children(terms)
            if not found:
                break
            lift, _ = lift_of(sums, self._whole)
            rest_lift, _ = lift_of(_spread(wide, sums).minus(sums), self._whole)
            wide_lift, _ = lift_of(wide, self._whole)
            with np.errstate(invalid="ignore"):
                keeps = lift * sums.n >= _KEEPS * wide_lift * wide.n
                alone = (rest_lift <= _EMPTY_REST * lift) & (sums.n <= _SAME * wide.n)
            score = np.where(keeps & alone, self._scores(sums), -np.inf)
            at = int(np.argmax(score))
            if not score[at] > 0:
                break
            terms = found[at]
        return terms

    def _simplified(self, terms: Terms) -> Terms:
        """Return a slice without the terms that make next to no difference."""
        for term in terms if len(terms) > 1 else ():
            fewer = tuple(other for other in terms if other != term)
            if not fewer:
                break
            mine, wider = self.mask(terms) & self._left, self.mask(fewer) & self._left
            if mine.sum() > _SAME * wider.sum():
                scores = [float(self._scores(_one(_sums_of(self._loss[rows])))[0]) for rows in (mine, wider)]
                if scores[1] >= _SAME * scores[0] and wider.sum() <= _MOST_SHARE * len(self._loss):
                    terms = fewer
        return terms

    def _grown(self, terms: Terms) -> Terms:
        """Return a slice with neighbouring bins of its ordered columns taken in, where the model is as weak."""
        for at, (column, _, high) in enumerate(terms):
            ordered = self._axes[column].ordered
            if high >= ordered:
                continue
            for step in (-1, 1):
                while (wider := self._one_more(terms, at, step, ordered)) is not None:
                    terms = wider
        return terms

    def _one_more(self, terms: Terms, at: int, step: int, ordered: int) -> Terms | None:
        """Return a slice with the next bin of one column; None where there is none, or the model is not as weak there."""
        column, low, high = terms[at]
        new = low - 1 if step < 0 else high + 1
        wide = (column, min(low, new), max(high, new))
        if not 0 <= new < ordered or wide[1:] == (0, ordered - 1):
            return None
        if not self._as_weak((*terms[:at], (column, new, new), *terms[at + 1 :]), terms):
            return None
        wider = (*terms[:at], wide, *terms[at + 1 :])
        return wider if self.mask(wider).sum() <= _MOST_SHARE * len(self._loss) else None

    def _as_weak(self, added: Terms, terms: Terms) -> bool:
        sums = [_one(_sums_of(self._loss[self.mask(some) & self._left])) for some in (added, terms)]
        (lift, error), (mine, _) = (lift_of(one, self._whole) for one in sums)
        return bool(lift[0] > _SURE * error[0] and lift[0] >= mine[0] / 2)

    def _alike(self, terms: Terms, mask: NDArray[np.bool_], score: Floats) -> tuple[Terms, ...]:
        """Return other slices whose rows are nearly the same."""
        count = min(_LOOKED_ALIKE, len(score))
        top = np.argpartition(-score, count - 1)[:count]
        found: list[Terms] = []
        size = int(mask.sum())
        for at in top[np.argsort(-score[top], kind="stable")]:
            other = self._terms(int(at))
            if not score[at] > 0 or set(terms) <= set(other) or set(other) <= set(terms):
                continue
            theirs = self.mask(other)
            common = int((theirs & mask).sum())
            if common > _SAME * (size + int(theirs.sum()) - common):
                found.append(other)
        return tuple(found[:3])

    def _take_away(self, rows: NDArray[np.int64]) -> None:
        gone = self._loss[rows]
        self._sums = self._sums.minus(tally(self._half, rows, gone))
        self._whole = self._whole.minus(_sums_of(gone))
        self._left[rows] = False


def best_alone(axis: Axis, rows: NDArray[np.int64], loss: Floats, least: int) -> float:
    """Return the highest score of a slice of one column; -inf where none has rows enough."""
    index, size = axis.codes[rows].astype(np.intp), len(axis.parts)
    weights = (np.ones(len(rows)), loss, loss * loss)
    sums = Sums(*(np.bincount(index, weight, size).astype(np.float64) for weight in weights))
    lift, error = lift_of(sums, _one(_sums_of(loss)))
    usable = (sums.n >= least) & np.isfinite(error)
    with np.errstate(invalid="ignore"):
        score = np.where(usable, (lift - _SURE * error) * sums.n / max(len(loss), 1), -np.inf)
    return float(score.max())


def mask_of_terms(codes: Sequence[NDArray[np.uint8]], terms: Terms) -> NDArray[np.bool_]:
    """Return which rows have codes within all terms."""
    masks = [
        codes[column] == low if low == high else (codes[column] >= low) & (codes[column] <= high)
        for column, low, high in terms
    ]
    found: NDArray[np.bool_] = masks[0]
    for mask in masks[1:]:
        found = found & mask
    return found


def _sums_of(loss: Floats) -> Sums:
    return Sums(np.float64(len(loss)), loss.sum(), (loss * loss).sum())  # type: ignore[arg-type] # one number is an array too


def _one(sums: Sums) -> Sums:
    return Sums(*(np.atleast_1d(value) for value in (sums.n, sums.loss, sums.squares)))


def _spread(sums: Sums, like: Sums) -> Sums:
    return Sums(*(np.broadcast_to(value, like.n.shape) for value in (sums.n, sums.loss, sums.squares)))
