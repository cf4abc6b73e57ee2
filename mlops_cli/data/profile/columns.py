"""The profiles of the five kinds of columns. Nothing here imports numpy: a profile can be shown without it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from mlops_cli.statistics.distinct import Distinct
    from mlops_cli.statistics.moments import Moments

FEWEST = 5  # a value stands in a profile only where at least so many rows of the baseline have it
EDGES = 63  # inner edges of a numeric column at most: 64 bins of equal mass
FEW = 20  # numeric columns of so few values keep each of them
POINT_SHARE = 0.01  # a number that so many rows have is a point
KEYS = 256  # values of a categorical column at most
SHAPES = 20  # pattern shapes of a text column
HOURS = 168  # hours of a week; 0 is Monday, 00:00 to 01:00

Kind = Literal["numeric", "boolean", "categorical", "datetime", "text"]
Order = Literal["", "increasing", "not decreasing", "constant", "not increasing", "decreasing", "none"]


@dataclass(frozen=True, slots=True)
class Outside:
    """The values that are no keys, by hash: which of them is not told.

    Of the values outside the keys the 32 with the smallest hashes stay, each with its exact count. With fewer than 32 that is
    all of them. `complete` tells.
    """

    rows: int = 0  # rows with a value that is no key
    tested: int = (
        0  # of these, rows whose value was looked for among those of the baseline: all, or a sample by hash
    )
    unseen: int = 0  # of the tested, rows whose value the baseline did not have
    kept: tuple[tuple[int, int], ...] = ()  # (32 bits of the hash, rows), by hash

    MOST: ClassVar[int] = 32

    @property
    def complete(self) -> bool:
        """Whether `kept` has every value outside the keys."""
        return len(self.kept) < self.MOST

    @property
    def unseen_rows(self) -> float:
        """How many rows have a value that the baseline did not have: counted, or estimated where only a sample was tested."""
        return self.rows * self.unseen / self.tested if self.tested else 0.0


@dataclass(frozen=True, slots=True)
class Others:
    """Layout: the values of the baseline that are no keys, as 16 bits of their hashes, of the smallest hashes only."""

    below: int = 0  # hashes (64 bits) under this are looked for here; 2**64: all of them
    marks: tuple[int, ...] = ()  # the low 16 bits of each, sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What the profiles of all kinds of columns have.

    Attributes
    ----------
    name : str
        The column.
    kind : str
        What it is taken for.
    storage : str
        Its type in the file, in Arrow's words: `int64`, `double`, `string`.
    n : int
        Rows with a value, infinities included.
    missing : int
        Rows without a value, NaN included.
    distinct : Distinct or None
        How many different values there are; None where the column is private.
    private : bool
        Tagged `pii`: no value, no edge and no sum of it is in the profile.
    different : int or None
        How many different values there are, exactly. Known of a baseline and right after building; None where it is not, for it
        cannot be added up.
    order : str
        How the values stand in the order of rows. Known of a baseline and right after building; "" where it is not, for
        it cannot be added up.
    """

    name: str
    kind: Kind
    storage: str
    n: int = 0
    missing: int = 0
    distinct: Distinct | None = None
    private: bool = False
    different: int | None = field(default=None, compare=False)
    order: Order = field(default="", compare=False)

    @property
    def rows(self) -> int:
        """All rows, with and without a value."""
        return self.n + self.missing

    @property
    def missing_share(self) -> float:
        """Missing rows of all rows, 0 to 1; 0 in a table without rows."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def distinct_count(self) -> int | None:
        """How many different values there are: exact where that is known, else estimated; None where nobody knows."""
        if self.different is not None:
            return self.different
        return round(self.distinct.estimate()) if self.distinct is not None else None

    @property
    def distinct_estimated(self) -> bool:
        """Whether `distinct_count` is an estimate."""
        return self.different is None and self.distinct is not None and not self.distinct.exact


@dataclass(frozen=True, slots=True)
class Scale:
    """A histogram of magnitudes that needs no baseline: what is left when values leave the baseline's range.

    An octave of each sign has `8 / 2**level` bins of equal width. The level is the smallest at which at most 64 bins have rows:
    it follows from the values alone, and so parts can be added. Key 0 is the value 0; otherwise the key is
    `sign * (((exponent + 1075) * 8 + eighth) // 2**level + 1)`, where `|x| = m * 2**exponent`, `0.5 <= m < 1` and
    `eighth = floor((m - 0.5) * 16)`.
    """

    level: int = 0
    bins: tuple[tuple[int, int], ...] = ()  # (key, rows), by key, which is by value

    MOST: ClassVar[int] = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericProfile(ColumnProfile):
    """Numbers.

    Attributes
    ----------
    positive_infinite, negative_infinite : int
        Rows with +inf and -inf. They are in `n`, and in nothing below.
    zero, negative, integer : int
        Rows with 0, with less, with a whole number.
    low, high : float or None
        Layout: the .001 and .999 quantile of the baseline, moved inwards until at least 5 rows lie beyond or on them.
    below, above : int
        Rows under `low` and over `high`.
    edges : tuple of float
        Layout: inner edges, ascending, at most 63. They cut the baseline, points included, into parts of about equal mass; what
        many rows have takes the place of several edges. Both end bins are open: bin i has `edges[i-1] <= x < edges[i]`. Without
        edges there is one bin.
    counts : tuple of int
        Rows of each bin, `len(edges) + 1`; points are not among them.
    sums : tuple of int
        For each bin the exact sum of `round((x - centre) / unit)` over its rows. The mean of bin i is
        `centre + unit * sums[i] / counts[i]`, to half a unit.
    points : tuple of float
        Layout: numbers of the baseline with bins of their own, ascending: those that at least 1 % of its rows have, and all that
        5 rows have where there are at most 20 different ones.
    point_counts : tuple of int
        Rows of each point.
    centre, unit : float
        Layout: what sums are centred on, and their step, a power of two: at most 2**-20 of `high - low`.
    moments : Moments or None
        Exact sums of the first four powers about `centre`: mean, variance, skewness and kurtosis.
    scale : Scale
        Magnitudes.
    discrete : bool
        Layout: the baseline had at most 20 different numbers, so that they are compared value by value.
    """

    kind: Kind = "numeric"
    positive_infinite: int = 0
    negative_infinite: int = 0
    zero: int = 0
    negative: int = 0
    integer: int = 0
    low: float | None = None
    high: float | None = None
    below: int = 0
    above: int = 0
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = (0,)
    sums: tuple[int, ...] = (0,)
    points: tuple[float, ...] = ()
    point_counts: tuple[int, ...] = ()
    centre: float = 0.0
    unit: float = 1.0
    moments: Moments | None = None
    scale: Scale = Scale()
    discrete: bool = False

    @property
    def finite(self) -> int:
        """Rows with a finite number: all bins and points together."""
        return self.n - self.positive_infinite - self.negative_infinite


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoricalProfile(ColumnProfile):
    """Texts of a limited choice.

    Attributes
    ----------
    values : tuple of str
        Layout: the keys, at most 256 and about 2 kB, those with the most rows of the baseline first (ties by value).
        None with fewer than 5 rows there. Empty where more than half of the baseline's rows differ, or the column is private.
    counts : tuple of int
        Rows of each key.
    others : Others
        Layout: what else the baseline had.
    outside : Outside
        Rows whose value is no key: in all, unseen, and the first few by hash.
    empty, blank : int
        Rows with the empty text, and with nothing but white space. They are values too.
    shortest, longest : int or None
        Characters of the shortest and the longest text.
    unseen : tuple of (str, int)
        Values that the baseline did not have, with their rows, most rows first, at most 20. Known right after building, when
        the table is at hand; never written.
    """

    kind: Kind = "categorical"
    values: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    others: Others = Others()
    outside: Outside = Outside()
    empty: int = 0
    blank: int = 0
    shortest: int | None = None
    longest: int | None = None
    unseen: tuple[tuple[str, int], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanProfile(ColumnProfile):
    """Yes or no. `n` is `true + false`."""

    kind: Kind = "boolean"
    true: int = 0
    false: int = 0

    @property
    def distinct_count(self) -> int:
        """How many different values there are: 0 to 2."""
        return bool(self.true) + bool(self.false)


@dataclass(frozen=True, slots=True)
class Timeline:
    """When the rows are, in bins whose width follows from the values alone, so that parts can be added.

    `width` is the first of 1, 60, 300, 900, 3600, 21600, 86400 seconds, then the doubled days (2, 4, 8, …), with which the rows
    lie in at most 64 bins, from the first to the last. Bins are aligned to 1970-01-01T00:00.
    """

    width: int = 1  # seconds
    start: int = 0  # the first bin begins `start * width` seconds after 1970
    counts: tuple[int, ...] = ()  # rows of each bin, without a gap

    MOST: ClassVar[int] = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DatetimeProfile(ColumnProfile):
    """Times, in UTC where the column has a time zone, else as they are written.

    Attributes
    ----------
    zone : str
        The column's time zone; "" for none.
    first, last : int or None
        The earliest and the latest time, microseconds after 1970, cut down to whole seconds; None where there is none.
    hours : tuple of int
        Rows of each hour of the week, 168; 0 is Monday from 00:00.
    midnight : int
        Rows at exactly 00:00:00: dates without a time.
    timeline : Timeline
        Rows over time; empty bins are gaps.
    """

    kind: Kind = "datetime"
    zone: str = ""
    first: int | None = None
    last: int | None = None
    hours: tuple[int, ...] = ()
    midnight: int = 0
    timeline: Timeline = Timeline()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextProfile(ColumnProfile):
    """Free text and identifiers: never a value, but lengths and shapes.

    Attributes
    ----------
    lengths : tuple of int
        Rows by characters, in the bins that start at `LENGTHS`.
    shapes : tuple of str
        Layout: patterns of the baseline's values, those with the most rows first: `A` for capital letters, `a` for other
        letters and all beyond ASCII, `9` for digits, `_` for white space, everything else as it is; runs are one sign. Of the
        first 64 bytes.
    shape_counts : tuple of int
        Rows of each shape.
    other_shapes : int
        Rows with another shape.
    empty, blank, shortest, longest
        As of `CategoricalProfile`.
    """

    kind: Kind = "text"
    lengths: tuple[int, ...] = ()
    shapes: tuple[str, ...] = ()
    shape_counts: tuple[int, ...] = ()
    other_shapes: int = 0
    empty: int = 0
    blank: int = 0
    shortest: int | None = None
    longest: int | None = None

    LENGTHS: ClassVar[tuple[int, ...]] = (
        0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 4096,
    )  # fmt: skip

    @property
    def repeated(self) -> int | None:
        """Rows that repeat the value of another row, by the number of distinct values."""
        known = self.distinct_count
        return max(self.n - known, 0) if known is not None else None


AnyColumn = NumericProfile | CategoricalProfile | BooleanProfile | DatetimeProfile | TextProfile
