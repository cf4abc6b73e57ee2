"""The shapes that `--json` prints: a promise to programs, described in docs/reference/json.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.formats.problems import DefinitionError
from mlops_cli.pipeline.record import shown_program

if TYPE_CHECKING:
    from mlops_cli.actions.graph import GraphResult
    from mlops_cli.actions.init import InitResult
    from mlops_cli.actions.run import RunResult
    from mlops_cli.actions.stages import StagesResult
    from mlops_cli.actions.status import StatusResult
    from mlops_cli.errors import MlopsError
    from mlops_cli.execution.outcome import Outcome
    from mlops_cli.pipeline.decision import Decision, Reason
    from mlops_cli.pipeline.definition import Output, Stage

SCHEMA = 1


def status_wire(result: StatusResult) -> dict[str, Any]:
    """Return the shape of `status --json`."""
    return {
        "schema": SCHEMA,
        "stages": [
            _decision(decision)
            | ({"failed": result.failed[decision.stage]._asdict()} if decision.stage in result.failed else {})
            for decision in result.stages
        ],
        "data": [
            {"path": data.path, "state": data.state} | ({"source": data.source} if data.source else {})
            for data in result.data
        ],
        "seen_by_git": [each._asdict() for each in result.seen],
    }


def run_wire(result: RunResult) -> dict[str, Any]:
    """Return the shape of `run --json`; of a dry run, that of `status --json` with `"dry": true`."""
    if not result.outcomes and result.plan.decisions:
        decisions = [_decision(decision) for decision in result.plan.decisions.values()]
        absent = list(result.absent)
        return {"schema": SCHEMA, "run": None, "dry": True, "stages": decisions, "absent": absent}
    return {
        "schema": SCHEMA,
        "run": result.run,
        "stages": [_outcome(outcome) for outcome in result.outcomes],
        "seconds": round(result.seconds, 3),
        "written": list(result.written),
        "commit": result.commit,
        **({"refused": result.refused.message} if result.refused else {}),
    }


def stages_wire(result: StagesResult) -> dict[str, Any]:
    """Return the shape of `stages --json`."""
    return {"schema": SCHEMA, "stages": [_stage(stage) for stage in result.stages]}


def graph_wire(result: GraphResult) -> dict[str, Any]:
    """Return the shape of `graph --json`."""
    return {
        "schema": SCHEMA,
        "nodes": [{"name": node.name, "count": node.count, "desc": node.desc} for node in result.nodes],
        "edges": [{"from": start, "to": end} for start, end in result.edges],
    }


def init_wire(result: InitResult) -> dict[str, Any]:
    """Return the shape of `init --json`."""
    return {"schema": SCHEMA, "root": str(result.project.root), "written": list(result.written)}


def error_wire(error: MlopsError) -> dict[str, Any]:
    """Return the shape of an error under `--json`."""
    value: dict[str, Any] = {
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint,
        "exit_code": error.exit_code,
    }
    if isinstance(error, DefinitionError):
        value["problems"] = [
            {"file": p.file, "line": p.line, "column": p.column, "message": p.message, "hint": p.hint}
            for p in error.problems
        ]
    return {"schema": SCHEMA, "error": value}


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "name": decision.stage,
        "state": decision.state,
        "key": decision.key,
        "reasons": [_reason(reason) for reason in decision.reasons],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    value: dict[str, Any] = {"kind": reason.kind}
    if reason.about_path:
        value["path"] = reason.subject
    elif reason.subject:
        value["name"] = reason.subject
    if reason.file:
        value["file"] = reason.file
    if reason.old is not None or reason.new is not None:
        value["old"], value["new"] = reason.old, reason.new
    return value


def _outcome(outcome: Outcome) -> dict[str, Any]:
    # Programs know five answers; a tainted stage did run, and says so beside.
    value: dict[str, Any] = {
        "name": outcome.stage,
        "status": "ran" if outcome.status == "tainted" else outcome.status,
        "seconds": round(outcome.seconds, 3),
    }
    if outcome.status == "tainted":
        value["tainted"] = True
    if outcome.message:
        value["message"] = outcome.message
    if outcome.exit_code is not None:
        value["exit_code"] = outcome.exit_code
    if outcome.log:
        value["log"] = outcome.log
    if outcome.tail:
        value["tail"] = outcome.tail
    if outcome.headline:
        value["headline"] = outcome.headline
    if outcome.metrics:
        value["metrics"] = dict(outcome.metrics)
    return value


def _stage(stage: Stage) -> dict[str, Any]:
    value: dict[str, Any] = {
        "name": stage.name,
        "desc": stage.desc,
        "program": shown_program(stage),
        "wdir": stage.wdir,
        "deps": [dep.path for dep in stage.deps],
        "params": {file: list(values) for file, values in stage.params.items()},
        "env": list(stage.env),
        "outs": [_output(out) for out in stage.outs],
        "file": stage.place.file,
        "line": stage.place.line,
    }
    return value


def _output(out: Output) -> dict[str, Any]:
    return {"path": out.path, "kind": out.kind, "cache": out.cache, "persist": out.persist}
