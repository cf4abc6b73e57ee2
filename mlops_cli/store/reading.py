"""Reading many small files whole, by several processes where that pays."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, Self

from mlops_cli.helper.process import Helper
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.pack import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    # When its reading began (ns since the epoch), its digest, its bytes where they are kept, and how many they are.
    SmallFile = tuple[int, str, bytes, int]

_WORTH_HELPERS = 3000  # files that take longer to read than another process to start
_HELPERS = 3  # also where there are fewer processors: files that are not in memory are waited for
_MOST_BYTES = 4 << 20  # of one part: more take longer to pass on than to read
_AHEAD = 2  # parts that a helper has read or is asked for before their turn


class Part(NamedTuple):
    """Files that are read together: their absolute paths, and about how many bytes they hold."""

    paths: list[str]
    size: int


def read_small(paths: Sequence[str], keep: bool) -> list[SmallFile]:
    """Read files in one go each, up to the size of small objects.

    Parameters
    ----------
    keep : bool
        Return their bytes, too.

    Raises
    ------
    OSError
        When one cannot be read; it says which.
    """
    found: list[SmallFile] = []
    for path in paths:
        seen = time.time_ns()
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(descriptor, SMALL)
        except OSError as error:
            error.filename = path
            raise
        finally:
            os.close(descriptor)
        found.append((seen, digest_bytes(data), data if keep else b"", len(data)))
    return found


def read_parts(parts: Sequence[Part], *, keep: bool) -> Iterator[list[SmallFile]]:
    """Yield what `read_small` returns of each part, in their order."""
    if sum(len(part.paths) for part in parts) < _WORTH_HELPERS:
        yield from (read_small(part.paths, keep) for part in parts)
        return
    count = min(_HELPERS, len(parts))
    # Whoever asks also does something with what was read: for each part that is read here, every helper reads two.
    turns = [*range(count), *range(count)]
    helped: dict[int, int] = {}
    for number, part in enumerate(parts):
        turn = number % (1 + len(turns))
        if turn and not (keep and part.size > _MOST_BYTES):
            helped[number] = turns[turn - 1]
    with ExitStack() as stack:
        ahead = [
            stack.enter_context(_Ahead([parts[n].paths for n, who in helped.items() if who == index], keep))
            for index in range(count)
        ]
        try:
            for each in ahead:
                each.begin()
        except RuntimeError:  # no more threads
            helped = {}
        for number, part in enumerate(parts):
            yield ahead[helped[number]].take() if number in helped else read_small(part.paths, keep)


class _Ahead:
    """A helper that reads its parts before their turn."""

    def __init__(self, parts: Iterable[Sequence[str]], keep: bool) -> None:
        self._waiting = deque(parts)
        self._asked: deque[Future[list[SmallFile]]] = deque()
        self._keep = keep
        self._helper = Helper()
        from concurrent.futures import ThreadPoolExecutor  # few commands read so much

        self._pool = ThreadPoolExecutor(1, "read")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._helper.stop()
        self._pool.shutdown()
        self._helper.__exit__()

    def begin(self) -> None:
        for _ in range(_AHEAD):
            self._ask()

    def take(self) -> list[SmallFile]:
        self._ask()
        return self._asked.popleft().result()

    def _ask(self) -> None:
        if self._waiting:
            paths = self._waiting.popleft()
            self._asked.append(self._pool.submit(self._helper.ask, read_small, paths, self._keep))
