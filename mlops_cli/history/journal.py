"""The journal: a private ref of this clone that keeps every run record, every event and every snapshot."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.git.journal import JOURNALS, Entry, add_entries, snapshot_path
from mlops_cli.git.objects import TREE_MODE
from mlops_cli.store.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.git.command import Git
    from mlops_cli.project import Project

_RUN_ID = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)\d*-[0-9a-f]+")
_CLONE_ID = re.compile(r"[0-9a-f]{12}")


def journal_path(prefix: str, run: str, event: str = "") -> str:
    """Return where a journal keeps a run's record, or an event of that run.

    The time in the run's id spreads the files over folders, so that adding one rewrites little.

    Parameters
    ----------
    prefix : str
        The project's folder relative to the top of the worktree, with a slash at its end; empty for the top itself.
    event : str
        Kind and random digits of an event: `note-1f2e3d4c`.

    Examples
    --------
    >>> journal_path("models/", "20260131T175900123-1f2e3d4c")
    'models/runs/2026-01/31/17/20260131T175900123-1f2e3d4c.json'
    >>> journal_path("", "20260131T175900123-1f2e3d4c", "note-0a1b2c3d")
    'runs/2026-01/31/17/20260131T175900123-1f2e3d4c.note-0a1b2c3d.json'
    """
    found = _RUN_ID.fullmatch(run)
    if found is None:
        raise ValueError(f"{run} is not the id of a run")
    year, month, day, hour = found.groups()
    name = f"{run}.{event}" if event else run
    return f"{prefix}runs/{year}-{month}/{day}/{hour}/{name}.json"


def clone_id(project: Project) -> str:
    """Return the id by which this clone's journal is known; made when first asked for.

    Raises
    ------
    DataError
        When it cannot be written, or what is written there is not such an id.
    """
    path = project.local / "clone"
    try:
        try:
            text = path.read_text()
        except FileNotFoundError:
            beside = path.with_name(f"clone.{os.getpid()}.{os.urandom(3).hex()}")
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(f"{os.urandom(6).hex()}\n")
            try:
                with suppress(FileExistsError):  # another process was faster, and its id is the one
                    os.link(beside, path)
            finally:
                beside.unlink()
            text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read or written: {error}") from error
    if not _CLONE_ID.fullmatch(text.strip()):
        raise DataError(f"{path} does not hold the id of a clone", hint=f"Have a new one made: rm {path}")
    return text.strip()


class Journal:
    """The journal of this clone.

    Parameters
    ----------
    git : Git
        Questions asked anywhere in the repository.
    """

    def __init__(self, git: Git, project: Project) -> None:
        self._git = git
        self._project = project

    @property
    def ref(self) -> str:
        """The ref that keeps it."""
        return f"{JOURNALS}{clone_id(self._project)}"

    def append(self, files: Mapping[str, bytes], snapshots: Sequence[str] = ()) -> None:
        """Add files and snapshots; safe beside any number of processes that do the same.

        Parameters
        ----------
        files : mapping
            Path in the journal, as `journal_path` gives it, to bytes. What is there already stays as it is.
        snapshots : sequence of str
            Ids of trees that hold the code of runs; those that Git does not have any more are passed over.

        Raises
        ------
        DataError
            When the journal is damaged, or cannot be written.
        """
        entries = {path: Entry(data) for path, data in files.items()}
        entries |= {snapshot_path(tree): Entry(id=tree, mode=TREE_MODE) for tree in snapshots}
        self.add(self.ref, entries)

    def add(self, ref: str, entries: Mapping[str, Entry]) -> None:
        """Add to a ref that is kept as a journal is; as `append`."""
        # Git's own way of telling that another was faster is enough; with the lock nobody has to try twice.
        lock = Lock(self._project.local / "locks" / "journal")
        try:
            lock.acquire(wait=True)
        except OSError as error:
            raise DataError(f"{self._project.local} cannot be written: {error.strerror}") from error
        try:
            add_entries(self._git, self._project.common_dir, ref, entries)
        finally:
            lock.release()
