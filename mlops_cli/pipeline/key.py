"""The key: the digest of everything that decides a stage's result, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import Digest, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.formats.canonical import Json
    from mlops_cli.pipeline.definition import Stage
    from mlops_cli.pipeline.record import StageRecord

# Part of every key: a change of what a key is made of must never meet old results.
KEY_SCHEMA = 1


def stage_key(
    stage: Stage, deps: Mapping[str, Digest], env: Mapping[str, str | None], runtime: Mapping[str, Digest]
) -> Digest:
    """Return the key of a stage.

    It covers the program, the working directory, input paths with their digests, the parameter values used, the values of the
    named variables (None for one that is not set), the digests of runtime files, and the output paths. Not: time, machine,
    user, branch, the stage's name, or how it is scheduled. The same work under another name is the same work.

    Parameters
    ----------
    stage : Stage
        The definition.
    deps : mapping
        Path to digest of each input, patterns resolved.
    env, runtime : mapping
        Variable to value; file to digest.
    """
    return _key(stage.program, stage.wdir, deps, stage.params, env, runtime, [out.path for out in stage.outs])


def recorded_key(record: StageRecord) -> Digest:
    """Return the key that follows from what a stage record says; its own, unless the record or its program was altered.

    Where a secret was taken out of the program before it was recorded, the key cannot be had again.
    """
    deps = {path: artifact.digest for path, artifact in record.deps.items()}
    return _key(
        record.program, record.wdir, deps, record.params, record.env, record.runtime, list(record.outs)
    )


def _key(
    program: Json,
    wdir: str,
    deps: Mapping[str, Digest],
    params: Mapping[str, Mapping[str, Json]],
    env: Mapping[str, str | None],
    runtime: Mapping[str, Digest],
    outs: Sequence[str],
) -> Digest:
    return digest_bytes(
        compact(
            {
                "schema": KEY_SCHEMA,
                "program": program,
                "wdir": wdir,
                "deps": dict(deps),
                "params": {file: dict(values) for file, values in params.items()},
                "env": dict(env),
                "runtime": dict(runtime),
                "outs": sorted(outs),
            }
        )
    )
