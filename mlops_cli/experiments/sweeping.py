"""Carrying out a sweep: some worktrees, an experiment in each of them at a time, until nothing is left to do."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.execution.children import Children
from mlops_cli.execution.process import interruptible
from mlops_cli.experiments.isolated import Pool, worktrees
from mlops_cli.experiments.trial import Bench, Order, Trial, new_trials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.experiments.sweep import Combination
    from mlops_cli.opened import Opened

_GLANCE = 0.2  # seconds after which Ctrl-C is noticed at the latest


class Sweeping:
    """One sweep on its way.

    Parameters
    ----------
    parallel : int
        How many experiments run at a time.
    most : int or None
        After so many have run, the others are left.
    keep_going : bool
        Go on after one has failed.
    tell : callable
        Told each experiment when something has become of it, from the thread in which that happened.
    """

    def __init__(
        self,
        opened: Opened,
        order: Order,
        combinations: Sequence[Combination],
        *,
        parallel: int,
        most: int | None,
        keep_going: bool,
        tell: Callable[[Trial], None],
    ) -> None:
        self._opened = opened
        self._order = order
        self._combinations = combinations
        self._parallel = parallel
        self._most = most
        self._keep_going = keep_going
        self._tell = tell
        self._children = Children()
        self._lock = threading.Lock()
        self._trials = new_trials(combinations)
        self._next = 0
        self._running = 0
        self._begun = 0
        self._ended = False
        self.interrupted = False

    def carry_out(self) -> tuple[Trial, ...]:
        """Run what has to be run; return every experiment in the order of the sweep.

        Raises
        ------
        UsageError
            When there is no commit yet.
        DataError
            When no worktree can be made.
        """
        with worktrees(self._opened) as pool, interruptible():
            with ThreadPoolExecutor(self._parallel, thread_name_prefix="experiment") as executor:
                workers = [executor.submit(self._work, pool) for _ in range(self._parallel)]
                self._watch(workers)
            for worker in workers:
                worker.result()
        return tuple(replace(t, status="left") if t.status == "waiting" else t for t in self._trials)

    def _watch(self, workers: Sequence[Future[None]]) -> None:
        """Wait for the workers; Ctrl-C ends what runs, a second one at once."""
        pending = set(workers)
        while pending:
            try:
                done, pending = wait(pending, timeout=_GLANCE, return_when=FIRST_EXCEPTION)
                if any(worker.exception() for worker in done):
                    self._end()
            except KeyboardInterrupt:
                again, self.interrupted = self.interrupted, True
                self._end()
                if again:
                    self._children.kill()
                else:
                    self._children.stop()

    def _end(self) -> None:
        with self._lock:
            self._ended = True

    def _work(self, pool: Pool) -> None:
        trial = self._take()
        if trial is None:
            return
        with pool.worktree(self._order.base.tree, self._order.base.commit) as isolated:
            bench = Bench(isolated, self._order)
            while trial is not None:
                done = bench.perform(trial, self._combinations[trial.number], self._children, self._tell)
                self._keep(done)
                trial = self._take()

    def _take(self) -> Trial | None:
        """Return an experiment that nobody has begun; None where none is to begin any more."""
        with self._lock:
            # Of those that are on their way it cannot be told yet whether they were done before.
            enough = self._most is not None and self._begun + self._running >= self._most
            if self._ended or enough or self._next == len(self._trials):
                return None
            self._next += 1
            self._running += 1
            return self._trials[self._next - 1]

    def _keep(self, trial: Trial) -> None:
        with self._lock:
            self._running -= 1
            self._begun += not trial.before
            self._trials[trial.number] = trial
            failed = trial.status != "ok"
            self._ended = self._ended or (failed and not self._keep_going) or trial.status == "stopped"
        self._tell(trial)
