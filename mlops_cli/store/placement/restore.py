"""Placing a whole artifact where nothing lies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest
from mlops_cli.store.objects import Placement
from mlops_cli.store.placement.forest import Forest
from mlops_cli.store.placement.side_by_side import place
from mlops_cli.store.placing import move

if TYPE_CHECKING:
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.objects import Objects


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
    HostileTreeError
        When a tree is not one that may be laid out; nothing was placed.
    DataError
        When content is missing or damaged, or the target cannot be written.
    """
    try:
        if artifact.tree:
            _build(objects, artifact, target, temporary, own=own)
        else:
            objects.place([Placement(artifact.digest, temporary, artifact.executable, own)])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        move(temporary, target)
    except OSError as error:
        raise DataError(f"{target} cannot be written: {error.strerror}") from error


def _build(objects: Objects, artifact: Artifact, target: str, top: str, *, own: bool) -> None:
    forest = Forest(objects)
    forest.explore(artifact.digest)
    forest.check_inside(artifact.digest, target, 0)
    placements: list[Placement] = []
    links: list[tuple[str, str]] = []
    stack = [(top, artifact.digest)]
    while stack:
        folder, digest = stack.pop()
        os.mkdir(folder)
        for entry in forest.entries(digest):
            path = f"{folder}/{entry.name}"
            if entry.kind == "tree":
                stack.append((path, Digest(entry.content)))
            elif entry.kind == "link":
                links.append((entry.content, path))
            else:
                placements.append(Placement(Digest(entry.content), path, entry.kind == "exec", own))
    place(objects, placements)
    for leads, path in links:  # last, so that nothing is ever placed through a link
        os.symlink(leads, path)
