"""What lies damaged on a remote: found by reading it, set aside under `damaged/`, so that it can be sent again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from blake3 import blake3

from mlops_cli.errors import DataError
from mlops_cli.store.digest import PREFIX, Digest, digest_bytes
from mlops_cli.store.pack import PACK_MARK, build_packs
from mlops_cli.store.remotes.port import NotThere, RemoteError
from mlops_cli.store.transfer.flight import Flight, Tally
from mlops_cli.store.transfer.remote_store import PACKS, RESULTS, RemoteStore, object_name, reads

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mlops_cli.store.transfer.remote_store import RemotePack

DAMAGED = "damaged"
_RANGE = 16 << 20


def damaged_there(
    remote: RemoteStore, digests: Collection[Digest], sizes: dict[Digest, int], tally: Tally
) -> dict[Digest, str]:
    """Read every byte of objects on a remote; return those that are missing or damaged, and why.

    Parameters
    ----------
    sizes : dict
        What records say of the sizes.

    Raises
    ------
    RemoteError
        When the remote cannot be listed.
    """
    packed = remote.packed(digests)
    alone = remote.alone([d for d in digests if d not in packed])
    found = {d: "it is not there" for d in digests if d not in packed and d not in alone}
    spans = reads(packed)
    tally.wanted_objects += len(packed) + len(alone)
    tally.wanted_bytes += sum(span.size for _, span in spans) + sum(alone.values())
    for (_, span), objects in remote.spans_flight().run(lambda item: remote.read_span(*item), spans):
        if isinstance(objects, DataError):
            _raise_unanswered(objects)
            found.update({digest: objects.message for digest, _ in span.objects})
        else:
            found.update({digest: "its bytes are wrong" for digest, data in objects if data is None})
            tally.moved(len(objects), span.size)
    _look_at_marks(remote, {pack.name: pack for pack in packed.values()})
    singles: Flight[Digest, str] = Flight(remote.jobs, remote.budget, lambda d: min(alone[d], _RANGE))
    for digest, why in singles.run(lambda d: _look(remote, d, alone[d], sizes.get(d), tally), alone):
        if isinstance(why, DataError):
            _raise_unanswered(why)
        if why:
            found[digest] = why.message if isinstance(why, DataError) else why
    return found


def _look_at_marks(remote: RemoteStore, packs: Mapping[str, RemotePack]) -> None:
    """Note packs that do not begin as one does: those bytes belong to no object, and are read with none."""
    flight: Flight[str, bytes] = Flight(remote.jobs)
    for name, mark in flight.run(lambda name: remote.read(f"{PACKS}/{name}.pack", 0, len(PACK_MARK)), packs):
        if isinstance(mark, DataError):
            _raise_unanswered(mark)
        elif mark != PACK_MARK:
            remote.damaged[f"{PACKS}/{name}.pack"] = "it does not begin as a pack does"


def _raise_unanswered(error: DataError) -> None:
    """Raise what tells nothing of what lies there: the remote did not answer."""
    if isinstance(error, RemoteError) and error.transient:
        raise error


def _look(remote: RemoteStore, digest: Digest, size: int, told: int | None, tally: Tally) -> str:
    if told is not None and told != size:
        return f"it has {size:,} bytes there, not {told:,}"
    hasher = blake3()
    for start in range(0, size, _RANGE):
        length = min(_RANGE, size - start)
        hasher.update(remote.read(object_name(digest), start, length))
        tally.moved(0, length)
    tally.moved(1, 0)
    return "" if PREFIX + hasher.hexdigest() == digest else "its bytes are wrong"


def set_aside(remote: RemoteStore, damaged: Collection[Digest]) -> list[str]:
    """Take damaged things on a remote out of use: each is kept under `damaged/`, and what is whole beside it stays reachable.

    Also packs and result segments that the listing or their own checksum already told to be damaged.

    Returns
    -------
    list of str
        The names that were taken out of use.

    Raises
    ------
    RemoteError
        When the remote fails; whatever was reachable and whole is still so.
    """
    aside: list[str] = []
    packed = remote.packed(damaged)
    marked = [pack for pack in remote.packs.values() if f"{PACKS}/{pack.name}.pack" in remote.damaged]
    for pack in {pack.name: pack for pack in [*packed.values(), *marked]}.values():
        _rewrite(remote, pack, set(packed))
        aside.append(f"{PACKS}/{pack.name}.pack")
    for digest, size in remote.alone([d for d in damaged if d not in packed]).items():
        _move(remote, object_name(digest), size)
        aside.append(object_name(digest))
    for name in [name for name in remote.damaged if name not in aside]:
        for file in _files_of(name):
            _move(remote, file, remote.listing(file.partition("/")[0]).get(file))
        aside.append(name)
    remote.again()
    return aside


def _rewrite(remote: RemoteStore, pack: RemotePack, bad: set[Digest]) -> None:
    """Put what is whole in a pack into a new one before the old loses its index."""
    whole = pack.index.places.keys() - bad
    written = set()
    for name, data, index in build_packs(_whole(remote, whole)):
        remote.files.write(f"{PACKS}/{name}.pack", data)
        remote.files.write(f"{PACKS}/{name}.idx", index.data)
        written.add(name)
    if pack.name in written:  # only bytes that belong to no object were wrong: it is whole now
        return
    _move(remote, f"{PACKS}/{pack.name}.idx", len(pack.index.data))
    _move(remote, f"{PACKS}/{pack.name}.pack", pack.size)


def _whole(remote: RemoteStore, digests: Collection[Digest]) -> Iterator[tuple[Digest, bytes]]:
    packed = remote.packed(digests)
    for pack, span in reads(packed):
        for digest, data in remote.read_span(pack, span):
            if data is not None and digest_bytes(data) == digest:
                yield digest, data


def _files_of(name: str) -> list[str]:
    """Return the files that go with a damaged name: a pack is nothing without its index."""
    if name.startswith(f"{RESULTS}/"):
        return [name]
    stem = name.rpartition(".")[0]
    return [f"{stem}.idx", f"{stem}.pack"]


def _move(remote: RemoteStore, name: str, size: int | None) -> None:
    if size is None:
        return
    with suppress(NotThere):
        remote.files.upload(f"{DAMAGED}/{name.replace('/', '-')}", _Ranges(remote, name, size), size)
    remote.files.remove([name])


class _Ranges:
    """A file there in ranges; it may be larger than memory. Can be walked through again."""

    def __init__(self, remote: RemoteStore, name: str, size: int) -> None:
        self._remote = remote
        self._name = name
        self._size = size

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, self._size, _RANGE):
            yield self._remote.read(self._name, start, min(_RANGE, self._size - start))
