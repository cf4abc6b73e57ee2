"""Nodes and edges of a graph of lineage as it grows; it never gets a loop."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_cli.history.lineage.graph import (
    Direction,
    Edge,
    Lineage,
    Named,
    Node,
    artifact_id,
    production_id,
)
from mlops_cli.history.lineage.kinds import is_code, is_model
from mlops_cli.history.lineage.sources import flat
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.history.known import KnownData, KnownRun, Production, Source
    from mlops_cli.history.lineage.graph import NodeKind, Role
    from mlops_cli.history.lineage.sources import Known
    from mlops_cli.history.run_record import RunRecord


class Making:
    """A graph that grows.

    Parameters
    ----------
    whole : bool
        Look into the whole records of runs, which tell of environments and parents; too many of them take their time.
    """

    def __init__(self, known: Known, *, whole: bool = True) -> None:
        self.known = known
        self.whole = whole
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str, str], Edge] = {}
        self.before: dict[str, list[str]] = {}
        self.productions: dict[str, Production] = {}
        self.artifacts: dict[str, Named] = {}
        self.records: dict[str, RunRecord | None] = {}
        self.runs: dict[str, KnownRun | None] = {}

    def done(self, starts: Iterable[str], direction: Direction, cut: Iterable[str]) -> Lineage:
        """Return the graph as it is now."""
        return Lineage(
            tuple(dict.fromkeys(starts)),
            direction,
            self.nodes,
            tuple(self.edges.values()),
            self.productions,
            self.artifacts,
            frozenset(cut),
        )

    def connect(self, start: str, end: str, role: Role, note: str = "") -> None:
        """Add an edge, once."""
        if (start, end, role) not in self.edges:
            self.edges[start, end, role] = Edge(start, end, role, note)
            self.before.setdefault(end, []).append(start)

    def leads_to(self, start: str, ends: Iterable[str]) -> bool:
        """Whether one of some nodes is a node, or came of it."""
        stack, seen = list(ends), set[str]()
        while stack:
            name = stack.pop()
            if name == start:
                return True
            if name not in seen:
                seen.add(name)
                stack.extend(self.before.get(name, ()))
        return False

    def artifact(self, named: Named) -> str:
        """Add an artifact; what is known of where it is from comes later."""
        name = artifact_id(named.path, named.artifact.digest)
        if name not in self.nodes:
            kind: NodeKind = (
                "model" if is_model(named.path) else "code" if is_code(named.path) else "artifact"
            )
            facts: dict[str, Any] = {"path": named.path, **named.artifact.record()}
            self.nodes[name] = Node(name, kind, named.path, facts)
            self.artifacts[name] = named
        return name

    def learn_data(self, name: str, record: KnownData | None) -> None:
        """Say of an artifact without producer where it came from: it is code, or data."""
        node = self.nodes[name]
        facts = dict(node.facts)
        if record is not None:
            facts |= {"tracked": record.path, "files": record.files, "recorded": source_facts(record.source)}
            if record.origin:
                facts["origin"] = dict(record.origin)
        kind: NodeKind = node.kind if record is None and node.kind in ("code", "model") else "data"
        if record is not None and node.kind == "model":
            kind = "model"
        self.nodes[name] = node._replace(kind=kind, facts=facts)

    def learn_others(self, name: str, runs: list[str]) -> None:
        """Say of an artifact which runs made the same bytes as well."""
        if runs:
            node = self.nodes[name]
            self.nodes[name] = node._replace(facts={**node.facts, "also_made_by": runs})

    def run(self, production: Production) -> str:
        """Add an execution, with the commit it ran on and its parameters."""
        name = production_id(production)
        if name in self.nodes:
            return name
        known = self._known(production.run)
        record = self.record(production)
        self.nodes[name] = Node(name, "run", production.stage, run_facts(production, known, record))
        self.productions[name] = production
        commit = known.commit if known is not None else None
        if commit:
            where = f"commit:{commit}"
            self.nodes.setdefault(where, Node(where, "commit", commit[:7], {"commit": commit}))
            self.connect(where, name, "commit")
        for file in dict.fromkeys([*production.params, *production.filled]):
            used = {**production.filled.get(file, {}), **production.params.get(file, {})}
            if used:
                values = {name.partition(":")[2]: value for name, value in flat({"": used}).items()}
                text = json.dumps(values, sort_keys=True, default=str)
                where = f"params:{file}#{digest_bytes(text.encode(errors='backslashreplace'))[3:19]}"
                self.nodes.setdefault(where, Node(where, "params", file, {"file": file, "values": values}))
                self.connect(where, name, "params")
        return name

    def _known(self, run: str | None) -> KnownRun | None:
        if run is None:
            return None
        if run not in self.runs:
            self.runs[run] = self.known.run(run)
        return self.runs[run]

    def record(self, production: Production) -> RunRecord | None:
        """Return the whole record of an execution's run."""
        run = production.run
        if run is None or not self.whole:
            return None
        if run not in self.records:
            self.records[run] = self.known.full(run)
        return self.records[run]


def source_facts(source: Source) -> dict[str, Any]:
    """Return where a record was found, as JSON."""
    facts = {"kind": source.kind, "name": source.name, "author": source.author, "email": source.email}
    return {
        **{key: value for key, value in facts.items() if value},
        **({"time": source.time, "subject": source.subject} if source.time else {}),
    }


def run_facts(
    production: Production, known: KnownRun | None, record: RunRecord | None = None
) -> dict[str, Any]:
    """Return what is known of an execution, as JSON; what is not known is left out."""
    facts: dict[str, Any] = {
        "stage": production.stage,
        "status": production.status,
        "run": production.run,
        "key": production.key,
        "started": production.started,
        "program": production.program,
        "metrics": dict(production.metrics),
        "system": production.system,
        "record": production.file,
        "recorded": source_facts(production.source),
    }
    if known is not None:
        facts |= {
            "author": known.author,
            "email": known.email,
            "message": known.message,
            "commit": known.commit,
            "branch": known.branch,
            "dirty": known.dirty or None,
            "snapshot": known.snapshot,
        }
    if record is not None:
        stage = next((row for row in record.stages if row.name == production.stage), None)
        facts |= {"seconds": stage.seconds if stage else None, "environment": _environment(record)}
    return {name: value for name, value in facts.items() if value not in (None, "", {}, [])}


def _environment(record: RunRecord) -> dict[str, Any]:
    runtime = record.runtime
    return {
        "python": runtime.python,
        "packages": len(runtime.packages),
        "packages_digest": runtime.packages_digest,
        "platform": runtime.platform,
        "cpus": runtime.cpus,
        **({"gpus": list(runtime.gpus)} if runtime.gpus else {}),
        **({"threads": dict(runtime.threads)} if runtime.threads else {}),
    }
