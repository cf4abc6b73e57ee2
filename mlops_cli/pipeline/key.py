"""The key: the digest of everything that decides a stage's result, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import Digest, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.pipeline.definition import Stage

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
    return digest_bytes(
        compact(
            {
                "schema": KEY_SCHEMA,
                "program": stage.program,
                "wdir": stage.wdir,
                "deps": dict(deps),
                "params": {file: dict(values) for file, values in stage.params.items()},
                "env": dict(env),
                "runtime": dict(runtime),
                "outs": sorted(out.path for out in stage.outs),
            }
        )
    )
