"""What makes figures doubtful: columns that give the target away, rows that were trained on, a model no better than one column."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.findings import Warned
from mlops_cli.evaluation.importance import tells
from mlops_cli.evaluation.slices.halves import halves, row_numbers, settle, stir_numbers
from mlops_cli.evaluation.words import counted
from mlops_cli.statistics.auc import roc_auc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from mlops_cli.evaluation.measured import Measured
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.slices.columns import Columns, Values

    Floats = NDArray[np.float64]
    Measure = Callable[[str, NDArray[np.int64]], Measured]

_TOO_GOOD = 0.99  # AUC, accuracy beyond chance or R² of one column alone
_COPY = 0.995
_UNIQUE = 0.95
_FEWEST = 50
_CELLS = 200
_OVERLAP_FAILS = 0.1
_DRAWN = 10  # rows that a cell's mean is drawn to the overall mean by


@dataclass(frozen=True, slots=True)
class Alone:
    """What one column tells of the target by itself.

    Parameters
    ----------
    score : float
        Binary: AUC. Regression: R². Several classes: share of the errors of always answering the most frequent class that it saves.
    copy : float
        How nearly it is the target in other words, 0 to 1.
    """

    column: str
    score: float
    copy: float


def warnings(
    columns: Columns,
    sample: Sample,
    measure: Measure,
    features: Iterable[str] | None = None,
    train: Columns | None = None,
    uses: Callable[[str], bool | None] = lambda _: True,
    *,
    plain: bool = True,
) -> tuple[Warned, ...]:
    """Return everything that makes an evaluation doubtful.

    Columns that alone tell the target (AUC or R² above 0.99 on rows that they were not fitted to), that are the target in other
    words, or that name rows; a model that is no better than the best single column, or than always giving the same answer; rows
    that are also in the training table.

    Parameters
    ----------
    columns : Columns
        Of the rows of `sample`, without the target.
    measure : callable
        Gives a metric by name on rows by number.
    features : iterable of str, optional
        The columns that the model reads; all, when None.
    train : Columns, optional
        The table that the model was trained on.
    uses : callable
        Whether the model uses a column, by name; None where nobody knows, as of a table of predictions. Asked only of columns that
        something is wrong with.
    plain : bool
        Whether the answers are meant to be right as often as they can be; not where a threshold was asked for, and a model of two
        classes is then held by its scores.
    """
    if sample.n < _FEWEST:
        return ()
    names = [name for name in (columns.names if features is None else features) if name in columns.names]
    found: list[Warned] = []
    known: list[Alone] = []
    first = _halves(sample)
    for name in names:
        held = columns.values(name)
        if (named := identifier(name, held)) is not None:
            found.extend(_if_used((named,), uses))
        alone = alone_of(name, held, sample, first)
        known.append(alone)
        found.extend(_if_used(_of_alone(alone, sample), uses))
    found.extend(_simple(known, sample, measure, plain=plain))
    if train is not None:
        found.extend(overlap(columns, train))
    return tuple(sorted(found, key=lambda warned: (warned.severity != "fail", warned.check, warned.column)))


def alone_of(name: str, held: Values, sample: Sample, first: NDArray[np.bool_]) -> Alone:
    """Return what one column tells of the target: fitted on one half of the rows, judged on the other, both ways.

    A column is cut into at most 200 cells (values, or quantiles); the fit is each cell's mean target, drawn to the overall mean by
    ten rows' weight so that cells of few rows say little.
    """
    cells = _cells(held)
    if sample.task == "multiclass":
        table = np.bincount(
            cells * len(sample.classes) + sample.truth.astype(np.int64),
            minlength=(cells.max() + 1) * len(sample.classes),
        ).reshape(-1, len(sample.classes))
        saved = [_saved(cells, sample, side) for side in (first, ~first)]
        return Alone(name, float(np.mean(saved)), _copied(table))
    truth = sample.truth.astype(np.float64)
    guess = np.empty(sample.n)
    for side in (first, ~first):
        guess[~side] = _fitted(cells, truth, side)[cells[~side]]
    if sample.task == "binary":
        both = all(0 < truth[side].sum() < side.sum() for side in (first, ~first))
        # Each half is judged by the fit of the other, so the two are ranked apart.
        score = (
            float(np.mean([roc_auc(truth[side] > 0, guess[side]) for side in (first, ~first)]))
            if both
            else 0.5
        )
        table = np.bincount(cells * 2 + sample.truth.astype(np.int64), minlength=2 * (cells.max() + 1))
        return Alone(name, score, _copied(table.reshape(-1, 2)))
    spread = float(((truth - truth.mean()) ** 2).sum())
    score = 1 - float(((truth - guess) ** 2).sum()) / spread if spread else 0.0
    linear = _linear(held, truth)
    return Alone(name, max(score, linear), linear)


def identifier(name: str, held: Values) -> Warned | None:
    """Return a warning when a column's values are nearly all different texts or whole numbers, so that it names rows."""
    present = held.data[~held.missing]
    if len(present) < _FEWEST or held.kind in ("time", "boolean"):
        return None
    if held.kind == "number" and not (np.isfinite(present).all() and (present == np.rint(present)).all()):
        return None
    distinct = len(np.unique(present))
    if distinct < _UNIQUE * len(present):
        return None
    return Warned(
        "identifier",
        name,
        "warn",
        f"{distinct:,} of {len(present):,} values of {name} are different: it seems to name rows",
        {"distinct": distinct, "rows": len(present)},
        "a key that was left among the features; what a model learns from it does not carry over",
    )


def overlap(columns: Columns, train: Columns) -> tuple[Warned, ...]:
    """Return a warning when rows are also in the training table, with how many are there twice by themselves."""
    names = [name for name in columns.names if name in train.names]
    if not names:
        return ()
    mine, theirs = row_numbers(columns, names), row_numbers(train, names)
    shared = int(np.isin(mine, theirs).sum())
    if not shared:
        return ()
    distinct = len(np.unique(mine))
    share, alike = shared / len(mine), 1 - distinct / len(mine)
    evidence = {"shared": shared, "rows": len(mine), "share": share, "alike_within": alike}
    if alike > share / 2:  # rows are often alike here, so some are alike by chance
        severity, cause = (
            "warn",
            "rows that are the same occur within this table as well, so some of it may be chance",
        )
    else:
        severity, cause = (
            "fail" if share > _OVERLAP_FAILS else "warn",
            "the tables were cut from one another after rows were copied, or the model was trained on rows it is judged on",
        )
    text = f"{shared:,} of {counted(len(mine), 'row')} {'is' if shared == 1 else 'are'} in the training table too"
    return (Warned("overlap", "", severity, text, evidence, cause),)  # type: ignore[arg-type] # one of the two


def _if_used(found: Iterable[Warned], uses: Callable[[str], bool | None]) -> Iterable[Warned]:
    """Return warnings about a column as far as the model uses it: what it does not use spoils no figure."""
    for warned in found:
        used = uses(warned.column)
        if used:
            yield warned
        elif used is None and warned.severity == "fail":
            message = f"{warned.message} (whether the model was given it, nobody knows)"
            yield replace(warned, severity="warn", message=message)


def _of_alone(alone: Alone, sample: Sample) -> list[Warned]:
    what = {"binary": "AUC", "regression": "R²"}.get(sample.task, "share of errors saved")
    evidence = {"score": round(alone.score, 6), "copy": round(alone.copy, 6)}
    if alone.copy >= _COPY:
        text = f"{alone.column} is the target in other words"
        cause = "a copy or a recoding of the target among the features"
        return [Warned("copy_of_target", alone.column, "fail", text, evidence, cause)]
    if alone.score > _TOO_GOOD:
        text = f"{alone.column} alone tells the target: {what} {alone.score:.4f}"
        cause = "a value that is known only once the target is, or made from it"
        return [Warned("tells_the_target", alone.column, "fail", text, evidence, cause)]
    return []


def _simple(known: list[Alone], sample: Sample, measure: Measure, *, plain: bool) -> list[Warned]:
    """Return warnings when the model is no better than one answer for all rows, or than the best single column."""
    everything = np.arange(sample.n)
    found = []
    if sample.task == "regression":
        model, what, simple = measure("r2", everything), "R²", 0.0
    elif not plain:
        model, what, simple = measure("roc_auc", everything), "roc_auc", 0.5
    else:
        counts = np.bincount(sample.truth.astype(np.int64))
        model, what, simple = measure("accuracy", everything), "accuracy", float(counts.max() / sample.n)
    if model.value is not None and model.low is not None and model.low <= simple:
        worse = model.high is not None and model.high < simple
        found.append(
            Warned(
                "no_better_than_simple",
                "",
                "fail" if worse and sample.task == "regression" else "warn",
                f"{what} {model.value:.4f} ({model.low:.4f} to {model.high:.4f}) is not surely above the {simple:.4f} "
                "of giving every row the same answer",
                {
                    "metric": what,
                    "value": model.value,
                    "low": model.low,
                    "high": model.high,
                    "simple": simple,
                },
                "classes of very unequal size, a target that the columns do not tell, or a model that failed",
            )
        )
    best = max(known, key=lambda alone: alone.score, default=None)
    name = {"binary": "roc_auc", "regression": "r2"}.get(sample.task)
    if best is None or name is None or not _chance(sample, len(known)) < best.score <= _TOO_GOOD:
        return found
    full = measure(name, everything)
    if full.value is not None and full.low is not None and full.low <= best.score:
        found.append(
            Warned(
                "no_better_than_one_column",
                best.column,
                "warn",
                f"{best.column} alone has {name} {best.score:.4f}, and the model {full.value:.4f} "
                f"({full.low:.4f} to {full.high:.4f})",
                {
                    "metric": name,
                    "value": full.value,
                    "low": full.low,
                    "high": full.high,
                    "simple": best.score,
                },
                "the other columns add nothing that these rows can show",
            )
        )
    return found


def _chance(sample: Sample, columns: int) -> float:
    """Return the score that the best of so many columns without any use reaches by chance, in one table of twenty.

    Of an AUC the normal bound with the variance of Mann and Whitney's statistic; of R² that of a squared correlation. Both are
    taken for as many questions as there are columns (Bonferroni), and for half of the rows: where both halves agree by chance,
    each is judged well by the other's fit, so the second judgement adds nothing.
    """
    z = NormalDist().inv_cdf(1 - 0.025 / max(columns, 1))
    if sample.task != "binary":
        return 2 * z * z / sample.n
    ones = int((sample.truth == 1).sum())
    return 0.5 + z * math.sqrt((sample.n + 1) / (6 * max(ones * (sample.n - ones), 1)))


def _halves(sample: Sample) -> NDArray[np.bool_]:
    numbers = np.zeros(sample.n, np.uint64)
    stir_numbers(numbers, sample.truth if sample.truth.dtype == np.float64 else sample.truth.astype(np.int64))
    return halves(settle(numbers))


def _cells(held: Values) -> NDArray[np.int64]:
    """Return a column as at most 200 cells, missing values last."""
    missing = held.missing
    if held.kind in ("text", "boolean"):
        counts = np.bincount(held.data[~missing], minlength=len(held.words))
        order = np.argsort(-counts, kind="stable")
        place = np.empty(len(counts) + 1, np.int64)
        place[order] = np.minimum(np.arange(len(counts)), _CELLS - 1)
        place[-1] = _CELLS
        found: NDArray[np.int64] = place[held.data]
        return found
    data = held.data.astype(np.int64).astype(np.float64) if held.kind == "time" else held.data
    present = np.sort(data[~missing])
    if not len(present):
        return np.zeros(len(data), np.int64)
    edges = np.unique(present[np.linspace(0, len(present) - 1, _CELLS).astype(np.int64)])
    cells = np.searchsorted(edges, data, side="right").astype(np.int64)
    cells[missing] = _CELLS + 1
    return cells


def _fitted(cells: NDArray[np.int64], truth: Floats, side: NDArray[np.bool_]) -> Floats:
    n = np.bincount(cells[side], minlength=int(cells.max()) + 1)
    total = np.bincount(cells[side], truth[side], minlength=int(cells.max()) + 1)
    found: Floats = (total + _DRAWN * truth[side].mean()) / (n + _DRAWN)
    return found


def _saved(cells: NDArray[np.int64], sample: Sample, side: NDArray[np.bool_]) -> float:
    size = len(sample.classes)
    truth = sample.truth.astype(np.int64)
    shape = int(cells.max()) + 1
    table = np.bincount(cells[side] * size + truth[side], minlength=shape * size).reshape(shape, size)
    most = int(np.bincount(truth[side], minlength=size).argmax())
    answer = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), most)
    errors = int((truth[~side] != most).sum())
    wrong = int((answer[cells[~side]] != truth[~side]).sum())
    return 1 - wrong / errors if errors else 0.0


def _copied(table: NDArray[np.int64]) -> float:
    """Return how nearly cells and classes are one another's names: only with as few cells as there are classes."""
    used = table[table.sum(axis=1) > 0]
    return tells(used) if 2 <= len(used) <= table.shape[1] + 1 else 0.0


def _linear(held: Values, truth: Floats) -> float:
    if held.kind != "number":
        return 0.0
    both = np.isfinite(held.data)
    if both.sum() < max(_FEWEST, 0.9 * len(truth)):
        return 0.0
    x, y = held.data[both], truth[both]
    if x.min() == x.max() or y.min() == y.max():
        return 0.0
    return float(np.corrcoef(x, y)[0, 1] ** 2)
