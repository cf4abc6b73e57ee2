"""Finding the repository and the project around a folder, without starting a process."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mlops_cli.errors import FileError, UsageError
from mlops_cli.project import DEFINITION, RECORDS, Project

if TYPE_CHECKING:
    from pathlib import Path


def find_project(start: Path) -> Project:
    """Return the project that a folder belongs to.

    Its root is the nearest folder upwards that holds `.mlops/`, else the outermost that holds `mlops.yaml` (a sub-project's
    file lies below the file that includes it), else the top of the worktree.

    Raises
    ------
    UsageError
        When the folder does not exist, or is not inside a Git repository.
    """
    here = find_repository(start)
    folders = [here.root, *here.root.parents]
    return here._replace(root=_project_root(folders[: here.depth + 1]))


def find_repository(start: Path) -> Project:
    """Return a project whose root is the folder `start` itself, whatever lies in it.

    Raises
    ------
    UsageError
        When the folder does not exist, or is not inside a Git repository that has a working tree.
    """
    if not start.is_dir():
        raise UsageError(f"there is no folder {start}")
    try:
        start = start.resolve()
    except FileNotFoundError as error:
        raise UsageError(
            "the folder that you stand in was removed", hint="Go to one that is there."
        ) from error
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            git_dir = _git_dir(folder / ".git")
            return Project(start, folder, git_dir, _common_dir(git_dir))
        if folder.name != ".git" and is_repository(folder):
            raise UsageError(
                f"{folder} is a bare repository: there are no files of a project in it",
                hint=f"Clone it, and work there: git clone {shlex.quote(str(folder))} FOLDER",
            )
    raise UsageError(
        f"{start} is not inside a Git repository",
        hint="Make one with: git init, or name a folder inside one with: mlops -C DIR",
    )


def _project_root(folders: list[Path]) -> Path:
    for folder in folders:
        if (folder / RECORDS).is_dir():
            return folder
    for folder in reversed(folders):
        if (folder / DEFINITION).is_file():
            return folder
    return folders[-1]


def _git_dir(path: Path) -> Path:
    """Follow the file that a linked worktree or a submodule has in place of a folder."""
    if path.is_dir():
        return path
    text = path.read_text().strip()
    if not text.startswith("gitdir:"):
        raise FileError(
            f"{path} is neither a folder nor a link to one", hint="Repair it with: git worktree repair"
        )
    return (path.parent / text.removeprefix("gitdir:").strip()).resolve()


def _common_dir(git_dir: Path) -> Path:
    try:
        return (git_dir / (git_dir / "commondir").read_text().strip()).resolve()
    except (FileNotFoundError, NotADirectoryError):
        return git_dir


def is_repository(git_dir: Path) -> bool:
    """Whether a folder is Git's own."""
    return (git_dir / "HEAD").is_file() and (git_dir / "objects").is_dir()
