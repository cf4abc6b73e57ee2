"""The graph of lineage: artifacts, executions, parameters, code, and edges in the direction in which data flows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.history.known import Production
    from mlops_cli.store.artifact import Artifact

NodeKind = Literal["artifact", "run", "data", "code", "params", "model", "commit"]
Role = Literal["input", "output", "code", "params", "commit", "parent"]
Direction = Literal["up", "down"]


class Node(NamedTuple):
    """Something in the graph.

    Parameters
    ----------
    id : str
        The same for the same thing in every graph.
    kind : str
        `run` is one execution of a stage; `model`, `data` and `code` are artifacts of which more is known.
    label : str
        What people call it: a path, a stage, the short id of a commit.
    facts : mapping
        Everything else that is known of it, as JSON.
    """

    id: str
    kind: NodeKind
    label: str
    facts: Mapping[str, Any]


class Edge(NamedTuple):
    """From what was there before to what came of it.

    Parameters
    ----------
    role : str
        What `start` was to `end`; `parent` for a model that another one was made from.
    note : str
        More about it: how a model built on its parent, or the path under which an artifact was made when it lies elsewhere now.
    """

    start: str
    end: str
    role: Role
    note: str = ""


class Named(NamedTuple):
    """An artifact at a path."""

    path: str
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class Lineage:
    """A graph without loops, and what it was asked about.

    Parameters
    ----------
    starts : tuple of str
        Ids of the nodes that were asked about.
    direction : str
        `up`: what made them; `down`: what came of them.
    nodes : dict
        By id, in the order in which they were found.
    productions : dict
        Of each `run` node the record behind it.
    artifacts : dict
        Of each artifact node where it lies and its digest.
    cut : frozenset of str
        Nodes behind which there is more than the depth that was asked for.
    """

    starts: tuple[str, ...]
    direction: Direction = "up"
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    productions: dict[str, Production] = field(default_factory=dict)
    artifacts: dict[str, Named] = field(default_factory=dict)
    cut: frozenset[str] = frozenset()

    def before(self) -> dict[str, list[Edge]]:
        """Return of each node the edges that lead to it."""
        found: dict[str, list[Edge]] = {name: [] for name in self.nodes}
        for edge in self.edges:
            found[edge.end].append(edge)
        return found

    def after(self) -> dict[str, list[Edge]]:
        """Return of each node the edges that start at it."""
        found: dict[str, list[Edge]] = {name: [] for name in self.nodes}
        for edge in self.edges:
            found[edge.start].append(edge)
        return found


def artifact_id(path: str, digest: str) -> str:
    """Return the id of an artifact: its path is part of it, for an empty file at two places is no relation between them."""
    return f"artifact:{path}@{digest}"


def production_id(production: Production) -> str:
    """Return the id of an execution: run and stage; without a run the record that tells of it."""
    if production.run is not None:
        return f"run:{production.run}/{production.stage}"
    # Outputs, too: one key can have led to different bytes, on two clones or when it was forced.
    sides = [sorted((p, a.digest) for p, a in side.items()) for side in (production.deps, production.outs)]
    told = digest_bytes(compact([production.key, sides]))[3:19]
    return f"run:{production.system}/{production.stage}@{told}"
