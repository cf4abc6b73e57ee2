"""Taking away what a workspace held as tracked data and its records no longer name, where going back brings it again.

Git does so with its own files when a commit is left behind that has them. Here it is done only with what lies in the workspace
just as a commit of this repository records it, and is whole in the store: everything else stays, and is named.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, FileError, MlopsError
from mlops_cli.git.facts import listed
from mlops_cli.project import data_record_path
from mlops_cli.store.tracked import load_data_record, overlapping
from mlops_cli.tracking.agreeing import Away, CheckoutResult, Left, agree
from mlops_cli.tracking.held import forget, lying_about, see, touching
from mlops_cli.tracking.recorded import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.opened import Opened, Writing
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.placement.difference import Difference
    from mlops_cli.store.placement.forest import Forest

# While Git is in the middle of one of these, nothing is taken away: what is not recorded now may be so again at its end.
_UNDERWAY = ("rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")
_NAMED = 3


def agree_with_all(
    opened: Opened, *, force: bool = False, tell: Callable[[int, int], None] = lambda *_: None
) -> CheckoutResult:
    """Make the whole workspace agree with its records: take away what they no longer name, and bring what they do.

    Parameters
    ----------
    force : bool
        Take away also content in the place of recorded paths that is nowhere else; what is not recorded any more is never forced.
    tell : callable
        Told how many files and bytes were placed, while it happens.

    Raises
    ------
    FileError
        When a record or the pipeline file is wrong.
    """
    chosen = choose(opened, ())
    away, left = take_away(opened)
    result = agree(opened, chosen, force=force, tell=tell)
    see(opened)
    return replace(result, away=away, left=left)


def take_away(opened: Opened) -> tuple[tuple[Away, ...], tuple[Left, ...]]:
    """Take away what was tracked here and is not any more, where going back brings it again; return that, and what stays.

    Raises
    ------
    DefinitionError
        When the pipeline file is wrong.
    """
    git_dir = opened.project.git_dir
    if any((git_dir / name).exists() for name in _UNDERWAY):
        return (), ()
    paths = lying_about(opened)
    if not paths:
        return (), ()
    try:
        with opened.writing(placing=True) as writing:  # from here on nobody collects garbage
            away, left = _Taking(opened, writing, paths).carry_out()
    except DataError as error:
        return (), tuple(Left(path, error.message) for path in paths)
    forget(opened, [each.path for each in away])
    return away, left


class _Taking:
    def __init__(self, opened: Opened, writing: Writing, paths: list[str]) -> None:
        from mlops_cli.store.placement.forest import Forest

        self.opened = opened
        self.objects = writing.objects
        self.forest: Forest = Forest(writing.objects)
        self.paths = paths
        self.placed = f"{opened.store.absolute()}/"
        rows = listed(opened.git, "ls-files", "-z", "--cached", paths=paths)
        self.in_index = touching(paths if rows is None else rows)  # whoever cannot tell takes nothing away
        self.left: dict[str, str] = {}

    def carry_out(self) -> tuple[tuple[Away, ...], tuple[Left, ...]]:
        found = {path: artifact for path in self.paths if (artifact := self._look(path)) is not None}
        commits = _commits(self.opened, found)
        away = []
        for path, artifact in found.items():
            if path not in commits:
                self.left[path] = "no commit records it as it lies here"
                continue
            try:
                difference = self._safe(path, artifact)
                if difference is not None:
                    away.append(self._take(path, artifact, difference, commits[path]))
            except (DataError, FileError) as error:
                self.left[path] = error.message
            except OSError as error:
                self.left[path] = f"{error.filename or path}: {error.strerror}"
        return tuple(away), tuple(Left(path, why) for path, why in sorted(self.left.items()))

    def _look(self, path: str) -> Artifact | None:
        """Return what lies at a path, where it is all its own: no link, not behind one, and nothing else in it has an owner."""
        absolute = self.opened.workspace_path(path)
        folder = os.path.dirname(absolute)
        tracked = overlapping(self.opened.data, path)
        if tracked:
            self.left[path] = f"{tracked[0]} in it is tracked"
        elif os.path.realpath(folder) != folder:
            self.left[path] = "it lies behind a link"
        elif os.path.islink(absolute) and not os.readlink(absolute).startswith(self.placed):
            self.left[path] = "a link lies in its place"
        elif self.in_index(path):
            self.left[path] = f"Git's index has it; take it out with: git rm -r --cached {shlex.quote(path)}"
        else:
            try:
                return self.opened.workspace.artifact(path)
            except MlopsError as error:
                self.left[path] = error.message
        return None

    def _safe(self, path: str, artifact: Artifact) -> Difference | None:
        """Return what has to go; None, and why, where something of it is nowhere else."""
        from mlops_cli.store.closure import closure
        from mlops_cli.store.placement.difference import find_losses, removal

        whole = closure(self.objects, [artifact])
        if whole.missing or self.objects.missing(whole.blobs):
            self.left[path] = "not all of its content is in the store"
            return None
        difference = removal(self.opened.workspace, self.objects, self.forest, path)
        find_losses(self.objects, [difference])
        if difference.losses:
            names = ", ".join(loss.path for loss in difference.losses[:_NAMED])
            more = len(difference.losses) - _NAMED
            self.left[path] = f"this in it is nowhere else: {names}" + (
                f" and {more} more" if more > 0 else ""
            )
            return None
        return difference

    def _take(self, path: str, artifact: Artifact, difference: Difference, commit: str) -> Away:
        from mlops_cli.store.placement.agree import clear

        workspace = self.opened.workspace
        workspace.forget([path])
        try:
            clear(workspace, difference, force=False)
        finally:
            workspace.forget([path])
        self._tidy(os.path.dirname(path))
        return Away(path, len(difference.removed), artifact.size, commit)

    def _tidy(self, folder: str) -> None:
        """Remove folders that hold nothing any more, as Git does; not the one in which the user stands."""
        while folder and not f"{self.opened.folder}/".startswith(f"{folder}/"):
            try:
                os.rmdir(self.opened.workspace_path(folder))
            except OSError:
                return
            folder = os.path.dirname(folder)


def _commits(opened: Opened, artifacts: Mapping[str, Artifact]) -> dict[str, str]:
    """Return, of what lies at paths, the commits that record just that; nothing where history cannot be read."""
    from mlops_cli.errors import HistoryError
    from mlops_cli.git.history import committed_versions
    from mlops_cli.git.worktrees import repository_at

    project = opened.project
    files = {project.prefix + data_record_path(path): path for path in artifacts}
    repository = repository_at(project.common_dir, opened.git.variables)
    found: dict[str, str] = {}
    try:
        for version in committed_versions(repository, list(files)) if files else ():
            path = files[version.path]
            if path not in found and _records(version.data, path, artifacts[path]):
                found[path] = version.where
    except HistoryError:
        return {}
    return found


def _records(data: bytes, path: str, artifact: Artifact) -> bool:
    try:
        recorded = load_data_record(data, data_record_path(path)).artifact
    except MlopsError:
        return False
    return recorded.same(artifact) and recorded.executable == artifact.executable
