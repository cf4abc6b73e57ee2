"""What Git knows that a run record holds: commit, tree, branch, whether anything is uncommitted, and who is at work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mlops_cli.git.command import Git

_NO_MODE = "000000"
_MANY = 1000  # paths that a command line surely holds
_UNBORN, _DETACHED = "(initial)", "(detached)"
# Words before the path in each kind of row.
_WORDS = {"1": 8, "u": 10, "?": 1}
# Runs and stage records: those of other projects in the same worktree are no code either.
_OWN_FOLDERS = (f"{RECORDS}/stages", f"{RECORDS}/runs")
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
    snapshot : str or None
        The tree that holds the code as it was; None where that is `tree`, or where it could not be kept.
    """

    commit: str | None
    tree: str | None
    branch: str | None
    dirty: bool
    snapshot: str | None = None

    @property
    def kept(self) -> str | None:
        """The tree that the journal keeps, so that the code outlives its commit: the snapshot, else the commit's own tree."""
        return self.snapshot or self.tree


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is at work, as Git has it."""

    name: str
    email: str


class Change(NamedTuple):
    """One path in which the worktree, or the index, differs from HEAD.

    Parameters
    ----------
    path : str
        Relative to the top of the worktree; a repository of its own that Git does not track ends with a slash.
    untracked : bool
        Git knows nothing of it, and does not ignore it.
    staged : bool
        The index differs from HEAD.
    gone : bool
        It is in HEAD or the index, and not in the worktree.
    module, module_dirty : bool
        It is a submodule; and something in it is not committed there.
    head_mode, head : str
        Mode and id in HEAD; zeros where HEAD has it not.
    """

    path: str
    untracked: bool = False
    staged: bool = False
    gone: bool = False
    module: bool = False
    module_dirty: bool = False
    head_mode: str = _NO_MODE
    head: str = ""

    @property
    def new(self) -> bool:
        """Whether HEAD does not have it."""
        return self.head_mode == _NO_MODE


class Status(NamedTuple):
    """HEAD, and what differs from it; `complaint` says why where Git could not tell."""

    commit: str | None
    branch: str | None
    changes: tuple[Change, ...]
    complaint: str = ""


def read_status(git: Git) -> Status:
    """Return what Git says of the worktree, every untracked file by itself."""
    options = ("--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames")
    said = git.tell("status", *options)
    head: dict[str, str] = {}
    changes = []
    for row in said.out.decode(errors="surrogateescape").split("\0"):
        if row.startswith("#"):
            name, _, value = row[2:].partition(" ")
            head[name] = value
        elif row[:1] in _WORDS:
            changes.append(_change(row))
    commit, branch = head.get("branch.oid", _UNBORN), head.get("branch.head", _DETACHED)
    return Status(
        None if commit == _UNBORN else commit,
        None if branch == _DETACHED else branch,
        tuple(changes),
        said.complaint or f"exit code {said.code}" if said.code else "",
    )


def _change(row: str) -> Change:
    words = row.split(" ", _WORDS[row[0]])
    if row[0] == "?":
        return Change(words[-1], untracked=True)
    staged, module = words[1][0] != ".", words[2]
    if row[0] == "u":
        # HEAD's side is the second stage; there is none where HEAD has deleted it.
        return Change(words[-1], staged=True, gone=words[6] == _NO_MODE, head_mode=words[4], head=words[8])
    return Change(
        words[-1],
        staged=staged,
        gone=words[5] == _NO_MODE,
        module=module[0] == "S",
        module_dirty=module[0] == "S" and module[2:] != "..",
        head_mode=words[3],
        head=words[6],
    )


def read_code(git: Git, written: Collection[str]) -> Code:
    """Return the state of the code.

    Parameters
    ----------
    written : collection of str
        Paths that this tool and its stages write, relative to the worktree: they do not make it dirty. A path with a slash at
        its end stands for everything below it.
    """
    return code_of(git, read_status(git), written)


def code_of(git: Git, status: Status, written: Collection[str]) -> Code:
    """Return the state of the code that a status tells of; `written` as for `read_code`."""
    tree = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{tree}") if status.commit else None
    is_own = own_files(written)
    return Code(
        commit=status.commit,
        tree=tree.decode().strip() if tree else None,
        branch=status.branch,
        dirty=any(not is_own(change.path) for change in status.changes),
    )


def own_files(written: Collection[str]) -> Callable[[str], bool]:
    """Return what says whether a path, relative to the top of the worktree, is one that this tool writes: of any project in it.

    Parameters
    ----------
    written : collection of str
        As for `read_code`.
    """
    exact, below = frozenset(written), tuple(path for path in written if path.endswith("/"))

    def is_own(path: str) -> bool:
        return (
            path in exact
            or path.startswith(below)
            or any(f"/{folder}/" in f"/{path}" for folder in _OWN_FOLDERS)
        )

    return is_own


def read_actor(git: Git) -> Actor | None:
    """Return who is at work, or None where Git has no identity."""
    output = git.ask("var", "GIT_AUTHOR_IDENT")
    found = _IDENTITY.match(output.decode(errors="replace")) if output else None
    return Actor(found[1], found[2]) if found else None


def tracked_files(git: Git) -> frozenset[str]:
    """Return the paths that Git tracks, relative to the folder of `git`."""
    output = git.ask("ls-files", "-z", "--cached") or b""
    return frozenset(output.decode(errors="surrogateescape").split("\0")) - {""}


def listed(git: Git, *question: str, paths: Sequence[str]) -> list[str] | None:
    """Return what Git lists at or below paths that are meant as they are written; None where it cannot.

    Parameters
    ----------
    question : str
        `ls-files` or `ls-tree` with its options, one of which is `-z`.
    """
    found: list[str] = []
    for start in range(0, len(paths), _MANY):
        said = git.tell("--literal-pathspecs", *question, "--", *paths[start : start + _MANY])
        if said.code:
            return None
        found += [row for row in said.out.decode(errors="surrogateescape").split("\0") if row]
    return found


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
