"""From a remote into the local store: what is missing here, verified while it streams in, in few large reads."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from blake3 import blake3

from mlops_cli.errors import DataError
from mlops_cli.store.closure import closure
from mlops_cli.store.digest import PREFIX
from mlops_cli.store.objects import unwritable
from mlops_cli.store.pack import SMALL
from mlops_cli.store.placing import writer
from mlops_cli.store.transfer.flight import Flight, Tally
from mlops_cli.store.transfer.remote_store import SEND, RemoteStore, object_name, reads, wrong_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.pack import Span
    from mlops_cli.store.transfer.remote_store import RemotePack

_RANGE = 16 << 20  # bytes of one read of a large object
_AHEAD = 3  # threads that read one large object; twice as many reads wait for being hashed in their order


def fetch(local: FolderObjects, remote: RemoteStore, artifacts: Sequence[Artifact], tally: Tally) -> None:
    """Bring everything that artifacts consist of, trees level by level, then all files together.

    What cannot be brought is noted in the tally; everything else is brought all the same.

    Raises
    ------
    DataError
        When the remote cannot be listed, or the store here cannot be written.
    """
    trees = _Trees(local, remote, tally)
    found = closure(trees, artifacts)
    for digest, why in found.missing.items():
        tally.fail([digest], why)
    absent = local.missing(found.blobs.keys())
    tally.skipped += len(found.blobs) + len(found.trees) - len(absent) - trees.brought
    fetch_objects(local, remote, absent, tally, sizes=found.blobs)


class _Trees:
    """The local store, in which trees appear from the remote when they are asked for."""

    def __init__(self, local: FolderObjects, remote: RemoteStore, tally: Tally) -> None:
        self._local = local
        self._remote = remote
        self._tally = tally
        self.brought = 0

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        absent = self._local.missing(digests)
        if not absent:
            return absent
        fetch_objects(self._local, self._remote, absent, self._tally)
        still = self._local.missing(absent)
        self.brought += len(absent) - len(still)
        return still

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        return self._local.read_blobs(digests)


def fetch_objects(
    local: FolderObjects,
    remote: RemoteStore,
    digests: Collection[Digest],
    tally: Tally,
    *,
    sizes: dict[Digest, int] | None = None,
) -> dict[Digest, DataError]:
    """Bring objects that are not here; return, and note in the tally, what could not be brought and why.

    Parameters
    ----------
    sizes : dict, optional
        What records say of the sizes, for those that lie alone there.

    Raises
    ------
    DataError
        When the remote cannot be listed, or no longer answers, or the store here cannot be written.
    """
    if not digests:
        return {}
    packed = remote.packed(digests)
    alone = remote.alone([d for d in digests if d not in packed])
    failed = {d: _nowhere(d) for d in digests if d not in packed and d not in alone}
    spans = reads(packed)
    tally.wanted_objects += len(packed) + len(alone)
    tally.wanted_bytes += sum(span.size for _, span in spans) + sum(alone.values())
    tally.listen(tally)
    failed |= _fetch_packed(local, remote, spans, tally)
    failed |= _fetch_alone(local, remote, alone, sizes or {}, tally)
    for digest, error in failed.items():
        tally.fail([digest], error.message, hint=error.hint)
    return failed


def _nowhere(digest: Digest) -> DataError:
    return DataError(f"object {digest} is neither here nor on the remote", hint=SEND)


def _fetch_packed(
    local: FolderObjects, remote: RemoteStore, spans: list[tuple[RemotePack, Span[Digest]]], tally: Tally
) -> dict[Digest, DataError]:
    failed: dict[Digest, DataError] = {}
    flight = remote.spans_flight()
    # Storing is for one thread, while the others read on.
    with local.intake() as intake:
        for (_, span), objects in flight.run(lambda item: remote.read_span(*item), spans):
            if isinstance(objects, DataError):
                failed.update(dict.fromkeys([digest for digest, _ in span.objects], objects))
                continue
            good = [(digest, data) for digest, data in objects if data is not None]
            failed.update({digest: wrong_bytes(digest) for digest, data in objects if data is None})
            intake.keep(good)
            tally.moved(len(good), span.size)
    return failed


def _fetch_alone(
    local: FolderObjects,
    remote: RemoteStore,
    alone: dict[Digest, int],
    sizes: dict[Digest, int],
    tally: Tally,
) -> dict[Digest, DataError]:
    flight: Flight[Digest, None] = Flight(remote.jobs)

    def bring(digest: Digest) -> None:
        told = sizes.get(digest)
        if told is not None and told != alone[digest]:
            what = f"object {digest} has {alone[digest]:,} bytes on the remote, not {told:,}"
            raise DataError(what, hint="Whoever has it whole can send it again: mlops push")
        _Download(local, remote, digest, alone[digest], tally).bring()

    landed = flight.run(bring, sorted(alone, key=lambda d: -alone[d]))
    return {digest: outcome for digest, outcome in landed if isinstance(outcome, DataError)}


class _Download:
    """One object that lies alone; the bytes that an interrupted download left are not asked for again."""

    def __init__(
        self, local: FolderObjects, remote: RemoteStore, digest: Digest, size: int, tally: Tally
    ) -> None:
        self._local = local
        self._remote = remote
        self._digest = digest
        self._size = size
        self._tally = tally

    def bring(self) -> None:
        """Bring it, verified, and give it its place.

        Raises
        ------
        DataError
            When the remote fails or its bytes are wrong; nothing is left under the object's name then.
        """
        if self._size < SMALL:
            [data] = self._remote.read_blobs([self._digest])
            self._local.loose.put(self._digest, data)
            self._tally.moved(1, len(data))
            return
        try:
            path, descriptor = _claim(
                self._local.partial / self._digest[3:], self._local.loose.temporary_name
            )
        except OSError as error:
            raise unwritable(f"{self._local.partial} cannot be written", error) from error
        try:
            # Wrong bytes may have come about on the way: they are asked for once more, from the first on.
            if not self._stream(descriptor) and not self._stream(descriptor, anew=True):
                os.unlink(path)
                raise wrong_bytes(self._digest)
            os.fchmod(descriptor, 0o444)
            self._local.loose.settle(path, self._digest)
            self._tally.moved(1, 0)
        except OSError as error:
            raise unwritable(f"{self._local.partial} cannot be written", error) from error
        finally:
            os.close(descriptor)

    def _stream(self, descriptor: int, *, anew: bool = False) -> bool:
        """Bring what is left, several reads ahead; return whether all of it has the digest."""
        kept = os.fstat(descriptor).st_size
        if anew or kept > self._size:
            kept = 0
        os.ftruncate(descriptor, kept)
        os.lseek(descriptor, 0, os.SEEK_SET)
        hasher = blake3(max_threads=blake3.AUTO)
        while data := os.read(descriptor, _RANGE):
            hasher.update(data)
        write = writer(descriptor)
        for data in _ahead(
            self._remote, object_name(self._digest), range(kept, self._size, _RANGE), self._size
        ):
            hasher.update(data)
            write(memoryview(data))
            self._tally.moved(0, len(data))
            del data  # the next bytes take its room
        return PREFIX + hasher.hexdigest() == self._digest


def _claim(path: Path, another: Callable[[], str]) -> tuple[str, int]:
    """Open the file of an unfinished download, for us alone; a temporary one where somebody else is at work on it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = -1
    try:
        try:
            descriptor = os.open(path, flags, 0o644)
        except PermissionError:
            # Who was killed between the last byte and giving it its place has left it read-only.
            os.chmod(path, 0o644)
            descriptor = os.open(path, flags, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between opening and locking, another command may have finished it and given it its place.
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            return str(path), descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    if descriptor >= 0:
        os.close(descriptor)
    own = another()
    return own, os.open(own, flags | os.O_EXCL, 0o644)


def _ahead(remote: RemoteStore, name: str, starts: Sequence[int], size: int) -> Iterator[bytes]:
    """Yield ranges in order, some of them read ahead of time."""

    def length(start: int) -> int:
        return min(_RANGE, size - start)

    flight: Flight[int, bytes] = Flight(_AHEAD, remote.budget, length, ordered=True)
    for _, data in flight.run(lambda start: remote.read(name, start, length(start)), starts):
        if isinstance(data, DataError):
            raise data
        yield data
        del data
