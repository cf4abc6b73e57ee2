"""Which stage may start now: everything upstream is done, and cores, memory, GPUs and mutexes are free. Pure."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.execution.machine import Capacity
    from mlops_cli.pipeline.definition import Stage


@dataclass(frozen=True, slots=True)
class Grant:
    """What a running stage holds."""

    cores: int
    memory: int
    gpus: tuple[str, ...]
    mutex: tuple[str, ...]


class Schedule:
    """The stages of a run, each waiting, ready, running, done or skipped.

    A stage that asks for more cores, memory or GPUs than there are runs alone, with all of them.

    Parameters
    ----------
    order : sequence of str
        Stages, each after those that it needs; also who goes first where several could.
    upstream : mapping
        Stage to the stages that it needs; those that are not in `order` count as done.
    """

    def __init__(
        self,
        order: Sequence[str],
        upstream: Mapping[str, Sequence[str]],
        stages: Mapping[str, Stage],
        capacity: Capacity,
    ) -> None:
        self._position = {name: i for i, name in enumerate(order)}
        self._order = order
        self._stages = stages
        self._capacity = capacity
        self._cores, self._memory = capacity.cores, capacity.memory
        self._gpus, self._mutexes = list(capacity.gpus), set[str]()
        self._left = {name: sum(up in self._position for up in upstream[name]) for name in order}
        self._followers: dict[str, list[str]] = {name: [] for name in order}
        for name in order:
            for up in upstream[name]:
                if up in self._followers:
                    self._followers[up].append(name)
        self._ready = [self._position[name] for name in order if not self._left[name]]
        self._parked: list[int] = []
        self._running: dict[str, Grant] = {}
        self._over: set[str] = set()

    @property
    def finished(self) -> bool:
        """Whether no stage waits, is ready or runs."""
        return len(self._over) == len(self._order)

    @property
    def running(self) -> int:
        """How many stages run."""
        return len(self._running)

    def next(self) -> tuple[str, Grant] | None:
        """Start the first stage that is ready and fits; return it with what it may use, or None."""
        for index, position in enumerate(self._ready):
            if self._cores < 1:
                return None
            name = self._order[position]
            grant = self._fit(self._stages[name])
            if grant is not None:
                del self._ready[index]
                self._take(grant)
                self._running[name] = grant
                return name, grant
        return None

    def done(self, name: str) -> None:
        """Free what a stage held; what waited only for it becomes ready."""
        self._free(name)
        self._over.add(name)
        for follower in self._followers[name]:
            self._left[follower] -= 1
            if not self._left[follower] and follower not in self._over:
                insort(self._ready, self._position[follower])

    def park(self, name: str) -> None:
        """Free what a stage held: another command has it, so it lets others go first until `unpark`."""
        self._free(name)
        self._parked.append(self._position[name])

    def unpark(self) -> None:
        """Let parked stages try again."""
        for position in self._parked:
            insort(self._ready, position)
        self._parked.clear()

    def failed(self, name: str) -> tuple[str, ...]:
        """Free what a stage held; return everything downstream of it, which will not run."""
        self._free(name)
        self._over.add(name)
        skipped: list[str] = []
        stack = list(self._followers[name])
        while stack:
            follower = stack.pop()
            if follower not in self._over:
                self._over.add(follower)
                skipped.append(follower)
                stack.extend(self._followers[follower])
        return tuple(sorted(skipped, key=self._position.__getitem__))

    def drop(self) -> tuple[str, ...]:
        """Give up whatever has not started; return those stages."""
        left = tuple(name for name in self._order if name not in self._over and name not in self._running)
        self._over.update(left)
        self._ready.clear()
        self._parked.clear()
        return left

    def _fit(self, stage: Stage) -> Grant | None:
        cores = min(stage.cores, self._capacity.cores)
        memory = min(stage.memory or 0, self._capacity.memory)
        gpus = min(stage.gpu, len(self._capacity.gpus))
        if cores > self._cores or memory > self._memory or gpus > len(self._gpus):
            return None
        if self._mutexes.intersection(stage.mutex):
            return None
        return Grant(cores, memory, tuple(self._gpus[:gpus]), stage.mutex)

    def _take(self, grant: Grant) -> None:
        self._cores -= grant.cores
        self._memory -= grant.memory
        self._gpus = [gpu for gpu in self._gpus if gpu not in grant.gpus]
        self._mutexes.update(grant.mutex)

    def _free(self, name: str) -> None:
        grant = self._running.pop(name, None)
        if grant is not None:
            self._cores += grant.cores
            self._memory += grant.memory
            self._gpus = [gpu for gpu in self._capacity.gpus if gpu in self._gpus or gpu in grant.gpus]
            self._mutexes.difference_update(grant.mutex)
