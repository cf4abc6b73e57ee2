"""Worktrees of our own: made, filled with one of Git's trees, cleaned and removed, without touching the user's.

They share the repository and nothing else: each has its own index and its own files, and its HEAD is detached, so that no branch
ever moves.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlops_cli.git.command import Git

# Nothing that the user has set up for a checkout of his own has a part in ours.
_QUIET = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "submodule.recurse=false"),
)


def add_worktree(git: Git, folder: Path, commit: str) -> None:
    """Make a worktree with no files in it, its HEAD detached at a commit.

    Parameters
    ----------
    git : Git
        Questions asked anywhere in the repository.
    folder : Path
        Where; must not exist.

    Raises
    ------
    DataError
        When Git cannot make it.
    """
    _do(git, "worktree", "add", "--detach", "--no-checkout", "--quiet", str(folder), commit)


def fill_worktree(git: Git, tree: str) -> None:
    """Make index and tracked files those of a tree, whatever they were.

    Parameters
    ----------
    git : Git
        Questions asked in the top folder of a worktree that `add_worktree` made.
    tree : str
        Its id; need not be that of any commit.

    Raises
    ------
    DataError
        When Git cannot write them.
    """
    _do(git, "read-tree", "--reset", "-u", tree)


def clean_worktree(git: Git, keep: Collection[str] = ()) -> None:
    """Remove everything that Git does not track, ignored or not.

    Parameters
    ----------
    git : Git
        Questions asked in the top folder of a worktree that `add_worktree` made.
    keep : collection of str
        Paths, relative to it, that stay with all that lies in them.
    """
    tracked = _do(git, "ls-files", "-z", "--cached").decode(errors="surrogateescape").split("\0")
    stays = {".git", *keep, *tracked} - {""}
    around = {path[:at] for path in stays for at in range(len(path)) if path[at] == "/"}
    _clean(git.folder, "", stays, around)


def _clean(top: Path, folder: str, stays: set[str], around: set[str]) -> None:
    with os.scandir(top / folder) as entries:
        found = list(entries)
    for entry in found:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if path in stays:
            continue
        if path in around and entry.is_dir(follow_symlinks=False):
            _clean(top, path, stays, around)
        else:
            remove(Path(entry.path))


def remove_worktree(common_dir: Path, folder: Path) -> None:
    """Remove a worktree that `add_worktree` made, and what Git keeps of it; half-made ones, too.

    Parameters
    ----------
    common_dir : Path
        Git's folder that all worktrees share.
    """
    link = f"{folder.absolute()}/.git"
    remove(folder)
    worktrees = common_dir / "worktrees"
    for admin in worktrees.glob("*"):
        with suppress(OSError):
            if (admin / "gitdir").read_text().strip() == link:
                remove(admin)
    with suppress(OSError):  # Git, too, removes it with the last worktree
        worktrees.rmdir()


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it, what is write-protected too; nothing where there is nothing."""
    if not path.is_dir() or path.is_symlink():
        with suppress(FileNotFoundError):
            path.unlink()
        return
    for folder, _, _ in os.walk(path):
        if not os.access(folder, os.W_OK | os.X_OK):
            with suppress(OSError):
                os.chmod(folder, stat.S_IRWXU)
    shutil.rmtree(path, ignore_errors=True)


def _do(git: Git, *arguments: str) -> bytes:
    said = git.tell(*_QUIET, *arguments)
    if said.code:
        raise DataError(f"no worktree could be made: git {arguments[0]}: {said.complaint}")
    return said.out
