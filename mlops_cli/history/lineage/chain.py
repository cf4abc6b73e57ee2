"""The inheritance of a model: from which earlier models it was made, and what each generation changed in the metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.history.lineage.kinds import is_code, is_model
from mlops_cli.history.lineage.sources import distinct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.history.lineage.graph import Edge, Lineage, Named, Node
    from mlops_cli.history.lineage.sources import Known


class Measured(NamedTuple):
    """A metric of a model.

    Parameters
    ----------
    value : float
        The number; of an estimate with an interval its value.
    stage : str
        Which stage reported it.
    on : frozenset of str
        Digests of the data that it was measured on: two values compare only where these are the same.
    """

    value: float
    stage: str
    on: frozenset[str]


class Change(NamedTuple):
    """What became of a metric from the parent to the child; `fair` where both were measured on the same data."""

    old: float
    new: float
    fair: bool

    @property
    def by(self) -> float:
        """The difference."""
        return self.new - self.old


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
                changes[metric] = Change(old.value, new.value, old.on == new.on)
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


def metrics_of(known: Known, named: Named | None, made: Any = ()) -> dict[str, Measured]:
    """Return what the stage that made a model reported, and what stages reported that read it and made no other model of it.

    The latest report of a metric counts.
    """
    if named is None:
        return {}
    digest = named.artifact.digest
    readers = [
        p for p in distinct(known.used(digest)) if p.metrics and not any(is_model(path) for path in p.outs)
    ]
    found: dict[str, Measured] = {}
    for production in [*made, *sorted(readers, key=lambda p: p.started or "")]:
        on = frozenset(
            artifact.digest
            for path, artifact in production.deps.items()
            if artifact.digest != digest and not is_code(path) and not is_model(path)
        )
        for metric, value in production.metrics.items():
            number = number_of(value)
            if number is not None:
                found[metric] = Measured(number, production.stage, on)
    return found


def number_of(value: Any) -> float | None:
    """Return a metric's number: itself, or the `value` of an estimate; None where it is none.

    Examples
    --------
    >>> number_of(0.5), number_of({"value": 0.5, "n": 3}), number_of(True), number_of("high")
    (0.5, 0.5, None, None)
    """
    if isinstance(value, dict):
        value = value.get("value")
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
