"""What `dvc.lock` says of a stage, as a stage record and a result of ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlops_cli.migration.context import ResolveError, load_values
from mlops_cli.migration.lock import Locked, LockedStage, place_in
from mlops_cli.migration.meaning import stage_folder
from mlops_cli.pipeline.key import stage_key
from mlops_cli.pipeline.parameters import lookup
from mlops_cli.pipeline.record import StageRecord, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.migration.pipeline_files import Carried
    from mlops_cli.pipeline.definition import Stage
    from mlops_cli.store.artifact import Artifact


@dataclass(frozen=True, slots=True)
class Remembered:
    """One stage that DVC has run, in our words; paths relative to the project.

    Parameters
    ----------
    stage : Stage
        As it was when DVC ran it last: that command, those values of its parameters.
    deps, outs : mapping
        Path to what DVC saw; None for an input that DVC knew only as parameters.
    """

    stage: Stage
    deps: Mapping[str, Locked | None]
    outs: Mapping[str, Locked]


def remember(
    carried: Carried, locked: LockedStage | None, read: Callable[[str], bytes | None]
) -> Remembered | None:
    """Return what DVC remembers of a stage; None where that does not tell all that a record of ours needs.

    What the lock has and the definition no longer names does not count, as it does not for DVC.

    Parameters
    ----------
    read : callable
        Returns the bytes of a file of the project, or None where there is none.
    """
    if locked is None:
        return None
    stage = carried.stage
    base = stage_folder(carried.member.body, carried.definition.folder)
    seen = {place_in(base, path): each for path, each in locked.deps.items()}
    made = {place_in(base, path): each for path, each in locked.outs.items()}
    values = {place_in(base, file): names for file, names in locked.params.items()}
    params = _params(stage, values)
    outs = {out.path: made[out.path] for out in stage.outs if out.path in made}
    deps: dict[str, Locked | None] = {}
    for dep in stage.deps:
        if dep.path in seen:
            deps[dep.path] = seen[dep.path]
        elif dep.path in values and _unchanged(dep.path, values[dep.path], read):
            deps[dep.path] = None
        elif not stage.frozen:
            return None
    if params is None or len(outs) < len(stage.outs):
        return None
    commands = stage.commands
    if locked.commands != _as_locked(carried.member.body["cmd"]):
        commands = (locked.commands,) if isinstance(locked.commands, str) else locked.commands
    return Remembered(replace(stage, commands=commands, params=params), deps, outs)


def _unchanged(file: str, before: Mapping[str, Any], read: Callable[[str], bytes | None]) -> bool:
    """Whether parameters in a file have the values that DVC saw."""
    try:
        now = load_values(file, read)
        return all(lookup(now, name) == value for name, value in before.items())
    except (ResolveError, LookupError):
        return False


def _as_locked(commands: Any) -> str | tuple[str, ...]:
    return tuple(map(str, commands)) if isinstance(commands, list) else commands


def _params(stage: Stage, locked: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]] | None:
    """Return the values that DVC saw; None where it saw none of one. A value that is the same now is taken as it is now."""
    found: dict[str, dict[str, Any]] = {}
    for file, names in stage.params.items():
        if file not in locked:
            return None
        before = locked[file]
        for name, now in names.items():
            if name and name not in before:
                return None
            value = before[name] if name else dict(before)
            found.setdefault(file, {})[name] = now if value == now else value
    return found


def stage_record(
    remembered: Remembered,
    artifact: Callable[[str, Locked | None], Artifact | None],
    outs: Mapping[str, Artifact],
) -> StageRecord | None:
    """Return the record of a stage; None where an input or an output that DVC saw is nowhere any more.

    Parameters
    ----------
    artifact : callable
        Given an input and what DVC saw of it, returns it.
    outs : mapping
        Path to artifact of everything that is in our store.
    """
    stage = remembered.stage
    deps: dict[str, Artifact] = {}
    for path, locked in remembered.deps.items():
        found = artifact(path, locked)
        if found is not None:
            deps[path] = found
        elif not stage.frozen:
            return None
    made = {path: outs[path] for path in remembered.outs if path in outs}
    if len(made) < len(remembered.outs):
        return None
    key = stage_key(stage, {path: each.digest for path, each in deps.items()}, {}, {})
    return record_of(stage, key, deps, {}, {}, made)
