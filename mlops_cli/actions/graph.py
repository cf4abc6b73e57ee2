"""`graph`: which stage needs which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.pipeline.select import find_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.opened import Opened


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A stage, or all members of a matrix drawn as one; `count` is how many stages it stands for."""

    name: str
    count: int
    desc: str


@dataclass(frozen=True, slots=True)
class GraphResult:
    """Nodes, each after those that it needs, and edges in the direction in which data flows."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[str, str], ...]


def graph(opened: Opened, targets: Sequence[str] = (), *, full: bool = False) -> GraphResult:
    """Return the graph of stages, upstream ones included.

    Parameters
    ----------
    targets : sequence of str
        Draw these and what they need; none means all.
    full : bool
        Draw every member of a matrix on its own.

    Raises
    ------
    DefinitionError
        When files are wrong.
    UsageError
        When a target names nothing.
    """
    pipeline, edges_of = opened.pipeline, opened.graph
    wanted = edges_of.closure(find_stages(pipeline, targets, opened.folder)) if targets else None
    order = edges_of.order(wanted)
    label = {name: name if full else pipeline.stages[name].group for name in order}
    counts: dict[str, int] = {}
    for name in order:
        counts[label[name]] = counts.get(label[name], 0) + 1
    nodes = tuple(
        GraphNode(name, count, next(pipeline.stages[n].desc for n in order if label[n] == name))
        for name, count in counts.items()
    )
    edges = dict.fromkeys(
        (label[up], label[name])
        for name in order
        for up in edges_of.upstream[name]
        if up in label and label[up] != label[name]
    )
    return GraphResult(nodes, tuple(edges))
