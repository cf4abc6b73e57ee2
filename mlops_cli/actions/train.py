"""`train`: run the pipeline up to a model's artifact."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_cli.tracking.in_place import RunOptions, run
from mlops_cli.tracking.named_models import find_model, training

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.execution.events import Event
    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.definition import Model
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.tracking.in_place import RunResult

_PLAIN = RunOptions()


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What came of a training.

    Parameters
    ----------
    stage : str
        The stage that makes the artifact.
    artifact : Artifact or None
        What it is now; None where the run did not get there.
    metrics : mapping
        What the stage reported.
    """

    model: Model
    stage: str
    run: RunResult
    artifact: Artifact | None
    metrics: Mapping[str, Any] = field(default_factory=dict)


def train(
    opened: Opened,
    name: str,
    options: RunOptions = _PLAIN,
    listen: Callable[[Event], None] = lambda _: None,
) -> TrainResult:
    """Run the pipeline up to a model's artifact.

    Parameters
    ----------
    name : str
        A name under `models:`.

    Raises
    ------
    UsageError
        When there is no such model, or no stage makes it.
    DefinitionError
        When files are wrong; nothing has run then.
    """
    model = find_model(opened, name)
    stage = training(opened, model)
    result = run(opened, [stage.name], options, listen)
    done = {outcome.stage: outcome for outcome in result.outcomes}
    artifact = None
    metrics: dict[str, Any] = {}
    if stage.name in done and done[stage.name].good:
        outcome = done[stage.name]
        artifact = opened.facts.artifact(model.artifact)
        metrics = dict(outcome.metrics) or _kept(opened, stage.name, outcome.outs)
    return TrainResult(model, stage.name, result, artifact, metrics)


def _kept(opened: Opened, stage: str, outs: Mapping[str, Artifact]) -> dict[str, Any]:
    """Return the metrics of a stage that was fresh, out of its files."""
    from mlops_cli.execution.metrics import read_stage_metrics

    return read_stage_metrics(opened.pipeline.stages[stage], outs, str(opened.project.root))
