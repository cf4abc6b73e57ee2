"""What of a run can be compared, told alike for a run and for what a commit has recorded; repeated runs together. Pure."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.redact import redact
from mlops_cli.history.known import own_changes
from mlops_cli.history.named import alike, metrics_by_stage, params_by_file, with_set
from mlops_cli.history.run_record import StageRun, flat_metrics, flat_params

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlops_cli.history.known import Production
    from mlops_cli.history.run_record import RunRecord
    from mlops_cli.history.runtime import Runtime

_SEED = re.compile(r"(?:.*[._:-])?(?:seeds?|random[_-]?(?:seed|state)|rng)", re.IGNORECASE)
_SEED_ARGUMENT = re.compile(r"((?:seed|random[_-]state)\w*[ =:]+)\d+", re.IGNORECASE)


class Input(NamedTuple):
    """Something that a run read and no stage of it made.

    Parameters
    ----------
    size : int
        Bytes.
    files : int or None
        How many files a directory has, where that is known.
    """

    digest: str
    size: int
    tree: bool = False
    files: int | None = None


class Profiled(NamedTuple):
    """The profile of a table that a stage made with `uses: profile`.

    Parameters
    ----------
    stage : str
        The stage.
    file : str
        The profile's path, relative to the project.
    digest : str
        Its digest.
    """

    stage: str
    file: str
    digest: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one run, or of what a commit has recorded.

    Parameters
    ----------
    run : str or None
        The run's id; None for a commit's records.
    status, started, message, author : str
        As in the run record; empty for a commit's records.
    commit, branch : str or None
        The code that it began with.
    tree : str or None
        What Git calls the code: of a run its tree, which outlives its commit; None where nobody knows it.
    inputs : mapping
        By path: code and data.
    outs : mapping of str to str
        Path to digest, of everything that its stages made.
    commands : mapping of str to str
        Stage to its program.
    environment : mapping or None
        Flat; None where it is not known.
    parents : mapping
        Models that it built on.
    set_only : bool
        What is uncommitted of its code is nothing but the parameters that an experiment set.
    profiled : mapping
        What describes a table, by the table's path; by path and stage, `raw.csv (narrow)`, where several stages do.
    """

    name: str
    run: str | None = None
    status: str = ""
    started: str = ""
    seconds: float = 0.0
    message: str = ""
    author: str = ""
    commit: str | None = None
    branch: str | None = None
    dirty: bool = False
    tree: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outs: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, Any] | None = None
    parents: Mapping[str, Any] = field(default_factory=dict)
    set_only: bool = False
    profiled: Mapping[str, Profiled] = field(default_factory=dict)


class Side(NamedTuple):
    """One column of a comparison: a run, or runs that repeat each other."""

    runs: tuple[Facts, ...]

    @property
    def first(self) -> Facts:
        """The one that stands for all."""
        return self.runs[0]


def facts_of_run(name: str, record: RunRecord, by_key: Callable[[str], Sequence[Production]]) -> Facts:
    """Return the facts in a run record.

    Parameters
    ----------
    name : str
        What to call it.
    by_key : callable
        Returns what ran with a key: the record of a run says no more than the key of a stage that was fresh.
    """
    stages = [whole(stage, by_key) for stage in record.stages]
    code = record.code
    return Facts(
        name=name,
        run=record.id,
        status=record.status,
        started=record.started,
        seconds=record.seconds,
        message=record.message,
        author=record.actor.name if record.actor else "",
        commit=code.commit,
        branch=code.branch,
        dirty=code.dirty,
        set_only=code.dirty and not own_changes(code.dirty, record.experiment),
        # Where uncommitted code was not kept, nobody knows what it was.
        tree=code.snapshot or (None if code.dirty else code.tree),
        params=params_by_file(with_set(record.params, record.experiment), stages),
        metrics=metrics_by_stage(record.metrics, stages),
        environment=environment_of(record.runtime),
        parents=_parents(record.parents),
        **_of_stages(stages),
    )


def facts_of_commit(
    name: str, commit: str, stages: Iterable[StageRun], runtime: Runtime | None = None
) -> Facts:
    """Return the facts in what a commit has recorded of its stages.

    Parameters
    ----------
    runtime : Runtime, optional
        Of the runs that made them, where one is known.
    """
    rows = list(stages)
    return Facts(
        name=name,
        commit=commit,
        tree=commit,
        params=params_by_file(flat_params(rows), rows),
        metrics=metrics_by_stage(flat_metrics(rows), rows),
        environment=environment_of(runtime) if runtime else None,
        **_of_stages(rows),
    )


def whole(stage: StageRun, by_key: Callable[[str], Sequence[Production]]) -> StageRun:
    """Return a stage of a run with what a run record leaves out of one that was fresh."""
    if stage.status != "fresh" or stage.deps or stage.outs or stage.key is None:
        return stage
    known = by_key(stage.key)
    if not known:
        return stage
    first = next((each for each in known if each.stage == stage.name), known[0])
    metrics = stage.metrics or first.metrics
    return replace(
        stage, program=first.program, params=first.params, deps=first.deps, outs=first.outs, metrics=metrics
    )


def named_alike(runs: Sequence[Facts]) -> list[Facts]:
    """Return the facts of runs in which a parameter, and a metric, has one name, whichever stages of a run have it."""
    params, metrics = alike([facts.params for facts in runs]), alike([facts.metrics for facts in runs])
    return [
        replace(facts, params=one, metrics=other)
        for facts, one, other in zip(runs, params, metrics, strict=True)
    ]


def _of_stages(stages: Sequence[StageRun]) -> dict[str, Any]:
    outs = {path: str(artifact.digest) for stage in stages for path, artifact in stage.outs.items()}
    inputs = {
        path: Input(str(artifact.digest), artifact.size, artifact.tree)
        for stage in stages
        for path, artifact in stage.deps.items()
        if not _lies_in(path, outs)
    }
    commands = {stage.name: _command(stage.program) for stage in stages if stage.program is not None}
    return {"inputs": inputs, "outs": outs, "commands": commands, "profiled": _profiled(stages)}


def _profiled(stages: Iterable[StageRun]) -> dict[str, Profiled]:
    found: dict[str, Profiled] = {}
    for stage in stages:
        described = _described(stage)
        if described is not None:
            path, profiled = described
            found[path if path not in found else f"{path} ({stage.name})"] = profiled
    return found


def _described(stage: StageRun) -> tuple[str, Profiled] | None:
    """Return the table that a stage profiled, and its profile; None for any other stage, and where its record is odd."""
    program = stage.program
    if not isinstance(program, dict) or program.get("uses") != "profile":
        return None
    from mlops_cli.data.profile.step import PROFILE

    settings = program.get("with")
    data = settings.get("data") if isinstance(settings, dict) else None
    made = next((path for path in stage.outs if posixpath.basename(path) == PROFILE), None)
    if not isinstance(data, str) or made is None:
        return None
    return _table(data, stage.deps), Profiled(stage.name, made, str(stage.outs[made].digest))


def _table(data: str, deps: Iterable[str]) -> str:
    """Return the path of a table relative to the project: its settings give it relative to the stage's own folder."""
    if "://" in data:
        return redact(data)
    path = posixpath.normpath(data)
    tail = "/" + re.sub(r"^(\.\./)+", "", path)
    return path if path in deps else next((each for each in deps if f"/{each}".endswith(tail)), path)


def _lies_in(path: str, outs: Mapping[str, str]) -> bool:
    while path:
        if path in outs:
            return True
        path = path.rpartition("/")[0]
    return False


def _command(program: Any) -> str:
    """Return a program as one text: its commands, or a built-in step with what it was given."""
    if isinstance(program, str):
        return program
    if isinstance(program, list) and all(isinstance(each, str) for each in program):
        return " && ".join(program)
    return json.dumps(program, ensure_ascii=False, sort_keys=True)


def environment_of(runtime: Runtime) -> dict[str, Any]:
    """Return a runtime as flat names and values."""
    return {
        "python": runtime.python,
        "platform": runtime.platform,
        "cpus": runtime.cpus,
        "gpu": ", ".join(runtime.gpus),
        **dict(sorted(runtime.threads.items())),
        **{f"packages.{name}": version for name, version in sorted(runtime.packages.items())},
    }


def _parents(parents: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return parents by what they are called: the model, else the path, else the kind of relation."""
    found: dict[str, Any] = {}
    for parent in parents:
        name = parent.get("model") or parent.get("path") or parent.get("relation") or "parent"
        found[name if name not in found else f"{name} ({len(found) + 1})"] = dict(parent)
    return found


# Repeated runs -----------------------------------------------------------------------------------------------------


def fold(runs: Sequence[Facts]) -> tuple[Side, ...]:
    """Put together runs that repeat each other: the same in everything but a seed and the time.

    Two runs stay apart, because whoever names two wants to see what is between them.
    """
    if len(runs) <= 2:
        return tuple(Side((each,)) for each in runs)
    groups: dict[str, list[Facts]] = {}
    for each in runs:
        groups.setdefault(_signature(each), []).append(each)
    return tuple(Side(tuple(group)) for group in groups.values())


def is_seed(name: str) -> bool:
    """Whether a parameter is a seed, by its name.

    Examples
    --------
    >>> is_seed("train.seed"), is_seed("random_state"), is_seed("model.np_seed"), is_seed("seedling")
    (True, True, True, False)
    """
    return bool(_SEED.fullmatch(name))


def _signature(facts: Facts) -> str:
    if facts.run is None:
        return facts.name
    environment = facts.environment or {}
    return json.dumps(
        [
            facts.status,
            {name: value for name, value in facts.params.items() if not is_seed(name)},
            {path: each.digest for path, each in facts.inputs.items()} or facts.tree,
            {name: _SEED_ARGUMENT.sub(r"\1*", text) for name, text in facts.commands.items()},
            {
                name: value
                for name, value in environment.items()
                if name in ("python", "gpu") or name.startswith("packages.")
            },
            facts.parents,
        ],
        sort_keys=True,
        default=str,
    )
