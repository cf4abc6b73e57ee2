"""Settings and pipeline as their files say; out of a memo while none of them has changed, so that no parser is imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_cli.execution.builtins import STEPS
from mlops_cli.pipeline.definition import Pipeline, dump_pipeline, load_pipeline
from mlops_cli.settings import Config
from mlops_cli.store.digest import digest_bytes
from mlops_cli.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.project import Project
    from mlops_cli.store.stat_cache import StatCache
    from mlops_cli.store.workspace import Workspace

# Raised whenever the parser reads the same file differently, so that no memo of an older reading is believed.
_READING = 4


def read_config(data: bytes, file: str, cache: StatCache) -> Config:
    """Return the settings in the bytes of a settings file.

    Raises
    ------
    DefinitionError
        With every problem in it.
    """
    name = f"config {VERSION} {digest_bytes(data)}"
    memo = cache.memo(name)
    if memo is not None:
        values: dict[str, Any] = json.loads(memo)
        return Config(**values | {"links": tuple(values["links"])})
    from mlops_cli.formats.config_file import parse_config

    config = parse_config(data, file)
    cache.keep_memo(name, json.dumps(config._asdict()).encode())
    return config


def read_pipeline(
    read: Callable[[str], bytes | None],
    there: Callable[[str], bool],
    workspace: Workspace,
    cache: StatCache,
    project: Project,
) -> Pipeline:
    """Return the pipeline of a project.

    Parameters
    ----------
    read : callable
        Returns the bytes of a file of the project, or None where there is none.
    there : callable
        Says whether anything lies at a path, or is tracked there as data.

    Raises
    ------
    DefinitionError
        With every problem of every file.
    FileError
        When there is no pipeline file.
    """
    name = f"pipeline {project.root}"
    memo = _remembered(name, workspace, cache, project.depth)
    if memo is not None:
        return memo
    from mlops_cli.pipeline.parse import parse_pipeline

    digests: dict[str, str | None] = {}

    def noted(path: str) -> bytes | None:
        data = read(path)
        digests[path] = None if data is None else digest_bytes(data)
        return data

    pipeline = parse_pipeline(noted, depth=project.depth, steps=STEPS, there=there)
    # From here on a change of these files is seen, also while a stage runs that uses them.
    workspace.look(pipeline.files)
    value = {
        "version": VERSION,
        "reading": _READING,
        "depth": project.depth,
        "files": {path: digests.get(path) for path in pipeline.files},
        "pipeline": dump_pipeline(pipeline),
    }
    cache.keep_memo(name, json.dumps(value).encode())
    return pipeline


def _remembered(name: str, workspace: Workspace, cache: StatCache, depth: int) -> Pipeline | None:
    data = cache.memo(name)
    if data is None:
        return None
    try:
        memo: dict[str, Any] = json.loads(data)
        if (memo["version"], memo["reading"], memo["depth"]) != (VERSION, _READING, depth):
            return None
        workspace.look(memo["files"])
        for path, digest in memo["files"].items():
            artifact = workspace.artifact(path)
            if (artifact.digest if artifact else None) != digest:
                return None
        return load_pipeline(memo["pipeline"])
    except (ValueError, KeyError, TypeError, IndexError):
        return None
