"""What can be tracked as data: neither what stages make, nor what Git keeps, nor what lies outside the project."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.project import DEFINITION, RECORDS
from mlops_cli.store.ignore import IGNORE_FILE
from mlops_cli.store.tracked import holder, is_plain_path, is_speakable, overlapping
from mlops_cli.store.tree import OBEYED
from mlops_cli.tracking.recorded import project_path

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlops_cli.opened import Opened

_LONGEST = 255 - len(".json")  # bytes: what file systems allow, and what the name of a record has more
_GITS_OWN = frozenset({".gitignore", ".gitattributes", ".gitmodules", IGNORE_FILE})


def place_for(opened: Opened, typed: str) -> str:
    """Return where new data may lie, relative to the project.

    Parameters
    ----------
    typed : str
        As a user types it, relative to where the user stands; nothing needs to lie there.

    Raises
    ------
    UsageError
        When it is no place for data.
    """
    root = str(opened.project.root)
    path = project_path(opened, typed)
    if path == ".":
        raise UsageError("the whole project cannot be tracked as data", hint="Name a place in it.")
    folder = os.path.dirname(f"{root}/{path}")
    real = os.path.realpath(folder)
    if real != folder:
        raise UsageError(f"{typed} lies behind a link, in {real}", hint="Name the place itself.")
    if not (is_plain_path(path) and is_speakable(path)):
        raise UsageError(f"{typed} cannot be a path", hint="Name another.")
    check_name(path, typed)
    check_owner(opened, path, typed)
    check_git(opened, [path])
    if opened.rules.ignores(path, is_folder=False):
        raise UsageError(f"{typed} is left out by {IGNORE_FILE}", hint="Change the rule, or the path.")
    return path


def check_name(path: str, typed: str) -> None:
    """Refuse a name that leaves no room for what its record's name has behind it.

    Raises
    ------
    UsageError
        When it is too long.
    """
    size = len(os.fsencode(os.path.basename(path)))
    if size > _LONGEST:
        raise UsageError(
            f"the name of {typed} has {size} bytes, and the name of its record leaves room for {_LONGEST}",
            hint="Put it into a folder and track that, or give it a shorter name.",
        )


def check_owner(opened: Opened, path: str, typed: str) -> None:
    """Refuse what belongs to Git, to the pipeline or to a stage.

    Raises
    ------
    UsageError
        When it does.
    """
    parts = path.split("/")
    if RECORDS in parts or any(part.casefold() in OBEYED for part in parts):
        raise UsageError(f"{typed} belongs to Git or to mlops itself", hint="Name data.")
    if parts[-1] in _GITS_OWN or parts[-1] == DEFINITION:
        raise UsageError(f"{typed} is kept in Git: it is no data", hint=f"Keep it with: git add {typed}")
    if not opened.has_pipeline:
        return
    pipeline = opened.pipeline
    for file in pipeline.files:
        if overlapping([file], path):
            raise UsageError(
                f"{typed} is read as part of the pipeline: {file}", hint=f"Keep it with: git add {file}"
            )
    for stage in pipeline.stages.values():
        for out in stage.outs:
            if overlapping([out.path], path):
                inner = out.path.startswith(f"{path}/")
                what = "is" if out.path == path else "holds" if inner else "lies in"
                raise UsageError(
                    f"{typed} {what} an output of {stage.name}: {out.path}",
                    hint="What a run makes of it goes into the store. To keep what was changed by hand, copy it"
                    " elsewhere, and add the copy.",
                )


def check_git(opened: Opened, paths: Collection[str]) -> None:
    """Refuse what Git tracks.

    Raises
    ------
    UsageError
        When it does.
    """
    output = opened.git.ask("--literal-pathspecs", "ls-files", "-z", "--cached", "--", *paths) or b""
    tracked = [file for file in output.decode(errors="surrogateescape").split("\0") if file]
    if tracked:
        more = f" and {len(tracked) - 1} more" if len(tracked) > 1 else ""
        top = holder(set(paths), tracked[0]) or tracked[0]
        raise UsageError(
            f"Git tracks {tracked[0]}{more}: a file is kept in Git or in the store, not in both",
            hint=f"Take it out of Git, and leave it where it is, with: git rm -r --cached {top}",
        )
