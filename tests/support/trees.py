"""Directories that nobody thought of: written to disk, listed, and changed."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

# A file's bytes, the bytes of a file that may be run, the target of a link, or a folder.
Node: TypeAlias = "bytes | tuple[str, bytes] | str | dict[str, Node]"

_names = st.sampled_from(["a", "b", "c", "d.csv", "é"])
_files = st.binary(max_size=3) | st.none().map(lambda _: b"x" * 70_000)
_leaves: st.SearchStrategy[Node] = (
    _files | st.tuples(st.just("exec"), _files) | st.sampled_from(["a", "b/c", "nowhere"])
)
folders: st.SearchStrategy[dict[str, Node]] = st.recursive(
    st.dictionaries(_names, _leaves, max_size=4),
    lambda inner: st.dictionaries(_names, _leaves | inner, max_size=4),
    max_leaves=8,
)


def lay_out(top: Path, tree: dict[str, Node]) -> None:
    """Write a folder in the place of whatever lies there."""
    if top.is_dir() and not top.is_symlink():
        shutil.rmtree(top)
    elif top.exists() or top.is_symlink():
        top.unlink()
    top.mkdir(parents=True)
    for name, node in tree.items():
        path = top / name
        if isinstance(node, dict):
            lay_out(path, node)
        elif isinstance(node, str):
            os.symlink(node, path)
        else:
            path.write_bytes(node if isinstance(node, bytes) else node[1])
            if isinstance(node, tuple):
                path.chmod(0o755)


def read_back(top: Path) -> Node:
    """Return what lies at a path."""
    if top.is_symlink():
        return str(top.readlink())
    if top.is_dir():
        return {child.name: read_back(child) for child in top.iterdir()}
    data = top.read_bytes()
    return ("exec", data) if os.stat(top).st_mode & 0o100 else data


def contents(node: Node) -> set[bytes]:
    """Return the bytes of every file."""
    if isinstance(node, dict):
        return {data for child in node.values() for data in contents(child)}
    if isinstance(node, str):
        return set()
    return {node if isinstance(node, bytes) else node[1]}
