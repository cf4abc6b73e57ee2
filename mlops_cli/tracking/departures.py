"""Tracked data that is in the workspace, and is not what its record says: nobody should make results of it unawares."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest
from mlops_cli.store.globs import fixed_part, glob_expression, is_glob
from mlops_cli.store.look import FileLook, FolderLook
from mlops_cli.store.placement.forest import Forest
from mlops_cli.store.tracked import holder, overlapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.tree import Entry


class Departures(NamedTuple):
    """Inputs of stages that are tracked data and not as recorded.

    Parameters
    ----------
    partial : tuple of str
        Directories of which a part is here, as recorded, and the rest is not.
    changed : tuple of str
        Tracked paths in which something is other than recorded.
    """

    partial: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def departures(opened: Opened, names: Iterable[str]) -> Departures:
    """Return which tracked inputs of stages are here and not as recorded; what is not here at all is none of them.

    Raises
    ------
    DataError
        When something cannot be read.
    """
    if not opened.has_data:
        return Departures()
    paths = {dep.path: None for name in names for dep in opened.stages[name].deps if not is_glob(dep.path)}
    objects, _ = opened.open_store()
    forest = Forest(objects)
    partial: dict[str, None] = {}
    changed: dict[str, None] = {}
    for path in paths:
        top = holder(opened.data, path)
        inner = [path] if top else [known for known in opened.data if known.startswith(f"{path}/")]
        for each in inner:
            record = opened.data[top or each]
            wanted = _recorded(forest, record.artifact, each[len(record.path) + 1 :])
            now = opened.workspace.artifact(each)
            if now is None or wanted is None or now.same(wanted):
                continue
            if now.tree and wanted.tree and _part(opened, forest, each, wanted.digest):
                partial[each] = None
            else:
                changed[record.path] = None
    globs = {dep.path: None for name in names for dep in opened.stages[name].deps if is_glob(dep.path)}
    for pattern in globs:
        partial |= dict.fromkeys(_lacking_matches(opened, forest, pattern))
    return Departures(tuple(partial), tuple(changed))


def partly_here(path: str) -> DataError:
    """Return the error of a directory of which only a part is here."""
    return DataError(
        f"{path} is here only in part, and a stage would take the part for all of it",
        hint=f"Bring the rest with: mlops pull {path}; if the rest is meant to be gone: mlops add {path}",
    )


def _recorded(forest: Forest, artifact: Artifact, inside: str) -> Artifact | None:
    if not inside:
        return artifact
    try:
        entry = forest.find(artifact, inside)
    except DataError:
        return None  # what is not in the store cannot be compared
    if entry is None or entry.kind == "link":
        return None
    return artifact._replace(digest=Digest(entry.content), size=entry.size, tree=entry.kind == "tree")


def _lacking_matches(opened: Opened, forest: Forest, pattern: str) -> Iterator[str]:
    """Yield tracked directories that are here only in part, where a pattern would match something of what is missing."""
    start, expression, deep = fixed_part(pattern), glob_expression(pattern), "**" in pattern
    for top in overlapping(opened.data, start) if start else opened.data:
        wanted, now = opened.data[top].artifact, opened.workspace.artifact(top)
        if now is None or not (now.tree and wanted.tree) or now.same(wanted):
            continue
        if _part(opened, forest, top, wanted.digest):
            missing = _lacking(forest, top, wanted.digest, opened.workspace.contents(top))
            try:
                found = any(expression.fullmatch(path) and not (deep and tree) for path, tree in missing)
            except DataError:
                found = True  # of a list that is not here nobody can tell
            if found:
                yield top


def _lacking(
    forest: Forest, folder: str, digest: str, there: FileLook | FolderLook | str | None
) -> Iterator[tuple[str, bool]]:
    """Yield the paths in a recorded folder that are not there, and whether each is a folder."""
    children = there.children if isinstance(there, FolderLook) else {}
    for entry in forest.entries(Digest(digest)):
        path, child = f"{folder}/{entry.name}", children.get(entry.name)
        if child is None:
            yield path, entry.kind == "tree"
        same = isinstance(child, FolderLook) and child.artifact and child.artifact.digest == entry.content
        if entry.kind == "tree" and not same:
            yield from _lacking(forest, path, entry.content, child)


def _part(opened: Opened, forest: Forest, path: str, digest: Digest) -> bool:
    """Whether everything that lies in a folder is as recorded, so that nothing but files are missing."""
    look = opened.workspace.contents(path)
    try:
        return isinstance(look, FolderLook) and _is_part(forest, look, digest)
    except DataError:
        return False


def _is_part(forest: Forest, look: FolderLook, digest: Digest) -> bool:
    entries = {entry.name: entry for entry in forest.entries(digest)}
    return all(_agrees(forest, child, entries.get(name)) for name, child in look.children.items())


def _agrees(forest: Forest, child: FileLook | FolderLook | str, entry: Entry | None) -> bool:
    if entry is None:
        return False
    if isinstance(child, str):
        return entry.kind == "link" and entry.content == child
    if isinstance(child, FileLook):
        return entry.kind == ("exec" if child.executable else "file") and entry.content == child.digest
    same = child.artifact is not None and child.artifact.digest == entry.content
    return entry.kind == "tree" and (same or _is_part(forest, child, Digest(entry.content)))
