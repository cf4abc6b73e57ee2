"""What a pipeline file says, once it is read: templates filled, every path relative to the project."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json

OutputKind = Literal["out", "metric", "plot"]


class Place(NamedTuple):
    """Where something is written: file relative to the project, line and column from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Dependency:
    """An input: a file, a directory, or a pattern of them."""

    path: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Output:
    """What a stage makes.

    Parameters
    ----------
    kind : str
        `out`, `metric` or `plot`.
    cache : bool
        True: lies in the store and is ignored by Git. False: kept in Git, as metrics and plots are.
    persist : bool
        True: left in place while the stage runs, so that it can build on it.
    """

    path: str
    kind: OutputKind = "out"
    cache: bool = True
    persist: bool = False
    place: Place = field(default=Place("", 0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pipeline.

    Parameters
    ----------
    name : str
        Its address: `train`, `train@forest-1`, `models/churn:train`.
    commands : tuple of str
        Shell commands, run one after another; empty when `uses` names a built-in step.
    uses : str or None
        The name of a built-in step.
    settings : JSON object
        What stands under `with`, for the built-in step.
    report : str or None
        The folder of its report, relative to `wdir`.
    version : int
        Which version of the step it is.
    wdir : str
        Folder in which the commands run, relative to the project; `.` is the project's own.
    params : mapping
        Parameter file to name to value; the name `""` stands for the whole file.
    filled : mapping
        The same of parameters that are not among these, and stand in the stage's texts where templates put them: they decide
        the result through the texts, and are no part of the key themselves.
    env : tuple of str
        Variables whose values are part of the key.
    runtime : tuple of str
        Files whose digests are part of the key.
    timeout : float or None
        Seconds.
    memory : int or None
        Bytes.
    """

    name: str
    place: Place = field(compare=False)
    commands: tuple[str, ...] = ()
    uses: str | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)
    report: str | None = None
    version: int = 0
    wdir: str = "."
    deps: tuple[Dependency, ...] = ()
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    filled: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    env: tuple[str, ...] = ()
    outs: tuple[Output, ...] = ()
    runtime: tuple[str, ...] = ()
    timeout: float | None = None
    retries: int = 0
    cores: int = 1
    gpu: int = 0
    memory: int | None = None
    mutex: tuple[str, ...] = ()
    frozen: bool = False
    always: bool = False
    desc: str = ""

    @property
    def program(self) -> Json:
        """What runs, in the form that keys and records hold."""
        if self.uses:
            return {"uses": self.uses, "with": dict(self.settings), "version": self.version}
        return list(self.commands)

    @property
    def group(self) -> str:
        """The name as written, which all members of a matrix share."""
        return self.name.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Model:
    """A named line of artifacts.

    Parameters
    ----------
    name : str
        Its address: `churn`, `models/churn:churn`.
    artifact : str
        The path of the model's file or directory.
    evaluation : str or None
        The folder of its report, which `uses: evaluate` makes.
    predictor : str or None
        `file.py:Class`, or how the file is loaded; None to tell by the file.
    places : mapping
        Where the values of its keys stand.
    """

    name: str
    artifact: str
    evaluation: str | None = None
    predictor: str | None = None
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All stages and models of a project, sub-projects included, in the order in which they are written.

    Parameters
    ----------
    files : tuple of str
        Every file that was read to make it: pipeline, parameter and variable files.
    """

    stages: Mapping[str, Stage]
    files: tuple[str, ...] = ()
    models: Mapping[str, Model] = field(default_factory=dict)


def dump_pipeline(pipeline: Pipeline) -> dict[str, Json]:
    """Return a pipeline as plain values: fields that hold their default are left out."""
    return {
        "files": list(pipeline.files),
        "stages": [_dump_stage(stage) for stage in pipeline.stages.values()],
        "models": [
            [m.name, m.artifact, m.evaluation, m.predictor, {key: list(at) for key, at in m.places.items()}]
            for m in pipeline.models.values()
        ],
    }


def load_pipeline(value: Mapping[str, Any]) -> Pipeline:
    """Return the pipeline that `dump_pipeline` made plain."""
    stages = [_load_stage(row) for row in value["stages"]]
    models = [
        Model(row[0], row[1], row[2], row[3], {key: Place(*at) for key, at in row[4].items()})
        for row in value["models"]
    ]
    return Pipeline(
        {stage.name: stage for stage in stages},
        tuple(value["files"]),
        {model.name: model for model in models},
    )


def _dump_stage(stage: Stage) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for item in _PLAIN:
        value = getattr(stage, item)
        if value != _DEFAULT[item]:
            row[item] = value
    row["place"] = list(stage.place)
    row["deps"] = [[d.path, *d.place] for d in stage.deps]
    row["outs"] = [[o.path, o.kind, o.cache, o.persist, *o.place] for o in stage.outs]
    return row


def _load_stage(row: Mapping[str, Any]) -> Stage:
    values: dict[str, Any] = {name: tuple(value) if name in _TUPLES else value for name, value in row.items()}
    values["place"] = Place(*row["place"])
    values["deps"] = tuple([Dependency(d[0], Place(d[1], d[2], d[3])) for d in row["deps"]])
    values["outs"] = tuple([Output(o[0], o[1], o[2], o[3], Place(o[4], o[5], o[6])) for o in row["outs"]])
    return Stage(**values)


_BUILT = {"place", "deps", "outs"}
_TUPLES = {"commands", "env", "runtime", "mutex"}
_PLAIN = tuple(f.name for f in fields(Stage) if f.name not in _BUILT)
_BLANK = Stage("", Place("", 0, 0))
_DEFAULT = {name: getattr(_BLANK, name) for name in _PLAIN}
