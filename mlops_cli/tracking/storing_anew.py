"""What the store lacks and the workspace still holds: stored anew, or said how it can be."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.errors import MlopsError
from mlops_cli.store.closure import closure
from mlops_cli.store.pack import SMALL
from mlops_cli.store.tracked import holder
from mlops_cli.store.transfer.remote_store import SEND
from mlops_cli.store.upkeep.mend import mend_from_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.transfer.outcome import Failure, Transfer
    from mlops_cli.store.workspace import Workspace

# Of so many files also the small ones are looked at, which lie in packs where they are many.
_FEW = 1000
_MOST_NAMES = 4


def store_anew(objects: FolderObjects, workspace: Workspace, saved: Mapping[str, Artifact]) -> None:
    """Replace what is cut off in the store, which its size tells, by what the workspace has.

    Parameters
    ----------
    saved : mapping
        Path to artifact of what was just found in the workspace.
    """
    blobs = closure(objects, list(saved.values())).blobs
    alone = {d: size for d, size in blobs.items() if size >= SMALL or len(blobs) <= _FEW}
    cut = {d for d, size in alone.items() if objects.loose.size(d) not in (None, size)}
    if cut:
        objects.remove(cut)
        mend_from_workspace(workspace, objects, cut, saved)


def with_advice(opened: Opened, transfer: Transfer) -> Transfer:
    """Return a push with what helps where content is missing here: what the workspace holds is named."""
    lost = [each for each in transfer.failed if each.hint.startswith(SEND)]
    held = {each: path for each in lost if (path := _held(opened, each))}
    command = f"The workspace has it. Store it anew with: {_command(opened, set(held.values()))}"
    failed = [
        replace(each, hint=command if each in held else _elsewhere(each))
        if each.hint.startswith(SEND)
        else each
        for each in transfer.failed
    ]
    return replace(transfer, failed=tuple(failed))


def _elsewhere(failure: Failure) -> str:
    return SEND + (f" --rev {shlex.quote(failure.version)}" if failure.version else "")


def _command(opened: Opened, paths: set[str]) -> str:
    tops = {holder(opened.data, path) for path in paths}
    names = sorted(os.path.relpath(top, opened.folder or ".") for top in tops if top is not None)
    few = None not in tops and len(names) <= _MOST_NAMES  # outputs are not added
    return f"mlops add {' '.join(map(shlex.quote, names))}" if few else "mlops verify --repair"


def _held(opened: Opened, failure: Failure) -> str:
    """Return the path at which the workspace holds what could not be sent; empty where it does not."""
    try:
        artifact = opened.workspace.artifact(failure.path) if failure.path else None
    except MlopsError:
        return ""
    return failure.path if artifact is not None and artifact.digest == failure.digest else ""
