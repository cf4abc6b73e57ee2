"""The commits on the way from one commit to another, in one walk; and which files their trees hold and change."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import HistoryError, UsageError
from mlops_cli.git.batch import fields, stream
from mlops_cli.git.beyond import beyond_border

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mlops_cli.git.command import Git

_FORM = "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%ct%x1f%s"


class CommitFacts(NamedTuple):
    """One commit; `time` is when it was committed, in seconds since the epoch."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    email: str
    time: int
    subject: str


def read_commit(git: Git, name: str) -> CommitFacts:
    """Return one commit.

    Raises
    ------
    UsageError
        When there is no such commit.
    HistoryError
        When it lies beyond the border of a shallow clone.
    """
    found = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    output = git.ask("log", "-z", "-1", _FORM, found.decode().strip()) if found else None
    if not output:
        raise beyond_border(git, name) or UsageError(
            f"there is no commit {name}", hint="See commits, branches and tags with: git log --all"
        )
    return _parsed(output)[0]


def fork_of(git: Git, one: str, other: str) -> str | None:
    """Return the commit where the histories of two commits part; None where they have nothing in common."""
    found = git.ask("merge-base", one, other)
    return found.decode().split()[0] if found and found.strip() else None


def path_between(git: Git, start: str, end: str) -> list[CommitFacts]:
    """Return the commits from one to a later one, both included, each a parent of the next.

    Where there are several ways, first parents are followed as long as they lead there: what was merged is a step of its own.

    Raises
    ------
    HistoryError
        When the first is not in the history of the second, as far as this clone has it.
    """
    first = read_commit(git, start)
    rows = _parsed(git.ask("log", "-z", "--topo-order", _FORM, end, f"^{start}") or b"")
    leads = {start}
    for row in reversed(rows):  # parents before their children
        if leads.intersection(row.parents):
            leads.add(row.id)
    known = {row.id: row for row in rows}
    found: list[CommitFacts] = []
    current = end
    while current != start:
        there = known.get(current)
        after = next((parent for parent in there.parents if parent in leads), None) if there else None
        if there is None or after is None:
            raise HistoryError(
                f"no way leads from {start[:12]} to {end[:12]} in this clone",
                hint="In a shallow clone bring the rest with: git fetch --unshallow",
            )
        found.append(there)
        current = after
    return [first, *reversed(found)]


def _parsed(output: bytes) -> list[CommitFacts]:
    found = []
    for row in output.decode(errors="surrogateescape").split("\0"):
        if row.strip():
            name, tree, parents, author, email, time, subject = row.lstrip("\n").split("\x1f", 6)
            found.append(
                CommitFacts(
                    name, tree, tuple(parents.split()), author, email, int(time or 0), subject.strip()
                )
            )
    return found


def files_of(git_dir: Path, variables: Mapping[str, str], tree: str) -> dict[str, str]:
    """Return path to mode and id, as one text, of everything in a tree, however deep.

    Raises
    ------
    HistoryError
        When it cannot be read.
    """
    listing = ["ls-tree", "-r", "-z", "--full-tree", tree]
    found = {}
    for row in fields(stream(git_dir, variables, listing)):
        head, _, path = row.partition("\t")
        mode, _kind, name = head.split()
        found[path] = f"{mode} {name}"
    return found


def changes_of(
    git_dir: Path, variables: Mapping[str, str], pairs: Sequence[tuple[str, str]]
) -> list[dict[str, str]]:
    """Return, for each pair of trees, path to mode and id of what the second has otherwise; empty for what it has not.

    Raises
    ------
    HistoryError
        When one cannot be read.
    """
    given = "".join(f"{old} {new}\n" for old, new in pairs).encode()
    if not pairs:
        return []
    command = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"]
    return _paired(pairs, fields(stream(git_dir, variables, command, given=given)))


def _paired(pairs: Sequence[tuple[str, str]], rows: Iterable[str]) -> list[dict[str, str]]:
    by_pair: dict[tuple[str, str], dict[str, str]] = {pair: {} for pair in pairs}
    current: dict[str, str] = {}
    tokens = iter(rows)
    for token in tokens:
        # Before the rows of a pair stands the pair itself, ended by a line end; of a pair that is the same, nothing else.
        *heads, row = token.split("\n")
        for head in heads:
            old, new = head.split()
            current = by_pair[old, new]
        if row:
            words = row[1:].split(" ")
            current[next(tokens)] = f"{words[1]} {words[3]}" if int(words[1], 8) else ""
    return [by_pair[pair] for pair in pairs]
