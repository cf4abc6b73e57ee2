"""What the records of the workspace say should be here: tracked data, and outputs of stages that the store keeps."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError, UsageError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest
from mlops_cli.store.tracked import holder
from mlops_cli.store.tree import decode_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.store.closure import Blobs


class Recorded(NamedTuple):
    """One artifact that a record names.

    Parameters
    ----------
    path : str
        Relative to the project.
    stage : str or None
        The stage that makes it; None for tracked data.
    key : Digest or None
        The key under which the stage made it.
    own : bool
        The stage builds on what lies there, so that its files never share bytes with the store.
    version : str
        The commit whose records name it, or another word for when that was; empty for the workspace.
    bygone : bool
        Only an older version needs it: where nobody has it any more, that is told and no failure.
    """

    path: str
    artifact: Artifact
    stage: str | None = None
    key: Digest | None = None
    own: bool = False
    version: str = ""
    bygone: bool = False


class Chosen(NamedTuple):
    """Something that was asked for: a recorded artifact, or what lies at a path inside it (`""` for all of it)."""

    recorded: Recorded
    inside: str = ""

    @property
    def path(self) -> str:
        """The path asked for, relative to the project."""
        return f"{self.recorded.path}/{self.inside}" if self.inside else self.recorded.path

    @property
    def name(self) -> str:
        """The path, and the version where it is not the workspace's: `data/raw@1a2b3c4`."""
        return f"{self.path}@{self.recorded.version}" if self.recorded.version else self.path


def recorded_artifacts(opened: Opened) -> dict[str, Recorded]:
    """Return every recorded artifact by its path: data first, then outputs in the order of the pipeline.

    Raises
    ------
    FileError
        When a record or the pipeline file is wrong.
    """
    found = {path: Recorded(path, record.artifact) for path, record in opened.data.items()}
    for stage in opened.stages.values():
        record = opened.facts.record(stage.name)
        if record is None:
            continue
        key = None if record.tainted else record.key
        for out in stage.outs:
            artifact = record.outs.get(out.path)
            if out.cache and artifact is not None:
                found[out.path] = Recorded(out.path, artifact, stage.name, key, out.persist)
    return found


def choose(opened: Opened, paths: Sequence[str]) -> list[Chosen]:
    """Return what paths ask for; everything that is recorded where none is given.

    Parameters
    ----------
    paths : sequence of str
        As a user types them, relative to where the user stands. A folder that holds recorded paths stands for all of them.

    Raises
    ------
    UsageError
        When nothing is recorded at, around or below one of them.
    """
    known = recorded_artifacts(opened)
    if not paths:
        return [Chosen(recorded) for recorded in known.values()]
    chosen: dict[str, Chosen] = {}
    for typed in paths:
        path = project_path(opened, typed)
        around = holder(known, path)
        if around is not None:
            chosen[path] = Chosen(known[around], path[len(around) + 1 :])
            continue
        below = [name for name in known if path == "." or name.startswith(f"{path}/")]
        if not below:
            hint = (
                "See what is recorded with: mlops status -v" if known else "Track data with: mlops add PATH"
            )
            raise UsageError(f"nothing is recorded at {typed}", hint=hint)
        for name in below:
            chosen[name] = Chosen(known[name])
    return list(chosen.values())


def read_records(opened: Opened, deps: Iterable[str]) -> set[str]:
    """Return the paths of the data records that inputs rest on: those of tracked data that is an input, holds one, or lies in one.

    Parameters
    ----------
    deps : iterable of str
        Inputs of stages, patterns resolved, relative to the project.
    """
    if not opened.has_data:
        return set()
    records, inputs = opened.data, set(deps)
    around = {holder(records, dep) for dep in inputs} - {None}
    return {path for path in records if path in around or holder(inputs, path) is not None}


def project_path(opened: Opened, typed: str) -> str:
    """Return what a user typed as a path relative to the project; `.` for the project itself.

    Raises
    ------
    UsageError
        When it leads out of the project.
    """
    root = str(opened.project.root)
    path = os.path.normpath(os.path.join(root, opened.folder, typed))
    if path != root and not path.startswith(f"{root}/"):
        raise UsageError(f"{typed} lies outside the project", hint=f"The project is {root}")
    return path[len(root) + 1 :] or "."


def artifacts_of(objects: Blobs, chosen: Sequence[Chosen]) -> dict[str, Artifact]:
    """Return path to artifact of what was chosen; of a part of a directory, just that part.

    Raises
    ------
    UsageError
        When there is no such part.
    DataError
        When a tree on the way to a part is missing or damaged.
    """
    found: dict[str, Artifact] = {}
    for choice in chosen:
        artifact = choice.recorded.artifact if not choice.inside else _part(objects, choice)
        if artifact is not None:
            found[choice.path] = artifact
    return found


def _part(objects: Blobs, choice: Chosen) -> Artifact | None:
    """Return a part of a directory; None for a link, which has no content of its own."""
    artifact, path = choice.recorded.artifact, choice.recorded.path
    parts = choice.inside.split("/")
    for number, part in enumerate(parts, 1):
        try:
            entries = decode_tree(objects.read_blobs([artifact.digest])[0]) if artifact.tree else ()
        except DataError as error:
            raise DataError(f"{path}, the list of its files: {error.message}", hint=error.hint) from error
        entry = next((each for each in entries if each.name == part), None)
        if entry is None or (entry.kind == "link" and number < len(parts)):
            raise no_such_part(choice.recorded.path, choice.inside)
        if entry.kind == "link":
            return None
        artifact = Artifact(Digest(entry.content), entry.size, entry.kind == "tree", entry.kind == "exec")
        path = f"{path}/{part}"
    return artifact


def no_such_part(path: str, inside: str) -> UsageError:
    """Return the error of a path that a recorded directory does not have."""
    return UsageError(
        f"the record of {path} has no {inside}", hint="See what changed with: mlops diff --files"
    )
