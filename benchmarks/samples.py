"""What was measured, gathered while it is measured; each value goes to standard error at once."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.measure import Machine, Measurement


@dataclass(frozen=True)
class Sample:
    """All measurements of one tool doing one thing; `requests` where they were counted."""

    scenario: str
    size: int
    operation: str
    tool: str
    command: str
    seconds: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)


@dataclass
class Samples:
    """The samples so far, one for each tool doing one thing."""

    taken: list[Sample] = field(default_factory=list)

    def timed(
        self,
        machine: Machine,
        what: tuple[str, int, str, str],
        command: Sequence[str],
        folder: Path,
    ) -> tuple[Sample, Measurement]:
        """Run `command` in `folder` and keep what it took, under scenario, size, operation and tool."""
        scenario, size, operation, tool = what
        found = machine.run(command, folder)
        say(f"{scenario}{f' {size}' if size else ''}, {operation}: {tool} {found.seconds:.3f} s")
        sample = self._of(what, " ".join([command[0].rsplit("/", 1)[-1], *command[1:]]))
        sample.seconds.append(found.seconds)
        sample.peaks.append(found.peak)
        return sample, found

    def took(self, what: tuple[str, int, str, str], seconds: float) -> int:
        """Return how often that took at least so many seconds."""
        values = [
            one.seconds for one in self.taken if (one.scenario, one.size, one.operation, one.tool) == what
        ]
        return sum(value >= seconds for value in (values[0] if values else []))

    def _of(self, what: tuple[str, int, str, str], typed: str) -> Sample:
        for sample in self.taken:
            if (sample.scenario, sample.size, sample.operation, sample.tool) == what:
                return sample
        self.taken.append(Sample(*what, typed))
        return self.taken[-1]


def say(text: str) -> None:
    """Write a line of progress."""
    print(text, file=sys.stderr, flush=True)
