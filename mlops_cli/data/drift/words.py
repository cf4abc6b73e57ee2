"""What a comparison says in sentences. Pure, and without libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.data.spelling import quoted

if TYPE_CHECKING:
    from mlops_cli.data.drift.model import ColumnDrift, JointDrift, Measure

_NAMES = {
    "js": "distance of the distributions",
    "wasserstein": "way that the values moved, in standard deviations of the reference",
    "l-infinity": "largest change of a share",
    "unseen": "rows with values that the reference does not have",
    "outside": "rows beyond nearly all values of the reference",
    "missing": "rows without a value",
    "infinite": "infinite values",
    "difference": "change of the share",
    "ratio": "ratio of the shares",
    "length": "distance of the lengths",
    "shape": "distance of the shapes",
}
_CAUSES = {
    "type": "its type changed",
    "missing": "values are missing that were there",
    "infinite": "values became infinite",
    "unit": "it looks like another unit",
    "spike": "one value was put in for many",
    "gone": "the column is gone",
    "relabelled": "classes seem to have changed places",
    "spelling": "known values are written in another way",
    "time zone": "the hours look moved, as by a time zone",
    "unseen": "there are values that the reference does not have",
    "tails": "more lies far out",
    "higher": "values are higher",
    "lower": "values are lower",
    "wider": "values are spread wider",
    "narrower": "values lie closer together",
    "shape": "the distribution has another shape",
    "shares": "classes have other shares",
    "more often": "it happens more often",
    "less often": "it happens less often",
    "hours": "other hours of the week",
    "length": "texts have other lengths",
}
_OF_ONE = ("difference", "ratio", "l-infinity", "unseen")  # measures of one class among others
_POINTS = ("missing", "infinite", "unseen", "outside", "difference", "l-infinity")


def reason_of(column: ColumnDrift, decisive: Measure | None, cause: str) -> str:
    """Return a sentence on one column, with the numbers behind its verdict."""
    if decisive is None and column.verdict == "insufficient":
        return f"{min(column.n_reference, column.n_current):,} rows are too few for any verdict"
    if column.type == "id":
        head = "identifiers: their values are not compared"
        return (
            head
            if decisive is None or column.verdict == "pass"
            else f"{head}; {_numbers(column, decisive, cause)}"
        )
    if column.type == "constant" and (decisive is None or column.verdict == "pass"):
        return "one value in both tables"
    if decisive is None:
        return "nothing to compare"
    return _numbers(column, decisive, cause)


def _numbers(column: ColumnDrift, measure: Measure, cause: str) -> str:
    effect = f"{_NAMES.get(measure.name, measure.name)} {value_text(measure)}"
    if measure.about:
        effect += f" ({quoted(measure.about)})"
    sure = "" if measure.p_adjusted is None else f", p {p_text(measure.p_adjusted)}"
    bands = f"warns from {band_text(measure, measure.warn)}, fails from {band_text(measure, measure.fail)}"
    said = f"{_CAUSES[cause]}: " if cause in _CAUSES else ""
    text = f"{said}{effect}{sure}; {bands}"
    return f"{text}; {needs_text(column, measure)}" if column.verdict == "insufficient" else text


def rough_text(sure: Measure, likely: Measure) -> str:
    """Return why a column that was counted on two sets of bins has no verdict."""
    return (
        f"each profile has bins of its own, so that the distance may be {value_text(sure)} or {value_text(likely)},"
        f" and it warns from {band_text(sure, sure.warn)}"
    )


def needs_text(column: ColumnDrift, measure: Measure) -> str:
    """Return how many rows would be needed for a verdict."""
    if measure.needed is None:
        return "the reference has too few rows for any verdict"
    needed = (
        max(measure.needed, column.n_current + 1) if column.n_current < measure.needed else measure.needed
    )
    if column.n_current >= needed:
        return "too few rows for a verdict"
    return f"{column.n_current:,} rows are too few, {needed:,} would do"


def value_text(measure: Measure) -> str:
    """Return an effect in its own unit: points of a percent for shares."""
    if measure.name in _POINTS:
        sign = "+" if measure.name in ("missing", "infinite", "difference") else ""
        return f"{100 * measure.value:{sign}.3g} %"
    if measure.name == "ratio":
        return f"{measure.value:.3g}"
    return f"{measure.value:.3f}"


def class_of(column: ColumnDrift) -> str:
    """Return the class that a column's deciding measure is about; empty where it is about all of them."""
    main = next((each for each in column.measures if each.name == column.measure), None)
    return quoted(main.about) if main is not None and main.about and main.name in _OF_ONE else ""


def shared_text(joint: JointDrift) -> str:
    """Return how many rows are in both tables; they tell nothing apart, so the area says less than it would of the rest."""
    of = "" if joint.shared == joint.n_current else f" of the {joint.n_current:,} of the current table"
    are = "1 row" if joint.shared == 1 else f"{joint.shared:,} rows"
    return f"{are}{of} {'is' if joint.shared == 1 else 'are'} in both tables, and held back together"


def band_text(measure: Measure, band: float) -> str:
    """Return a band in the unit of its effect."""
    return f"{100 * band:.3g} %" if measure.name in _POINTS else f"{band:.3g}"


def p_text(p_value: float) -> str:
    """Return a p-value as people read it.

    Examples
    --------
    >>> p_text(0.03), p_text(1e-30)
    ('0.03', '< 1e-6')
    """
    return "< 1e-6" if p_value < 1e-6 else f"{p_value:.2g}"
