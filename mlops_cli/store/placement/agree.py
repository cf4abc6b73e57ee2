"""Making what lies in the workspace agree with artifacts: only what differs is touched.

New content is whole and verified, in a temporary folder, before anything old goes.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest
from mlops_cli.store.objects import DamagedObjectError, Placement
from mlops_cli.store.placement.difference import WORTHLESS
from mlops_cli.store.placement.side_by_side import place
from mlops_cli.store.placing import move
from mlops_cli.store.stat_cache import Row, identity_of

if TYPE_CHECKING:
    from mlops_cli.store.objects import Objects
    from mlops_cli.store.placement.difference import Difference
    from mlops_cli.store.placement.forest import Forest
    from mlops_cli.store.stat_cache import Identity
    from mlops_cli.store.tree import Entry
    from mlops_cli.store.workspace import Workspace

# More files than these are worth the moment after which nobody has to read them again.
_WORTH_KNOWING = 16
_REST = 0.03  # seconds: longer than the clock of a file system stands still


class Placed(NamedTuple):
    """What was done: files placed, their bytes, and how many files and links are gone."""

    files: int
    size: int
    removed: int


def make_agree(
    workspace: Workspace,
    objects: Objects,
    forest: Forest,
    difference: Difference,
    temporary: str,
    *,
    force: bool = False,
) -> Placed:
    """Do what has to be done so that one path agrees.

    Parameters
    ----------
    temporary : str
        A folder that does not exist, best on the file system of the workspace.
    force : bool
        Take away also what changed since it was looked at, and what a look passes over.

    Raises
    ------
    DataError
        When content is missing or damaged, or something cannot be written; what was there is then there still, or in the store.
    """
    path = difference.wanted.path
    work = _Work(workspace, objects, forest, difference, temporary)
    try:
        os.makedirs(temporary)
        try:
            work.build()
        except DataError as error:
            kind = DamagedObjectError if isinstance(error, DamagedObjectError) else DataError
            raise kind(work.shown(error.message), hint=error.hint) from error
        workspace.forget([path])
        try:
            clear(workspace, difference, force=force)
            work.put_in_place()
        finally:
            workspace.forget([path])
        work.learn()
    except OSError as error:
        name = work.shown(str(error.filename2 or error.filename or path))
        where = "" if name == path else f"{name}: "
        raise DataError(f"{path} cannot be written: {where}{error.strerror}") from error
    finally:  # also where it failed: the room is needed by what comes next
        shutil.rmtree(temporary, ignore_errors=True)
    return Placed(len(work.placements), work.size, len(difference.removed))


class _Work:
    def __init__(
        self, workspace: Workspace, objects: Objects, forest: Forest, difference: Difference, temporary: str
    ) -> None:
        self.workspace = workspace
        self.objects = objects
        self.forest = forest
        self.difference = difference
        self.temporary = temporary
        self.placements: list[Placement] = []
        self.links: list[tuple[str, str]] = []
        self.size = 0
        self.tops: list[str] = []
        # Where each file of a build will lie: its folder in the project, and its name there.
        self.places: list[tuple[str, str]] = []
        self.identities: list[Identity] = []
        self.seen = 0

    def build(self) -> None:
        """Make everything that is new, in the temporary folder."""
        for number, (path, entry, _) in enumerate(self.difference.builds):
            top = f"{self.temporary}/b{number}"
            self.tops.append(top)
            self._lay_out(path, entry, top)
        for number, file in enumerate(self.difference.files):
            self._place(file.entry, f"{self.temporary}/f{number}")
        self.identities = place(self.objects, self.placements)
        for target, link in self.links:  # last, so that nothing is ever placed through a link
            os.symlink(target, link)
        if len(self.places) >= _WORTH_KNOWING:
            # Nobody else knows these files yet. A moment later their times tell every change from now on.
            time.sleep(_REST)
            self.seen = time.time_ns()

    def _lay_out(self, path: str, entry: Entry, top: str) -> None:
        stack = [(path, top, Digest(entry.content))]
        while stack:
            folder, target, digest = stack.pop()
            os.mkdir(target)
            for child in self.forest.entries(digest):
                place = f"{target}/{child.name}"
                if child.kind == "tree":
                    stack.append((f"{folder}/{child.name}", place, Digest(child.content)))
                elif child.kind == "link":
                    self.links.append((child.content, place))
                else:
                    self._place(child, place)
                    self.places.append((folder, child.name))

    def _place(self, entry: Entry, target: str) -> None:
        own = self.difference.wanted.own
        self.placements.append(Placement(Digest(entry.content), target, entry.kind == "exec", own))
        self.size += entry.size

    def put_in_place(self) -> None:
        """Rename what was made to where it belongs."""
        absolute = self.workspace.absolute
        for path in self._newcomers():
            os.makedirs(os.path.dirname(absolute(path)), exist_ok=True)
        for top, (path, _, _) in zip(self.tops, self.difference.builds, strict=True):
            move(top, absolute(path))
        for number, file in enumerate(self.difference.files):
            move(f"{self.temporary}/f{number}", absolute(file.path))
        for path, target in self.difference.links:
            os.symlink(target, absolute(path))

    def _newcomers(self) -> list[str]:
        """Return paths whose folders may not be there: of a directory that is placed only in part, those of all that comes."""
        difference = self.difference
        if not difference.lacking:
            return [difference.wanted.path]
        files = [file.path for file in difference.files]
        return [*(path for path, *_ in difference.builds), *files, *(path for path, _ in difference.links)]

    def shown(self, text: str) -> str:
        """Return a text in which a place in the temporary folder is called by what it was going to be."""
        names = {f"/b{number}": path for number, (path, _, _) in enumerate(self.difference.builds)}
        names |= {f"/f{number}": file.path for number, file in enumerate(self.difference.files)}
        found = re.search(rf"{re.escape(self.temporary)}(/[bf]\d+)?", text)
        if found is None:
            return text
        path = names.get(found[1], self.difference.wanted.path)
        return text[: found.start()] + path + text[found.end() :]

    def learn(self) -> None:
        """Keep the digests of what was built."""
        if not self.seen:
            return
        folders: dict[str, dict[str, Row]] = {}
        for (folder, name), identity, placement in zip(
            self.places, self.identities, self.placements, strict=False
        ):
            folders.setdefault(folder, {})[name] = Row(identity, placement.digest, self.seen)
        for folder, rows in folders.items():
            self.workspace.learn_placed(folder, rows)


def clear(workspace: Workspace, difference: Difference, *, force: bool) -> None:
    """Take away what is in the way, if it is still what it was when it was looked at."""
    if not force:
        for file in difference.files:
            if file.identity is not None:
                _check_same(workspace.absolute(file.path), file.path, file.identity)
    for path, identity in difference.removed:
        absolute = workspace.absolute(path)
        if not force and identity is not None:
            _check_same(absolute, path, identity)
        os.unlink(absolute)
    for path in difference.emptied:
        absolute = workspace.absolute(path)
        for name in os.listdir(absolute):
            _remove(f"{absolute}/{name}", f"{path}/{name}", force=force)
        os.rmdir(absolute)


def _remove(absolute: str, path: str, *, force: bool) -> None:
    if not force and os.path.basename(path) not in WORTHLESS:
        raise DataError(f"{path} has come since it was looked at", hint="Nothing was lost. Do it again.")
    if os.path.isdir(absolute) and not os.path.islink(absolute):
        shutil.rmtree(absolute)
    else:
        os.unlink(absolute)


def _check_same(absolute: str, path: str, identity: Identity) -> None:
    try:
        same = identity_of(os.stat(absolute)) == identity
    except FileNotFoundError:
        same = False
    if not same:
        raise DataError(f"{path} changed since it was looked at", hint="Nothing was lost. Do it again.")
