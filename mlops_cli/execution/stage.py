"""One stage, from its lock to its record: decided again, then left alone, restored or run."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, MlopsError
from mlops_cli.execution.aside import Aside
from mlops_cli.execution.calling import prepare_call, read_headline, read_trouble
from mlops_cli.execution.events import Notice, StageStarted
from mlops_cli.execution.metrics import read_stage_metrics
from mlops_cli.execution.outcome import Outcome
from mlops_cli.execution.taint import changed_inputs
from mlops_cli.execution.tracked_inputs import NOT_THERE, NotBroughtError
from mlops_cli.execution.vouched import relative, vouched
from mlops_cli.execution.workbench import Job, Workbench, claim_key, lock_stage
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.pipeline.plan import decide
from mlops_cli.pipeline.record import dump_stage_record
from mlops_cli.store.objects import DamagedObjectError
from mlops_cli.store.placement.forest import HostileTreeError
from mlops_cli.store.placement.restore import restore
from mlops_cli.store.placing import move
from mlops_cli.store.save import drop_damaged, save, whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlops_cli.execution.process import Exit
    from mlops_cli.pipeline.decision import Decision
    from mlops_cli.pipeline.record import StageRecord
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.locks import Lock


def perform(job: Job, bench: Workbench) -> Outcome:
    """Carry out one stage; whatever goes wrong with it is in the outcome.

    Raises
    ------
    HeldElsewhere
        When another command has the stage at this moment.
    """
    lock = lock_stage(job.stage, bench)
    try:
        return _Performance(job, bench, lock).perform()
    except NotBroughtError as error:
        if error.absent and bench.pulls:
            error.hint = NOT_THERE
        return Outcome(job.stage.name, "failed", message=_told(error), no_data=True)
    except MlopsError as error:
        return Outcome(job.stage.name, "failed", message=_told(error))
    except OSError as error:
        name = error.filename2 or error.filename or "a file"
        return Outcome(job.stage.name, "failed", message=f"{name}: {error.strerror or error}")
    finally:
        lock.release()


class _Performance:
    def __init__(self, job: Job, bench: Workbench, lock: Lock) -> None:
        self.job = job
        self.stage = job.stage
        self.bench = bench
        self.facts = bench.facts
        self.lock = lock
        self._call_folder = f"{bench.session.folder}/call-{job.number}"
        root = str(self.facts.project.root)
        self.root = root
        failed = bench.failed / self.stage.name.replace(":", "/")
        self.aside = Aside(bench.session.folder / str(job.number), root, failed, bench.lock_file(job.stage))
        self.failed = failed
        self._said: MlopsError | None = None  # what a built-in step found wrong
        self._made_report = False

    def perform(self) -> Outcome:
        stage = self.stage
        # Since the plan was made, another command may have run this stage, or restored it.
        self.facts.look_again(stage)
        decision = self._decide()
        if decision.problems:
            return Outcome(
                stage.name, "failed", decision, message="; ".join(p.message for p in decision.problems)
            )
        if decision.state == "fresh":
            return Outcome(stage.name, "fresh", decision, outs=decision.outs or {})
        if decision.state == "cached":
            return self._restore(decision)
        if len(self.job.grant.gpus) < stage.gpu:
            there = f"it asks for {stage.gpu} GPUs, and this machine has {len(self.job.grant.gpus)}"
            return Outcome(stage.name, "failed", decision, message=there)
        if self.job.forced or stage.always or decision.key is None:
            return self._run(decision)
        with claim_key(decision.key, self.bench):
            if self.facts.results.get(decision.key) is not None:  # made in another worktree a moment ago
                decision = self._decide()
            return self._restore(decision) if decision.state == "cached" else self._run(decision)

    def _decide(self) -> Decision:
        sources = self.bench.graph.sources[self.stage.name]
        return decide(self.stage, sources, self.job.upstream, self.facts, forced=self.job.forced)

    # Restoring ----------------------------------------------------------------------------------------------------

    def _restore(self, decision: Decision) -> Outcome:
        begin = time.monotonic()
        self.bench.listen(StageStarted(self.stage.name, decision.reasons, restoring=True))
        outs = decision.outs or {}
        replaced = [path for path, artifact in outs.items() if not artifact.same(self.facts.artifact(path))]
        foreign = self._foreign(replaced)
        self.bench.commit.begin()
        self.aside.move_out(replaced)
        self.facts.workspace.forget(replaced)
        try:
            damaged = self._place(replaced, outs)
            if not damaged:
                self._keep_foreign(foreign)
        except BaseException:
            self.aside.put_back(replaced)
            raise
        if damaged:
            self.aside.put_back(replaced)
            self.facts.workspace.forget(replaced)
            drop_damaged(self.facts.objects, list(outs.values()))
            if self.stage.frozen:
                message = f"{damaged} is damaged in the store, and a frozen stage does not make it again"
                return Outcome(self.stage.name, "failed", decision, message=message)
            self.bench.listen(
                Notice(f"{damaged} is damaged in the store, so {self.stage.name} makes it again")
            )
            return self._run(decision)
        self.aside.settle()
        if not self.stage.frozen:  # its record stays that of the definition it was frozen under
            self._write_record(decision.record(self.stage, outs))
        self.aside.discard()
        metrics = read_stage_metrics(self.stage, outs, self.root)
        return Outcome(
            self.stage.name, "cached", decision, time.monotonic() - begin, outs=outs, metrics=metrics
        )

    def _place(self, paths: list[str], outs: Mapping[str, Artifact]) -> str:
        """Place outputs and read them back; return the first whose content in the store is not what its name says."""
        own = {out.path for out in self.stage.outs if out.persist}
        for number, path in enumerate(paths):
            temporary = f"{self.bench.session.folder}/placing-{self.job.number}-{number}"
            try:
                restore(self.facts.objects, outs[path], f"{self.root}/{path}", temporary, own=path in own)
            except (DamagedObjectError, HostileTreeError):
                return path
            except DataError:
                if whole(self.facts.objects, [outs[path]]):
                    raise  # the content is there: it is the workspace that cannot be written
                return path
            if not outs[path].same(self.facts.artifact(path)):
                return path
        return ""

    # Running ------------------------------------------------------------------------------------------------------

    def _run(self, decision: Decision) -> Outcome:
        stage = self.stage
        self.bench.listen(StageStarted(stage.name, decision.reasons))
        self.bench.commit.begin()
        self.facts.bring_inputs(
            [*decision.inputs.deps, *decision.inputs.runtime],
            f"{self.bench.session.folder}/inputs-{self.job.number}",
            f"{self.bench.store}/objects/",
        )
        moved = [out.path for out in stage.outs if not out.persist]
        foreign = self._foreign(moved)
        self.facts.workspace.forget([out.path for out in stage.outs])
        log = self.bench.logs / f"{stage.name.replace(':', '/')}.log"
        _make_folder(str(log.parent))
        self.aside.move_out(moved)
        try:
            end = self._run_program(decision, log)
            trouble, outs, metrics = self._take_outputs(end)
            outcome = Outcome(
                stage.name,
                "failed",
                decision,
                end.seconds,
                exit_code=end.code,
                peak_memory=end.peak_memory,
                log=str(log),
            )
            if not trouble:
                return self._finish(decision, outcome, outs, metrics, foreign)
        except BaseException:
            self._put_back(moved)
            raise
        tail = _without(_tail(log), self._said)
        return replace(outcome, message=trouble + self._put_back(moved), tail=tail)

    def _take_outputs(self, end: Exit) -> tuple[str, Mapping[str, Artifact], Mapping[str, object]]:
        """Return what is wrong, the outputs in the store, and the metrics."""
        trouble = self._trouble(end)
        if trouble:
            return trouble, {}, {}
        try:
            outs = save(self.facts.workspace, self.facts.objects, [out.path for out in self.stage.outs])
            return "", outs, read_stage_metrics(self.stage, outs, self.root)
        except MlopsError as error:
            return error.message, {}, {}

    def _finish(
        self,
        decision: Decision,
        outcome: Outcome,
        outs: Mapping[str, Artifact],
        metrics: Mapping[str, object],
        foreign: list[str],
    ) -> Outcome:
        changed = changed_inputs(self.stage, decision, self.facts)
        if not changed and decision.key is not None:
            self.facts.results.put(decision.key, outs)
        self._keep_foreign(foreign)
        self.aside.settle()
        self._write_record(decision.record(self.stage, outs, tainted=bool(changed)))
        self.aside.discard()
        if changed:
            message = f"{changed[0]} changed while the stage ran, so its outputs are no result: run again"
            return replace(outcome, status="tainted", message=message, outs=outs, metrics=metrics)
        headline = read_headline(self._call_folder) if self.stage.uses else ""
        return replace(outcome, status="ran", outs=outs, metrics=metrics, headline=headline)

    def _run_program(self, decision: Decision, log: Path) -> Exit:
        folder = os.path.normpath(f"{self.root}/{self.stage.wdir}")
        _make_folder(folder)
        self._made_report = not os.path.isdir(self._report)
        for out in self.stage.outs:
            _make_folder(os.path.dirname(f"{self.root}/{out.path}"))
        variables = {**self.bench.variables, "MLOPS_STAGE": self.stage.name}
        if self.job.grant.gpus:
            variables["CUDA_VISIBLE_DEVICES"] = ",".join(self.job.grant.gpus)
        for attempt in range(self.stage.retries + 1):
            end = self.bench.processes.run(
                self._programs(decision),
                folder=folder,
                variables=variables,
                log=log,
                timeout=self.stage.timeout,
                keep=(self.lock.descriptor,),
            )
            if end.code == 0 or end.stopped or attempt == self.stage.retries:
                break
            self.bench.listen(
                Notice(f"{self.stage.name} failed, trying again ({attempt + 1} of {self.stage.retries})")
            )
            with log.open("a") as stream:
                stream.write(f"--- attempt {attempt + 2} of {self.stage.retries + 1} ---\n")
            self.aside.keep_half_made([out.path for out in self.stage.outs if not out.persist])
        return end

    def _programs(self, decision: Decision) -> list[list[str]]:
        stage = self.stage
        if not stage.uses:
            return [["/bin/sh", "-c", command] for command in stage.commands]
        step = self.bench.steps[stage.uses]
        loads = [
            os.path.normpath(f"{stage.wdir}/{path}")
            for path in step.declare(stage.settings, stage.report).loads
        ]
        sources = self.bench.graph.sources[stage.name]
        promised = vouched(loads, sources, self.facts, self.bench.committed)
        if stage.report:
            _make_folder(self._report)
        program = prepare_call(
            self._call_folder,
            step,
            stage.settings,
            stage.report,
            {relative(path, stage.wdir): artifact.digest for path, artifact in decision.inputs.deps.items()},
            {relative(path, stage.wdir): digest for path, digest in promised.items()},
        )
        return [program]

    def _trouble(self, end: Exit) -> str:
        """Return why a finished program counts as failed; empty when it does not."""
        if end.stopped:
            return "stopped"
        if end.timed_out:
            return f"still running after its timeout of {self.stage.timeout:g} seconds"
        if end.code < 0:
            return f"ended by signal {-end.code}"
        if end.code > 0:
            self._said = read_trouble(self._call_folder) if self.stage.uses else None
            return f"exit code {end.code}" if self._said is None else _told(self._said)
        missing = [out.path for out in self.stage.outs if not os.path.exists(f"{self.root}/{out.path}")]
        if missing:
            return f"it ended well, but did not make its output {', '.join(missing)}"
        return ""

    def _put_back(self, moved: list[str]) -> str:
        kept = self.aside.put_back(moved)
        self.facts.workspace.forget(moved)
        if self.stage.report and self._made_report:
            with suppress(OSError):  # it has something in it, or was never made
                os.rmdir(self._report)
        inside = self.failed.is_relative_to(self.root)  # of a linked worktree it is not
        place = os.path.relpath(self.failed, self.root) if inside else self.failed
        return f" (what it had made so far is in {place})" if kept else ""

    @property
    def _report(self) -> str:
        """The folder of the report, absolute; the working directory where there is none."""
        return os.path.normpath(f"{self.root}/{self.stage.wdir}/{self.stage.report or ''}")

    # What else belongs to it --------------------------------------------------------------------------------------

    def _foreign(self, paths: list[str]) -> list[str]:
        """Return paths whose present content did not come from a run, and is nowhere else: it must not be lost."""
        record = self.facts.record(self.stage.name)
        found = []
        for path in paths:
            artifact = self.facts.artifact(path)
            ours = record.outs.get(path) if record else None
            if artifact is None or artifact.same(ours) or whole(self.facts.objects, [artifact]):
                continue
            found.append(path)
        return found

    def _keep_foreign(self, paths: list[str]) -> None:
        for path in paths:
            waiting = self.aside.where(path)
            if waiting is not None and os.path.lexists(waiting):
                target = self.bench.kept / path
                target.parent.mkdir(parents=True, exist_ok=True)
                move(waiting, str(target))
                self.bench.listen(
                    Notice(f"{path} was not made by a run: the file that lay there is kept as {target}")
                )

    def _write_record(self, record: StageRecord) -> None:
        path = self.facts.project.stage_record(self.stage.name)
        data = dump_stage_record(record)
        if self.facts.record(self.stage.name) != record or not path.exists():
            temporary = self.bench.session.folder / f"record-{self.job.number}"
            write_atomic(path, data, durable=False, temporary=temporary)
            self.bench.commit.written(str(path))
        self.facts.remember(record)


def _told(error: MlopsError) -> str:
    between = " " if error.message.endswith((".", "!", "?")) else ". "
    return f"{error.message}{between}{error.hint}" if error.hint else error.message


def _without(tail: str, said: MlopsError | None) -> str:
    """Return the end of a log without what a step said last, which is the message of its failure already."""
    if said is None:
        return tail
    lines = f"{said.message}\n{said.hint}".strip().splitlines()
    found = tail.splitlines()
    return "\n".join(found[: -len(lines)]) if found[-len(lines) :] == lines else tail


def _make_folder(path: str) -> None:
    if not os.path.isdir(path):
        os.makedirs(path, exist_ok=True)


def _tail(log: Path, lines: int = 20, most: int = 8192) -> str:
    """Return the last lines of a log."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - most))
            return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
