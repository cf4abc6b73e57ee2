"""`hooks run pre-push`: whose data has to be on a remote before Git pushes the commits that record it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import UsageError
from mlops_cli.formats.config_file import parse_config
from mlops_cli.git.discover import find_repository
from mlops_cli.git.pushing import (
    PushedRef,
    brings_records,
    commits_of,
    projects_at,
    read_pushed_refs,
    ref_name,
)
from mlops_cli.git.staged import hook_git, projects_touched
from mlops_cli.opened import open_folder
from mlops_cli.project import RECORDS
from mlops_cli.settings import find_remote, read_environment, read_framework_push
from mlops_cli.tracking.versions import Pushed, Tip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from mlops_cli.git.command import Git
    from mlops_cli.settings import Environment


class Going(NamedTuple):
    """A project whose data goes along with a push.

    Parameters
    ----------
    prefix : str
        As in `Agreed`.
    pushed : Pushed or None
        Whose records count; None for those of the workspace.
    """

    prefix: str
    folder: Path
    pushed: Pushed | None = None


def before_push(folder: Path, remote: str = "", given: str = "") -> tuple[Going, ...]:
    """Return the projects that have something to send, and a remote to send it to.

    Parameters
    ----------
    remote : str
        The remote of Git's, as Git names it to the hook.
    given : str
        What Git tells the hook on standard input. Without it, what the pre-commit framework tells; where nobody tells what is
        pushed, the records of the workspace count.

    Raises
    ------
    UsageError
        When the folder is in no repository, or a commit's data belongs to a remote that only its own settings name.
    FileError
        When settings are wrong.
    """
    environment = read_environment()
    worktree = find_repository(folder).worktree
    git = hook_git(worktree, environment.variables)
    refs = read_pushed_refs(given)
    told = read_framework_push(environment.variables)
    if not refs and told is not None:
        refs, remote = [PushedRef(ref_name(told.name), told.tip, told.known)], told.remote
    if not refs:
        return tuple(_with_remote(worktree, projects_touched(git, ()), environment))
    refs = commits_of(git, refs)
    if not brings_records(git, refs, remote):
        return ()
    return tuple(_going(git, worktree, refs, remote, environment))


def _with_remote(worktree: Path, projects: Iterable[str], environment: Environment) -> Iterator[Going]:
    """Yield the projects of the worktree that have a remote to push to."""
    for prefix in projects:
        if not (worktree / prefix / RECORDS).is_dir():
            continue
        with open_folder(worktree / prefix, environment) as opened:
            if opened.config.remotes:
                # With several remotes and no default it is not plain where data goes: that is said, and not passed in silence.
                find_remote(opened.config, environment.variables)
                yield Going(f"{prefix}/" if prefix else "", worktree / prefix)


def _going(
    git: Git, worktree: Path, refs: Sequence[PushedRef], remote: str, environment: Environment
) -> Iterator[Going]:
    known = tuple(ref.known for ref in refs if ref.known)
    there = {ref: projects_at(git, ref.commit) for ref in refs}
    projects = sorted(set().union(*there.values()))
    here = {going.prefix.rstrip("/"): going for going in _with_remote(worktree, projects, environment)}
    for prefix in projects:
        having = [ref for ref in refs if prefix in there[ref]]
        if prefix in here:
            tips = {ref.commit: Tip(ref.name, ref.commit) for ref in having}
            yield here[prefix]._replace(pushed=Pushed(tuple(tips.values()), known, remote))
            continue
        for ref in having:
            if _names_remote(git, ref.commit, prefix):
                raise UsageError(
                    f"{ref.name} records data{f' in {prefix}' if prefix else ''} whose remote is named only in its own settings",
                    hint=f"Push it from there: git switch {ref.name}, and git push again.",
                )


def _names_remote(git: Git, commit: str, prefix: str) -> bool:
    """Whether the settings of a project, as a commit has them, name a remote."""
    file = f"{prefix}/{RECORDS}/config.yaml" if prefix else f"{RECORDS}/config.yaml"
    data = git.ask("cat-file", "blob", f"{commit}:{file}")
    return data is not None and bool(parse_config(data, file).remotes)
