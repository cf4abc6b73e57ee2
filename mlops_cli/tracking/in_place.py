"""A run in place: do what is needed, in parallel, and keep a record of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError, StageError, UsageError
from mlops_cli.execution.aside import mend
from mlops_cli.execution.builtins import STEPS
from mlops_cli.execution.events import Notice
from mlops_cli.execution.machine import Capacity, read_capacity
from mlops_cli.execution.outcome import Outcome
from mlops_cli.execution.process import Processes, interruptible
from mlops_cli.execution.runner import Runner
from mlops_cli.execution.tracked_inputs import NOT_THERE, NotBroughtError
from mlops_cli.execution.workbench import Workbench
from mlops_cli.formats.problems import DefinitionError, Problem
from mlops_cli.git.commit import commit_files
from mlops_cli.git.committed_file import committed_bytes
from mlops_cli.git.facts import uncommitted
from mlops_cli.opened.owners import drop_old_records
from mlops_cli.pipeline.select import find_stages, select_stages
from mlops_cli.project import RECORDS, data_record_path
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.durability import GroupCommit, recover
from mlops_cli.store.results import FirstResults
from mlops_cli.store.session import Session
from mlops_cli.tracking.bringing import Pulling, check_inputs
from mlops_cli.tracking.recorded import read_records
from mlops_cli.tracking.recording import Recording, kept_in_git

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from mlops_cli.execution.events import Event
    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.decision import Plan


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run.

    Parameters
    ----------
    jobs : int or None
        Cores to use; all by default.
    force : bool
        Run the named stages (all, when none is named) whatever is known of them.
    keep_going : bool
        After a failure go on with what does not depend on it.
    dry : bool
        Only say what would be done.
    only, downstream : bool
        Just the named stages; or they and all that need them.
    message : str
        Why this run is made; kept in its record.
    commit : bool
        Commit what the run wrote, and the data records that its inputs rest on.
    pull : bool
        Bring results and data that others have pushed to the default remote, rather than making or missing them.
    experiment : mapping or None
        What the record is to say of the experiment that this run belongs to.
    """

    jobs: int | None = None
    force: bool = False
    keep_going: bool = False
    dry: bool = False
    only: bool = False
    downstream: bool = False
    message: str = ""
    commit: bool = False
    pull: bool = False
    experiment: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of a run.

    Parameters
    ----------
    run : str or None
        The id of its record; None where nothing was executed and nothing restored.
    plan : Plan
        What was to be done when it began.
    outcomes : tuple of Outcome
        What became of each stage; empty for a dry run.
    written : tuple of str
        Files to commit, relative to the project.
    commit : str or None
        The commit that holds them, where one was asked for and every stage is done.
    refused : DataError or None
        Why Git did not commit them.
    absent : tuple of str
        Of a dry run: tracked data that stages need which are to run, and that is not here.
    pulls : bool
        What is not here was asked for at the remote.
    """

    run: str | None
    plan: Plan
    outcomes: tuple[Outcome, ...]
    seconds: float
    written: tuple[str, ...] = ()
    commit: str | None = None
    interrupted: bool = False
    refused: DataError | None = None
    absent: tuple[str, ...] = ()
    pulls: bool = False

    @property
    def good(self) -> bool:
        """Whether every stage is done."""
        return not self.interrupted and all(outcome.good for outcome in self.outcomes)

    @property
    def exit_code(self) -> int:
        """130 when it was stopped, 4 when a stage is not done, 5 when only data was missing, or Git did not commit."""
        if self.interrupted:
            return 130
        if not self.good:
            lacking = all(
                outcome.no_data for outcome in self.outcomes if outcome.status in ("failed", "tainted")
            )
            return DataError.exit_code if lacking else StageError.exit_code
        return self.refused.exit_code if self.refused else 0


def run(
    opened: Opened,
    targets: Sequence[str] = (),
    options: RunOptions = RunOptions(),
    listen: Callable[[Event], None] = lambda _: None,
) -> RunResult:
    """Bring stages up to date.

    Parameters
    ----------
    targets : sequence of str
        Stages, as `find_stages` takes them; none means all.
    listen : callable
        Told what happens while it happens, from the thread in which it happens.

    Raises
    ------
    DefinitionError
        When files are wrong; nothing has run then.
    UsageError
        When a target names nothing.
    """
    if options.jobs is not None and options.jobs < 1:
        raise UsageError("-j takes a number of 1 or more")
    if not options.pull:
        return _run(opened, targets, options, listen, None)
    pulling = Pulling(opened, None)
    with opened.writing() as writing:  # already the plan may bring lists of files
        opened.facts.objects, opened.facts.results = pulling.stores(writing.objects, writing.results)
        try:
            return _run(opened, targets, options, listen, pulling)
        except (
            NotBroughtError
        ) as error:  # of what is in a list of files, already the plan cannot tell without it
            raise DataError(error.message, hint=NOT_THERE if error.absent else error.hint) from error


def _run(
    opened: Opened,
    targets: Sequence[str],
    options: RunOptions,
    listen: Callable[[Event], None],
    pulling: Pulling | None,
) -> RunResult:
    begin = time.monotonic()
    pipeline = opened.pipeline
    names = select_stages(
        pipeline,
        opened.graph,
        targets,
        folder=opened.folder,
        only=options.only,
        downstream=options.downstream,
    )
    departed = check_inputs(opened, names, complete=pulling is not None)
    for path in departed:
        notice = "is not what its record says: record it with mlops add, or go back with mlops checkout"
        listen(Notice(f"{path} {notice}"))
    forced = _forced(opened, targets, names) if options.force else set()
    recovered = [] if options.dry else recover(opened.store)
    plan = opened.plan(names, forced)
    if options.dry:
        _check_gpus(opened, plan, _capacity(opened, options))
        absent = _absent(opened, plan)
        return RunResult(None, plan, (), time.monotonic() - begin, absent=absent, pulls=pulling is not None)
    if recovered:
        listen(
            Notice(
                f"power was lost during an earlier run: {len(recovered)} files that had not reached the disk are made again"
            )
        )
    opened.update_ignore()
    if not targets:
        for path in drop_old_records(opened.project.root, opened.pipeline.stages):
            listen(Notice(f"removed {path}: there is no such stage any more"))
    if plan.fresh:
        outcomes = tuple(Outcome(d.stage, "fresh", d, outs=d.outs or {}) for d in plan.decisions.values())
        return _commit(opened, RunResult(None, plan, outcomes, time.monotonic() - begin), options, departed)
    capacity = _capacity(opened, options)
    _check_gpus(opened, plan, capacity)
    work = _Run(opened, plan, options, capacity, forced, listen, begin, pulling)
    try:
        return _commit(opened, work.carry_out(), options, departed)
    finally:
        work.recording.close()  # as late as can be: the journal is written meanwhile


def _absent(opened: Opened, plan: Plan) -> tuple[str, ...]:
    """Return the tracked data that is not here, and that stages need which are to run."""
    due = [each for each in plan.decisions.values() if each.state in ("stale", "waiting")]
    needed = {path: None for each in due for path in (*each.inputs.deps, *each.inputs.runtime)}
    return tuple(opened.facts.absent(needed))


def _capacity(opened: Opened, options: RunOptions) -> Capacity:
    config = opened.config
    return read_capacity(
        opened.environment.variables,
        cores=options.jobs or config.jobs,
        gpus=config.gpus,
        memory=config.memory,
    )


def _forced(opened: Opened, targets: Sequence[str], names: Sequence[str]) -> set[str]:
    """Return what `--force` means: the stages that were named, or all."""
    return set(find_stages(opened.pipeline, targets, opened.folder)) if targets else set(names)


def _check_gpus(opened: Opened, plan: Plan, capacity: Capacity) -> None:
    problems = []
    for decision in plan.decisions.values():
        stage = opened.pipeline.stages[decision.stage]
        if decision.state in ("stale", "waiting") and stage.gpu > len(capacity.gpus):
            message = f"{stage.name} asks for {stage.gpu} GPUs, and this machine has {len(capacity.gpus)}"
            problems.append(
                Problem(
                    *stage.place,
                    message,
                    f"if it has more: run: {{gpus: {stage.gpu}}} in {RECORDS}/config.yaml",
                )
            )
    if problems:
        raise DefinitionError(problems)


def _commit(opened: Opened, result: RunResult, options: RunOptions, departed: Collection[str]) -> RunResult:
    """Find the files to commit, and commit them where that was asked for and every stage is done.

    Parameters
    ----------
    departed : collection of str
        Tracked data that is not what its record says: what was read is not what a commit of the record would tell of.
    """
    if result.run is not None or options.commit:
        read = [path for o in result.outcomes if o.decision for path in o.decision.inputs.deps]
        data = {data_record_path(path) for path in read_records(opened, read) - set(departed)}
        wanted = kept_in_git(opened) | data
        result = replace(result, written=uncommitted(opened.git, opened.project.prefix, wanted))
    if not options.commit or not result.written or not result.good:
        return result
    message = options.message.strip() or _title(opened, result)
    if result.run:
        message += f"\n\nRun: {result.run}"
    try:
        return replace(result, commit=commit_files(opened.project.root, result.written, message))
    except DataError as error:  # what came of the run is no less worth telling
        return replace(result, refused=error)


def _title(opened: Opened, result: RunResult) -> str:
    done = [opened.pipeline.stages[o.stage].group for o in result.outcomes if o.status != "fresh"]
    groups = list(dict.fromkeys(done)) or ["records"]
    return f"mlops run: {', '.join(groups[:4])}" + (f" and {len(groups) - 4} more" if len(groups) > 4 else "")


class _Run:
    """One run that has something to do."""

    def __init__(
        self,
        opened: Opened,
        plan: Plan,
        options: RunOptions,
        capacity: Capacity,
        forced: set[str],
        listen: Callable[[Event], None],
        begin: float,
        pulling: Pulling | None,
    ) -> None:
        self.pulling = pulling
        self.opened = opened
        self.plan = plan
        self.options = options
        self.capacity = capacity
        self.forced = forced
        self.listen = listen
        self.begin = begin
        self.recording = Recording(
            opened,
            plan,
            message=options.message,
            experiment=options.experiment,
            gpus=capacity.gpus,
            listen=listen,
        )

    def carry_out(self) -> RunResult:
        project = self.opened.project
        session = Session(self.opened.store, mend)
        commit = GroupCommit(self.opened.store, [project.root, project.local], session.id)
        try:
            self.recording.begin(session)
            runner = Runner(
                self.opened.pipeline,
                self.plan,
                self._workbench(session, commit),
                self.capacity,
                forced=self.forced,
                keep_going=self.options.keep_going,
            )
            with interruptible():
                outcomes = tuple(runner.run().values())
            good = all(outcome.good for outcome in outcomes)
            status = "stopped" if runner.interrupted else "ok" if good else "failed"
            seconds = time.monotonic() - self.begin
            file = self.recording.end(outcomes, status, seconds, session)
            if file:
                commit.written(str(file))
            run_id = self.recording.id if file else None
            return RunResult(run_id, self.plan, outcomes, seconds, interrupted=runner.interrupted)
        finally:
            try:
                commit.close()
            finally:
                session.close()

    def _workbench(self, session: Session, commit: GroupCommit) -> Workbench:
        opened, project = self.opened, self.opened.project
        facts = opened.facts
        # Worktrees share the machine-local folder, but not their stages.
        place = digest_bytes(str(project.root).encode())[3:19]
        objects, results = opened.open_store(session.folder, commit.written)
        facts.objects, facts.results = (
            self.pulling.stores(objects, results) if self.pulling else (objects, results)
        )
        if self.options.force and self.options.experiment is not None:
            # Who repeats something elsewhere wants to know what comes of it, not to change what everybody else restores.
            facts.results = FirstResults(facts.results)
        return Workbench(
            facts=facts,
            graph=opened.graph,
            session=session,
            commit=commit,
            processes=Processes(),
            listen=self.listen,
            store=opened.store,
            locks=project.local / "locks" / place,
            logs=project.local / "logs" / self.recording.id,
            failed=project.local / "failed" / place,
            kept=project.local / "kept" / self.recording.id,
            variables=opened.environment.variables,
            steps=STEPS,
            committed=lambda path: committed_bytes(opened.git, path),
            pulls=self.pulling is not None,
        )
