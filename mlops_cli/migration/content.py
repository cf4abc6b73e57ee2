"""Content into our store: from the workspace where it is what DVC recorded, else out of DVC's cache.

Nothing comes in that is not what its hash says.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Literal

from mlops_cli.errors import DataError, FileError
from mlops_cli.migration.md5 import Hash, WorkspaceHashes
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes, digest_stream
from mlops_cli.store.globs import LITTER
from mlops_cli.store.save import check_clashes, save
from mlops_cli.store.tree import Entry, encode_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlops_cli.migration.cache import DvcCache
    from mlops_cli.migration.lock import Locked
    from mlops_cli.migration.notes import Notes
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.objects import Objects
    from mlops_cli.store.workspace import Workspace

State = Literal["here", "cached", "gone"]


class Content:
    """What DVC recorded, and where it is now.

    Parameters
    ----------
    root : str
        The project's folder.
    hashes : WorkspaceHashes
        Of what lies in the workspace.
    cache : DvcCache
        DVC's.

    Attributes
    ----------
    names : set
        Pairs of a hash of DVC's and our digest of the same content, of all content that was stored or looked at.
    """

    def __init__(self, root: str, hashes: WorkspaceHashes, cache: DvcCache) -> None:
        self.root = root
        self.hashes = hashes
        self.cache = cache
        self.names: set[tuple[str, Digest]] = set()
        self._cached: dict[tuple[Hash, bool], Artifact | None] = {}

    def state(self, path: str, locked: Locked) -> State:
        """Say where content is: `here`, in the workspace; `cached`, whole in DVC's cache; or `gone`.

        Raises
        ------
        DataError
            When the list of a directory names paths that leave it.
        """
        if locked.hash is None:
            return "gone"
        if self.hashes.agrees(path, locked.hash):
            return "here"
        files = self._files(locked)
        if files is None:
            return "gone"
        return "cached" if all(self.cache.find(each) is not None for each in files.values()) else "gone"

    def _files(self, locked: Locked) -> dict[str, Hash] | None:
        """Return path to hash of the files of a directory; of a file just itself, under an empty path."""
        wanted = locked.hash
        if wanted is None:
            return None
        if not wanted.folder:
            return {"": wanted}
        listing = locked.listing if locked.listing is not None else self.cache.listing(wanted)
        return (
            None if listing is None else {path: Hash(value, wanted.legacy) for path, value in listing.items()}
        )

    # Into the store -------------------------------------------------------------------------------------------------

    def store(
        self, wanted: Mapping[str, Locked], workspace: Workspace, objects: Objects, notes: Notes
    ) -> dict[str, Artifact]:
        """Bring content into the store; return path to artifact of what could be brought.

        What cannot be kept is said in `notes`.
        """
        here: list[str] = []
        cached: list[str] = []
        for path, locked in wanted.items():
            try:
                state = self.state(path, locked)
            except DataError as error:
                notes.lost(path, 0, "its content", error.message)
                continue
            (here if state == "here" else cached if state == "cached" else []).append(path)
        found = self._save(here, workspace, objects, notes)
        for path in cached:
            artifact = self._from_cache(wanted[path], objects, path, notes)
            if artifact is not None:
                found[path] = artifact
        for path, artifact in found.items():
            self._name(wanted[path], artifact)
        return found

    def _name(self, locked: Locked, artifact: Artifact | None) -> Artifact | None:
        if locked.hash is not None and artifact is not None:
            self.names.add((locked.hash.value, artifact.digest))
        return artifact

    def _save(
        self, paths: Sequence[str], workspace: Workspace, objects: Objects, notes: Notes
    ) -> dict[str, Artifact]:
        try:
            return save(workspace, objects, paths)
        except (DataError, FileError) as error:
            if len(paths) == 1:
                notes.lost(paths[0], 0, "its content", error.message)
                return {}
        found: dict[str, Artifact] = {}
        for path in paths:
            found |= self._save([path], workspace, objects, notes)
        return found

    def look(self, path: str, locked: Locked, workspace: Workspace) -> Artifact | None:
        """Return the artifact of content that is not to be stored: an input as a stage last saw it; None where it is gone."""
        try:
            state = self.state(path, locked)
            if state == "here":
                return self._name(locked, workspace.artifact(path))
            return (
                self._name(locked, self._from_cache(locked, None, path, None)) if state == "cached" else None
            )
        except (DataError, FileError):
            return None

    def _from_cache(
        self, locked: Locked, objects: Objects | None, path: str, notes: Notes | None
    ) -> Artifact | None:
        if locked.hash is None:
            return None
        key = (locked.hash, objects is not None)
        if key not in self._cached:
            try:
                self._cached[key] = self._read(locked, objects)
            except (DataError, FileError) as error:
                self._cached[key] = None
                if notes is not None:
                    notes.lost(path, 0, "its content in DVC's cache", error.message)
        artifact = self._cached[key]
        return artifact._replace(executable=locked.executable) if artifact and not artifact.tree else artifact

    def _read(self, locked: Locked, objects: Objects | None) -> Artifact | None:
        files = self._files(locked)
        if files is None or locked.hash is None:
            return None
        places = {path: found.path for path, each in files.items() if (found := self.cache.find(each))}
        if len(places) < len(files):
            return None
        seen = _digests(places, objects)
        if not locked.hash.folder:
            return Artifact(*seen[""])
        kept = {path: entry for path, entry in seen.items() if LITTER.isdisjoint(path.split("/"))}
        trees: list[bytes] = []
        digest, size = _tree(kept, "", trees)
        if objects is not None:
            objects.put_blobs(trees)
        return Artifact(digest, size, tree=True)


def _digests(places: Mapping[str, str], objects: Objects | None) -> dict[str, tuple[Digest, int]]:
    if objects is not None:
        stored = objects.put_files(list(places.values()))
        return {path: (each.digest, each.size) for path, each in zip(places, stored, strict=True)}
    found = {}
    for path, place in places.items():
        with open(place, "rb", buffering=0) as stream:
            found[path] = digest_stream(stream)
    return found


def _tree(files: Mapping[str, tuple[Digest, int]], shown: str, trees: list[bytes]) -> tuple[Digest, int]:
    """Return digest and size of a directory; its tree objects are added to `trees`, those inside before those around them."""
    below: dict[str, dict[str, tuple[Digest, int]]] = {}
    entries = []
    for path, (digest, size) in files.items():
        name, inside, rest = path.partition("/")
        if inside:
            below.setdefault(name, {})[rest] = (digest, size)
        else:
            entries.append(Entry(name, "file", digest, size))
    for name, inner in below.items():
        digest, size = _tree(inner, f"{shown}{name}/", trees)
        entries.append(Entry(name, "tree", digest, size))
    check_clashes(shown or "it", [entry.name for entry in entries])
    data = encode_tree(entries)
    trees.append(data)
    return digest_bytes(data), sum(entry.size for entry in entries)


# Links into DVC's cache ----------------------------------------------------------------------------------------------------


def linked_files(root: str, paths: Iterable[str], folders: Sequence[str], own: Iterable[str]) -> list[str]:
    """Return the absolute paths of files that are links into DVC's cache.

    Parameters
    ----------
    paths : iterable of str
        Files and directories, relative to the project.
    folders : sequence of str
        Where DVC's cache lies.
    own : iterable of str
        Those of the paths that stages write to in place: a hard link is one too many for them, too.
    """
    inside = tuple(f"{os.path.realpath(folder)}/" for folder in folders)
    writable = set(own)
    found: list[str] = []
    for path in paths:
        absolute = f"{root}/{path}"
        each = [absolute]
        if os.path.isdir(absolute) and not os.path.islink(absolute):
            each = [f"{top}/{name}" for top, _, names in os.walk(absolute) for name in names]
        for file in each:
            if os.path.islink(file):
                if os.path.realpath(file).startswith(inside) and os.path.isfile(file):
                    found.append(file)
            elif path in writable and os.path.isfile(file) and os.stat(file).st_nlink > 1:
                found.append(file)
    return found


def replace_links(files: Sequence[str]) -> None:
    """Put a file of its own in the place of each link.

    Raises
    ------
    DataError
        When one cannot be written.
    """
    for file in files:
        temporary = f"{file}.{os.getpid()}.tmp"
        try:
            mode = 0o755 if os.stat(file).st_mode & 0o100 else 0o644
            shutil.copyfile(os.path.realpath(file), temporary)
            os.chmod(temporary, mode)
            os.replace(temporary, file)
        except OSError as error:
            raise DataError(f"{file} cannot be written: {error.strerror}") from error
