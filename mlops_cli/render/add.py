"""What `add` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.plain import plain
from mlops_cli.render.text import files_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.actions.add import Added, AddResult
    from mlops_cli.errors import MlopsError

_SCHEMA = 1
_WORDS = {"new": "tracked", "changed": "updated", "same": "unchanged"}


def add_text(result: AddResult) -> str:
    """Return a line a path, and what else changed."""
    return "".join(f"{line}\n" for line in [*map(_line, result.added), *result.notices])


def _line(added: Added) -> str:
    what = f"{plain(added.path)} ({files_text(added.files)}, {size_text(added.size)})"
    part = f": {added.part}" if added.part else ""
    return f"{_WORDS[added.state]} {what}{part}"


def errors_text(errors: Sequence[MlopsError]) -> str:
    """Return what could not be done, each with what to do about it."""
    lines = []
    for error in errors:
        lines += [f"mlops: {error.message}", *([error.hint] if error.hint else [])]
    return "".join(f"{line}\n" for line in lines)


def add_wire(result: AddResult) -> dict[str, Any]:
    """Return the shape of `add --json`."""
    return {
        "schema": _SCHEMA,
        "added": [
            {"path": a.path, "state": a.state, "size": a.size, "files": a.files}
            | ({"part": a.part} if a.part else {})
            for a in result.added
        ],
        "failed": [
            {"kind": error.kind, "message": error.message, "hint": error.hint} for error in result.failed
        ],
        "notices": list(result.notices),
        "written": list(result.written),
    }
