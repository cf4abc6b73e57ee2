"""The stage record: which key and outputs a stage had last.

It holds nothing but what follows from content, so the same work done on two clones gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError, FileError
from mlops_cli.formats.canonical import object_field, pretty, read_record, text_field
from mlops_cli.formats.redact import redact
from mlops_cli.store.artifact import Artifact, artifact_from_record
from mlops_cli.store.digest import Digest, parse_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json
    from mlops_cli.pipeline.definition import Stage

RECORD_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class StageRecord:
    """What a stage read and made when it last ran or was restored.

    Parameters
    ----------
    program : JSON
        What ran, without secrets.
    tainted : bool
        An input changed while the stage ran: the outputs belong to no key, and the stage must run again.
    """

    stage: str
    key: Digest
    program: Json
    wdir: str = "."
    deps: Mapping[str, Artifact] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    env: Mapping[str, str | None] = field(default_factory=dict)
    runtime: Mapping[str, Digest] = field(default_factory=dict)
    outs: Mapping[str, Artifact] = field(default_factory=dict)
    tainted: bool = False


def record_of(
    stage: Stage,
    key: Digest,
    deps: Mapping[str, Artifact],
    env: Mapping[str, str | None],
    runtime: Mapping[str, Digest],
    outs: Mapping[str, Artifact],
    *,
    tainted: bool = False,
) -> StageRecord:
    """Return the record of a stage that has just run or been restored."""
    return StageRecord(
        stage.name, key, shown_program(stage), stage.wdir, deps, stage.params, env, runtime, outs, tainted
    )


def shown_program(stage: Stage) -> Json:
    """Return a stage's program as records show it: without secrets."""
    return stage.program if stage.uses else [redact(command) for command in stage.commands]


def shown_filled(stage: Stage) -> dict[str, dict[str, Json]]:
    """Return the parameters in a stage's texts as run records show them: without those that are secret.

    That is one whose name says so, and one that was taken out of the program.
    """
    before, after = str(stage.program), str(shown_program(stage))
    found: dict[str, dict[str, Json]] = {}
    for file, values in stage.filled.items():
        for name, value in values.items():
            said, text = f"{name}={value}", str(value)
            if redact(said) == said and (not text or before.count(text) == after.count(text)):
                found.setdefault(file, {})[name] = value
    return found


def dump_stage_record(record: StageRecord) -> bytes:
    """Return the bytes of a record's file."""
    value: dict[str, Json] = {
        "schema": RECORD_SCHEMA,
        "stage": record.stage,
        "key": record.key,
        "program": record.program,
        "wdir": record.wdir,
        "deps": {path: artifact.record() for path, artifact in record.deps.items()},
        "params": {name: dict(values) for name, values in record.params.items()},
        "env": dict(record.env),
        "runtime": dict(record.runtime),
        "outs": {path: artifact.record() for path, artifact in record.outs.items()},
    }
    if record.tainted:
        value["tainted"] = True
    return pretty(value)


def load_stage_record(data: bytes, file: str) -> StageRecord:
    """Return the record in a file's bytes.

    Raises
    ------
    FileError
        When the bytes are not a record, with how to bring it back.
    """
    value = read_record(data, file=file, schema=RECORD_SCHEMA)
    try:
        return StageRecord(
            stage=text_field(value, "stage", file),
            key=parse_digest(value.get("key")),
            program=value.get("program"),
            wdir=text_field(value, "wdir", file),
            deps=_artifacts(value, "deps", file),
            params=_params(value, file),
            env=_env(value, file),
            runtime={path: parse_digest(d) for path, d in object_field(value, "runtime", file).items()},
            outs=_artifacts(value, "outs", file),
            tainted=value.get("tainted") is True,
        )
    except DataError as error:
        raise FileError(
            f"{file}: {error.message}", hint=f"Bring it back with: git checkout -- {file}"
        ) from error


def _artifacts(value: Mapping[str, Any], name: str, file: str) -> dict[str, Artifact]:
    return {path: artifact_from_record(row) for path, row in object_field(value, name, file).items()}


def _params(value: Mapping[str, Any], file: str) -> dict[str, Any]:
    params = object_field(value, "params", file)
    return {name: object_field(params, name, file) for name in params}


def _env(value: Mapping[str, Any], file: str) -> dict[str, str | None]:
    env = object_field(value, "env", file)
    return {name: None if env[name] is None else text_field(env, name, file) for name in env}
