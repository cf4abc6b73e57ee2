"""What `migrate` says."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.actions.migrate import MigrateResult, Moved
    from mlops_cli.migration.notes import Note

_SCHEMA = 1
_SHOWN = 40
_FEW = 8
_SETTLED = ("fresh", "cached", "ok")


def migrate_text(result: MigrateResult, *, everything: bool = False) -> str:
    """Return what came over, what did not and why, and what to do next."""
    lines = _written(result, everything=everything)
    for what, moved in (("stage", result.stages), ("tracked path", result.data)):
        if moved:
            lines.append(f"{len(moved)} {what}{'s' * (len(moved) != 1)}: {_states(moved)}")
    lost = [note for note in result.notes if note.kind == "lost"]
    changed = [note for note in result.notes if note.kind == "changed"]
    lines += _notes("Said or done differently:", changed) + _notes("Could not be carried over:", lost)
    if result.damaged:
        lines += ["", "Damaged in DVC's cache, and left there:", *(f"  {path}" for path in result.damaged)]
    lines += ["", *_next(result)]
    return "\n".join(lines) + "\n"


def _written(result: MigrateResult, *, everything: bool) -> list[str]:
    if not result.changed:
        return ["Nothing to do: everything that DVC's files say is here already."]
    word = "would be written" if result.dry else "written"
    shown = result.written if everything else result.written[:_SHOWN]
    lines = [f"{word}: {path}" for path in shown]
    if len(shown) < len(result.written):
        lines.append(f"{word}: {len(result.written) - len(shown)} more files")
    if result.records:
        lines.append(
            f"{word}: {result.records} {'record' if result.records == 1 else 'records'} under .mlops"
        )
    return lines


def _states(moved: Sequence[Moved]) -> str:
    """Return how many are in which state, with names where something is still to be done."""
    parts = []
    for state, count in Counter(each.state for each in moved).items():
        names = [each.name for each in moved if each.state == state] if state not in _SETTLED else []
        shown = f" ({', '.join(names[:_FEW])}{', …' if len(names) > _FEW else ''})" if names else ""
        parts.append(f"{count} {state}{shown}")
    return ", ".join(parts)


def _notes(title: str, notes: Sequence[Note]) -> list[str]:
    return ["", title, *(f"  {note.place}: {note.what}: {note.why}" for note in notes)] if notes else []


def _next(result: MigrateResult) -> list[str]:
    if result.dry:
        return ["Nothing was written. Do it with: mlops migrate dvc"]
    if not result.changed:
        return ["See where you are with: mlops status"]
    files = [path for path in result.written if not path.startswith(".mlops/")]
    add = " ".join([".mlops", *files]) if len(files) <= _FEW else "--all"
    return [
        "DVC's own files are as they were. See where you are with: mlops status",
        f"Keep it with: git add {add} && git commit",
    ]


def migrate_wire(result: MigrateResult) -> dict[str, Any]:
    """Return the shape of `migrate dvc --json`."""
    return {
        "schema": _SCHEMA,
        "dry": result.dry,
        "changed": result.changed,
        "written": list(result.written),
        "records": result.records,
        "stages": [{"name": each.name, "state": each.state} for each in result.stages],
        "data": [{"path": each.name, "state": each.state} for each in result.data],
        "notes": [
            {"kind": n.kind, "file": n.file, "line": n.line, "what": n.what, "why": n.why}
            for n in result.notes
        ],
        "damaged": list(result.damaged),
    }
