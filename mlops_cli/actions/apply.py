"""`apply`: bring parameters and outputs of a run into the workspace."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_cli.experiments.parameters import Difference, differences, set_by_experiment
from mlops_cli.experiments.usual import usual_file
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.formats.problems import Problems
from mlops_cli.formats.value_edit import change_values
from mlops_cli.git.facts import uncommitted
from mlops_cli.opened import Opened
from mlops_cli.pipeline.decision import Decision, Reason
from mlops_cli.pipeline.differences import differences as stage_differences
from mlops_cli.pipeline.parameters import ParameterFiles
from mlops_cli.pipeline.plan import decide
from mlops_cli.pipeline.record import StageRecord, dump_stage_record
from mlops_cli.project import stage_record_path
from mlops_cli.store.save import whole
from mlops_cli.tracking.agreeing import CheckoutResult, agree
from mlops_cli.tracking.recorded import Chosen, Recorded
from mlops_cli.tracking.which_run import which_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlops_cli.history.run_record import RunRecord, StageRun
    from mlops_cli.pipeline.definition import Stage
    from mlops_cli.store.artifact import Artifact

_DONE = ("ran", "cached", "fresh")


@dataclass(frozen=True, slots=True)
class AppliedStage:
    """What became of one stage of the run.

    Parameters
    ----------
    state : str
        `applied`; `same` where it was so already; `differs` where the stage is not what it was in the run; `gone` where there is
        no such stage any more; `unfinished` where the run did not finish it.
    reasons : tuple of Reason
        What differs.
    """

    name: str
    state: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What was brought.

    Parameters
    ----------
    parameters : tuple of Difference
        What was written into parameter files.
    stages : tuple of AppliedStage
        In the order of the pipeline; empty where only parameters were asked for.
    outputs : CheckoutResult
        What became of outputs. Where something of it would be lost, or is not here, nothing at all was changed.
    written : tuple of str
        Files to commit, relative to the project.
    status : str
        What became of the run itself; not asked for where only parameters were.
    params_only : bool
        Nothing else was asked for.
    """

    run: str
    parameters: tuple[Difference, ...] = ()
    stages: tuple[AppliedStage, ...] = ()
    outputs: CheckoutResult = field(default_factory=lambda: CheckoutResult((), 0))
    written: tuple[str, ...] = ()
    status: str = "ok"
    params_only: bool = False

    @property
    def refused(self) -> bool:
        """Whether nothing was changed."""
        return self.outputs.exit_code != 0

    @property
    def exit_code(self) -> int:
        """0 when all is as in the run; 1 when a stage is not what it was, or was not finished; else what `checkout` says."""
        if self.refused:
            return self.outputs.exit_code
        return 1 if self.unfinished or any(stage.state in ("differs", "gone") for stage in self.stages) else 0

    @property
    def unfinished(self) -> bool:
        """Whether there is more to the pipeline than the run came to."""
        return self.status != "ok" or any(stage.state == "unfinished" for stage in self.stages)


def apply(
    opened: Opened,
    text: str,
    *,
    params_only: bool = False,
    force: bool = False,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> ApplyResult:
    """Bring the parameters of a run, comments kept, and its outputs; write its stage records and its own file.

    Parameters
    ----------
    text : str
        The run, as any REF.
    params_only : bool
        Leave outputs and records alone.
    force : bool
        Take away also content that is nowhere else.
    tell : callable
        Told how many files and bytes were placed, while it happens.

    Raises
    ------
    UsageError
        When there is no such run.
    FileError
        When a parameter file cannot be changed; nothing was changed then.
    """
    run = which_run(opened, text)
    record = opened.history.record(run)
    rows = {stage.name: _whole(opened, stage) for stage in record.stages}
    found = differences(_wanted(opened, record, rows), _reader(opened))
    before = _Undo(opened, {each.file for each in found})
    after = {
        file: change_values(data or b"", file, [each.change for each in found if each.file == file])
        for file, data in before.data.items()
    }
    before.write(after)
    result = ApplyResult(run, tuple(found), params_only=params_only)
    if params_only:
        return result
    result = replace(result, status=record.status)
    try:
        with Opened(opened.project, opened.environment, opened.folder) as now:
            result = _Applying(now, rows, force=force, tell=tell).carry_out(result)
    except BaseException:
        before.undo()
        raise
    if result.refused:
        before.undo()
        return replace(result, parameters=())
    path = opened.project.run_record(run)
    # A run that did not end well is nobody's result: who wants to commit its file says so with `keep`.
    if record.status == "ok" and not path.exists():
        write_atomic(path, opened.history.raw(run))
    own = {path.relative_to(opened.project.root).as_posix(), *after, ".gitignore"}
    own |= {stage_record_path(stage.name) for stage in result.stages}
    own |= {out for name in rows for out in rows[name].outs}
    return replace(result, written=uncommitted(opened.git, opened.project.prefix, own))


class _Undo:
    """Parameter files as they were, to be written back."""

    def __init__(self, opened: Opened, files: Iterable[str]) -> None:
        # A link stays one: what it leads to is written.
        paths = {file: Path(os.path.realpath(opened.workspace_path(file))) for file in files}
        self.data = {file: path.read_bytes() if path.exists() else None for file, path in paths.items()}
        self._paths = paths
        self._status = {file: path.stat() for file, path in paths.items() if path.exists()}

    def write(self, files: Mapping[str, bytes | None]) -> None:
        """Write files, with the rights that they have."""
        for file, data in files.items():
            path, status = self._paths[file], self._status.get(file)
            if data is None:
                path.unlink(missing_ok=True)
                continue
            write_atomic(path, data)
            if status is not None:
                path.chmod(status.st_mode)

    def undo(self) -> None:
        """Write everything back, times included."""
        self.write(self.data)
        for file, status in self._status.items():
            os.utime(self._paths[file], ns=(status.st_atime_ns, status.st_mtime_ns))


def _reader(opened: Opened) -> Callable[[str], Mapping[str, Any] | None]:
    problems = Problems()
    files = ParameterFiles(opened.read, problems)

    def read(file: str) -> Mapping[str, Any] | None:
        values = files.values(file)
        problems.raise_if_any()
        return values

    return read


def _wanted(opened: Opened, record: RunRecord, rows: Mapping[str, StageRun]) -> dict[str, dict[str, Any]]:
    """Return every parameter that the run knew, by file and name."""
    wanted: dict[str, dict[str, Any]] = set_by_experiment(record.experiment, usual_file(opened))
    for row in rows.values():
        for file, values in (*row.filled.items(), *row.params.items()):
            wanted.setdefault(file, {}).update(values)
    return wanted


def _whole(opened: Opened, row: StageRun) -> StageRun:
    """Return a stage of the run with inputs and outputs: of one that was fresh, those of whoever ran it with its key."""
    if row.status != "fresh" or row.outs or row.key is None:
        return row
    for made in opened.history.by_key(row.key):
        if made.stage == row.name and made.outs:
            return replace(row, program=made.program, params=made.params, deps=made.deps, outs=made.outs)
    return row


class _Applying:
    """Outputs and stage records of one run, brought into a workspace that has its parameters already."""

    def __init__(
        self,
        opened: Opened,
        rows: Mapping[str, StageRun],
        *,
        force: bool,
        tell: Callable[[int, int], None],
    ) -> None:
        self.opened = opened
        self.rows = rows
        self.force = force
        self.tell = tell
        self.decisions: dict[str, Decision] = {}
        self.chosen: list[Chosen] = []

    def carry_out(self, result: ApplyResult) -> ApplyResult:
        opened = self.opened
        known = opened.pipeline.stages
        names = [name for name in opened.graph.order() if name in self.rows]
        opened.facts.look_ahead([known[name] for name in names])
        stages = [self._stage(known[name], self.rows[name]) for name in names]
        stages += [AppliedStage(name, "gone") for name in self.rows if name not in known]
        outputs = agree(opened, self.chosen, force=self.force, together=True, tell=self.tell)
        result = replace(result, stages=tuple(stages), outputs=outputs)
        if not result.refused:
            self._write_records([stage.name for stage in stages if stage.state == "applied"])
            opened.update_ignore()
        return result

    def _stage(self, stage: Stage, row: StageRun) -> AppliedStage:
        """Decide about one stage, those before it being as in the run."""
        facts, sources = self.opened.facts, self.opened.graph.sources[stage.name]
        decision = decide(stage, sources, self.decisions, facts)
        self.decisions[stage.name] = decision
        if row.status not in _DONE or not self._complete(stage, row.outs):
            return AppliedStage(stage.name, "unfinished")
        if decision.key is None or decision.key != row.key:
            return AppliedStage(stage.name, "differs", self._reasons(stage, row, decision))
        record = facts.record(stage.name)
        same = decision.state == "fresh" and record is not None and _equal(record.outs, row.outs)
        if same:
            return AppliedStage(stage.name, "same")
        self.decisions[stage.name] = replace(decision, state="cached", outs=row.outs)
        persisting = {out.path for out in stage.outs if out.persist}
        for path, artifact in row.outs.items():
            self.chosen.append(Chosen(Recorded(path, artifact, stage.name, decision.key, path in persisting)))
        return AppliedStage(stage.name, "applied")

    def _complete(self, stage: Stage, outs: Mapping[str, Artifact]) -> bool:
        return outs.keys() == {out.path for out in stage.outs}

    def _reasons(self, stage: Stage, row: StageRun, decision: Decision) -> tuple[Reason, ...]:
        if decision.state == "waiting":
            blockers = tuple(reason for reason in decision.reasons if reason.kind == "upstream")
            if blockers:
                return blockers
        inputs = decision.inputs
        # What a run does not say of variables and runtime files is taken to be as it is now.
        as_then = StageRecord(
            stage.name, row.key or decision.key, row.program, stage.wdir, row.deps, row.params,  # type: ignore[arg-type] # one is there
            inputs.env, inputs.runtime, row.outs,
        )  # fmt: skip
        return tuple(stage_differences(as_then, stage, inputs, set())) or (Reason("key-changed"),)

    def _write_records(self, names: list[str]) -> None:
        with self.opened.writing() as writing:
            for name in names:
                stage, decision = self.opened.pipeline.stages[name], self.decisions[name]
                outs = self.rows[name].outs
                if decision.key is not None and whole(writing.objects, list(outs.values())):
                    if writing.results.get(decision.key) is None:
                        writing.results.put(decision.key, outs)
                    path = self.opened.project.stage_record(name)
                    write_atomic(path, dump_stage_record(decision.record(stage, outs)), durable=False)
                    writing.commit.written(str(path))


def _equal(one: Mapping[str, Artifact], other: Mapping[str, Artifact]) -> bool:
    return one.keys() == other.keys() and all(one[path].same(other[path]) for path in one)
