"""Columns that give the target away: one alone tells nearly all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.checks.facts import MISSING_TIME, coded, times_us
from mlops_cli.data.checks.words import counted, number
from mlops_cli.statistics.auc import delong, roc_auc
from mlops_cli.statistics.interval import wilson

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlops_cli.data.checks.context import Context
    from mlops_cli.data.checks.facts import Floats, Ints
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.table.table import Table

LEAKS = 0.99
# Luck with few rows is not leakage: the lower bound of the interval, or a perfect answer on so many rows.
_SURELY, _SURELY_POWER = 0.985, 0.95
_PERFECT_OF_CLASS, _PERFECT = 20, 100
_FEWEST = 30  # rows
_FEWEST_OF_CLASS = 10
_CLASSES = 20  # a target of more values is a number to be predicted
_MOST_ROWS = 200_000  # more say nothing more
_BINS = 50
_PROMISING, _LEAVES = 0.8, 64


def check_leakage(context: Context, ledger: Ledger) -> None:
    """Find columns that alone predict the target.

    A target of two classes: the area under the curve of the column, .99 or more; categories are scored by the share of
    the first class on the other half of the rows, so that names of rows are not taken for knowledge. More classes, or
    numbers: the share of what there is to predict that is predicted from the column cut into 50 bins, again on the
    other half, .99 or more (predictive power).
    """
    target = context.schema.target
    if not target or not ledger.on("leakage"):
        return
    if target not in context.facts.columns:
        ledger.cannot_do("leakage", f"there is no column {target}, which is to be the target", target)
        return
    with ledger.guard("leakage", target):
        truth, classes = _truth(context.table, target)
        known = truth >= 0 if classes else ~np.isnan(truth)
        if classes == 1:
            ledger.cannot_say("leakage", f"{target} has one class only")
            return
        if int(known.sum()) < _FEWEST:
            ledger.cannot_say(
                "leakage", f"{counted(int(known.sum()), 'row')} with a target; {_FEWEST} would do"
            )
            return
        sizes = np.bincount(truth[known].astype(np.int64)) if classes else None
        if sizes is not None and int(np.sort(sizes)[-2]) < _FEWEST_OF_CLASS:
            ledger.cannot_say(
                "leakage", f"{target} has a second class in {counted(int(np.sort(sizes)[-2]), 'row')} only"
            )
            return
        rows = np.flatnonzero(known)
        rows = rows[:: max(1, len(rows) // _MOST_ROWS)]
        for name in context.table.names:
            if name != target and ledger.on("leakage", name):
                with ledger.guard("leakage", name):
                    ledger.look("leakage", name)
                    _check_one(context, ledger, name, truth[rows], classes, rows)


def _check_one(context: Context, ledger: Ledger, name: str, truth: Floats, classes: int, rows: Ints) -> None:
    target = context.schema.target
    values, ordered, missing = _values(context.table, name, rows)
    cause = f"{name} is made from {target}, or is known only after it"
    if classes == 2:
        positive = truth == 1
        scores = [("auc", _score(values, positive, missing, ordered), cause)]
        if 0 < missing.sum() < len(missing):
            scores.append(
                ("auc_of_gaps", missing.astype(np.float64), f"{name} is filled only after {target} is known")
            )
        found = [(*_area(positive, score), measure, why) for measure, score, why in scores]
        said = "the area under the curve"
    else:
        cells = _binned(values, missing) if ordered else values.astype(np.int64) + 1
        power = _power(cells, truth, classes)
        if (
            ordered and power[0] >= _PROMISING
        ):  # bins lie across the borders of classes; a tree finds the borders
            power = max(power, _tree_power(_filled(values, missing), truth, classes))
        found = [(*power, "predictive_power", cause)]
        said = "the predictive power"
    value, sure, measure, why = max(found)
    if value < LEAKS or not sure:
        return
    whose = " of its gaps" if measure == "auc_of_gaps" else ""
    message = f"{name} alone gives {target} away: {said}{whose} is {number(round(value, 4))}"
    evidence = {measure: round(value, 6), "target": target, "rows": len(truth)}
    ledger.find("leakage", name, message, why, evidence)


def _score(values: Floats, positive: NDArray[np.bool_], missing: NDArray[np.bool_], ordered: bool) -> Floats:
    """Return the score that a column is: its values, with gaps below all, or what its categories have learnt."""
    if not ordered:
        return _learnt(values.astype(np.int64), positive)
    return _filled(values, missing)


def _filled(values: Floats, missing: NDArray[np.bool_]) -> Floats:
    """Return finite values: infinities beyond all others on their side, gaps below everything."""
    known = values[~missing & np.isfinite(values)]
    least, most = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    step = max(1.0, most - least) / 100
    return np.clip(
        np.where(missing, least - 2 * step, np.maximum(values, least - step)), least - 2 * step, most + step
    )


def _area(positive: NDArray[np.bool_], score: Floats) -> tuple[float, bool]:
    """Return the area under the curve, whichever way round, and whether it is surely that large."""
    area = roc_auc(positive, score)
    if area < 0.5:
        score, area = -score, 1 - area
    if area < LEAKS:
        return area, False
    fewer = int(min(positive.sum(), len(positive) - positive.sum()))
    return area, (area == 1.0 and fewer >= _PERFECT_OF_CLASS) or delong(positive, score).low >= _SURELY


def _truth(table: Table, target: str) -> tuple[Floats, int]:
    """Return the target as codes (-1 for none) with the number of classes, or as numbers with 0 classes."""
    if table.described(target).kind == "numeric":
        numbers = table.numbers(target)
        known = numbers[~np.isnan(numbers)]
        distinct = np.unique(known)
        if len(distinct) > _CLASSES or not np.all(distinct == np.rint(distinct)):
            return np.where(np.isfinite(numbers), numbers, np.nan), 0
        codes = np.where(np.isnan(numbers), -1, np.searchsorted(distinct, numbers))
        return codes.astype(np.float64), len(distinct)
    labels, coded_rows = coded(table, target)
    return coded_rows.astype(np.float64), len(labels)


def _values(table: Table, name: str, rows: Ints) -> tuple[Floats, bool, NDArray[np.bool_]]:
    """Return a column's values, whether their order means something, and which are missing."""
    kind = table.described(name).kind
    if kind == "numeric":
        numbers = table.numbers(name)[rows]
        return numbers, True, np.isnan(numbers)
    if kind == "datetime":
        times = times_us(table, name)[rows]
        return times.astype(np.float64), True, times == MISSING_TIME
    _, codes = coded(table, name)
    return codes[rows].astype(np.float64), False, codes[rows] < 0


def _halves(count: int) -> tuple[Ints, Ints]:
    """Return two halves of the rows: every second block of seven, so that neither order nor parity matters much."""
    block = (np.arange(count) // 7) % 2
    return np.flatnonzero(block == 0), np.flatnonzero(block == 1)


def _learnt(codes: Ints, positive: NDArray[np.bool_]) -> Floats:
    """Return for each row the share of the first class among the rows of its category on the other half."""
    score = np.full(len(codes), float(positive.mean()))
    size = int(codes.max()) + 2
    for learn, use in (halves := _halves(len(codes)), halves[::-1]):
        rows = np.bincount(codes[learn] + 1, minlength=size)
        hits = np.bincount(codes[learn] + 1, weights=positive[learn], minlength=size)
        share = np.where(rows > 0, hits / np.maximum(rows, 1), positive[learn].mean())
        score[use] = share[codes[use] + 1]
    return score


def _binned(values: Floats, missing: NDArray[np.bool_]) -> Ints:
    """Return bins of about equal mass, 0 for missing."""
    if missing.all():
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(values[~missing], np.linspace(0, 1, _BINS + 1)[1:-1], method="lower"))
    return np.where(missing, 0, np.searchsorted(edges, values, side="right") + 1).astype(np.int64)


def _power(cells: Ints, truth: Floats, classes: int) -> tuple[float, bool]:
    """Return the share of what there is to predict that cells predict on the other half, and whether it surely is that."""
    size = int(cells.max()) + 1

    def guess(learn: Ints, use: Ints) -> Floats:
        if classes:
            table = np.zeros((size, classes))
            np.add.at(table, (cells[learn], truth[learn].astype(np.int64)), 1)
            answer = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), table.sum(axis=0).argmax())
        else:
            rows = np.bincount(cells[learn], minlength=size)
            sums = np.bincount(cells[learn], weights=truth[learn], minlength=size)
            answer = np.where(rows > 0, sums / np.maximum(rows, 1), truth[learn].mean())
        return np.asarray(answer[cells[use]], dtype=np.float64)

    return _judged(guess, truth, classes)


def _tree_power(values: Floats, truth: Floats, classes: int) -> tuple[float, bool]:
    """Return the same of a tree of one column."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    # Trees take floats of 32 bits, in which neighbouring times are one unless they are taken from their middle.
    column = (values - np.median(values))[:, None].astype(np.float32)

    def guess(learn: Ints, use: Ints) -> Floats:
        kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
        tree = kind(max_leaf_nodes=_LEAVES, min_samples_leaf=3, random_state=0).fit(
            column[learn], truth[learn]
        )
        return np.asarray(tree.predict(column[use]), dtype=np.float64)

    return _judged(guess, truth, classes)


def _judged(guess: Callable[[Ints, Ints], Floats], truth: Floats, classes: int) -> tuple[float, bool]:
    wrong = usual = 0.0
    for learn, use in (halves := _halves(len(truth)), halves[::-1]):
        answer = guess(learn, use)
        if classes:
            common = np.bincount(truth[learn].astype(np.int64)).argmax()
            wrong += float(np.count_nonzero(answer != truth[use]))
            usual += float(np.count_nonzero(truth[use] != common))
        else:
            wrong += float(np.sum((truth[use] - answer) ** 2))
            usual += float(np.sum((truth[use] - truth[learn].mean()) ** 2))
    if not usual:
        return 0.0, False
    power = max(0.0, 1 - wrong / usual)
    if not classes:
        return power, True
    most_wrong = wilson(wrong, len(truth)).high * len(truth)
    return power, 1 - most_wrong / usual >= _SURELY_POWER or (wrong == 0 and len(truth) >= _PERFECT)
