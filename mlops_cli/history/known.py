"""What is known from history: runs, executions of stages and data, each with where its record was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.store.artifact import Artifact

Place = Literal["commit", "journal", "workspace"]


class Source(NamedTuple):
    """Where a record was found.

    Parameters
    ----------
    kind : str
        `commit`, `journal` or `workspace`.
    name : str
        The commit's id, or the journal's clone id; empty for the workspace.
    author, email, subject : str
        Of the commit; empty otherwise.
    time : int
        When it was committed, in seconds since the epoch; 0 otherwise.
    """

    kind: Place
    name: str = ""
    author: str = ""
    email: str = ""
    time: int = 0
    subject: str = ""


WORKSPACE = Source("workspace")


def own_changes(dirty: bool, experiment: Mapping[str, Any] | None) -> bool:
    """Whether a run's code had changes that its user had not committed; the parameters that an experiment sets are none.

    Examples
    --------
    >>> own_changes(True, None), own_changes(True, {"set": {"lr": 1}, "dirty": False}), own_changes(True, {"set": {"lr": 1}})
    (True, False, True)
    """
    return dirty and (experiment is None or experiment.get("dirty") is not False)


class KnownRun(NamedTuple):
    """A run as lists need it; `History.record` has the rest.

    Parameters
    ----------
    id, status, started, seconds, message
        As in the run record.
    author, email : str
        Who ran it; empty where Git had no identity.
    trigger : str
        `cli`, `hook` or `ci`.
    commit, branch, dirty, snapshot
        The code it ran: HEAD, and the tree that holds uncommitted changes.
    params, metrics : mapping
        Flat, as in the run record; a metric is a number, or an object with `value`, `n`, `low`, `high`. They answer to their names
        with the file or the stage before it also where the record has them without. What an experiment set is among the
        parameters, whether or not a stage is known to have used it.
    stages : tuple of str
        Names.
    experiment : mapping or None
        What made it an experiment; None for a run in place.
    outcome : str or None
        What the last note with an outcome said: `confirmed`, `rejected` or `inconclusive`.
    notes : int
        How many notes it has.
    sources : sequence of Source
        Commits first, the earliest of them first.
    """

    id: str
    status: str
    started: str
    seconds: float
    message: str
    author: str
    email: str
    trigger: str
    commit: str | None
    branch: str | None
    dirty: bool
    snapshot: str | None
    params: Mapping[str, Any]
    metrics: Mapping[str, Any]
    stages: tuple[str, ...]
    experiment: Mapping[str, Any] | None = None
    outcome: str | None = None
    notes: int = 0
    sources: Sequence[Source] = ()

    @property
    def repetition(self) -> bool:
        """Whether `rerun` or `bisect` made it to look again at something, and not its user to get anywhere."""
        return self.experiment is not None and ("rerun" in self.experiment or "bisect" in self.experiment)

    @property
    def repeats(self) -> str | None:
        """The run that this one repeats."""
        original = (self.experiment or {}).get("rerun")
        return original if isinstance(original, str) else None


class Production(NamedTuple):
    """One execution of a stage, as a run record, a stage record or DVC's lock file tells it.

    Parameters
    ----------
    key : str or None
        None where it is not known, as for DVC's.
    status : str
        As in the run record: `ran`, `cached`, `failed`, …; `recorded` out of a stage record or a lock file.
    run : str or None
        The run's id; None out of a stage record or a lock file.
    deps, outs : mapping of str to Artifact
        By path, relative to the project.
    params : mapping
        File to name to value.
    filled : mapping
        The same of parameters that stood in its texts where templates put them; no part of its key.
    program : JSON
        As records show it.
    started : str or None
        When the run began (UTC, ISO 8601).
    source : Source
        The first of `sources`.
    file : str
        The record's path, relative to the project.
    system : str
        `mlops` or `dvc`.
    sources : sequence of Source
        Everything that brought this record: commits first, the earliest of them first.
    """

    stage: str
    key: str | None
    status: str
    run: str | None
    deps: Mapping[str, Artifact]
    outs: Mapping[str, Artifact]
    params: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, Any]
    program: Any
    started: str | None
    source: Source
    file: str
    system: str = "mlops"
    sources: Sequence[Source] = ()
    filled: Mapping[str, Mapping[str, Any]] = {}


class KnownData(NamedTuple):
    """What a data record said once.

    Parameters
    ----------
    path : str
        Relative to the project.
    files : int
        How many files it has; 1 for a file.
    origin : mapping or None
        Where it was imported from, as in the data record.
    source : Source
        The first of `sources`.
    file : str
        The record's path, relative to the project.
    sources : sequence of Source
        Everything that brought this record: commits first, the earliest of them first.
    """

    path: str
    artifact: Artifact
    files: int
    origin: Mapping[str, Any] | None
    source: Source
    file: str = ""
    sources: Sequence[Source] = ()
