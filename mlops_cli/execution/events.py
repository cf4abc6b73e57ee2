"""What a run tells while it works: values for whoever listens; nothing here is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.execution.outcome import Outcome
    from mlops_cli.pipeline.decision import Reason


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins; `stages` are those that are not fresh as far as is known now."""

    stages: frozenset[str]


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A program starts; `restoring` means that known outputs are placed instead."""

    stage: str
    reasons: tuple[Reason, ...]
    restoring: bool = False


@dataclass(frozen=True, slots=True)
class StageFinished:
    """A stage is over, one way or another."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class StageWaits:
    """Another command has the stage; this one waits for it."""

    stage: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the user should know, and that stops nothing."""

    text: str


Event: TypeAlias = RunStarted | StageStarted | StageFinished | StageWaits | Notice
Listener: TypeAlias = "Callable[[Event], None]"
