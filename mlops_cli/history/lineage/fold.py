"""A graph of lineage made small enough to be drawn: what is alike is put together, and what was done is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.history.lineage.graph import Edge, Lineage, NodeKind


class Shown(NamedTuple):
    """A node as it is drawn.

    Parameters
    ----------
    stands_for : int
        How many nodes it stands for.
    start : bool
        Whether it is what was asked about.
    cut : bool
        Whether there is more behind it.
    """

    id: str
    kind: NodeKind
    label: str
    facts: Mapping[str, Any]
    stands_for: int = 1
    start: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What is drawn of a graph.

    Parameters
    ----------
    said : tuple of str
        What was folded or left out, as sentences without a full stop.
    """

    nodes: tuple[Shown, ...]
    edges: tuple[Edge, ...]
    said: tuple[str, ...] = ()

    def fits(self, nodes: int, edges: int) -> bool:
        """Whether it is as small as that."""
        return len(self.nodes) <= nodes and len(self.edges) <= edges


def whole(lineage: Lineage) -> View:
    """Return a graph as it is."""
    starts = set(lineage.starts)
    return View(
        tuple(
            Shown(n.id, n.kind, n.label, n.facts, 1, n.id in starts, n.id in lineage.cut)
            for n in lineage.nodes.values()
        ),
        lineage.edges,
    )


def fold(lineage: Lineage, nodes: int = 200, edges: int = 100_000, *, commits: bool = True) -> View:
    """Return a graph of at most so many nodes and edges.

    Parameters and commits go into the executions that they belong to; then executions of one stage (or of one matrix) that stand
    at the same place are put together, and artifacts between the same executions; then what is farthest away is left out.

    Parameters
    ----------
    commits : bool
        Whether commits are nodes of their own; else they are facts of their executions, without a word about it.
    """
    view = whole(lineage) if commits else replace(_without_leaves(whole(lineage), ("commit",)), said=())
    for step in (_without_leaves, _grouped):
        if view.fits(nodes, edges):
            return view
        view = step(view)
    return view if view.fits(nodes, edges) else _nearest(view, nodes, edges)


def _without_leaves(view: View, kinds: tuple[str, ...] = ("params", "commit")) -> View:
    """Return it with parameters and commits as facts of their executions."""
    gone = {node.id: node for node in view.nodes if node.kind in kinds and not node.start}
    told: dict[str, dict[str, Any]] = {}
    for edge in view.edges:
        node = gone.get(edge.start)
        if node is None:
            continue
        facts = told.setdefault(edge.end, {})
        if node.kind == "commit":
            facts["subject"] = node.facts.get("subject")
        else:
            facts["params"] = {**facts.get("params", {}), str(node.facts["file"]): node.facts["values"]}
    kept = tuple(
        node._replace(facts={**node.facts, **told[node.id]}) if node.id in told else node
        for node in view.nodes
        if node.id not in gone
    )
    left = tuple(edge for edge in view.edges if edge.start not in gone and edge.end not in gone)
    said = ("parameters and commits are shown with their executions",) if gone else ()
    return replace(view, nodes=kept, edges=left, said=(*view.said, *said))


def _grouped(view: View) -> View:
    """Return it with alike nodes put together; only nodes at the same distance from the beginning, so no loop comes of it."""
    layer = layers([node.id for node in view.nodes], view.edges)
    group: dict[str, tuple[object, ...]] = {}
    for node in view.nodes:
        stage = node.label.partition("@")[0]
        group[node.id] = (
            (layer[node.id], "run", stage) if node.kind == "run" and not node.start else ("alone", node.id)
        )
    around: dict[str, tuple[set[object], set[object]]] = {node.id: (set(), set()) for node in view.nodes}
    for edge in view.edges:
        around[edge.end][0].add(group[edge.start])
        around[edge.start][1].add(group[edge.end])
    for node in view.nodes:
        if node.kind not in ("run", "params", "commit") and not node.start:
            before, after = around[node.id]
            group[node.id] = (layer[node.id], node.kind, frozenset(before), frozenset(after))
    return _merged(view, group)


def _merged(view: View, group: Mapping[str, tuple[object, ...]]) -> View:
    members: dict[tuple[object, ...], list[Shown]] = {}
    for node in view.nodes:
        members.setdefault(group[node.id], []).append(node)
    nodes: list[Shown] = []
    name: dict[str, str] = {}
    for rows in members.values():
        first = rows[0]
        name.update({row.id: first.id for row in rows})
        if len(rows) == 1:
            nodes.append(first)
            continue
        labels = list(dict.fromkeys(row.label for row in rows))
        facts = {"stands_for": len(rows), "labels": labels[:50]}
        cut = any(row.cut for row in rows)
        nodes.append(
            Shown(first.id, first.kind, _common(labels), facts, sum(r.stands_for for r in rows), cut=cut)
        )
    edges: dict[tuple[str, str, str], Edge] = {}
    for edge in view.edges:
        moved = edge._replace(start=name[edge.start], end=name[edge.end])
        edges.setdefault((moved.start, moved.end, moved.role), moved)
    folded = len(view.nodes) - len(nodes)
    said = f"{folded:,} nodes were put together with others like them" if folded else ""
    return View(tuple(nodes), tuple(edges.values()), (*view.said, said) if said else view.said)


def _common(labels: Sequence[str]) -> str:
    """Return one label for several.

    Examples
    --------
    >>> _common(["train@a-1", "train@a-2"]), _common(["models/a.joblib", "models/b.joblib"]), _common(["a", "b"])
    ('train@a-*', 'models/*.joblib', '*')
    """
    if len(labels) == 1:
        return labels[0]
    short = min(len(label) for label in labels)
    lead = next((n for n in range(short) if len({label[n] for label in labels}) > 1), short)
    tail = next(
        (n for n in range(short - lead) if len({label[-1 - n] for label in labels}) > 1), short - lead
    )
    return f"{labels[0][:lead]}*{labels[0][len(labels[0]) - tail :]}"


def _nearest(view: View, nodes: int, edges: int) -> View:
    """Return what is nearest to what was asked about."""
    beside: dict[str, list[str]] = {node.id: [] for node in view.nodes}
    for edge in view.edges:
        beside[edge.start].append(edge.end)
        beside[edge.end].append(edge.start)
    order = [node.id for node in view.nodes if node.start] or [node.id for node in view.nodes[:1]]
    seen = set(order)
    for name in order:  # grows while it is walked
        for other in beside[name]:
            if other not in seen:
                seen.add(other)
                order.append(other)
    most = min(nodes, len(order))
    while True:
        kept = set(order[:most])
        left = tuple(edge for edge in view.edges if edge.start in kept and edge.end in kept)
        if len(left) <= edges or most <= 1:
            break
        most = most * 9 // 10
    edge_of = {n for e in view.edges if (e.start in kept) != (e.end in kept) for n in (e.start, e.end)}
    rows = tuple(node._replace(cut=node.cut or node.id in edge_of) for node in view.nodes if node.id in kept)
    said = f"{len(view.nodes) - len(rows):,} nodes farther away were left out"
    return View(rows, left, (*view.said, said))


def layers(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Return of each node how many edges the longest way to it has; the graph has no loops."""
    after: dict[str, list[str]] = {name: [] for name in nodes}
    waiting = dict.fromkeys(nodes, 0)
    for edge in edges:
        after[edge.start].append(edge.end)
        waiting[edge.end] += 1
    found = dict.fromkeys(nodes, 0)
    ready = [name for name, count in waiting.items() if not count]
    for name in ready:  # grows while it is walked
        for other in after[name]:
            found[other] = max(found[other], found[name] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return found
