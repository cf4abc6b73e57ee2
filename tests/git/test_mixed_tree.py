"""A tree with some files otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_project
from mlops_cli.git.mixed_tree import mixed_tree
from tests.support.command import commit, git, repository
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


def test_files_are_replaced_added_and_removed_and_nothing_of_the_users_is_touched(tmp_path: Path) -> None:
    home = repository(tmp_path / "p")
    for name in ("a", "b", "c"):
        write(home / name, name)
    commit(home, "one")
    write(home / "a", "staged")
    git(home, "add", "a")
    before = (home / ".git/index").read_bytes(), git(home, "status", "--porcelain")
    blob = git(home, "rev-parse", "HEAD:c").strip()

    tree = mixed_tree(
        Git(home, os.environ),
        find_project(home),
        git(home, "rev-parse", "HEAD^{tree}").strip(),
        {"b": "", "sub/ü": f"100755 {blob}"},
        {"a": b"other\n"},
    )

    rows = [row.split() for row in git(home, "ls-tree", "-r", "-z", tree).split("\0") if row]
    assert [(row[0], row[3]) for row in rows] == [("100644", "a"), ("100644", "c"), ("100755", "sub/ü")]
    assert git(home, "cat-file", "-p", f"{tree}:a") == "other\n"
    assert ((home / ".git/index").read_bytes(), git(home, "status", "--porcelain")) == before
    assert list((home / ".git/mlops").glob("index-*")) == []
