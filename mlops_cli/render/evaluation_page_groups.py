"""The parts of an evaluation's page about groups of rows and columns: slices, found ones, fairness, importance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_cli.evaluation.findings import unused
from mlops_cli.render.chart_rows import Line, Row, rows_chart
from mlops_cli.render.chart_scale import scale_of
from mlops_cli.render.evaluation_page_against import difference_text
from mlops_cli.render.page_frame import Section, card, grid
from mlops_cli.render.page_numbers import interval_texts, is_number, p_text, share_text
from mlops_cli.render.page_parts import Cell, absent, badge, details, measured, name, paragraph, table, text
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlops_cli.evaluation.findings import FoundSlice, Gap, Importance, Slice
    from mlops_cli.evaluation.measured import Measured
    from mlops_cli.evaluation.model import Evaluation

_SLICES = 200  # of one group
_GAPS = 60  # of one metric and group
_FAIRNESS = ("selection_rate", "recall", "false_positive_rate", "precision")
_COLUMNS = 40


def slices_section(evaluation: Evaluation, main: str) -> Section:
    """Return the slices that were declared, a group at a time."""
    groups: dict[str, list[Slice]] = {}
    for one in evaluation.slices:
        groups.setdefault(one.group or one.name, []).append(one)
    alone = [title for title, rows in groups.items() if len(rows) == 1]
    if len(alone) > 1:
        groups["By themselves"] = [groups.pop(title)[0] for title in alone]
    cards = [_group(title, rows, main, evaluation.metrics.get(main)) for title, rows in groups.items()]
    said = (
        f"{main} of each slice; the line is the whole table's. Slices with too few rows to judge by are grey."
    )
    return Section("slices", "Slices", "".join(cards), said)


def _group(title: str, slices: Sequence[Slice], main: str, overall: Measured | None) -> str:
    metrics = list(dict.fromkeys(metric for one in slices for metric in one.metrics))
    first = main if main in metrics else next(iter(metrics), "")
    drawn = _slices_chart(slices, first, overall if first == main else None)
    numbers = details("All metrics as a table", _slices_table(slices, metrics)) if metrics else ""
    more = len(slices) - _SLICES
    rest = paragraph(f"{more:,} more are in evaluation.json.", "quiet") if more > 0 else ""
    beside = "" if first == main else text(f"{first}, for {main} was not measured of slices")
    return card(drawn + rest + numbers, name(title), "", beside)


def _slices_chart(slices: Sequence[Slice], metric: str, overall: Measured | None) -> str:
    shown = slices[:_SLICES]
    found = [one.metrics.get(metric) for one in shown]
    numbers = [n for each in [*found, overall] if each is not None for n in (each.value, each.low, each.high)]
    rows = [_slice_row(one, each) for one, each in zip(shown, found, strict=True)]
    return rows_chart(f"{metric} of each slice", rows, scale_of(numbers, most=4), _overall(overall))


def _slice_row(one: Slice, found: Measured | None) -> Row:
    beside = count_text(one.n, "row")
    if found is None or found.value is None:
        why = one.reason or (found.note if found is not None else "")
        return Row(name(one.name), None, None, None, absent(why), beside, "grey")
    said = measured(found.value, found.low, found.high)
    if one.status != "ok":
        said += f"<small>{badge('insufficient', one.status)} {text(one.reason)}</small>"
    return Row(
        name(one.name),
        found.value,
        found.low,
        found.high,
        said,
        beside,
        "a" if one.status == "ok" else "grey",
    )


def _overall(overall: Measured | None) -> list[Line]:
    if overall is None or overall.value is None or not is_number(overall.value):
        return []
    return [
        Line(
            overall.value, f"all rows: {interval_texts(overall.value, overall.low, overall.high)[0]}", "rule"
        )
    ]


def _slices_table(slices: Sequence[Slice], metrics: Sequence[str]) -> str:
    rows = [
        [
            Cell(name(one.name)),
            Cell(f"{one.n:,}", number=True),
            *(Cell(_metric(one, one.metrics.get(metric)), number=True) for metric in metrics),
        ]
        for one in slices[:_SLICES]
    ]
    return table(["slice", "rows", *metrics], rows)


def _metric(one: Slice, found: Measured | None) -> str:
    if found is None:
        return absent(one.reason)
    return measured(found.value, found.low, found.high, found.note)


# Found ----------------------------------------------------------------------------------------------------------------


def found_section(found: Sequence[FoundSlice]) -> Section:
    """Return slices that were found to be weak, with what to write to have them as slices."""
    if not found:
        return Section("found", "", "")
    scale = scale_of(
        [n for one in found for n in (one.lift.value, one.lift.low, one.lift.high)], zero=True, most=4
    )
    rows = [
        Row(
            name(one.where),
            one.lift.value,
            one.lift.low,
            one.lift.high,
            difference_text(one.lift) + f"<small>{_times(one)}p {p_text(one.p_adjusted)}</small>",
            f"judged on {one.loss.n:,} of {count_text(one.n, 'row')}, {share_text(one.support)} of all{_unseen(one.unseen)}",
            "warn",
        )
        for one in found
    ]
    loss = found[0].loss_name.replace("_", " ")
    chart = rows_chart(
        "Slices with more loss than elsewhere", rows, scale, [Line(0.0, "as elsewhere", "zero")]
    )
    numbers = table(
        ("slice", "rows", "of these judged", "loss inside", "loss elsewhere", "nearly the same rows"),
        (
            (
                Cell(name(one.name)),
                Cell(f"{one.n:,}", number=True),
                Cell(f"{one.loss.n:,}", number=True),
                Cell(_of(one.loss), number=True),
                Cell(_of(one.rest), number=True),
                Cell("; ".join(name(other) for other in one.also)),
            )
            for one in found
        ),
    )
    spec = "slices:\n" + "".join(
        f"  - {{name: {_yaml(one.name)}, where: {_yaml(one.where)}}}\n" for one in found
    )
    # One line a slice is what is pasted, so it is not made text of one line.
    pasted = "".join(f"{text(line, 4000)}\n" for line in spec.splitlines())
    return Section(
        "found",
        "Weak slices that were found",
        card(
            chart
            + details("Losses", numbers)
            + f'<p class="quiet">To have them measured from now on:</p><pre tabindex="0">{pasted}</pre>'
        ),
        f"Found on one half of the rows and confirmed on the other: {loss} inside minus {loss} elsewhere, with p-values adjusted "
        "over all that were put to the test.",
    )


def _unseen(names: Sequence[str]) -> str:
    listed = ", ".join(name(each) for each in names)
    return f"; the model is not given {listed}" if listed else ""


def _times(one: FoundSlice) -> str:
    return f"{one.ratio:.2g} times as much, " if one.ratio is not None and is_number(one.ratio) else ""


def _of(found: Measured) -> str:
    return measured(found.value, found.low, found.high, found.note)


def _yaml(value: str) -> str:
    """Return a text as YAML has it in double quotes."""
    return json.dumps(value, ensure_ascii=False)


# Fairness -------------------------------------------------------------------------------------------------------------


def fairness_section(gaps: Sequence[Gap]) -> Section:
    """Return how far groups lie from each other, a metric at a time; metrics that people ask for less are folded away."""
    groups: dict[str, dict[str, list[Gap]]] = {}
    for gap in gaps:
        groups.setdefault(gap.group, {}).setdefault(gap.metric, []).append(gap)
    parts = []
    for group, metrics in groups.items():
        first = [metric for metric in _FAIRNESS if metric in metrics] or list(metrics)[: len(_FAIRNESS)]
        parts.append(grid([_gaps(group, metric, metrics[metric]) for metric in first], "wide"))
        rest = [metric for metric in metrics if metric not in first]
        folded = "".join(_gaps(group, metric, metrics[metric]) for metric in rest)
        parts.append(details(f"{count_text(len(rest), 'more metric')} by {group}", folded) if rest else "")
    return Section(
        "fairness",
        "Fairness",
        "".join(parts),
        "Each group, and all rows as a line. A selection rate under four fifths of the most selected group's is marked.",
    )


def _gaps(group: str, metric: str, gaps: Sequence[Gap]) -> str:
    """Return one metric of all groups: each group once, whatever it is compared with."""
    named: dict[str, list[Gap]] = {}
    for gap in gaps:
        named.setdefault(gap.name, []).append(gap)
    shown = list(named.values())[:_GAPS]
    base = next((gap for gap in gaps if gap.reference == "overall"), gaps[0])
    numbers = [n for gap in gaps for n in (gap.value.value, gap.value.low, gap.value.high)] + [
        base.base.value
    ]
    lines = []
    if base.base.value is not None and is_number(base.base.value):
        title = "all rows" if base.reference == "overall" else base.reference
        lines.append(
            Line(
                base.base.value,
                f"{title}: {interval_texts(base.base.value, base.base.low, base.base.high)[0]}",
                "rule",
            )
        )
    cells = [
        (
            Cell(name(gap.name)),
            Cell(name(gap.reference)),
            Cell(_of(gap.value), number=True),
            Cell(_of(gap.base), number=True),
            Cell(difference_text(gap.difference), number=True),
            Cell(_of(gap.ratio), number=True),
            Cell(_gap_badge(gap)),
        )
        for gap in gaps
    ]
    heads = ("group", "compared with", metric, "there", "difference", "ratio", "four fifths")
    chart = rows_chart(
        f"{metric} by {group}", [_gap_row(each) for each in shown], scale_of(numbers, most=3), lines
    )
    numbered = details("Differences and ratios", table(heads, cells))
    return card(chart + numbered, f"{text(metric)} by {name(group)}", under=_ratios_to(gaps))


def _ratios_to(gaps: Sequence[Gap]) -> str:
    """Return which groups the ratios beside the marks are to."""
    found = dict.fromkeys(
        gap.reference for gap in gaps if gap.reference != "overall" and gap.ratio.value is not None
    )
    return f"ratios to {', '.join(name(each) for each in found)}" if found else ""


def _gap_row(gaps: Sequence[Gap]) -> Row:
    first = gaps[0]
    # Beside a group stands how it compares with another one; with all rows it is compared by the line.
    apart = next((gap for gap in gaps if gap.reference != "overall"), None)
    marked = any(gap.four_fifths for gap in gaps)
    said = _of(first.value)
    if first.status != "ok":
        said += f"<small>{badge('insufficient')} {text(first.reason)}</small>"
    elif apart is not None:
        said += f"<small>{_ratio(apart)}{_gap_badge(apart)}</small>"
    kind = "grey" if first.status != "ok" else "fail" if marked else "a"
    rows = count_text(first.n or first.value.n, "row")
    return Row(name(first.name), first.value.value, first.value.low, first.value.high, said, rows, kind)


def _ratio(gap: Gap) -> str:
    if gap.ratio.value is None or not is_number(gap.ratio.value):
        return ""
    value, low, high = interval_texts(gap.ratio.value, gap.ratio.low, gap.ratio.high)
    around = f" [{low}, {high}]" if low else ""
    return f'<span class="line">ratio {value}{around}</span> '


def _gap_badge(gap: Gap) -> str:
    if gap.status != "ok":
        return f"{badge('insufficient')} {text(gap.reason)}"
    if gap.four_fifths is None:
        return ""
    return badge("fail", "under four fifths") if gap.four_fifths else badge("pass", "over four fifths")


# Importance -----------------------------------------------------------------------------------------------------------


def importance_section(found: Sequence[Importance]) -> Section:
    """Return what a metric loses without each column."""
    if not found:
        return Section("importance", "", "")
    shown = found[:_COLUMNS]
    scale = scale_of(
        [n for one in shown for n in (one.drop.value, one.drop.low, one.drop.high)], zero=True, most=4
    )
    rows = [
        Row(
            name(one.column),
            one.drop.value,
            one.drop.low,
            one.drop.high,
            _of(one.drop),
            _copies(one.near_copies) or ("the model seems not to use it" if unused(one) else ""),
            bar=True,
        )
        for one in shown
    ]
    more = len(found) - len(shown)
    rest = (
        paragraph(f"{count_text(more, 'column')} with less importance: see evaluation.json.", "quiet")
        if more > 0
        else ""
    )
    first = shown[0]
    return Section(
        "importance",
        "Importance of columns",
        card(rows_chart("Importance of each column", rows, scale, [Line(0.0, "", "zero")]) + rest),
        f"What {first.metric} loses when the values of one column are shuffled, {first.repetitions} times on {first.rows:,} rows.",
    )


def _copies(names: Iterable[str]) -> str:
    listed = ", ".join(name(each) for each in names)
    return f"nearly the same: {listed}" if listed else ""
