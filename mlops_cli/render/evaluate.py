"""What `evaluate` says."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from mlops_cli.data.spelling import quoted
from mlops_cli.evaluation.findings import unused
from mlops_cli.evaluation.model import to_wire
from mlops_cli.evaluation.sentence import amount, digits_for
from mlops_cli.evaluation.words import counted
from mlops_cli.render.lists import list_text
from mlops_cli.render.page_numbers import p_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlops_cli.actions.evaluate import EvaluateResult
    from mlops_cli.evaluation.findings import PairedMetric, Slice
    from mlops_cli.evaluation.measured import Measured
    from mlops_cli.evaluation.model import Evaluation

_WIDTH = 110  # where the terminal has no say
_MOST_CLASSES = 8  # of a confusion matrix on a terminal
_MOST_ROWS = 40
_COLUMNS = {  # what a table of slices shows, as far as it was measured
    "binary": ("accuracy", "precision", "recall", "roc_auc"),
    "multiclass": ("accuracy", "f1_macro", "log_loss"),
    "regression": ("mae", "rmse", "bias"),
}
_HEAD = ("part", "metric", "value", "low", "high", "n", "direction", "status", "note")


def evaluate_text(result: EvaluateResult, form: str = "table", *, width: int | None = None) -> str:
    """Return an evaluation: as a table for eyes, every part a block; in the other forms a row a metric and slice."""
    evaluation = result.evaluation
    if evaluation is None:
        return ""
    if form != "table":
        return list_text(_HEAD, list(_rows(evaluation)), form)
    blocks = [
        _metrics(evaluation, width),
        _decision(evaluation),
        _confusion(evaluation),
        _slices("Slices", evaluation.slices, evaluation.task, width),
        _found(evaluation, width),
        _fairness(evaluation, width),
        _importance(evaluation, width),
        _worth(evaluation),
        _against(evaluation, width),
        _warnings(evaluation, width or _WIDTH),
    ]
    return "\n".join(block for block in blocks if block)


def evaluate_summary(result: EvaluateResult) -> str:
    """Return sentences on the whole."""
    evaluation = result.evaluation
    if evaluation is None:
        return ""
    lines = [f"{result.name or evaluation.subject.model}: {evaluation.sentence}.", *evaluation.notes]
    if result.report:
        lines.append(f"Report: {result.report}/report.html")
    return "".join(f"{line}\n" for line in lines)


def evaluate_wire(result: EvaluateResult) -> dict[str, Any]:
    """Return the shape that `--json` prints: that of `evaluation.json`, with the name and the run."""
    run = None if result.run is None else result.run.run
    found: dict[str, Any] = {"name": result.name, "report": result.report or None, "run": run}
    return found if result.evaluation is None else {**to_wire(result.evaluation), **found}


# Blocks -------------------------------------------------------------------------------------------------------------


def _metrics(evaluation: Evaluation, width: int | None) -> str:
    rows = []
    for name, measured in evaluation.metrics.items():
        value, interval = _parts(measured)
        better = {"up": "higher", "down": "lower"}.get(measured.direction or "", "")
        rows.append((name, value, interval, f"{measured.n:,}", better, measured.note))
    return list_text(
        ("metric", "value", "95 % interval", "rows", "better", "note"), rows, "table", width=width
    )


def _parts(measured: Measured) -> tuple[str, str]:
    """Return value and interval with the digits that the interval is worth."""
    if measured.value is None:
        return measured.status, ""
    if measured.low is None or measured.high is None:
        return f"{measured.value:.4g}", ""
    digits = digits_for(measured.high - measured.low)
    return f"{measured.value:,.{digits}f}", f"{measured.low:,.{digits}f} to {measured.high:,.{digits}f}"


def _decision(evaluation: Evaluation) -> str:
    lines = []
    if evaluation.threshold is not None:
        # Of a table of predictions there is no model: its answers are seen to lie on two sides of a score.
        own = "the model's own" if evaluation.subject.predictor != "predictions" else "as the answers lie"
        how = {"default": own, "given": "given"}.get(evaluation.threshold.how)
        chosen = how or f"chosen by {evaluation.threshold.how}"
        note = f"; {evaluation.threshold.note}" if evaluation.threshold.note else ""
        lines.append(
            f"{quoted(evaluation.positive or '')} is answered from a score of {evaluation.threshold.value:.4g} on ({chosen}{note})."
        )
    calibration = evaluation.calibration
    if calibration is not None and calibration.slope is not None and calibration.intercept is not None:
        words = "1 is right, less is too sure of itself"
        lines.append(
            f"Calibration: slope {calibration.slope:.2f} ({words}), intercept {calibration.intercept:+.2f}."
        )
    return "".join(f"{line}\n" for line in lines)


def _confusion(evaluation: Evaluation) -> str:
    table = evaluation.confusion
    if table is None or len(table.classes) > _MOST_CLASSES:
        return ""
    rows = [
        (f"is {quoted(name)}", *(f"{count:,}" for count in counts))
        for name, counts in zip(table.classes, table.counts, strict=True)
    ]
    return list_text(("", *(f"said {quoted(name)}" for name in table.classes)), rows, "table")


def _slices(title: str, slices: Sequence[Slice], task: str, width: int | None) -> str:
    if not slices:
        return ""
    measured = {name for each in slices for name in each.metrics}
    names = [name for name in _COLUMNS[task] if name in measured] or sorted(measured)[:4]
    shown, most = slices[:_MOST_ROWS], width or _WIDTH
    rows, more = [_slice_row(each, names, reasons=True) for each in shown], []
    if sum(_wide((title, "rows", *names, "status"), rows)) > most:
        rows = [_slice_row(each, names, reasons=False) for each in shown]
        fit = _fitting(_wide((title, "rows", *names, "status"), rows), most)
        more += [f"{', '.join(names[fit:])} of each slice"] if names[fit:] else []
        names = names[:fit]
        rows = [_slice_row(each, names, reasons=False) for each in shown]
    more += [counted(len(slices) - _MOST_ROWS, "further slice")] if len(slices) > _MOST_ROWS else []
    told = f"In evaluation.json besides: {'; '.join(more)}\n" if more else ""
    return list_text((title, "rows", *names, "status"), rows, "table", width=width) + told


def _slice_row(each: Slice, names: Sequence[str], *, reasons: bool) -> tuple[str, ...]:
    cells = [_in_cell(each.metrics[name]) if name in each.metrics else "" for name in names]
    status = "" if each.status == "ok" else f"{each.status}: {each.reason}" if reasons else each.status
    return (each.name, f"{each.n:,}", *cells, status)


def _in_cell(measured: Measured) -> str:
    """Return a metric; of one that could not be had its status alone: the reason is in the report."""
    return amount(measured) if measured.value is not None else measured.status


def _wide(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column of a table is, with the space after it."""
    return [max(map(len, column)) + 2 for column in zip(head, *rows, strict=True)]


def _fitting(wide: Sequence[int], most: int) -> int:
    """Return how many metrics of a table of slices fit into a width; at least one. The others are in the report."""
    metrics, room = wide[2:-1], most - sum(wide[:2]) - wide[-1]
    fit = 0
    while fit < len(metrics) and sum(metrics[: fit + 1]) <= room:
        fit += 1
    return max(fit, 1)


def _found(evaluation: Evaluation, width: int | None) -> str:
    rows = [
        (
            each.where,
            f"{each.n:,}",
            f"{each.support:.1%}",
            amount(each.loss),
            f"{each.loss.n:,}",
            amount(each.rest),
            p_text(each.p_adjusted),
            f"the model is not given {', '.join(each.unseen)}" if each.unseen else "",
        )
        for each in evaluation.found
    ]
    if not rows:
        return ""
    loss = evaluation.found[0].loss_name
    head = ("Weak where", "rows", "share", f"{loss} there", "on rows", "elsewhere", "p (adjusted)", "")
    told = "Found on one half of the rows; losses and p are those of the other half.\n"
    return list_text(head, rows, "table", width=width) + told


def _fairness(evaluation: Evaluation, width: int | None) -> str:
    rows = []
    for gap in evaluation.fairness:
        if gap.reference == "overall":
            continue  # the page and the file have both
        flag = "under 4/5" if gap.four_fifths else ""
        rows.append(
            (
                gap.metric,
                gap.name,
                amount(gap.value),
                gap.reference,
                amount(gap.difference) if gap.status == "ok" else "",
                amount(gap.ratio) if gap.status == "ok" else "",
                flag or gap.reason,
            )
        )
    if not rows:
        return ""
    return list_text(("Gap in", "of", "value", "to", "difference", "ratio", ""), rows, "table", width=width)


def _importance(evaluation: Evaluation, width: int | None) -> str:
    rows = [
        (
            each.column,
            amount(each.drop),
            f"tells the same as {', '.join(each.near_copies)}"
            if each.near_copies
            else "the model seems not to use it"
            if unused(each)
            else "",
        )
        for each in sorted(evaluation.importance, key=lambda each: -(each.drop.value or 0))[:15]
    ]
    if not rows:
        return ""
    metric = evaluation.importance[0].metric
    return list_text(("Column", f"{metric} lost without it", ""), rows, "table", width=width)


def _worth(evaluation: Evaluation) -> str:
    worth = evaluation.value
    if worth is None:
        return ""
    unit = f" {worth.unit}" if worth.unit else ""
    text = f"Worth {amount(worth.per_row)}{unit} a row, {amount(worth.total)}{unit} in all"
    text += f"; always answering {quoted(worth.simple_class)} is worth {worth.simple:,.4g}{unit} a row"
    if worth.best is not None:
        text += (
            f"; the best threshold on these rows, {worth.best.threshold:.4g}, {worth.best.per_row:.4g}{unit}"
        )
    return f"{text}.\n"


def _against(evaluation: Evaluation, width: int | None) -> str:
    found = evaluation.against
    if found is None:
        return ""
    head = ("Against " + found.against, "this", "that", "difference", "p", "margin", "verdict")
    text = list_text(head, [_pair(pair.metric, pair) for pair in found.metrics], "table", width=width)
    if found.slices:
        rows = [_pair(each.name, each.metric) for each in found.slices[:_MOST_ROWS]]
        text += "\n" + list_text((f"{found.main} where", *head[1:]), rows, "table", width=width)
    return text


def _pair(name: str, pair: PairedMetric) -> tuple[str, ...]:
    p_value = pair.p_value if pair.p_adjusted is None else pair.p_adjusted
    return (
        name,
        "" if pair.value is None else f"{pair.value:.4g}",
        "" if pair.base is None else f"{pair.base:.4g}",
        amount(pair.difference) if pair.difference.value is not None else pair.reason,
        "" if p_value is None else p_text(p_value),
        f"{pair.margin:.4g}",
        pair.verdict,
    )


def _warnings(evaluation: Evaluation, width: int) -> str:
    lines = []
    for warned in evaluation.warnings:
        text = f"{warned.message.rstrip('.')}." + (
            f" Likely: {warned.cause.rstrip('.')}." if warned.cause else ""
        )
        head = f"{warned.severity:<5}  "
        lines.append(
            textwrap.fill(text, max(40, width), initial_indent=head, subsequent_indent=" " * len(head))
        )
    return "".join(f"{line}\n" for line in lines)


# Rows ---------------------------------------------------------------------------------------------------------------


def _rows(evaluation: Evaluation) -> Iterable[tuple[str, ...]]:
    yield from _of("all", evaluation.metrics)
    for each in evaluation.slices:
        yield from _of(each.name, each.metrics)
    for found in evaluation.found:
        yield from _of(found.where, found.metrics)


def _of(part: str, metrics: Mapping[str, Measured]) -> Iterable[tuple[str, ...]]:
    for name, measured in metrics.items():
        numbers = (measured.value, measured.low, measured.high)
        cells = ("" if number is None else repr(number) for number in numbers)
        yield (part, name, *cells, str(measured.n), measured.direction or "", measured.status, measured.note)
