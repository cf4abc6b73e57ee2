"""An imagined world for the planner: files, records and results in dictionaries, and stages that are carried out at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlops_cli.pipeline.definition import Dependency, Output, Pipeline, Place, Stage
from mlops_cli.pipeline.graph import build_graph
from mlops_cli.pipeline.plan import decide, make_plan
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.globs import glob_expression

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mlops_cli.pipeline.decision import Decision, Plan
    from mlops_cli.pipeline.record import StageRecord
    from mlops_cli.store.digest import Digest

PLACE = Place("mlops.yaml", 7, 5)


def file(text: str) -> Artifact:
    """Return the artifact of a file with this text."""
    return Artifact(digest_bytes(text.encode()), len(text))


def folder(text: str) -> Artifact:
    """Return the artifact of some directory; other text, other directory."""
    return Artifact(digest_bytes(b"tree " + text.encode()), len(text), tree=True)


def stage(name: str, *, deps: Iterable[str] = (), outs: Iterable[str | Output] = (), **fields: Any) -> Stage:
    """Return a stage; its command says its name."""
    fields.setdefault("commands", (f"make {name}",))
    return Stage(
        name,
        PLACE,
        deps=tuple(Dependency(path, PLACE) for path in deps),
        outs=tuple(out if isinstance(out, Output) else Output(out, place=PLACE) for out in outs),
        **fields,
    )


def pipeline_of(*stages: Stage) -> Pipeline:
    """Return a pipeline of these stages."""
    return Pipeline({s.name: s for s in stages})


class FakeFacts:
    """What the planner asks, in dictionaries.

    Parameters
    ----------
    files : mapping
        Path to artifact of what lies in the workspace.
    """

    def __init__(self, files: Mapping[str, Artifact] | None = None) -> None:
        self.files = dict(files or {})
        self.records: dict[str, StageRecord] = {}
        self.results: dict[Digest, Mapping[str, Artifact]] = {}
        self.stored: set[Digest] = set()
        self.contents: dict[Digest, dict[str, Artifact]] = {}
        self.variables: dict[str, str] = {}

    def artifact(self, path: str) -> Artifact | None:
        """Return what lies at a path."""
        return self.files.get(path)

    def matches(self, pattern: str) -> Iterable[str]:
        """Return the paths that a pattern matches."""
        return [path for path in sorted(self.files) if glob_expression(pattern).fullmatch(path)]

    def record(self, stage: str) -> StageRecord | None:
        """Return a stage's record."""
        return self.records.get(stage)

    def result(self, key: Digest) -> Mapping[str, Artifact] | None:
        """Return what a key led to, while its content is stored."""
        outs = self.results.get(key)
        return outs if outs is not None and self.restorable(outs.values()) else None

    def restorable(self, artifacts: Collection[Artifact]) -> bool:
        """Whether these are stored."""
        return all(artifact.digest in self.stored for artifact in artifacts)

    def inside(self, artifact: Artifact, path: str) -> Artifact | None:
        """Return what lies inside a directory."""
        return self.contents.get(artifact.digest, {}).get(path)

    def variable(self, name: str) -> str | None:
        """Return a variable."""
        return self.variables.get(name)


class World(FakeFacts):
    """Facts that stages can change: `run` does at once what a run does, and tells what became of each stage.

    Parameters
    ----------
    makes : mapping
        Stage to the text that it writes into each of its outputs; by default one that follows from its key.
    """

    def __init__(self, *stages: Stage, files: Mapping[str, Artifact] | None = None) -> None:
        super().__init__(files)
        self.makes: dict[str, str] = {}
        self.define(*stages)

    def define(self, *stages: Stage) -> None:
        """Take another pipeline."""
        self.pipeline = pipeline_of(*stages)
        self.graph = build_graph(self.pipeline)

    def change(self, name: str, **fields: Any) -> None:
        """Edit the definition of one stage."""
        stages = dict(self.pipeline.stages)
        stages[name] = replace(stages[name], **fields)
        self.define(*stages.values())

    def plan(self, names: Iterable[str] | None = None, forced: Collection[str] = ()) -> Plan:
        """Return the plan."""
        return make_plan(self.pipeline, self.graph, self, names, forced)

    def states(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """Return the state of each stage."""
        return {name: decision.state for name, decision in self.plan(names).decisions.items()}

    def reasons(self, name: str) -> list[tuple[Any, ...]]:
        """Return the reasons of one stage: kind, subject, old, new."""
        return [(r.kind, r.subject, r.old, r.new) for r in self.plan().decisions[name].reasons]

    def run(self, names: Iterable[str] | None = None, forced: Collection[str] = ()) -> dict[str, str]:
        """Bring stages up to date; return `fresh`, `cached` or `ran` for each."""
        done: dict[str, str] = {}
        decisions: dict[str, Decision] = {}
        for name in self.graph.order(names):
            this = self.pipeline.stages[name]
            decision = decide(this, self.graph.sources[name], decisions, self, forced=name in forced)
            assert decision.state != "waiting"
            assert not decision.problems
            if decision.state == "stale":
                assert decision.key is not None
                made = {out.path: file(self.makes.get(name, f"{name} {decision.key}")) for out in this.outs}
                self.stored.update(artifact.digest for artifact in made.values())
                self.results[decision.key] = made
            else:
                made = dict(decision.outs or {})
            if decision.state != "fresh":
                self.files.update(made)
                self.records[name] = decision.record(this, made)
            done[name] = "ran" if decision.state == "stale" else decision.state
            decisions[name] = replace(decision, state="fresh", outs=made)
        return done
