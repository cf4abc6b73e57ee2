"""What `gc` found and removed, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.lists import list_text
from mlops_cli.render.sizes import count_text, span_text

if TYPE_CHECKING:
    from mlops_cli.actions.gc import GcResult
    from mlops_cli.store.upkeep.naming import GarbageRow

_MOST = 40


def gc_text(result: GcResult, *, everything: bool = False, width: int | None = None) -> str:
    """Return what goes, by the names it had, and what stays and why."""
    rows = result.rows if everything or len(result.rows) <= _MOST else result.rows[: _MOST - 1]
    text = ""
    if rows:
        text = list_text(
            ("what", "objects", "size", "digest", "last seen in"),
            [_cells(r) for r in rows],
            "table",
            width=width,
        )
        more = result.rows[len(rows) :]
        if more:
            text += f"… and {len(more):,} more, {size_text(sum(r.bytes for r in more))}: see them with -v\n"
    return text + _sum(result) + _kept(result)


def _cells(row: GarbageRow) -> tuple[str, ...]:
    where = {"": "", "result": "an old result"}.get(row.where, f"commit {row.where[:10]}")
    return row.path or "(no name)", f"{row.objects:,}", size_text(row.bytes), row.digest[:15], where


def _sum(result: GcResult) -> str:
    found = f"{count_text(len(result.garbage.objects), 'object')}, {size_text(result.bytes)}"
    if result.garbage.results:
        found += f", and {count_text(len(result.garbage.results), 'result')}"
    nothing = not result.garbage.objects and not result.garbage.results and not result.strays
    if result.swept is None:
        if nothing:
            return "There is nothing to remove.\n"
        if result.strays and not result.garbage.objects and not result.garbage.results:
            found = f"{count_text(result.strays, 'file')} that killed commands left"
        return f"Nobody needs {found}. Nothing was removed; remove them with: {result.delete}\n"
    swept = result.swept
    text = f"Removed {count_text(swept.objects, 'object')}, {size_text(swept.bytes)}, and {count_text(swept.results, 'result')}.\n"
    if swept.packs or swept.packed:
        text += f"Packed: {count_text(swept.packs, 'pack')} written anew, {count_text(swept.packed, 'object')} that lay alone.\n"
    for reason in swept.damaged:
        text += f"left as it is: {reason}. Mend what can be mended with: mlops verify --repair\n"
    return text


def _kept(result: GcResult) -> str:
    garbage = result.garbage
    text = (
        f"Kept: {count_text(garbage.kept, 'object')}, {size_text(garbage.kept_bytes)}, that records lead to"
    )
    if garbage.young:
        young = f"{count_text(garbage.young, 'object')}, {size_text(garbage.young_bytes)}"
        known = "known as garbage for less than" if result.there else "younger than"
        text += f"; {young}, {known} {span_text(result.grace)}"
    if result.held:
        text += f"; {count_text(result.held, 'object')}, {size_text(result.held_bytes)}, in packs that are mostly needed"
    text += ".\n"
    if garbage.unopened:
        text += (
            f"{count_text(len(garbage.unopened), 'directory', 'directories')} that records lead to"
            " cannot be opened here, for they were never fetched; what only they name counts as garbage.\n"
        )
    if garbage.unreadable:
        many = count_text(len(garbage.unreadable), "result")
        text += f"{many} cannot be read and stayed: look with mlops verify\n"
    if len(result.projects) > 1:
        text += f"Asked: {', '.join(result.projects)}.\n"
    return text


def gc_wire(result: GcResult) -> dict[str, Any]:
    """Return the shape of `gc --json`."""
    garbage, swept = result.garbage, result.swept
    return {
        "schema": 1,
        "store": result.store,
        "deleted": swept is not None,
        "grace": result.grace,
        "garbage": [
            {
                "path": row.path or None,
                "digest": row.digest,
                "objects": row.objects,
                "bytes": row.bytes,
                "commit": row.where if row.where not in ("", "result") else None,
            }
            for row in result.rows
        ],
        "objects": len(garbage.objects) if swept is None else swept.objects,
        "bytes": result.bytes if swept is None else swept.bytes,
        "results": len(garbage.results) if swept is None else swept.results,
        "kept": {"objects": garbage.kept, "bytes": garbage.kept_bytes, "results": garbage.kept_results},
        "young": {"objects": garbage.young, "bytes": garbage.young_bytes},
        "held": {"objects": result.held, "bytes": result.held_bytes},
        "unopened": sorted(garbage.unopened),
        "projects": list(result.projects),
    }
