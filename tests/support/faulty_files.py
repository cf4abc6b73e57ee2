"""A remote that fails as told: by the number of the request, or by chance that a seed decides; and lies in its listings."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

from mlops_cli.store.remotes.port import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mlops_cli.store.remotes.port import RemoteFiles

T = TypeVar("T")
Fault = Literal["latency", "unavailable", "reset", "lost answer", "truncated", "wrong bytes", "killed"]
"""What can happen to a request.

latency       it takes longer
unavailable   503: it is not done, a transient RemoteError
reset         the connection breaks before it is done: ConnectionError
lost answer   it is done, and then the connection breaks
truncated     of what is read, the second half is missing; an upload breaks in its middle; anything else is reset
wrong bytes   of what is read, one bit is another; of what is written, too; anything else goes well
killed        it is done, and then the process is no more; only by `kill_at` with `kill_done`
"""
FAULTS: tuple[Fault, ...] = get_args(Fault)[:-1]
# Those after which everything can still end well, when it is tried again.
PASSING: tuple[Fault, ...] = ("latency", "unavailable", "reset", "lost answer")


class Killed(BaseException):
    """The process is no more; nothing of it catches this."""


class FaultyFiles:
    """Another remote, unreliably. Requests count from 0: each call of a method is one.

    Parameters
    ----------
    files : RemoteFiles
        What is asked in the end.
    faults : mapping, optional
        Number of a request to what happens to it.
    rate, kinds, seed : float, sequence, int
        Besides, each request meets one of the kinds with this probability; which, follows from the seed and the number alone.
    kill_at : int, optional
        This request, and every one after it, raises Killed instead of being done.
    kill_done : bool
        The request `kill_at` itself is done first; an upload is torn in its middle where this is false.
    leave_out, invent : callable, mapping
        How listings lie: names that they leave out, names with sizes that they add.
    latency : float
        Seconds.
    """

    def __init__(
        self,
        files: RemoteFiles,
        *,
        faults: Mapping[int, Fault] | None = None,
        rate: float = 0.0,
        kinds: Sequence[Fault] = PASSING,
        seed: int = 0,
        kill_at: int | None = None,
        kill_done: bool = False,
        leave_out: Callable[[str], bool] = lambda _: False,
        invent: Mapping[str, int] | None = None,
        latency: float = 0.002,
    ) -> None:
        self._files = files
        self._faults = dict(faults or {})
        self._rate, self._kinds, self._seed = rate, tuple(kinds), seed
        self._kill_at, self._kill_done = kill_at, kill_done
        self._leave_out, self._invent = leave_out, dict(invent or {})
        self._latency = latency
        self._lock = threading.Lock()
        self.asked: list[tuple[str, str]] = []
        """Method and name of each request, in the order of their numbers."""
        self.done: list[tuple[str, str]] = []
        """Those that were done, in the order in which they were."""
        self.met: list[tuple[int, Fault]] = []
        """The faults that happened."""

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return len(self.asked)

    def list(self, folder: str = "") -> dict[str, int]:
        """Return a listing, which may lie."""
        found = self._do("list", folder, lambda: self._files.list(folder))
        kept = {name: size for name, size in found.items() if not self._leave_out(name)}
        inside = f"{folder}/" if folder else ""
        return kept | {name: size for name, size in self._invent.items() if name.startswith(inside)}

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes, which may be other or fewer."""
        fault = self._begin("read", name)
        data = self._perform("read", name, fault, lambda: self._files.read(name, start, length))
        if fault == "truncated":
            return data[: len(data) // 2]
        return _damaged(data) if fault == "wrong bytes" else data

    def write(self, name: str, data: bytes) -> None:
        """Write a file, perhaps."""
        fault = self._begin("write", name)
        data = _damaged(data) if fault == "wrong bytes" else data
        self._perform("write", name, fault, lambda: self._files.write(name, data))

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a file from chunks, perhaps; one that is torn ends as it does when the chunks themselves raise."""
        fault = self._begin("upload", name, torn=lambda: self._tear(name, chunks, size, Killed("killed")))
        if fault == "truncated":
            self._tear(name, chunks, size, ConnectionResetError("reset in the middle"))
        parts = _damaged_chunks(chunks) if fault == "wrong bytes" else chunks
        self._perform("upload", name, fault, lambda: self._files.upload(name, parts, size))

    def create(self, name: str, data: bytes) -> bool:
        """Write a file only where nothing has this name, perhaps."""
        return self._do("create", name, lambda: self._files.create(name, data))

    def remove(self, names: Sequence[str]) -> None:
        """Remove files, perhaps."""
        self._do("remove", ", ".join(names), lambda: self._files.remove(names))

    def remove_folder(self, folder: str) -> None:
        """Remove an empty folder: a courtesy, whose failures nobody hears of."""
        self._files.remove_folder(folder)

    def _do(self, method: str, name: str, action: Callable[[], T]) -> T:
        return self._perform(method, name, self._begin(method, name), action)

    def _begin(self, method: str, name: str, torn: Callable[[], None] | None = None) -> Fault | None:
        """Number a request; return what will happen to it, when it is not the last one."""
        with self._lock:
            number = len(self.asked)
            self.asked.append((method, name))
        if self._kill_at is not None and number >= self._kill_at:
            if self._kill_done and number == self._kill_at:
                return "killed"
            if torn and number == self._kill_at:
                torn()
            raise Killed(f"killed at request {number}")
        chance = random.Random(f"{self._seed}:{number}")
        fault = self._faults.get(number)
        if fault is None and chance.random() < self._rate:
            fault = chance.choice(self._kinds)
        if fault:
            with self._lock:
                self.met.append((number, fault))
        return fault

    def _perform(self, method: str, name: str, fault: Fault | None, action: Callable[[], T]) -> T:
        if fault == "latency":
            time.sleep(self._latency)
        if fault == "unavailable":
            raise RemoteError(f"{name}: 503 Service Unavailable", transient=True)
        if fault == "reset" or (fault == "truncated" and method not in ("read", "upload")):
            raise ConnectionResetError("connection reset by peer")
        result = action()
        with self._lock:
            self.done.append((method, name))
        if fault == "killed":
            raise Killed("killed when it was done")
        if fault == "lost answer":
            raise ConnectionResetError("connection reset before the answer came")
        return result

    def _tear(self, name: str, chunks: Iterable[bytes], size: int, error: BaseException) -> None:
        """Begin an upload whose chunks end in an error half-way."""

        def half() -> Iterator[bytes]:
            taken = 0
            for chunk in chunks:
                if taken + len(chunk) > size // 2:
                    yield chunk[: size // 2 - taken]
                    break
                taken += len(chunk)
                yield chunk
            raise error

        self._files.upload(name, half(), size)


def _damaged(data: bytes) -> bytes:
    """Return bytes with one bit of the middle one turned."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :] if data else data


def _damaged_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for number, chunk in enumerate(chunks):
        yield _damaged(chunk) if number == 0 else chunk
