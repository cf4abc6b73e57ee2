"""The inheritance of a model: from which earlier models it was made, and what each generation changed in the metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.history.lineage.measured import Change, Measured, change_of, metrics_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.history.lineage.graph import Edge, Lineage, Node
    from mlops_cli.history.lineage.sources import Known


@dataclass(frozen=True, slots=True)
class Generation:
    """One model in an inheritance.

    Parameters
    ----------
    number : int
        0 for a model that was made from no other.
    node : Node
        The model.
    run : Node or None
        What made it.
    parent : str or None
        The node of the model it was made from; the first where there are several.
    relation : str
        How: `warm_start`, `built_on`, or what the run's record says.
    others : tuple of str
        Further parents.
    changes : mapping
        By metric, against the parent.
    """

    number: int
    node: Node
    run: Node | None = None
    parent: str | None = None
    relation: str = ""
    others: tuple[str, ...] = ()
    metrics: Mapping[str, Measured] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)


def inheritance(known: Known, lineage: Lineage) -> tuple[Generation, ...]:
    """Return the models that what was asked about descends from, and itself; the oldest first.

    Parameters
    ----------
    lineage : Lineage
        What made it.
    """
    before = lineage.before()
    order: list[str] = []
    parents: dict[str, list[Edge]] = {}
    level = [name for name in lineage.starts if name in lineage.artifacts]
    while level:
        deeper = []
        for name in level:
            if name in parents:
                continue
            parents[name] = _parents(before, name)
            order.append(name)
            deeper += [edge.start for edge in parents[name]]
        level = deeper
    number = _numbers(order, parents)
    metrics = {name: _metrics(known, lineage, before, name) for name in order}
    rows = [_generation(lineage, before, name, number, parents, metrics) for name in order]
    return tuple(sorted(rows, key=lambda row: row.number))


def _parents(before: Mapping[str, list[Edge]], name: str) -> list[Edge]:
    """Return the edges to the parents of a model: those of its execution; warm starts first."""
    runs = [edge.start for edge in before[name] if edge.role == "output"]
    found = [edge for run in runs for edge in before[run] if edge.role == "parent"]
    return sorted(found, key=lambda edge: edge.note != "warm_start")


def _numbers(order: list[str], parents: Mapping[str, list[Edge]]) -> dict[str, int]:
    number: dict[str, int] = {}
    stack = list(reversed(order))
    while stack:
        name = stack[-1]
        waiting = [edge.start for edge in parents.get(name, ()) if edge.start not in number]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        number[name] = max((number[edge.start] + 1 for edge in parents.get(name, ())), default=0)
    return number


def _generation(
    lineage: Lineage,
    before: Mapping[str, list[Edge]],
    name: str,
    number: Mapping[str, int],
    parents: Mapping[str, list[Edge]],
    metrics: Mapping[str, Mapping[str, Measured]],
) -> Generation:
    runs = [edge.start for edge in before[name] if edge.role == "output"]
    own = parents[name]
    changes: dict[str, Change] = {}
    if own:
        base = metrics[own[0].start]
        for metric, new in metrics[name].items():
            old = base.get(metric)
            if old is not None:
                changes[metric] = change_of(old, new)
    return Generation(
        number[name],
        lineage.nodes[name],
        lineage.nodes[runs[0]] if runs else None,
        own[0].start if own else None,
        own[0].note if own else "",
        tuple(edge.start for edge in own[1:]),
        metrics[name],
        changes,
    )


def _metrics(
    known: Known, lineage: Lineage, before: Mapping[str, list[Edge]], name: str
) -> dict[str, Measured]:
    made = [lineage.productions[e.start] for e in before[name] if e.start in lineage.productions]
    return metrics_of(known, lineage.artifacts.get(name), made) if name in lineage.artifacts else {}
