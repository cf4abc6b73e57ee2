"""What `train` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.history.directions import value_of
from mlops_cli.render.lists import list_text
from mlops_cli.render.wire import run_wire

if TYPE_CHECKING:
    from mlops_cli.actions.train import TrainResult


def train_text(result: TrainResult, *, width: int | None = None) -> str:
    """Return the metrics of the stage that made the artifact; empty where there are none."""
    rows = []
    for name, metric in result.metrics.items():
        value = value_of(metric)
        bounds = ""
        if isinstance(metric, dict) and metric.keys() >= {"low", "high"}:
            bounds = f"{metric['low']:.4g} to {metric['high']:.4g}"
        rows.append((name, "" if value is None else f"{value:.4g}", bounds))
    return list_text(("metric", "value", "interval"), rows, "table", width=width) if rows else ""


def train_summary(result: TrainResult) -> str:
    """Return what the artifact is now."""
    if result.artifact is None:
        return ""
    outcome = next(outcome for outcome in result.run.outcomes if outcome.stage == result.stage)
    how = {"ran": "trained now", "cached": "restored", "fresh": "up to date"}.get(
        outcome.status, outcome.status
    )
    return f"{result.model.name}: {result.model.artifact} is {result.artifact.digest[:15]}, made by {result.stage} ({how}).\n"


def train_wire(result: TrainResult) -> dict[str, Any]:
    """Return the shape that `--json` prints."""
    return {
        "schema": 1,
        "model": result.model.name,
        "artifact": result.model.artifact,
        "digest": None if result.artifact is None else result.artifact.digest,
        "size": None if result.artifact is None else result.artifact.size,
        "stage": result.stage,
        "metrics": dict(result.metrics),
        "run": run_wire(result.run),
    }
