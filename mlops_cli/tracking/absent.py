"""What a directory lacks that never was here: nobody here can have removed it, so the directory is only a part of itself.

A file that was in the workspace when it was added, placed or made has its content in the store, and garbage collection keeps it
there for as long as a record names it. Content that is named and not in the store was never brought. The converse does not hold:
what is in the store may be missing in the workspace because it was removed, or because only a part was checked out.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest
from mlops_cli.store.placement.forest import MissingContentError

if TYPE_CHECKING:
    from mlops_cli.store.objects import Objects
    from mlops_cli.store.placement.forest import Forest
    from mlops_cli.store.tree import Entry


def never_here(objects: Objects, forest: Forest, before: Digest, folder: str) -> list[str]:
    """Return the paths that a directory should have and has not, and whose content is not in the store; sorted.

    Nothing is read but names: it must be asked before anything is stored, because what is in the store counts as safe to
    overwrite. A path is relative to the directory; a folder is named as a whole. The only path is `""` where the recorded list of
    files is not in the store itself: then nothing of that version was brought, and what lies there is older, or somebody's own.

    Parameters
    ----------
    before : Digest
        The tree that is recorded.
    folder : str
        Where the directory lies now; absolute.
    """
    gone, lacking = _gone(forest, before, folder)
    contents: dict[str, set[Digest]] = {}
    for path, entry in gone.items():
        digest = Digest(entry.content)
        try:
            contents[path] = {digest} if entry.kind != "tree" else _below(forest, digest)
        except MissingContentError:
            lacking.append(path)
        except DataError:
            continue  # a damaged list of files says nothing
    absent = objects.missing(set[Digest]().union(*contents.values()))
    return sorted([*lacking, *(path for path, digests in contents.items() if digests & absent)])


def _below(forest: Forest, digest: Digest) -> set[Digest]:
    forest.explore(digest)
    return forest.blobs(digest)


def count_files(folder: str) -> int:
    """Return how many files and links lie below a folder."""
    return sum(len(files) for _, _, files in os.walk(folder))


def _gone(forest: Forest, before: Digest, top: str) -> tuple[dict[str, Entry], list[str]]:
    """Return what is named and not there, links left out; and folders of which nobody here can say what was in them."""
    gone: dict[str, Entry] = {}
    unknown: list[str] = []
    stack = [("", before)]
    while stack:
        folder, digest = stack.pop()
        try:
            entries = forest.entries(digest)
        except MissingContentError:
            unknown.append(folder.rstrip("/"))
            continue
        except DataError:
            continue  # a damaged list of files says nothing
        now = _names(f"{top}/{folder}")
        for entry in entries:
            path = f"{folder}{entry.name}"
            if entry.name not in now and entry.kind != "link":
                gone[path] = entry
            elif entry.kind == "tree" and now.get(entry.name):
                stack.append((f"{path}/", Digest(entry.content)))
    return gone, unknown


def _names(folder: str) -> dict[str, bool]:
    """Return what lies in a folder, and whether it is a folder."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}") from error
