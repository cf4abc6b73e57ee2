"""Journals, looked at with Git alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_repository
from mlops_cli.history.journal import Journal
from tests.support.command import git

if TYPE_CHECKING:
    from pathlib import Path


def journal(folder: Path) -> Journal:
    """Return the journal of the clone that a folder lies in."""
    return Journal(Git(folder, os.environ), find_repository(folder))


def journal_refs(folder: Path, below: str = "journal") -> dict[str, str]:
    """Return the journals of a repository: ref to tree."""
    rows = git(
        folder, "for-each-ref", "--format=%(refname) %(objectname)", f"refs/mlops/{below}"
    ).splitlines()
    return dict(row.split() for row in rows)


def journal_files(folder: Path, ref: str | None = None) -> list[str]:
    """Return the paths in a journal, each snapshot as one; of this clone's own where no ref is given."""
    refs = [ref] if ref else list(journal_refs(folder))
    found = set()
    for name in refs:
        for path in git(folder, "ls-tree", "-r", "-z", "--name-only", name).split("\0")[:-1]:
            parts = path.split("/")
            found.add("/".join(parts[:3]) if parts[0] == "code" and len(parts[1]) == 2 else path)
    return sorted(found)


def journal_text(folder: Path, path: str) -> str:
    """Return what this clone's journal holds at a path."""
    [ref] = journal_refs(folder)
    return git(folder, "cat-file", "blob", f"{ref}:{path}")
