"""What keeps the workspace from agreeing with artifacts, found without writing anything.

What would have to be placed, what is in the way, and which content of it is nowhere else. Trees that came from elsewhere are taken
for hostile until they were looked through.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest
from mlops_cli.store.look import FileLook, FolderLook
from mlops_cli.store.placement.forest import Forest, check_link
from mlops_cli.store.tree import Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mlops_cli.store.objects import Objects
    from mlops_cli.store.stat_cache import Identity
    from mlops_cli.store.tree import Kind
    from mlops_cli.store.workspace import Workspace

# What programs leave beside the files they read, and what is made again unasked: goes with the folder that holds it.
WORTHLESS = frozenset({"__pycache__", ".DS_Store", ".mypy_cache", ".pytest_cache"})


class Loss(NamedTuple):
    """Something in the workspace that is nowhere else, and would be gone; size in bytes."""

    path: str
    size: int


class Wanted(NamedTuple):
    """What should lie at a path.

    Parameters
    ----------
    depth : int
        How many folders of the same artifact lie above it; 0 for a whole artifact.
    own : bool
        It will be written to: its files never share bytes with the store.
    """

    path: str
    entry: Entry
    depth: int = 0
    own: bool = False


class _File(NamedTuple):
    path: str
    entry: Entry
    identity: Identity | None  # of the file that is replaced


@dataclass(slots=True)
class Difference:
    """What has to be done so that one path agrees.

    Parameters
    ----------
    builds : list
        Whole folders that are not there.
    files, links : list
        What has to be placed in folders that are there.
    removed, emptied : list
        Files and links, then folders, inner ones first, that are in the way or not in the artifact.
    at_risk : list
        Content of the workspace that would be gone, by its digest.
    losses : list of Loss
        What of it is nowhere else.
    needed : set of Digest
        Content that is to be placed.
    lacking : list of str
        Paths that stay without content, because it cannot be had.
    """

    wanted: Wanted
    builds: list[tuple[str, Entry, int]] = field(default_factory=list)
    files: list[_File] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    removed: list[tuple[str, Identity | None]] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    at_risk: list[tuple[Digest, Loss]] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    needed: set[Digest] = field(default_factory=set)
    lacking: list[str] = field(default_factory=list)

    @property
    def only_adds(self) -> bool:
        """Whether nothing goes and nothing is replaced: what lies there is nothing, or a part of what is wanted."""
        replaced = any(file.identity is not None for file in self.files)
        return not (replaced or self.removed or self.emptied or self.losses or self.at_risk)

    @property
    def empty(self) -> bool:
        """Whether it agrees already."""
        return not (self.builds or self.files or self.links or self.removed or self.emptied)


def top_entry(artifact: Artifact) -> Entry:
    """Return an artifact in the form in which a tree names its children."""
    kind: Kind = "tree" if artifact.tree else "exec" if artifact.executable else "file"
    return Entry("", kind, artifact.digest, artifact.size)


def artifact_of_entry(entry: Entry) -> Artifact:
    """Return the artifact that a tree names; not for links."""
    return Artifact(Digest(entry.content), entry.size, entry.kind == "tree", entry.kind == "exec")


def compare(
    workspace: Workspace,
    objects: Objects,
    forest: Forest,
    wanted: Wanted,
    placed: str = "/",
    without: Collection[Digest] = frozenset(),
) -> Difference:
    """Return what has to be done so that a path agrees; nothing is written.

    Parameters
    ----------
    placed : str
        Where the store's objects lie: a link to one of them stands for the file that was placed so.
    without : collection of Digest
        Content of files that cannot be had: then it is found out what has to be done for everything else.

    Raises
    ------
    DataError
        When a tree that is needed is missing, damaged or hostile, or the path leads out of the project.
    FileError
        When something lies there that is neither file nor directory.
    """
    _check_way(workspace, wanted.path)
    return _Comparison(workspace, objects, forest, wanted, placed, without).compare()


def removal(workspace: Workspace, objects: Objects, forest: Forest, path: str) -> Difference:
    """Return what has to go so that nothing lies at a path any more; nothing is written.

    Raises
    ------
    DataError
        When the path leads out of the project.
    FileError
        When something lies there that is neither file nor directory.
    """
    _check_way(workspace, path)
    comparison = _Comparison(workspace, objects, forest, Wanted(path, Entry("", "tree", "", 0)), "/", ())
    there = workspace.contents(path, deep=False)
    if there is not None:
        comparison.take(path, there)
    return comparison.found


def find_losses(objects: Objects, differences: Iterable[Difference]) -> None:
    """Ask the store, once for all, which content that would be gone is in it."""
    differences = list(differences)
    unstored = objects.missing({digest for d in differences for digest, _ in d.at_risk})
    for difference in differences:
        difference.losses += [loss for digest, loss in difference.at_risk if digest in unstored]
        difference.losses.sort()


def _check_way(workspace: Workspace, path: str) -> None:
    """Refuse a path that a link on its way leads out of the project."""
    root = os.path.realpath(workspace.root)
    folder = os.path.realpath(os.path.dirname(f"{workspace.root}/{path}"))
    if folder != root and not folder.startswith(f"{root}/"):
        raise DataError(
            f"{path} leads out of the project, to {folder}", hint="Replace the link on its way by a folder."
        )


class _Comparison:
    def __init__(
        self,
        workspace: Workspace,
        objects: Objects,
        forest: Forest,
        wanted: Wanted,
        placed: str,
        without: Collection[Digest],
    ) -> None:
        self.placed = placed
        self.without = without
        self.workspace = workspace
        self.objects = objects
        self.forest = forest
        self.wanted = wanted
        self.found = Difference(wanted)

    def compare(self) -> Difference:
        path, entry = self.wanted.path, self.wanted.entry
        target = self._foreign_link(path)
        if target is not None and entry.kind == "link":
            if target != entry.content:
                self._replace(path, entry, target, self.wanted.depth, safe=False)
            return self.found
        artifact = self.workspace.artifact(path)
        if artifact is not None and entry.kind != "link" and top_entry(artifact)[1:3] == entry[1:3]:
            return self.found
        there = self.workspace.contents(path, deep=False) if target is None else target
        self._compare(path, entry, there, self.wanted.depth, safe=False)
        return self.found

    def _foreign_link(self, path: str) -> str | None:
        """Return where a link leads that stands in the place of the artifact; None where it is the store's own."""
        absolute = self.workspace.absolute(path)
        try:
            target = os.readlink(absolute)
        except OSError:
            return None
        return None if self.placed != "/" and target.startswith(self.placed) else target

    def _compare(
        self, path: str, wanted: Entry, there: FileLook | FolderLook | str | None, depth: int, *, safe: bool
    ) -> None:
        """Compare what is wanted with what is there; `safe`: the folder around it is in the store as it lies."""
        if wanted.kind == "tree" and isinstance(there, FolderLook):
            if there.artifact is None or there.artifact.digest != wanted.content:
                self._compare_folders(path, wanted, there, depth)
        elif wanted.kind == "link":
            if there != wanted.content:
                self._replace(path, wanted, there, depth, safe=safe)
        elif wanted.kind in ("file", "exec") and isinstance(there, FileLook):
            if there.digest != wanted.content or there.executable != (wanted.kind == "exec"):
                if there.digest != wanted.content:
                    self._risk(path, there)
                self._place_file(path, wanted, there.identity)
        else:
            self._replace(path, wanted, there, depth, safe=safe)

    def _compare_folders(self, path: str, wanted: Entry, there: FolderLook, depth: int) -> None:
        entries = {entry.name: entry for entry in self.forest.entries(Digest(wanted.content))}
        there = self._opened(path, there)
        safe = there.artifact is not None and not self.objects.missing([there.artifact.digest])
        # What goes comes first: a name may differ from one that comes in nothing but its case.
        for name, child in there.children.items():
            if name not in entries:
                self._remove(f"{path}/{name}", child, safe=safe)
        for name, entry in entries.items():
            self._compare(f"{path}/{name}", entry, there.children.get(name), depth + 1, safe=safe)

    def _replace(
        self, path: str, wanted: Entry, there: FileLook | FolderLook | str | None, depth: int, *, safe: bool
    ) -> None:
        if there is not None:
            self._remove(path, there, safe=safe)
        if wanted.kind == "tree":
            self._build(path, wanted, depth)
        elif wanted.kind == "link":
            check_link(path, depth - 1, wanted.content)
            self.found.links.append((path, wanted.content))
        else:
            self._place_file(path, wanted, None)

    def _place_file(self, path: str, wanted: Entry, identity: Identity | None) -> None:
        if wanted.content in self.without:
            self.found.lacking.append(path)
            return
        self.found.files.append(_File(path, wanted, identity))
        self.found.needed.add(Digest(wanted.content))

    def _build(self, path: str, wanted: Entry, depth: int) -> None:
        digest = Digest(wanted.content)
        self.forest.explore(digest)
        self.forest.check_inside(digest, path, depth)
        blobs = self.forest.blobs(digest)
        if blobs.isdisjoint(self.without):
            self.found.needed |= blobs
            self.found.builds.append((path, wanted, depth))
            return
        for entry in self.forest.entries(digest):
            self._replace(f"{path}/{entry.name}", entry, None, depth + 1, safe=False)

    def take(self, path: str, there: FileLook | FolderLook) -> None:
        """Note that all goes that lies at a path."""
        self._remove(path, there, safe=False)

    # What would be gone -------------------------------------------------------------------------------------------

    def _risk(self, path: str, there: FileLook) -> None:
        if there.digest is not None:
            self.found.at_risk.append((there.digest, Loss(path, there.identity.size)))

    def _remove(self, path: str, there: FileLook | FolderLook | str, *, safe: bool) -> None:
        if isinstance(there, FileLook):
            self._risk(path, there)
            self.found.removed.append((path, there.identity))
        elif isinstance(there, str):
            if not safe:
                self.found.losses.append(Loss(path, 0))
            self.found.removed.append((path, None))
        else:
            self._empty(path, there)

    def _opened(self, path: str, look: FolderLook) -> FolderLook:
        """Return the look at a folder with its children; where nothing in it had changed, nobody has asked for them yet."""
        opened = look if look.expanded else self.workspace.contents(path, deep=False)
        return opened if isinstance(opened, FolderLook) else look

    def _empty(self, path: str, there: FolderLook) -> None:
        there = self._opened(path, there)
        safe = there.artifact is not None and not self.objects.missing([there.artifact.digest])
        for name, child in there.children.items():
            self._remove(f"{path}/{name}", child, safe=safe)
        # What a look passes over is in no artifact, so it is nowhere else.
        for name, size in _passed_over(self.workspace.absolute(path), there.children):
            self.found.losses.append(Loss(f"{path}/{name}", size))
        self.found.emptied.append(path)


def _passed_over(folder: str, seen: Iterable[str]) -> list[tuple[str, int]]:
    found = []
    known = set(seen)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name not in known and entry.name not in WORTHLESS:
                status = entry.stat(follow_symlinks=False)
                found.append((entry.name, status.st_size if stat.S_ISREG(status.st_mode) else 0))
    return found
