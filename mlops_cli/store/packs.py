"""The packs of a local store: many small objects in one file, so that they cost one sequential write."""

from __future__ import annotations

import itertools
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from mlops_cli.errors import DataError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.objects import unwritable
from mlops_cli.store.pack import TARGET, PackBuilder, PackIndex, Place, pack_name
from mlops_cli.store.pack_reading import read_raw, read_verified
from mlops_cli.store.placing import CREATE, no_litter, writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from mlops_cli.store.digest import Digest

_PIECE = 4 << 20  # bytes gathered before they are written


@dataclass(frozen=True, slots=True)
class LocalPack:
    """One pack of the store.

    Parameters
    ----------
    name : str
        64 hexadecimal digits.
    path : str
        Of the pack itself; the index lies beside it.
    """

    name: str
    path: str
    index: PackIndex

    @property
    def index_path(self) -> str:
        """Where the index lies."""
        return f"{self.path.removesuffix('.pack')}.idx"


class Located(NamedTuple):
    """Objects of one pack, and where in it they lie."""

    pack: LocalPack
    places: Mapping[Digest, Place]


def held(located: Iterable[Located]) -> set[Digest]:
    """Return the objects that were found in packs."""
    return {digest for _, places in located for digest in places}


class LocalPacks:
    """All packs of a local store.

    Parameters
    ----------
    folder : Path
        Where packs lie.
    temporary : Path
        A folder on the same file system, for files that are being written.
    settled : callable
        Told the path of each new file, a pack before its index.
    """

    def __init__(self, folder: Path, temporary: Path, settled: Callable[[str], None]) -> None:
        self.folder = folder
        self._temporary = temporary
        self._settled = settled
        self._count = itertools.count()
        self._lock = threading.RLock()
        self._packs: dict[str, LocalPack] | None = None
        self._young: set[str] = set()
        # Packs whose index cannot be believed: their objects count as missing until `verify` has mended them.
        self.unreadable: dict[str, str] = {}

    def all(self) -> list[LocalPack]:
        """Return every pack with a good index, listed once."""
        with self._lock:
            if self._packs is None:
                self._packs = {}
                self.unreadable = {}
                for path in self._indexes():
                    self._open(path)
            return list(self._packs.values())

    def again(self) -> None:
        """List anew: another command has added packs, or replaced some by others."""
        with self._lock:
            self._packs = None

    def locate(self, digests: Collection[Digest]) -> list[Located]:
        """Return where those of the objects lie that are in packs, pack by pack."""
        located: list[Located] = []
        rest: Collection[Digest] = digests
        for pack in self.all():
            here = pack.index.find_all(rest)
            if here:
                located.append(Located(pack, here))
                rest = [d for d in rest if d not in here]
            if not rest:
                break
        return located

    def refresh(self, digests: Collection[Digest]) -> set[Digest]:
        """Make the packs of objects young again; return those objects that lie in one."""
        found: set[Digest] = set()
        for pack, places in self.locate(digests):
            if pack.name not in self._young:
                try:
                    os.utime(pack.path)
                except FileNotFoundError:
                    self.again()
                    continue
                except OSError:  # a store that others own, or that is read-only
                    pass
                self._young.add(pack.name)
            found |= places.keys()
        return found

    def read(self, located: Iterable[Located]) -> Iterator[tuple[Digest, bytes]]:
        """Yield the bytes of objects, verified, pack by pack in the order in which they lie.

        Raises
        ------
        DataError
            When one is damaged, or its pack is gone.
        """
        for pack, places in located:
            yield from read_verified(pack.path, places)

    def damaged(self, located: Iterable[Located]) -> set[Digest]:
        """Read objects, and return those whose bytes are not what their name says."""
        found: set[Digest] = set()
        for pack, places in located:
            try:
                found |= {d for d, data in read_raw(pack.path, places) if digest_bytes(data) != d}
            except OSError:
                found |= places.keys()
        return found

    # Writing --------------------------------------------------------------------------------------------------------

    def writer(self) -> PackWriter:
        """Return what writes new packs."""
        return PackWriter(self, self._temporary / f"pack-{next(self._count)}")

    def settle(self, temporary: str, name: str, index: bytes, places: dict[Digest, Place]) -> None:
        """Give a finished pack its name, and then write its index, which says where the objects lie.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        path = f"{self.folder}/{name}.pack"
        index_path = self.folder / f"{name}.idx"
        with no_litter(temporary):
            self.folder.mkdir(parents=True, exist_ok=True)
            os.rename(temporary, path)
        try:
            self._settled(path)
            write_atomic(index_path, index, durable=False, temporary=self._temporary / f"index-{name[:16]}")
        except BaseException:
            if not index_path.exists():  # the same pack may have been there before
                os.unlink(path)
            raise
        self._settled(str(index_path))
        with self._lock:
            if self._packs is not None:
                self._packs[name] = LocalPack(name, path, PackIndex(index, places))

    def remove(self, pack: LocalPack) -> None:
        """Remove a pack: its index first, so that nothing is ever named that is gone."""
        for path in (pack.index_path, pack.path):
            with suppress(FileNotFoundError):
                os.unlink(path)
        with self._lock:
            if self._packs is not None:
                self._packs.pop(pack.name, None)

    def rewrite(self, pack: LocalPack, keep: Collection[Digest]) -> None:
        """Put those objects of a pack that are to be kept, and are whole, into a new one, and remove the old.

        Raises
        ------
        DataError
            When the pack cannot be read or the store cannot be written; the old pack then stays.
        """
        places = pack.index.find_all(keep)
        try:
            with self.writer() as writing:
                for digest, data in read_raw(pack.path, places):
                    if digest_bytes(data) == digest:
                        writing.add(digest, data)
        except FileNotFoundError:
            pass  # an index without its pack: nothing of it can be kept
        except OSError as error:
            raise DataError(f"{pack.path} cannot be read: {error.strerror}") from error
        if pack.name not in writing.sealed:  # else the new one is the old one
            self.remove(pack)

    def _indexes(self) -> list[str]:
        try:
            with os.scandir(self.folder) as entries:
                return sorted(entry.path for entry in entries if pack_name(entry.name))
        except FileNotFoundError:
            return []

    def _open(self, path: str) -> None:
        name = pack_name(path)
        if name is None or self._packs is None:
            return
        try:
            with open(path, "rb") as stream:
                self._packs[name] = LocalPack(name, f"{self.folder}/{name}.pack", PackIndex(stream.read()))
        except FileNotFoundError:
            pass  # gone since it was listed
        except (OSError, DataError) as error:
            self.unreadable[name] = str(error)


class PackWriter:
    """Writes packs, a new one whenever one is large enough; a context manager that seals the last at its end.

    Attributes
    ----------
    sealed : list of str
        Names of the packs written so far.
    """

    def __init__(self, packs: LocalPacks, temporary: Path) -> None:
        self.sealed: list[str] = []
        self._packs = packs
        self._temporary = str(temporary)
        self._builder = PackBuilder()
        self._written = 0
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Seal what came."""
        self.seal()

    @property
    def places(self) -> Mapping[Digest, Place]:
        """What the pack holds that is being written."""
        return self._builder.places

    def add(self, digest: Digest, data: bytes) -> None:
        """Take an object.

        Raises
        ------
        DataError
            When the store cannot be written.
        """
        self._builder.add(digest, data)
        if self._builder.size >= TARGET:
            self.seal()
        elif self._builder.size - self._written >= _PIECE:
            self._write()

    def seal(self) -> None:
        """Close the pack that is being written, if there is one.

        Raises
        ------
        DataError
            When the store cannot be written.
        """
        if not self._builder.places:
            return
        self._write()
        builder, self._builder, self._written = self._builder, PackBuilder(), 0
        try:
            os.close(self._descriptor)
            self._descriptor = -1
            self._packs.settle(self._temporary, builder.name, builder.index(), builder.places)
            self.sealed.append(builder.name)
        except OSError as error:
            raise unwritable(f"{self._packs.folder} cannot be written", error) from error

    def _write(self) -> None:
        try:
            with no_litter(self._temporary):
                if self._descriptor < 0:
                    self._descriptor = os.open(self._temporary, CREATE, 0o444)
                writer(self._descriptor)(memoryview(self._builder.take()))
        except BaseException as error:
            # Also where somebody interrupts: what follows must not go on with a file that is gone.
            self._builder, self._written = PackBuilder(), 0
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
            if not isinstance(error, OSError):
                raise
            raise unwritable(f"{self._packs.folder} cannot be written", error) from error
        self._written = self._builder.size
