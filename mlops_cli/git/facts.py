"""What Git knows that a run record holds: commit, tree, branch, whether anything is uncommitted, and who is at work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlops_cli.git.command import Git

_IDENTITY = re.compile(r"(.*?) ?<(.*)> \d+ [+-]\d+")


@dataclass(frozen=True, slots=True)
class Code:
    """The state of the code at the start of a run.

    Parameters
    ----------
    commit, tree : str or None
        Ids of HEAD and its tree; None before the first commit.
    branch : str or None
        None for a detached HEAD.
    dirty : bool
        Whether files other than what this tool writes differ from the commit, untracked ones included.
    """

    commit: str | None
    tree: str | None
    branch: str | None
    dirty: bool


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is at work, as Git has it."""

    name: str
    email: str


def read_code(git: Git, written: Collection[str]) -> Code:
    """Return the state of the code.

    Parameters
    ----------
    written : collection of str
        Paths that this tool and its stages write, relative to the worktree: they do not make it dirty. A path with a slash at
        its end stands for everything below it.
    """
    head: dict[str, str] = {}
    dirty = False
    output = git.ask("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal") or b""
    fields = iter(output.decode(errors="surrogateescape").split("\0"))
    for row in fields:
        kind = row[:1]
        if kind == "#":
            name, _, value = row[2:].partition(" ")
            head[name] = value
        elif kind in ("1", "2", "u", "?"):
            path = row.split(" ", {"1": 8, "2": 9, "u": 10, "?": 1}[kind])[-1]
            if kind == "2":
                next(fields, None)  # where it was renamed from
            dirty = dirty or not _ours(path, written)
    commit = head.get("branch.oid", "(initial)")
    branch = head.get("branch.head", "(detached)")
    tree = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{tree}")
    return Code(
        commit=None if commit == "(initial)" else commit,
        tree=tree.decode().strip() if tree else None,
        branch=None if branch == "(detached)" else branch,
        dirty=dirty,
    )


def _ours(path: str, written: Collection[str]) -> bool:
    if path in written or any(path.startswith(prefix) for prefix in written if prefix.endswith("/")):
        return True
    # Git names an untracked folder instead of the files in it.
    return path.endswith("/") and any(own.startswith(path) for own in written)


def read_actor(git: Git) -> Actor | None:
    """Return who is at work, or None where Git has no identity."""
    output = git.ask("var", "GIT_AUTHOR_IDENT")
    found = _IDENTITY.match(output.decode(errors="replace")) if output else None
    return Actor(found[1], found[2]) if found else None


def tracked_files(git: Git) -> frozenset[str]:
    """Return the paths that Git tracks, relative to the folder of `git`."""
    output = git.ask("ls-files", "-z", "--cached") or b""
    return frozenset(output.decode(errors="surrogateescape").split("\0")) - {""}


def uncommitted(
    git: Git, prefix: str, wanted: Collection[str], below: Collection[str] = (".",)
) -> tuple[str, ...]:
    """Return the files that differ from HEAD and are wanted, ignored ones left out.

    Parameters
    ----------
    git : Git
        Questions asked in a folder of the worktree.
    prefix : str
        That folder relative to the top of the worktree, with a slash at its end; empty for the top itself.
    wanted : collection of str
        Paths relative to the folder; one with a slash at its end stands for everything below it.
    below : collection of str
        Where Git has to look for them.
    """
    options = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    output = git.ask("status", *options, "--", *below) or b""
    rows = output.decode(errors="surrogateescape").split("\0")
    changed = {row[3:].removeprefix(prefix) for row in rows if row}
    folders = tuple(path for path in wanted if path.endswith("/"))
    return tuple(sorted(path for path in changed if path in wanted or path.startswith(folders)))
