"""The inheritance of a model, and what differs between two, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.history.directions import direction
from mlops_cli.render.lineage_facts import (
    artifact_text,
    departed_wire,
    relation_text,
    run_text,
    short_digest,
    value_text,
)
from mlops_cli.render.lists import list_text
from mlops_cli.render.plain import plain
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.actions.lineage import ChainResult, LineageDiffResult
    from mlops_cli.history.lineage.chain import Generation
    from mlops_cli.history.lineage.difference import Difference
    from mlops_cli.history.lineage.graph import Node
    from mlops_cli.history.lineage.measured import Change, Measured

_LONG = 48


def chain_text(result: ChainResult) -> str:
    """Return an inheritance, the oldest generation first, each with what it changed in the metrics."""
    lines: list[str] = []
    labels = {row.node.id: row for row in result.generations}
    for row in result.generations:
        lines.append(f"{row.number}  {plain(row.node.label)}  {artifact_text(row.node.facts)}")
        if row.run is not None:
            lines.append(f"   made by {plain(row.run.label)}: {plain(run_text(row.run.facts))}")
        for number, parent in enumerate([row.parent, *row.others] if row.parent else ()):
            other = labels.get(str(parent))
            digest = short_digest(str(other.node.facts.get("digest", ""))) if other else ""
            how = f", {relation_text(row.relation)}" if not number and row.relation else ""
            name = plain(other.node.label) if other else str(parent)
            lines.append(f"   {'from' if not number else 'and from'} {name}  {digest}{how}")
        lines += [f"   {_metric_line(name, row)}" for name in row.metrics]
    if len(result.generations) == 1:
        lines.append("It was made from no earlier model that is known.")
    return "".join(f"{line}\n" for line in lines)


def _metric_line(name: str, row: Generation) -> str:
    change = row.changes.get(name)
    value = f"{plain(name)} {value_text(row.metrics[name].value)}"
    return f"{value}  {change_text(name, change)}" if change is not None else value


def change_text(name: str, change: Change) -> str:
    """Return by how much a metric changed, whether that is better, and what differs in how it was measured."""
    otherwise = f"; measured otherwise: {plain(', '.join(change.otherwise))}" if change.otherwise else ""
    if change.by == 0:
        return f"(unchanged{otherwise})"
    better = direction(name)
    word = "" if better is None else ", better" if (change.by > 0) == (better == "up") else ", worse"
    return f"({change.by:+.4g}{word}{otherwise})"


def chain_wire(result: ChainResult) -> dict[str, Any]:
    """Return an inheritance as JSON."""
    return {
        "schema": 1,
        "ref": result.asked.ref,
        "generations": [
            {
                "number": row.number,
                "model": _node_wire(row.node),
                "run": row.run.facts.get("run") if row.run else None,
                "stage": row.run.label if row.run else None,
                "parent": row.parent,
                "relation": row.relation or None,
                "others": list(row.others),
                "metrics": _metrics_wire(row.metrics),
                "changes": _changes_wire(row.changes),
            }
            for row in result.generations
        ],
        "departed": departed_wire(result.departed),
        "complete": result.incomplete is None,
    }


def _metrics_wire(metrics: Mapping[str, Measured]) -> dict[str, Any]:
    return {name: {"value": m.value, "stage": m.stage} for name, m in metrics.items()}


def _changes_wire(changes: Mapping[str, Change]) -> dict[str, Any]:
    return {
        name: {
            "old": change.old,
            "new": change.new,
            "same_data": change.fair,
            "measured_otherwise": list(change.otherwise),
        }
        for name, change in changes.items()
    }


def _node_wire(node: Node) -> dict[str, Any]:
    return {"id": node.id, "path": node.label, "digest": node.facts.get("digest")}


def differences_text(result: LineageDiffResult, *, width: int | None = None) -> str:
    """Return what differs, the likeliest cause first."""
    found = result.differences
    lines = [
        f"old: {plain(found.old.label)}  {artifact_text(found.old.facts)}",
        f"new: {plain(found.new.label)}  {artifact_text(found.new.facts)}",
    ]
    for name, change in found.metrics.items():
        old, new = value_text(change.old), value_text(change.new)
        lines.append(f"{plain(name)}: {old} -> {new}  {change_text(name, change)}")
    if found.same:
        lines.append("Both are the same bytes.")
    text = "".join(f"{line}\n" for line in lines) + "\n"
    if not found.rows:
        return text + (
            "Nothing that is recorded differs.\n"
            if found.same
            else "Nothing that is recorded differs: the program is not deterministic, or read something that it does not declare.\n"
        )
    rows = [
        (str(number), row.likely, row.kind, _what(row), _short(row.old), _short(row.new), plain(row.why))
        for number, row in enumerate(found.rows, 1)
    ]
    text += list_text(("", "effect", "kind", "what", "old", "new", "why"), rows, "table", width=width)
    if found.follows:
        text += f"\n{count_text(found.follows, 'artifact')} between differ{'s' if found.follows == 1 else ''}, too: that follows.\n"
    return text


def _what(row: Difference) -> str:
    return plain(f"{row.what} ({', '.join(row.stages)})" if row.stages and row.kind != "stage" else row.what)


def _short(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict) and "digest" in value:
        return artifact_text(value)
    if isinstance(value, list):
        value = " && ".join(map(str, value))
    return plain(short_text(value_text(value), _LONG))


def differences_wire(result: LineageDiffResult) -> dict[str, Any]:
    """Return what differs as JSON, the likeliest cause first."""
    found = result.differences
    return {
        "schema": 1,
        "old": {"ref": result.old.ref, **_node_wire(found.old)},
        "new": {"ref": result.new.ref, **_node_wire(found.new)},
        "same": found.same,
        "metrics": _changes_wire(found.metrics),
        "differences": [
            {
                "kind": row.kind,
                "what": row.what,
                "stages": list(row.stages),
                "old": row.old,
                "new": row.new,
                "effect": round(row.effect, 3),
                "likely": row.likely,
                "why": row.why,
            }
            for row in found.rows
        ],
        "follows": found.follows,
        "departed": departed_wire(result.departed),
        "complete": result.incomplete is None,
    }
