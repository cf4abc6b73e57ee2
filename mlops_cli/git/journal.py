"""Refs that point at a tree: reading them, and adding files to one so that several processes lose nothing.

A tree has no commits, so no log or graph ever shows it, and adding a file rewrites only the folders above it. The ref is moved by
compare-and-swap: whoever finds that another process was faster reads again and adds to that.
"""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.git.batch import Reader
from mlops_cli.git.objects import (
    FILE_MODE,
    TREE_MODE,
    NewObject,
    Row,
    algorithm_of,
    make_pack,
    object_id,
    tree_data,
    tree_rows,
)
from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mlops_cli.git.command import Git, Said

JOURNALS = "refs/mlops/journal/"
OTHERS = "refs/mlops/remote/"
SNAPSHOTS = "code"
# Where a journal keeps a snapshot; nothing else in it has such a path, whatever folders projects lie in.
SNAPSHOT_PATH = re.compile(rf"{SNAPSHOTS}/[0-9a-f]{{2}}/([0-9a-f]{{40}}|[0-9a-f]{{64}})")
_RUN_PATH = re.compile(r"(.*/)?runs/(\d{4}-\d\d)/\d\d/\d\d/([^/]+)", re.DOTALL)
_PATIENCE = 5.0  # seconds for which others may be faster, or hold Git's lock of the ref


class TreeRef(NamedTuple):
    """A ref and the tree it points at."""

    name: str
    tree: str


class Entry(NamedTuple):
    """What is to stand at a path of a tree: a file with these bytes, or an object that Git has already."""

    data: bytes = b""
    id: str = ""
    mode: str = FILE_MODE


class Difference(NamedTuple):
    """A path at which two journals differ, and what each has there; None for nothing."""

    path: str
    old: Row | None
    new: Row | None


def snapshot_path(tree: str) -> str:
    """Return the path under which a journal keeps a snapshot, so that it outlives garbage collection.

    Examples
    --------
    >>> snapshot_path("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    'code/4b/4b825dc642cb6eb9a060e54bf8d69288fbee4904'
    """
    return f"{SNAPSHOTS}/{tree[:2]}/{tree}"


def record_path(path: str) -> str:
    """Return the path that a file of a journal has, or would have, in a worktree.

    Examples
    --------
    >>> record_path("sub/runs/2026-01/31/17/20260131T175900123-1f2e3d4c.json")
    'sub/.mlops/runs/2026-01/20260131T175900123-1f2e3d4c.json'
    >>> record_path("code/4b/4b825dc642cb6eb9a060e54bf8d69288fbee4904/.mlops/stages/a.json")
    '.mlops/stages/a.json'
    """
    found = SNAPSHOT_PATH.match(path)
    if found and path[found.end() :].startswith("/"):
        return path[found.end() + 1 :]
    run = _RUN_PATH.fullmatch(path)
    return f"{run[1] or ''}{RECORDS}/runs/{run[2]}/{run[3]}" if run else path


def list_refs(git: Git, *prefixes: str) -> list[TreeRef]:
    """Return the refs below some prefixes, with what they point at.

    Raises
    ------
    DataError
        When Git cannot list them.
    """
    said = git.tell("for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
    if said.code:
        raise DataError(
            f"the journals cannot be listed: {said.complaint}", hint="Look at them with: git fsck"
        )
    rows = (line.partition(" ") for line in said.out.decode(errors="surrogateescape").splitlines())
    return [TreeRef(name, tree) for tree, _, name in rows]


def add_entries(git: Git, git_dir: Path, ref: str, entries: Mapping[str, Entry]) -> str:
    """Add files and trees to what a ref points at, and return the tree it points at then.

    What stands at a path already stays as it is: nothing in a journal ever changes.

    Parameters
    ----------
    git_dir : Path
        Git's own folder, that all worktrees share.
    entries : mapping
        Path to entry. A tree that Git does not have is passed over: with it, nobody could collect garbage or push any more.

    Raises
    ------
    DataError
        When the ref is damaged, or cannot be written.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        with Reader(git_dir, git.variables) as reader:
            tip = _read_tip(git, reader, ref)
            there = _present(reader, entries)
            new, objects = _grafted(reader, tip, there, algorithm_of(tip) if tip else _algorithm(git))
        if new == tip:
            return new
        write_objects(git, objects, algorithm_of(new))
        complaint = move_ref(git, ref, new, tip)
        if not complaint:
            return new
        if "unable to resolve reference" in complaint:
            raise _damaged(ref, "it is no ref any more")
        if time.monotonic() > end or not _another_was_faster(complaint):
            raise DataError(f"{ref} cannot be written: {complaint}", hint="See what Git says: git fsck")
        time.sleep(random.uniform(0.001, 0.02))  # noqa: S311 - only so that two do not stay in step


def graft(git: Git, git_dir: Path, tree: str, entries: Mapping[str, Entry]) -> str:
    """Return the id of a tree that is another one with entries added; no ref leads to it yet."""
    with Reader(git_dir, git.variables) as reader:
        new, objects = _grafted(reader, tree, entries, algorithm_of(tree))
    write_objects(git, objects, algorithm_of(tree))
    return new


def move_ref(git: Git, ref: str, new: str, old: str) -> str:
    """Point a ref at a tree if it still points where it did (empty: nowhere); return Git's complaint where it did not work.

    The ref's log is kept: it leads to the trees of the last weeks, so Git packs them rather than complain of them, and there is a
    way back from damage.
    """
    return _failure(git.tell("update-ref", "--create-reflog", "-m", "mlops", ref, new, old or "0" * len(new)))


def write_objects(git: Git, objects: list[NewObject], algorithm: str = "sha1") -> None:
    """Have Git keep objects, loose as it does itself; those that it has already stay as they are.

    Raises
    ------
    DataError
        When it cannot.
    """
    if objects:
        said = git.tell("unpack-objects", "-q", given=make_pack(objects, algorithm))
        if said.code:
            raise DataError(f"Git's objects cannot be written: {_failure(said)}")


def read_tree(reader: Reader, tree: str) -> dict[str, Row]:
    """Return the children of a tree by name.

    Raises
    ------
    DataError
        When it is not there, or not a tree.
    """
    found = reader.find(tree)
    if found.kind != "tree":
        raise DataError(
            f"Git does not have the tree {tree}, which a journal names", hint="Look at it with: git fsck"
        )
    rows = {row.name: row for row in tree_rows(found.data, len(found.id) // 2)}
    hostile = next((name for name in rows if not _is_plain(name)), None)
    if hostile is not None:
        raise DataError(f"a journal has a file called {hostile!r}, which no journal of ours would have")
    return rows


def _is_plain(name: str) -> bool:
    """Whether a name can stand in a path of a worktree, and leads nowhere else."""
    return "/" not in name and name.lower() not in ("", ".", "..", ".git", "git~1")


def walk(reader: Reader, tree: str, prefix: str = "") -> Iterator[tuple[str, Row]]:
    """Yield path and row of every file and every snapshot in a journal's tree; snapshots are not looked into.

    Raises
    ------
    DataError
        When a part of it is missing.
    """
    for row in read_tree(reader, tree).values():
        path = f"{prefix}{row.name}"
        if row.mode == TREE_MODE and not SNAPSHOT_PATH.fullmatch(path):
            yield from walk(reader, row.id, f"{path}/")
        else:
            yield path, row


def differences(reader: Reader, old: str, new: str, prefix: str = "") -> Iterator[Difference]:
    """Yield where two journals differ, looking only at folders that do; an empty id stands for an empty journal.

    Raises
    ------
    DataError
        When a part of one is missing.
    """
    before = read_tree(reader, old) if old else {}
    after = read_tree(reader, new) if new else {}
    for name in sorted(before.keys() | after.keys()):
        path, there, here = f"{prefix}{name}", before.get(name), after.get(name)
        if there == here:
            continue
        folders = [row for row in (there, here) if row and row.mode == TREE_MODE]
        if len(folders) == sum(row is not None for row in (there, here)) and not SNAPSHOT_PATH.fullmatch(
            path
        ):
            yield from differences(reader, there.id if there else "", here.id if here else "", f"{path}/")
        else:
            yield Difference(path, there, here)


# How a tree is made out of another ---------------------------------------------------------------------------------


def _read_tip(git: Git, reader: Reader, ref: str) -> str:
    """Return the tree that a ref points at; empty where there is no such ref."""
    found = reader.find(ref)
    if found.kind == "tree":
        return found.id
    if not found.kind and git.ask("rev-parse", "--verify", "--quiet", ref) is not None:
        raise _damaged(ref, "what it points at is not there")
    if found.kind:
        raise _damaged(ref, f"it points at a {found.kind}")
    return ""


def _present(reader: Reader, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return entries without the trees that are gone: a commit that was rewritten during a run may be, and its tree with it."""
    return {
        path: entry
        for path, entry in entries.items()
        if entry.mode != TREE_MODE or reader.find(entry.id).kind == "tree"
    }


def _damaged(ref: str, why: str) -> DataError:
    return DataError(
        f"the journal {ref} is damaged: {why}",
        hint=f"Go back to what it was: git update-ref {ref} {ref}@{{1}}; or begin a new one: git update-ref -d {ref}",
    )


def _grafted(
    reader: Reader, tree: str, entries: Mapping[str, Entry], algorithm: str
) -> tuple[str, list[NewObject]]:
    """Return the id of a tree with entries added, and the objects that it takes."""
    objects: list[NewObject] = []

    def put(old: str, below: Mapping[str, Entry]) -> str:
        rows = read_tree(reader, old) if old else {}
        folders: dict[str, dict[str, Entry]] = {}
        for path, entry in below.items():
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, {})[rest] = entry
            elif name not in rows:
                rows[name] = Row(entry.mode, name, entry.id or keep("blob", entry.data))
        for name, inside in folders.items():
            there = rows.get(name)
            rows[name] = Row(
                TREE_MODE, name, put(there.id if there and there.mode == TREE_MODE else "", inside)
            )
        return keep("tree", tree_data(rows.values()))

    def keep(kind: str, data: bytes) -> str:
        objects.append(NewObject(kind, data))
        return object_id(kind, data, algorithm)

    return put(tree, entries), objects


def _algorithm(git: Git) -> str:
    said = git.ask("rev-parse", "--show-object-format")
    return said.decode().strip() if said else "sha1"


def _another_was_faster(complaint: str) -> bool:
    return any(words in complaint for words in ("but expected", "already exists", "Unable to create"))


def _failure(said: Said) -> str:
    return "" if said.code == 0 else said.complaint or f"git ended with exit code {said.code}"
