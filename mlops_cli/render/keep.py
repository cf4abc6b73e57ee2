"""What `keep` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops_cli.actions.keep import KeepResult

_SCHEMA = 1


def keep_text(result: KeepResult) -> str:
    """Return a line a run."""
    return "".join(
        f"{'kept' if kept.new else 'already here:'} {kept.run}  {kept.path}\n" for kept in result.kept
    )


def keep_wire(result: KeepResult) -> dict[str, Any]:
    """Return the result as JSON has it."""
    return {
        "schema": _SCHEMA,
        "kept": [{"run": kept.run, "path": kept.path, "new": kept.new} for kept in result.kept],
        "written": list(result.written),
    }
