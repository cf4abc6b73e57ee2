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

from mlops_cli.actions.graph import GraphResult, graph
from mlops_cli.actions.run import RunOptions, RunResult, run
from mlops_cli.actions.stages import StagesResult, stages
from mlops_cli.actions.status import StatusResult, status
from mlops_cli.opened import Opened, open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from mlops_cli.execution.events import Event
    from mlops_cli.project import Project


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
        listen: Callable[[Event], None] = lambda _: None,
    ) -> RunResult:
        """Bring stages up to date, as `mlops run`; a failed stage is in the result, not an exception."""
        options = RunOptions(jobs, force, keep_going, dry, only, downstream, message, commit)
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
