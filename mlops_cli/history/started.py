"""Runs at work, noted beside the store: what of them has not reached the journal yet, the next command puts there.

A note holds the record that is right if nothing more is heard of the run: first that it was killed, at the end what really
became of it. It is removed when the journal has it. So neither a kill nor a journal that cannot be written loses a run.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import MlopsError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.store.session import is_alive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlops_cli.git.command import Git
    from mlops_cli.project import Project


class Started(NamedTuple):
    """One run that the journal does not have yet.

    Parameters
    ----------
    path : str
        Where the journal is to keep its record.
    snapshots : sequence of str
        Trees of the code that the record names.
    store, session : str
        The session that the run belongs to: while it is alive, the run is its own business. Empty where the record is final.
    record : bytes
        The file of the run.
    """

    path: str
    snapshots: Sequence[str]
    store: str
    session: str
    record: bytes


def note_run(project: Project, run: str, started: Started) -> None:
    """Write down what is known of a run, in place of what was written before.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    head = {**started._asdict(), "snapshots": list(started.snapshots)}
    del head["record"]
    write_atomic(_note(project, run), json.dumps(head).encode() + b"\n" + started.record, durable=False)


def forget_run(project: Project, run: str) -> None:
    """Remove the note of a run that the journal has."""
    with suppress(OSError):
        _note(project, run).unlink()


def record_started(git: Git, project: Project) -> tuple[str, ...]:
    """Put into the journal what dead commands have left; return the ids of those runs.

    Costs no more than looking into a folder when there is nothing to do.

    Raises
    ------
    DataError
        When the journal is damaged, or cannot be written: the notes stay.
    """
    left = dict(_left(project))
    if not left:
        return ()
    from mlops_cli.history.journal import Journal

    Journal(git, project).append(
        {note.path: note.record for note in left.values()},
        [tree for note in left.values() for tree in note.snapshots],
    )
    for run in left:
        forget_run(project, run)
    return tuple(left)


def record_killed(git: Git, project: Project) -> list[str]:
    """Put runs into the journal that were killed before they could do so; return what the user should be told."""
    try:
        record_started(git, project)
    except MlopsError as error:
        return [f"a run that was killed is not in the journal yet: {error.message}"]
    return []


def _left(project: Project) -> Iterator[tuple[str, Started]]:
    folder = project.local / "started"
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json") and name[0] != ".")
    except OSError:
        return
    for name in names:
        try:
            head, _, record = (folder / name).read_bytes().partition(b"\n")
            note = Started(**json.loads(head), record=record)
            if not note.session or not is_alive(Path(note.store), note.session):
                yield name.removesuffix(".json"), note
        except FileNotFoundError:
            continue  # the journal has it by now
        except (OSError, ValueError, TypeError):
            with suppress(OSError):  # not a note, so it says nothing about any run
                os.replace(folder / name, folder / f"{name}.damaged")


def _note(project: Project, run: str) -> Path:
    return project.local / "started" / f"{run}.json"
