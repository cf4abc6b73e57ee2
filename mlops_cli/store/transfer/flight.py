"""Many requests at once: how many, and how many bytes they may hold in memory, is ours to say."""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from mlops_cli.errors import DataError
from mlops_cli.store.remotes.port import NotThere, ReadOnly, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from mlops_cli.store.digest import Digest

T = TypeVar("T")
R = TypeVar("R")

BYTES = 256 << 20  # in memory for all requests together

_GLANCE = 0.5  # seconds: a Ctrl-C that comes in the instant before waiting begins is seen only after it


class Budget:
    """Bytes that may be in memory at once; what is larger than all of it flies alone."""

    def __init__(self, most: int = BYTES) -> None:
        self._most = most
        self._taken = 0
        self._change = threading.Condition()

    def take(self, size: int) -> None:
        """Wait until there is room for so many bytes, and hold it; only for who holds nothing, or two might wait for each other."""
        with self._change:
            self._change.wait_for(lambda: self._fits(size))
            self._taken += min(size, self._most)

    def try_take(self, size: int) -> bool:
        """Hold room for so many bytes if there is any now."""
        with self._change:
            fits = self._fits(size)
            if fits:
                self._taken += min(size, self._most)
            return fits

    def give(self, size: int) -> None:
        """Give back what was held."""
        with self._change:
            self._taken -= min(size, self._most)
            self._change.notify_all()

    def _fits(self, size: int) -> bool:
        return self._taken + min(size, self._most) <= self._most


@dataclass(slots=True)
class Tally:
    """What a transfer has done so far; shared by its threads.

    Parameters
    ----------
    objects, bytes : int
        Moved.
    skipped : int
        There already.
    failed : dict
        What could not be moved, by object or by file, and why.
    hints : dict
        What to do about it, by the same names.
    unmoved : set of Digest
        All objects that could not be moved.
    wanted_objects, wanted_bytes : int
        To be moved in all.
    """

    objects: int = 0
    bytes: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    hints: dict[str, str] = field(default_factory=dict)
    unmoved: set[Digest] = field(default_factory=set)
    wanted_objects: int = 0
    wanted_bytes: int = 0
    began: float = field(default_factory=time.monotonic)
    listen: Callable[[Tally], None] = lambda _: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def moved(self, objects: int, size: int) -> None:
        """Count what has arrived, and tell whoever shows it."""
        with self.lock:
            self.objects += objects
            self.bytes += size
        self.listen(self)

    def fail(self, digests: Collection[Digest], why: str, name: str = "", hint: str = "") -> None:
        """Note what could not be moved.

        Parameters
        ----------
        name : str
            What to call all of them together; each is named by itself without.
        """
        with self.lock:
            self.unmoved.update(digests)
            for what in [name] if name else digests:
                if what not in self.failed:  # what was found first is nearer to the cause
                    self.failed[what], self.hints[what] = why, hint


class Flight(Generic[T, R]):
    """Runs work on several threads, with so much under way at most that memory stays bounded.

    Parameters
    ----------
    jobs : int
        Pieces of work at once.
    budget, weigh : Budget, callable
        Each piece holds its weight in bytes from before it begins until whoever iterates asks for the next one.
    ordered : bool
        Hand the pieces on in the order given; as they come by default.
    """

    def __init__(
        self,
        jobs: int,
        budget: Budget | None = None,
        weigh: Callable[[T], int] = lambda _: 0,
        *,
        ordered: bool = False,
    ) -> None:
        self._jobs = jobs
        self._budget = budget or Budget()
        self._weigh = weigh
        self._ordered = ordered
        self._waiting: dict[Future[R], tuple[T, int]] = {}
        self._refused = 0

    def run(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R | DataError]]:
        """Yield each item with what its work returned, or the DataError that it raised.

        Any other error ends the flight, and so does a remote that does nothing any more: what has not begun is not begun then.

        Raises
        ------
        RemoteError
            When the remote refused one piece of work after another, or takes nothing at all: the rest would be asked in vain, too.
        """
        try:
            with ThreadPoolExecutor(self._jobs, thread_name_prefix="transfer") as pool:
                try:
                    for item in items:
                        size = self._weigh(item)
                        yield from self._make_room(size)
                        self._waiting[pool.submit(work, item)] = item, size
                        if len(self._waiting) >= 2 * self._jobs:
                            yield from self._landed()
                    while self._waiting:
                        yield from self._landed()
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:
            for _, size in self._waiting.values():
                self._budget.give(size)
            self._waiting.clear()

    def _make_room(self, size: int) -> Iterator[tuple[T, R | DataError]]:
        """Take room in the budget; what is our own is handed on for it first, so that no two flights wait for each other."""
        while not self._budget.try_take(size):
            if not self._waiting:
                self._budget.take(size)
                return
            yield from self._landed()

    def _landed(self) -> Iterator[tuple[T, R | DataError]]:
        some = [next(iter(self._waiting))] if self._ordered else self._waiting
        done: set[Future[R]] = set()
        while not done:
            done, _ = wait(some, timeout=_GLANCE, return_when=FIRST_COMPLETED)
        while done:
            future = done.pop()
            item, size = self._waiting.pop(future)
            outcome = self._outcome(future)
            del future  # nothing here holds the bytes any more when their room is given back
            try:
                yield item, outcome
            finally:
                del outcome
                self._budget.give(size)

    def _outcome(self, future: Future[R]) -> R | DataError:
        try:
            result = future.result()
        except DataError as error:
            refused = isinstance(error, RemoteError) and not isinstance(error, NotThere)
            self._refused = self._refused + 1 if refused else 0
            if self._refused > self._jobs or isinstance(error, ReadOnly):
                raise
            return error
        self._refused = 0
        return result
