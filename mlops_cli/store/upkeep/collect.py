"""Which objects and results of a store nobody needs: decided from what is mentioned, before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.closure import closure
from mlops_cli.store.pack import SMALL
from mlops_cli.store.upkeep.mentions import mentioned, named_artifacts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from mlops_cli.store.digest import Digest
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.results import Results

TREE_START = b'{"entries":['
_BATCH = 4096  # objects
_MEND = "Mend what can be mended with: mlops verify --repair"


@dataclass(slots=True)
class Mentions:
    """Every digest that records mention.

    Parameters
    ----------
    digests : set
        Of files, trees, keys and logs alike.
    trees : set
        Those of them that some record calls a directory.
    """

    digests: set[Digest] = field(default_factory=set)
    trees: set[Digest] = field(default_factory=set)

    def take(self, data: bytes) -> None:
        """Take in what a record mentions."""
        self.digests |= mentioned(data)
        if b'"tree"' in data:
            self.trees.update(artifact.digest for _, artifact in named_artifacts(data) if artifact.tree)


@dataclass(frozen=True, slots=True)
class OldResult:
    """A result that no record names.

    Parameters
    ----------
    outs : mapping
        Path to artifact.
    """

    key: Digest
    path: Path
    outs: Mapping[str, Artifact]


@dataclass(slots=True)
class Garbage:
    """What nobody needs, and what was seen while looking for it.

    Parameters
    ----------
    objects : dict
        Digest to bytes.
    needed : set
        Every digest that something leads to, in the store or not.
    kept, kept_bytes : int
        Objects in the store that something leads to.
    young, young_bytes : int
        Objects that nothing leads to, but which are younger than the period of grace.
    unopened : dict
        Trees that are needed and not in the store, and why they could not be opened: what only they name is not known.
    unreadable : list of Path
        Results that cannot be read; they stay as they are.
    """

    objects: dict[Digest, int] = field(default_factory=dict)
    results: list[OldResult] = field(default_factory=list)
    needed: set[Digest] = field(default_factory=set)
    kept: int = 0
    kept_bytes: int = 0
    kept_results: int = 0
    young: int = 0
    young_bytes: int = 0
    unopened: dict[Digest, str] = field(default_factory=dict)
    unreadable: list[Path] = field(default_factory=list)


def find_garbage(
    objects: FolderObjects,
    results: Results,
    mentions: Mentions,
    cutoff: float,
    aside: Collection[Digest] = frozenset(),
) -> Garbage:
    """Return what nothing leads to and what is older than the period of grace.

    Parameters
    ----------
    aside : collection of Digest
        Objects that were found damaged and set aside.
    cutoff : float
        Seconds since the epoch: what was written, or put again, at this moment or later is kept, with all that it names.

    Raises
    ------
    DataError
        When an object that may lead to others is damaged, or was: what it leads to cannot be told.
    """
    garbage = Garbage()
    _check_indexes(objects)
    trees, roots = set(mentions.trees), set(mentions.digests)
    for key, path, written in results.listing():
        outs = results.get(key)
        if outs is None:
            garbage.unreadable.append(path)
        elif key in mentions.digests or written >= cutoff:
            garbage.kept_results += 1
            roots.update(artifact.digest for artifact in outs.values())
            trees.update(artifact.digest for artifact in outs.values() if artifact.tree)
        else:
            garbage.results.append(OldResult(key, path, outs))
    garbage.needed, garbage.unopened = _everything_below(objects, roots, trees)
    lost = objects.missing(garbage.needed.intersection(aside))
    if lost:
        raise _untold(min(lost), "it was found damaged and set aside", "Bring it with: mlops pull")
    fresh = {d for d, _, written in objects.all_digests() if written >= cutoff} - garbage.needed
    # What a young tree names may be old: it was there already when the tree was made.
    young, _ = _everything_below(objects, fresh, set())
    _sort(objects, garbage, young)
    return garbage


def _check_indexes(objects: FolderObjects) -> None:
    objects.packs.all()
    for name, reason in objects.packs.unreadable.items():
        raise DataError(
            f"{objects.packs.folder}/{name}.idx, so nobody can tell what is there: {reason}", hint=_MEND
        )


def _untold(digest: Digest, reason: str, hint: str) -> DataError:
    return DataError(
        f"nobody can tell what object {digest} leads to: {reason}; nothing was removed", hint=hint
    )


def _everything_below(
    objects: FolderObjects, roots: set[Digest], trees: set[Digest]
) -> tuple[set[Digest], dict[Digest, str]]:
    """Return the roots and all that they lead to, and the trees on the way that are not in the store."""
    trees = trees | set(_trees_among(objects, roots - trees))
    found = closure(objects, [Artifact(digest, 0, tree=True) for digest in trees])
    damaged = found.missing.keys() - objects.missing(found.missing.keys())
    if damaged:
        raise _untold(min(damaged), found.missing[min(damaged)], _MEND)
    unopened = {digest: reason for digest, reason in found.missing.items() if digest not in trees}
    return roots | found.trees.keys() | found.blobs.keys() | found.missing.keys(), unopened


def _trees_among(objects: FolderObjects, digests: set[Digest]) -> Iterator[Digest]:
    """Yield the objects that look like trees: to keep what a file seems to name costs space, the opposite costs data."""
    sizes = objects.sizes(digests)
    small = sorted(d for d, size in sizes.items() if size < SMALL)
    for start in range(0, len(small), _BATCH):
        batch = small[start : start + _BATCH]
        for digest, data in zip(batch, objects.read_blobs(batch), strict=True):
            if data.startswith(TREE_START):
                yield digest
    for digest, size in sizes.items():
        if size >= SMALL and objects.loose.starts_with(digest, TREE_START):
            yield digest


def _sort(objects: FolderObjects, garbage: Garbage, young: Collection[Digest]) -> None:
    seen: set[Digest] = set()
    for digest, size, _ in objects.all_digests():
        if digest in seen:
            continue
        seen.add(digest)
        if digest in garbage.needed:
            garbage.kept, garbage.kept_bytes = garbage.kept + 1, garbage.kept_bytes + size
        elif digest in young:
            garbage.young, garbage.young_bytes = garbage.young + 1, garbage.young_bytes + size
        else:
            garbage.objects[digest] = size
