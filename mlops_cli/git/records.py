"""The files below `.mlops` folders, as they lie in a worktree; and what such a file is, wherever it was found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import HistoryError
from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class RecordFile(NamedTuple):
    """One version of one file below a `.mlops` folder.

    Parameters
    ----------
    path : str
        Relative to the top of the worktree.
    where : str
        The id of a commit that brought it, `index`, `workspace`, or a ref.
    data : bytes
        What it holds.
    """

    path: str
    where: str
    data: bytes


def working_records(folder: Path) -> Iterator[RecordFile]:
    """Yield the files below every `.mlops` folder of a worktree, as they lie there.

    Raises
    ------
    HistoryError
        When one of them cannot be read.
    """
    top = f"{folder}/"
    for found in _record_folders(str(folder)):
        for above, _folders, names in os.walk(found, followlinks=True, onerror=_unreadable):
            for name in names:
                path = f"{above}/{name}"
                try:
                    with open(path, "rb") as source:
                        data = source.read()
                except FileNotFoundError:
                    continue  # gone since it was listed, or a link that leads nowhere
                except OSError as error:
                    _unreadable(error)
                yield RecordFile(path.removeprefix(top), "workspace", data)


def is_record(path: str) -> bool:
    """Whether a path lies below a `.mlops` folder.

    Examples
    --------
    >>> is_record("a/.mlops/stages/b.json"), is_record(".mlops"), is_record("a.mlops/b")
    (True, False, False)
    """
    return f"/{RECORDS}/" in f"/{path}"


def _record_folders(top: str) -> Iterator[str]:
    """Yield every `.mlops` folder of a worktree, those of sub-projects and of anything else that lies in it."""
    stack = [top]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name == RECORDS and entry.is_dir():
                        yield entry.path
                    elif entry.name != ".git" and entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            _unreadable(error)


def _unreadable(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):
        return
    raise HistoryError(
        f"{error.filename} cannot be read, so nobody can tell what it leads to: {error.strerror}"
    ) from error
