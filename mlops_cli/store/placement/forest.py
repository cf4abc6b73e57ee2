"""Tree objects, each read once, in batches, and taken for hostile until it was looked through.

Anybody may have written them: a pulled tree may name the same folder again and again until it stands for more files than a disk
holds, or hold names and links that reach out of the place it is put in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError, FileError
from mlops_cli.store.digest import Digest
from mlops_cli.store.objects import missing_object
from mlops_cli.store.save import check_clashes
from mlops_cli.store.tree import DEEPEST, OBEYED, decode_tree, link_climb, link_stays_inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.objects import Objects
    from mlops_cli.store.tree import Entry

# No honest directory has as many entries, or as many for each that is really written down.
_MOST = 100_000_000
_MANY = 1_000_000
_REPEATED = 1000
_ANYWHERE = 1 << 30  # more folders than any path climbs


class HostileTreeError(DataError):
    """A tree is not one that may be laid out."""


class MissingContentError(DataError):
    """Content is not in the store."""


class Extent(NamedTuple):
    """What a tree comes to when it is laid out.

    Parameters
    ----------
    files : int
        Files, links not among them.
    entries : int
        Files, links and folders.
    depth : int
        How many folders lie inside each other, itself included.
    climb : int
        How many folders above the tree itself the links in it lead at most.
    """

    files: int = 0
    entries: int = 0
    depth: int = 1
    climb: int = 0


class Forest:
    """The trees of one store, as far as anybody asked.

    Parameters
    ----------
    objects : Objects
        The store.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._entries: dict[Digest, tuple[Entry, ...]] = {}
        self._extents: dict[Digest, Extent] = {}

    def entries(self, digest: Digest) -> tuple[Entry, ...]:
        """Return what a tree names.

        Raises
        ------
        MissingContentError
            When it is not in the store.
        DataError
            When it is damaged or hostile.
        """
        self._load([digest])
        return self._entries[digest]

    def find(self, artifact: Artifact, path: str) -> Entry | None:
        """Return the entry at a path inside an artifact; None where there is none.

        Raises
        ------
        MissingContentError
            When a tree on the way is not in the store.
        DataError
            When one is damaged or hostile.
        """
        current: Entry | None = None
        digest, tree = artifact.digest, artifact.tree
        for part in path.split("/"):
            if not tree:
                return None
            current = next((e for e in self.entries(digest) if e.name == part), None)
            if current is None:
                return None
            tree = current.kind == "tree"
            digest = Digest(current.content) if tree else digest
        return current

    def explore(self, top: Digest) -> Extent:
        """Read everything below a tree, level by level, and return what it comes to.

        Raises
        ------
        MissingContentError
            When a tree is not in the store.
        DataError
            When one is damaged or hostile, or all of it is more than any directory is.
        """
        level, seen = [top], {top}
        while level:
            self._load(level)
            below = {Digest(e.content) for d in level for e in self._entries[d] if e.kind == "tree"}
            level = sorted(below - seen)
            seen |= below
        extent = self._extent(top)
        written = sum(len(self._entries[digest]) for digest in seen)
        if extent.entries > _MOST or (extent.entries > _MANY and extent.entries > _REPEATED * written):
            raise _hostile(top, f"{written} entries that repeat each other until they are {extent.entries}")
        if extent.depth > DEEPEST:
            raise _hostile(top, f"{extent.depth} folders inside each other")
        return extent

    def check_inside(self, top: Digest, path: str, depth: int) -> None:
        """Refuse a tree that was explored, if a link in it leads out of the artifact, `depth` folders above the tree.

        Raises
        ------
        DataError
            When one does.
        """
        if self._extent(top).climb > depth:
            raise HostileTreeError(
                f"a link in {path} leads out of its directory", hint="Nothing of it was placed."
            )

    def blobs(self, top: Digest) -> set[Digest]:
        """Return the content of all files of a tree that was explored."""
        found: set[Digest] = set()
        stack, seen = [top], {top}
        while stack:
            for entry in self._entries[stack.pop()]:
                digest = Digest(entry.content)
                if entry.kind == "tree":
                    if digest not in seen:
                        seen.add(digest)
                        stack.append(digest)
                elif entry.kind != "link":
                    found.add(digest)
        return found

    def _load(self, digests: Iterable[Digest]) -> None:
        wanted = [digest for digest in digests if digest not in self._entries]
        if not wanted:
            return
        absent = self._objects.missing(wanted)
        if absent:
            error = missing_object(min(absent))
            raise MissingContentError(error.message, hint=error.hint)
        for digest, data in zip(wanted, self._objects.read_blobs(wanted), strict=True):
            entries = decode_tree(data)
            _check_names(digest, entries)
            self._entries[digest] = entries

    def _extent(self, top: Digest) -> Extent:
        """Add up from the leaves; without recursion, because whoever wrote the trees chose how deep they are."""
        stack = [top]
        while stack:
            digest = stack[-1]
            entries = self._entries[digest]
            below = [Digest(e.content) for e in entries if e.kind == "tree"]
            todo = [d for d in below if d not in self._extents]
            if todo:
                stack.extend(todo)
                continue
            stack.pop()
            extents = [self._extents[d] for d in below]
            climbs = [link_climb(e.content) for e in entries if e.kind == "link"]
            self._extents[digest] = Extent(
                files=sum(e.kind in ("file", "exec") for e in entries) + sum(e.files for e in extents),
                entries=len(entries) + sum(e.entries for e in extents),
                depth=1 + max((e.depth for e in extents), default=0),
                climb=max(
                    [0, *(_ANYWHERE if c is None else c for c in climbs), *(e.climb - 1 for e in extents)]
                ),
            )
        return self._extents[top]


def check_link(path: str, depth: int, target: str) -> None:
    """Refuse a link that lies `depth` folders below the top of its artifact and is not certain to stay in it.

    Raises
    ------
    DataError
        When it may lead out.
    """
    if not link_stays_inside(depth, target):
        raise HostileTreeError(
            f"the link {path} leads out of its directory", hint="Nothing of it was placed."
        )


def _check_names(digest: Digest, entries: tuple[Entry, ...]) -> None:
    for entry in entries:
        if entry.name[:1] == "." and entry.name.casefold() in OBEYED:
            raise _hostile(digest, f"the name {entry.name}")
    try:
        check_clashes("it", [entry.name for entry in entries])
    except FileError as error:
        raise _hostile(digest, error.message.removeprefix("it holds ")) from error


def _hostile(digest: Digest, what: str) -> HostileTreeError:
    return HostileTreeError(f"the directory {digest[:19]} holds {what}", hint="Nothing of it was placed.")
