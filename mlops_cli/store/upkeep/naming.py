"""What garbage was once called: objects gathered under the paths that old results and forgotten commits have for them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest
from mlops_cli.store.tree import decode_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.closure import Blobs


@dataclass(frozen=True, slots=True)
class GarbageRow:
    """One thing that nobody needs.

    Parameters
    ----------
    path : str
        What it was called; empty where nothing tells.
    digest : Digest
        Of the file or directory.
    objects, bytes : int
        Of it and what is in it, as far as nobody needs that.
    where : str
        The commit that once led to it, or `result`; empty where nothing tells.
    """

    path: str
    digest: Digest
    objects: int
    bytes: int
    where: str = ""


def name_garbage(
    objects: Blobs, garbage: Mapping[Digest, int], known: Iterable[tuple[str, Artifact, str]]
) -> list[GarbageRow]:
    """Return rows that together hold every object once: what has a name first, and the largest of it.

    Parameters
    ----------
    known : iterable
        Path, artifact, and what led to it.
    """
    left = dict(garbage)
    rows = []
    for path, artifact, where in known:
        if artifact.digest in left:
            count, size = _take(objects, artifact, left)
            rows.append(GarbageRow(path, artifact.digest, count, size, where))
    rows.sort(key=lambda row: (-row.bytes, row.path))
    nameless = [GarbageRow("", digest, 1, size) for digest, size in left.items()]
    return rows + sorted(nameless, key=lambda row: (-row.bytes, row.digest))


def _take(objects: Blobs, artifact: Artifact, left: dict[Digest, int]) -> tuple[int, int]:
    """Take an artifact and what is in it out of what is left; return how many objects and bytes that were."""
    count = total = 0
    stack = [(artifact.digest, artifact.tree)]
    while stack:
        digest, tree = stack.pop()
        if digest not in left:
            continue
        count, total = count + 1, total + left.pop(digest)
        if tree:
            with suppress(DataError):
                entries = decode_tree(objects.read_blobs([digest])[0])
                stack += [(Digest(e.content), e.kind == "tree") for e in entries if e.kind != "link"]
    return count, total
