"""What `note` says, and its shape as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_cli.history.run_event import dump_run_event

if TYPE_CHECKING:
    from mlops_cli.actions.note import NoteResult

_SCHEMA = 1


def note_text(result: NoteResult) -> str:
    """Return what was kept, and where."""
    outcome = f", {result.event.outcome}" if result.event.outcome else ""
    where = f"in {result.file}, to be committed with the run" if result.file else "in the journal"
    return f"Noted on {result.event.run}{outcome}: {where}.\n"


def note_notice(result: NoteResult) -> str:
    """Return what the user should know beside it."""
    return "mlops: what looked like a secret was taken out of the note\n" if result.redacted else ""


def note_wire(result: NoteResult) -> dict[str, Any]:
    """Return the shape of `note --json`."""
    return {"schema": _SCHEMA, "event": json.loads(dump_run_event(result.event)), "file": result.file}
