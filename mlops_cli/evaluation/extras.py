"""What an evaluation has besides its metrics: slices, weak ones found, fairness, importance, warnings, value, another model."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_cli.errors import DataError
from mlops_cli.evaluation.catalogue import MAIN, metric_of
from mlops_cli.evaluation.threshold import decided
from mlops_cli.evaluation.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from mlops_cli.evaluation.answering import Subjects
    from mlops_cli.evaluation.charts import Threshold
    from mlops_cli.evaluation.findings import Comparison, FoundSlice, Gap, Importance, Slice, Warned, Worth
    from mlops_cli.evaluation.measure import Measurer
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.slices.columns import TableColumns
    from mlops_cli.evaluation.wishes import EvaluateSettings
    from mlops_cli.pipeline.builtin import StepCall
    from mlops_cli.statistics.arrays import Integers

_ASKED = 1000  # rows that tell whether a column is used
_IN_SLICES = {
    "binary": (
        "accuracy", "precision", "recall", "specificity", "selection_rate", "f1", "roc_auc", "log_loss", "brier",
    ),
    "multiclass": ("accuracy", "f1_macro", "log_loss"),
    "regression": ("mae", "rmse", "bias", "r2"),
}  # fmt: skip


class Extras:
    """Made once the metrics are known.

    Parameters
    ----------
    names : list of str
        The metrics that were asked for.
    """

    def __init__(
        self,
        settings: EvaluateSettings,
        call: StepCall,
        subjects: Subjects,
        measurer: Measurer,
        threshold: Threshold | None,
    ) -> None:
        self.settings = settings
        self.call = call
        self.subjects = subjects
        self.sample = subjects.sample
        self.measurer = measurer
        self.threshold = threshold if settings.threshold is not None else None
        chosen = [name for name in settings.metrics if "[" not in name]
        self.names = [*(chosen or _IN_SLICES[self.sample.task]), *measurer.own]

    @cached_property
    def columns(self) -> TableColumns:
        """The table's columns, of the rows that are judged."""
        from mlops_cli.evaluation.slices.columns import TableColumns

        without = (self.settings.target, *self.subjects.answered)
        return TableColumns(self.subjects.table, without=without, only=self.subjects.rows)

    def slices(self) -> tuple[Slice, ...]:
        """Return the metrics of declared slices."""
        if not self.settings.slices:
            return ()
        from mlops_cli.evaluation.slices.measuring import measured_slices

        return measured_slices(
            self.settings.slices,
            self.columns,
            self.sample,
            self.measurer.measure,
            self.names,
            self.settings.min_n,
        )

    def found(self) -> tuple[FoundSlice, ...]:
        """Return weak slices that nobody declared."""
        if self.settings.find is None or self._broken:
            return ()
        from mlops_cli.evaluation.slices.finding import found_slices

        found = found_slices(self.settings.find, self.columns, self.sample, self.measurer.measure, self.names)
        return tuple(replace(each, unseen=self._unseen(each.where)) for each in found)

    def fairness(self) -> tuple[Gap, ...]:
        """Return the gaps between groups."""
        if not self.settings.fairness:
            return ()
        from mlops_cli.evaluation.fairness import gaps

        # Of a classification it measures what fairness is about; what was asked for comes besides.
        names = self.names if self.settings.metrics or self.sample.task == "regression" else ()
        return gaps(
            self.settings.fairness,
            self.columns,
            self.sample,
            self.measurer.measure,
            names,
            self.settings.min_n,
        )

    def importance(self) -> tuple[Importance, ...]:
        """Return what the main metric loses when a column's values are dealt out anew."""
        asked, subjects = self.settings.importance, self.subjects
        if asked is None or subjects.predictor is None or subjects.frame is None or self._broken:
            return ()
        from mlops_cli.evaluation.importance import importance

        name = asked.metric or self._main()
        metric = metric_of(name)
        if metric is None or self.sample.task not in metric.tasks or metric.direction is None:
            raise DataError(
                f"importance: {name} does not tell how good a model of a {self.sample.task} task is"
            )
        return importance(
            asked,
            subjects.frame,
            self._rejudge,
            subjects.features,
            name,
            metric.direction,
            self.columns,
            self.sample.seed,
        )

    def warnings(self) -> tuple[Warned, ...]:
        """Return what makes the figures doubtful."""
        from mlops_cli.evaluation.doubts import doubts

        subjects = self.subjects
        found = doubts(self.sample, self.measurer.measure, subjects.infinite, self.settings.target)
        return found if self._broken else (*found, *self._leaks())

    def _leaks(self) -> tuple[Warned, ...]:
        from mlops_cli.evaluation.leakage import warnings

        features = self.subjects.features or None
        # A threshold that was asked for is about something else than as many right answers as can be.
        plain = self.threshold is None
        if not self.settings.train:
            return warnings(
                self.columns, self.sample, self.measurer.measure, features, uses=self._uses, plain=plain
            )
        from mlops_cli.data.table.opening import open_table
        from mlops_cli.evaluation.slices.columns import TableColumns

        scratch = Path(self.call.scratch)
        with open_table(self.settings.train, kinds=self.settings.kinds, scratch=scratch) as table:
            train = TableColumns(table, without=(self.settings.target,))
            return warnings(
                self.columns, self.sample, self.measurer.measure, features, train, self._uses, plain=plain
            )

    def value(self) -> Worth | None:
        """Return what the answers are worth."""
        if self.settings.value is None or self._broken:
            return None
        from mlops_cli.evaluation.value import worth

        return worth(self.settings.value, self.sample)

    def against(self) -> Comparison | None:
        """Return how the model stands beside another."""
        wish = self.settings.against
        if wish is None:
            return None
        from mlops_cli.evaluation.against.compare import compare
        from mlops_cli.evaluation.against.pairing import rows_digest

        base, joined, rows = self._base()
        sample = self.sample if rows is None else self.sample.take(rows)
        return compare(
            sample,
            base,
            [name for name in self.names if name not in self.measurer.own],
            against=wish.name,
            margin=wish.margin,
            declared=self.settings.slices if rows is None else (),
            columns=self.columns if rows is None else None,
            joined=joined,
            rows_digest=rows_digest(
                _truth(sample), self.subjects.rows if rows is None else self.subjects.rows[rows]
            ),
            min_n=self.settings.min_n,
        )

    @property
    def _broken(self) -> bool:
        """Whether answers are missing, so that nothing further can be said."""
        return bool(self.sample.missing())

    def _main(self) -> str:
        usable = [name for name in MAIN[self.sample.task] if self.measurer.measure(name).value is not None]
        return usable[0] if usable else MAIN[self.sample.task][-1]

    def _uses(self, name: str) -> bool | None:
        """Whether the model uses a column; None where there are only predictions.

        A class of the user's is given every column, unless it says which it wants: it is seen by whether an answer changes when
        the column's values are dealt out anew.
        """
        subjects = self.subjects
        if subjects.predictor is None or subjects.frame is None:
            return None
        if self.settings.features or subjects.predictor.features or subjects.predictor.kind != "class":
            return name in subjects.features
        from mlops_cli.evaluation.reliance import reliance

        if name not in subjects.features:
            return False
        rows = np.arange(min(_ASKED, self.sample.n))
        frame = subjects.frame.iloc[rows].reset_index(drop=True)
        return reliance(subjects.predictor, frame, self.sample.seed, (name,))[name] > 0

    def _unseen(self, where: str) -> tuple[str, ...]:
        """Return the columns of a condition that the model is not given; none where nobody knows what it is given."""
        from mlops_cli.evaluation.slices.parse import parse_expression
        from mlops_cli.formats.conditions.tree import names_in

        features = self.subjects.features
        names = dict.fromkeys(each.column for each in names_in(parse_expression(where)))
        return tuple(name for name in names if features and name not in features)

    def _rejudge(self, frame: pd.DataFrame, rows: Integers) -> Sample:
        return self._by_threshold(self.subjects.ask(frame, rows))

    def _by_threshold(self, sample: Sample) -> Sample:
        return sample if self.threshold is None or sample.scores is None else decided(sample, self.threshold)

    # Another model ------------------------------------------------------------------------------------------------

    def _base(self) -> tuple[Sample, str, Integers | None]:
        """Return the other model's sample, how its rows were found, and which of ours they are (None: all)."""
        from mlops_cli.evaluation.answering import features_frame, with_labels
        from mlops_cli.evaluation.predictors.load import load_predictor

        wish, subjects = self.settings.against, self.subjects
        assert wish is not None, "looked at before"  # noqa: S101 - tells the type checker
        if wish.predictions:
            return self._base_of_predictions(wish.predictions)
        predictor, _digest = load_predictor(
            wish.model, wish.predictor, self.call.inputs, self.call.recorded, subjects.notes
        )
        frame = features_frame(
            self.settings.features, predictor, subjects.table, self.settings.target, subjects.rows
        )
        answers = with_labels(predictor, predictor.answer(frame))
        judge = replace(subjects.judge, labels=answers.labels)
        return self._by_threshold(judge.sample(subjects.truth, answers)), "order", None

    def _base_of_predictions(self, path: str) -> tuple[Sample, str, Any]:
        from mlops_cli.data.table.table import table_of
        from mlops_cli.evaluation.against.pairing import pair
        from mlops_cli.evaluation.answering import answer_columns, answers_in
        from mlops_cli.evaluation.writing import is_own, read_predictions

        if not is_own(path):
            return self._base_of_table(path)
        found, about = read_predictions(path)
        if about["task"] != self.sample.task:
            raise DataError(f"{path} is of a {about['task']} task, and this is a {self.sample.task} one")
        table = table_of(found, path)
        answers = answers_in(table, answer_columns(table))
        judge = replace(self.subjects.judge, labels=answers.labels)
        truth = table.frame(["truth"])["truth"]
        base = judge.sample(truth, replace(answers, probabilities=bool(about["probabilities"])))
        keys = np.asarray(table.numbers("row"), dtype=np.int64)
        ours, theirs = pair(_truth(self.sample), _truth(base), self.subjects.rows, keys)
        whole = len(ours) == self.sample.n and bool((ours == np.arange(self.sample.n)).all())
        return base.take(theirs), "key:row", None if whole else ours

    def _base_of_table(self, path: str) -> tuple[Sample, str, Any]:
        """Return predictions that came about elsewhere: a row for each of the table's, in the same order."""
        from mlops_cli.data.table.opening import open_table
        from mlops_cli.evaluation.against.pairing import pair
        from mlops_cli.evaluation.answering import answer_columns, answers_in, only, with_answers

        subjects, target = self.subjects, self.settings.target
        with open_table(path, scratch=Path(self.call.scratch)) as table:
            if table.rows != subjects.table.rows:
                raise DataError(
                    f"{path} has {counted(table.rows, 'row')}, and {subjects.table.name} has {subjects.table.rows:,}: "
                    "they cannot be held against one another",
                    hint="Give both a row for each of the same rows, in the same order.",
                )
            known, by_threshold = subjects.table.names, self.threshold is not None
            where = answer_columns(
                table, target=target, known=known, by_threshold=by_threshold, hint="Call it predicted"
            )
            answers = only(answers_in(table, where), subjects.rows)
            judge = replace(subjects.judge, labels=answers.labels)
            answers = with_answers(answers, subjects.truth, judge.positive)
            base = judge.sample(subjects.truth, answers)
            if target in table.names:
                theirs = table.frame([target])[target].iloc[subjects.rows].reset_index(drop=True)
                pair(_truth(base), _truth(judge.sample(theirs, answers)))
        return self._by_threshold(base), "order", None


def _truth(sample: Sample) -> np.ndarray[Any, Any]:
    """Return what was true as both sides write it."""
    if sample.task == "regression":
        return np.asarray(sample.truth)
    return np.asarray(sample.classes, dtype=object)[sample.truth.astype(np.int64)]
