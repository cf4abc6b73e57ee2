"""The same verbs from Python.

Examples
--------
::

    from mlops_cli import open_project

    with open_project("path/to/repository") as project:
        if not project.status().fresh:
            result = project.run(["train"], message="deeper trees")
            print(result.good, [outcome.metrics for outcome in result.outcomes])
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from mlops_cli.actions.add import AddResult, add
from mlops_cli.actions.checkout import checkout
from mlops_cli.actions.diff import DiffResult, diff
from mlops_cli.actions.fetch import fetch
from mlops_cli.actions.graph import GraphResult, graph
from mlops_cli.actions.pull import PullResult, pull
from mlops_cli.actions.push import push
from mlops_cli.actions.remove import RemoveResult, remove
from mlops_cli.actions.run import RunOptions, RunResult, run
from mlops_cli.actions.stages import StagesResult, stages
from mlops_cli.actions.status import StatusResult, status
from mlops_cli.actions.verify import verify
from mlops_cli.opened import Opened, open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from mlops_cli.execution.events import Event
    from mlops_cli.history.trouble import VerifyResult
    from mlops_cli.project import Project
    from mlops_cli.store.transfer.outcome import Transfer
    from mlops_cli.tracking.agreeing import CheckoutResult


class ProjectApi:
    """One project. Each call looks at the files anew, so a long-lived object is never out of date.

    Parameters
    ----------
    folder : Path
        A folder of the project.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open().__exit__(None, None, None)

    def __enter__(self) -> Self:
        """Return itself: there is nothing to hold open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    @property
    def project(self) -> Project:
        """Where everything lies."""
        return self._open().project

    def status(self, stages: Sequence[str] = ()) -> StatusResult:
        """Return the state of stages, as `mlops status`."""
        with self._open() as opened:
            return status(opened, _names(stages))

    def run(
        self,
        stages: Sequence[str] = (),
        *,
        jobs: int | None = None,
        force: bool = False,
        keep_going: bool = False,
        dry: bool = False,
        only: bool = False,
        downstream: bool = False,
        message: str = "",
        commit: bool = False,
        pull: bool = False,
        listen: Callable[[Event], None] = lambda _: None,
    ) -> RunResult:
        """Bring stages up to date, as `mlops run`; a failed stage is in the result, not an exception."""
        options = RunOptions(jobs, force, keep_going, dry, only, downstream, message, commit, pull)
        with self._open() as opened:
            return run(opened, _names(stages), options, listen)

    def stages(self, names: Sequence[str] = ()) -> StagesResult:
        """Return the stages, as `mlops stages`."""
        with self._open() as opened:
            return stages(opened, _names(names))

    def graph(self, stages: Sequence[str] = (), *, full: bool = True) -> GraphResult:
        """Return which stage needs which, as `mlops graph`."""
        with self._open() as opened:
            return graph(opened, _names(stages), full=full)

    def add(self, paths: Sequence[str], *, force: bool = False) -> AddResult:
        """Track files and directories, as `mlops add`; what could not be added is in the result."""
        with self._open() as opened:
            return add(opened, _names(paths), force=force)

    def remove(self, paths: Sequence[str]) -> RemoveResult:
        """Stop tracking data, as `mlops remove`; the data stays where it is."""
        with self._open() as opened:
            return remove(opened, _names(paths))

    def checkout(self, paths: Sequence[str] = (), *, force: bool = False) -> CheckoutResult:
        """Make the workspace agree with the records, as `mlops checkout`; what would be lost is in the result."""
        with self._open() as opened:
            return checkout(opened, _names(paths), force=force)

    def diff(self, *revisions: str, files: bool = False) -> DiffResult:
        """Compare the artifacts of two commits, or of a commit and the workspace, as `mlops diff`."""
        with self._open() as opened:
            return diff(opened, revisions, files=files)

    def push(self, paths: Sequence[str] = (), remote: str | None = None, *, repair: bool = False) -> Transfer:
        """Send what is recorded to a remote, as `mlops push`; what could not be sent is in the result."""
        with self._open() as opened:
            return push(opened, _names(paths), remote, repair=repair)

    def fetch(self, paths: Sequence[str] = (), remote: str | None = None) -> Transfer:
        """Bring what is recorded into the local store, as `mlops fetch`; what could not be brought is in the result."""
        with self._open() as opened:
            return fetch(opened, _names(paths), remote)

    def pull(
        self, paths: Sequence[str] = (), remote: str | None = None, *, force: bool = False
    ) -> PullResult:
        """Bring what is recorded, and place it, as `mlops pull`."""
        with self._open() as opened:
            return pull(opened, _names(paths), remote, force=force)

    def verify(
        self,
        paths: Sequence[str] = (),
        *,
        repair: bool = False,
        history: bool = False,
        remote: str | None = None,
    ) -> VerifyResult:
        """Compare records and store with their digests, as `mlops verify`; what is wrong is in the result."""
        with self._open() as opened:
            return verify(opened, _names(paths), repair=repair, history=history, remote=remote)

    def _open(self) -> Opened:
        return open_folder(self._folder)


def _names(stages: Sequence[str]) -> Sequence[str]:
    """Return one name as a list of one: text is a sequence, too, but nobody means its letters."""
    return [stages] if isinstance(stages, str) else stages


def open_project(folder: str | Path = ".") -> ProjectApi:
    """Open the project that a folder belongs to.

    Raises
    ------
    UsageError
        When the folder is not inside a Git repository.
    """
    return ProjectApi(Path(folder))
