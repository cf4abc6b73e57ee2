"""A repository with all its worktrees, found from Git's own folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import HistoryError
from mlops_cli.git.command import Git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Where isolated worktrees lie, in the machine-local folder.
PRIVATE = "worktrees"


class Repository(NamedTuple):
    """A repository.

    Parameters
    ----------
    git_dir : Path
        Git's own folder, that all worktrees share.
    variables : mapping
        The environment of Git's processes.
    worktree : Path or None
        The main worktree, where that is known from elsewhere: Git's folder does not always tell.
    """

    git_dir: Path
    variables: Mapping[str, str]
    worktree: Path | None = None


class Worktree(NamedTuple):
    """One worktree: its files (None for a bare repository), and Git's folder for it."""

    folder: Path | None
    git_dir: Path


def repository_at(git_dir: Path, variables: Mapping[str, str], worktree: Path | None = None) -> Repository:
    """Return the repository whose own folder this is, to be asked without changing or fetching anything."""
    # What a partial clone left behind would otherwise be fetched, object by object.
    quiet = Git(git_dir, variables).variables | {"GIT_NO_LAZY_FETCH": "1"}
    return Repository(git_dir, quiet, worktree)


def find_worktrees(repository: Repository) -> list[Worktree]:
    """Return every worktree of the user's, the main one first.

    Those that runs elsewhere have made for themselves come and go, and lead to nothing that is not in a commit or the journal.

    Raises
    ------
    HistoryError
        When the files of one cannot be reached, so that what they lead to cannot be told.
    """
    main = repository.worktree or _main_folder(repository)
    if main is not None and not main.is_dir():
        raise HistoryError(f"{main}, the worktree of {repository.git_dir}, cannot be reached")
    found = [Worktree(main, repository.git_dir)]
    for git_dir in sorted((repository.git_dir / "worktrees").glob("*")):
        link = git_dir / "gitdir"
        if not link.is_file():
            continue  # half made, or half removed
        folder = (git_dir / link.read_text().strip()).parent
        if folder.parent == repository.git_dir.absolute() / "mlops" / PRIVATE:
            continue
        if not (folder / ".git").exists():
            locked = (git_dir / "locked").exists()
            raise HistoryError(
                f"the worktree {folder} cannot be reached, so nobody can tell what its files lead to",
                hint=f"Bring it back, or forget it with: git worktree {'unlock' if locked else 'prune'}",
            )
        found.append(Worktree(folder, git_dir))
    return found


def _main_folder(repository: Repository) -> Path | None:
    """Return the main worktree: the folder that holds `.git`, or what the settings say, as for a submodule."""
    git = Git(repository.git_dir, repository.variables)
    own = f"--git-dir={repository.git_dir}"
    named = git.ask(own, "config", "core.worktree")
    if named and named.strip():
        return repository.git_dir / named.decode(errors="surrogateescape").rstrip("\n")
    bare = git.ask(own, "config", "--type=bool", "core.bare")
    if bare and bare.strip() == b"true":
        return None
    return repository.git_dir.parent if repository.git_dir.name == ".git" else None
