"""What `import` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.text import files_text

if TYPE_CHECKING:
    from mlops_cli.actions.import_ import ImportResult

_SCHEMA = 1


def import_text(result: ImportResult) -> str:
    """Return what was imported, in a line."""
    record = result.record
    size = f"{files_text(record.files)}, {size_text(record.artifact.size)}"
    source = record.source or {}
    word = "imported" if result.changed else "unchanged"
    pinned = ", pinned" if source.get("pinned") else ""
    return f"{word} {record.path} ({size}{pinned}) from {source.get('url')}\n"


def import_wire(result: ImportResult) -> dict[str, Any]:
    """Return the shape of `import --json`."""
    record = result.record
    return {
        "schema": _SCHEMA,
        "path": record.path,
        "digest": record.artifact.digest,
        "size": record.artifact.size,
        "files": record.files,
        "changed": result.changed,
        "bytes": result.brought,
        "source": dict(record.source or {}),
        "written": list(result.written),
    }
