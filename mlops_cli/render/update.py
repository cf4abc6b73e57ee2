"""What `update` says."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.text import files_text

if TYPE_CHECKING:
    from mlops_cli.actions.update import Updated, UpdateResult

_SCHEMA = 1
_WORDS = {
    "same": "no new version of",
    "pinned": "pinned:",
    "new version": "new version of",
    "unknown": "cannot tell without a download whether there is a new version of",
    "changed": "updated",
    "touched": "new version, same content:",
}


def update_text(result: UpdateResult) -> str:
    """Return a line an import."""
    if not result.updated and not result.failed:
        return "Nothing was imported yet. Import data with: mlops import URL PATH\n"
    lines = [_line(each) for each in result.updated]
    if result.dry and any(each.state in ("new version", "unknown") for each in result.updated):
        lines.append("Bring what is new with: mlops update")
    return "".join(f"{line}\n" for line in lines)


def _line(each: Updated) -> str:
    source = (each.record.source or {}).get("url")
    size = f" ({files_text(each.record.files)}, {size_text(each.record.artifact.size)})"
    return f"{_WORDS[each.state]} {each.path}{size if each.state == 'changed' else ''} from {source}"


def update_failures(result: UpdateResult, up: str = "") -> str:
    """Return what could not be asked or brought, each with what to do about it, and that nothing of it has changed here.

    Parameters
    ----------
    up : str
        From where the user stands to the project, with a slash at its end: `../`.
    """
    lines = []
    for path, error in result.failed.items():
        message = error.message if path in error.message else f"{path}: {error.message}"
        lines += [f"mlops: {message}", *([error.hint] if error.hint else [])]
    if result.silent:
        one = len(result.silent) == 1
        names = " ".join(shlex.quote(up + path) for path in result.silent)
        what = f"{result.silent[0]} stays as it is" if one else f"These {len(result.silent)} stay as they are"
        lines.append(f"{what} here, content and record, and can be used.")
        lines.append(
            f"Ask again when {'its source answers' if one else 'their sources answer'}: mlops update {names}"
        )
    return "".join(f"{line}\n" for line in lines)


def update_wire(result: UpdateResult) -> dict[str, Any]:
    """Return the shape of `update --json`."""
    return {
        "schema": _SCHEMA,
        "dry": result.dry,
        "updated": [
            {
                "path": each.path,
                "state": each.state,
                "digest": each.record.artifact.digest,
                "size": each.record.artifact.size,
                "files": each.record.files,
            }
            for each in result.updated
        ],
        "bytes": result.brought,
        "failed": [
            {"path": path, "kind": error.kind, "message": error.message, "hint": error.hint}
            for path, error in result.failed.items()
        ],
        "written": list(result.written),
    }
