"""What makes the truth or the answers themselves doubtful: an infinite truth, scores that are turned round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.evaluation.findings import Warned
from mlops_cli.evaluation.words import counted
from mlops_cli.statistics.auc import roc_auc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlops_cli.evaluation.measured import Measured
    from mlops_cli.evaluation.sample import Sample

_INFINITE_FAILS = 0.02  # the share that `drift` fails at


def doubts(
    sample: Sample, measure: Callable[[str], Measured], infinite: int, target: str
) -> tuple[Warned, ...]:
    """Return warnings about truth and answers.

    Parameters
    ----------
    measure : callable
        Gives a metric on all rows by name.
    infinite : int
        Rows that are not judged because their truth is infinite.
    target : str
        The column with the truth.
    """
    return (*_infinite_truth(sample, infinite, target), *_turned_round(sample, measure))


def _infinite_truth(sample: Sample, infinite: int, target: str) -> Iterable[Warned]:
    if not infinite:
        return
    rows = sample.n + infinite
    share = infinite / rows
    text = f"{target} is infinite in {infinite:,} of {counted(rows, 'row')}, which are not judged"
    cause = "a division by 0, or an overflow, where the target is made"
    evidence = {"infinite": infinite, "rows": rows, "share": share}
    yield Warned(
        "infinite_target", target, "fail" if share >= _INFINITE_FAILS else "warn", text, evidence, cause
    )


def _turned_round(sample: Sample, measure: Callable[[str], Measured]) -> Iterable[Warned]:
    """Warn of scores that are surely lower where the truth is positive: what they are for may be told the wrong way round."""
    if sample.task != "binary" or sample.scores is None or sample.missing_scores():
        return
    area = measure("roc_auc")
    if area.value is None or area.low is None or area.high is None or area.high >= 0.5:
        return
    text = f"roc_auc {area.value:.4f} ({area.low:.4f} to {area.high:.4f}) is surely below the 0.5 of scores by chance"
    cause = "scores of the other class, or a target that is told the other way round than where the model was trained"
    if _contradicted(sample):
        text += ", and the answers contradict the scores"
        cause = "the classes of the model are not in the order of the columns of its scores"
    evidence = {"metric": "roc_auc", "value": area.value, "low": area.low, "high": area.high}
    yield Warned("scores_turned_round", "", "warn", text, evidence, cause)


def _contradicted(sample: Sample) -> bool:
    """Whether rows that are answered with the positive class have mostly lower scores than the others."""
    assert sample.scores is not None, "looked at before"  # noqa: S101 - tells the type checker
    known = sample.predicted >= 0
    said = np.asarray(sample.predicted[known] == 1)
    return 0 < int(said.sum()) < len(said) and roc_auc(said, sample.scores[known]) < 0.5
