"""What an evaluation is wished to do, as types. Light: no numpy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.data.table.kinds import Kind
    from mlops_cli.evaluation.asked import ImportanceAsked, ValueAsked
    from mlops_cli.evaluation.measured import Direction
    from mlops_cli.evaluation.model import Task
    from mlops_cli.evaluation.slices.spec import Cross, Declared, FindAsked

MIN_N = 50


@dataclass(frozen=True, slots=True)
class ThresholdWish:
    """Where the threshold is to lie.

    Parameters
    ----------
    how : str
        `given`, `precision`, `recall`, `youden` or `value`.
    at : float
        The threshold, or the wanted precision or recall.
    on : str
        The table on which it is chosen; `same` for the rows that are judged; empty for one half of them.
    """

    how: Literal["given", "precision", "recall", "youden", "value"]
    at: float = 0.0
    on: str = ""


@dataclass(frozen=True, slots=True)
class OwnMetricWish:
    """A metric of the user's: `file.py:function`."""

    name: str
    function: str
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class PredictionsWish:
    """A table of predictions in place of a model: its path, and the columns, empty where they are to be found by their names."""

    path: str
    predicted: str = ""
    score: str = ""


@dataclass(frozen=True, slots=True)
class AgainstWish:
    """What to hold the model against, on the same rows: another model, or the predictions of another evaluation.

    Parameters
    ----------
    name : str
        What it is called.
    margin : float or mapping
        The largest difference that does not matter; None for what is usual.
    """

    model: str = ""
    predictor: str = ""
    predictions: str = ""
    name: str = ""
    margin: float | dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """How to evaluate.

    Parameters
    ----------
    metrics : tuple of str
        Names of the catalogue; empty for all of the task.
    goes_on : bool
        Whether a stage ends well though the figures are not to be trusted, or a metric could not be computed.
    """

    target: str
    model: str = ""
    data: str = ""
    task: Task | None = None
    predictor: str = ""
    predictions: PredictionsWish | None = None
    positive: str | None = None
    features: tuple[str, ...] = ()
    threshold: ThresholdWish | None = None
    metrics: tuple[str, ...] = ()
    own_metrics: tuple[OwnMetricWish, ...] = ()
    slices: tuple[Declared, ...] = ()
    find: FindAsked | None = None
    fairness: tuple[Cross, ...] = ()
    importance: ImportanceAsked | None = None
    value: ValueAsked | None = None
    against: AgainstWish | None = None
    min_n: int = MIN_N
    seed: int = 0
    python_path: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    train: str = ""
    goes_on: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every file that is read, each once, as it was written."""
        found = [self.model, self.data, self.train, file_of(self.predictor)]
        found += [file_of(own.function) for own in self.own_metrics]
        if self.predictions is not None:
            found.append(self.predictions.path)
        if self.against is not None:
            found += [self.against.model, self.against.predictions, file_of(self.against.predictor)]
        if self.threshold is not None and self.threshold.on not in ("", "same"):
            found.append(self.threshold.on)
        return tuple(dict.fromkeys(path for path in found if path))

    @property
    def models(self) -> tuple[str, ...]:
        """Return those of them that are loaded as programs are."""
        return tuple(path for path in (self.model, self.against.model if self.against else "") if path)


def file_of(place: str) -> str:
    """Return the file of `file.py:name`; empty for a word without a colon."""
    return place.rpartition(":")[0]
