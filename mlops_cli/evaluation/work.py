"""The work of an evaluation, in the child process: from settings to the files of a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.errors import DataError, FileError, StageError, UsageError
from mlops_cli.evaluation.answering import subjects_of
from mlops_cli.evaluation.calibration import reliability
from mlops_cli.evaluation.catalogue import MAIN, metric_of, metrics_for
from mlops_cli.evaluation.charts import Confusion
from mlops_cli.evaluation.curves import curves_of
from mlops_cli.evaluation.extras import Extras
from mlops_cli.evaluation.measure import Measurer
from mlops_cli.evaluation.model import Evaluation, Subject
from mlops_cli.evaluation.own_metrics import OwnFunction
from mlops_cli.evaluation.sentence import sentence_of
from mlops_cli.evaluation.settings import read_settings
from mlops_cli.evaluation.step import PAGE
from mlops_cli.evaluation.thresholding import judge_by_threshold
from mlops_cli.evaluation.values import outcomes
from mlops_cli.evaluation.words import counted, listed
from mlops_cli.evaluation.writing import write_files
from mlops_cli.formats.atomic import write_atomic

if TYPE_CHECKING:
    from mlops_cli.evaluation.answering import Subjects
    from mlops_cli.evaluation.charts import Calibration
    from mlops_cli.evaluation.sample import Sample
    from mlops_cli.evaluation.wishes import EvaluateSettings
    from mlops_cli.pipeline.builtin import StepCall

_TOLD = 3  # failures in one sentence
_GO_ON = "Mend it; or let the stage end well all the same, with on_fail: go"
_DRAWN_CLASSES = 50  # a confusion matrix of more is nothing to look at


def run(call: StepCall) -> str:
    """Evaluate, and write the report; return which model is better, where there are two.

    Raises
    ------
    DataError, FileError
        With what is wrong in model, table or settings.
    """
    try:
        settings = read_settings(call.settings)
    except ValueError as error:
        raise FileError(str(error)) from error
    subjects = subjects_of(settings, call)
    with subjects.table:
        evaluation = evaluate(settings, call, subjects)
    folder = Path(call.report or ".")
    write_files(folder, evaluation, subjects.sample, subjects.rows)
    if call.page is not None:
        write_atomic(folder / PAGE, call.page(evaluation).encode(), durable=False)
    if not settings.goes_on:
        stop(evaluation)
    if evaluation.against is None:
        return ""
    verdict = evaluation.against.sentence.rstrip(".").partition(": ")[0]
    return f"{verdict[:1].lower()}{verdict[1:]}"


def stop(evaluation: Evaluation) -> None:
    """Raise where figures could not be computed, or are not to be trusted: what follows must not take them for good.

    Raises
    ------
    DataError
        When a metric could not be computed, with each reason.
    StageError
        When a wanted metric could not be measured on these rows, or a warning of severity `fail` is there.
    """
    failed: dict[str, list[str]] = {}
    for name, each in evaluation.metrics.items():
        if each.status == "error":
            failed.setdefault(each.note, []).append(name)
    if failed:
        told = listed([f"{listed(names, 3)}: {why}" for why, names in failed.items()], _TOLD)
        count = counted(sum(map(len, failed.values())), "metric")
        raise DataError(f"{count} could not be computed: {told}", hint=_GO_ON)
    if evaluation.unmeasured:
        told = listed([f"{name}: {evaluation.metrics[name].note}" for name in evaluation.unmeasured], _TOLD)
        count = counted(len(evaluation.unmeasured), "metric")
        raise StageError(f"{count} could not be measured on these rows: {told}", hint=_GO_ON)
    grave = [warned.message for warned in evaluation.warnings if warned.severity == "fail"]
    if grave:
        told = listed(grave, _TOLD)
        raise StageError(f"its figures are not to be trusted: {told}", hint=_GO_ON)


def evaluate(settings: EvaluateSettings, call: StepCall, subjects: Subjects) -> Evaluation:
    """Return the evaluation of what was asked; rows that chose a threshold are taken from the subjects."""
    threshold = judge_by_threshold(settings, call, subjects)
    sample = subjects.sample
    own = {wish.name: OwnFunction(wish) for wish in settings.own_metrics}
    names = _names(settings, sample)
    measurer = Measurer(sample, own)
    metrics = measurer.measure_all([*names, *own])
    extras = Extras(settings, call, subjects, measurer, threshold)
    against = extras.against()  # first: it may be refused, and the rest takes its time
    found = Evaluation(
        task=sample.task,
        n=sample.n,
        metrics=metrics,
        subject=_subject(settings, subjects),
        left_out=subjects.left_out,
        classes=sample.classes,
        positive=sample.classes[1] if sample.task == "binary" else None,
        slices=extras.slices(),
        found=extras.found(),
        fairness=extras.fairness(),
        importance=extras.importance(),
        warnings=extras.warnings(),
        calibration=_calibration(sample),
        confusion=_confusion(sample),
        curves=curves_of(sample),
        threshold=threshold,
        value=extras.value(),
        against=against,
        notes=tuple(dict.fromkeys(subjects.notes)),
        wanted=(*(settings.metrics or _main(sample)), *own),
    )
    return replace(found, sentence=sentence_of(found))


def _names(settings: EvaluateSettings, sample: Sample) -> list[str]:
    every = [metric.name for metric in metrics_for(sample.task, sample.classes)]
    if not settings.metrics:
        return every
    for name in settings.metrics:
        metric = metric_of(name)
        if metric is None or sample.task not in metric.tasks:
            raise UsageError(
                f"{name} is no metric of a {sample.task} task", hint=f"There are {listed(every, 30)}."
            )
        label = name.partition("[")[2][:-1]
        if label and label not in sample.classes:
            raise UsageError(
                f"{name}: there is no class {label}", hint=f"There are {listed(sample.classes, 20)}."
            )
    return list(settings.metrics)


def _main(sample: Sample) -> tuple[str, ...]:
    """Return the main metrics of a task, without those that a model that gives no scores cannot have."""
    found = [metric for name in MAIN[sample.task] if (metric := metric_of(name)) is not None]
    scored = sample.scores is not None
    return tuple(metric.name for metric in found if scored or metric.needs not in ("scores", "probabilities"))


def _subject(settings: EvaluateSettings, subjects: Subjects) -> Subject:
    predictor = subjects.predictor
    return Subject(
        model=settings.model or (settings.predictions.path if settings.predictions else ""),
        predictor="predictions" if predictor is None else predictor.kind,
        data=subjects.table.name,
        target=settings.target,
        model_digest=subjects.model_digest,
        data_digest=subjects.data_digest,
        kind="" if predictor is None else predictor.title,
    )


def _calibration(sample: Sample) -> Calibration | None:
    if sample.scores is None or not sample.probabilities or sample.missing_scores() or sample.n == 0:
        return None
    return reliability(*outcomes(sample))


def _confusion(sample: Sample) -> Confusion | None:
    if sample.task == "regression" or len(sample.classes) > _DRAWN_CLASSES:
        return None
    table = np.asarray(sample.confusion())
    return Confusion(sample.classes, tuple(tuple(int(count) for count in row) for row in table))
