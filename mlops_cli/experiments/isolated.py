"""An isolated worktree: one of Git's trees checked out in a place of our own, in which the pipeline can run.

What lies there belongs to one command, which holds a lock for as long as it lives. Its children inherit another one, so that what a
killed command left running is found, ended and swept away by the next command that needs a worktree.
"""

from __future__ import annotations

import os
import posixpath
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, UsageError
from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_repository
from mlops_cli.git.private_worktrees import (
    add_worktree,
    clean_worktree,
    fill_worktree,
    remove,
    remove_worktree,
)
from mlops_cli.git.worktrees import PRIVATE
from mlops_cli.opened import Opened
from mlops_cli.project import RECORDS, stage_record_path
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_PATIENCE = 5.0  # seconds in which a process that was ended lets its locks go


@dataclass(slots=True)
class Isolated:
    """One isolated worktree, for one thread at a time.

    Parameters
    ----------
    root : Path
        The top of the worktree.
    opened : Opened
        The project in it, as it was when it was last filled or refreshed.
    source : Opened
        The project that the user works in.
    descriptor : int
        Of a lock that children keep open for as long as they live.
    """

    root: Path
    opened: Opened
    source: Opened
    descriptor: int

    @property
    def folder(self) -> Path:
        """Where the user would stand in it."""
        return self.opened.project.root / self.source.folder

    @property
    def variables(self) -> dict[str, str]:
        """The environment of what runs in it: the user's, without what it says of a repository."""
        own = self.source.environment.variables
        # What Git is asked with differs in more than that; programs of the user's have to see what they always see.
        about = own.keys() - Git(self.root, own).variables.keys()
        found = {name: value for name, value in own.items() if name not in about}
        if self.source.store != self.source.project.local:
            found["MLOPS_CACHE_DIR"] = str(self.source.store.absolute())
        return found

    def fill(self, tree: str, keep: Collection[str] = ()) -> Opened:
        """Make it what a tree says, and nothing else; return the project in it.

        Stage records go, so that everything is restored or run, and the run's record tells all of it. Those of frozen stages
        stay, which have nothing else to go by.

        Parameters
        ----------
        tree : str
            Id of one of Git's trees.
        keep : collection of str
            Paths of the project that stay as they lie: inputs that were placed.

        Raises
        ------
        DataError
            When Git cannot write it.
        """
        git, prefix = Git(self.root, self.source.environment.variables), self.source.project.prefix
        fill_worktree(git, tree)
        clean_worktree(git, [posixpath.normpath(prefix + path) for path in keep])
        # A project is found by this folder, whether Git has anything in it or not.
        (self.root / prefix / RECORDS).mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.refresh()
        self._forget_stages()
        return self.opened

    def refresh(self) -> Opened:
        """Open the project anew, after something has changed its files; return it."""
        self.close()
        self.opened = _open(self.source, self.root)
        return self.opened

    def close(self) -> None:
        """Write what was learnt about its files."""
        self.opened.__exit__(None, None, None)

    def _forget_stages(self) -> None:
        project = self.opened.project
        found = set((project.root / RECORDS / "stages").rglob("*.json"))
        if not found:
            return
        stages = self.opened.stages.values()
        for path in found - {project.root / stage_record_path(s.name) for s in stages if s.frozen}:
            path.unlink()


@contextmanager
def isolated(opened: Opened, tree: str, commit: str | None) -> Iterator[Isolated]:
    """Make an isolated worktree that holds a tree; at the end nothing of it is left.

    Parameters
    ----------
    opened : Opened
        The project that the user works in; nothing of it is touched.
    tree : str
        Id of one of Git's trees: a snapshot, or a commit's.
    commit : str or None
        What HEAD is to be there; the records of runs name it.

    Raises
    ------
    UsageError
        When there is no commit yet.
    DataError
        When the worktree cannot be made.
    """
    with worktrees(opened) as pool, pool.worktree(tree, commit) as found:
        yield found


@contextmanager
def worktrees(opened: Opened) -> Iterator[Pool]:
    """Let one command make isolated worktrees, once those of dead commands are swept away.

    Raises
    ------
    DataError
        When the machine-local folder cannot be written.
    """
    local = opened.project.local
    try:
        (local / PRIVATE).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{local} cannot be written: {error.strerror}") from error
    sweep(opened.project.common_dir)
    session = f"{os.getpid()}-{os.urandom(4).hex()}"
    owner = Lock(_owner_file(local, session))
    owner.acquire(wait=True)
    try:
        owner.note(opened.project.prefix)
        yield Pool(opened, session)
    finally:
        with suppress(OSError):
            _owner_file(local, session).unlink()
        owner.release()


@dataclass(slots=True)
class Pool:
    """The isolated worktrees of one command; threads may share it.

    Parameters
    ----------
    session : str
        What their names begin with.
    """

    opened: Opened
    session: str
    _made: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def worktree(self, tree: str, commit: str | None) -> Iterator[Isolated]:
        """Make one more worktree, as `isolated` does.

        Raises
        ------
        UsageError
            When there is no commit yet.
        DataError
            When it cannot be made.
        """
        if commit is None:
            raise UsageError(
                "there is no commit yet, and a worktree needs one to stand on",
                hint="Commit what you have: git add --all && git commit",
            )
        with self._counting:
            self._made += 1
            name = f"{self.session}-{self._made}"
        project = self.opened.project
        root = project.local / PRIVATE / name
        lock = Lock(_children_file(project.local, name))
        lock.acquire(wait=True)
        try:
            with _git_alone(project.local):
                add_worktree(Git(project.worktree, self.opened.environment.variables), root, commit)
            found = Isolated(root, _open(self.opened, root), self.opened, lock.descriptor)
            try:
                found.fill(tree)
                yield found
            finally:
                found.close()
        finally:
            _remove(project.common_dir, root, project.prefix)
            lock.release()


def sweep(common_dir: Path) -> None:
    """Remove the worktrees of commands that are dead, and end what they left running there.

    Parameters
    ----------
    common_dir : Path
        Git's folder that all worktrees share.
    """
    local = common_dir / "mlops"
    sessions: dict[str, list[Path]] = {}
    for root in (local / PRIVATE).glob("*-*-*"):
        sessions.setdefault(root.name.rpartition("-")[0], []).append(root)
    for session, roots in sessions.items():
        owner = Lock(_owner_file(local, session))
        # Taken without waiting: held means alive. Two sweepers cannot both get it.
        if not owner.acquire(wait=False):
            continue
        try:
            prefix = owner.read_note()
            for root in roots:
                if _end_all(local, root, prefix):
                    _remove(common_dir, root, prefix)
        finally:
            if not any(root.exists() for root in roots):
                with suppress(OSError):
                    _owner_file(local, session).unlink()
            owner.release()


def _end_all(local: Path, root: Path, prefix: str) -> bool:
    """End the children that a dead command left in a worktree, and their stages; return whether nobody is there any more."""
    from mlops_cli.execution.process import end_holders

    children = _children_file(local, root.name)
    locks = [children, *(path for path in _stage_locks(local, root, prefix).rglob("*") if path.is_file())]
    for path in locks:
        lock = Lock(path)
        deadline = time.monotonic() + _PATIENCE
        while not lock.acquire(wait=False):
            if time.monotonic() > deadline:
                return False
            end_holders(path)
            time.sleep(0.02)
        lock.release()
    return True


def _remove(common_dir: Path, root: Path, prefix: str) -> None:
    local = common_dir / "mlops"
    with _git_alone(local):
        remove_worktree(common_dir, root)
    place = _stage_locks(local, root, prefix)
    for path in (place, place.with_name(f"data-{place.name}"), _children_file(local, root.name)):
        remove(path)


@contextmanager
def _git_alone(local: Path) -> Iterator[None]:
    """Hold the lock under which worktrees are made and removed: Git stumbles over those of others that are half made."""
    lock = Lock(local / "locks" / "worktrees")
    lock.acquire(wait=True)
    try:
        yield
    finally:
        lock.release()


def _open(source: Opened, root: Path) -> Opened:
    """Return the project in a worktree, with the store of the project that the user works in."""
    store = None if source.store == source.project.local else source.store.absolute()
    here = find_repository(root)
    project = here._replace(root=here.worktree / source.project.prefix)
    return Opened(project, source.environment._replace(cache_dir=store), source.folder)


def _owner_file(local: Path, session: str) -> Path:
    return local / "locks" / f"worktrees-{session}"


def _children_file(local: Path, name: str) -> Path:
    return local / "locks" / f"worktree-{name}"


def _stage_locks(local: Path, root: Path, prefix: str) -> Path:
    """Return the folder of the locks of the stages of the project in a worktree."""
    place = str(root.resolve() / prefix)
    return local / "locks" / digest_bytes(place.encode())[3:19]
