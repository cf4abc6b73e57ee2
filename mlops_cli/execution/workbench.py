"""What carrying out a stage needs: the stores, the session, the processes; and the stage's lock."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.execution.process import end_holders
from mlops_cli.store.locks import Lock
from mlops_cli.store.session import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlops_cli.execution.events import Listener
    from mlops_cli.execution.facts import MachineFacts
    from mlops_cli.execution.process import Processes
    from mlops_cli.execution.schedule import Grant
    from mlops_cli.pipeline.builtin import BuiltinStep
    from mlops_cli.pipeline.decision import Decision
    from mlops_cli.pipeline.definition import Stage
    from mlops_cli.pipeline.graph import Graph
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.durability import GroupCommit
    from mlops_cli.store.session import Session


class HeldElsewhere(Exception):  # noqa: N818 - a state to wait out, not an error
    """Another command is at work on this stage."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """Everything that carrying out stages needs.

    Parameters
    ----------
    store : Path
        The folder of objects and results.
    locks : Path
        Where the locks of this worktree's stages lie.
    logs : Path
        Where this run's logs go.
    failed : Path
        Where half-made outputs of this worktree's stages go.
    kept : Path
        Where edited outputs go when a stage replaces them.
    variables : mapping
        The environment of the stages' programs.
    committed : callable
        Returns the bytes that Git has committed at a path of the project, or None.
    pulls : bool
        What is not here was asked for at the remote.
    """

    facts: MachineFacts
    graph: Graph
    session: Session
    commit: GroupCommit
    processes: Processes
    listen: Listener
    store: Path
    locks: Path
    logs: Path
    failed: Path
    kept: Path
    variables: Mapping[str, str]
    steps: Mapping[str, BuiltinStep]
    committed: Callable[[str], bytes | None] = lambda _: None
    pulls: bool = False

    def lock_file(self, stage: Stage) -> Path:
        """Return the lock file of a stage in this worktree."""
        return self.locks / lock_name(stage.name)


@dataclass(frozen=True, slots=True)
class Job:
    """One stage to carry out.

    Parameters
    ----------
    number : int
        Its place in the run; names its temporary folder.
    upstream : mapping
        What was decided for the stages that it needs.
    """

    stage: Stage
    number: int
    grant: Grant
    upstream: Mapping[str, Decision]
    forced: bool = False


def lock_name(stage: str) -> str:
    """Return the name of a stage's lock file."""
    return stage.replace("%", "%25").replace("/", "%2F")


def lock_stage(stage: Stage, bench: Workbench) -> Lock:
    """Take the stage's lock; what a killed command left running is ended first.

    Raises
    ------
    HeldElsewhere
        When another command has the stage at this moment.
    """
    path = bench.lock_file(stage)
    lock = Lock(path)
    if not lock.acquire(wait=False):
        # The owner may keep its store, and so its session, elsewhere than this command does.
        owner, _, store = lock.read_note().partition(" ")
        if not store or is_alive(Path(store), owner) or not end_holders(path):
            raise HeldElsewhere(stage.name)
        lock.acquire(wait=True)
    lock.note(f"{bench.session.id} {bench.store}")
    return lock


@contextmanager
def claim_key(key: Digest, bench: Workbench) -> Iterator[None]:
    """Hold a key while a stage runs with it: whoever else would make the same, in another worktree, waits and has the result.

    Raises
    ------
    HeldElsewhere
        When that is being made at this moment.
    """
    path = bench.store / "locks" / f"key-{key[3:35]}"
    lock = Lock(path)
    if not lock.acquire(wait=False):
        raise HeldElsewhere(key)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        lock.release()
