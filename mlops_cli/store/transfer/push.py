"""From the local store to a remote, in an order in which a crash leaves garbage there, but never a name without its content.

First large files and packs of small ones, then the packs' indexes; then packs of trees, and their indexes one after another, so
that whatever a tree names is there before it; results last. What is read here is verified while it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from blake3 import blake3

from mlops_cli.errors import DataError
from mlops_cli.formats.canonical import compact
from mlops_cli.store.closure import closure
from mlops_cli.store.digest import PREFIX, Digest
from mlops_cli.store.objects import damaged_object
from mlops_cli.store.pack import SMALL, PackIndex, build_packs
from mlops_cli.store.remotes.port import RemoteError
from mlops_cli.store.transfer.flight import Flight, Tally
from mlops_cli.store.transfer.remote_store import (
    OBJECTS,
    PACKS,
    RESULTS,
    SEND,
    RemoteStore,
    object_name,
    segment_name,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.closure import Closure
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.packs import LocalPack

_CHUNK = 4 << 20
_STREAM = 32 << 20  # bytes that a remote gathers at most of something that streams: parts of an upload


@dataclass(frozen=True, slots=True)
class _Large:
    """An object to send alone."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class _Pack:
    """A pack to send: one of ours as it lies, or one made for the journey."""

    name: str
    size: int
    index: PackIndex
    data: bytes | LocalPack


def push(
    local: FolderObjects,
    remote: RemoteStore,
    artifacts: Sequence[Artifact],
    results: Mapping[Digest, Mapping[str, Artifact]],
    tally: Tally,
) -> Closure:
    """Send everything that artifacts consist of, and results; what is there already is not sent. Return what they consist of.

    What is neither here nor there, or damaged here, is noted in the tally, and nothing that names it is sent.

    Parameters
    ----------
    results : mapping
        Key to outputs.

    Raises
    ------
    DataError
        When the remote fails.
    """
    found = closure(local, artifacts)
    _note_absent(found, remote, tally)
    wanted = {*found.blobs, *found.trees}
    missing = remote.missing(wanted, {**found.trees, **found.blobs}) if wanted else set()
    asked = missing & found.blobs.keys()
    blobs = local.sizes(asked)
    absent = asked - blobs.keys()
    for digest in absent:
        tally.fail([digest], "it is neither here nor on the remote", hint=SEND)
    tally.skipped += len(wanted) - len(missing)
    tally.wanted_objects += len(missing) - len(absent)
    tally.wanted_bytes += sum(blobs.values()) + sum(found.trees[d] for d in missing if d in found.trees)
    tally.listen(tally)
    _send_blobs(local, remote, blobs, tally)
    _send_trees(local, remote, found, missing, tally)
    _send_results(remote, results, tally)
    return found


def _note_absent(found: Closure, remote: RemoteStore, tally: Tally) -> None:
    """Note the trees that are neither here nor there; what lies below one that is only there was sent with it."""
    absent = remote.missing(found.missing.keys()) if found.missing else set()
    for digest in absent:
        tally.fail([digest], f"{found.missing[digest]}, nor on the remote", hint=SEND)


# Files ------------------------------------------------------------------------------------------------------------------


def _send_blobs(local: FolderObjects, remote: RemoteStore, blobs: dict[Digest, int], tally: Tally) -> None:
    large = [_Large(d, size) for d, size in blobs.items() if size >= SMALL]
    small = {d for d, size in blobs.items() if size < SMALL}
    ours, rest = _whole_packs(local, small)
    # Large ones first: while they stream, small ones are gathered.
    large.sort(key=lambda item: -item.size)
    broken = _fly(local, remote, chain[_Large | _Pack](large, ours, _new_packs(local, rest, tally)), tally)
    # What is whole in a damaged pack of ours is sent in another one.
    _fly(local, remote, _new_packs(local, broken, tally), tally)


def _fly(
    local: FolderObjects, remote: RemoteStore, items: Iterable[_Large | _Pack], tally: Tally
) -> list[Digest]:
    """Send; return the objects of packs here that turned out to be damaged."""

    def send(item: _Large | _Pack) -> None:
        if isinstance(item, _Large):
            chunks = _Counted(_FileChunks(local, item.digest), tally)
            remote.files.upload(object_name(item.digest), chunks, item.size)
            remote.learn_object(item.digest, item.size)
            tally.moved(1, 0)
        else:
            _send_pack(remote, item, tally)
            tally.moved(len(item.index), 0)

    broken: list[Digest] = []
    flight: Flight[_Large | _Pack, None] = Flight(remote.jobs, remote.budget, _weight)
    for item, outcome in flight.run(send, items):
        if not isinstance(outcome, DataError):
            continue
        if isinstance(item, _Large):
            tally.fail([item.digest], outcome.message, hint=outcome.hint)
        elif isinstance(outcome, RemoteError):
            count = len(item.index)
            name = f"{count:,} small objects" if count > 1 else ""
            tally.fail(item.index.places, outcome.message, name, outcome.hint)
        else:
            broken += item.index.places
    return broken


def _weight(item: _Large | _Pack) -> int:
    """Return the bytes in memory while something is sent: all of a pack made for the journey, else what streams."""
    return item.size if isinstance(item, _Pack) and isinstance(item.data, bytes) else min(item.size, _STREAM)


def _whole_packs(local: FolderObjects, small: set[Digest]) -> tuple[list[_Pack], set[Digest]]:
    """Return our own packs of which all is wanted, and what is wanted besides."""
    found, rest = [], set(small)
    for pack in local.packs.all():
        places = pack.index.places if 0 < len(pack.index) <= len(rest) else {}
        if places and places.keys() <= rest:
            rest.difference_update(places)
            size = max(place.offset + place.size for place in places.values())
            found.append(_Pack(pack.name, size, pack.index, pack))
    return found, rest


def _new_packs(local: FolderObjects, digests: Collection[Digest], tally: Tally) -> Iterator[_Pack]:
    for name, data, index in build_packs(_sound(local, digests, tally)):
        yield _Pack(name, len(data), index, data)


def _sound(local: FolderObjects, digests: Collection[Digest], tally: Tally) -> Iterator[tuple[Digest, bytes]]:
    """Yield objects, verified; note those that are damaged."""
    left = dict.fromkeys(digests)
    try:
        for digest, data in local.stream(digests):
            del left[digest]
            yield digest, data
    except DataError:
        pass
    for digest in left:
        try:
            [data] = local.read_blobs([digest])
        except DataError as error:
            tally.fail([digest], error.message, hint=error.hint)
        else:
            yield digest, data


def _send_pack(remote: RemoteStore, pack: _Pack, tally: Tally) -> None:
    """Send a pack, and then the index that gives its objects their names."""
    chunks = _Bytes(pack.data) if isinstance(pack.data, bytes) else _PackChunks(pack.data)
    remote.files.upload(f"{PACKS}/{pack.name}.pack", _Counted(chunks, tally), pack.size)
    remote.files.write(f"{PACKS}/{pack.name}.idx", pack.index.data)
    remote.learn_pack(pack.name, pack.size, pack.index)


# Trees and results --------------------------------------------------------------------------------------------------------


def _send_trees(
    local: FolderObjects, remote: RemoteStore, found: Closure, missing: set[Digest], tally: Tally
) -> None:
    """Send trees whose content is all there; hold back the others."""
    ready: list[Digest] = []
    for digest in found.trees:  # those inside before those around them
        if not tally.unmoved.isdisjoint(found.children[digest]):
            tally.fail(
                [digest], "something in it is missing or could not be sent, so the directory was held back"
            )
        elif digest in missing:
            ready.append(digest)
    # One pack after another, each with its index: a later pack may hold what names something in an earlier one.
    for name, data, index in build_packs(local.stream(ready, ordered=True)):
        _send_pack(remote, _Pack(name, len(data), index, data), tally)
        tally.moved(len(index), 0)


def _send_results(
    remote: RemoteStore, results: Mapping[Digest, Mapping[str, Artifact]], tally: Tally
) -> None:
    """Send results whose outputs are all there, in one segment."""
    if not results:
        return
    known = remote.results()
    value = {
        key: {path: artifact.record() for path, artifact in outs.items()}
        for key, outs in results.items()
        if key not in known and tally.unmoved.isdisjoint(artifact.digest for artifact in outs.values())
    }
    if value:
        data = compact({"schema": 1, "results": value})
        remote.files.write(f"{RESULTS}/{segment_name(data)}", data)
        remote.learn_segment(segment_name(data), data)
        tally.moved(0, len(data))


# What is sent, verified while it is read --------------------------------------------------------------------------------------


class _Counted:
    """Chunks that are counted as they leave; taken back where they are sent once more. Can be walked through again."""

    def __init__(self, chunks: Iterable[bytes], tally: Tally) -> None:
        self._chunks = chunks
        self._tally = tally
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        self._tally.moved(0, -self._sent)
        self._sent = 0
        for chunk in self._chunks:
            yield chunk
            self._sent += len(chunk)
            self._tally.moved(0, len(chunk))


class _Bytes:
    """Bytes in memory, which were verified when they were read; can be walked through again."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self._data


class _FileChunks:
    """A large object in chunks; ends with an error where its bytes do not have its digest. Can be walked through again."""

    def __init__(self, local: FolderObjects, digest: Digest) -> None:
        self._path = local.loose.path(digest)
        self._digest = digest

    def __iter__(self) -> Iterator[bytes]:
        return _verified(self._path, self._digest, damaged_object(self._digest))


class _PackChunks:
    """A pack of ours in chunks; ends with an error where its bytes do not have its name. Can be walked through again."""

    def __init__(self, pack: LocalPack) -> None:
        self._pack = pack

    def __iter__(self) -> Iterator[bytes]:
        error = DataError(
            f"{self._pack.path} is damaged", hint="Mend what can be mended with: mlops verify --repair"
        )
        return _verified(self._pack.path, Digest(PREFIX + self._pack.name), error)


def _verified(path: str, digest: Digest, wrong: DataError) -> Iterator[bytes]:
    hasher = blake3()
    try:
        with open(path, "rb", buffering=0) as stream:
            while data := stream.read(_CHUNK):
                hasher.update(data)
                yield data
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if PREFIX + hasher.hexdigest() != digest:
        raise wrong


def write_listing(remote: RemoteStore) -> None:
    """Write the list of everything that lies there, for those who read it where nothing can be listed, as over plain HTTP.

    Raises
    ------
    RemoteError
        When the remote fails.
    """
    files = {
        name: size for folder in (OBJECTS, PACKS, RESULTS) for name, size in remote.files.list(folder).items()
    }
    remote.files.write("listing.json", compact({"schema": 1, "files": files}))
