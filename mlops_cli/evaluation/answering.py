"""What is judged: the table's rows whose truth is known, and what the model, or a table of predictions, says of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.data.table.opening import open_table
from mlops_cli.errors import DataError, UsageError
from mlops_cli.evaluation.judging import Judge, judged_rows
from mlops_cli.evaluation.labels import in_class_order, two_classes
from mlops_cli.evaluation.predictors.load import load_predictor
from mlops_cli.evaluation.predictors.predictor import Answers
from mlops_cli.evaluation.slices.spec import Cross
from mlops_cli.evaluation.words import counted, listed
from mlops_cli.formats.problems import nearest
from mlops_cli.statistics.seeds import seed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from mlops_cli.data.table.table import Table
    from mlops_cli.evaluation.predictors.predictor import Predictor
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.wishes import EvaluateSettings, PredictionsWish
    from mlops_cli.pipeline.builtin import StepCall
    from mlops_cli.statistics.arrays import Integers

_PREDICTED = ("predicted", "prediction", "y_pred", "pred", "label")
_SCORE = ("score", "probability", "proba", "y_score", "y_proba")
SCORE_OF = "score: "  # before the name of a class, in a table of predictions
_NAME_IT = "Say which it is: --predicted COL (in a pipeline: predictions: {path: …, predicted: COL})"


@dataclass(slots=True)
class Subjects:
    """Everything that one evaluation looks at.

    Parameters
    ----------
    table : Table
        Whose columns make slices.
    rows : (n,) array
        The numbers of the table's rows that are judged.
    left_out : int
        How many others there are.
    infinite : int
        In how many of those the truth is infinite.
    frame : DataFrame or None
        What the model was given, a row for each that is judged; None of a table of predictions.
    sample : Sample
    answered : tuple of str
        Columns of the table that hold answers, and no more say anything of a row.
    """

    table: Table
    rows: Integers
    left_out: int
    infinite: int
    truth: pd.Series
    frame: pd.DataFrame | None
    judge: Judge
    sample: Sample
    predictor: Predictor | None = None
    model_digest: str | None = None
    data_digest: str | None = None
    features: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def ask(self, frame: pd.DataFrame, rows: Integers) -> Sample:
        """Ask the model about other columns of some of the rows.

        Parameters
        ----------
        rows : array
            Their numbers among those that are judged.
        """
        assert self.predictor is not None, "asked for only where there is a model"  # noqa: S101 - tells the type checker
        return self.judge.sample(self.truth.iloc[rows], self.predictor.answer(frame))


def subjects_of(settings: EvaluateSettings, call: StepCall) -> Subjects:
    """Open the table, load the model, and ask it.

    Raises
    ------
    DataError, FileError
        When one of them is missing, damaged or does not fit the other.
    """
    sys.path.extend(path for path in settings.python_path if path not in sys.path)
    notes: list[str] = []
    table = open_table(_address(settings), kinds=settings.kinds, scratch=Path(call.scratch))
    notes += table.warnings
    require(table, (settings.target,), "target", named=True)
    require(table, settings.features, "column", named=True)
    require_columns(settings, table)
    truth = table.frame([settings.target])[settings.target]
    predictor, model_digest, ask = _source(settings, call, table, notes)
    told = None if predictor is None else predictor.task
    task = settings.task if settings.task in (None, "regression") else "classification"
    judged = judged_rows(truth, task or told)
    rows = judged.rows
    if not len(rows):
        raise DataError(f"{table.name} has no row whose {settings.target} is known")
    truth = truth.iloc[rows].reset_index(drop=True)
    frame, answers = ask(rows)
    judge = Judge(
        settings.task,
        told,
        None if predictor is None else predictor.classes,
        settings.positive,
        f"{settings.target} of {table.name}",
        seed_of(model_digest or "", table.digest or "", settings.seed),
        notes=notes,
    )
    if answers.labels is not None:
        judge.labels = answers.labels
    sample = judge.sample(truth, with_answers(answers, truth, settings.positive))
    for count, why in ((judged.missing, "missing"), (judged.infinite, "infinite")):
        if count:
            notes.append(
                f"{count:,} of {counted(table.rows, 'row')} {'is' if count == 1 else 'are'} left out: "
                f"{settings.target} is {why} there"
            )
    features = () if frame is None else tuple(map(str, frame.columns))
    return Subjects(
        table,
        rows,
        judged.left_out,
        judged.infinite,
        truth,
        frame,
        judge,
        sample,
        predictor,
        model_digest,
        table.digest,
        features,
        answered_columns(table, settings.predictions) if settings.predictions and not settings.data else (),
        notes,
    )


def _address(settings: EvaluateSettings) -> str:
    if settings.data:
        return settings.data
    assert settings.predictions is not None, "the settings were read"  # noqa: S101 - tells the type checker
    return settings.predictions.path


def _source(
    settings: EvaluateSettings, call: StepCall, table: Table, notes: list[str]
) -> tuple[Predictor | None, str | None, Callable[[Integers], tuple[pd.DataFrame | None, Answers]]]:
    """Return the model, its digest, and how answers are had for some of the table's rows."""
    if settings.predictions is not None:
        answers, digest = _predictions(settings, call, table, notes)
        return None, digest, lambda rows: (None, only(answers, rows))
    predictor, digest = load_predictor(settings.model, settings.predictor, call.inputs, call.recorded, notes)

    def ask(rows: Integers) -> tuple[pd.DataFrame, Answers]:
        frame = features_frame(settings.features, predictor, table, settings.target, rows)
        return frame, with_labels(predictor, predictor.answer(frame))

    return predictor, digest, ask


def with_labels(predictor: Predictor, answers: Answers) -> Answers:
    """Return answers that say what their scores are for: some models tell only when they were asked."""
    return answers if predictor.classes is None else replace(answers, labels=tuple(predictor.classes))


def features_frame(
    wanted: Sequence[str], predictor: Predictor, table: Table, target: str, rows: Integers
) -> pd.DataFrame:
    """Return what a model is given: the columns that were named, or that it was fitted with, or all but the target.

    Raises
    ------
    DataError
        When the table lacks one.
    """
    names = tuple(wanted) or predictor.features or tuple(name for name in table.names if name != target)
    require(table, names, "column")
    frame = table.frame(list(names))
    return frame if len(rows) == len(frame) else frame.iloc[rows].reset_index(drop=True)


def require_columns(settings: EvaluateSettings, table: Table) -> None:
    """Raise a UsageError that names columns of slices and groups which a table does not have: before a model is loaded."""
    crosses = [each for each in (*settings.slices, *settings.fairness) if isinstance(each, Cross)]
    names = dict.fromkeys(axis.column for cross in crosses for axis in cross.axes)
    require(table, tuple(names), "column", named=True)


def require(table: Table, names: Sequence[str], what: str, *, named: bool = False) -> None:
    """Raise an error that says which columns a table does not have.

    Parameters
    ----------
    named : bool
        Whether the user named them, so that the mistake may be there; else model and table do not fit.
    """
    missing = [name for name in names if name not in table.names]
    if not missing:
        return
    close = nearest(missing[0], table.names)
    hint = f"{close[0].upper()}{close[1:]}" if close else f"It has {listed(table.names, 10)}"
    kind = UsageError if named else DataError
    raise kind(f"{table.name} has no {what} {listed(missing)}", hint=hint)


# A table of predictions -------------------------------------------------------------------------------------------


def _predictions(
    settings: EvaluateSettings, call: StepCall, table: Table, notes: list[str]
) -> tuple[Answers, str | None]:
    wish = settings.predictions
    assert wish is not None, "looked at before"  # noqa: S101 - tells the type checker
    said = table if not settings.data else open_table(wish.path, scratch=Path(call.scratch))
    if said.rows != table.rows:
        raise DataError(
            f"{said.name} has {counted(said.rows, 'row')}, and {table.name} has {table.rows}: they do not belong together"
        )
    known = table.names if settings.data else ()
    by_threshold = settings.threshold is not None
    found = answer_columns(
        said, wish.predicted, wish.score, settings.target, known, by_threshold=by_threshold
    )
    if not found.predicted and found.several:
        notes.append(f"{said.name} has no column of answers: each row's is the class with the highest score")
    used = (found.predicted, found.score, *found.several, settings.target, "row")
    # Where the table stands for itself, what holds no answers makes slices.
    silent = [
        name
        for name in said.names
        if name not in used and (name not in known if settings.data else name in (*_PREDICTED, *_SCORE))
    ]
    if silent:
        notes.append(f"{said.name}: {listed(silent)} {'is' if len(silent) == 1 else 'are'} not used")
    return answers_in(said, found), said.digest


@dataclass(frozen=True, slots=True)
class AnswerColumns:
    """Which columns of a table hold answers and scores; empty where none does. `several` has a column a class."""

    predicted: str = ""
    score: str = ""
    several: tuple[str, ...] = ()


def answer_columns(
    table: Table,
    predicted: str = "",
    score: str = "",
    target: str = "",
    known: Sequence[str] = (),
    *,
    by_threshold: bool = False,
    hint: str = _NAME_IT,
) -> AnswerColumns:
    """Return which columns of a table of predictions are which.

    Parameters
    ----------
    predicted, score : str
        Those that were named; empty to find them by their usual names. A column a class is called `score: <class>`.
    target : str
        The column with the truth, which is no answer whatever it is called.
    known : sequence of str
        Columns that are something else, and no help to whoever looks for the answers.
    by_threshold : bool
        Whether one score a row is enough, because a threshold was asked for that answers from it.
    hint : str
        How to say which column holds the answers.

    Raises
    ------
    DataError
        When there are no answers. None is made up from a score: nobody said from which one on.
    """
    require(table, [name for name in (predicted, score) if name], "column", named=True)
    names = [name for name in table.names if name != target]
    predicted = predicted or next((name for name in _PREDICTED if name in names), "")
    score = score or next((name for name in _SCORE if name in names), "")
    several = () if score else tuple(name for name in names if name.startswith(SCORE_OF))
    if predicted or several or (score and by_threshold):
        return AnswerColumns(predicted, score, several)
    own = [name for name in names if name not in known]
    has = f"has {listed(own, 20)}" if own else "has none of its own"
    scored = "; or have them follow from the score: --threshold 0.5" if score else ""
    raise DataError(f"{table.name} has no column of answers (predicted): it {has}", hint=f"{hint}{scored}")


def answers_in(table: Table, found: AnswerColumns) -> Answers:
    """Return the predictions in a table."""
    scores: Any = None
    if found.score:
        scores = table.numbers(found.score)
    elif found.several:
        scores = np.column_stack([table.numbers(name) for name in found.several])
    said = (
        table.frame([found.predicted])[found.predicted].to_numpy()
        if found.predicted
        else np.full(table.rows, None, dtype=object)
    )
    labels = tuple(name.removeprefix(SCORE_OF) for name in found.several) or None
    return Answers(said, scores, labels=labels, decided=bool(found.predicted))


def answered_columns(table: Table, wish: PredictionsWish) -> tuple[str, ...]:
    """Return the columns of a table of predictions that hold answers, or only number its rows."""
    named = {wish.predicted, wish.score, "row", *_PREDICTED, *_SCORE}
    return tuple(name for name in table.names if name in named or name.startswith(SCORE_OF))


def only(answers: Answers, rows: Integers) -> Answers:
    """Return the answers of some rows, by number."""
    scores = None if answers.scores is None else answers.scores[rows]
    return replace(answers, predicted=answers.predicted[rows], scores=scores)


def with_answers(answers: Answers, truth: pd.Series, positive: str | None) -> Answers:
    """Return answers where there are scores alone: the class with the highest score.

    Of one score a row they are for the time being, until the threshold that was asked for decides.
    """
    if answers.decided or answers.scores is None:
        return answers
    from mlops_cli.evaluation.labels import coded

    if answers.scores.ndim == 2 and answers.labels is not None:
        said = np.asarray(answers.labels, dtype=object)[answers.scores.argmax(axis=1)]
        return replace(answers, predicted=said)
    labels = in_class_order(coded(truth)[1])
    if len(labels) > 2:
        raise DataError(
            "one score a row says nothing of more than two classes",
            hint="Name a column with the answers, too.",
        )
    no, yes = two_classes(labels, positive)
    said = np.where(answers.scores >= 0.5, yes, no).astype(object)
    said[~np.isfinite(answers.scores)] = None
    return replace(answers, predicted=said)
