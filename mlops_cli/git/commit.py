"""Committing what a run wrote, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def commit_files(folder: Path, paths: Sequence[str], message: str) -> str:
    """Commit files as they lie, leaving whatever else is staged as it is.

    Parameters
    ----------
    folder : Path
        The folder that `paths` are relative to, inside a worktree.
    message : str
        The commit's message.

    Returns
    -------
    str
        The id of the commit.

    Raises
    ------
    DataError
        When Git, or a hook of the repository, refuses.
    """
    from git import Git
    from git.exc import GitCommandError

    git = Git(str(folder))
    try:
        git.add("--", *paths)
        git.commit("--quiet", "--only", "--message", message, "--", *paths)
        return str(git.rev_parse("HEAD"))
    except GitCommandError as error:
        reason = str(error.stderr or error.stdout or "").strip().removeprefix("stderr: ").strip("'\n ")
        reason = reason or "it said nothing, as where a hook of this repository refuses without a word"
        raise DataError(
            f"git did not commit: {reason}", hint="The files are written; commit them yourself."
        ) from error
