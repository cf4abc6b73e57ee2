"""Everything that artifacts name, down to the last file; each tree is opened once, however often it is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest
from mlops_cli.store.tree import decode_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mlops_cli.store.artifact import Artifact


class Blobs(Protocol):
    """As much of a store as looking into trees needs."""

    def missing(self, digests: Collection[Digest]) -> set[Digest]:
        """Return those that are not there."""
        ...

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        """Return bytes, verified."""
        ...


@dataclass(frozen=True, slots=True)
class Closure:
    """What artifacts consist of.

    Parameters
    ----------
    trees : dict
        Tree objects that could be read, those inside before those around them, and their bytes' number.
    blobs : dict
        Files, and the size that the tree or record gives them; whether they are in the store was not asked.
    missing : dict
        Tree objects that are not there or cannot be believed, and why.
    children : dict
        Of each tree the objects that it names.
    """

    trees: dict[Digest, int] = field(default_factory=dict)
    blobs: dict[Digest, int] = field(default_factory=dict)
    missing: dict[Digest, str] = field(default_factory=dict)
    children: dict[Digest, frozenset[Digest]] = field(default_factory=dict)


def closure(objects: Blobs, artifacts: Sequence[Artifact]) -> Closure:
    """Return what artifacts consist of; trees are read level by level, a batch a level.

    Raises
    ------
    DataError
        When the store cannot be read.
    """
    found = Closure()
    levels: list[dict[Digest, int]] = []
    level: dict[Digest, None] = {}
    for artifact in artifacts:
        if artifact.tree:
            level[artifact.digest] = None
        else:
            found.blobs[artifact.digest] = artifact.size
    seen: set[Digest] = set()
    children: dict[Digest, list[Digest]] = {}
    while level:
        seen.update(level)
        following: dict[Digest, None] = {}
        read: dict[Digest, int] = {}
        for digest, data in _read(objects, list(level), found):
            below: list[Digest] = []
            try:
                entries = decode_tree(data)
            except DataError as error:
                found.missing[digest] = error.message
                continue
            read[digest] = len(data)
            for entry in entries:
                if entry.kind == "tree":
                    below.append(Digest(entry.content))
                elif entry.kind != "link":
                    found.blobs[Digest(entry.content)] = entry.size
            children[digest] = below
            found.children[digest] = frozenset([Digest(e.content) for e in entries if e.kind != "link"])
            following.update(dict.fromkeys(d for d in below if d not in seen))
        levels.append(read)
        level = following
    sizes = {digest: size for read in levels for digest, size in read.items()}
    _bottom_up(sizes, children, found.trees)
    return found


def _read(objects: Blobs, digests: list[Digest], found: Closure) -> list[tuple[Digest, bytes]]:
    absent = objects.missing(digests)
    found.missing.update(dict.fromkeys(absent, "it is not in the store"))
    there = [d for d in digests if d not in absent]
    try:
        return list(zip(there, objects.read_blobs(there), strict=True))
    except DataError:
        return _one_by_one(objects, there, found)


def _one_by_one(objects: Blobs, digests: list[Digest], found: Closure) -> list[tuple[Digest, bytes]]:
    """Read what can be read, and say of the rest why not."""
    read = []
    for digest in digests:
        try:
            read.append((digest, objects.read_blobs([digest])[0]))
        except DataError as error:
            found.missing[digest] = error.message
    return read


def _bottom_up(
    sizes: dict[Digest, int], children: dict[Digest, list[Digest]], trees: dict[Digest, int]
) -> None:
    """Fill `trees` so that whatever a tree names comes before it."""
    for top in sizes:
        stack = [(top, False)]
        while stack:
            digest, done = stack.pop()
            if digest in trees or digest not in sizes:
                continue
            if done:
                trees[digest] = sizes[digest]
            else:
                stack.append((digest, True))
                stack.extend((child, False) for child in children[digest] if child not in trees)
