"""Who needs an object: the paths inside of artifacts at which it lies."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest
from mlops_cli.store.tree import DEEPEST, Entry, decode_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.closure import Blobs


# Of how many places in one artifact somebody may want to know: a tree that repeats itself has more than anybody can list.
_MOST = 100_000


class Need(NamedTuple):
    """Something that a record says should be there.

    Parameters
    ----------
    path : str
        Where it belongs, relative to the top of the worktree.
    record : str
        The record's path, relative to the top of the worktree.
    where : str
        `workspace`, or the id of a commit.
    files : int or None
        How many files the record says that it has, where it says so.
    key : Digest or None
        The key of the result that it belongs to.
    """

    path: str
    artifact: Artifact
    record: str
    where: str
    files: int | None = None
    key: Digest | None = None


def find_referrers(
    objects: Blobs, needs: Iterable[Need], wanted: Collection[Digest]
) -> dict[Digest, list[Need]]:
    """Return for each object what needs it, with the path of the object itself; each tree is opened once."""
    search = _Search(objects, wanted)
    found: dict[Digest, list[Need]] = {}
    for need in needs:
        for inside, digest in islice(search.places(need.artifact), _MOST):
            path = f"{need.path}/{inside}" if inside else need.path
            found.setdefault(digest, []).append(need._replace(path=path))
    return found


class _Search:
    def __init__(self, objects: Blobs, wanted: Collection[Digest]) -> None:
        self._objects = objects
        self._wanted = wanted
        self._known: dict[Digest, tuple[Entry, ...]] = {}
        self._empty: set[Digest] = set()

    def places(self, artifact: Artifact) -> Iterator[tuple[str, Digest]]:
        if artifact.digest in self._wanted:
            yield "", artifact.digest
        if artifact.tree:
            yield from self._below("", artifact.digest)

    def _below(self, prefix: str, digest: Digest) -> Iterator[tuple[str, Digest]]:
        if digest in self._empty or prefix.count("/") > DEEPEST:
            return
        nothing = True
        for entry in self._entries(digest):
            if entry.kind == "link":
                continue
            child = Digest(entry.content)
            if child in self._wanted:
                nothing = False
                yield prefix + entry.name, child
            if entry.kind == "tree":
                for found in self._below(f"{prefix}{entry.name}/", child):
                    nothing = False
                    yield found
        if nothing:
            self._empty.add(digest)

    def _entries(self, digest: Digest) -> tuple[Entry, ...]:
        if digest not in self._known:
            try:
                self._known[digest] = decode_tree(self._objects.read_blobs([digest])[0])
            except DataError:
                self._known[digest] = ()
        return self._known[digest]


class Totals:
    """Files and bytes of stored artifacts; each tree is opened once."""

    def __init__(self, objects: Blobs, sizes: Mapping[Digest, int]) -> None:
        self._objects = objects
        self._sizes = sizes
        self._known: dict[Digest, tuple[int, int] | None] = {}

    def of(self, artifact: Artifact) -> tuple[int, int] | None:
        """Return number of files and bytes; None where not all of it is here."""
        if artifact.tree:
            return self._tree(artifact.digest, 0)
        size = self._sizes.get(artifact.digest)
        return None if size is None else (1, size)

    def _tree(self, digest: Digest, depth: int) -> tuple[int, int] | None:
        if digest not in self._known:
            self._known[digest] = self._sum(digest, depth) if depth <= DEEPEST else None
        return self._known[digest]

    def _sum(self, digest: Digest, depth: int) -> tuple[int, int] | None:
        try:
            entries = decode_tree(self._objects.read_blobs([digest])[0])
        except DataError:
            return None
        files = sum(entry.kind in ("file", "exec") for entry in entries)
        for entry in entries:
            if entry.kind == "tree":
                below = self._tree(Digest(entry.content), depth + 1)
                if below is None:
                    return None
                files += below[0]
        return files, sum(entry.size for entry in entries)
