"""What lies on a remote: packs by their indexes, objects that lie alone, results in segments.

Presence is asked with listings. Indexes never change, so that each is fetched once and kept; one that is damaged counts for
nothing. Whatever is read here is verified by its digest before anybody gets it.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.store.digest import Digest, digest_bytes, parse_digest
from mlops_cli.store.pack import PACK_MARK, PackIndex, Place, Span, pack_name, spans
from mlops_cli.store.transfer.flight import Budget, Flight

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlops_cli.store.remotes.port import RemoteFiles

# What helps with content that is neither here nor there.
SEND = "Whoever has it can send it: mlops push"
OBJECTS, PACKS, RESULTS, PROJECTS = "objects", "packs", "results", "projects"
# More folders of objects than these are listed all together.
_FEW_FOLDERS = 16
# A pack of which more than this part is wanted is fetched whole.
_WORTH_ALL = 0.3
_GAP = 256 << 10  # bytes of other objects worth reading along
_RANGE = 16 << 20  # bytes of one ranged read


@dataclass(frozen=True, slots=True)
class RemotePack:
    """One pack of a remote."""

    name: str
    size: int
    index: PackIndex


def object_name(digest: Digest) -> str:
    """Return where an object that lies alone lies on a remote."""
    return f"{OBJECTS}/{digest[3:5]}/{digest[5:]}"


def object_digest(name: str) -> Digest:
    """Return the digest of the object with a name on a remote."""
    return Digest("b3:" + name.removeprefix(f"{OBJECTS}/").replace("/", ""))


class RemoteStore:
    """The store behind a remote.

    Parameters
    ----------
    files : RemoteFiles
        The remote.
    known : Path
        A local folder for what never changes there: indexes and result segments.
    jobs : int
        Requests at once.
    trusting : bool
        Believe the copies in `known`; else everything is read there once more.
    publishes : bool
        Whether a list of everything is to be kept there, for those who cannot list.
    """

    def __init__(
        self,
        files: RemoteFiles,
        known: Path,
        jobs: int = 8,
        *,
        trusting: bool = True,
        publishes: bool = False,
    ) -> None:
        self.files = files
        self.publishes = publishes
        self._trusting = trusting
        self._lock = threading.RLock()
        self.jobs = jobs
        self.budget = Budget()
        # However many threads want something, so many read at once.
        self._slots = threading.BoundedSemaphore(jobs)
        self._known = known
        self._packs: dict[str, RemotePack] | None = None
        self._listings: dict[str, dict[str, int]] = {}
        self._objects: dict[str, int] = {}
        self._listed: set[str] = set()
        # What lies there and cannot be believed, by its name: a listing that contradicts itself, an index that is damaged.
        self.damaged: dict[str, str] = {}

    @property
    def identity(self) -> str:
        """What tells this remote from others here."""
        return self._known.name

    def again(self) -> None:
        """Ask anew what is there."""
        self._packs = None
        self._listings = {}
        self._objects = {}
        self._listed = set()
        self.damaged = {}

    def listing(self, folder: str) -> dict[str, int]:
        """Return names and sizes below a folder, asked once; what is written meanwhile from here is added."""
        with self._lock:
            if folder not in self._listings:
                self._listings[folder] = self.files.list(folder)
            return self._listings[folder]

    @property
    def generation(self) -> Digest:
        """What tells one state of packs, results and claims there from another: they never change, they only come and go."""
        names = [sorted(self.listing(folder).items()) for folder in (PACKS, RESULTS, PROJECTS)]
        return digest_bytes(json.dumps(names).encode())

    # What is there ----------------------------------------------------------------------------------------------------

    @property
    def packs(self) -> Mapping[str, RemotePack]:
        """Every pack that has a good index, and the size that the index tells."""
        with self._lock:
            if self._packs is None:
                self._packs = self._list_packs()
            return self._packs

    def _list_packs(self) -> dict[str, RemotePack]:
        listing = self.listing(PACKS)
        found: dict[str, RemotePack] = {}
        sizes = {name: size for file, size in listing.items() if (name := pack_name(file))}
        for name, index in self._indexes(sizes):
            size = max((place.offset + place.size for place in index.places.values()), default=len(PACK_MARK))
            there = listing.get(f"{PACKS}/{name}.pack")
            if there == size:
                found[name] = RemotePack(name, size, index)
            else:
                state = "is missing" if there is None else f"has {there:,} bytes, not {size:,}"
                self.damaged[f"{PACKS}/{name}.pack"] = state
        return found

    def _indexes(self, sizes: Mapping[str, int]) -> Iterator[tuple[str, PackIndex]]:
        """Yield the good indexes among those listed with these sizes; a copy here counts while its size is the one there."""
        unknown = []
        for name, size in sizes.items():
            index = self._known_index(name) if self._trusting else None
            if index is not None and len(index.data) == size:
                yield name, index
            else:
                unknown.append(name)
        flight: Flight[str, bytes] = Flight(self.jobs)
        for name, data in flight.run(lambda name: self.read(f"{PACKS}/{name}.idx"), unknown):
            file = f"{PACKS}/{name}.idx"
            if isinstance(data, DataError):
                self.damaged[file] = data.message
                continue
            try:
                index = PackIndex(data)
            except DataError as error:
                self.damaged[file] = error.message
                continue
            self._keep(f"{name}.idx", data)
            yield name, index

    def _known_index(self, name: str) -> PackIndex | None:
        with suppress(OSError, DataError):
            return PackIndex((self._known / f"{name}.idx").read_bytes())
        return None

    def _keep(self, name: str, data: bytes) -> None:
        """Keep a copy here; a store that cannot be written, or is full, costs only reading it again."""
        with suppress(OSError):
            write_atomic(self._known / name, data, durable=False)

    def learn_pack(self, name: str, size: int, index: PackIndex) -> None:
        """Take note of a pack that was just written there."""
        self._keep(f"{name}.idx", index.data)
        with self._lock:
            if PACKS in self._listings:
                self._listings[PACKS] |= {
                    f"{PACKS}/{name}.pack": size,
                    f"{PACKS}/{name}.idx": len(index.data),
                }
            if self._packs is not None:
                self._packs[name] = RemotePack(name, size, index)

    def packed(self, digests: Collection[Digest]) -> dict[Digest, RemotePack]:
        """Return the pack of each object that lies in one."""
        found: dict[Digest, RemotePack] = {}
        rest: Collection[Digest] = digests
        for pack in list(self.packs.values()):
            if not rest:
                break
            here = pack.index.find_all(rest)
            if here:
                found.update(dict.fromkeys(here, pack))
                rest = [d for d in rest if d not in here]
        return found

    def alone(self, digests: Collection[Digest]) -> dict[Digest, int]:
        """Return the size of each object that lies alone, as the remote's listing gives it."""
        with self._lock:
            self._list_objects({digest[3:5] for digest in digests} - self._listed)
            return {d: self._objects[name] for d in digests if (name := object_name(d)) in self._objects}

    def _list_objects(self, folders: set[str]) -> None:
        if len(folders) > _FEW_FOLDERS:
            self._objects.update(self.files.list(OBJECTS))
            self._listed = {f"{number:02x}" for number in range(256)}
        elif folders:
            flight: Flight[str, dict[str, int]] = Flight(self.jobs)
            for folder, listing in flight.run(lambda folder: self.files.list(f"{OBJECTS}/{folder}"), folders):
                if isinstance(listing, DataError):
                    raise listing
                self._objects.update(listing)
                self._listed.add(folder)

    def learn_object(self, digest: Digest, size: int) -> None:
        """Take note of an object that was just written there."""
        self._objects[object_name(digest)] = size

    def missing(self, digests: Collection[Digest], sizes: Mapping[Digest, int] | None = None) -> set[Digest]:
        """Return those that are not there.

        Parameters
        ----------
        sizes : mapping, optional
            What lies alone there with another size than this was cut off, and is missing.
        """
        packed = self.packed(digests)
        rest = [d for d in digests if d not in packed]
        alone = self.alone(rest)
        sizes = sizes or {}
        return {d for d in rest if d not in alone or alone[d] != sizes.get(d, alone[d])}

    # Reading ------------------------------------------------------------------------------------------------------------

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a file there, not verified; waits while as many others read as may at once.

        Raises
        ------
        RemoteError
            When the remote fails.
        """
        with self._slots:
            return self.files.read(name, start, length)

    def read_span(self, pack: RemotePack, span: Span[Digest]) -> list[tuple[Digest, bytes | None]]:
        """Return objects of a pack, each with its bytes, or None where they do not have the digest.

        Raises
        ------
        RemoteError
            When the remote fails.
        """
        found = self._cut(pack, span)
        # Wrong bytes may have come about on the way: they are asked for once more.
        return found if all(blob is not None for _, blob in found) else self._cut(pack, span)

    def spans_flight(self) -> Flight[tuple[RemotePack, Span[Digest]], list[tuple[Digest, bytes | None]]]:
        """Return what reads spans on several threads, within the budget."""
        return Flight(self.jobs, self.budget, lambda item: item[1].size)

    def _cut(self, pack: RemotePack, span: Span[Digest]) -> list[tuple[Digest, bytes | None]]:
        data = self.read(f"{PACKS}/{pack.name}.pack", span.start, span.size)
        found: list[tuple[Digest, bytes | None]] = []
        for digest, place in span.objects:
            start = place.offset - span.start
            blob = data[start : start + place.size]
            found.append((digest, blob if digest_bytes(blob) == digest else None))
        return found

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return the bytes of objects, verified.

        Raises
        ------
        DataError
            When one is missing there, or damaged.
        """
        found: dict[Digest, bytes] = {}
        packed = self.packed(digests)
        for _, objects in self.spans_flight().run(lambda item: self.read_span(*item), reads(packed)):
            if isinstance(objects, DataError):
                raise objects
            for digest, data in objects:
                if data is None:
                    raise wrong_bytes(digest)
                found[digest] = data
        alone: Flight[Digest, bytes] = Flight(self.jobs)
        rest = [d for d in dict.fromkeys(digests) if d not in found]
        for digest, blob in alone.run(self._read_alone, rest):
            if isinstance(blob, DataError):
                raise blob
            found[digest] = blob
        return [found[digest] for digest in digests]

    def _read_alone(self, digest: Digest) -> bytes:
        for _ in range(2):
            data = self.read(object_name(digest))
            if digest_bytes(data) == digest:
                return data
        raise wrong_bytes(digest)

    # Results --------------------------------------------------------------------------------------------------------------

    def results(self) -> dict[Digest, dict[str, object]]:
        """Return every result that was pushed there: key to the outputs as records write them.

        A segment whose bytes are not what its name says is passed over; what it held is made again.
        """
        found: dict[Digest, dict[str, object]] = {}
        unknown = []
        for file in self.listing(RESULTS):
            name = file.rpartition("/")[2]
            data = self._known_segment(name)
            if data is None:
                unknown.append(name)
            else:
                found.update(_segment(data))
        flight: Flight[str, bytes] = Flight(self.jobs)
        for name, read in flight.run(lambda name: self.read(f"{RESULTS}/{name}"), unknown):
            if isinstance(read, DataError) or segment_name(read) != name:
                why = read.message if isinstance(read, DataError) else "its bytes are not what its name says"
                self.damaged[f"{RESULTS}/{name}"] = why
                continue
            self._keep(name, read)
            found.update(_segment(read))
        return found

    def _known_segment(self, name: str) -> bytes | None:
        try:
            data = (self._known / name).read_bytes() if self._trusting else b""
        except OSError:
            return None
        return data if segment_name(data) == name else None

    def learn_segment(self, name: str, data: bytes) -> None:
        """Take note of results that were just written there."""
        self._keep(name, data)
        self.listing(RESULTS)[f"{RESULTS}/{name}"] = len(data)


def segment_name(data: bytes) -> str:
    """Return the name of a segment of results: the digest of its bytes."""
    return f"{digest_bytes(data)[3:]}.json"


def _segment(data: bytes) -> dict[Digest, dict[str, object]]:
    """Return the results in a segment; anybody may have written it."""
    try:
        value = json.loads(data)
        results = value["results"] if value["schema"] == 1 else {}
        return {parse_digest(key): outs for key, outs in results.items() if isinstance(outs, dict)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, DataError):
        return {}


def reads(packed: Mapping[Digest, RemotePack]) -> list[tuple[RemotePack, Span[Digest]]]:
    """Return the ranged reads that bring objects: neighbours in one; a pack that is wanted for a good part, in one sweep."""
    groups: dict[str, dict[Digest, Place]] = {}
    packs = {pack.name: pack for pack in packed.values()}
    names: dict[str, list[Digest]] = {}
    for digest, pack in packed.items():
        names.setdefault(pack.name, []).append(digest)
    for name, digests in names.items():
        groups[name] = packs[name].index.find_all(digests)
    found: list[tuple[RemotePack, Span[Digest]]] = []
    for name, places in groups.items():
        pack = packs[name]
        wanted = sum(place.size for place in places.values())
        gap = pack.size if wanted > _WORTH_ALL * pack.size else _GAP
        found += [(pack, span) for span in spans(places, gap=gap, most=_RANGE)]
    return found


def wrong_bytes(digest: Digest) -> DataError:
    """Return the error of a remote object whose bytes do not have its digest."""
    return DataError(
        f"object {digest} is damaged on the remote",
        hint="Whoever has it whole can replace it: mlops push --repair",
    )
