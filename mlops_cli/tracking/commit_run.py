"""What a commit has recorded of its stages, and the run that stands for it: one answer for every command that is given a commit."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.git.revision import read_revision
from mlops_cli.history.run_record import StageRun
from mlops_cli.pipeline.record import load_stage_record
from mlops_cli.project import RECORDS
from mlops_cli.tracking.stale_records import Stale, stale_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.history.known import KnownRun, Production
    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.record import StageRecord


_MOST = 50  # runs whose records are read to find one of the same files


class OfCommit(NamedTuple):
    """What is known of a commit.

    Parameters
    ----------
    commit : str
        Its id.
    stages : tuple of StageRun
        What its stage records say.
    maker : str or None
        The last of the runs that made what these tell of.
    stale : Stale or None
        How they differ from the commit's code, where they do.
    run : str or None
        The run that stands for it: the one whose record came with it, if that made what its stage records tell of, else
        `maker`. Where these are of other code, a run of just this code; where there are none, the last good run on just this
        commit or in its history.
    """

    commit: str
    stages: tuple[StageRun, ...] = ()
    maker: str | None = None
    stale: Stale | None = None
    run: str | None = None


def of_commit(opened: Opened, text: str, commit: str) -> OfCommit:
    """Return what a commit has recorded, and the run that stands for it.

    Parameters
    ----------
    text : str
        The commit, as it was typed.
    commit : str
        Its id.
    """
    revision = read_revision(opened.git, opened.project, commit)
    stages: list[StageRun] = []
    makers: list[Production] = []
    brought: list[Production] = []
    for file, data in revision.records.items():
        if data and file.startswith(f"{RECORDS}/stages/"):
            record = load_stage_record(data, file)
            known = _executions(opened, record)
            stages.append(_recorded(record, known))
            makers += [each for each in known if each.run and each.status == "ran"][:1]
            brought += [each for each in known if each.run and _came_with(each, revision.commit)]
    if not stages:
        last = _last_run(opened, commit) or _run_of_files(opened, commit)
        return OfCommit(revision.commit, run=last.id if last else None)
    stale = stale_records(opened, text, revision.commit, stages)
    maker = _newest(makers)
    run = stale.run if stale else _newest(brought) or maker
    return OfCommit(revision.commit, tuple(stages), maker, stale, run)


def _newest(productions: Sequence[Production]) -> str | None:
    newest = max(productions, key=lambda each: each.started or "", default=None)
    return newest.run if newest else None


def _came_with(production: Production, commit: str) -> bool:
    return any(source.kind == "commit" and source.name == commit for source in production.sources)


def _executions(opened: Opened, record: StageRecord) -> list[Production]:
    """Return what a stage record tells of, earliest first: those that made just what it says, where any did."""
    known = [each for each in opened.history.by_key(record.key) if each.stage == record.stage]
    made = {path: artifact.digest for path, artifact in record.outs.items()}
    same = [each for each in known if {path: a.digest for path, a in each.outs.items()} == made]
    return same or known


def _recorded(record: StageRecord, known: Sequence[Production]) -> StageRun:
    """Return what a stage record says, with the metrics of the stage's last execution with that key: the record has none."""
    return StageRun(
        record.stage,
        "recorded",
        record.key,
        program=record.program,
        params=record.params,
        deps=record.deps,
        outs=record.outs,
        metrics=next((each.metrics for each in reversed(known) if each.metrics), {}),
        filled=next((each.filled for each in reversed(known) if each.run), {}),
    )


def _last_run(opened: Opened, commit: str) -> KnownRun | None:
    """Return the newest good run that a commit's history brought, or that ran on just this commit; else the newest bad one."""
    inside = opened.history.in_history_of(commit)
    bad = None
    for run in opened.history.runs():
        here = run.commit == commit and not run.dirty
        if run.repetition or not (
            here or any(source.kind == "commit" and source.name in inside for source in run.sources)
        ):
            continue
        if run.status == "ok":
            return run
        bad = bad or run
    return bad


def _run_of_files(opened: Opened, commit: str) -> KnownRun | None:
    """Return the newest run that began with a commit's very files: on a commit that was reworded since, or before it was made."""
    named = opened.git.ask("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
    tree = named.decode().strip() if named else ""
    looked = 0
    for run in sorted(opened.history.runs(), key=lambda run: run.repetition):
        if run.snapshot == tree:
            return run
        if looked < _MOST and not run.dirty:
            looked += 1
            with suppress(DataError):
                if opened.history.record(run.id).code.tree == tree:
                    return run
    return None
