"""A run held against its repetition: identical, equivalent or different, and from which stage on.

A stage that made other outputs from the same inputs is where repeating fails; the stages after it only follow. Metrics decide
whether that matters: within a tolerance, or within what repetitions of the same recipe gave before, they are equivalent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mlops_cli.formats.canonical import compact
from mlops_cli.history.directions import value_of
from mlops_cli.history.runtime_change import RuntimeChange, runtime_changes
from mlops_cli.store.digest import Digest, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlops_cli.history.known import Production
    from mlops_cli.history.run_record import RunRecord, StageRun
    from mlops_cli.store.artifact import Artifact

Verdict = Literal["identical", "equivalent", "different"]
StageVerdict = Literal["same", "differs", "follows", "recipe", "failed", "skipped", "unknown"]
Within = Literal["equal", "tolerance", "spread"]

TOLERANCE = 1e-9
GOOD = frozenset({"ran", "cached", "fresh", "tainted"})


class OutputChange(NamedTuple):
    """An output that came out differently; None where it is not there."""

    path: str
    old: Artifact | None
    new: Artifact | None


class MetricRepeat(NamedTuple):
    """A metric in a run and in its repetition.

    Parameters
    ----------
    within : str or None
        Why both count as the same: `equal`, `tolerance`, or `spread` (of recorded repetitions); None where they do not.
    """

    name: str
    old: float | None
    new: float | None
    within: Within | None


class StageRepeat(NamedTuple):
    """What became of one stage when it was repeated.

    Parameters
    ----------
    verdict : str
        `same`; `differs`: other outputs from the same inputs; `follows`: other outputs, and its inputs differed already;
        `recipe`: its key differs, though no stage before it made anything else; `failed`: it had succeeded;
        `skipped`: not reached; `unknown`: what it made then is recorded nowhere.
    outs : tuple of OutputChange
        Outputs that differ.
    inputs : tuple of str
        Paths of inputs that differ.
    """

    name: str
    verdict: StageVerdict
    outs: tuple[OutputChange, ...] = ()
    metrics: tuple[MetricRepeat, ...] = ()
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repetition:
    """A run held against its repetition.

    Parameters
    ----------
    stage : str or None
        The first stage, in the order of the pipeline, that came out differently.
    runtime : tuple of RuntimeChange
        How the machine differs from the one that the run was made on.
    """

    verdict: Verdict
    stage: str | None
    stages: tuple[StageRepeat, ...]
    runtime: tuple[RuntimeChange, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Stages that had succeeded, and failed when they were repeated."""
        return tuple(stage.name for stage in self.stages if stage.verdict == "failed")


def compare(
    before: RunRecord, after: RunRecord, *, tolerance: float = TOLERANCE, repeats: Sequence[RunRecord] = ()
) -> Repetition:
    """Hold a run against its repetition.

    Parameters
    ----------
    before : RunRecord
        The run; its fresh stages filled in by `completed`.
    after : RunRecord
        Of the repetition; it may be of some of the stages only.
    tolerance : float
        Relative: metrics differ less than this part of the larger one.
    repeats : sequence of RunRecord
        Other runs of the same recipe, for the spread of metrics.
    """
    now = {stage.name: stage for stage in after.stages}
    rows = []
    broken: set[str] = set()  # outputs that an earlier stage made differently
    for stage in before.stages:
        if stage.name in now:
            row = _stage(stage, now[stage.name], broken, tolerance, repeats)
            broken.update(change.path for change in row.outs)
            rows.append(row)
    return Repetition(
        _verdict(rows),
        next((row.name for row in rows if row.verdict not in ("same", "unknown")), None),
        tuple(rows),
        runtime_changes(before.runtime, after.runtime),
    )


def _verdict(rows: Sequence[StageRepeat]) -> Verdict:
    if all(row.verdict in ("same", "unknown") for row in rows):
        return "identical"
    metrics = [metric for row in rows for metric in row.metrics]
    whole = all(row.verdict not in ("failed", "skipped") for row in rows)
    if whole and metrics and all(metric.within for metric in metrics):
        return "equivalent"
    return "different"


def _stage(
    old: StageRun, new: StageRun, broken: set[str], tolerance: float, repeats: Sequence[RunRecord]
) -> StageRepeat:
    if old.status not in GOOD or new.status not in GOOD:
        return StageRepeat(old.name, _unfinished(old, new))
    if not old.outs and new.outs:
        return StageRepeat(old.name, "unknown")
    outs = tuple(
        OutputChange(path, old.outs.get(path), new.outs.get(path))
        for path in sorted({*old.outs, *new.outs})
        if not _same(old.outs.get(path), new.outs.get(path))
    )
    inputs = tuple(
        path
        for path in sorted({*old.deps, *new.deps})
        if old.deps and not _same(old.deps.get(path), new.deps.get(path))
    )
    metrics = tuple(
        _metric(old, new, name, tolerance, repeats) for name in sorted({*old.metrics, *new.metrics})
    )
    verdict: StageVerdict = "same"
    if outs:
        verdict = "differs"
        if old.key != new.key:
            verdict = "follows" if any(_touched(path, broken) for path in inputs) else "recipe"
    return StageRepeat(old.name, verdict, outs, metrics, inputs)


def _unfinished(old: StageRun, new: StageRun) -> StageVerdict:
    """Return the verdict on a stage that did not succeed both times: one that failed and fails again is repeated well."""
    if old.status not in GOOD:
        # What became of a stage that was stopped or killed is not known.
        if old.status in ("failed", "skipped"):
            return "same" if new.status == old.status else "differs"
        return "unknown"
    return "failed" if new.status == "failed" else "skipped"


def _touched(path: str, broken: Iterable[str]) -> bool:
    return any(path == out or path.startswith(f"{out}/") or out.startswith(f"{path}/") for out in broken)


def _same(old: Artifact | None, new: Artifact | None) -> bool:
    return old is not None and old.same(new)


def _metric(
    old: StageRun, new: StageRun, name: str, tolerance: float, repeats: Sequence[RunRecord]
) -> MetricRepeat:
    first, second = value_of(old.metrics.get(name)), value_of(new.metrics.get(name))
    if first is None or second is None:
        same = name in old.metrics and name in new.metrics and old.metrics[name] == new.metrics[name]
        return MetricRepeat(name, first, second, "equal" if same else None)
    if first == second:
        return MetricRepeat(name, first, second, "equal")
    if math.isclose(first, second, rel_tol=tolerance, abs_tol=0.0):
        return MetricRepeat(name, first, second, "tolerance")
    known = [first, *_recorded(repeats, old.name, name)]
    inside = len(known) > 1 and min(known) <= second <= max(known)
    return MetricRepeat(name, first, second, "spread" if inside else None)


def _recorded(repeats: Sequence[RunRecord], stage: str, name: str) -> list[float]:
    """Return what other runs got for a metric when they really ran the stage: a restored value tells nothing of the spread."""
    values = [
        value_of(row.metrics.get(name))
        for record in repeats
        for row in record.stages
        if row.name == stage and row.status == "ran"
    ]
    return [value for value in values if value is not None]


# What a record leaves out --------------------------------------------------------------------------------------------


def completed(record: RunRecord, by_key: Callable[[Digest], Sequence[Production]]) -> RunRecord:
    """Return a run's record with its fresh stages filled in, of which it keeps no more than the key.

    Parameters
    ----------
    by_key : callable
        Returns what ran with a key, earliest first.
    """
    return replace(record, stages=tuple(_filled(stage, record.started, by_key) for stage in record.stages))


def _filled(stage: StageRun, started: str, by_key: Callable[[Digest], Sequence[Production]]) -> StageRun:
    if stage.status != "fresh" or stage.outs or stage.key is None:
        return stage
    known = [each for each in by_key(stage.key) if each.outs and each.stage == stage.name]
    # The last one before the run is what lay in the workspace then.
    before = [each for each in known if each.started is not None and each.started <= started]
    found = before[-1:] or known[:1]
    if not found:
        return stage
    made = found[0]
    return replace(
        stage,
        program=made.program,
        params=made.params,
        deps=made.deps,
        outs=made.outs,
        metrics=stage.metrics or made.metrics,
    )


def outside_inputs(stages: Iterable[StageRun]) -> dict[str, Artifact]:
    """Return what stages read and none of them made, by its path."""
    rows = list(stages)
    made = {path for stage in rows for path in stage.outs}
    return {
        path: artifact
        for stage in rows
        for path, artifact in stage.deps.items()
        if not any(path == out or path.startswith(f"{out}/") for out in made)
    }


def recipe_of(record: RunRecord) -> Digest:
    """Return what runs of the same recipe share: programs, parameters, and inputs from outside of the run.

    Unlike keys it does not see what stages made of each other's outputs, so runs of a pipeline that is not deterministic have
    the same recipe, too.
    """
    outside = outside_inputs(record.stages)
    rows: list[dict[str, Any]] = [
        {
            "name": stage.name,
            "program": stage.program,
            "params": {file: dict(values) for file, values in stage.params.items()},
            "deps": {path: a.digest if path in outside else None for path, a in stage.deps.items()},
        }
        for stage in sorted(record.stages, key=lambda row: row.name)
    ]
    return digest_bytes(compact(rows))


def summary(repetition: Repetition, repeat: str | None) -> Mapping[str, Any]:
    """Return what an event keeps of a repetition: plain values."""
    return {
        "repeat": repeat,
        "runtime": [list(change) for change in repetition.runtime[:50]],
        "outputs": [change.path for row in repetition.stages for change in row.outs][:100],
        "metrics": {
            f"{row.name}:{metric.name}": [metric.old, metric.new]
            for row in repetition.stages
            for metric in row.metrics
            if metric.within != "equal"
        },
    }
