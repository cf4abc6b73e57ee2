"""What `rerun` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_cli.actions.rerun import RerunResult
    from mlops_cli.history.repetition import MetricRepeat, StageRepeat
    from mlops_cli.history.runtime_change import RuntimeChange

_SCHEMA = 1
_SHOWN = 8

_HEADS = {
    "identical": "identical: every output has the same digest",
    "equivalent": "equivalent: outputs differ, and every metric is the same",
    "different": "different",
}
_STAGES = {
    "same": "same",
    "differs": "other outputs from the same inputs",
    "follows": "other outputs, because its inputs differ",
    "recipe": "its key differs: a variable, a runtime file or an input is not what it was",
    "failed": "failed",
    "skipped": "not reached",
    "unknown": "what it made then is recorded nowhere",
}


def rerun_text(result: RerunResult, *, everything: bool = False) -> str:
    """Return what came of repeating a run, the difference of the machines first.

    Parameters
    ----------
    everything : bool
        Every package, output and stage.
    """
    return "".join(f"{line}\n" for line in _lines(result, everything))


def _lines(result: RerunResult, everything: bool) -> Iterator[str]:
    repetition = result.repetition
    if repetition.runtime:
        yield "this machine is not the one of then:"
        yield from _limited([f"  {_runtime(change)}" for change in repetition.runtime], everything)
    for note in result.notes:
        yield f"note: {note}"
    yield f"{result.run} was repeated by {result.repeat}: {_head(result)}"
    if everything or repetition.verdict != "identical":
        for stage in repetition.stages:
            yield from _stage(stage, everything)
    if result.event:
        where = f" and in {result.written}" if result.written else ""
        yield f"kept in the journal{where}: mlops show {result.run}"
    elif repetition.verdict != "identical":
        yield f"see more with: mlops compare {result.run} {result.repeat}"


def _head(result: RerunResult) -> str:
    repetition = result.repetition
    if repetition.failed:
        return f"{repetition.failed[0]} failed, which had succeeded then"
    if repetition.verdict == "different":
        return f"different from stage {repetition.stage} on"
    if repetition.verdict == "equivalent":
        spread = any(metric.within == "spread" for stage in repetition.stages for metric in stage.metrics)
        close = any(metric.within == "tolerance" for stage in repetition.stages for metric in stage.metrics)
        how = (
            "within what repetitions gave before"
            if spread
            else "within the tolerance"
            if close
            else "the same"
        )
        return f"equivalent: outputs differ from stage {repetition.stage} on, and every metric is {how}"
    return _HEADS[repetition.verdict]


def _stage(stage: StageRepeat, everything: bool) -> Iterator[str]:
    if stage.verdict == "same" and not everything:
        return
    yield f"  {stage.name}: {_STAGES[stage.verdict]}"
    yield from _limited([f"    {_output(change)}" for change in stage.outs], everything)
    for metric in stage.metrics:
        if everything or metric.within != "equal":
            yield f"    {_metric(metric)}"


def _output(change: Any) -> str:
    if change.old is None or change.new is None:
        return f"{change.path} {'was not there' if change.old is None else 'is not there'}"
    return f"{change.path} {change.old.digest[:15]}… -> {change.new.digest[:15]}…"


def _metric(metric: MetricRepeat) -> str:
    values = f"{metric.name} {_number(metric.old)} -> {_number(metric.new)}"
    if metric.within == "spread":
        return f"{values}, within what repetitions gave before"
    if metric.within == "tolerance":
        return f"{values}, within the tolerance"
    return values


def _number(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.12g}"


def _runtime(change: RuntimeChange) -> str:
    name = f"{change.kind} {change.name}" if change.name else change.kind
    return f"{name} {change.old or 'none'} -> {change.new or 'none'}"


def _limited(lines: list[str], everything: bool) -> Iterator[str]:
    shown = lines if everything else lines[:_SHOWN]
    yield from shown
    if len(shown) < len(lines):
        yield f"  … and {len(lines) - len(shown)} more, with -v"


def rerun_wire(result: RerunResult) -> dict[str, Any]:
    """Return the shape of `rerun --json`."""
    repetition = result.repetition
    return {
        "schema": _SCHEMA,
        "run": result.run,
        "repeat": result.repeat,
        "verdict": repetition.verdict,
        "stage": repetition.stage,
        "failed": list(repetition.failed),
        "event": result.event,
        "written": result.written,
        "environment": [change._asdict() for change in repetition.runtime],
        "stages": [_stage_wire(stage) for stage in repetition.stages],
        "notes": list(result.notes),
        "seconds": round(result.seconds, 3),
    }


def _stage_wire(stage: StageRepeat) -> dict[str, Any]:
    return {
        "name": stage.name,
        "verdict": stage.verdict,
        "outs": [
            {
                "path": change.path,
                "old": change.old.record() if change.old else None,
                "new": change.new.record() if change.new else None,
            }
            for change in stage.outs
        ],
        "inputs": list(stage.inputs),
        "metrics": [metric._asdict() for metric in stage.metrics],
    }
