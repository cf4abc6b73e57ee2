from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.memory import MemoryObjects
from mlops_cli.store.placement.forest import Forest
from mlops_cli.store.placement.graft import graft
from mlops_cli.store.tree import Entry, encode_tree

if TYPE_CHECKING:
    from tests.support.trees import Node

_names = st.sampled_from(["a", "b", "c"])
_folders: st.SearchStrategy[dict[str, Node]] = st.recursive(
    st.dictionaries(_names, st.binary(max_size=2), max_size=3),
    lambda inner: st.dictionaries(_names, st.binary(max_size=2) | inner, max_size=3),
    max_leaves=6,
)


def put(objects: MemoryObjects, name: str, node: Node) -> Entry:
    """Store a node; return its entry."""
    if isinstance(node, dict):
        entries = [put(objects, child, inner) for child, inner in node.items()]
        [digest] = objects.put_blobs([encode_tree(entries)])
        return Entry(name, "tree", digest, sum(entry.size for entry in entries))
    assert isinstance(node, bytes)
    [digest] = objects.put_blobs([node])
    return Entry(name, "file", digest, len(node))


def replaced(tree: dict[str, Node], parts: list[str], node: Node | None) -> dict[str, Node]:
    """Do to a dictionary what is to be done to a tree."""
    result = dict(tree)
    name, rest = parts[0], parts[1:]
    if rest:
        inner = result.get(name)
        if node is not None or isinstance(inner, dict):
            result[name] = replaced(inner if isinstance(inner, dict) else {}, rest, node)
    elif node is None:
        result.pop(name, None)
    else:
        result[name] = node
    return result


@given(_folders, st.lists(_names, min_size=1, max_size=3), st.none() | st.binary(max_size=2) | _folders)
def test_a_graft_is_what_the_directory_would_be_with_the_path_replaced(
    tree: dict[str, Node], parts: list[str], node: Node | None
) -> None:
    objects = MemoryObjects()
    top = put(objects, "", tree)
    leaf = put(objects, parts[-1], node) if node is not None else None
    grafted = graft(
        Forest(objects), Artifact(Digest(top.content), top.size, tree=True), "/".join(parts), leaf
    )
    expected = put(MemoryObjects(), "", replaced(tree, parts, node))
    assert grafted.artifact == Artifact(Digest(expected.content), expected.size, tree=True)
    assert digest_bytes(grafted.trees[-1]) == grafted.artifact.digest


def test_folders_beside_the_path_are_not_opened() -> None:
    objects = MemoryObjects()
    top = put(objects, "", {"a": {"x": b"1"}, "b": {"y": b"2"}})
    beside = put(objects, "b", {"y": b"2"})
    objects.remove([Digest(beside.content)])
    artifact = Artifact(Digest(top.content), top.size, tree=True)
    grafted = graft(Forest(objects), artifact, "a/x", put(objects, "x", b"3"))
    assert len(grafted.trees) == 2


def test_what_was_displaced_is_told() -> None:
    objects = MemoryObjects()
    top = put(objects, "", {"a": b"1"})
    artifact = Artifact(Digest(top.content), top.size, tree=True)
    new = put(objects, "x", b"2")
    assert graft(Forest(objects), artifact, "a/x", new).displaced == put(objects, "a", b"1")
    assert graft(Forest(objects), artifact, "b", None).displaced is None


def test_a_name_that_clashes_is_refused() -> None:
    objects = MemoryObjects()
    top = put(objects, "", {"a": b"1"})
    artifact = Artifact(Digest(top.content), top.size, tree=True)
    with pytest.raises(FileError, match="same name"):
        graft(Forest(objects), artifact, "A", put(objects, "A", b"2"))
