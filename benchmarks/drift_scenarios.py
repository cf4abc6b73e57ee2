"""Drift of two tables: the whole command with reading, beside Evidently and NannyML in environments of their own."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.drift_tables import MOVED
from benchmarks.projects import WrongResultError
from benchmarks.samples import Samples, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.measure import Machine

FORMS = ("parquet", "csv")
_ROOT = Path(__file__).resolve().parent.parent
_PEER = Path(__file__).with_name("peer_drift.py")


@dataclass
class DriftBench:
    """Where the scenario runs, with which programs, how often; it gathers the samples.

    Parameters
    ----------
    program : str
        Ours.
    peers : mapping of str to str
        Name of a tool to the Python that has it.
    """

    machine: Machine
    folder: Path
    program: str
    peers: Mapping[str, str]
    rounds: int
    samples: Samples = field(default_factory=Samples)

    def drift(self, rows: int) -> None:
        """Measure tables of so many rows and 50 columns; peers once, for they take long."""
        place = self.folder / f"drift-{rows}"
        place.mkdir()
        say(f"writing two tables of {rows:,} rows")
        # In a process of its own: what this one once held would count as the peak of all that it starts.
        writing = [sys.executable, "-m", "benchmarks.drift_tables", str(place), str(rows)]
        self.machine.run(writing, _ROOT)
        self.machine.run(
            [self.program, "drift", "reference.csv", "reference.csv", "--json"], place
        )  # warm-up
        for number in range(self.rounds):
            for form in FORMS:
                first, second = f"reference.{form}", f"current.{form}"
                self._ours(rows, form, [first, second], place)
                for tool, python in self.peers.items():
                    if number == 0:
                        self._peer(rows, form, tool, [python, str(_PEER), tool.lower(), first, second], place)
        profiles = [[f"{name}.json", f"{name}.csv"] for name in ("reference", "current")]
        for profile, table in profiles:
            baseline = [] if profile.startswith("reference") else ["--against", "reference.json"]
            self.machine.run(
                [self.program, "profile", "make", table, "--out", profile, "-q", *baseline], place
            )
        for _ in range(self.rounds):
            self._ours(rows, "profiles", [profile for profile, _ in profiles], place)

    def _ours(self, rows: int, form: str, sides: list[str], place: Path) -> None:
        # Ends with 1, for the tables drifted: to the measurement that is an answer, not a failure.
        shell = f'"$0" drift {" ".join(sides)} --json; test $? -le 1'
        what = "drift", rows, f"drift, {form}", "mlops"
        found = self.samples.timed(self.machine, what, ["/bin/sh", "-c", shell, self.program], place)[1]
        columns = json.loads(found.output)["columns"]
        drifted = {each["name"] for each in columns if each["verdict"] in ("warn", "fail")}
        if not set(MOVED) <= drifted or len(columns) != 50:
            raise WrongResultError(f"mlops drift found {sorted(drifted)} of {MOVED}")

    def _peer(self, rows: int, form: str, tool: str, command: list[str], place: Path) -> None:
        what = "drift", rows, f"drift, {form}", tool
        found = self.samples.timed(self.machine, what, command, place)[1]
        say(f"  {tool} says that these drifted: {' '.join(found.output.split())}")
