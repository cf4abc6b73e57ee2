"""An evaluation: everything that `evaluation.json` holds, as types, to the file and back."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from mlops_cli.errors import FileError
from mlops_cli.evaluation.catalogue import in_order
from mlops_cli.evaluation.charts import Calibration, Confusion, Curves, Threshold
from mlops_cli.evaluation.findings import (
    Comparison,
    FoundSlice,
    Gap,
    Importance,
    Slice,
    Warned,
    Worth,
)
from mlops_cli.evaluation.measured import Measured
from mlops_cli.formats.canonical import pretty, read_record
from mlops_cli.statistics.verdict import worst

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json
    from mlops_cli.statistics.verdict import Verdict

SCHEMA = 1
Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What was evaluated, on what.

    Parameters
    ----------
    model, predictor : str
        The model's path, and how it was loaded: `joblib`, `pickle`, `skops`, `onnx`, `class`; or `predictions`, with no model.
    data, target : str
        The table, as it was named, and the column with the truth.
    model_digest, data_digest : str or None
        What they were, `b3:...`.
    kind : str
        What the model says it is: `Pipeline(StandardScaler, LogisticRegression)`.
    """

    model: str = ""
    predictor: str = ""
    data: str = ""
    target: str = ""
    model_digest: str | None = None
    data_digest: str | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a model is on a table, and how sure that is.

    Parameters
    ----------
    task : str
        `binary`, `multiclass` or `regression`.
    n : int
        Rows that were judged.
    left_out : int
        Rows of the table that were not, because their target is missing.
    classes : tuple of str
        Of a classification, in the order of the confusion matrix; of a binary one the positive class is the last.
    positive : str or None
        The positive class of a binary one.
    metrics : mapping
        By name, in the order of the registry.
    notes : tuple of str
        What a reader must know: warnings of the model's library, rows left out, how the threshold came about.
    sentence : str
        All of it in one.
    wanted : tuple of str
        The metrics that the verdict rests on: those that somebody named, else the main ones that such a model can have.
    """

    task: Task
    n: int
    metrics: Mapping[str, Measured]
    subject: Subject = field(default_factory=Subject)
    left_out: int = 0
    classes: tuple[str, ...] = ()
    positive: str | None = None
    slices: tuple[Slice, ...] = ()
    found: tuple[FoundSlice, ...] = ()
    fairness: tuple[Gap, ...] = ()
    importance: tuple[Importance, ...] = ()
    warnings: tuple[Warned, ...] = ()
    calibration: Calibration | None = None
    confusion: Confusion | None = None
    curves: Curves | None = None
    threshold: Threshold | None = None
    value: Worth | None = None
    against: Comparison | None = None
    notes: tuple[str, ...] = ()
    sentence: str = ""
    wanted: tuple[str, ...] = ()

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Those of the wanted metrics that could not be measured, though nothing broke."""
        return tuple(
            name
            for name in self.wanted
            if name in self.metrics and self.metrics[name].status == "insufficient"
        )

    @property
    def verdict(self) -> Verdict:
        """`error`: a metric could not be computed; `fail`, `warn`: such a warning is there; or `pass`.

        `insufficient`, which is worse than `warn`: there are no rows, or a wanted metric could not be measured on them.
        """
        found: list[Verdict] = ["insufficient" if self.n == 0 or self.unmeasured else "pass"]
        found += [warned.severity for warned in self.warnings]
        if any(measured.status == "error" for measured in self.metrics.values()):
            found.append("error")
        return worst(found)


_MANY: dict[str, Any] = {
    "slices": Slice,
    "found": FoundSlice,
    "fairness": Gap,
    "importance": Importance,
    "warnings": Warned,
}
_ONE: dict[str, Any] = {
    "calibration": Calibration,
    "confusion": Confusion,
    "curves": Curves,
    "threshold": Threshold,
    "value": Worth,
    "against": Comparison,
}


def to_wire(evaluation: Evaluation) -> dict[str, Json]:
    """Return an evaluation as `evaluation.json` has it."""
    found: dict[str, Json] = {
        "schema": SCHEMA,
        "task": evaluation.task,
        "n": evaluation.n,
        "left_out": evaluation.left_out,
        "classes": list(evaluation.classes),
        "positive": evaluation.positive,
        "subject": {f.name: getattr(evaluation.subject, f.name) for f in fields(Subject)},
        "metrics": {name: measured.to_wire() for name, measured in evaluation.metrics.items()},
        "notes": list(evaluation.notes),
        "sentence": evaluation.sentence,
        "wanted": list(evaluation.wanted),
        "verdict": evaluation.verdict,
    }
    for name in _MANY:
        found[name] = [item.to_wire() for item in getattr(evaluation, name)]
    for name in _ONE:
        item = getattr(evaluation, name)
        found[name] = None if item is None else item.to_wire()
    return found


def from_wire(value: Mapping[str, Any]) -> Evaluation:
    """Return the evaluation that `to_wire` made plain.

    Raises
    ------
    KeyError, TypeError, ValueError
        When it is none.
    """
    several: dict[str, Any] = {
        name: tuple(kind.from_wire(row) for row in value.get(name, ())) for name, kind in _MANY.items()
    }
    single: dict[str, Any] = {
        name: kind.from_wire(value[name]) for name, kind in _ONE.items() if value.get(name) is not None
    }
    return Evaluation(
        task=value["task"],
        n=value["n"],
        metrics={name: Measured.from_wire(value["metrics"][name]) for name in in_order(value["metrics"])},
        subject=Subject(**value.get("subject", {})),
        left_out=value.get("left_out", 0),
        classes=tuple(value.get("classes", ())),
        positive=value.get("positive"),
        notes=tuple(value.get("notes", ())),
        sentence=value.get("sentence", ""),
        wanted=tuple(value.get("wanted", ())),
        **several,
        **single,
    )


def dump_evaluation(evaluation: Evaluation) -> bytes:
    """Return the bytes of `evaluation.json`: the same for the same evaluation."""
    return pretty(to_wire(evaluation))


def load_evaluation(data: bytes, file: str) -> Evaluation:
    """Return the evaluation in a file's bytes.

    Raises
    ------
    FileError
        When it is none, or of a newer version.
    """
    value = read_record(data, file=file, schema=SCHEMA)
    try:
        return from_wire(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(f"{file} is not an evaluation", hint="Make it again: mlops run") from error


def metrics_wire(evaluation: Evaluation) -> dict[str, Json]:
    """Return what flows into the run record: of each metric that could be had its value, interval and n."""
    return {
        name: {
            key: number
            for key, number in measured.to_wire().items()
            if key in ("value", "low", "high", "n") and number is not None
        }
        for name, measured in evaluation.metrics.items()
        if measured.value is not None
    }
