"""Between workspace and store: save what lies at a path, restore it, ask whether it is whole, look inside a tree."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, parse_digest
from mlops_cli.store.objects import Placement
from mlops_cli.store.tree import Entry, decode_tree, link_stays_inside
from mlops_cli.store.workspace import FileLook, FolderLook, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlops_cli.store.objects import Objects


def save(workspace: Workspace, objects: Objects, paths: Sequence[str]) -> dict[str, Artifact]:
    """Put what lies at paths into the store.

    A single file is read once: digest and stored bytes come from one read. Content before the trees that name it.

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
    """
    singles = [p for p in paths if os.path.isfile(workspace.absolute(p))]
    saved: dict[str, Artifact] = {}
    for path, stored in zip(
        singles, objects.put_files([workspace.absolute(p) for p in singles]), strict=True
    ):
        saved[path] = Artifact(stored.digest, stored.size, executable=stored.executable)
        workspace.forget([path])
        if stored.identity is not None:
            workspace.learn(path, stored.identity, stored.executable, stored.digest, stored.seen)
    for path in paths:
        if path not in saved:
            saved[path] = _save_folder(workspace, objects, path)
    return saved


def _save_folder(workspace: Workspace, objects: Objects, path: str) -> Artifact:
    artifact = workspace.artifact(path)
    look = workspace.contents(path)
    if artifact is None or not isinstance(look, FolderLook):
        raise DataError(f"{path} is gone")
    files: dict[Digest, str] = {}
    trees: list[bytes] = []
    _gather(path, look, files, trees)
    wanted = sorted(objects.missing(files.keys()))
    stored = objects.put_files([workspace.absolute(files[d]) for d in wanted])
    for digest, result in zip(wanted, stored, strict=True):
        if result.digest != digest:
            raise DataError(
                f"{files[digest]} changed while it was stored", hint="Run again when nothing writes to it."
            )
    objects.put_blobs(trees)
    return artifact


def _gather(path: str, look: FolderLook, files: dict[Digest, str], trees: list[bytes]) -> None:
    for name, child in look.children.items():
        if isinstance(child, FolderLook):
            _gather(f"{path}/{name}", child, files, trees)
        elif isinstance(child, FileLook) and child.digest is not None:
            files[child.digest] = f"{path}/{name}"
    trees.append(look.data)


def members(objects: Objects, artifact: Artifact) -> Iterator[tuple[str, Entry]]:
    """Yield path and entry of everything inside a tree, folders before what lies in them.

    Raises
    ------
    DataError
        When a tree object is missing, damaged or hostile (a link that leaves the tree).
    """
    stack = [("", artifact.digest, 0)]
    while stack:
        prefix, digest, depth = stack.pop()
        for entry in decode_tree(objects.read_blobs([digest])[0]):
            if entry.kind == "link" and not link_stays_inside(depth, entry.content):
                raise DataError(
                    f"the link {prefix}{entry.name} leads out of its directory", hint="It was not placed."
                )
            yield prefix + entry.name, entry
            if entry.kind == "tree":
                stack.append((f"{prefix}{entry.name}/", parse_digest(entry.content), depth + 1))


def whole(objects: Objects, artifacts: Sequence[Artifact]) -> bool:
    """Whether everything that these artifacts name, down to the last file, is in the store."""
    wanted = {a.digest for a in artifacts}
    if objects.missing(wanted):
        return False
    try:
        inside = {
            parse_digest(entry.content)
            for artifact in artifacts
            if artifact.tree
            for _, entry in members(objects, artifact)
            if entry.kind != "link"
        }
    except DataError:
        return False
    return not objects.missing(inside)


def drop_damaged(objects: Objects, artifacts: Sequence[Artifact]) -> set[Digest]:
    """Read all content of artifacts, and remove what is damaged, so that it is made again; return what was removed."""
    damaged: set[Digest] = set()
    for artifact in artifacts:
        wanted = {artifact.digest}
        with suppress(DataError):
            if artifact.tree:
                wanted |= {parse_digest(e.content) for _, e in members(objects, artifact) if e.kind != "link"}
        damaged |= objects.damaged(wanted)
    objects.remove(damaged)
    return damaged


def inside(objects: Objects, artifact: Artifact, path: str) -> Artifact | None:
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


def restore(objects: Objects, artifact: Artifact, target: str, temporary: str, *, own: bool = False) -> None:
    """Place an artifact so that it is there whole or not at all.

    Parameters
    ----------
    target : str
        Absolute path; nothing may lie there but what may be replaced by a file.
    temporary : str
        An absolute path that does not exist, best on the same file system.
    own : bool
        It will be written to: its files never share bytes with the store.

    Raises
    ------
    DataError
        When content is missing or damaged, or the target cannot be written.
    """
    try:
        if artifact.tree:
            _build(objects, artifact, temporary, own=own)
        else:
            objects.place([Placement(artifact.digest, temporary, artifact.executable, own)])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        move(temporary, target)
    except OSError as error:
        raise DataError(f"{target} cannot be written: {error.strerror}") from error


def _build(objects: Objects, artifact: Artifact, top: str, *, own: bool) -> None:
    os.mkdir(top)
    placements: list[Placement] = []
    links: list[tuple[str, str]] = []
    for path, entry in members(objects, artifact):
        if entry.kind == "tree":
            os.mkdir(f"{top}/{path}")
        elif entry.kind == "link":
            links.append((entry.content, f"{top}/{path}"))
        else:
            digest = parse_digest(entry.content)
            placements.append(Placement(digest, f"{top}/{path}", entry.kind == "exec", own))
    objects.place(placements)
    for target, path in links:  # last, so that nothing is ever placed through a link
        os.symlink(target, path)


def move(source: str, target: str) -> None:
    """Rename, or across file systems copy beside the target and rename there."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = f"{os.path.dirname(target)}/.{os.path.basename(target)}.{os.getpid()}.tmp"
        shutil.move(source, beside)
        os.rename(beside, target)
