"""What a comparison of two tables found: plain values, for text, JSON and pages alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from mlops_cli.statistics.verdict import Verdict

Type = Literal["id", "rare", "binary"]
TYPES: tuple[Type, ...] = get_args(Type)
"""What people can say of a column: an identifier; something rare, whose ratio counts; two values, whose difference counts."""


GONE = "gone"
"""The type of a column that only the reference has."""


def scaled(measure: str, value: float, band: float) -> float:
    """Return an effect in units of a band: 1 is on it. A ratio counts downwards as upwards.

    Examples
    --------
    >>> scaled("js", 0.05, 0.10), scaled("difference", -0.04, 0.02), round(scaled("ratio", 1 / 1.44, 1.2), 6)
    (0.5, 2.0, 2.0)
    """
    if measure == "ratio":
        if not (value > 0 and band > 1):
            return 0.0
        return abs(math.log(value)) / math.log(band)
    return abs(value) / band if band > 0 else 0.0


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """What people decide about a comparison.

    Parameters
    ----------
    warn, fail : float
        Bands of the main effect, a Jensen-Shannon distance between 0 and 1; the bands of the other measures keep their
        ratio to these.
    q : float
        Bound of the false discovery rate over all tests of a comparison.
    share : float
        Share of the columns' weight that has to fail for the whole to fail.
    min_rows : int
        Fewer rows than this on a side are never judged.
    columns, ignore : tuple of str
        Columns to compare, all where empty, and columns to leave out; `*` and `?` match as in file names.
    types : tuple of (str, Type)
        Types that people know better than the data tell.
    time : str
        Column of time, for folds that are blocks of it; found where empty.
    joint : bool
        Whether the joint distribution is compared too.
    joint_rows : int
        Rows a side that the classifier sees at most.
    """

    warn: float = 0.10
    fail: float = 0.20
    q: float = 0.01
    share: float = 0.10
    min_rows: int = 30
    columns: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    types: tuple[tuple[str, Type], ...] = ()
    time: str = ""
    joint: bool = True
    joint_rows: int = 20_000
    joint_warn: float = 0.55
    joint_fail: float = 0.65


@dataclass(frozen=True, slots=True)
class Measure:
    """One effect of one column, with the test that goes with it.

    Parameters
    ----------
    name : str
        `js`, `wasserstein`, `l-infinity`, `difference`, `ratio`, `missing`, `infinite`, `unseen`, `outside`.
    value : float
        How large the effect is, in its own unit; never negative, but for `difference`, `missing`, `infinite`.
    warn, fail : float
        Its bands: from where on it matters, from where on it matters much.
    test : str
        Name of the test; measures of a column with the same test share its numbers.
    statistic, p_value : float or None
        None where nothing could be tested.
    p_adjusted : float or None
        After Benjamini and Hochberg, over all tests of the comparison.
    needed : int or None
        Rows of the current table with which the test finds an effect of the fail band as often as not; None where no number of
        them is enough, for the reference is too small.
    low, high : float or None
        Interval of 95 % of the effect, where there is one.
    about : str
        What is behind the number: the class whose share moved most, the value that is new.
    """

    name: str
    value: float
    warn: float
    fail: float
    verdict: Verdict
    test: str = ""
    statistic: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    needed: int | None = None
    low: float | None = None
    high: float | None = None
    about: str = ""

    @property
    def scaled(self) -> float:
        """Return the effect in units of its warn band, which makes effects of all types comparable."""
        return scaled(self.name, self.value, self.warn)


@dataclass(frozen=True, slots=True)
class Cell:
    """One bin or value, and how many rows of each table have it: what a chart of the column draws.

    Parameters
    ----------
    kind : str
        `bin` and `value` are ordered, `class` is not; `missing`, `infinite`, `other`, `unseen` stand apart.
    """

    label: str
    reference: int
    current: int
    kind: str = "bin"


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """One column, compared.

    Parameters
    ----------
    type : str
        How it was compared: `numeric`, `ordinal`, `binary`, `rare`, `categorical`, `high-cardinality`, `datetime`, `text`,
        `id`, `constant`; `unlike` where it was not, for its kind changed; `gone` where only the reference has it.
    effect : float or None
        The deciding measure's value: the one that raised the verdict, else the main one of the type.
    measure : str
        Its name.
    statistic, p_value, p_adjusted, test, needed
        Those of the deciding measure.
    n_reference, n_current : int
        Rows, missing ones included.
    measures : tuple of Measure
        All of them, the main one first.
    cause : str
        In one or two words what happened, empty where nothing did: `missing`, `unit`, `unseen`, `higher`, `wider`, ...
    reason : str
        A sentence with the numbers.
    weight : float
        Importance of the column to the model, or an equal part; all weights sum to one.
    cells : tuple of Cell
        What was counted, 60 at most.
    """

    name: str
    type: str
    verdict: Verdict
    effect: float | None = None
    measure: str = ""
    warn: float | None = None
    fail: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    test: str = ""
    needed: int | None = None
    n_reference: int = 0
    n_current: int = 0
    missing_reference: int = 0
    missing_current: int = 0
    measures: tuple[Measure, ...] = ()
    cause: str = ""
    reason: str = ""
    weight: float = 0.0
    cells: tuple[Cell, ...] = ()

    @property
    def scaled(self) -> float:
        """Return the effect in units of its warn band: lists are sorted by it."""
        return 0.0 if self.effect is None else scaled(self.measure, self.effect, self.warn or 0.0)


@dataclass(frozen=True, slots=True)
class Separator:
    """A column that tells the tables apart: how much the classifier loses without it."""

    name: str
    drop: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class JointDrift:
    """Whether a classifier can tell the rows of the two tables apart.

    Parameters
    ----------
    auc, low, high : float or None
        Area under the ROC curve on rows that the classifier had not seen, with its DeLong interval; 0.5 is chance.
    separation : float or None
        `2 auc - 1`: 0 where the tables cannot be told apart, 1 where every row can.
    null_sd : float or None
        Standard deviation of the area where nothing has changed.
    p_value : float or None
        By permutation; only where there are fewer than 500 rows a side.
    separators : tuple of Separator
        What the classifier goes by, the strongest first.
    dropped : tuple of (str, str)
        Columns that it was not shown, and why.
    alien : tuple of (int, float)
        Rows of the current table, counted from 1, that look least like the reference, with the probability of coming from it.
    folds : str
        How rows were held back.
    shared : int
        Rows of the current table, among those that it saw, that the reference has, too; 0 where no more than chance would bring.
    reason : str
        Why there is no verdict, where there is none.
    """

    verdict: Verdict
    auc: float | None = None
    low: float | None = None
    high: float | None = None
    warn: float = 0.55
    fail: float = 0.65
    separation: float | None = None
    null_sd: float | None = None
    p_value: float | None = None
    n_reference: int = 0
    n_current: int = 0
    separators: tuple[Separator, ...] = ()
    used: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    alien: tuple[tuple[int, float], ...] = ()
    folds: str = ""
    shared: int = 0
    source: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two tables.

    Parameters
    ----------
    name : str
        Where it came from.
    kind : str
        `table` or `profile`.
    """

    name: str
    rows: int
    kind: str = "table"
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Two tables, compared.

    Parameters
    ----------
    sentence : str
        Similar or different, and whether training again is likely worth it.
    retrain : str
        `no`, `unlikely`, `perhaps`, `likely`, `repair` (the data look broken: mend them first) or `unknown`.
    columns : tuple of ColumnDrift
        The gravest verdict first, then the largest effect; also those that only the reference has.
    only_reference, only_current : tuple of str
        Columns that one side alone has.
    ignored : tuple of str
        Columns that were left out on request.
    failed, warned, unjudged : float
        Shares of the columns' weight.
    weighted : str
        Where the weights come from: `equal`, or the model.
    """

    verdict: Verdict
    sentence: str
    retrain: str
    reference: Side
    current: Side
    columns: tuple[ColumnDrift, ...] = ()
    joint: JointDrift | None = None
    only_reference: tuple[str, ...] = ()
    only_current: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    failed: float = 0.0
    warned: float = 0.0
    unjudged: float = 0.0
    weighted: str = "equal"
    settings: DriftSettings = field(default_factory=DriftSettings)
    warnings: tuple[str, ...] = ()

    @property
    def compared(self) -> tuple[ColumnDrift, ...]:
        """The columns that both tables have."""
        return tuple(each for each in self.columns if each.type != GONE)
