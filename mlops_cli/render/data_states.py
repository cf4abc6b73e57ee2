"""What `status` says of tracked data."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mlops_cli.render.lists import list_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.actions.status import DataState


def data_states_text(data: Sequence[DataState], *, everything: bool, width: int | None) -> str:
    """Return the tracked data that is not as recorded, all where everything is wanted, and a sentence; empty without data."""
    if not data:
        return ""
    counts = Counter(each.state for each in data)
    what = "1 tracked path" if len(data) == 1 else f"{len(data)} tracked paths"
    asked = any(each.source for each in data)
    shown = [
        each
        for each in data
        if each.state != "ok" or everything or each.source not in (None, "same", "pinned")
    ]
    rows = [(each.path, each.state, *([each.source or ""] if asked else [])) for each in shown]
    table = (
        list_text(("data", "state", *(["source"] if asked else [])), rows, "table", width=width)
        if rows
        else ""
    )
    after = _sources_text(data)
    if counts.keys() == {"ok"}:
        return f"{table}{what}, as recorded.{after}\n"
    parts = [f"{counts[state]} {state}" for state in ("ok", "changed", "missing") if state in counts]
    changed = "Record what changed with: mlops add PATH, or go back to the record with: mlops checkout PATH"
    steps = [changed] if "changed" in counts else []
    steps += ["Bring what is missing with: mlops checkout, or mlops pull"] if "missing" in counts else []
    return f"{table}{what}: {', '.join(parts)}. {'. '.join(steps)}{'.' if after else ''}{after}\n"


def _sources_text(data: Sequence[DataState]) -> str:
    """Return what the sources of imports said that is to be acted on; empty where nothing is."""
    news = sum(each.source == "new version" for each in data)
    unreachable = sum(each.source == "unreachable" for each in data)
    text = f" {news} with a new version at the source. Bring it with: mlops update" if news else ""
    if unreachable:
        text += f"{'.' if news else ''} {unreachable} whose source cannot be reached; mlops update --dry-run says why."
    return text
