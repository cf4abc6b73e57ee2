"""`status`: the state of every stage, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.pipeline.select import find_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.decision import Decision


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The states asked for, in an order in which the stages can run.

    Parameters
    ----------
    stages : tuple of Decision
        The stages asked for.
    needed : tuple of Decision
        What they need besides.
    """

    stages: tuple[Decision, ...]
    needed: tuple[Decision, ...] = ()

    @property
    def fresh(self) -> bool:
        """Whether there is nothing to do for them, nor for what they need."""
        return all(decision.state == "fresh" for decision in (*self.stages, *self.needed))


def status(opened: Opened, targets: Sequence[str] = ()) -> StatusResult:
    """Return the state of stages; nothing is written but what was learnt about files.

    Parameters
    ----------
    targets : sequence of str
        Stages to show, as `find_stages` takes them; none means all.

    Raises
    ------
    DefinitionError
        When files are wrong, or inputs are missing that nothing makes.
    UsageError
        When a target names nothing.
    """
    graph = opened.graph
    shown = (
        set(find_stages(opened.pipeline, targets, opened.folder)) if targets else set(opened.pipeline.stages)
    )
    plan = opened.plan(graph.order(graph.closure(shown)))
    decisions = plan.decisions.items()
    return StatusResult(
        tuple(decision for name, decision in decisions if name in shown),
        tuple(decision for name, decision in decisions if name not in shown),
    )
