"""One of Git's trees with some files otherwise, made through a private index: nothing of the user's is touched."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.git.command import Git

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.project import Project


def mixed_tree(
    git: Git, project: Project, tree: str, entries: Mapping[str, str], contents: Mapping[str, bytes]
) -> str:
    """Return the id of a tree in which some files are otherwise.

    Parameters
    ----------
    entries : mapping
        Path from the top of the repository to mode and id, as one text; empty for a file that is not to be there.
    contents : mapping
        The same, to bytes of an ordinary file.

    Raises
    ------
    DataError
        When Git cannot make it.
    """
    project.local.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="index-", dir=project.local))
    top = Git(project.worktree, git.variables)
    variables = {"GIT_INDEX_FILE": str(folder / "index")}
    try:
        _do(top, variables, "read-tree", tree)
        rows = []
        for path, entry in entries.items():
            mode, name = entry.split() if entry else ("0", "0" * len(tree))
            rows.append(f"{mode} {name}\t{path}\0".encode(errors="surrogateescape"))
        for path, data in contents.items():
            name = _do(top, variables, "hash-object", "-w", "--stdin", given=data).decode().strip()
            rows.append(f"100644 {name}\t{path}\0".encode(errors="surrogateescape"))
        if rows:
            _do(top, variables, "update-index", "-z", "--index-info", given=b"".join(rows))
        return _do(top, variables, "write-tree", "--missing-ok").decode().strip()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _do(git: Git, variables: Mapping[str, str], *arguments: str, given: bytes | None = None) -> bytes:
    said = git.tell(*arguments, given=given, variables=variables)
    if said.code:
        raise DataError(f"git {arguments[0]} failed: {said.complaint}", hint="See what Git says of: git fsck")
    return said.out
