"""Between workspace and store: save what lies at a path, restore it, ask whether it is whole, look inside a tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, FileError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.closure import Blobs, closure
from mlops_cli.store.digest import Digest, digest_bytes, parse_digest
from mlops_cli.store.look import FileLook, FolderLook
from mlops_cli.store.tree import Entry, decode_tree, link_stays_inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlops_cli.store.objects import Objects
    from mlops_cli.store.workspace import Workspace


def save(workspace: Workspace, objects: Objects, paths: Sequence[str]) -> dict[str, Artifact]:
    """Put what lies at paths into the store.

    What has to be read is read once: digest and stored bytes come from one read. Content before the trees that name it.

    Parameters
    ----------
    workspace : Workspace
        Learns what the reading told.
    paths : sequence of str
        Relative to the workspace; something must lie at each.

    Returns
    -------
    dict
        Path to artifact.

    Raises
    ------
    DataError
        When something is missing, unreadable, or the store cannot be written.
    FileError
        When names in a directory differ only in case, or something in it cannot be kept.
    """
    # A file is saved as it is now, whatever an earlier look found; a folder was looked at as a whole.
    workspace.forget([path for path in paths if os.path.isfile(workspace.absolute(path))])
    with objects.intake() as intake:
        workspace.look(paths, intake)
    saved: dict[str, Artifact] = {}
    files: dict[Digest, str] = {}
    trees: list[bytes] = []
    for path in paths:
        artifact = workspace.artifact(path)
        if artifact is None:
            raise DataError(f"{path} is gone")
        saved[path] = artifact
        if not artifact.tree:
            files[artifact.digest] = path
        elif not whole(objects, [artifact]):
            _gather(workspace, objects, path, files, trees)
    _store_rest(workspace, objects, files)
    _drop_damaged_lists(objects, trees)
    objects.put_blobs(trees)
    return saved


def _drop_damaged_lists(objects: Objects, trees: Sequence[bytes]) -> None:
    """Remove lists of files that are in the store and damaged: what is there already would not be put."""
    digests = {digest_bytes(data) for data in trees}
    there = digests - objects.missing(digests)
    if there:
        objects.remove(objects.damaged(there))


def _store_rest(workspace: Workspace, objects: Objects, files: dict[Digest, str]) -> None:
    """Store files whose digests were known, so that nobody read them, but whose content is not in the store."""
    wanted = sorted(objects.missing(files.keys()))
    stored = objects.put_files([workspace.absolute(files[d]) for d in wanted])
    for digest, result in zip(wanted, stored, strict=True):
        if result.digest != digest:
            raise DataError(
                f"{files[digest]} changed while it was stored", hint="Run again when nothing writes to it."
            )


def _gather(
    workspace: Workspace, objects: Objects, path: str, files: dict[Digest, str], trees: list[bytes]
) -> None:
    """Collect files by digest, and trees, those inside before those around them; what is in the store is not looked into."""
    look = workspace.contents(path, deep=False)
    if not isinstance(look, FolderLook):
        return
    check_clashes(path, look.children)
    for name, child in look.children.items():
        if isinstance(child, FolderLook):
            known = not child.expanded and child.artifact is not None and whole(objects, [child.artifact])
            if not known:
                _gather(workspace, objects, f"{path}/{name}", files, trees)
        elif isinstance(child, FileLook) and child.digest is not None:
            files[child.digest] = f"{path}/{name}"
    trees.append(look.data)


def check_clashes(path: str, names: Iterable[str]) -> None:
    """Refuse names that many file systems take for one and the same.

    Raises
    ------
    FileError
        When two names differ only in case, or in how their characters are composed.
    """
    names = list(names)
    text = "/".join(names)  # which no name holds
    folded = text.lower().split("/") if text.isascii() else map(_folded, names)
    if len(set(folded)) == len(names) or not names:
        return
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(_folded(name), name)
        if other != name:
            raise FileError(
                f"{path} holds {other} and {name}, which many file systems take for the same name",
                hint="Rename one of them.",
            )


def _folded(name: str) -> str:
    from unicodedata import normalize

    return normalize("NFC", normalize("NFC", name).casefold())


def members(objects: Objects, artifact: Artifact) -> Iterator[tuple[str, Entry]]:
    """Yield path and entry of everything inside a tree, folders before what lies in them.

    Raises
    ------
    DataError
        When a tree object is missing, damaged or hostile: a link that leaves the tree, names that clash.
    """
    stack = [("", artifact.digest, 0)]
    while stack:
        prefix, digest, depth = stack.pop()
        entries = decode_tree(objects.read_blobs([digest])[0])
        try:
            check_clashes(prefix or "the directory", [entry.name for entry in entries])
        except FileError as error:
            raise DataError(error.message, hint="It was not placed.") from error
        for entry in entries:
            if entry.kind == "link" and not link_stays_inside(depth, entry.content):
                raise DataError(
                    f"the link {prefix}{entry.name} leads out of its directory", hint="It was not placed."
                )
            yield prefix + entry.name, entry
            if entry.kind == "tree":
                stack.append((f"{prefix}{entry.name}/", Digest(entry.content), depth + 1))


def whole(objects: Objects, artifacts: Sequence[Artifact]) -> bool:
    """Whether everything that these artifacts name, down to the last file, is in the store."""
    try:
        found = closure(objects, artifacts)
    except DataError:
        return False
    return not found.missing and not objects.missing(found.blobs.keys())


def drop_damaged(objects: Objects, artifacts: Sequence[Artifact]) -> set[Digest]:
    """Read all content of artifacts, and remove what is damaged, so that it is made again; return what was removed."""
    found = closure(objects, artifacts)
    damaged = objects.damaged({*found.trees, *found.blobs, *found.missing})
    objects.remove(damaged)
    return damaged


def inside(objects: Blobs, artifact: Artifact, path: str) -> Artifact | None:
    """Return what lies at a path inside a stored tree; None where nothing does or the tree cannot be read."""
    current = artifact
    for part in path.split("/"):
        if not current.tree:
            return None
        try:
            entries = decode_tree(objects.read_blobs([current.digest])[0])
        except DataError:
            return None
        entry = next((e for e in entries if e.name == part), None)
        if entry is None or entry.kind == "link":
            return None
        current = Artifact(
            parse_digest(entry.content), entry.size, entry.kind == "tree", entry.kind == "exec"
        )
    return current
