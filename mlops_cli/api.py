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
from typing import TYPE_CHECKING, Any, Self

from mlops_cli.actions.add import AddResult, add
from mlops_cli.actions.apply import ApplyResult, apply
from mlops_cli.actions.bisect import BisectOptions, BisectResult, By, bisect
from mlops_cli.actions.checkout import checkout
from mlops_cli.actions.compare import CompareResult, compare
from mlops_cli.actions.diff import DiffResult, diff
from mlops_cli.actions.drift import drift
from mlops_cli.actions.evaluate import EvaluateOptions, EvaluateResult, evaluate
from mlops_cli.actions.experiments import ExperimentOptions, ExperimentsResult, experiments
from mlops_cli.actions.fetch import fetch
from mlops_cli.actions.graph import GraphResult, graph
from mlops_cli.actions.lineage import (
    ChainResult,
    LineageDiffResult,
    LineageResult,
    lineage,
    lineage_chain,
    lineage_diff,
)
from mlops_cli.actions.lineage_verify import lineage_verify
from mlops_cli.actions.note import NoteResult, note
from mlops_cli.actions.profile import ProfileResult, profile
from mlops_cli.actions.pull import PullResult, pull
from mlops_cli.actions.push import push
from mlops_cli.actions.remove import RemoveResult, remove
from mlops_cli.actions.rerun import RerunOptions, RerunResult, rerun
from mlops_cli.actions.run import RunOptions, RunResult, run
from mlops_cli.actions.runs import RunsResult, runs
from mlops_cli.actions.show import ShowResult, show
from mlops_cli.actions.stages import StagesResult, stages
from mlops_cli.actions.status import StatusResult, status
from mlops_cli.actions.train import TrainResult, train
from mlops_cli.actions.tried import TriedResult, Wanted, tried
from mlops_cli.actions.validate import validate
from mlops_cli.actions.verify import verify
from mlops_cli.data.checks.request import Request
from mlops_cli.data.drift.model import DriftSettings
from mlops_cli.history.repetition import TOLERANCE
from mlops_cli.opened import Opened, open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from mlops_cli.data.checks.model import Validation
    from mlops_cli.data.drift.model import DriftReport
    from mlops_cli.execution.events import Event, Notice
    from mlops_cli.experiments.trial import Trial
    from mlops_cli.history.lineage.statements import Proof
    from mlops_cli.history.run_event import Outcome
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
        """Bring stages up to date, as `mlops run`; that a stage failed, or Git refused the commit, is in the result."""
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

    def push(
        self,
        paths: Sequence[str] = (),
        remote: str | None = None,
        *,
        repair: bool = False,
        revs: Sequence[str] = (),
        history: bool = False,
    ) -> Transfer:
        """Send what is recorded to a remote, as `mlops push`; what could not be sent is in the result."""
        with self._open() as opened:
            return push(opened, _names(paths), remote, repair=repair, revs=_names(revs), history=history)

    def fetch(
        self,
        paths: Sequence[str] = (),
        remote: str | None = None,
        *,
        revs: Sequence[str] = (),
        history: bool = False,
    ) -> Transfer:
        """Bring what is recorded into the local store, as `mlops fetch`; what could not be brought is in the result."""
        with self._open() as opened:
            return fetch(opened, _names(paths), remote, revs=_names(revs), history=history)

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

    def runs(
        self,
        *where: str,
        sort: str = "",
        columns: str = "",
        limit: int | None = None,
        everything: bool = False,
        records: bool = False,
    ) -> RunsResult:
        """Return runs that meet conditions, newest first, as `mlops runs`; with `records` the bytes of their records, too."""
        with self._open() as opened:
            return runs(
                opened,
                where=where,
                sort=sort,
                columns=columns,
                limit=limit,
                everything=everything,
                records=records,
            )

    def show(self, run: str = "@latest") -> ShowResult:
        """Return everything that is known of a run, as `mlops show`."""
        with self._open() as opened:
            return show(opened, run)

    def note(self, run: str, text: str = "", *, outcome: Outcome | None = None) -> NoteResult:
        """Keep a note on a run, as `mlops note`."""
        with self._open() as opened:
            return note(opened, run, text, outcome=outcome)

    def compare(
        self, *refs: str, everything: bool = False, code: bool = False, each: bool = False
    ) -> CompareResult:
        """Say what differs between runs, as `mlops compare`; the first is the baseline."""
        with self._open() as opened:
            return compare(opened, refs, everything=everything, code=code, each=each)

    def lineage(
        self, ref: str, *, down: bool = False, at: str | None = None, depth: int | None = None
    ) -> LineageResult:
        """Return what made something, or with `down` what came of it, as `mlops lineage`."""
        with self._open() as opened:
            return lineage(opened, ref, down=down, at=at, depth=depth)

    def lineage_chain(self, ref: str, *, at: str | None = None) -> ChainResult:
        """Return from which models one descends, as `mlops lineage --chain`."""
        with self._open() as opened:
            return lineage_chain(opened, ref, at=at)

    def lineage_diff(self, old: str, new: str, *, at: str | None = None) -> LineageDiffResult:
        """Return what differs between how two artifacts were made, as `mlops lineage --diff`."""
        with self._open() as opened:
            return lineage_diff(opened, old, new, at=at)

    def lineage_verify(self, ref: str, *, at: str | None = None, remote: str | None = None) -> Proof:
        """Prove a lineage, as `mlops lineage --verify`; what fails is in the result."""
        with self._open() as opened:
            return lineage_verify(opened, ref, at=at, remote=remote)

    def tried(
        self,
        *params: str,
        data: Sequence[str] = (),
        code: Sequence[str] = (),
        like: str = "",
        text: str = "",
        near: int = 5,
        limit: int | None = None,
    ) -> TriedResult:
        """Say whether anybody ever ran this, as `mlops tried`; what each of `params` says follows `-S` there."""
        wanted = Wanted(params, _names(data), _names(code), like, text)
        with self._open() as opened:
            return tried(opened, wanted, near=near, limit=limit)

    def experiments(
        self,
        sets: Sequence[str],
        stages: Sequence[str] = (),
        options: ExperimentOptions | None = None,
        listen: Callable[[Trial | Notice], None] = lambda _: None,
    ) -> ExperimentsResult:
        """Try parameters elsewhere, as `mlops run -S`; a failure is in the result, not raised."""
        with self._open() as opened:
            return experiments(opened, sets, _names(stages), options or ExperimentOptions(), listen)

    def apply(self, run: str, *, params_only: bool = False, force: bool = False) -> ApplyResult:
        """Bring parameters and outputs of a run into the workspace, as `mlops apply`."""
        with self._open() as opened:
            return apply(opened, run, params_only=params_only, force=force)

    def rerun(
        self,
        run: str,
        stages: Sequence[str] = (),
        *,
        verify: bool = False,
        tolerance: float = TOLERANCE,
        jobs: int | None = None,
        pull: bool = False,
        listen: Callable[[str], None] = lambda _: None,
    ) -> RerunResult:
        """Repeat a run elsewhere, as `mlops rerun`; what came out differently is in the result."""
        options = RerunOptions(verify, tolerance, jobs, pull)
        with self._open() as opened:
            return rerun(opened, run, _names(stages), options, listen)

    def bisect(
        self,
        metric: str,
        good: str,
        bad: str = "HEAD",
        stages: Sequence[str] = (),
        *,
        by: By = "commit",
        threshold: float | None = None,
        repeats: int = 1,
        most: int | None = None,
        dry: bool = False,
        jobs: int | None = None,
        listen: Callable[[str], None] = lambda _: None,
    ) -> BisectResult:
        """Find what made a metric worse, as `mlops bisect`."""
        options = BisectOptions(by, threshold, repeats, most, dry, jobs)
        with self._open() as opened:
            return bisect(opened, metric, good, bad, _names(stages), options, listen)

    def train(self, model: str, *, message: str = "") -> TrainResult:
        """Run the pipeline up to a model's artifact, as `mlops train`."""
        with self._open() as opened:
            return train(opened, model, RunOptions(message=message))

    def evaluate(
        self,
        subject: str,
        *,
        against: str = "",
        out: str = "",
        predicted: str = "",
        score: str = "",
        **settings: Any,
    ) -> EvaluateResult:
        """Say how good a model is, as `mlops evaluate`; settings as under `with:`, such as `data="test.csv", target="income"`."""
        options = EvaluateOptions(settings, against, out=out, predicted=predicted, score=score)
        with self._open() as opened:
            return evaluate(opened, subject, options)

    def profile(self, path: str, *, against: str = "", out: str = "") -> ProfileResult:
        """Describe a table, as `mlops profile`."""
        return profile(self._folder, path, against=against, out=out)

    def validate(self, path: str, *, schema: str = "", against: str = "", target: str = "") -> Validation:
        """Say what is wrong with a table, as `mlops validate`; a failure is in the result."""
        return validate(self._folder, Request(path, schema, against, target=target))

    def drift(
        self,
        reference: str,
        current: str,
        settings: DriftSettings | None = None,
        *,
        model: str | None = None,
    ) -> DriftReport:
        """Say whether two tables or profiles differ, as `mlops drift`; a difference is in the result."""
        return drift(self._folder, reference, current, settings or DriftSettings(), model=model)

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
