"""What `diff` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text

if TYPE_CHECKING:
    from mlops_cli.actions.diff import ArtifactChange, DiffResult, FileChange
    from mlops_cli.store.artifact import Artifact

_SCHEMA = 1


def diff_rows(result: DiffResult) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return head and rows of the list of changes: an artifact, then what differs inside it."""
    rows: list[tuple[str, ...]] = []
    for change in result.changes:
        rows.append(
            (_name(change), change.state, _size(change.old), _size(change.new), ", ".join(change.why))
        )
        for file in change.files:
            sizes = [size_text(size) if size is not None else "" for size in (file.old, file.new)]
            rows.append((f"{change.path}/{file.path}", file.state, *sizes, ", ".join(file.why)))
        if change.unknown:
            rows.append((f"{change.path}/…", "not in the store", "", "", ""))
    return ("path", "change", "old", "new", "why"), rows


def diff_summary(result: DiffResult) -> str:
    """Return a sentence on what was compared and found."""
    if not result.changes:
        return f"No artifact differs between {_place(result.old)} and {_place(result.new)}.\n"
    counts = {
        state: sum(c.state == state for c in result.changes) for state in ("added", "changed", "removed")
    }
    parts = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"From {_place(result.old)} to {_place(result.new)}: {parts}.\n"


def _place(name: str) -> str:
    return "the workspace" if name == "workspace" else name[:12] or "before the first commit"


def _name(change: ArtifactChange) -> str:
    artifact = change.new or change.old
    return f"{change.path}/" if artifact is not None and artifact.tree else change.path


def _size(artifact: Artifact | None) -> str:
    return "" if artifact is None else size_text(artifact.size)


def diff_wire(result: DiffResult) -> dict[str, Any]:
    """Return the shape of `diff --json`."""
    return {
        "schema": _SCHEMA,
        "old": result.old,
        "new": result.new,
        "changes": [_change(change) for change in result.changes],
    }


def _change(change: ArtifactChange) -> dict[str, Any]:
    value: dict[str, Any] = {
        "path": change.path,
        "state": change.state,
        "old": change.old.record() if change.old else None,
        "new": change.new.record() if change.new else None,
        "files": [
            {"path": f.path, "state": f.state, "old": f.old, "new": f.new} | _why(f) for f in change.files
        ],
    } | _why(change)
    if change.unknown:
        value["unknown"] = True
    return value


def _why(change: ArtifactChange | FileChange) -> dict[str, Any]:
    return {"why": list(change.why)} if change.why else {}
