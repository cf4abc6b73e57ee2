"""Tracked data that Git would take, or has: no rule ignores it, it is in the index, or nothing records it any more."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING, Literal, NamedTuple

from mlops_cli.git.ignore import conflict, ignored, without_rule
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.stat_cache import identity_of
from mlops_cli.store.tracked import holder
from mlops_cli.tracking.held import lying_about

if TYPE_CHECKING:
    from mlops_cli.opened import Opened


class Seen(NamedTuple):
    """Something about tracked data and Git that should not be so.

    Parameters
    ----------
    path : str
        Tracked data, or `.gitignore`.
    kind : str
        `not ignored`, `in git`, `no longer tracked` or `conflict`.
    hint : str
        The command that mends it.
    """

    path: str
    kind: Literal["not ignored", "in git", "no longer tracked", "conflict"]
    message: str
    hint: str


def seen_by_git(opened: Opened) -> tuple[Seen, ...]:
    """Return what Git would take, or has, of tracked data; Git itself is asked only after a change.

    Raises
    ------
    FileError
        When a record is wrong.
    DefinitionError
        When the pipeline file is wrong.
    """
    return (*_conflict(opened), *_not_ignored(opened), *_in_git(opened), *_no_longer_tracked(opened))


def lacks_rules(opened: Opened) -> bool:
    """Whether tracked data is not ignored, or the rules are in conflict."""
    return conflict(opened.project.root) is not None or any(_not_ignored(opened))


def quoted(opened: Opened, path: str) -> str:
    """Return a path of the project as a user types it where they stand."""
    return shlex.quote(os.path.relpath(path, opened.folder) if opened.folder else path)


def _conflict(opened: Opened) -> list[Seen]:
    found = conflict(opened.project.root)
    if found is None:
        return []
    then = f"git add {quoted(opened, '.gitignore')}"
    hint = (
        f"The rules follow from the records. Write them anew with: mlops checkout && {then}"
        if found == "block"
        else "Solve what people wrote in it by hand; the rules of mlops follow from the records, and are written anew with:"
        f" mlops checkout && {then}"
    )
    return [Seen(".gitignore", "conflict", ".gitignore has a conflict that a merge left", hint)]


def _not_ignored(opened: Opened) -> list[Seen]:
    bare = without_rule(opened.project.root, opened.data)
    if not bare:
        return []
    asked = {path + "/" * opened.data[path].artifact.tree: path for path in bare}
    others = ignored(opened.git, asked)  # a rule that people wrote does as well
    hint = "Write the rules anew with: mlops checkout"
    return [
        Seen(path, "not ignored", f"{path} is tracked as data, and no rule of Git ignores it", hint)
        for typed, path in asked.items()
        if typed not in others
    ]


def _in_git(opened: Opened) -> list[Seen]:
    data = opened.data
    if not data:
        return []
    try:
        index = identity_of(os.stat(opened.project.git_dir / "index"))
    except OSError:
        return []  # there is none yet
    name = f"data not in git {opened.project.root}"
    state = digest_bytes(json.dumps([list(index), sorted(data)]).encode()).encode()
    if opened.cache.memo(name) == state:
        return []
    files: dict[str, list[str]] = {}
    from mlops_cli.git.facts import listed

    for file in listed(opened.git, "ls-files", "-z", "--cached", paths=list(data)) or ():
        top = holder(data, file)
        if top is not None:
            files.setdefault(top, []).append(file)
    if not files:
        opened.cache.keep_memo(name, state)
    found = []
    for path, below in sorted(files.items()):
        more = f" and {len(below) - 1:,} more" if len(below) > 1 else ""
        message = f"{path} is tracked as data, and Git has {below[0]}{more}"
        hint = (
            f"Take it out of Git, and leave it where it is, with: git rm -r --cached {quoted(opened, path)}"
        )
        found.append(Seen(path, "in git", message, hint))
    return found


def _no_longer_tracked(opened: Opened) -> list[Seen]:
    found = []
    for path in lying_about(opened):
        name = quoted(opened, path)
        message = f"{path} was tracked as data here, and nothing records it any more"
        keep = f"keep it with: mlops add {name}, or mlops remove {name}"
        hint = f"Take it away, where going back brings it again, with: mlops checkout; or {keep}"
        found.append(Seen(path, "no longer tracked", message, hint))
    return found
