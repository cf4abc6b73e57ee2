"""Which projects use a store that lies outside their own `.git`: `<store>/projects/<id>.json`, one file a repository.

Whoever collects garbage has to ask every one of them what it needs. A project is known by the place of its Git folder and by a
random mark inside it, so that a copy, a clone made anew at the same place, and a folder of the same name on another machine are
all somebody else.
"""

from __future__ import annotations

import os
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import FileError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.formats.canonical import pretty, read_record, text_field
from mlops_cli.git.discover import is_repository
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.formats.canonical import Json
    from mlops_cli.project import Project

_SCHEMA = 1
_MARK = "id"


class Registration(NamedTuple):
    """One repository that uses a store.

    Parameters
    ----------
    git_dir : Path
        Git's own folder of it.
    mark : str
        What its mark said; empty for the repository that the store lies in.
    file : Path or None
        Where it is registered; None for the repository that the store lies in.
    worktree : Path or None
        Its main worktree, where Git's folder lies elsewhere.
    """

    git_dir: Path
    mark: str = ""
    file: Path | None = None
    worktree: Path | None = None

    @property
    def reachable(self) -> bool:
        """Whether that very repository is there."""
        if self.mark and _read_mark(self.git_dir) != self.mark:
            return False
        return is_repository(self.git_dir) and (self.worktree is None or self.worktree.is_dir())

    @property
    def place(self) -> str:
        """The folder that people know it by."""
        return str(self.worktree or (self.git_dir.parent if self.git_dir.name == ".git" else self.git_dir))


def project_mark(git_dir: Path) -> str:
    """Return the random mark of a repository on this machine, made when it is first asked for.

    Raises
    ------
    OSError
        When there is none and none can be written.
    """
    mark = _read_mark(git_dir)
    if not mark:
        mark = os.urandom(8).hex()
        write_atomic(git_dir / "mlops" / _MARK, f"{mark}\n".encode())
    return mark


def register(store: Path, project: Project) -> None:
    """Say that a project's repository uses a store; free where that is said already, or where the store is its own.

    What cannot be written is not said: then the store cannot be written to either, or it is not there yet.
    """
    git_dir = project.common_dir
    if store == project.local or not store.is_dir():
        return
    with suppress(OSError):
        mark = project_mark(git_dir)
        file = store / "projects" / f"{_id(git_dir, mark)}.json"
        if not file.exists():
            value: dict[str, Json] = {"schema": _SCHEMA, "git": str(git_dir), "mark": mark}
            if project.git_dir == git_dir and git_dir.name != ".git":
                value["worktree"] = str(project.worktree)
            write_atomic(file, pretty(value))


def registered(store: Path) -> list[Registration]:
    """Return every repository that uses a store, the one that it lies in included.

    Raises
    ------
    FileError
        When a registration cannot be read: whose it is cannot be told then.
    """
    found = []
    if store.name == "mlops" and is_repository(store.parent):
        found.append(Registration(store.parent))
    for file in sorted((store / "projects").glob("*.json")):
        hint = "If you know that no project needs it, remove that file."
        try:
            record = read_record(file.read_bytes(), file=str(file), schema=_SCHEMA)
            git_dir, mark = text_field(record, "git", str(file)), text_field(record, "mark", str(file))
            worktree = text_field(record, "worktree", str(file)) if "worktree" in record else None
            row = Registration(Path(git_dir), mark, file, Path(worktree) if worktree else None)
        except FileError as error:
            raise FileError(error.message, hint=hint) from error
        if file.stem != _id(row.git_dir, row.mark):
            raise FileError(f"{file} is not what was written", hint=hint)
        found.append(row)
    return found


def named(projects: Sequence[Registration], pattern: str, folder: Path) -> list[Registration]:
    """Return the registered projects that a path or a pattern such as `/builds/*` means.

    Parameters
    ----------
    folder : Path
        What a relative path is relative to.
    """
    absolute = os.path.normpath(folder / Path(pattern).expanduser())
    return [
        project
        for project in projects
        if project.file is not None
        and any(fnmatchcase(place, absolute) for place in (project.place, str(project.git_dir)))
    ]


def _id(git_dir: Path, mark: str) -> str:
    return digest_bytes(f"{git_dir}\n{mark}".encode())[3:19]


def _read_mark(git_dir: Path) -> str:
    try:
        return (git_dir / "mlops" / _MARK).read_text().strip()
    except OSError:
        return ""
