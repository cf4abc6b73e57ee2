"""The parts of an evaluation's page about its answers: confusion, curves, calibration, scores, residuals, worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.render.chart import Axis, Key, area, dots, fields, line, plot, rule, whiskers
from mlops_cli.render.chart_counts import Level, histogram, levels
from mlops_cli.render.chart_matrix import matrix_chart
from mlops_cli.render.chart_scale import UNIT, Scale, minus, scale_of, tight_scale
from mlops_cli.render.page_frame import Section, card, grid
from mlops_cli.render.page_numbers import amount_text, interval_texts, is_number, share_text
from mlops_cli.render.page_parts import Cell, details, measured, paragraph, table
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.evaluation.charts import Calibration, Confusion, Curves, Histogram, Threshold
    from mlops_cli.evaluation.model import Evaluation

_MATRIX = 15  # classes in a matrix that can be read


def answers_section(evaluation: Evaluation) -> Section:
    """Return everything that is drawn of a model's answers."""
    curves, threshold = evaluation.curves, evaluation.threshold
    regression = evaluation.task == "regression"
    drawn = []
    if evaluation.confusion is not None and evaluation.confusion.classes:
        drawn.append(_confusion(evaluation.confusion))
    if curves is not None and curves.scores is not None and len(curves.scores.edges) > 1:
        drawn.append(_residuals(curves.scores) if regression else _scores(curves.scores, threshold))
    if curves is not None:
        drawn.append(_by_threshold(curves, threshold))
    if evaluation.calibration is not None and evaluation.calibration.bins:
        drawn.append(_calibration(evaluation.calibration, multiclass=evaluation.task == "multiclass"))
    if curves is not None:
        drawn.append(_roc(evaluation, curves) if curves.roc else "")
        drawn.append(_precision_recall(evaluation, curves) if curves.precision_recall else "")
        drawn.append(_fit(curves) if curves.fit or curves.grid is not None else "")
    broad = evaluation.confusion is not None and 4 < len(evaluation.confusion.classes) <= _MATRIX
    cards = [card(each, broad=broad and place == 0) for place, each in enumerate(drawn) if each]
    return Section("answers", "Predictions" if regression else "Answers", grid(cards))


# Confusion ------------------------------------------------------------------------------------------------------------


def _confusion(found: Confusion) -> str:
    classes, counts = found.classes, found.counts
    if len(classes) <= _MATRIX:
        return matrix_chart("Confusion", classes, counts)
    wrong = [
        (count, sum(row), classes[true], classes[taken])
        for true, row in enumerate(counts)
        for taken, count in enumerate(row)
        if count and true != taken
    ]
    wrong.sort(key=lambda found: -found[0])
    rows = [
        Level(f"{true} taken for {taken}", count / total) for count, total, true, taken in wrong[:_MATRIX]
    ]
    many = count_text(len(classes), "class", "classes")
    said = paragraph(
        f"Of {many}, those taken for another most often, with the share of the true class.", "quiet"
    )
    return f"<h3>Confusion</h3>{said}{levels(rows, 'b')}"


# Calibration ----------------------------------------------------------------------------------------------------------


def _calibration(found: Calibration, *, multiclass: bool) -> str:
    bins = found.bins
    points = [
        (one.score, one.rate, f"score {one.score:.3f}, rate {one.rate:.3f}, {one.n:,} rows") for one in bins
    ]
    marks = [
        line([(0, 0), (1, 1)], UNIT, UNIT, "ideal"),
        whiskers([(one.score, one.rate_low, one.rate_high) for one in bins], UNIT, UNIT, "a"),
        line([(one.score, one.rate) for one in bins], UNIT, UNIT, "a-soft"),
        dots(points, UNIT, UNIT, "a"),
    ]
    said = ""
    if found.slope is not None and found.intercept is not None:
        said = paragraph(
            f"Slope {minus(f'{found.slope:.2f}')}, intercept {minus(f'{found.intercept:.2f}')}; 1 and 0 where calibrated.",
            "quiet",
        )
    rows = [
        (
            Cell(f"{one.low:.3f} to {one.high:.3f}", number=True),
            Cell(f"{one.n:,}", number=True),
            Cell(f"{one.score:.3f}", number=True),
            Cell(measured(one.rate, one.rate_low, one.rate_high), number=True),
        )
        for one in bins
    ]
    numbers = details(
        f"{count_text(len(bins), 'bin')} with their counts",
        table(("scores", "rows", "mean score", "rate"), rows),
    )
    counts = sorted(one.n for one in bins)
    many = f"{counts[0]:,}" if counts[0] == counts[-1] else f"{counts[0]:,} to {counts[-1]:,}"
    return plot(
        "Calibration",
        f"How often it came true against how sure the model was, in {len(bins)} bins of {many} rows; on the diagonal both agree",
        Axis(UNIT, "score of the answer" if multiclass else "mean score"),
        Axis(UNIT, "was right" if multiclass else "came true"),
        marks,
        keys=(
            Key("a", "dot", f"a bin of {many} rows, with its interval"),
            Key("ideal", "dash", "as it should be"),
        ),
        square=True,
        below=said + numbers,
    )


# Curves ---------------------------------------------------------------------------------------------------------------


def _roc(evaluation: Evaluation, curves: Curves) -> str:
    points = [(across, up) for across, up, _ in curves.roc]
    found = evaluation.metrics.get("roc_auc")
    area_said = ""
    if found is not None and found.value is not None and is_number(found.value):
        area_said = f": area {interval_texts(found.value, found.low, found.high)[0]}"
    marks = [
        area(points, UNIT, UNIT, "a"),
        line([(0, 0), (1, 1)], UNIT, UNIT, "ideal"),
        line(points, UNIT, UNIT, "a"),
    ]
    at = _nearest(curves.roc, evaluation.threshold)
    if at is not None:
        marks.append(dots([(at[0], at[1], "at the threshold")], UNIT, UNIT, "b", 5))
    return plot(
        f"ROC curve{area_said}",
        "True positive rate against false positive rate; on the diagonal scores tell nothing",
        Axis(UNIT, "false positive rate"),
        Axis(UNIT, "true positive rate"),
        marks,
        keys=(*_threshold_key(at), Key("ideal", "dash", "scores that tell nothing")),
        square=True,
    )


def _precision_recall(evaluation: Evaluation, curves: Curves) -> str:
    points = [(across, up) for across, up, _ in curves.precision_recall]
    marks = [area(points, UNIT, UNIT, "a"), line(points, UNIT, UNIT, "a")]
    keys: list[Key] = []
    share = _positive_share(evaluation)
    if share is not None:
        marks.insert(1, line([(0, share), (1, share)], UNIT, UNIT, "ideal"))
        keys.append(Key("ideal", "dash", f"share of positives: {share_text(share)}"))
    at = _nearest(curves.precision_recall, evaluation.threshold)
    if at is not None:
        marks.append(dots([(at[0], at[1], "at the threshold")], UNIT, UNIT, "b", 5))
    return plot(
        "Precision and recall",
        "Precision against recall; the broken line is the share of positives",
        Axis(UNIT, "recall"),
        Axis(UNIT, "precision"),
        marks,
        keys=(*_threshold_key(at), *keys),
        square=True,
    )


def _threshold_key(at: tuple[float, float] | None) -> tuple[Key, ...]:
    return (Key("b", "dot", "at the threshold"),) if at is not None else ()


def _nearest(
    points: Sequence[tuple[float, float, float | None]], threshold: Threshold | None
) -> tuple[float, float] | None:
    """Return the point of a curve that lies next to the threshold."""
    known = (
        [(abs(at - threshold.value), across, up) for across, up, at in points if at is not None]
        if threshold is not None
        else []
    )
    return min(known)[1:] if known else None


def _positive_share(evaluation: Evaluation) -> float | None:
    found = evaluation.confusion
    if found is None or len(found.counts) != 2:
        return None
    total = sum(sum(row) for row in found.counts)
    return sum(found.counts[-1]) / total if total else None


def _by_threshold(curves: Curves, threshold: Threshold | None) -> str:
    """Return how precision, recall and F1 change with the threshold."""
    rows = sorted(curves.by_threshold)
    if len(rows) < 2:
        return ""
    scale = score_scale([row[0] for row in rows])
    series = (("precision", "c", "dotted"), ("recall", "a", "line"), ("F1", "b", "dash"))
    marks = [
        line([(row[0], row[place]) for row in rows], scale, UNIT, f"{kind} {form}")
        for place, (_, kind, form) in enumerate(series, 1)
    ]
    if threshold is not None:
        marks.append(rule(scale, threshold.value, f"{threshold.value:.3g}"))
    return plot(
        "By threshold",
        "Precision, recall and F1 for every threshold",
        Axis(scale, "threshold"),
        Axis(UNIT),
        marks,
        keys=[Key(kind, form, label) for label, kind, form in series],
        height=220,
    )


def score_scale(values: Sequence[float]) -> Scale:
    """Return a scale of scores: from 0 to 1 where they lie between, else as wide as they are."""
    return UNIT if all(0 <= value <= 1 for value in values) else tight_scale(values)


def _scores(found: Histogram, threshold: Threshold | None) -> str:
    scale = score_scale(found.edges)
    kinds = {"negative": "a-soft", "positive": "b"}
    names = [each for each in ("negative", "positive") if each in found.counts] + [
        each for each in found.counts if each not in kinds
    ]
    extra = (
        [rule(scale, threshold.value, f"threshold {threshold.value:.3g}")] if threshold is not None else []
    )
    return histogram(
        "Scores",
        "How many rows of each class have which score",
        found.edges,
        [(f"truly {each}", kinds.get(each, "c"), found.counts[each]) for each in names],
        x_title="score",
        x=scale,
        extra=extra,
        height=220,
    )


# Regression -----------------------------------------------------------------------------------------------------------


def _residuals(found: Histogram) -> str:
    scale = tight_scale([*found.edges, 0.0])
    counts = [sum(row[place] for row in found.counts.values()) for place in range(len(found.edges) - 1)]
    return histogram(
        "Residuals",
        "How many rows were predicted too low or too high, and by how much",
        found.edges,
        [("rows", "a", counts)],
        x_title="predicted minus true",
        x=scale,
        extra=[rule(scale, 0.0, "")],
        height=260,
    )


def _fit(curves: Curves) -> str:
    points = [(predicted, true, n) for _, _, n, predicted, true in curves.fit]
    grid = curves.grid
    ends = (
        grid.edges
        if grid is not None
        else [number for predicted, true, _ in points for number in (predicted, true)]
    )
    scale = tight_scale(ends, most=4) if grid is not None else scale_of(ends)
    said = [
        (predicted, true, f"predicted {amount_text(predicted)}, true {amount_text(true)}, {n:,} rows")
        for predicted, true, n in points
    ]
    keys = [Key("ideal", "dash", "as it should be")]
    keys += [Key("b", "dot", "means of equal numbers of rows")] if points else []
    keys += [Key("a", "bar", "the darker, the more rows")] if grid is not None else []
    marks = [
        fields(grid.edges, grid.counts, scale, scale) if grid is not None else "",
        line([(scale.low, scale.low), (scale.high, scale.high)], scale, scale, "ideal"),
        dots(said, scale, scale, "b" if grid is not None else "a"),
    ]
    rows = [
        (
            Cell(f"{amount_text(low)} to {amount_text(high)}", number=True),
            Cell(f"{n:,}", number=True),
            Cell(amount_text(predicted), number=True),
            Cell(amount_text(true), number=True),
            Cell(amount_text(predicted - true), number=True),
        )
        for low, high, n, predicted, true in curves.fit
    ]
    heads = ("predictions", "rows", "predicted", "true", "off by")
    return plot(
        "Predicted and true",
        "Truth against prediction; on the diagonal both agree",
        Axis(scale, "prediction"),
        Axis(scale, "truth"),
        marks,
        keys=keys,
        square=True,
        below=details(f"{count_text(len(rows), 'bin')} with their counts", table(heads, rows))
        if rows
        else "",
    )
