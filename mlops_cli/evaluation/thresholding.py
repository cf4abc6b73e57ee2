"""A threshold where one is wished for: chosen on rows of their own, and all others judged by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.table.opening import open_table
from mlops_cli.errors import DataError, UsageError
from mlops_cli.evaluation.answering import features_frame, require
from mlops_cli.evaluation.charts import Threshold
from mlops_cli.evaluation.judging import judged_rows
from mlops_cli.evaluation.slices.columns import TableColumns
from mlops_cli.evaluation.slices.halves import row_numbers
from mlops_cli.evaluation.threshold import choose, decided, halves, own_threshold
from mlops_cli.evaluation.value import matrix_for

if TYPE_CHECKING:
    from mlops_cli.data.table.table import Table
    from mlops_cli.evaluation.answering import Subjects
    from mlops_cli.evaluation.asked import ValueAsked
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.wishes import EvaluateSettings, ThresholdWish
    from mlops_cli.pipeline.builtin import StepCall
    from mlops_cli.statistics.arrays import Integers

_TOO_GOOD = "it was chosen on the rows that it is judged on, so these figures are too good"
Matrix = tuple[tuple[float, float], tuple[float, float]]


def judge_by_threshold(settings: EvaluateSettings, call: StepCall, subjects: Subjects) -> Threshold | None:
    """Choose the threshold that is wished for, and have the subjects' answers follow it; return it.

    Where it is chosen on one half of the rows, the subjects keep the other half. Without a wish the model's own answers stay.

    Raises
    ------
    DataError
        When the task has no threshold, or none does what is wished for.
    """
    wish, sample = settings.threshold, subjects.sample
    if wish is None:
        return own_threshold(sample) if sample.task == "binary" else None
    if sample.task != "binary" or sample.scores is None:
        what = "a task of two classes" if sample.task != "binary" else "scores, and the model gives none"
        raise UsageError(f"a threshold needs {what}", hint="Leave threshold out.")
    if sample.missing_scores():
        raise DataError(f"a threshold needs scores, and {sample.missing_scores()} of {sample.n} are missing")
    threshold = _chosen(wish, settings, call, subjects)
    subjects.sample = decided(subjects.sample, threshold)
    return threshold


def _chosen(wish: ThresholdWish, settings: EvaluateSettings, call: StepCall, subjects: Subjects) -> Threshold:
    sample = subjects.sample
    if wish.how == "given":
        if sample.probabilities and not 0 <= wish.at <= 1:
            raise UsageError(
                f"a threshold of {wish.at:g} does nothing: the scores are probabilities, from 0 to 1"
            )
        return Threshold(wish.at, "given", 0, sample.n)
    matrix = matrix_of(settings.value, sample.classes)
    if wish.on == "same":
        return Threshold(choose(wish, sample, matrix), wish.how, sample.n, sample.n, _TOO_GOOD)
    if wish.on:
        other, warned = _other_sample(wish.on, settings, call, subjects)
        note = f"chosen on {wish.on}" + (f"; {warned}" if warned else "")
        return Threshold(choose(wish, other, matrix), wish.how, other.n, sample.n, note)
    choosing, judging = halves(subjects.rows, subjects.table.rows, settings.seed)
    value = choose(wish, sample.take(choosing), matrix)
    keep_rows(subjects, judging)
    note = (
        f"chosen on {len(choosing):,} rows, which are judged no more; "
        "to keep them name another table by on: or --choose-on"
    )
    return Threshold(value, wish.how, len(choosing), len(judging), note)


def keep_rows(subjects: Subjects, rows: Integers) -> None:
    """Have the subjects keep some of their rows."""
    subjects.sample = subjects.sample.take(rows)
    subjects.rows = subjects.rows[rows]
    subjects.truth = subjects.truth.iloc[rows].reset_index(drop=True)
    if subjects.frame is not None:
        subjects.frame = subjects.frame.iloc[rows].reset_index(drop=True)


def _other_sample(
    path: str, settings: EvaluateSettings, call: StepCall, subjects: Subjects
) -> tuple[Sample, str]:
    """Return the sample that chooses, and what is to be said of rows that are also judged."""
    if subjects.predictor is None:
        raise DataError("a threshold is chosen on another table by a model, and there are only predictions")
    with open_table(path, kinds=settings.kinds, scratch=Path(call.scratch)) as table:
        require(table, (settings.target,), "target", named=True)
        truth = table.frame([settings.target])[settings.target]
        rows = judged_rows(truth, "classification").rows
        frame = features_frame(settings.features, subjects.predictor, table, settings.target, rows)
        judge = replace(subjects.judge, where=f"{settings.target} of {table.name}")
        sample = judge.sample(truth.iloc[rows].reset_index(drop=True), subjects.predictor.answer(frame))
        warned = _overlapping(table, rows, subjects)
    if sample.missing_scores():
        raise DataError(f"a threshold needs scores, and {sample.missing_scores()} of {path} are missing")
    return sample, warned


def _overlapping(table: Table, rows: Integers, subjects: Subjects) -> str:
    """Return what is to be said where rows that choose the threshold are also judged by it; empty where none are."""
    if table.digest is not None and table.digest == subjects.table.digest:
        return _TOO_GOOD
    names = [name for name in subjects.table.names if name in table.names]
    judged = row_numbers(TableColumns(subjects.table, only=subjects.rows), names)
    chose = row_numbers(TableColumns(table, only=rows), names)
    shared = int(np.isin(judged, chose).sum())
    if shared == len(judged):
        return _TOO_GOOD
    alike = len(judged) - len(np.unique(judged))
    # Where rows are often alike, some are in both tables by chance.
    if shared <= 2 * alike:
        return ""
    return f"{shared:,} of the {len(judged):,} rows that it is judged on are among them, so these figures are too good"


def matrix_of(asked: ValueAsked | None, classes: tuple[str, ...]) -> Matrix | None:
    """Return what a row is worth by truth and answer, negative first; None where nobody says.

    Raises
    ------
    UsageError
        When it does not fit the classes.
    """
    if asked is None:
        return None
    table = matrix_for(asked, classes)
    return (float(table[0, 0]), float(table[0, 1])), (float(table[1, 0]), float(table[1, 1]))
