"""Tracked data that a commit would bring into Git: files below paths that are or were tracked, records without their rules."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.git.ignore import has_rule, ignored
from mlops_cli.opened import open_folder
from mlops_cli.project import DATA_RECORDS
from mlops_cli.store.tracked import holder, load_data_record
from mlops_cli.tracking.held import held_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.git.command import Git
    from mlops_cli.git.staged import Staged
    from mlops_cli.opened import Opened
    from mlops_cli.project import Project
    from mlops_cli.settings import Environment


class Slip(NamedTuple):
    """Something of tracked data that should not be committed, and what to do about it."""

    message: str
    hint: str


def slipping_files(git: Git, here: Project, files: Sequence[Staged], environment: Environment) -> list[Slip]:
    """Return the tracked data of which files are staged that Git did not have.

    Parameters
    ----------
    git : Git
        Questions to the index of the commit, asked at the top of the worktree.
    here : Project
        The places of the worktree.

    Raises
    ------
    FileError
        When a record is wrong.
    """
    held = held_in(here)
    found: dict[str, list[str]] = {}
    for file in files if held else ():
        top = holder(held, file.path) if file.new else None
        if top is not None:
            found.setdefault(top, []).append(file.path)
    slips = []
    for top, paths in found.items():
        with open_folder(here.worktree / held[top], environment) as opened:
            path = top[len(opened.project.prefix) :]
            tracked = holder(opened.data, path) is not None
        if not tracked and git.ask("--literal-pathspecs", "ls-tree", "--name-only", "HEAD", "--", top):
            continue  # on this branch it is Git's
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        name = shlex.quote(top)
        out = f"Leave it out, and where it is, with: git rm -r -q --cached {name}"
        if tracked:
            message = f"{top} is tracked as data, and {paths[0]}{more} would go into Git, too"
            slips.append(Slip(message, out))
        else:
            message = f"{top} was tracked as data here, and {paths[0]}{more} would go into Git"
            slips.append(
                Slip(
                    message,
                    f"{out}; or let Git have it from now on: {_command(held[top])} remove {shlex.quote(path)}",
                )
            )
    return slips


def slipping_rules(git: Git, opened: Opened, records: Mapping[str, bytes]) -> list[Slip]:
    """Return the tracked data whose records are staged, and which no rule ignores in the commit.

    Parameters
    ----------
    git : Git
        As for `slipping_files`.
    records : mapping
        Staged records, by their paths in the project.
    """
    data = [
        load_data_record(content, file)
        for file, content in records.items()
        if file.startswith(f"{DATA_RECORDS}/")
    ]
    if not data:
        return []
    file = f"{opened.project.prefix}.gitignore"
    staged = git.ask("cat-file", "blob", f":0:{file}") or b""
    bare = {
        each.path + "/" * each.artifact.tree: each.path for each in data if not has_rule(staged, each.path)
    }
    if not bare:
        return []
    here = opened.read(".gitignore") or b""
    others = ignored(opened.git, bare)
    slips = []
    for typed, path in bare.items():
        if has_rule(here, path):
            hint = f"Stage its rule, too: git add {shlex.quote(file)}"
        elif typed in others:
            continue  # by a rule that people wrote, here or elsewhere
        else:
            hint = f"Write its rule, and stage it: {_command(opened.project.prefix)} checkout && git add {shlex.quote(file)}"
        name = opened.project.prefix + path
        slips.append(
            Slip(f"{name} is tracked as data, and .gitignore as it is staged has no rule for it", hint)
        )
    return slips


def _command(prefix: str) -> str:
    """Return how the command begins for a project, typed at the top of the worktree."""
    return f"mlops -C {shlex.quote(prefix.rstrip('/'))}" if prefix else "mlops"
