"""`stages`: what the pipeline consists of, as its files say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.pipeline.select import find_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.definition import Stage


@dataclass(frozen=True, slots=True)
class StagesResult:
    """The stages asked for, in an order in which they can run."""

    stages: tuple[Stage, ...]


def stages(opened: Opened, targets: Sequence[str] = ()) -> StagesResult:
    """Return the stages of the pipeline; the workspace is not looked at.

    Raises
    ------
    DefinitionError
        When files are wrong.
    UsageError
        When a target names nothing.
    """
    shown = find_stages(opened.pipeline, targets, opened.folder) if targets else None
    return StagesResult(tuple(opened.pipeline.stages[name] for name in opened.graph.order(shown)))
