"""A remote that is asked again: transient errors and short reads are tried anew, after pauses that grow and differ."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar

from mlops_cli.store.remotes.port import NotThere, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mlops_cli.store.remotes.port import RemoteFiles

T = TypeVar("T")

# Together about a quarter of a minute: long enough for a server that restarts, short enough for whoever waits.
PAUSES = (0.2, 0.6, 1.8, 5.0, 8.0)


class RetryingFiles:
    """Another remote, patiently.

    What is tried anew may have been done the first time, its answer lost. That is harmless for reading, listing, removing and
    writing; a `create` whose own first try succeeded is recognised by what then lies there.

    Parameters
    ----------
    files : RemoteFiles
        What is asked.
    pauses : sequence of float
        Seconds between tries, each drawn between a half and the whole of it; one more try than there are pauses.
    sleep : callable
        For tests.
    """

    def __init__(
        self,
        files: RemoteFiles,
        pauses: Sequence[float] = PAUSES,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._files = files
        self._pauses = tuple(pauses)
        self._sleep = sleep
        self._random = random.Random()  # noqa: S311 - so that clients that failed together do not come back together

    @property
    def requests(self) -> int:
        """How many requests were made so far, those that failed included."""
        return self._files.requests

    def list(self, folder: str = "") -> dict[str, int]:
        """Return the size of every file below a folder, by name."""
        return self._patiently(lambda: self._files.list(folder))

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a file."""

        def read() -> bytes:
            data = self._files.read(name, start, length)
            if length is not None and len(data) != length:
                message = (
                    f"{name} on the remote ended after {start + len(data):,} of {start + length:,} bytes"
                )
                raise RemoteError(message, transient=True)
            return data

        return self._patiently(read)

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        self._patiently(lambda: self._files.write(name, data))

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a file from chunks; anew only while the chunks can be had again."""
        again = iter(chunks) is not chunks if not hasattr(chunks, "__next__") else False
        source = _Watched(chunks)

        def upload() -> None:
            self._files.upload(name, source, size)

        self._patiently(upload, lambda: again or not source.begun)

    def create(self, name: str, data: bytes) -> bool:
        """Write a file only where nothing has this name."""
        tries = 0

        def create() -> bool:
            nonlocal tries
            tries += 1
            return self._files.create(name, data)

        if self._patiently(create):
            return True
        return tries > 1 and self._holds(name, data)

    def remove(self, names: Sequence[str]) -> None:
        """Remove files."""
        self._patiently(lambda: self._files.remove(names))

    def remove_folder(self, folder: str) -> None:
        """Remove an empty folder."""
        self._patiently(lambda: self._files.remove_folder(folder))

    def _holds(self, name: str, data: bytes) -> bool:
        """Whether a file is what an earlier try, whose answer was lost, may well have written."""
        try:
            return self.read(name) == data
        except NotThere:
            return False

    def _patiently(self, action: Callable[[], T], possible: Callable[[], bool] = lambda: True) -> T:
        for pause in self._pauses:
            try:
                return action()
            except RemoteError as error:
                if not error.transient or not possible():
                    raise
            except (ConnectionError, TimeoutError):
                if not possible():
                    raise
            self._sleep(pause * self._random.uniform(0.5, 1.0))
        try:
            return action()
        except (ConnectionError, TimeoutError) as error:
            raise RemoteError(f"the remote does not answer: {error}", transient=True) from error


class _Watched:
    """Chunks, and whether anybody has begun to take them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.begun = False

    def __iter__(self) -> Iterator[bytes]:
        self.begun = True
        return iter(self._chunks)
