"""Stores on both sides of a transfer: filled, damaged, and walked through, for no name on a remote may be without its content."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.closure import closure
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.pack import PackIndex, pack_name
from mlops_cli.store.remotes.opening import open_remote_files
from mlops_cli.store.remotes.retrying import RetryingFiles
from mlops_cli.store.transfer.fetch import fetch
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.store.transfer.push import push
from mlops_cli.store.transfer.remote_store import RemoteStore, object_digest
from mlops_cli.store.tree import Entry, decode_tree, encode_tree
from tests.support.command import commit, git, project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlops_cli.store.objects import Intake
    from mlops_cli.store.remotes.port import RemoteFiles

Content = "bytes | Mapping[str, Content]"
LARGE = 64 << 10


def no_pause(_: float) -> None:
    """Sleep not at all."""


def memory(name: str) -> RemoteFiles:
    """Return a remote in memory; the same name is the same place."""
    return open_remote_files(f"memory://{name}", pauses=())


def patient(files: RemoteFiles) -> RetryingFiles:
    """Return a remote that is asked again at once."""
    return RetryingFiles(files, sleep=no_pause)


def once(files: RemoteFiles) -> RetryingFiles:
    """Return a remote that is asked no second time."""
    return RetryingFiles(files, pauses=())


class Side:
    """A local store in a folder.

    Parameters
    ----------
    folder : Path
        Where it lies; also what it knows of remotes.
    known : str
        Which remote's indexes it keeps.
    """

    def __init__(self, folder: Path, known: str = "there") -> None:
        self.folder = folder
        self.known = folder / "remotes" / known
        self.temporary = folder / "half-written"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.objects = FolderObjects(folder, self.temporary)

    def again(self) -> Side:
        """Return the same store, as another command sees it."""
        return Side(self.folder, self.known.name)

    def store(self, files: RemoteFiles, jobs: int = 4, *, trusting: bool = True) -> RemoteStore:
        """Return a remote as a new command here sees it."""
        return RemoteStore(files, self.known, jobs, trusting=trusting)

    def put(self, content: bytes | Mapping[str, object]) -> Artifact:
        """Store a file or folder, its files in one go."""
        if isinstance(content, bytes):
            [digest] = self.objects.put_blobs([content])
            return Artifact(digest, len(content))
        trees: list[bytes] = []
        with self.objects.intake() as intake:
            artifact = _gather(content, trees, intake)
        self.objects.put_blobs(trees)
        return artifact

    def push(
        self,
        files: RemoteFiles,
        artifacts: Sequence[Artifact],
        results: Mapping[Digest, Mapping[str, Artifact]] | None = None,
        jobs: int = 4,
    ) -> Tally:
        """Send; return what was counted."""
        tally = Tally()
        push(self.objects, self.store(files, jobs), artifacts, results or {}, tally)
        return tally

    def fetch(self, files: RemoteFiles, artifacts: Sequence[Artifact], jobs: int = 4) -> Tally:
        """Bring; return what was counted."""
        tally = Tally()
        fetch(self.objects, self.store(files, jobs), artifacts, tally)
        return tally

    def holds(self, artifacts: Sequence[Artifact]) -> bool:
        """Whether everything that artifacts name is here, and every byte of it right."""
        everything = everything_of(self.objects, artifacts)
        return everything is not None and not self.objects.damaged(everything)

    def litter(self) -> list[str]:
        """Return what is wrong here: objects whose bytes are not what their name says, and files that should not be there."""
        here = self.again().objects
        found: list[str] = sorted(here.damaged({digest for digest, _, _ in here.all_digests()}))
        for folder, _, names in os.walk(self.folder):
            place = os.path.relpath(folder, self.folder).split(os.sep)[0]
            if place not in ("objects", "packs", "partial", "remotes"):
                found += [f"{folder}/{name}" for name in names]
        packs = {path.stem for path in (self.folder / "packs").glob("*.pack")}
        indexes = {path.stem for path in (self.folder / "packs").glob("*.idx")}
        return found + sorted(packs ^ indexes)


def _gather(content: Mapping[str, object], trees: list[bytes], intake: Intake) -> Artifact:
    entries = []
    for name, inside in content.items():
        if isinstance(inside, bytes):
            digest = digest_bytes(inside)
            intake.keep([(digest, inside)])
            entries.append(Entry(name, "file", digest, len(inside)))
        else:
            below = _gather(inside, trees, intake)  # type: ignore[arg-type]
            entries.append(Entry(name, "tree", below.digest, below.size))
    data = encode_tree(entries)
    trees.append(data)
    return Artifact(digest_bytes(data), sum(entry.size for entry in entries), tree=True)


def everything_of(objects: FolderObjects, artifacts: Sequence[Artifact]) -> set[Digest] | None:
    """Return every object that artifacts name; None where a list of files is missing."""
    found = closure(objects, artifacts)
    return None if found.missing else {*found.trees, *found.blobs}


@dataclass
class Shown:
    """What a remote shows.

    Parameters
    ----------
    objects : dict
        Every object that has a name there, and its bytes.
    results : dict
        Key to the digests of the outputs.
    wrong : list of str
        Names without their content.
    """

    objects: dict[Digest, bytes] = field(default_factory=dict)
    results: dict[str, list[Digest]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def walk(files: RemoteFiles) -> Shown:
    """Walk everything that a remote shows, from indexes to packs to trees to their children, and from results to outputs.

    Nothing of the code that transfers is asked, only the formats.
    """
    shown = Shown()
    names = files.list()
    for name in names:
        index = pack_name(name)
        if index is not None and name.startswith("packs/"):
            _walk_pack(files, name, f"packs/{index}.pack", index, names, shown)
        elif name.startswith("objects/"):
            _take(shown, object_digest(name), files.read(name), name)
        elif name.startswith("results/"):
            data = files.read(name)
            if f"results/{digest_bytes(data)[3:]}.json" != name:
                shown.wrong.append(f"{name} is not what its name says")
                continue
            for key, outs in json.loads(data)["results"].items():
                shown.results[key] = [Digest(out["digest"]) for out in outs.values()]
    _walk_down(shown)
    return shown


def _walk_pack(
    files: RemoteFiles, name: str, pack: str, stem: str, names: Mapping[str, int], shown: Shown
) -> None:
    try:
        index = PackIndex(files.read(name))
    except DataError as error:
        shown.wrong.append(f"{name}: {error}")
        return
    if pack not in names:
        shown.wrong.append(f"{name} has no pack")
        return
    data = files.read(pack)
    if digest_bytes(data)[3:] != stem:
        shown.wrong.append(f"{pack} is not what its name says")
    for digest, place in index:
        _take(shown, digest, data[place.offset : place.offset + place.size], pack)


def _take(shown: Shown, digest: Digest, data: bytes, name: str) -> None:
    if digest_bytes(data) != digest:
        shown.wrong.append(f"{digest} in {name} is damaged")
    shown.objects[digest] = data


def _walk_down(shown: Shown) -> None:
    for digest, data in shown.objects.items():
        if data.startswith(b'{"entries":') and digest_bytes(data) == digest:
            for entry in decode_tree(data):
                if entry.kind != "link" and entry.content not in shown.objects:
                    shown.wrong.append(f"the tree {digest} names {entry.name}, which is not there")
    for key, digests in shown.results.items():
        shown.wrong += [
            f"the result {key} names {d}, which is not there" for d in digests if d not in shown.objects
        ]


def blob(number: int, size: int = 200) -> bytes:
    """Return bytes that no other number has."""
    return (f"blob {number} ".encode() * (size // 6 + 1))[:size]


def damage(path: Path, at: int | None = None) -> None:
    """Turn one bit of a file, in the middle by default."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def damage_there(files: RemoteFiles, name: str, at: int | None = None) -> None:
    """Turn one bit of a file on a remote."""
    data = bytearray(files.read(name))
    data[len(data) // 2 if at is None else at] ^= 1
    files.write(name, bytes(data))


def cut_there(files: RemoteFiles, name: str, by: int = 5) -> None:
    """Cut off the end of a file on a remote."""
    files.write(name, files.read(name)[:-by])


class Metered:
    """Another remote, watched: what is read of it, how many requests are under way at once, how many bytes it gave are still held.

    Parameters
    ----------
    files : RemoteFiles
        What is asked.
    pause : float
        Seconds that each request takes longer.
    """

    def __init__(self, files: RemoteFiles, pause: float = 0.0) -> None:
        self._files = files
        self._pause = pause
        self._lock = threading.Lock()
        self._under_way = 0
        self.at_once = 0
        """The most requests that were under way at once."""
        self.held = _Held()
        self.reads: list[tuple[str, int, int]] = []
        """Name, start and bytes of each read."""

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return self._files.requests

    @property
    def bytes_read(self) -> int:
        """All bytes that were read."""
        return sum(length for _, _, length in self.reads)

    @contextmanager
    def _request(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
            self.at_once = max(self.at_once, self._under_way)
        try:
            time.sleep(self._pause)
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def list(self, folder: str = "") -> dict[str, int]:
        """Return a listing."""
        with self._request():
            return self._files.list(folder)

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes that are counted while anybody holds them."""
        with self._request():
            data = self._files.read(name, start, length)
            self.reads.append((name, start, len(data)))
            return self.held.hold(data)

    def write(self, name: str, data: bytes) -> None:
        """Write a file."""
        with self._request():
            self._files.write(name, data)

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a file from chunks."""
        with self._request():
            self._files.upload(name, chunks, size)

    def create(self, name: str, data: bytes) -> bool:
        """Write a file where there is none."""
        with self._request():
            return self._files.create(name, data)

    def remove(self, names: Sequence[str]) -> None:
        """Remove files."""
        with self._request():
            self._files.remove(names)

    def remove_folder(self, folder: str) -> None:
        """Remove an empty folder."""
        with self._request():
            self._files.remove_folder(folder)


class _Held:
    """Counts the bytes of what was handed out and is not yet let go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now = 0
        self.most = 0

    def hold(self, data: bytes) -> bytes:
        """Return the same bytes, counted until the last reference is gone."""
        with self._lock:
            self.now += len(data)
            self.most = max(self.most, self.now)
        held = _Counted(data)
        held.let_go = self._let_go
        return held

    def _let_go(self, size: int) -> None:
        with self._lock:
            self.now -= size


class _Counted(bytes):
    let_go: Callable[[int], None]

    def __del__(self) -> None:
        self.let_go(len(self))


class Clones:
    """A project, its clone, and a remote in a folder beside them.

    Parameters
    ----------
    folder : Path
        Where all three are made.
    """

    def __init__(
        self, folder: Path, stages: Mapping[str, Any] | str, files: Mapping[str, bytes | str]
    ) -> None:
        self.folder = folder
        self.remote = folder / "remote"
        self.first = project(
            folder / "first",
            stages,
            {".mlops/config.yaml": f"remotes: {{r: {{url: {self.remote}}}}}\n", **files},
        )

    def clone(self, name: str = "second") -> Path:
        """Commit what the first one has, and return a new clone of it."""
        commit(self.first, "all of it")
        git(self.folder, "clone", "--quiet", str(self.first), str(self.folder / name))
        return self.folder / name

    @property
    def there(self) -> RemoteFiles:
        """The remote."""
        return open_remote_files(str(self.remote))
