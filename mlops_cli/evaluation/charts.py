"""What an evaluation has to draw: calibration, confusion, curves, and where the threshold lies."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from mlops_cli.evaluation.measured import rounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose score lies from `low` to `high`: how sure the model was (mean score), and how often it came true (rate).

    `rate_low` and `rate_high` are the ends of the rate's 95 % interval (Wilson).
    """

    low: float
    high: float
    n: int
    score: float
    rate: float
    rate_low: float
    rate_high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far scores are what they say.

    Parameters
    ----------
    bins : tuple of Bin
        At most 15, of equal numbers of rows; of a multiclass model the bins of the top score, with how often it was right.
    slope, intercept : float or None
        Of the logistic regression of the truth on the log-odds of the score: 1 and 0 when calibrated.
    """

    bins: tuple[Bin, ...]
    slope: float | None = None
    intercept: float | None = None

    def to_wire(self) -> dict[str, Json]:
        """Return plain values."""
        rows: list[Json] = [{f.name: _plain(getattr(b, f.name)) for f in fields(Bin)} for b in self.bins]
        return {"bins": rows, "slope": rounded(self.slope), "intercept": rounded(self.intercept)}

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> Calibration:
        """Return what `to_wire` made plain."""
        return cls(tuple(Bin(**row) for row in value["bins"]), value.get("slope"), value.get("intercept"))


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by true class (first) and predicted class (second); a class that the model names and the truth lacks is there too."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def to_wire(self) -> dict[str, Json]:
        """Return plain values."""
        return {"classes": list(self.classes), "counts": [list(row) for row in self.counts]}

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> Confusion:
        """Return what `to_wire` made plain."""
        return cls(tuple(value["classes"]), tuple(tuple(row) for row in value["counts"]))


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges, a series a name: of scores `positive` and `negative`, of residuals `rows`."""

    edges: tuple[float, ...]
    counts: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows by predicted (first) and true value (second), between the same edges; what lies beyond is in the outermost cells."""

    edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]

    def to_wire(self) -> dict[str, Json]:
        """Return plain values."""
        return {"edges": [rounded(edge) for edge in self.edges], "counts": [list(row) for row in self.counts]}

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> Grid:
        """Return what `to_wire` made plain."""
        return cls(tuple(value["edges"]), tuple(tuple(row) for row in value["counts"]))


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves of at most 200 points.

    Parameters
    ----------
    roc : tuple of (false positive rate, true positive rate, threshold or None at the ends)
    precision_recall : tuple of (recall, precision, threshold or None)
    scores : Histogram or None
        Of a binary model: the scores of the negatives and of the positives. Of a regression: the residuals (predicted - true).
    fit : tuple of (low, high, n, mean predicted, mean true)
        Of a regression: bins of the prediction, of equal numbers of rows.
    by_threshold : tuple of (threshold, precision, recall, F1)
        Of a binary model, thresholds falling.
    grid : Grid or None
        Of a regression.
    """

    roc: tuple[tuple[float, float, float | None], ...] = ()
    precision_recall: tuple[tuple[float, float, float | None], ...] = ()
    scores: Histogram | None = None
    fit: tuple[tuple[float, float, int, float, float], ...] = ()
    by_threshold: tuple[tuple[float, float, float, float], ...] = ()
    grid: Grid | None = None

    def to_wire(self) -> dict[str, Json]:
        """Return plain values."""
        scores: Json = None
        if self.scores is not None:
            counts = {name: list(row) for name, row in self.scores.counts.items()}
            scores = {"edges": [rounded(edge) for edge in self.scores.edges], "counts": counts}
        return {
            "roc": _points(self.roc),
            "precision_recall": _points(self.precision_recall),
            "scores": scores,
            "fit": _points(self.fit),
            "by_threshold": _points(self.by_threshold),
            "grid": None if self.grid is None else self.grid.to_wire(),
        }

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> Curves:
        """Return what `to_wire` made plain."""
        found = value.get("scores")
        scores = None
        if found is not None:
            scores = Histogram(
                tuple(found["edges"]), {name: tuple(row) for name, row in found["counts"].items()}
            )
        grid = value.get("grid")
        several: dict[str, Any] = {name: tuple(map(tuple, value.get(name, ()))) for name in _POINTS}
        return cls(scores=scores, grid=None if grid is None else Grid.from_wire(grid), **several)


_POINTS = ("roc", "precision_recall", "fit", "by_threshold")


@dataclass(frozen=True, slots=True)
class Threshold:
    """The score from which a row counts as positive, and where it comes from.

    Parameters
    ----------
    value : float
        Scores of at least this much are positive.
    how : str
        `default` (the model's own decision, or one half), `given`, `value`, `precision`, `recall`, `youden`.
    chosen_on, judged_on : int
        Rows on which it was chosen (0: on none of these), and on which the metrics that depend on it stand.
    note : str
        Said where it was chosen on the very rows that it is judged on.
    """

    value: float
    how: str = "default"
    chosen_on: int = 0
    judged_on: int = 0
    note: str = ""

    def to_wire(self) -> dict[str, Json]:
        """Return plain values."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(Threshold)}

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> Threshold:
        """Return what `to_wire` made plain."""
        return cls(**value)


def _plain(value: Any) -> Json:
    return rounded(value) if isinstance(value, float) else value


def _points(points: tuple[tuple[Any, ...], ...]) -> list[Json]:
    return [[_plain(number) for number in point] for point in points]
