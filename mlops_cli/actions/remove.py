"""`remove`: stop tracking data: its record and its ignore rule go, the data stays where it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, UsageError
from mlops_cli.formats.problems import nearest
from mlops_cli.git.facts import uncommitted
from mlops_cli.git.ignore import ignore_rule, is_managed
from mlops_cli.project import DATA_RECORDS
from mlops_cli.store.tracked import holder, overlapping, read_data_records, remove_data_record
from mlops_cli.tracking.held import release, was_held
from mlops_cli.tracking.recorded import project_path

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.definition import Stage
    from mlops_cli.store.tracked import DataRecord

_NAMED = 5  # as many tracked paths as a hint can hold


@dataclass(frozen=True, slots=True)
class Removed:
    """One path that is no longer tracked.

    Parameters
    ----------
    record : DataRecord or None
        What its record said; None where only its ignore rule was left to remove.
    rule : str
        The line of an ignore file that keeps it out of Git.
    here : bool
        Whether something lies there in the workspace.
    visible : bool
        Whether Git sees what lies there as untracked now, so that `git add --all` would take it.
    """

    path: str
    record: DataRecord | None
    rule: str
    here: bool
    visible: bool


@dataclass(frozen=True, slots=True)
class RemoveResult:
    """What became of the paths.

    Parameters
    ----------
    written : tuple of str
        Files to commit, relative to the project; removed records among them.
    """

    removed: tuple[Removed, ...]
    written: tuple[str, ...] = ()


def remove(opened: Opened, paths: Sequence[str]) -> RemoveResult:
    """Stop tracking data; neither the data itself nor its content in the store is touched.

    A command that was killed in the middle is completed by doing it again.

    Parameters
    ----------
    paths : sequence of str
        Tracked paths, relative to where the user stands; nothing needs to lie there.

    Raises
    ------
    UsageError
        When one of them is not tracked by itself; nothing was done then.
    FileError
        When a record or the pipeline file is wrong.
    DataError
        When a record or the ignore rules cannot be written.
    """
    stages = opened.stages  # what is wrong with the pipeline is said before anything is removed
    with opened.data_lock():
        opened.__dict__.pop("data", None)  # another command may have written records since
        records = read_data_records(opened.project.root)
        asked = [_checked(opened, records, stages, typed) for typed in paths]
        gone = {path: records.pop(path, None) for path in asked}
        release(opened, asked)  # first: from now on nothing may take away what lies there
        # Records before rules: whoever is killed between them must not leave a record whose data Git would take.
        for path in gone:
            remove_data_record(opened.project.root, path)
        try:
            opened.update_ignore(records)
        except OSError as error:
            raise DataError(
                f".gitignore cannot be written: {error.strerror}",
                hint="The records are removed. Do it again when it can be.",
            ) from error
    visible = _seen_by_git(opened, gone)
    removed = tuple(
        Removed(
            path, record, ignore_rule(path), os.path.lexists(opened.workspace_path(path)), path in visible
        )
        for path, record in gone.items()
    )
    return RemoveResult(removed, _written(opened))


def _checked(opened: Opened, records: Collection[str], stages: Mapping[str, Stage], typed: str) -> str:
    """Return a path that can be removed, relative to the project."""
    path = project_path(opened, typed)
    if path in records:
        return path
    _check_records(opened, records, path, typed)
    _check_outputs(stages, path, typed)
    if is_managed(opened.project.root, path) or was_held(opened, path):
        return path  # the record is gone already, by a command that was killed or by hand, and left its rule
    known = [_from_here(opened, each) for each in records]
    close = nearest(typed, known)
    hint = (
        f"{close[0].upper()}{close[1:]}"
        if close
        else f"Tracked: {_list(known)}"
        if known
        else "Nothing is. Track data with: mlops add PATH"
    )
    raise UsageError(f"{typed} is not tracked as data", hint=hint)


def _check_records(opened: Opened, records: Collection[str], path: str, typed: str) -> None:
    """Refuse what lies in a tracked directory, or around tracked paths."""
    top = holder(set(records), path)
    if top is not None:
        shown = _from_here(opened, top)
        raise UsageError(
            f"{typed} is tracked as part of {shown}, which is one directory with one record",
            hint=f"Stop tracking all of it with: mlops remove {shown}; or delete the path alone, and then: mlops add {typed}",
        )
    inside = [_from_here(opened, each) for each in records if path == "." or each.startswith(f"{path}/")]
    if inside:
        raise UsageError(
            f"{typed} is not tracked itself, and holds what is: {_list(inside)}",
            hint=f"Name what should no longer be tracked: mlops remove {inside[0]}",
        )


def _check_outputs(stages: Mapping[str, Stage], path: str, typed: str) -> None:
    """Refuse what a stage makes."""
    for stage in stages.values():
        for out in overlapping([each.path for each in stage.outs], path):
            what = "is" if out == path else "holds" if out.startswith(f"{path}/") else "lies in"
            raise UsageError(
                f"{typed} {what} an output of {stage.name}, {out}; it is not tracked as data",
                hint=f"Take it out of the outputs of {stage.name} in {stage.place.file}.",
            )


def _from_here(opened: Opened, path: str) -> str:
    """Return a path of the project as the user would type it."""
    return os.path.relpath(path, opened.folder) if opened.folder else path


def _list(paths: Sequence[str]) -> str:
    more = len(paths) - _NAMED
    return ", ".join(paths[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _seen_by_git(opened: Opened, paths: Collection[str]) -> set[str]:
    """Return the paths at or in which Git sees files that it neither tracks nor ignores."""
    options = ("--others", "--exclude-standard", "--directory", "--no-empty-directory")
    output = opened.git.ask("--literal-pathspecs", "ls-files", "-z", *options, "--", *paths) or b""
    rows = [row.rstrip("/") for row in output.decode(errors="surrogateescape").split("\0") if row]
    return {path for path in paths if overlapping(rows, path)}


def _written(opened: Opened) -> tuple[str, ...]:
    wanted = {".gitignore", f"{DATA_RECORDS}/"}
    return uncommitted(opened.git, opened.project.prefix, wanted, (".gitignore", DATA_RECORDS))
