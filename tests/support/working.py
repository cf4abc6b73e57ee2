"""Runs below the command line: real pipelines in real repositories, carried out in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_cli.actions.run import RunOptions, RunResult, run
from mlops_cli.actions.status import status
from mlops_cli.execution.events import Event, Notice
from mlops_cli.opened import open_folder
from mlops_cli.settings import read_environment
from tests.support.command import variables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlops_cli.execution.outcome import Outcome
    from mlops_cli.pipeline.decision import Decision


@dataclass
class Done:
    """A run and what it told."""

    result: RunResult
    events: list[Event] = field(default_factory=list)

    @property
    def statuses(self) -> dict[str, str]:
        """What became of each stage."""
        return {outcome.stage: outcome.status for outcome in self.result.outcomes}

    def outcome(self, stage: str) -> Outcome:
        """What became of one stage."""
        return next(outcome for outcome in self.result.outcomes if outcome.stage == stage)

    @property
    def notices(self) -> list[str]:
        """What the user was told beside."""
        return [event.text for event in self.events if isinstance(event, Notice)]


def carry_out(folder: Path, *targets: str, env: Mapping[str, str] | None = None, **options: Any) -> Done:
    """Run a project's stages."""
    events: list[Event] = []
    with open_folder(folder, read_environment(variables(env))) as opened:
        return Done(run(opened, targets, RunOptions(**options), events.append), events)


def decisions(folder: Path, *targets: str) -> dict[str, Decision]:
    """Return what `status` says of each stage."""
    with open_folder(folder, read_environment(variables())) as opened:
        return {decision.stage: decision for decision in status(opened, targets).stages}


def states(folder: Path) -> dict[str, str]:
    """Return the state of each stage."""
    return {name: decision.state for name, decision in decisions(folder).items()}
