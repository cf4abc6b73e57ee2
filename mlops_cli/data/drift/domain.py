"""Whether a classifier can tell the rows of two tables apart: drift of columns together, which no column alone shows."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from mlops_cli.data.drift.encode import encoded
from mlops_cli.data.drift.model import JointDrift, Separator
from mlops_cli.data.drift.rows import Numbers
from mlops_cli.data.drift.shared import shared_rows
from mlops_cli.statistics.auc import delong, paired_delong
from mlops_cli.statistics.ranks import midranks
from mlops_cli.statistics.seeds import generator, seed_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlops_cli.data.drift.cells import Floats
    from mlops_cli.data.drift.encode import Encoded
    from mlops_cli.data.drift.model import DriftSettings
    from mlops_cli.data.drift.rows import Rows
    from mlops_cli.statistics.verdict import Verdict

_FEWEST = 100  # rows a side
_BLOCKS = 10  # of time, every other one in each fold
_PERMUTED = 500  # rows a side under which the p-value is found by permutation
_PERMUTATIONS = 999
_GLANCED, _LOOKED = (
    150,
    1000,
)  # rows a side and fold on which the importance of a column is guessed, and measured
_SEPARATORS = 10
_DEALT = 1 << 22  # values scored at once
_LOT = "half of the rows by lot, held back in turn"
_ALIEN = 20


def joint_drift(reference: Rows, current: Rows, names: Sequence[str], settings: DriftSettings) -> JointDrift:
    """Return whether the rows of two tables can be told apart, by a classifier that has not seen them.

    As many rows of each table, half of them held back in turn: where there is a column of time, as blocks of it, so that what
    lies close together is not on both sides. The verdict is on the lower bound of the area's 95 % interval (E. DeLong,
    Biometrics 44 (1988) 837).

    Where the classifier is surely worse than chance on blocks of time, what it learned in some of them turns round in others: so
    blocks say nothing of the whole. Then rows are held back by lot. That can only make them easier to tell apart, since
    neighbours in time are in both halves; so it may pass, and otherwise there is no verdict.

    Parameters
    ----------
    names : sequence of str
        Columns that both have and that are to be compared.
    """
    size = min(len(reference), len(current), settings.joint_rows)
    bands = JointDrift(
        "insufficient", warn=settings.joint_warn, fail=settings.joint_fail, n_reference=size, n_current=size
    )
    if size < max(_FEWEST, settings.min_rows):
        return replace(bands, reason=f"a classifier needs {_FEWEST} rows a side, and there are {size:,}")
    # Not of names: columns that nobody sees change nothing.
    seed = seed_of("joint", len(reference), len(current))
    first, second = _thinned(reference, size, seed), _thinned(current, size, seed + 1)
    time = settings.time or _time_column(first, second, names)
    seen = encoded(first, second, names, time=time)
    bands = replace(bands, dropped=seen.dropped, used=seen.names)
    if not seen.names:
        return replace(bands, reason="no column is left that could tell the tables apart")
    shared, leader = shared_rows(first, second, names)
    # Rows that are alike are held back together: who learned a row from one table would take its twin for the same one.
    held = _cross_fit(seen, _folds(first, second, time, seed)[leader], seed)
    folds = f"{_BLOCKS} blocks of {time}, every other one held back" if time else _LOT
    auc, low, high = _area(held)
    verdict = _verdict(low, settings)
    if time and verdict == "pass" and _turned(held):
        held = _cross_fit(seen, _folds(first, second, "", seed)[leader], seed)
        turned, (auc, low, high) = auc, _area(held)
        verdict, folds = _verdict(low, settings), f"{_LOT}, for blocks of {time} contradict each other"
        if verdict != "pass":
            return replace(
                bands, reason=_turned_text(time, turned, auc), folds=folds, shared=shared, source="rows"
            )
    return replace(
        bands,
        verdict=verdict,
        auc=auc,
        low=low,
        high=high,
        separation=2 * auc - 1,
        null_sd=math.sqrt((2 * size + 1) / (12 * size * size)),
        p_value=_permuted(held, seed) if size < _PERMUTED else None,
        separators=_separators(seen, held, seed) if verdict != "pass" else (),
        alien=tuple(_alien(held, second)),
        folds=folds,
        shared=shared,
        source="rows",
    )


def _verdict(low: float, settings: DriftSettings) -> Verdict:
    return "fail" if low > settings.joint_fail else "warn" if low > settings.joint_warn else "pass"


def _turned(held: Sequence[_Held]) -> bool:
    """Return whether a fold is surely told apart the wrong way round."""
    return any(delong(each.truth, each.score).high < 0.5 for each in held)


def _turned_text(time: str, turned: float, lot: float) -> str:
    return (
        f"blocks of {time} contradict each other (area {turned:.3f}: what tells the tables apart in some turns round in others);"
        f" with rows held back by lot it is {lot:.3f}, but there neighbours in time give each other away"
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """One fold: the rows that were held back, their scores, and the model that had not seen them."""

    model: Any
    rows: NDArray[np.int64]  # in the stacked matrix: the reference's first
    truth: NDArray[np.bool_]
    score: Floats


def _thinned(rows: Rows, size: int, seed: int) -> Rows:
    """Return that many rows, in their order."""
    if len(rows) == size:
        return rows
    kept = np.sort(generator(seed % 2**64).choice(len(rows), size=size, replace=False))
    columns = {
        name: replace(column, values=column.values[kept])
        if isinstance(column, Numbers)
        else replace(column, codes=column.codes[kept])
        for name, column in rows.columns.items()
    }
    return replace(rows, numbers=rows.numbers[kept], columns=columns)


def _time_column(first: Rows, second: Rows, names: Sequence[str]) -> str:
    """Return the column of times that most rows differ in; empty where there is none."""
    best, most = "", 1
    for name in names:
        sides = [each.columns[name] for each in (first, second)]
        if all(isinstance(side, Numbers) and side.time for side in sides):
            distinct = min(len(np.unique(side.values)) for side in sides if isinstance(side, Numbers))
            if distinct > most:
                best, most = name, distinct
    return best


def _folds(first: Rows, second: Rows, time: str, seed: int) -> NDArray[np.int64]:
    """Return the fold, 0 or 1, of each row of both tables: by turns over blocks of time, or by lot."""
    found = []
    for number, side in enumerate((first, second)):
        size = len(side)
        column = side.columns.get(time) if time else None
        if isinstance(column, Numbers):
            order = np.argsort(column.values, kind="stable")
            rank = np.empty(size, dtype=np.int64)
            rank[order] = np.arange(size)
            found.append(rank * _BLOCKS // size % 2)
        else:
            lot = generator((seed + 2 + number) % 2**64).permutation(size)
            found.append(lot % 2)
    return np.concatenate(found)


def _cross_fit(seen: Encoded, folds: NDArray[np.int64], seed: int) -> list[_Held]:
    """Fit a model on each half and score the other; both halves at once, with one thread each.

    More threads wait for each other inside every tree, which on a busy machine takes many times as long as the work.
    """
    matrix = np.concatenate((seen.reference, seen.current))
    truth = np.arange(len(matrix)) >= len(seen.reference)

    def fitted(fold: int) -> _Held:
        model = _model(seen, seed)
        rows = np.flatnonzero(folds == fold)
        with threadpool_limits(1, "openmp"):  # a limit holds for the thread that sets it
            model.fit(matrix[folds != fold], truth[folds != fold])
            return _Held(model, rows, truth[rows], model.predict_proba(matrix[rows])[:, 1])

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(fitted, (0, 1)))


def _model(seen: Encoded, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=50,
        max_leaf_nodes=15,
        learning_rate=0.15,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        categorical_features=seen.classes if seen.classes.any() else None,
        random_state=seed % 2**32,
    )


def _area(held: Sequence[_Held]) -> tuple[float, float, float]:
    """Return the mean area of the folds with its 95 % interval; scores of two models are not held against each other."""
    found = [delong(each.truth, each.score) for each in held]
    auc = float(np.mean([each.value for each in found]))
    half = 1.959963984540054 * math.sqrt(sum(each.variance for each in found)) / len(found)
    return auc, max(auc - half, 0.0), min(auc + half, 1.0)


def _permuted(held: Sequence[_Held], seed: int) -> float:
    """Return how often labels dealt out anew give an area as large: `(k + 1) / (R + 1)`, so that it is never 0."""
    random = generator((seed + 4) % 2**64)
    areas, there = np.zeros(_PERMUTATIONS), 0.0
    for each in held:
        ranks, hits = midranks(each.score), int(each.truth.sum())
        misses = len(ranks) - hits
        least, pairs = hits * (hits + 1) / 2, hits * misses
        dealt = random.permuted(np.broadcast_to(ranks, (_PERMUTATIONS, len(ranks))), axis=1)[:, :hits]
        areas += (dealt.sum(axis=1) - least) / pairs
        there += (float(ranks[each.truth].sum()) - least) / pairs
    return float((areas >= there - 1e-9).sum() + 1) / (_PERMUTATIONS + 1)


def _separators(seen: Encoded, held: Sequence[_Held], seed: int) -> tuple[Separator, ...]:
    """Return the columns whose values, dealt out anew among held-back rows, cost the classifier most.

    All columns are tried on a few rows first, by how much the scores change; those that change them most, on many.
    """
    matrix = np.concatenate((seen.reference, seen.current))
    random = generator((seed + 5) % 2**64)
    changes = np.zeros(len(seen.names))
    for each in held:
        few = _looked(each, random, _GLANCED)
        dealt = _without(each, matrix, few, range(len(seen.names)), random)
        changes += [float(np.abs(scores - each.score[few]).mean()) for scores in dealt]
    best = np.argsort(-changes, kind="stable")[: _SEPARATORS + 2].tolist()
    drops = []
    for each in held:
        many = _looked(each, random, _LOOKED)
        dealt = _without(each, matrix, many, best, random)
        drops.append([paired_delong(each.truth[many], each.score[many], scores) for scores in dealt])
    found = []
    for at, folds in zip(best, zip(*drops, strict=True), strict=True):
        value = float(np.mean([each.value for each in folds]))
        half = math.sqrt(sum(((each.high - each.low) / 2) ** 2 for each in folds)) / len(folds)
        if value - half > 0:
            found.append(Separator(seen.names[at], value, value - half, value + half))
    return tuple(sorted(found, key=lambda each: (-each.drop, each.name))[:_SEPARATORS])


def _without(
    held: _Held,
    matrix: Floats,
    chosen: NDArray[np.int64],
    columns: Sequence[int],
    random: np.random.Generator,
) -> list[Floats]:
    """Return the scores of some held-back rows when the values of a column are dealt out anew among them, for each column."""
    rows = matrix[held.rows[chosen]]
    # Many columns are scored at once, for a call costs more than its rows; but not more than fit into memory.
    lot = max(1, _DEALT // rows.size)
    found: list[Floats] = []
    for start in range(0, len(columns), lot):
        some = columns[start : start + lot]
        dealt = np.repeat(rows[np.newaxis], len(some), axis=0)
        for copy, at in zip(dealt, some, strict=True):
            copy[:, at] = rows[random.permutation(len(rows)), at]
        with threadpool_limits(1, "openmp"):
            scores = held.model.predict_proba(dealt.reshape(-1, rows.shape[1]))[:, 1]
        found += list(scores.reshape(len(some), len(rows)))
    return found


def _looked(held: _Held, random: np.random.Generator, most: int) -> NDArray[np.int64]:
    """Return some of the held-back rows, as many of either table."""
    chosen = [
        random.choice(rows, size=min(len(rows), most), replace=False)
        for rows in (np.flatnonzero(~held.truth), np.flatnonzero(held.truth))
    ]
    return np.sort(np.concatenate(chosen))


def _alien(held: Sequence[_Held], current: Rows) -> Iterator[tuple[int, float]]:
    """Yield the rows of the current table that look least like the reference, counted from 1."""
    size = len(current)
    pairs = [
        (1 - float(score), int(row) - size)
        for each in held
        for row, score in zip(each.rows[each.truth], each.score[each.truth], strict=True)
    ]
    for probability, row in sorted(pairs)[:_ALIEN]:
        yield int(current.numbers[row]) + 1, round(probability, 6)
