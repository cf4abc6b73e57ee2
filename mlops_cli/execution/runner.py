"""Carrying out a plan: what is ready runs in parallel, each stage decided again when its inputs exist.

The executor is anything of the shape of `concurrent.futures`: local threads that wait for child processes today.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.execution.events import RunStarted, StageFinished, StageWaits
from mlops_cli.execution.outcome import NEEDS, Outcome
from mlops_cli.execution.schedule import Schedule
from mlops_cli.execution.stage import perform
from mlops_cli.execution.workbench import HeldElsewhere, Job, Workbench

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlops_cli.execution.machine import Capacity
    from mlops_cli.pipeline.decision import Decision, Plan
    from mlops_cli.pipeline.definition import Pipeline

# How long to leave a stage alone that another command has.
# Seconds: a Ctrl-C that comes in the instant before waiting begins is seen only after it.
_GLANCE = 0.5
_PATIENCE = 0.05


class Runner:
    """One run of a plan.

    Parameters
    ----------
    forced : collection of str
        Stages to run whatever is known of them.
    keep_going : bool
        After a failure go on with what does not depend on it.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        plan: Plan,
        bench: Workbench,
        capacity: Capacity,
        *,
        forced: Collection[str] = (),
        keep_going: bool = False,
    ) -> None:
        self.pipeline = pipeline
        self.bench = bench
        self.forced = forced
        self.keep_going = keep_going
        self.interrupted = False
        self.outcomes: dict[str, Outcome] = {}
        self._decisions: dict[str, Decision] = dict(plan.decisions)
        self._order = tuple(plan.decisions)
        self._numbers = {name: i for i, name in enumerate(self._order)}
        self._schedule = Schedule(self._order, bench.graph.upstream, pipeline.stages, capacity)
        self._futures: dict[Future[Outcome], str] = {}
        self._held: set[str] = set()
        self._moved: set[str] = set()
        self._workers = max(1, min(capacity.cores, len(self._order)))

    def run(self) -> dict[str, Outcome]:
        """Carry out the plan; return what became of each stage, in the order of the plan."""
        self.bench.listen(RunStarted(frozenset(n for n, d in self._decisions.items() if d.state != "fresh")))
        with ThreadPoolExecutor(self._workers, thread_name_prefix="stage") as executor:
            try:
                self._loop(executor)
            except KeyboardInterrupt:
                self.interrupted = True
                self._stop("the run was stopped")
                self._end_children()
                for future in list(self._futures):
                    self._take(future)
        return {name: self.outcomes[name] for name in self._order if name in self.outcomes}

    def _end_children(self) -> None:
        try:
            self.bench.processes.stop()
        except KeyboardInterrupt:  # a second Ctrl-C: no more patience
            self.bench.processes.kill()

    def _loop(self, executor: Executor) -> None:
        while not self._schedule.finished:
            self._schedule.unpark()
            self._start_what_can(executor)
            if not self._futures:
                continue  # everything was fresh
            done, _ = wait(self._futures, timeout=_GLANCE, return_when=FIRST_COMPLETED)
            waiting = [self._take(future) for future in done]
            if done and all(waiting):
                time.sleep(_PATIENCE)  # whatever was tried is with another command

    def _start_what_can(self, executor: Executor) -> None:
        while (found := self._schedule.next()) is not None:
            name, grant = found
            decision = self._decisions[name]
            upstream = self.bench.graph.upstream[name]
            if decision.state == "fresh" and not any(up in self._moved for up in upstream):
                self._finish(Outcome(name, "fresh", decision, outs=decision.outs or {}))
                continue
            needed = {up: self._decisions[up] for up in upstream if up in self._decisions}
            job = Job(self.pipeline.stages[name], self._numbers[name], grant, needed, name in self.forced)
            self._futures[executor.submit(perform, job, self.bench)] = name

    def _take(self, future: Future[Outcome]) -> bool:
        """Take over what a worker returns; return whether it found the stage with another command."""
        name = self._futures.pop(future)
        try:
            outcome = future.result()
        except HeldElsewhere:
            if self.interrupted:
                self._skip(name, "the run was stopped")
                return True
            if name not in self._held:
                self.bench.listen(StageWaits(name))
                self._held.add(name)
            self._schedule.park(name)
            return True
        self._finish(outcome)
        return False

    def _finish(self, outcome: Outcome) -> None:
        name = outcome.stage
        self.outcomes[name] = outcome
        if outcome.good:
            if outcome.decision is not None:
                # For whoever comes next this stage is fresh now, whatever it was.
                self._decisions[name] = replace(outcome.decision, state="fresh", outs=outcome.outs)
            if outcome.status != "fresh":
                self._moved.add(name)
            self._schedule.done(name)
        else:
            for skipped in self._schedule.failed(name):
                self._skip(skipped, f"{NEEDS}{name}")
        self.bench.listen(StageFinished(outcome))
        if not outcome.good and not self.keep_going:
            self._stop(f"{name} failed")

    def _stop(self, why: str) -> None:
        for name in self._schedule.drop():
            self._skip(name, why)

    def _skip(self, name: str, why: str) -> None:
        outcome = Outcome(name, "skipped", self._decisions.get(name), message=why)
        self.outcomes[name] = outcome
        self.bench.listen(StageFinished(outcome))
