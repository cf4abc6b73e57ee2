"""Questions to a long history: from nothing beside the walk of Git's that they stand on, and when the index is there."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.histories import Version, write_history
from benchmarks.projects import WrongResultError
from benchmarks.samples import Samples, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.measure import Machine

WALK = ("git", "log", "--all", "--full-history", "-c", "--raw", "--no-renames", "--no-abbrev", "-z")
BELOW = ("--", ".mlops", "dvc.lock", ".dvc/config")
"""Without patterns: what the index asks for in a repository that never knew DVC."""


@dataclass
class HistoryBench:
    """Where the scenario runs, with which program, how often; it gathers the samples."""

    machine: Machine
    folder: Path
    program: str
    rounds: int
    samples: Samples = field(default_factory=Samples)

    def history(self, commits: int) -> None:
        """Measure a history of so many commits, each with the record of a run."""
        repository = self.folder / f"history-{commits}"
        repository.mkdir()
        say(f"writing a history of {commits:,} commits")
        write_history(repository, commits, self.machine.environment)
        last = Version(commits - 1)
        depth = last.params["train"]["depth"]
        asked: dict[str, tuple[str, ...]] = {
            "runs": ("runs",),
            "runs, filtered": ("runs", "--where", f"params.train.depth = {depth} and metrics.accuracy > 0.5"),
            "tried": ("tried", "-S", f"train.depth={depth}"),
            "lineage of one model": ("lineage", "models/best.bin"),
        }
        self._timed(commits, "warm-up", repository, "lineage", "models/best.bin", kept=False)
        for _ in range(self.rounds):
            what = "history", commits, "git log of the records", "git"
            self.samples.timed(self.machine, what, [*WALK, *BELOW], repository)
            shutil.rmtree(repository / ".git/mlops")
            found = self._timed(
                commits, "lineage, index from nothing", repository, "lineage", "models/best.bin"
            )
            _check(found, last.run)
            for operation, arguments in asked.items():
                _check(self._timed(commits, operation, repository, *arguments), last.run)
        answer = self.machine.run([self.program, "tried", "-S", f"train.depth={depth}", "--json"], repository)
        tried = {run["id"] for run in json.loads(answer.output)["runs"]}
        if tried != {Version(n).run for n in range(commits) if Version(n).params["train"]["depth"] == depth}:
            raise WrongResultError("mlops tried does not find the runs that there are")

    def _timed(
        self, commits: int, operation: str, repository: Path, *arguments: str, kept: bool = True
    ) -> str:
        command: Sequence[str] = [self.program, *arguments]
        if not kept:
            return self.machine.run(command, repository).output
        what = "history", commits, operation, "mlops"
        return self.samples.timed(self.machine, what, command, repository)[1].output


def _check(output: str, run: str) -> None:
    if run not in output:
        raise WrongResultError(f"the answer does not name the run {run}:\n{output[:2000]}")
