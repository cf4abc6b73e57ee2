"""The store in a local folder: large objects alone, small ones that arrive together in packs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Self

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.loose import LooseObjects
from mlops_cli.store.objects import Stored, damaged_object
from mlops_cli.store.pack import FEW, SMALL
from mlops_cli.store.pack_reading import make_files
from mlops_cli.store.packs import LocalPacks, held
from mlops_cli.store.stat_cache import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from mlops_cli.helper.process import Helper
    from mlops_cli.settings import LinkKind
    from mlops_cli.store.objects import Placement
    from mlops_cli.store.pack import Place
    from mlops_cli.store.pack_reading import PackedFile
    from mlops_cli.store.stat_cache import Identity

_WORTH_THREADS = 8 << 20
# So many objects are looked for singly among those that lie alone; for more, these are listed.
_MANY = 1000


class FolderObjects:
    """Objects in a local folder.

    Parameters
    ----------
    store : Path
        The folder that holds `objects/` and `packs/`.
    temporary : Path
        A folder on the same file system, for files that are being written.
    links : sequence of str
        How to place a file, tried in this order; what a file system cannot do is passed over for the rest of the command.
    settled : callable
        Told the path of each file that is new, for whoever brings it to the disk.
    """

    def __init__(
        self,
        store: Path,
        temporary: Path,
        links: Sequence[LinkKind] = ("reflink", "copy"),
        settled: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.loose = LooseObjects(store / "objects", temporary, links, settled)
        self.packs = LocalPacks(store / "packs", temporary, settled)
        # Large objects of which an interrupted transfer has brought a part.
        self.partial = store / "partial"

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are not in the store."""
        packed = held(self.packs.locate(digests))
        return self.loose.missing([d for d in digests if d not in packed])

    def sizes(self, digests: Collection[Digest]) -> dict[Digest, int]:
        """Return the bytes of each object that is in the store."""
        found = {d: place.size for _, places in self.packs.locate(digests) for d, place in places.items()}
        for digest in digests:
            if digest not in found and (size := self.loose.size(digest)) is not None:
                found[digest] = size
        return found

    def all_digests(self) -> Iterator[tuple[Digest, int, float]]:
        """Yield every object, its bytes, and when it (or its pack) was written or put again last, in seconds since the epoch."""
        for digest, entry in self.loose.listing():
            status = entry.stat()
            yield digest, status.st_size, status.st_mtime
        for pack in self.packs.all():
            try:
                written = os.stat(pack.path).st_mtime
            except FileNotFoundError:
                continue  # its index is all that is left of it
            for digest, place in pack.index:
                yield digest, place.size, written

    def bring(self, digests: Collection[Digest]) -> None:
        """Do nothing: what there is is here."""

    def put_files(self, paths: Sequence[str]) -> list[Stored]:
        """Store files; several threads where that pays."""
        sizes = [_size(path) for path in paths]
        if len(paths) > 1 and sum(sizes) > _WORTH_THREADS and max(sizes) >= SMALL:
            return self._put_with_threads(paths, sizes)
        with self.intake() as intake:
            return [self._put_file(path, size, intake) for path, size in zip(paths, sizes, strict=True)]

    def _put_with_threads(self, paths: Sequence[str], sizes: Sequence[int]) -> list[Stored]:
        from concurrent.futures import ThreadPoolExecutor  # most commands read nothing large

        with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool, self.intake() as intake:
            large = {
                path: pool.submit(intake.copy, path)
                for path, size in zip(paths, sizes, strict=True)
                if size >= SMALL
            }
            small = {path: self._put_file(path, 0, intake) for path in paths if path not in large}
            return [large[path].result() if path in large else small[path] for path in paths]

    def _put_file(self, path: str, size: int, intake: FolderIntake) -> Stored:
        if size >= SMALL:
            return intake.copy(path)
        seen = time.time_ns()
        try:
            with open(path, "rb", buffering=0) as stream:
                before = identity_of(os.fstat(stream.fileno()))
                data = stream.read(SMALL)
                if len(data) == SMALL:
                    return intake.copy(path)  # it has grown meanwhile
                after = os.fstat(stream.fileno())
        except OSError as error:
            raise DataError(f"{path} cannot be stored: {error.strerror}") from error
        digest = digest_bytes(data)
        intake.keep([(digest, data)])
        identity = identity_of(after)
        unchanged = identity == before and len(data) == after.st_size
        return Stored(digest, len(data), identity if unchanged else None, bool(after.st_mode & 0o100), seen)

    def put_blobs(self, blobs: Sequence[bytes]) -> list[Digest]:
        """Store bytes."""
        digests = [digest_bytes(data) for data in blobs]
        with self.intake() as intake:
            intake.keep(list(zip(digests, blobs, strict=True)))
        return digests

    def intake(self) -> FolderIntake:
        """Return what takes files in while they are read."""
        return FolderIntake(self)

    def has(self, digest: Digest) -> bool:
        """Whether an object is here; it is then made young again, so that nobody collects it as garbage."""
        return bool(self.packs.refresh([digest])) or self.loose.refresh(digest)

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return the bytes of objects, verified."""
        found = dict(self.packs.read(self.packs.locate(digests)))
        for digest in digests:
            if digest not in found:
                data = self._read_loose(digest)
                if digest_bytes(data) != digest:
                    raise damaged_object(digest)
                found[digest] = data
        return [found[digest] for digest in digests]

    def stream(self, digests: Collection[Digest], *, ordered: bool = False) -> Iterator[tuple[Digest, bytes]]:
        """Yield objects, verified, one at a time in memory.

        Parameters
        ----------
        ordered : bool
            In the order given; in the order in which they lie by default, which is faster.
        """
        if ordered:
            for digest in digests:
                yield digest, self.read_blobs([digest])[0]
            return
        located = self.packs.locate(digests)
        yield from self.packs.read(located)
        packed = held(located)
        for digest in digests:
            if digest not in packed:
                yield digest, self.read_blobs([digest])[0]

    def _read_loose(self, digest: Digest) -> bytes:
        try:
            return self.loose.read(digest)
        except DataError:
            # Maintenance may have moved it into a pack since the packs were listed.
            self.packs.again()
            located = self.packs.locate([digest])
            if not located:
                raise
            return dict(self.packs.read(located))[digest]

    def place(self, placements: Sequence[Placement], helper: Helper | None = None) -> list[Identity]:
        """Make files out of objects; those in packs by a helper, where there is one."""
        wanted = {p.digest for p in placements}
        located = self.packs.locate(wanted)
        if self.loose.missing(wanted - held(located)):
            self.packs.again()  # another command has packed it since they were listed
            located = self.packs.locate(wanted)
        spots = {digest: (pack, place) for pack, places in located for digest, place in places.items()}
        made: dict[int, Identity] = {}
        packed: dict[str, dict[int, PackedFile]] = {}
        for number, placement in enumerate(placements):
            spot = spots.get(placement.digest)
            if spot is None:
                made[number] = self.loose.place(placement)
            else:
                pack, place = spot
                packed.setdefault(pack.path, {})[number] = self._packed_file(placement, place)
        for path, files in packed.items():
            rows = list(files.values())
            by = make_files(path, rows) if helper is None else helper.ask(make_files, path, rows)
            made.update(zip(files, by, strict=True))
        return [made[number] for number in range(len(placements))]

    def _packed_file(self, placement: Placement, place: Place) -> PackedFile:
        mode = self.loose.executable_mode if placement.executable else self.loose.mode
        return placement.digest, place.offset, place.size, placement.target, mode

    def damaged(self, digests: Collection[Digest]) -> set[Digest]:
        """Read every byte, and return those that are not what their name says."""
        located = self.packs.locate(digests)
        packed = held(located)
        return self.packs.damaged(located) | {
            d for d in digests if d not in packed and not self.loose.intact(d)
        }

    def remove(self, digests: Collection[Digest]) -> None:
        """Remove objects that were found damaged."""
        for pack in self.packs.all():  # several may hold the same object
            found = pack.index.find_all(digests)
            if found:
                self.packs.rewrite(pack, [d for d, _ in pack.index if d not in found])
        for digest in digests:
            self.loose.remove(digest)


class FolderIntake:
    """Takes files into a folder store: small ones into packs, unless they stay few."""

    def __init__(self, objects: FolderObjects) -> None:
        self._objects = objects
        self._few: dict[Digest, bytes] | None = {}
        self._packing = objects.packs.writer()
        self._asked = 0
        self._alone: set[Digest] | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Seal what came."""
        self.seal()

    def keep(self, found: Sequence[tuple[Digest, bytes]]) -> None:
        """Take the bytes of objects whose digests are known."""
        packing = self._packing.places
        fresh = {digest: data for digest, data in found if digest not in packing}
        there = self._there(fresh.keys())
        for digest, data in fresh.items():
            if digest in there:
                continue
            if len(data) >= SMALL:
                self._objects.loose.put(digest, data)
            elif self._few is None:
                self._packing.add(digest, data)
            else:
                self._few[digest] = data
                if len(self._few) >= FEW:
                    few, self._few = self._few, None
                    for held, bytes_ in few.items():
                        self._packing.add(held, bytes_)

    def _there(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that the store has; they are then made young again."""
        there = self._objects.packs.refresh(digests)
        rest = [d for d in digests if d not in there]
        self._asked += len(rest)
        if self._alone is None and self._asked > _MANY:
            # Of many, few lie alone: one listing tells which, instead of a look for each.
            self._alone = {digest for digest, _ in self._objects.loose.listing()}
        asked = rest if self._alone is None else self._alone.intersection(rest)
        return there | {d for d in asked if self._objects.loose.refresh(d)}

    def copy(self, path: str) -> Stored:
        """Take a large file."""
        return self._objects.loose.put_file(path)

    def seal(self) -> None:
        """Bring what came into the store."""
        if self._few:
            for digest, data in self._few.items():
                self._objects.loose.put(digest, data)
            self._few = {}
        self._packing.seal()


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
