"""From a table's truth and a model's answers to a sample that metrics can be computed from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlops_cli.errors import DataError, UsageError
from mlops_cli.evaluation.labels import (
    agree_on_flags,
    coded,
    differ_in_spaces,
    in_class_order,
    recoded,
    two_classes,
)
from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlops_cli.evaluation.model import Task
    from mlops_cli.evaluation.predictors.predictor import Answers
    from mlops_cli.statistics.arrays import Floats, Integers

_MOST_CLASSES_OF_NUMBERS = 20  # a target of whole numbers with more distinct ones is taken for an amount
_REGRESSION = "If it is an amount, say task: regression (on the command line: --task regression)."


@dataclass(slots=True)
class Judge:
    """Knows how truth and answers become a sample; the same for all rows of one evaluation, however often it is asked.

    Parameters
    ----------
    task : str or None
        What somebody said; None to find out.
    told : str or None
        What the model says it is for: `classification` or `regression`.
    labels : sequence or None
        The labels that the columns of its scores are for, as the model has them.
    positive : str or None
        The positive class, as text.
    where : str
        The target, for messages: `income of data/test.csv`.
    """

    task: Task | None
    told: str | None
    labels: Sequence[Any] | None
    positive: str | None
    where: str
    seed: int = 0
    classes: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def sample(self, truth: pd.Series, answers: Answers) -> Sample:
        """Return the sample.

        Parameters
        ----------
        truth : (n,) series
            None is missing.

        Raises
        ------
        DataError
            When truth and answers do not belong together.
        """
        if self.task is None and self._of_numbers(truth, answers):
            self.task = "regression"
        if self.task == "regression":
            if self.positive is not None:
                raise UsageError(
                    f'a regression has no positive class, and "{self.positive}" is named for it',
                    hint="Leave it out, or say task: binary (on the command line: --task binary).",
                )
            return self._numbers(truth, answers)
        return self._labels(truth, answers)

    def _of_numbers(self, truth: pd.Series, answers: Answers) -> bool:
        if self.told is not None:
            return self.told == "regression"
        if answers.scores is not None:
            return False
        kinds = (truth.dtype, np.asarray(answers.predicted).dtype)
        if not all(
            pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) for kind in kinds
        ):
            return False
        values = truth.to_numpy(dtype=np.float64)
        whole = bool((values == np.floor(values)).all())
        several = len(np.unique(values)) > _MOST_CLASSES_OF_NUMBERS
        numbers = several or not whole or not np.isin(answers.predicted, values).all()
        what = "an amount (regression)" if numbers else "a class"
        self.notes.append(
            f"nothing says what the task is; by its values {self.where} is {what}. Say so with task: (on the command line: --task)"
        )
        return numbers

    # Numbers ------------------------------------------------------------------------------------------------------

    def _numbers(self, truth: pd.Series, answers: Answers) -> Sample:
        return Sample(
            "regression",
            self._floats(truth, self.where),
            self._floats(answers.predicted, "the predictions"),
            seed=self.seed,
            why_no_scores="a regression has no scores",
        )

    def _floats(self, values: Any, what: str) -> Floats:
        try:
            return np.asarray(pd.Series(values).to_numpy(dtype=np.float64, na_value=np.nan))
        except (TypeError, ValueError) as error:
            raise DataError(
                f"a regression needs numbers, and {what} is not: {str(error)[:200]}",
                hint="If it is a class, say task: binary or multiclass (on the command line: --task).",
            ) from error

    # Labels -------------------------------------------------------------------------------------------------------

    def _labels(self, truth: pd.Series, answers: Answers) -> Sample:
        true_codes, true_labels = coded(truth)
        said_codes, said_labels = coded(answers.predicted)
        known = [] if self.labels is None else coded(np.asarray(self.labels, dtype=object))[1]
        true_labels, said_labels, known = agree_on_flags(true_labels, said_labels, known)
        if not self.classes:
            self._decide(true_labels, said_labels, known)
        places = {label: at for at, label in enumerate(self.classes)}
        strange = [label for label in (*true_labels, *said_labels) if label not in places]
        if strange:
            raise DataError(
                f"{self.where}: {listed(strange)} is none of the classes {listed(self.classes, 10)}"
            )
        predicted = recoded(said_codes, said_labels, places)
        scores, sure = self._scores(answers, known or said_labels, places)
        assert self.task is not None, "decided above"  # noqa: S101 - tells the type checker
        return Sample(
            self.task,
            recoded(true_codes, true_labels, places),
            predicted,
            scores,
            self.classes,
            sure,
            self.seed,
            "" if scores is not None else "there are no scores, only answers",
        )

    def _decide(self, truth: list[str], said: list[str], known: list[str]) -> None:
        """Decide what the classes are, and which is positive."""
        answers = set(known) | set(said)
        apart = differ_in_spaces(set(truth) | answers)
        if apart is not None:
            raise DataError(
                f'{self.where}: "{apart[0]}" and "{apart[1]}" differ in spaces only, and would be two classes',
                hint="Take the spaces out of the column, the way they were where the model was trained.",
            )
        if truth and answers and not answers & set(truth):
            raise DataError(
                f"the model answers {_some(answers)}, and {self.where} has {_some(truth)}",
                hint=_REGRESSION
                if len(answers) > _MOST_CLASSES_OF_NUMBERS
                else "Name the right column as target (on the command line: --target), or the right model.",
            )
        if known and (new := set(truth) - set(known)):
            self.notes.append(f"{self.where} has classes that the model does not know: {_some(new)}")
        every = in_class_order(set(truth) | answers)
        if self.positive is not None and self.positive not in every and len(every) > 1:
            near = [label for label in every if label.strip() == self.positive.strip()]
            raise UsageError(
                f'there is no class "{self.positive}": {self.where} has {listed(every)}',
                hint=f'Write it with its spaces: "{near[0]}"' if near else "",
            )
        if self.task == "binary" and len(every) > 2:
            raise UsageError(
                f"a binary task has two classes, and there are {len(every):,}: {_some(every)}",
                hint=_REGRESSION
                if len(every) > _MOST_CLASSES_OF_NUMBERS
                else "Say task: multiclass (on the command line: --task multiclass).",
            )
        if self.task is None:
            self.task = "binary" if len(every) <= 2 else "multiclass"
        if self.task == "binary":
            self.classes = two_classes(every, self.positive)
            self.positive = self.classes[1]
        else:
            self.classes = tuple(every)
            self.positive = None

    def _scores(
        self, answers: Answers, labels: list[str], places: dict[str, int]
    ) -> tuple[Floats | None, bool]:
        """Return scores in the order of the classes, and whether they are probabilities."""
        if answers.scores is None:
            return None, False
        scores = np.asarray(answers.scores, dtype=np.float64)
        if scores.ndim == 2 and scores.shape[1] == 1:
            scores = scores[:, 0]
        if scores.ndim == 1:
            if self.task != "binary":
                self.notes.append(
                    "the model gives one score a row, which says nothing of more than two classes"
                )
                return None, False
            return scores, answers.probabilities and self._in_range(scores)
        if not self.labels:
            labels = in_class_order(places) if self.task == "multiclass" else list(self.classes)
        if scores.shape[1] != len(labels):
            raise DataError(
                f"the model gives {counted(scores.shape[1], 'score')} a row, and knows {counted(len(labels), 'class', 'classes')}: "
                f"{listed(labels)}",
                hint="A predictor says what its scores are for with an attribute classes.",
            )
        wide = np.zeros((len(scores), len(self.classes)))
        wide[:, [places[label] for label in labels]] = scores
        sure = answers.probabilities and self._in_range(wide)
        return (wide[:, 1] if self.task == "binary" else wide), sure

    def _in_range(self, scores: Floats) -> bool:
        good = scores[np.isfinite(scores)]
        if good.size and (good.min() < 0 or good.max() > 1 + 1e-9):
            self.notes.append(
                f"scores lie from {good.min():.4g} to {good.max():.4g}: they are no probabilities"
            )
            return False
        return True


def _some(labels: Iterable[str]) -> str:
    """Return labels in a sentence; of many, as of numbers that are no classes, how many and one."""
    ordered = in_class_order(labels)
    few = len(ordered) <= _MOST_CLASSES_OF_NUMBERS
    return listed(ordered) if few else f"{len(ordered):,} different values, such as {ordered[0][:20]}"


@dataclass(frozen=True, slots=True, eq=False)
class JudgedRows:
    """The numbers of the rows that are judged; of how many others the truth is missing, and of how many it is infinite."""

    rows: Integers
    missing: int
    infinite: int

    @property
    def left_out(self) -> int:
        """How many are not judged."""
        return self.missing + self.infinite


def judged_rows(truth: pd.Series, task: str | None) -> JudgedRows:
    """Return the rows whose truth is known: it is there, and where it is a number, finite.

    Examples
    --------
    >>> found = judged_rows(pd.Series([1.0, float("inf"), None, 2.0]), "regression")
    >>> found.rows.tolist(), found.missing, found.infinite
    ([0, 3], 1, 1)
    """
    known = ~truth.isna().to_numpy()
    missing = int((~known).sum())
    if task != "classification" and pd.api.types.is_float_dtype(truth.dtype):
        known &= np.isfinite(truth.to_numpy(dtype=np.float64, na_value=np.nan))
    return JudgedRows(np.flatnonzero(known), missing, int((~known).sum()) - missing)
