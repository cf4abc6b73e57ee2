"""A directory with one path in it replaced: new trees along the path, everything else as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.save import check_clashes
from mlops_cli.store.tree import Entry, encode_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.store.placement.forest import Forest


class Grafted(NamedTuple):
    """A directory after one path in it was replaced.

    Parameters
    ----------
    trees : tuple of bytes
        The new tree objects, inner ones first; not yet in the store.
    displaced : Entry or None
        What the artifact had at the path, or at a file on the way that is a folder now.
    """

    artifact: Artifact
    trees: tuple[bytes, ...]
    displaced: Entry | None


def graft(forest: Forest, artifact: Artifact, path: str, leaf: Entry | None) -> Grafted:
    """Return a directory with what lies at a path in it replaced, or taken away.

    Parameters
    ----------
    leaf : Entry or None
        What lies there now; its name is the last part of the path. None for nothing.

    Raises
    ------
    MissingContentError
        When a tree on the way is not in the store.
    FileError
        When the new name differs from another only in case.
    """
    trees: list[bytes] = []
    displaced: list[Entry] = []
    digest, size = _replace(forest, artifact.digest, path.split("/"), leaf, trees, displaced)
    return Grafted(Artifact(digest, size, tree=True), tuple(trees), displaced[0] if displaced else None)


def _replace(
    forest: Forest,
    digest: Digest | None,
    parts: Sequence[str],
    leaf: Entry | None,
    trees: list[bytes],
    displaced: list[Entry],
) -> tuple[Digest, int]:
    entries = {entry.name: entry for entry in forest.entries(digest)} if digest else {}
    name = parts[0]
    old = entries.get(name)
    if len(parts) == 1:
        if old is not None:
            displaced.append(old)
        if leaf is None:
            entries.pop(name, None)
        else:
            entries[name] = leaf
    elif leaf is not None or (old is not None and old.kind == "tree"):
        inner = Digest(old.content) if old is not None and old.kind == "tree" else None
        if old is not None and inner is None:
            displaced.append(old)
        below, size = _replace(forest, inner, parts[1:], leaf, trees, displaced)
        entries[name] = Entry(name, "tree", below, size)
    check_clashes("the directory", entries)
    data = encode_tree(entries.values())
    trees.append(data)
    return digest_bytes(data), sum(entry.size for entry in entries.values())
