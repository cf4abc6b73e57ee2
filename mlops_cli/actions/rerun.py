"""`rerun`: do again, elsewhere, what a run did, and say whether the same comes out."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, UsageError
from mlops_cli.experiments.inputs import place_inputs
from mlops_cli.experiments.isolated import isolated
from mlops_cli.experiments.repeating import code_of_run, recorded_run, require, run_stoppable, whole_record
from mlops_cli.git.facts import read_actor
from mlops_cli.git.private_worktrees import remove
from mlops_cli.history.repetition import (
    TOLERANCE,
    Repetition,
    compare,
    outside_inputs,
    recipe_of,
    summary,
)
from mlops_cli.history.run_event import keep_event, new_event
from mlops_cli.pipeline.select import find_stages
from mlops_cli.tracking.which_run import which_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlops_cli.experiments.isolated import Isolated
    from mlops_cli.history.index.history import History
    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.run_record import RunRecord, StageRun
    from mlops_cli.opened import Opened

_REPEATS = 50  # records of the same recipe that are looked at for the spread of metrics


@dataclass(frozen=True, slots=True)
class RerunOptions:
    """How to repeat a run.

    Parameters
    ----------
    verify : bool
        Keep the verdict as an event, and let it decide the exit code.
    tolerance : float
        Relative: metrics that differ by no more count as equal.
    jobs : int or None
        Cores to use; all by default.
    pull : bool
        Bring inputs that are not here from the default remote.
    """

    verify: bool = False
    tolerance: float = TOLERANCE
    jobs: int | None = None
    pull: bool = False


@dataclass(frozen=True, slots=True)
class RerunResult:
    """What came of repeating a run.

    Parameters
    ----------
    run : str
        The run that was repeated.
    repeat : str or None
        The run that repeated it; its record lies in the journal.
    event : str or None
        Id of the event that keeps the verdict, where it was to be kept.
    written : str or None
        The event's file in the workspace, relative to the project.
    notes : tuple of str
        What makes the repetition less than perfect, as sentences.
    """

    run: str
    repeat: str | None
    repetition: Repetition
    event: str | None
    written: str | None
    notes: tuple[str, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """4 when a stage failed that had not; with a verdict to be kept, 1 when something else came out; else 0."""
        if self.repetition.failed:
            return 4
        return 1 if self.event and self.repetition.verdict == "different" else 0


def rerun(
    opened: Opened,
    ref: str,
    stages: Sequence[str] = (),
    options: RerunOptions = RerunOptions(),
    listen: Callable[[str], None] = lambda _: None,
) -> RerunResult:
    """Repeat a run in a worktree of its own; nothing of the user's is touched, and no known result is replaced.

    Parameters
    ----------
    ref : str
        The run; or an artifact, for the run that made it; or a commit, for the run that stands for it.
    stages : sequence of str
        Only these of its stages; what they read of others is placed as it was then.
    listen : callable
        Told each line of progress.

    Raises
    ------
    UsageError
        When it names no run, or the run has nothing to repeat.
    DataError
        When its code or an input is not here.
    """
    began = time.monotonic()
    if not 0 <= options.tolerance < 1:
        raise UsageError(
            "--tolerance takes a number from 0 to below 1: the part of a metric that does not matter"
        )
    run = which_run(opened, ref)
    before = whole_record(opened.history, run)
    if not before.stages:
        raise UsageError(f"{run} has no stages, so there is nothing to repeat")
    tree, commit = code_of_run(opened, before)
    # Stages are named as the record has them, from the project's own folder.
    with replace(opened, folder="") as source, isolated(source, tree, commit) as elsewhere:
        before, notes = _prepare(elsewhere, before, stages, options)
        names = [stage.name for stage in before.stages]
        experiment = {"rerun": run, "branch": before.code.branch}
        ran = run_stoppable(
            elsewhere, names, experiment=experiment, force=True, only=True, jobs=options.jobs, listen=listen
        )
    if ran.run is None:
        raise DataError(f"repeating {run} left no record")
    return _judge(opened, before, recorded_run(opened, ran.run), options, notes, began)


# Before -------------------------------------------------------------------------------------------------------------


def _prepare(
    elsewhere: Isolated, before: RunRecord, stages: Sequence[str], options: RerunOptions
) -> tuple[RunRecord, tuple[str, ...]]:
    """Place what the run read; return its record with nothing but the stages to repeat, and notes."""
    pipeline = elsewhere.opened.pipeline
    chosen = set(find_stages(pipeline, stages, elsewhere.source.folder)) if stages else set(pipeline.stages)
    rows = [row for row in before.stages if row.name in chosen]
    if stages and len(rows) < len(chosen):
        missing = sorted(chosen - {row.name for row in rows})
        raise UsageError(
            f"{missing[0]} had no part in {before.id}", hint=f"See its stages: mlops show {before.id}"
        )
    if not rows:
        raise DataError(f"the code that {before.id} ran has none of its stages")
    frozen = {row.name for row in rows if pipeline.stages[row.name].frozen}
    repeated = [row for row in rows if row.name not in frozen]
    if not any(row.outs or row.status in ("failed", "skipped") for row in repeated):
        raise DataError(
            f"what the stages of {before.id} made is recorded nowhere, so there is nothing to hold against"
        )
    inputs = outside_inputs(repeated)
    hint = f"Bring what is on a remote: mlops rerun {before.id} --pull (mlops pull brings what the records here name)"
    require(elsewhere, inputs, pull=options.pull, hint=hint)
    place_inputs(elsewhere, inputs)
    _clear(elsewhere, [row.name for row in repeated])
    elsewhere.refresh()
    return replace(before, stages=tuple(repeated)), tuple(_notes(before, rows, frozen, elsewhere))


def _clear(elsewhere: Isolated, names: Sequence[str]) -> None:
    """Remove what Git brought of what will be made again; in a worktree that nobody works in it is no work of the user's."""
    opened = elsewhere.opened
    for name in names:
        for out in opened.pipeline.stages[name].outs:
            if not out.persist and not out.path.startswith("../"):
                remove(opened.project.root / out.path)


def _notes(
    before: RunRecord, rows: Sequence[StageRun], frozen: set[str], elsewhere: Isolated
) -> Iterator[str]:
    if before.left_out:
        names = ", ".join(str(row["path"]) for row in before.left_out[:5] if row["path"])
        more = f" and {len(before.left_out) - 5} more" if len(before.left_out) > 5 else ""
        yield f"the snapshot of its code does not hold {names}{more}"
    if before.code.commit and elsewhere.source.git.ask("cat-file", "-e", before.code.commit) is None:
        yield f"commit {before.code.commit[:12]}, on which it was made, is not in this clone: its tree is"
    for name in sorted(frozen):
        yield f"{name} is frozen, and was not repeated"
    for row in rows:
        stage = elsewhere.opened.pipeline.stages[row.name]
        if any(out.persist for out in stage.outs):
            yield f"{row.name} builds on what it made before, and began with nothing here"
        if row.status == "tainted":
            yield f"an input of {row.name} changed while the run was at it"


# After --------------------------------------------------------------------------------------------------------------


def _judge(
    opened: Opened,
    before: RunRecord,
    after: RunRecord,
    options: RerunOptions,
    notes: tuple[str, ...],
    began: float,
) -> RerunResult:
    found = compare(before, after, tolerance=options.tolerance)
    if found.verdict == "different" and not found.failed:
        others = list(_repeats(opened.history, before))
        found = compare(before, after, tolerance=options.tolerance, repeats=others) if others else found
    event, written = None, None
    if options.verify:
        kept = new_event(
            before.id,
            "rerun",
            read_actor(opened.git),
            verdict=found.verdict,
            stage=found.stage,
            details=summary(found, after.id),
        )
        event, written = kept.id, keep_event(opened.git, opened.project, kept)
    return RerunResult(before.id, after.id, found, event, written, notes, time.monotonic() - began)


def _repeats(history: History, before: RunRecord) -> Iterator[RunRecord]:
    """Yield other runs of the same recipe."""
    recipe = recipe_of(before)
    names = {stage.name for stage in before.stages}
    looked = 0
    for known in history.runs():
        if looked < _REPEATS and _may_repeat(known, before, names):
            looked += 1
            record = whole_record(history, known.id)
            same = replace(record, stages=tuple(row for row in record.stages if row.name in names))
            if recipe_of(same) == recipe:
                yield same


def _may_repeat(known: KnownRun, before: RunRecord, names: set[str]) -> bool:
    if known.id == before.id or known.status != "ok" or not names <= set(known.stages):
        return False
    return all(known.params.get(name, value) == value for name, value in before.params.items())
