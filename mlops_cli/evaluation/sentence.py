"""An evaluation in one sentence. Light: no numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.evaluation.catalogue import MAIN
from mlops_cli.evaluation.words import counted, listed

if TYPE_CHECKING:
    from mlops_cli.evaluation.measured import Measured
    from mlops_cli.evaluation.model import Evaluation

_SECOND = {"binary": "accuracy", "multiclass": "f1_macro", "regression": "r2"}


def sentence_of(evaluation: Evaluation) -> str:
    """Return what to know first: the main metrics with their intervals, and whether something is wrong."""
    wanted = [*MAIN[evaluation.task], _SECOND[evaluation.task]]
    names = [name for name in dict.fromkeys(wanted) if name in evaluation.metrics] or list(
        evaluation.metrics
    )[:2]
    parts = [f"{name} {amount(evaluation.metrics[name])}" for name in names]
    text = f"{counted(evaluation.n, 'row')}: {', '.join(parts)}" if parts else counted(evaluation.n, "row")
    if evaluation.against is not None:
        said = evaluation.against.sentence.rstrip(".")
        text += f"; {said[:1].lower()}{said[1:]}"
    failed = [name for name, measured in evaluation.metrics.items() if measured.status == "error"]
    if failed:
        text += f"; {counted(len(failed), 'metric')} could not be computed"
    if few := [name for name in evaluation.unmeasured if name not in names]:
        text += f"; {listed(few)} could not be measured on these rows"
    grave = [warned for warned in evaluation.warnings if warned.severity == "fail"]
    if grave:
        text += f"; do not trust it: {grave[0].message}"
    elif evaluation.found:
        worst = evaluation.found[0]
        text += f"; weakest where {worst.where} ({counted(worst.n, 'row')})"
    return text


def amount(measured: Measured) -> str:
    """Return a metric with its interval, with as many digits as the interval is worth.

    Examples
    --------
    >>> from mlops_cli.evaluation.measured import Measured, unmeasured
    >>> amount(Measured(0.91234, 0.9051, 0.9197, 1000)), amount(Measured(1234.5, 1200.0, 1260.0, 50))
    ('0.912 (0.905 to 0.920)', '1,234 (1,200 to 1,260)')
    >>> amount(unmeasured("insufficient", "there are no rows"))
    'insufficient: there are no rows'
    """
    if measured.value is None:
        return f"{measured.status}: {measured.note}"
    if measured.low is None or measured.high is None:
        return f"{measured.value:.4g}"
    digits = digits_for(measured.high - measured.low)
    return f"{measured.value:,.{digits}f} ({measured.low:,.{digits}f} to {measured.high:,.{digits}f})"


def digits_for(width: float) -> int:
    """Return how many decimals an interval of this width is worth: one more than its first digit, at most 9.

    Examples
    --------
    >>> digits_for(0.014), digits_for(60.0), digits_for(0.0)
    (3, 0, 3)
    """
    if width <= 0:
        return 3
    digits = 0
    while width < 10 and digits < 9:
        width *= 10
        digits += 1
    return digits
