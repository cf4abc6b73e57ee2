"""Records as they lie in the workspace: those that no commit and no journal has, and the present state of the others."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.history.index.rows import EVENT, RUN, kind_of
from mlops_cli.project import RECORDS
from mlops_cli.store.stat_cache import at_rest, identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path


class Lying(NamedTuple):
    """A record's file in the workspace; or a folder of runs that all are known, whose path ends with a slash.

    Parameters
    ----------
    path : str
        Relative to the project.
    identity : str
        What tells that it has not changed since it was read; empty where that could not be told.
    blob : str
        What Git would call its content; empty for a folder.
    data : bytes or None
        None where it is as it was, and for a folder.
    """

    path: str
    identity: str
    blob: str
    data: bytes | None


def look(
    root: Path, known: Callable[[str], Collection[str]], rows: Mapping[str, tuple[str, str]], *, wide: bool
) -> Iterator[Lying]:
    """Yield the records of a workspace; of runs, whose files never change, only those that are not known.

    Parameters
    ----------
    known : callable
        Gives the paths of runs and events that commits or journals have, for a folder of runs.
    rows : mapping
        Path to identity and blob, as it was last time.
    wide : bool
        Whether this repository names its objects by SHA-256.
    """
    top = f"{root}/"
    for folder in _runs(top):
        yield from _look_at_runs(top, folder, known, rows, wide=wide)
    for path, entry in _records(top, ("stages", "data", "models", "migrated")):
        if kind_of(path):
            yield from _read(top, path, entry, rows, wide=wide)


def _runs(top: str) -> list[str]:
    with suppress(OSError), os.scandir(f"{top}{RECORDS}/runs") as entries:
        return [f"{RECORDS}/runs/{entry.name}/" for entry in entries if _is_text(entry.name)]
    return []


def runs_lying(root: Path) -> frozenset[str]:
    """Return the ids of the runs whose records lie in the workspace, whoever else has them."""
    found: set[str] = set()
    for folder in _runs(f"{root}/"):
        with suppress(OSError):
            found.update(name.removesuffix(".json") for name in os.listdir(f"{root}/{folder}"))
    return frozenset(found)


def _look_at_runs(
    top: str,
    folder: str,
    known: Callable[[str], Collection[str]],
    rows: Mapping[str, tuple[str, str]],
    *,
    wide: bool,
) -> Iterator[Lying]:
    try:
        seen = time.time_ns()
        identity = _identity(os.stat(top + folder), seen)
        if identity and rows.get(folder, ("",))[0] == identity:
            yield Lying(folder, identity, "", None)
            return
        there = [(folder + entry.name, entry) for entry in os.scandir(top + folder)]
    except OSError:
        return
    names = known(folder) if there else ()
    unknown = [(path, entry) for path, entry in there if path not in names and kind_of(path) in (RUN, EVENT)]
    for path, entry in unknown:
        if _is_text(path):
            yield from _read(top, path, entry, rows, wide=wide)
    if not unknown and identity:
        yield Lying(folder, identity, "", None)


def _read(
    top: str, path: str, entry: os.DirEntry[str], rows: Mapping[str, tuple[str, str]], *, wide: bool
) -> Iterator[Lying]:
    with suppress(OSError):  # gone, or not readable: then it says nothing
        seen = time.time_ns()
        identity = _identity(entry.stat(), seen)
        before = rows.get(path)
        if before is not None and identity and before[0] == identity:
            yield Lying(path, identity, before[1], None)
            return
        with open(top + path, "rb") as source:
            data = source.read()
            identity = _identity(os.fstat(source.fileno()), seen)
        yield Lying(path, identity, blob_id(data, wide=wide), data)


def blob_id(data: bytes, *, wide: bool) -> str:
    """Return what Git calls a file's content."""
    algorithm = sha256 if wide else sha1
    return algorithm(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _identity(status: os.stat_result, seen: int) -> str:
    identity = identity_of(status)
    return " ".join(map(str, identity)) if at_rest(identity, seen) else ""


def _records(top: str, names: Iterable[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    stack = [f"{RECORDS}/{name}" for name in names]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(top + folder) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(path)
                    elif path.endswith(".json") and _is_text(path):
                        yield path, entry
        except OSError:
            continue  # not there, or not readable


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
