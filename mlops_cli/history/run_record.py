"""The run record: one execution of part of a pipeline, in a file that never changes once it is written."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError, FileError
from mlops_cli.formats.canonical import object_field, pretty, read_record, text_field
from mlops_cli.formats.redact import redact
from mlops_cli.git.facts import Actor, Code
from mlops_cli.history.runtime import Runtime
from mlops_cli.settings import Trigger
from mlops_cli.store.artifact import Artifact, artifact_from_record
from mlops_cli.store.digest import Digest, parse_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlops_cli.formats.canonical import Json

RUN_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class StageRun:
    """One stage in a run.

    Parameters
    ----------
    status : str
        `ran`, `cached`, `fresh`, `failed`, `skipped`, `tainted`, or `killed`: the command was, before it said what became of it.
    key : Digest or None
        None where an input was never known.
    params : mapping
        File to name to value.
    filled : mapping
        The same of parameters that are not declared, and stood in the stage's texts where templates put them; no part of its key.
    metrics : mapping
        Name to number, or to an object with `value`, `n`, `low`, `high`.
    """

    name: str
    status: str
    key: Digest | None = None
    program: Json = None
    seconds: float = 0.0
    peak_memory: int | None = None
    exit_code: int | None = None
    log: Digest | None = None
    message: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    deps: Mapping[str, Artifact] = field(default_factory=dict)
    outs: Mapping[str, Artifact] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    filled: Mapping[str, Any] = field(default_factory=dict)

    def brief(self) -> StageRun:
        """Return what a record says of a stage that had nothing to do: its key, and what no stage record holds."""
        if self.status != "fresh":
            return self
        return StageRun(self.name, self.status, self.key, metrics=self.metrics, filled=self.filled)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One execution of part of a pipeline.

    Parameters
    ----------
    id : str
        UTC time and random digits; sorts by time.
    status : str
        `ok`, `failed`, `stopped` (by Ctrl-C) or `killed`.
    started : str
        UTC, ISO 8601, to the millisecond.
    pipeline : mapping
        `file` and its `digest`.
    params, metrics : mapping
        Flat: what the stages used and reported.
    parents : tuple of mapping
        Models that this run built on, each with its relation.
    left_out : tuple of mapping
        What the snapshot of uncommitted code does not hold: `path`, `why`, and `size` where that means something.
    experiment : mapping or None
        For a run of an experiment: `sweep`, its id, `set`, the parameters that were set for it, and `dirty`, whether it began
        with uncommitted changes.
    """

    id: str
    status: str
    started: str
    seconds: float
    message: str
    actor: Actor | None
    trigger: Trigger
    code: Code
    pipeline: Mapping[str, str]
    stages: tuple[StageRun, ...]
    runtime: Runtime
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[Mapping[str, str], ...] = ()
    left_out: tuple[Mapping[str, Any], ...] = ()
    experiment: Mapping[str, Any] | None = None


def new_run_id(now: datetime | None = None) -> str:
    """Return an id for a run that starts now: `20260131T175900123-1f2e3d4c`."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}-{os.urandom(4).hex()}"


def flat_params(stages: Iterable[StageRun]) -> dict[str, Any]:
    """Return the parameters of all stages by dotted name; one that two files define differently is prefixed by its file."""
    found: dict[str, dict[str, Any]] = {}
    for stage in stages:
        for file, values in (*stage.filled.items(), *stage.params.items()):
            for name, value in values.items():
                _flatten(name, value, file, found)
    flat: dict[str, Any] = {}
    for name, by_file in found.items():
        if len(by_file) == 1:
            flat[name] = next(iter(by_file.values()))
        else:
            flat.update({f"{file}:{name}": value for file, value in by_file.items()})
    return flat


def _flatten(name: str, value: Any, file: str, found: dict[str, dict[str, Any]]) -> None:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            _flatten(f"{name}.{key}" if name else key, item, file, found)
    else:
        found.setdefault(name, {})[file] = value


def flat_metrics(stages: Iterable[StageRun]) -> dict[str, Any]:
    """Return the metrics of all stages by name; one that several stages report is prefixed by its stage, `train@a:auc`."""
    reported: dict[str, dict[str, Any]] = {}
    for stage in stages:
        for name, value in stage.metrics.items():
            reported.setdefault(name, {})[stage.name] = value
    flat: dict[str, Any] = {}
    for name, by_stage in reported.items():
        if len(by_stage) == 1:
            flat[name] = next(iter(by_stage.values()))
        else:
            flat.update({f"{stage}:{name}": value for stage, value in by_stage.items()})
    return flat


def dump_run_record(record: RunRecord) -> bytes:
    """Return the bytes of a record's file."""
    code, runtime = record.code, record.runtime
    # What most runs have nothing to say of is left out.
    extra = {"left_out": [dict(row) for row in record.left_out], "experiment": record.experiment}
    return pretty(
        {
            **{name: value for name, value in extra.items() if value},
            "schema": RUN_SCHEMA,
            "id": record.id,
            "message": record.message,
            "status": record.status,
            "started": record.started,
            "seconds": round(record.seconds, 3),
            "actor": None
            if record.actor is None
            else {"name": record.actor.name, "email": record.actor.email},
            "trigger": {
                "kind": record.trigger.kind,
                "url": redact(record.trigger.url) if record.trigger.url else None,
            },
            "code": {
                "commit": code.commit,
                "tree": code.tree,
                "snapshot": code.snapshot,
                "dirty": code.dirty,
                "branch": code.branch,
            },
            "pipeline": dict(record.pipeline),
            "stages": [_dump_stage(stage) for stage in record.stages],
            "params": dict(record.params),
            "metrics": dict(record.metrics),
            "parents": [dict(parent) for parent in record.parents],
            "runtime": {
                "python": runtime.python,
                "packages": {"digest": runtime.packages_digest, "names": dict(runtime.packages)},
                "platform": runtime.platform,
                "cpus": runtime.cpus,
                "gpu": list(runtime.gpus),
                "threads": dict(runtime.threads),
            },
        }
    )


def _dump_stage(stage: StageRun) -> dict[str, Any]:
    """Return a stage's row: what is empty is left out, so that a record of a thousand fresh stages stays small."""
    row = {
        "name": stage.name,
        "status": stage.status,
        "key": stage.key,
        "program": stage.program,
        "seconds": round(stage.seconds, 3),
        "peak_memory": stage.peak_memory,
        "exit_code": stage.exit_code,
        "log": stage.log,
        "message": stage.message,
        "params": {file: dict(values) for file, values in stage.params.items()},
        "filled": {file: dict(values) for file, values in stage.filled.items()},
        "deps": {path: artifact.record() for path, artifact in stage.deps.items()},
        "outs": {path: artifact.record() for path, artifact in stage.outs.items()},
        "metrics": dict(stage.metrics),
    }
    return {
        name: value for name, value in row.items() if value is not None and (value or name == "exit_code")
    }


def load_run_record(data: bytes, file: str) -> RunRecord:
    """Return the record in a file's bytes.

    Raises
    ------
    FileError
        When the bytes are not a run record.
    """
    value = read_record(data, file=file, schema=RUN_SCHEMA)
    try:
        actor, trigger, code = value["actor"], value["trigger"], object_field(value, "code", file)
        return RunRecord(
            id=text_field(value, "id", file),
            status=text_field(value, "status", file),
            started=text_field(value, "started", file),
            seconds=float(value["seconds"]),
            message=text_field(value, "message", file),
            actor=None if actor is None else Actor(actor["name"], actor["email"]),
            trigger=Trigger(trigger["kind"], trigger["url"]),
            code=_load_code(code),
            pipeline=object_field(value, "pipeline", file),
            stages=tuple(_load_stage(row) for row in value["stages"]),
            runtime=_load_runtime(object_field(value, "runtime", file)),
            params=object_field(value, "params", file),
            metrics=object_field(value, "metrics", file),
            parents=tuple(dict(parent) for parent in value["parents"]),
            left_out=tuple(dict(row) for row in value.get("left_out", ())),
            experiment=dict(value["experiment"]) if value.get("experiment") else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError, DataError) as error:
        raise FileError(
            f"{file} is not a run record", hint=f"Bring it back with: git checkout -- {file}"
        ) from error


def _load_code(row: Mapping[str, Any]) -> Code:
    return Code(row["commit"], row["tree"], row["branch"], bool(row["dirty"]), row.get("snapshot"))


def _load_stage(row: Mapping[str, Any]) -> StageRun:
    return StageRun(
        name=row["name"],
        status=row["status"],
        key=parse_digest(row["key"]) if "key" in row else None,
        program=row.get("program"),
        seconds=float(row.get("seconds", 0.0)),
        peak_memory=row.get("peak_memory"),
        exit_code=row.get("exit_code"),
        log=parse_digest(row["log"]) if "log" in row else None,
        message=row.get("message", ""),
        params=row.get("params", {}),
        deps={path: artifact_from_record(a) for path, a in row.get("deps", {}).items()},
        outs={path: artifact_from_record(a) for path, a in row.get("outs", {}).items()},
        metrics=row.get("metrics", {}),
        filled=row.get("filled", {}),
    )


def _load_runtime(row: Mapping[str, Any]) -> Runtime:
    return Runtime(
        python=row["python"],
        packages=row["packages"]["names"],
        packages_digest=parse_digest(row["packages"]["digest"]),
        platform=row["platform"],
        cpus=row["cpus"],
        gpus=tuple(row["gpu"]),
        threads=row["threads"],
    )
