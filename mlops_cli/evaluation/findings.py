"""What is found besides the metrics, as types, to the file and back: slices, gaps, importance, warnings, worth, comparison."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, Self

from mlops_cli.evaluation.measured import Measured, rounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json

SliceStatus = Literal["ok", "insufficient", "suppressed"]
PairVerdict = Literal["better", "worse", "different", "equivalent", "undecided", "insufficient"]


class Wire:
    """What dataclasses of this module have in common: `to_wire` and `from_wire`, field by field."""

    __slots__ = ()

    def to_wire(self) -> dict[str, Json]:
        """Return it as it stands in files."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type] # all are dataclasses

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> Self:
        """Return what `to_wire` made plain; a field that a file does not have keeps its default."""
        return cls(**{name: _typed(name, value[name]) for name in cls._names() if name in value})

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        return tuple(f.name for f in fields(cls))  # type: ignore[arg-type] # all are dataclasses


@dataclass(frozen=True, slots=True)
class Slice(Wire):
    """Rows that people want to see by themselves.

    Parameters
    ----------
    name : str
        `sex = Female, race = Black`, or the name that was given to an expression.
    where : str
        The condition that chooses its rows, as it can be declared.
    group : str
        What declared it: `sex`, `sex, race`, `age`; slices of one group share no row. An expression's own name.
    n : int
        Rows.
    status : str
        `ok`; `insufficient`, when it has rows to show but too few to judge by; `suppressed`, when so few that nothing is shown.
    reason : str
        Why it is not `ok`.
    metrics : mapping of str to Measured
    """

    name: str
    where: str
    group: str = ""
    n: int = 0
    status: SliceStatus = "ok"
    reason: str = ""
    metrics: Mapping[str, Measured] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundSlice(Wire):
    """Rows on which the model is worse than elsewhere, found on one half of the rows and confirmed on the other.

    Parameters
    ----------
    name, where : str
        Ready to be declared: `- {name: …, where: …}`.
    n : int
        Rows, of both halves.
    support : float
        Their share of all rows.
    level : int
        How many columns the condition is about: 1, 2 or 3.
    loss_name : str
        What was compared: `log_loss`, `error`, `squared_error`.
    loss, rest : Measured
        Mean loss inside and outside, on the confirming half, which had no say in what was looked for.
    lift : Measured
        Inside minus outside, on the confirming half.
    ratio : float or None
        Inside over outside.
    p_value, p_adjusted : float
        Of Welch's one-sided test on the confirming half; adjusted after Benjamini and Hochberg over all that were put to it.
    also : tuple of str
        Conditions of slices that are nearly the same rows.
    metrics : mapping of str to Measured
        On all its rows.
    unseen : tuple of str
        Those of its columns that the model is not given.
    """

    name: str
    where: str
    n: int
    support: float
    level: int
    loss_name: str
    loss: Measured
    rest: Measured
    lift: Measured
    ratio: float | None
    p_value: float
    p_adjusted: float
    also: tuple[str, ...] = ()
    metrics: Mapping[str, Measured] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap(Wire):
    """How far one group's metric lies from all rows', or from the best group's.

    Parameters
    ----------
    metric : str
        `selection_rate`, `recall` (true positive rate), `false_positive_rate`, `precision`, or any other.
    group, name : str
        What the groups are made by (`sex`), and the group (`sex = Female`).
    reference : str
        `overall`, or the name of the group that it is compared with.
    value, base : Measured
        The metric of the group and of the reference.
    difference, ratio : Measured
        `value - base` and `value / base`, with intervals.
    four_fifths : bool or None
        Whether the ratio of a selection rate to that of the most selected group is under 4/5; None where it is not asked.
    status : str
        `ok` or `insufficient`.
    reason : str
        Why it is not `ok`.
    n : int
        Rows of the group.
    """

    metric: str
    group: str
    name: str
    reference: str
    value: Measured
    base: Measured
    difference: Measured
    ratio: Measured
    four_fifths: bool | None = None
    status: Literal["ok", "insufficient"] = "ok"
    reason: str = ""
    n: int = 0


@dataclass(frozen=True, slots=True)
class Importance(Wire):
    """What a metric loses when one column's values are dealt out anew.

    Parameters
    ----------
    column : str
    drop : Measured
        Mean loss of the metric over repetitions, turned so that more is more important; with an interval of the mean.
    metric : str
        Which metric.
    baseline : float or None
        The metric with every column as it is, on the same rows.
    repetitions, rows : int
        How often, and on how many rows.
    near_copies : tuple of str
        Columns that tell nearly the same, so that the model can take one for the other, and both look less important than they are.
    """

    column: str
    drop: Measured
    metric: str
    baseline: float | None
    repetitions: int
    rows: int
    near_copies: tuple[str, ...] = ()


def unused(found: Importance) -> bool:
    """Whether no answer changed when the column's values were dealt out anew, so that the model does not use it."""
    drop = found.drop
    return drop.value == 0 and not drop.low and not drop.high


@dataclass(frozen=True, slots=True)
class Warned(Wire):
    """Something about the evaluation that makes its figures doubtful.

    Parameters
    ----------
    check : str
        `tells_the_target`, `copy_of_target`, `identifier`, `no_better_than_simple`, `overlap`, …
    column : str
        The column it is about; empty where it is none.
    severity : str
        `warn` or `fail`.
    message : str
        One sentence.
    evidence : mapping
        The numbers.
    cause : str
        What it likely is.
    """

    check: str
    column: str
    severity: Literal["warn", "fail"]
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    cause: str = ""


@dataclass(frozen=True, slots=True)
class WorthAt(Wire):
    """What decisions are worth at one threshold."""

    threshold: float
    per_row: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Worth(Wire):
    """What the model's decisions are worth, from what each kind of right and wrong answer gains or costs.

    Parameters
    ----------
    unit : str
        `EUR`, or whatever the matrix is in.
    classes : tuple of str
    matrix : tuple of tuple of float
        Gain of a row by truth (rows) and answer (columns); costs are negative.
    per_row, total : Measured
        Mean gain of a row, and of all rows, with intervals.
    simple : float
        Gain of a row when every row gets the one answer that is worth most.
    simple_class : str
        That answer.
    thresholds : tuple of WorthAt
        Of a binary task with scores.
    best : WorthAt or None
        The most valuable of them.
    """

    unit: str
    classes: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    per_row: Measured
    total: Measured
    simple: float
    simple_class: str
    thresholds: tuple[WorthAt, ...] = ()
    best: WorthAt | None = None


@dataclass(frozen=True, slots=True)
class PairedMetric(Wire):
    """One metric of two models on the same rows.

    Parameters
    ----------
    value, base : float or None
        Of this model, and of the one it is held against.
    difference : Measured
        `value - base`, with the interval of paired rows; `direction` says which sign is good.
    p_value, p_adjusted : float or None
        Of no difference; adjusted over the slices.
    margin : float
        A difference smaller than this does not matter.
    verdict : str
        `better`, `worse`, `equivalent` (the interval lies inside the margin), `undecided`, or `insufficient`; `different`, of a
        metric of which neither way is better.
    method : str
        `mcnemar`, `delong`, `bootstrap`, `t`.
    needed : int or None
        Rows that would likely decide it, where it is undecided.
    """

    metric: str
    value: float | None
    base: float | None
    difference: Measured
    p_value: float | None
    margin: float
    verdict: PairVerdict
    method: str = ""
    p_adjusted: float | None = None
    needed: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SlicePair(Wire):
    """Two models on the same rows of one slice; `metric` is the main one."""

    name: str
    where: str
    group: str
    n: int
    metric: PairedMetric


@dataclass(frozen=True, slots=True)
class Comparison(Wire):
    """One model held against another, on the same rows.

    Parameters
    ----------
    against : str
        What it is held against, as it was named.
    n : int
        Rows.
    main : str
        The metric that the verdict is about.
    verdict, sentence : str
        Overall, and in words.
    joined : str
        How rows were paired: `order`, or `key:<column>`.
    rows_digest : str
        Of the truth and the order of the rows, the same for both.
    metrics : tuple of PairedMetric
    slices : tuple of SlicePair
    """

    against: str
    n: int
    main: str
    verdict: PairVerdict
    sentence: str
    joined: str = "order"
    rows_digest: str = ""
    metrics: tuple[PairedMetric, ...] = ()
    slices: tuple[SlicePair, ...] = ()
    notes: tuple[str, ...] = ()


# To files and back ---------------------------------------------------------------------------------------------------

_NESTED: dict[str, type[Wire]] = {"best": WorthAt, "metric": PairedMetric}
_SEVERAL: dict[str, type[Wire]] = {"thresholds": WorthAt, "slices": SlicePair}


def _plain(value: Any) -> Any:
    if isinstance(value, Wire | Measured):
        return value.to_wire()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return rounded(value)
    if hasattr(value, "items"):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _typed(name: str, value: Any) -> Any:
    """Return a field as its type has it: what is an object in the file tells by its name and its members what it is."""
    if isinstance(value, dict):
        if "direction" in value:
            return Measured.from_wire(value)
        if name in _NESTED:
            return _NESTED[name].from_wire(value)
        return {key: _typed(key, item) for key, item in value.items()}
    if isinstance(value, list):
        if name == "metrics":
            return tuple(PairedMetric.from_wire(item) for item in value)
        if name in _SEVERAL:
            return tuple(_SEVERAL[name].from_wire(item) for item in value)
        return tuple(_typed("", item) for item in value)
    return value
