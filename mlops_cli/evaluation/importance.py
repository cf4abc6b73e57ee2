"""Permutation importance: what a metric loses when one column's values are dealt out anew, with an interval over rows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.findings import Importance
from mlops_cli.evaluation.measured import Measured, unmeasured
from mlops_cli.evaluation.values import UndefinedError, value_of
from mlops_cli.evaluation.words import counted
from mlops_cli.formats.problems import nearest
from mlops_cli.statistics.interval import mean_t
from mlops_cli.statistics.ranks import spearman
from mlops_cli.statistics.seeds import generator, seed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from mlops_cli.evaluation.asked import ImportanceAsked
    from mlops_cli.evaluation.measured import Direction
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.slices.columns import Columns, Values

    # A frame of pandas with the rows to judge, and their numbers in the whole sample.
    Rejudge = Callable[[Any, NDArray[np.int64]], Sample]

_BLOCKS = 10
_BLOCK_ROWS = 50
_NEAR = 0.95
_FEW_VALUES = 50
_MOST_PAIRED = 100  # columns that are held against each other
_MOST_COLUMNS = 200  # columns that are permuted when none is named
_ASKED_AT_ONCE = 50_000  # rows that a model answers in one call
_LOOKED_AT = 5000  # rows on which columns are held against each other


def importance(
    asked: ImportanceAsked,
    frame: Any,
    rejudge: Rejudge,
    features: Sequence[str],
    metric: str,
    direction: Direction,
    columns: Columns,
    seed: int,
) -> tuple[Importance, ...]:
    """Return the importance of each column, the most important first.

    Definition: the metric on rows as they are less the metric after one column was permuted, mean over repetitions (L. Breiman,
    Machine Learning 45 (2001) 5; A. Fisher et al., JMLR 20 (2019) 177). The interval is about the rows: they are cut into ten
    blocks, the drop is taken in each, and their mean has Student's interval. Importance says what a model uses, not what causes
    anything; of two columns that tell the same, either may look unimportant, so such pairs are named.

    Parameters
    ----------
    frame : pandas.DataFrame
        What the model was given, row by row.
    rejudge : callable
        Takes a frame and the numbers of its rows; returns the sample that the model makes of it.
    features : sequence of str
        Columns to permute.
    columns : Columns
        The same rows as arrays, to see which columns tell the same.
    seed : int
        From content.

    Notes
    -----
    Where no column is named, at most 200 are permuted, and near copies are looked for among the first 100.

    Raises
    ------
    UsageError
        When a column that was named is not there.
    """
    chosen, note = _chosen(asked, features)
    total = len(frame)
    rows = np.sort(generator(seed_of(seed, "rows")).permutation(total)[: asked.rows])
    some = frame.iloc[rows].reset_index(drop=True)
    base = rejudge(some, rows)
    blocks = _blocks(len(rows), seed)
    whole, parts = _value(metric, base), [_value(metric, base.take(block)) for block in blocks]
    sign = -1.0 if direction == "down" else 1.0
    copies = near_copies(columns, chosen, rows[:_LOOKED_AT])
    baseline = whole if math.isfinite(whole) else None
    found = []
    for name in chosen:
        drops, by_block = [], np.zeros((asked.repetitions, len(blocks)))
        for turn, sample in enumerate(_permuted(name, some, rows, rejudge, asked.repetitions, seed)):
            drops.append(sign * (whole - _value(metric, sample)))
            held = [_value(metric, sample.take(block)) for block in blocks]
            by_block[turn] = sign * (np.array(parts) - np.array(held))
        drop = _drop(np.array(drops), by_block.mean(axis=0), len(rows))
        drop = replace(drop, note=note) if note and not asked.columns else drop
        shared = copies.get(name, ())
        found.append(Importance(name, drop, metric, baseline, asked.repetitions, len(rows), shared))
    return tuple(sorted(found, key=lambda item: (-(item.drop.value or 0.0), item.column)))


def _chosen(asked: ImportanceAsked, features: Sequence[str]) -> tuple[list[str], str]:
    """Return the columns to permute, and what is to be said of those that are not."""
    for name in asked.columns:
        if name not in features:
            close = nearest(name, features)
            raise UsageError(
                f"importance: the model has no column {name}", hint=close[:1].upper() + close[1:]
            )
    chosen = [name for name in features if name in asked.columns] or list(features)[:_MOST_COLUMNS]
    note = (
        f"of {len(features):,} columns the first {len(chosen)} were permuted"
        if len(features) > len(chosen)
        else ""
    )
    return chosen, note


def _permuted(
    name: str, some: Any, rows: NDArray[np.int64], rejudge: Rejudge, repetitions: int, seed: int
) -> Iterator[Sample]:
    """Yield what a model makes of rows with one column permuted, once a repetition; several are asked for at once."""
    count = len(rows)
    at_once = max(1, _ASKED_AT_ONCE // count)
    for start in range(0, repetitions, at_once):
        turns = range(start, min(start + at_once, repetitions))
        orders = [generator(seed_of(seed, "importance", name, turn)).permutation(count) for turn in turns]
        again = np.tile(np.arange(count), len(turns))
        changed = some.iloc[again].reset_index(drop=True)
        changed[name] = some[name].iloc[np.concatenate(orders)].reset_index(drop=True)
        sample = rejudge(changed, rows[again])
        for place in range(len(turns)):
            yield sample.take(np.arange(place * count, (place + 1) * count))


def near_copies(
    columns: Columns, names: Sequence[str], rows: NDArray[np.int64]
) -> dict[str, tuple[str, ...]]:
    """Return for each column those that tell nearly the same: rank correlation from 0.95 on, or each value tells the other's.

    Columns of few values are compared by Goodman and Kruskal's lambda, both ways: the share of errors that knowing one saves
    in guessing the other.
    """
    known = [name for name in names if name in columns.names][:_MOST_PAIRED]
    numbers: dict[str, NDArray[np.float64]] = {}
    coded: dict[str, NDArray[np.int64]] = {}
    for name in known:  # of each column these rows only are kept
        held = columns.values(name)
        if held.kind == "number":
            numbers[name] = held.data[rows]
        if (codes := _few_codes(held, rows)) is not None:
            coded[name] = codes
    found: dict[str, tuple[str, ...]] = {}
    for at, one in enumerate(known):
        for two in known[at + 1 :]:
            if _correlated(numbers, one, two) or _same(coded, one, two):
                found[one] = (*found.get(one, ()), two)
                found[two] = (*found.get(two, ()), one)
    return found


def _correlated(numbers: dict[str, NDArray[np.float64]], one: str, two: str) -> bool:
    if one not in numbers or two not in numbers:
        return False
    both = np.isfinite(numbers[one]) & np.isfinite(numbers[two])
    if both.sum() < _BLOCK_ROWS:
        return False
    rank = spearman(numbers[one][both], numbers[two][both])
    return rank is not None and abs(rank) >= _NEAR


def _same(coded: dict[str, NDArray[np.int64]], one: str, two: str) -> bool:
    if one not in coded or two not in coded:
        return False
    a, b = coded[one], coded[two]
    table = np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1)).reshape(
        a.max() + 1, -1
    )
    return min(tells(table), tells(table.T)) >= _NEAR


def tells(table: NDArray[np.int64]) -> float:
    """Return Goodman and Kruskal's lambda: the share of errors that knowing the row saves in guessing the column.

    Source: L. A. Goodman, W. H. Kruskal, J. Am. Stat. Assoc. 49 (1954) 732. 0 where there is nothing to guess.

    Examples
    --------
    >>> tells(np.array([[5, 0], [0, 5]])), tells(np.array([[5, 5], [5, 5]]))
    (1.0, 0.0)
    """
    most = int(table.sum(axis=0).max())
    errors = int(table.sum()) - most
    return (int(table.max(axis=1).sum()) - most) / errors if errors else 0.0


def _few_codes(held: Values, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    data = held.data[rows]
    if held.kind == "number":
        data = np.where(np.isnan(data), np.inf, data)
    elif held.kind == "time":
        return None
    distinct, codes = np.unique(data, return_inverse=True)
    return codes.astype(np.int64) if 2 <= len(distinct) <= _FEW_VALUES else None


def _blocks(n: int, seed: int) -> list[NDArray[np.int64]]:
    count = min(_BLOCKS, n // _BLOCK_ROWS)
    if count < 3:
        return []
    return np.array_split(generator(seed_of(seed, "blocks")).permutation(n), count)


def _drop(drops: NDArray[np.float64], by_block: NDArray[np.float64], n: int) -> Measured:
    if not np.isfinite(drops).all():
        return unmeasured("insufficient", "the metric has no value on these rows", n, "up")
    value = float(drops.mean())
    usable = by_block[np.isfinite(by_block)]
    if len(usable) < 3:
        return Measured(
            value,
            None,
            None,
            n,
            "up",
            note=f"{counted(n, 'row')} {'is' if n == 1 else 'are'} too few for an interval",
        )
    half = mean_t(0.0, float(usable.var(ddof=1)), len(usable)).high
    return Measured(value, value - half, value + half, n, "up", method="blocks")


def _value(metric: str, sample: Sample) -> float:
    try:
        return value_of(metric, sample)
    except UndefinedError:
        return math.nan
