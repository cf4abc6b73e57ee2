"""The plan: which stages are fresh, cached, stale or waiting, and every reason.

One decision a stage, made from the definition, what lies in the workspace, the stage's record and known results. `status`,
`run --dry-run` and `run` all ask here; `run` asks again for each stage when its inputs exist, which gives early cutoff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.formats.problems import Problem
from mlops_cli.pipeline.decision import Decision, Inputs, Plan, Reason
from mlops_cli.pipeline.differences import differences
from mlops_cli.pipeline.inputs import ResolvedInputs
from mlops_cli.pipeline.key import stage_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mlops_cli.pipeline.definition import Pipeline, Stage
    from mlops_cli.pipeline.facts import Facts
    from mlops_cli.pipeline.graph import Graph, Source
    from mlops_cli.pipeline.record import StageRecord
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest


def make_plan(
    pipeline: Pipeline,
    graph: Graph,
    facts: Facts,
    names: Iterable[str] | None = None,
    forced: Collection[str] = (),
) -> Plan:
    """Return the plan for stages.

    Parameters
    ----------
    names : iterable of str, optional
        The stages to plan; all by default. What other stages make is taken as it lies in the workspace.
    forced : collection of str
        Stages to run whatever is known of them.
    """
    decisions: dict[str, Decision] = {}
    for name in graph.order(names):
        stage = pipeline.stages[name]
        decisions[name] = decide(stage, graph.sources[name], decisions, facts, forced=name in forced)
    return Plan(decisions, tuple(problem for d in decisions.values() for problem in d.problems))


def decide(
    stage: Stage,
    sources: Mapping[str, tuple[Source, ...]],
    upstream: Mapping[str, Decision],
    facts: Facts,
    *,
    forced: bool = False,
) -> Decision:
    """Return the decision for one stage.

    Parameters
    ----------
    sources : mapping
        Input (as written) to the outputs of other stages that it needs.
    upstream : mapping
        Decisions for the stages planned so far.
    """
    record = facts.record(stage.name)
    if stage.frozen:
        return _decide_frozen(stage, record, facts)
    found = ResolvedInputs(stage, sources, upstream, facts)
    inputs = found.inputs
    if found.blockers:
        waits = [Reason("upstream", name) for name in found.blockers]
        known = differences(record, stage, inputs, found.unknown) if record else [Reason("new")]
        reasons = (*waits, *_whatever_is_known(stage, forced=forced), *known)
        return Decision(stage.name, "waiting", reasons, inputs, problems=tuple(found.problems))
    if found.problems:
        reason = differences(record, stage, inputs, set()) if record else [Reason("new")]
        return Decision(stage.name, "stale", tuple(reason), inputs, problems=tuple(found.problems))
    digests = {path: artifact.digest for path, artifact in inputs.deps.items()}
    key = stage_key(stage, digests, inputs.env, inputs.runtime)
    reasons = tuple(_reasons(stage, record, key, inputs, facts, forced=forced))
    if not reasons and record is not None:
        return Decision(stage.name, "fresh", (), inputs, key, record.outs)
    outs = None if forced or stage.always else _known_outputs(stage, record, key, facts)
    return Decision(stage.name, "stale" if outs is None else "cached", reasons, inputs, key, outs)


def _decide_frozen(stage: Stage, record: StageRecord | None, facts: Facts) -> Decision:
    nothing = Inputs({}, {}, {})
    frozen = (Reason("frozen"),)
    present = {out.path: facts.artifact(out.path) for out in stage.outs}
    gone = [path for path, artifact in present.items() if artifact is None]
    if not gone:
        outs = {path: artifact for path, artifact in present.items() if artifact is not None}
        return Decision(stage.name, "fresh", frozen, nothing, record.key if record else None, outs)
    reasons = (*frozen, *(Reason("output-missing", path) for path in gone))
    if (
        record is not None
        and all(path in record.outs for path in present)
        and facts.restorable(record.outs.values())
    ):
        inputs = Inputs(record.deps, record.env, record.runtime)
        return Decision(stage.name, "cached", reasons, inputs, record.key, record.outs)
    message = f"{stage.name} is frozen, but its output {gone[0]} is missing and not in the store"
    known = record is not None and gone[0] in record.outs
    bring = f"bring it with: mlops pull {gone[0]}" if known else "bring the file back"
    problem = Problem(*stage.place, message, f"{bring}, or remove frozen")
    return Decision(stage.name, "stale", reasons, nothing, problems=(problem,))


def _known_outputs(
    stage: Stage, record: StageRecord | None, key: Digest, facts: Facts
) -> Mapping[str, Artifact] | None:
    wanted = {out.path for out in stage.outs}
    outs = facts.result(key)
    if outs is not None and outs.keys() == wanted:
        return outs
    # A record is a result, too: it came with a clone, its content perhaps from elsewhere.
    if record is not None and record.key == key and not record.tainted and record.outs.keys() == wanted:
        return record.outs if facts.restorable(list(record.outs.values())) else None
    return None


def _whatever_is_known(stage: Stage, *, forced: bool) -> list[Reason]:
    """Return the reasons to run that no comparison takes away."""
    return [Reason("forced")] * forced + [Reason("always")] * stage.always


def _says_the_same(record: StageRecord, stage: Stage, inputs: Inputs) -> bool:
    """Whether a record that has a stage's key also says what the stage is; quick, and False where only secrets were taken out."""
    return (
        record.program == stage.program
        and record.wdir == stage.wdir
        and record.params == stage.params
        and record.env == inputs.env
        and record.runtime == inputs.runtime
        and record.deps.keys() == inputs.deps.keys()
        and all(record.deps[path].digest == artifact.digest for path, artifact in inputs.deps.items())
    )


def _reasons(
    stage: Stage, record: StageRecord | None, key: Digest, inputs: Inputs, facts: Facts, *, forced: bool
) -> list[Reason]:
    reasons = _whatever_is_known(stage, forced=forced)
    if record is None:
        return [*reasons, Reason("new")]
    if record.tainted:
        reasons.append(Reason("tainted"))
    if record.key != key:
        return [
            *reasons,
            *(differences(record, stage, inputs, set()) or [Reason("key-changed", "", record.key, key)]),
        ]
    if not _says_the_same(
        record, stage, inputs
    ):  # somebody edited it: it does not say what its key stands for
        reasons += differences(record, stage, inputs, set())
    for out in stage.outs:
        before, now = record.outs.get(out.path), facts.artifact(out.path)
        if now is None:
            reasons.append(Reason("output-missing", out.path, before.digest if before else None))
        elif before is None or not before.same(now):
            reasons.append(Reason("output-changed", out.path, before.digest if before else None, now.digest))
    return reasons
