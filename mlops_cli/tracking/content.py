"""What content a user means: a path as it lies now, a path as a commit has it, or a digest."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from mlops_cli.opened import Opened


class Content:
    """Content that was named.

    Parameters
    ----------
    path : str
        Relative to the project; empty where a digest was given.
    digest : str
        Empty where it cannot be told: a folder that Git keeps, at an earlier commit.
    rev : str
        The commit meant; empty for the workspace.
    """

    def __init__(self, opened: Opened, path: str, digest: str, rev: str = "") -> None:
        self._opened = opened
        self.path = path
        self.digest = digest
        self.rev = rev

    @cached_property
    def blob(self) -> str:
        """What Git calls the content; empty where it has no name for it."""
        git, project = self._opened.git, self._opened.project
        if self.rev:
            said = git.ask("rev-parse", "--verify", "--quiet", f"{self.rev}:{project.prefix}{self.path}")
        elif os.path.isfile(self._opened.workspace_path(self.path)):
            said = git.ask("hash-object", "--", self.path)
        else:
            said = None
        return (said or b"").decode().strip()


def content_meant(opened: Opened, text: str) -> Content:
    """Return the content that a text names.

    Parameters
    ----------
    text : str
        A digest or the beginning of one; `PATH`, as it lies in the workspace, or as its record says where it does not;
        `PATH@REV`, as a commit has it or its records say.

    Raises
    ------
    UsageError
        When it names nothing, or several things.
    """
    if text.startswith(("b3:", "md5:")):
        return Content(opened, "", _digest(opened, text))
    path = _in_project(opened, text)
    if not os.path.lexists(opened.workspace_path(path)) and "@" in text:
        name, _, rev = text.rpartition("@")
        return _at(opened, _in_project(opened, name), rev)
    artifact = opened.workspace.artifact(path)
    if artifact is None:
        from mlops_cli.tracking.recorded import recorded_artifacts

        recorded = recorded_artifacts(opened).get(path)
        artifact = recorded.artifact if recorded else None
    if artifact is None:
        raise UsageError(
            f"there is nothing at {path}, and no record of it", hint="Name a path, PATH@REV, or a digest."
        )
    return Content(opened, path, artifact.digest)


def _digest(opened: Opened, text: str) -> str:
    found = opened.history.digests(text)
    if len(found) != 1:
        many = f"{len(found)} artifacts have digests that begin with {text}"
        raise UsageError(
            many if found else f"no record names an artifact {text}",
            hint="Give more of the digest, or a path.",
        )
    return found[0]


def _at(opened: Opened, path: str, rev: str) -> Content:
    from mlops_cli.git.revision import read_revision
    from mlops_cli.pipeline.record import load_stage_record
    from mlops_cli.project import DATA_RECORDS, data_record_path
    from mlops_cli.store.tracked import load_data_record

    revision = read_revision(opened.git, opened.project, rev)
    file = data_record_path(path)
    if revision.records.get(file):
        artifact = load_data_record(revision.records[file], file).artifact
        return Content(opened, path, artifact.digest, revision.commit)
    if path in revision.files:
        data = opened.git.ask("cat-file", "blob", f"{revision.commit}:{opened.project.prefix}{path}")
        return Content(opened, path, digest_bytes(data) if data is not None else "", revision.commit)
    for name, record in revision.records.items():
        if record and not name.startswith(f"{DATA_RECORDS}/"):
            known = load_stage_record(record, name)
            made = known.outs.get(path) or known.deps.get(path)
            if made is not None:
                return Content(opened, path, made.digest, revision.commit)
    raise UsageError(
        f"there is no {path} at {rev}", hint="See what there is: git ls-tree -r --name-only " + rev
    )


def _in_project(opened: Opened, text: str) -> str:
    """Return a path as the user gave it, from where they stand, relative to the project.

    Raises
    ------
    UsageError
        When it leads out of the repository.
    """
    place = os.path.normpath(os.path.join(opened.project.root, opened.folder, text))
    if not f"{place}/".startswith(f"{opened.project.worktree}/"):
        raise UsageError(f"{text} lies outside the repository")
    return os.path.relpath(place, opened.project.root).replace(os.sep, "/")
