"""What became of one stage in a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.pipeline.decision import Decision
    from mlops_cli.store.artifact import Artifact

Status = Literal["ran", "cached", "fresh", "failed", "skipped", "tainted"]

NEEDS = "it needs "  # how the message of a stage begins that is skipped for a failure upstream


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one stage.

    Parameters
    ----------
    status : str
        `ran`, `cached` (outputs restored), `fresh` (nothing to do), `failed`, `skipped` (something upstream failed, or the run
        was stopped) or `tainted` (an input changed while it ran, so its outputs are no result).
    seconds : float
        Of the program; of restoring.
    message : str
        Of a stage that failed, was skipped or tainted: why.
    log : str
        Absolute path of the log file; empty where no program ran.
    tail : str
        Of a stage that failed: the last lines of its log.
    metrics : mapping
        Name to number, or to an object with `value`, `n`, `low`, `high`.
    no_data : bool
        Of a stage that failed: it did not start, because tracked data that it needs could not be put in place.
    headline : str
        What a built-in step found, in some words: where a model is held against another, which is better.
    """

    stage: str
    status: Status
    decision: Decision | None = None
    seconds: float = 0.0
    message: str = ""
    exit_code: int | None = None
    peak_memory: int | None = None
    log: str = ""
    tail: str = ""
    outs: Mapping[str, Artifact] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    headline: str = ""
    no_data: bool = False

    @property
    def good(self) -> bool:
        """Whether stages downstream may go on."""
        return self.status in ("ran", "cached", "fresh")
