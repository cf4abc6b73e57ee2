"""An evaluation as one page: how good a model is, how sure that is, where it is worse, and how the numbers were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.evaluation.catalogue import MAIN, metric_of
from mlops_cli.render.chart_rows import Row, rows_chart
from mlops_cli.render.chart_scale import scale_of
from mlops_cli.render.evaluation_page_against import against_section
from mlops_cli.render.evaluation_page_curves import answers_section
from mlops_cli.render.evaluation_page_groups import (
    fairness_section,
    found_section,
    importance_section,
    slices_section,
)
from mlops_cli.render.evaluation_page_value import value_section
from mlops_cli.render.page_frame import Head, Section, card, page, tile, tiles
from mlops_cli.render.page_numbers import interval_texts, is_number
from mlops_cli.render.page_parts import (
    Cell,
    absent,
    details,
    facts,
    measured,
    name,
    note,
    paragraph,
    table,
    text,
)
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.evaluation.measured import Measured
    from mlops_cli.evaluation.model import Evaluation
    from mlops_cli.render.chart_scale import Scale

_FIRST = {  # what people look for first; whatever comes then follows in the registry's order
    "binary": ("roc_auc", "average_precision", "f1", "accuracy"),
    "multiclass": ("accuracy", "f1_macro", "balanced_accuracy", "log_loss"),
    "regression": ("mae", "rmse", "r2", "bias"),
}
_TILES = 4
_METHODS = {
    "wilson": "Wilson's interval of a share",
    "newcombe": "Newcombe's interval of a difference of shares",
    "delong": "DeLong's variance of an area under the ROC curve",
    "bootstrap": "percentiles of a Poisson bootstrap over counted cells",
    "t": "Student's interval of a mean",
    "delta": "the delta method",
    "mcnemar": "McNemar's test of paired answers",
}
_DIRECTIONS = {"up": "higher is better", "down": "lower is better"}


def evaluation_page(evaluation: Evaluation) -> str:
    """Return the page of an evaluation."""
    main = main_metric(evaluation)
    sections = [
        Section("warnings", "Take note", _warnings(evaluation)),
        Section(
            "metrics",
            "Metrics",
            _metrics(evaluation),
            "Each with its interval of 95%, from these rows alone.",
        ),
        against_section(evaluation.against),
        answers_section(evaluation),
        value_section(evaluation.value),
        slices_section(evaluation, main),
        found_section(evaluation.found),
        fairness_section(evaluation.fairness),
        importance_section(evaluation.importance),
        Section("how", "How the numbers were made", _how(evaluation)),
    ]
    return page(_head(evaluation, main), sections)


def main_metric(evaluation: Evaluation) -> str:
    """Return the metric that the page speaks of first: the one that models were compared by, or the usual one of the task."""
    if evaluation.against is not None and evaluation.against.main in evaluation.metrics:
        return evaluation.against.main
    usual = [each for each in MAIN.get(evaluation.task, ()) if _known(evaluation.metrics.get(each))]
    known = [each for each, found in evaluation.metrics.items() if _known(found)]
    return next(iter([*usual, *known, *evaluation.metrics]), "")


def _known(found: Measured | None) -> bool:
    return found is not None and is_number(found.value)


def _head(evaluation: Evaluation, main: str) -> Head:
    subject, against = evaluation.subject, evaluation.against
    title = subject.model or subject.data or "predictions"
    # Without a comparison nothing was asked of the model, so that its figures can be doubtful and never a pass.
    verdict = evaluation.verdict if evaluation.verdict != "pass" else ""
    said = _sentence(evaluation, main)
    sentence = against.sentence if against is not None else evaluation.sentence or said
    more = [said] if against is not None else []
    more += (
        [f"{count_text(len(evaluation.warnings), 'warning')} on these figures."]
        if evaluation.warnings
        else []
    )
    rows = [
        ("task", text(evaluation.task)),
        (
            "rows",
            f"{evaluation.n:,}"
            + (f" ({evaluation.left_out:,} without a target left out)" if evaluation.left_out else ""),
        ),
        *([("data", name(subject.data))] if subject.data else []),
        *([("target", name(subject.target))] if subject.target else []),
        *([("positive class", name(evaluation.positive))] if evaluation.positive is not None else []),
        *([("threshold", _threshold(evaluation))] if evaluation.threshold is not None else []),
        *([("kind", name(subject.kind, 120))] if subject.kind else []),
    ]
    return Head(
        "Evaluation",
        title,
        sentence,
        against.verdict if against is not None else verdict,
        " ".join(more),
        rows,
    )


def _sentence(evaluation: Evaluation, main: str) -> str:
    found = evaluation.metrics.get(main)
    if found is None or found.value is None or not is_number(found.value):
        why = f": {found.note}" if found is not None and found.note else ""
        return f"{main or 'Nothing'} could not be measured on {count_text(evaluation.n, 'row')}{why}."
    value, low, high = interval_texts(found.value, found.low, found.high)
    around = f", between {low} and {high}" if low else ""
    return f"{main} is {value}{around}, on {count_text(found.n or evaluation.n, 'row')}."


def _threshold(evaluation: Evaluation) -> str:
    found = evaluation.threshold
    if found is None:
        return ""
    return f"{found.value:.4g} <small>{text(found.how)}</small>"


# Warnings -------------------------------------------------------------------------------------------------------------


def _warnings(evaluation: Evaluation) -> str:
    parts = []
    for warned in sorted(evaluation.warnings, key=lambda each: each.severity != "fail"):
        where = f"{name(warned.column)}: " if warned.column else ""
        cause = f'<p class="quiet">Likely cause: {text(warned.cause)}</p>' if warned.cause else ""
        shown = [(key.replace("_", " "), _evidence(value)) for key, value in warned.evidence.items()]
        parts.append(note(warned.severity, f"{where}{text(warned.message)}", cause + facts(shown)))
    threshold = evaluation.threshold
    if threshold is not None and threshold.note:
        parts.append(note("warn", text(threshold.note), ""))
    return "".join(parts)


def _evidence(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return measured(value)
    return name(value, 300)


# Metrics --------------------------------------------------------------------------------------------------------------


def _metrics(evaluation: Evaluation) -> str:
    metrics = evaluation.metrics
    usual = [each for each in _FIRST.get(evaluation.task, ()) if each in metrics]
    large = [
        _tile(each, metrics[each])
        for each in [*usual, *(each for each in metrics if each not in usual)][:_TILES]
    ]
    classes: dict[str, dict[str, Measured]] = {}
    for each, found in metrics.items():
        if each.endswith("]") and "[" in each:
            kind, _, label = each[:-1].partition("[")
            classes.setdefault(kind, {})[label] = found
    whole = {each: found for each, found in metrics.items() if not (each.endswith("]") and "[" in each)}
    shares = {each: found for each, found in whole.items() if _is_share(each, found)}
    shares = shares if len(shares) > 1 else {}
    rest = {each: found for each, found in whole.items() if each not in shares}
    folded = (
        details(f"All {count_text(len(whole), 'metric')} as a table", _table(whole))
        if rest and shares
        else ""
    )
    parts = [tiles(large)]
    parts += [card(_shares(shares) + folded)] if shares else []
    parts += [card(_table(rest))] if rest or not shares else []
    parts += [card(_by_class(kind, found), f"{text(kind)} by class") for kind, found in classes.items()]
    return "".join(parts)


def _tile(title: str, found: Measured) -> str:
    under = text(_DIRECTIONS.get(found.direction or "", ""))
    if found.value is None or not is_number(found.value):
        return tile(text(title), absent(), text(found.note))
    value, low, high = interval_texts(found.value, found.low, found.high)
    around = f"{low} to {high}" if low else text(found.note)
    return tile(text(title), value, f"{around}<br>{under}" if around and under else around or under)


def _is_share(title: str, found: Measured) -> bool:
    known = metric_of(title)
    return _known(found) and known is not None and (known.low, known.high, known.direction) == (0, 1, "up")


def _shares(metrics: Mapping[str, Measured]) -> str:
    rows = [_share_row(text(title), found, _title(title)) for title, found in metrics.items()]
    heads = ("metric", "higher is better", "value")
    return rows_chart(
        "Metrics of which higher is better, with their intervals", rows, _scale(metrics), heads=heads
    )


def _by_class(kind: str, metrics: Mapping[str, Measured]) -> str:
    rows = [_share_row(name(label), found, "") for label, found in metrics.items()]
    return rows_chart(f"{kind} by class", rows, _scale(metrics), heads=("class", "higher is better", "value"))


def _share_row(label: str, found: Measured, title: str) -> Row:
    rows = count_text(found.n, "row")
    if found.effective is not None and round(found.effective) < found.n:
        rows += f", worth {round(found.effective):,} of equal classes"
    said = measured(found.value, found.low, found.high, found.note)
    return Row(label, found.value, found.low, found.high, said, f"{title}, {rows}" if title else rows)


def _scale(metrics: Mapping[str, Measured]) -> Scale:
    return scale_of(
        [end for found in metrics.values() for end in (found.value, found.low, found.high)], most=4
    )


def _title(metric: str) -> str:
    known = metric_of(metric)
    return text(known.title) if known is not None else ""


def _table(metrics: Mapping[str, Measured]) -> str:
    rows = [
        (
            Cell(text(title)),
            Cell(measured(found.value, found.low, found.high, found.note), number=_known(found)),
            Cell(_title(title)),
            Cell({"up": "higher", "down": "lower"}.get(found.direction or "", "")),
            Cell(f"{found.n:,}", number=True),
            Cell(text(found.method)),
            Cell(text(found.note) if _known(found) else ""),
        )
        for title, found in metrics.items()
    ]
    heads = ("metric", "value and interval", "what it is", "better", "rows", "interval by", "note")
    return table(heads, rows) if rows else paragraph("No metric was asked for.")


# How ------------------------------------------------------------------------------------------------------------------


def _how(evaluation: Evaluation) -> str:
    subject = evaluation.subject
    rows = [
        *([("model", name(subject.model, 200))] if subject.model else []),
        *(
            [("digest of the model", f"<code>{text(subject.model_digest)}</code>")]
            if subject.model_digest
            else []
        ),
        *([("loaded as", text(subject.predictor))] if subject.predictor else []),
        *([("data", name(subject.data, 200))] if subject.data else []),
        *(
            [("digest of the data", f"<code>{text(subject.data_digest)}</code>")]
            if subject.data_digest
            else []
        ),
    ]
    used = sorted({found.method for found in evaluation.metrics.values() if found.method})
    said = [f"{method}: {_METHODS[method]}" if method in _METHODS else method for method in used]
    lines = [
        *([f"Intervals of 95% by {'; '.join(said)}."] if said else []),
        "Random numbers are drawn from seeds that follow from the content of model and data: the same evaluation gives the same.",
        "A metric that the rows do not allow is not measured; it is never shown as 0.",
        *evaluation.notes,
    ]
    listed = "".join(f"<li>{text(line)}</li>" for line in lines)
    return card(f'{facts(rows)}<ul class="plain">{listed}</ul>')
