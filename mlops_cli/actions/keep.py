"""`keep`: write runs that only a journal has into the workspace, to be committed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.git.facts import uncommitted
from mlops_cli.history.run_event import dump_run_event, event_path
from mlops_cli.project import RECORDS
from mlops_cli.tracking.which_run import which_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlops_cli.opened import Opened


@dataclass(frozen=True, slots=True)
class Kept:
    """One run in the workspace.

    Parameters
    ----------
    path : str
        Its file, relative to the project.
    new : bool
        Whether it, or anything that was noted of it, was not there before.
    """

    run: str
    path: str
    new: bool


@dataclass(frozen=True, slots=True)
class KeepResult:
    """What was kept.

    Parameters
    ----------
    written : tuple of str
        Files to commit, relative to the project: also those that lay there before.
    """

    kept: tuple[Kept, ...]
    written: tuple[str, ...]


def keep(opened: Opened, refs: Sequence[str]) -> KeepResult:
    """Write the files of runs, and of what was noted of them, into the workspace.

    Parameters
    ----------
    refs : sequence of str
        Runs, or what leads to one: an artifact, a commit.

    Raises
    ------
    UsageError
        When one of them is no run; nothing is written then.
    DataError
        When another file lies where a run's should.
    """
    runs = list(dict.fromkeys(which_run(opened, ref) for ref in refs))
    files = {run: _files(opened, run) for run in runs}
    kept = []
    for run, found in files.items():
        new = [_write(opened.project.root, path, data) for path, data in found.items()]
        kept.append(Kept(run, next(iter(found)), any(new)))
    wanted = {path for found in files.values() for path in found}
    written = uncommitted(opened.git, opened.project.prefix, wanted, below=(f"{RECORDS}/runs",))
    return KeepResult(tuple(kept), written)


def _files(opened: Opened, run: str) -> dict[str, bytes]:
    """Return the files of a run by their paths, its record first."""
    record = opened.project.run_record(run).relative_to(opened.project.root).as_posix()
    events = {event_path(event): dump_run_event(event) for event in opened.history.events(run)}
    return {record: opened.history.raw(run), **events}


def _write(root: Path, path: str, data: bytes) -> bool:
    """Write a file that never changes; return whether it was not there."""
    try:
        there = (root / path).read_bytes()
    except FileNotFoundError:
        write_atomic(root / path, data)
        return True
    if there != data:
        raise DataError(
            f"{path} is not what the run wrote", hint=f"Bring it back: rm {path}, then keep the run again."
        )
    return False
