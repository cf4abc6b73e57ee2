"""Keeping a run: the code as it is when it starts, its record when it ends, and both in the journal.

What Git has to be asked is asked while other things are done, and the journal is written beside the stages and the last flush.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError, FileError, MlopsError
from mlops_cli.execution.events import Notice
from mlops_cli.execution.metrics import read_stage_metrics
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.formats.quantities import size_text
from mlops_cli.git.facts import Code, code_of, read_actor, read_status
from mlops_cli.history.journal import Journal, journal_path
from mlops_cli.history.run_record import (
    RunRecord,
    StageRun,
    dump_run_record,
    flat_metrics,
    flat_params,
    new_run_id,
)
from mlops_cli.history.runtime import read_runtime
from mlops_cli.history.started import Started, forget_run, note_run, record_started
from mlops_cli.pipeline.record import shown_filled, shown_program
from mlops_cli.project import DEFINITION, RECORDS
from mlops_cli.store.digest import Digest, digest_bytes, digest_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from mlops_cli.execution.events import Event
    from mlops_cli.execution.outcome import Outcome
    from mlops_cli.git.snapshot import LeftOut
    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.decision import Decision, Plan
    from mlops_cli.store.session import Session

_LISTED = 100  # files that a record names one by one


def kept_in_git(opened: Opened) -> set[str]:
    """Return what runs write and people commit, relative to the project; a slash at the end means everything below."""
    outs = [out.path for stage in opened.pipeline.stages.values() for out in stage.outs if not out.cache]
    return {".gitignore", f"{RECORDS}/stages/", f"{RECORDS}/runs/", *outs, *(f"{path}/" for path in outs)}


class Recording:
    """The record of one run, from its start to its end.

    Parameters
    ----------
    plan : Plan
        What is to be done.
    experiment : mapping or None
        What the record says of the experiment that the run belongs to.
    gpus : tuple of str
        Ids of the GPUs that stages may use.
    listen : callable
        Told what the user should know.
    """

    def __init__(
        self,
        opened: Opened,
        plan: Plan,
        *,
        message: str,
        experiment: Mapping[str, Any] | None,
        gpus: tuple[str, ...],
        listen: Callable[[Event], None],
    ) -> None:
        self._opened = opened
        self._plan = plan
        self._message = message
        # The HEAD of an isolated worktree is detached; the branch is the one that the user works on.
        self._branch = (experiment or {}).get("branch")
        self._experiment = {name: value for name, value in (experiment or {}).items() if name != "branch"}
        self._gpus = gpus
        self._listen = listen
        self._started = datetime.now(UTC)
        self.id = new_run_id(self._started)
        self._journal = Journal(opened.git, opened.project)
        self._beside = ThreadPoolExecutor(1, "journal")
        self._tasks: list[Future[object]] = []
        self._record: RunRecord

    def begin(self, session: Session) -> None:
        """Note what is there before anything changes: the code, the plan, who and where."""
        opened = self._opened
        with ThreadPoolExecutor(2) as asking:
            code_asked = asking.submit(self._code, session.folder)
            actor_asked = asking.submit(read_actor, opened.git)
            runtime = read_runtime(opened.environment.python_prefix, opened.environment.variables, self._gpus)
            digest = self._definition_digest()
            stages = tuple(self._planned(decision) for decision in self._plan.decisions.values())
            (code, left_out), actor = code_asked.result(), actor_asked.result()
        self._record = RunRecord(
            id=self.id,
            status="killed",
            started=self._started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            seconds=0.0,
            message=self._message,
            actor=actor,
            trigger=opened.environment.trigger,
            code=code,
            pipeline={"file": DEFINITION, "digest": digest},
            stages=stages,
            runtime=runtime,
            params=flat_params(stages),
            left_out=left_out,
            experiment=self._experiment or None,
        )
        # While this note lies there, the record is not lost; and while the journal names it, nor is the snapshot. What HEAD
        # leads to is safe without that, and comes into the journal together with the record.
        self._do(lambda: record_started(opened.git, opened.project))
        self._note(session, dump_run_record(self._record))
        if code.snapshot:
            snapshot = code.snapshot
            self._do(lambda: self._journal.append({}, [snapshot]))

    def end(self, outcomes: Sequence[Outcome], status: str, seconds: float, session: Session) -> Path | None:
        """Write what became of the run; return its file, or None where nothing was executed and nothing restored."""
        project = self._opened.project
        if all(outcome.status == "fresh" for outcome in outcomes):
            self._do(lambda: forget_run(project, self.id))
            return None
        stages = tuple(self._stage_run(outcome) for outcome in outcomes)
        record = replace(
            self._record,
            status=status,
            seconds=seconds,
            stages=tuple(stage.brief() for stage in stages),
            params=flat_params(stages),
            metrics=flat_metrics(stages),
        )
        data = dump_run_record(record)
        path = project.run_record(self.id)
        self._note(None, data)
        self._do(lambda: self._append(data))
        write_atomic(path, data, durable=False, temporary=session.folder / "run")
        return path

    def close(self) -> None:
        """Wait for the journal; a run is whole without it, so what went wrong there is told and no more."""
        self._beside.shutdown()
        told: set[str] = set()
        for task in self._tasks:
            error = task.exception()
            if isinstance(error, MlopsError):
                if error.message not in told:
                    self._tell(f"this run is not in the journal yet: {error.message}")
                    told.add(error.message)
            elif error is not None:
                raise error

    # Parts ----------------------------------------------------------------------------------------------------------

    def _do(self, work: Callable[[], object]) -> None:
        self._tasks.append(self._beside.submit(work))

    def _append(self, data: bytes) -> None:
        self._journal.append({self._path: data}, self._trees)
        forget_run(self._opened.project, self.id)

    @property
    def _trees(self) -> tuple[str, ...]:
        """The code of the run, as the journal keeps it."""
        kept = self._record.code.kept
        return (kept,) if kept else ()

    @property
    def _path(self) -> str:
        return journal_path(self._opened.project.prefix, self.id)

    def _note(self, session: Session | None, data: bytes) -> None:
        """Write the note; without a session where the record is final."""
        place = (str(session.store), session.id) if session else ("", "")
        try:
            note_run(self._opened.project, self.id, Started(self._path, self._trees, *place, data))
        except OSError as error:
            self._tell(
                f"{error.filename} cannot be written, so a kill would leave no trace of this run: {error.strerror}"
            )

    def _code(self, temporary: Path) -> tuple[Code, tuple[Mapping[str, Any], ...]]:
        """Return the state of the code, with a snapshot where it is not what HEAD has, and what that leaves out."""
        opened, project = self._opened, self._opened.project
        ours = {project.prefix + path for path in kept_in_git(opened)}
        status = read_status(opened.git)
        code = code_of(opened.git, status, ours)
        if self._branch and code.branch is None:
            code = replace(code, branch=self._branch)
        if status.complaint:
            self._tell(f"Git cannot say what state the code is in: {status.complaint}")
            return replace(code, dirty=True), ()
        if not code.dirty:
            return code, ()
        from mlops_cli.git.snapshot import Limits, take_snapshot

        limits = Limits(opened.config.snapshot_file, opened.config.snapshot_total)
        try:
            taken = take_snapshot(
                opened.git, project, ours, limits, changes=status.changes, temporary=temporary
            )
        except DataError as error:
            self._tell(error.message)
            return code, ()
        for text in _left_out_texts(taken.left_out):
            self._tell(text)
        return replace(code, snapshot=taken.tree if taken.tree != code.tree else None), _left_out_rows(
            taken.left_out
        )

    def _tell(self, text: str) -> None:
        self._listen(Notice(text))

    def _definition_digest(self) -> Digest:
        artifact = self._opened.workspace.artifact(DEFINITION)
        return artifact.digest if artifact else digest_bytes(b"")

    def _planned(self, decision: Decision) -> StageRun:
        """Return what is known of a stage before it is its turn."""
        stage = self._opened.pipeline.stages[decision.stage]
        if decision.state == "fresh":
            return StageRun(decision.stage, "fresh", decision.key, filled=shown_filled(stage))
        return StageRun(
            name=stage.name,
            status="killed",
            key=decision.key,
            program=shown_program(stage),
            params=stage.params,
            filled=shown_filled(stage),
            deps=decision.inputs.deps,
        )

    def _stage_run(self, outcome: Outcome) -> StageRun:
        stage = self._opened.pipeline.stages[outcome.stage]
        decision = outcome.decision
        metrics: Mapping[str, Any] = outcome.metrics
        if outcome.good and not metrics:
            try:
                metrics = read_stage_metrics(stage, outcome.outs, str(self._opened.project.root))
            except (FileError, DataError) as error:
                self._tell(f"{stage.name}: {error.message}")
        return StageRun(
            name=stage.name,
            status=outcome.status,
            key=decision.key if decision else None,
            program=shown_program(stage),
            seconds=outcome.seconds,
            peak_memory=outcome.peak_memory,
            exit_code=outcome.exit_code,
            log=digest_file(outcome.log) if outcome.log else None,
            message=outcome.message,
            params=stage.params,
            filled=shown_filled(stage),
            deps=decision.inputs.deps if decision else {},
            outs=outcome.outs,
            metrics=metrics,
        )


def _left_out_texts(left_out: Sequence[LeftOut]) -> list[str]:
    """Return what to tell of files that a snapshot left out: of large ones what to do, of others why."""
    large = [f"{_shown(row.path)} ({size_text(row.size)})" for row in left_out if row.too_large]
    others = [f"{_shown(row.path)} ({row.why})" for row in left_out if not row.too_large]
    texts = [f"the record's copy of uncommitted code leaves out {_first(others)}"] if others else []
    if large:
        todo = "track data with mlops add PATH, or name it in .gitignore"
        texts.append(
            f"the record's copy of uncommitted code leaves out {_first(large)}, too large for it: {todo}"
        )
    return texts


def _first(texts: Sequence[str], most: int = 3) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def _left_out_rows(left_out: Sequence[LeftOut]) -> tuple[Mapping[str, Any], ...]:
    """Return what a record says of files that a snapshot left out: of very many the first ones, and how many more."""
    rows: list[dict[str, Any]] = [
        {"path": _shown(row.path), "why": row.why} | ({"size": row.size} if row.size else {})
        for row in left_out[:_LISTED]
    ]
    rest = left_out[_LISTED:]
    if rest:
        rows.append({"path": "", "why": f"{len(rest)} more files", "size": sum(row.size for row in rest)})
    return tuple(rows)


def _shown(path: str) -> str:
    """Return a path as text that can be written, whatever bytes it has."""
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")
