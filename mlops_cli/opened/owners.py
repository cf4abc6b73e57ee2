"""Who owns a path: a stage that makes it, Git, or a data record; never two of them, and no record without an owner."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from mlops_cli.formats.problems import Problem
from mlops_cli.project import RECORDS, stage_record_path
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.stat_cache import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mlops_cli.git.command import Git
    from mlops_cli.pipeline.definition import Pipeline
    from mlops_cli.project import Project
    from mlops_cli.store.stat_cache import StatCache
    from mlops_cli.store.tracked import DataRecord


def outputs_in_git(
    pipeline: Pipeline, project: Project, cache: StatCache, git: Callable[[], Git]
) -> list[Problem]:
    """Return a problem for each output that Git tracks although the store keeps it; asks Git only after a change."""
    try:
        index = identity_of(os.stat(project.git_dir / "index"))
    except OSError:
        return []
    owned = {o.path: (s, o) for s in pipeline.stages.values() for o in s.outs if o.cache}
    name = f"untracked {project.root}"
    state = digest_bytes(json.dumps([list(index), sorted(owned)]).encode()).encode()
    if cache.memo(name) == state:
        return []
    from mlops_cli.git.facts import tracked_files

    problems = []
    for file in tracked_files(git()):
        parts = file.split("/")
        for count in range(1, len(parts) + 1):
            found = owned.get("/".join(parts[:count]))
            if found:
                stage, out = found
                message = f"{out.path} is an output of {stage.name}, and Git tracks {file}"
                hint = f"git rm --cached {file}; or keep it in Git with {{path: {out.path}, cache: false}}"
                problems.append(Problem(*out.place, message, hint))
    if not problems:
        cache.keep_memo(name, state)
    return problems


def outputs_as_data(pipeline: Pipeline, data: Mapping[str, DataRecord]) -> list[Problem]:
    """Return a problem for each output that is tracked as data, too: only one of the two can say what it is."""
    from mlops_cli.store.tracked import overlapping

    problems = []
    for stage in pipeline.stages.values():
        for out in stage.outs:
            tracked = overlapping(data, out.path)
            if tracked:
                message = f"{out.path} is an output of {stage.name}, and {tracked[0]} is tracked as data"
                hint = f"no longer track it with: mlops remove {tracked[0]}"
                problems.append(Problem(*out.place, message, hint))
    return problems


def drop_old_records(root: Path, stages: Mapping[str, object]) -> list[str]:
    """Remove the records of stages that the pipeline no longer has, and return their paths; Git still knows them."""
    known = {stage_record_path(name) for name in stages}
    gone = []
    for folder, _folders, files in os.walk(f"{root}/{RECORDS}/stages"):
        for name in files:
            path = f"{folder}/{name}"[len(str(root)) + 1 :]
            if name.endswith(".json") and path not in known:
                os.unlink(f"{root}/{path}")
                gone.append(path)
    return gone
