"""What `remove` says."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.text import files_text

if TYPE_CHECKING:
    from mlops_cli.actions.remove import Removed, RemoveResult

_SCHEMA = 1


def remove_text(result: RemoveResult) -> str:
    """Return a line a path."""
    return "".join(f"{_line(each)}\n" for each in result.removed)


def _line(removed: Removed) -> str:
    record = removed.record
    if record is None:
        return f"{removed.path} was not tracked any more; nothing takes it away, and it has no ignore rule"
    return (
        f"no longer tracked: {removed.path} ({files_text(record.files)}, {size_text(record.artifact.size)})"
    )


def remove_warnings(result: RemoveResult, folder: str = "") -> str:
    """Return what the user has to decide now: what Git would take, and what is not here.

    Parameters
    ----------
    folder : str
        Where the user stands, relative to the project.
    """
    up = "../" * (folder.count("/") + 1) if folder else ""
    lines = []
    for each in result.removed:
        name = shlex.quote(up + each.path)
        if each.visible:
            size = f", {size_text(each.record.artifact.size)}" if each.record else ""
            lines += [
                f"mlops: Git no longer ignores {each.path}{size}: git add --all would take it.",
                f"Keep it out with: echo {shlex.quote(each.rule)} >> {up}.gitignore; or track it again with: mlops add {name}",
            ]
        elif not each.here:
            lines.append(
                f"mlops: {each.path} is not in the workspace; only commits that have its record know its content now."
            )
    return "".join(f"{line}\n" for line in lines)


def remove_wire(result: RemoveResult) -> dict[str, Any]:
    """Return the shape of `remove --json`."""
    return {
        "schema": _SCHEMA,
        "removed": [
            {
                "path": each.path,
                "tracked": each.record is not None,
                "here": each.here,
                "visible": each.visible,
            }
            | ({"size": each.record.artifact.size, "files": each.record.files} if each.record else {})
            for each in result.removed
        ],
        "written": list(result.written),
    }
