"""Lineage as a tree of text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.render.lineage_facts import (
    also_text,
    artifact_text,
    departed_wire,
    environment_text,
    origin_text,
    pairs_text,
    relation_text,
    run_text,
)
from mlops_cli.render.plain import plain
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_cli.actions.lineage import LineageResult
    from mlops_cli.history.lineage.graph import Edge, Lineage, Node
    from mlops_cli.history.lineage.then import Moment

_SIDE = frozenset({"params", "commit"})  # what stands on the line of its execution, or just below it
_CHILDREN = 30
_MODELS = 50


def lineage_wire(result: LineageResult) -> dict[str, Any]:
    """Return a graph as JSON."""
    graph = result.graph
    return {
        "schema": 1,
        "ref": result.asked.ref,
        "at": _moment_wire(result.asked.at),
        "direction": graph.direction,
        "starts": list(graph.starts),
        "nodes": [
            {"id": node.id, "kind": node.kind, "label": node.label}
            | {name: value for name, value in node.facts.items() if name not in ("id", "kind", "label")}
            | ({"cut": True} if node.id in graph.cut else {})
            for node in graph.nodes.values()
        ],
        "edges": [
            {"from": edge.start, "to": edge.end, "role": edge.role}
            | ({"note": edge.note} if edge.note else {})
            for edge in graph.edges
        ],
        "models": list(result.models),
        "departed": departed_wire(result.departed),
        "complete": result.incomplete is None,
    }


def _moment_wire(at: Moment | None) -> dict[str, Any] | None:
    return None if at is None else {"commit": at.commit, "time": at.time}


def lineage_tree(result: LineageResult, *, everything: bool = False) -> str:
    """Return a graph as a tree; what was drawn above is drawn once.

    Parameters
    ----------
    everything : bool
        All children, with environments and programs.
    """
    graph = result.graph
    lines: list[str] = []
    drawing = _Tree(graph, everything)
    for start in graph.starts:
        lines += drawing.draw(start)
    if graph.direction == "down":
        lines += _models_lines(result, everything=everything)
    return "".join(f"{line}\n" for line in lines)


class _Tree:
    def __init__(self, graph: Lineage, everything: bool) -> None:
        self.graph = graph
        self.everything = everything
        self.beside = graph.before() if graph.direction == "up" else graph.after()
        self.above = graph.before()
        self.drawn: set[str] = set()

    def draw(self, start: str) -> Iterator[str]:
        """Yield the lines of what one start leads to."""
        # Each item: node, edge to it, what stands before it, what stands before its children. A NUL begins a line as it is.
        stack: list[tuple[str, Edge | None, str, str]] = [(start, None, "", "")]
        while stack:
            name, edge, lead, below = stack.pop()
            if name.startswith("\0"):
                yield lead + name[1:]
                continue
            node = self.graph.nodes[name]
            edges = [e for e in self.beside[name] if self._other(e).kind not in _SIDE]
            again = name in self.drawn and bool(edges)
            yield lead + self._line(node, edge) + (" (as above)" if again else self._more(name))
            if again:
                continue
            self.drawn.add(name)
            rows: list[tuple[str, Edge | None]] = [(line, None) for line in self._below(node)]
            edges.sort(key=self._rank)
            most = len(edges) if self.everything else _CHILDREN
            rows += [(self._other(e).id, e) for e in edges[:most]]
            if len(edges) > most:
                rows.append((f"… and {len(edges) - most:,} more; see all with -v", None))
            for place in range(len(rows) - 1, -1, -1):
                last = place == len(rows) - 1
                text, way = rows[place]
                branch, space = ("└── ", "    ") if last else ("├── ", "│   ")
                stack.append((text if way else "\0" + text, way, below + branch, below + space))

    def _other(self, edge: Edge) -> Node:
        return self.graph.nodes[edge.start if self.graph.direction == "up" else edge.end]

    def _rank(self, edge: Edge) -> tuple[int, str]:
        order = {"parent": 0, "output": 0, "input": 1, "code": 2}
        return order.get(edge.role, 3), self._other(edge).label

    def _more(self, name: str) -> str:
        return "  … more with a greater --depth" if name in self.graph.cut else ""

    def _line(self, node: Node, edge: Edge | None) -> str:
        if node.kind == "run":
            note = (
                f"  ({plain(edge.note)})" if edge is not None and edge.note and edge.role != "parent" else ""
            )
            return f"{plain(node.label)}  {plain(run_text(node.facts))}{note}"
        lead, tail = "", ""
        if edge is not None and edge.role == "parent" and self.graph.direction == "up":
            lead = "parent: "
            tail = f"  ({relation_text(edge.note)})" if edge.note else ""
        elif edge is not None and edge.note:
            tail = f"  ({edge.note})"
        origin = origin_text(node.facts)
        words = [plain(node.label), artifact_text(node.facts), node.kind if node.kind != "artifact" else ""]
        words.append(plain(origin))
        return lead + "  ".join(word for word in words if word) + plain(tail)

    def _below(self, node: Node) -> list[str]:
        """Return lines about an execution: parameters, metrics, environment; about an artifact, who else made it."""
        if node.kind != "run":
            return [plain(also_text(node.facts))] if "also_made_by" in node.facts else []
        facts = node.facts
        rows = []
        if facts.get("message"):
            message = str(facts["message"])
            rows.append(f"why: {message if self.everything else short_text(message)}")
        for edge in self.above[node.id]:
            side = self.graph.nodes[edge.start]
            if side.kind == "params":
                rows.append(f"{side.label}: {pairs_text(side.facts['values'], whole=self.everything)}")
        if facts.get("metrics"):
            rows.append(f"metrics: {pairs_text(facts['metrics'], whole=self.everything)}")
        if self.everything or self.graph.direction == "up":
            rows += (
                [f"environment: {environment_text(facts['environment'])}"] if "environment" in facts else []
            )
        if self.everything and facts.get("program"):
            program = facts["program"]
            rows.append(
                f"program: {' && '.join(map(str, program)) if isinstance(program, list) else program}"
            )
        return [plain(row) for row in rows]


def _models_lines(result: LineageResult, *, everything: bool) -> list[str]:
    graph = result.graph
    if not result.models:
        return ["", "No model came of it."]
    before = graph.before()
    lines = ["", f"{count_text(len(result.models), 'model')} came of it:"]
    most = len(result.models) if everything else _MODELS
    for name in result.models[:most]:
        node = graph.nodes[name]
        made = [graph.nodes[edge.start] for edge in before[name] if edge.role == "output"]
        by = f"  {plain(made[0].label)} {plain(run_text(made[0].facts))}" if made else ""
        lines.append(f"  {plain(node.label)}  {artifact_text(node.facts)}{by}")
    if len(result.models) > most:
        lines.append(f"  … and {len(result.models) - most:,} more; see all with -v")
    return lines
