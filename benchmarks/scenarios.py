"""What is measured: the tools take turns, and what each timed command left behind is checked."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.projects import Project, WrongResultError, chains, sleepers
from benchmarks.samples import Samples, say
from benchmarks.tools import Dvc, Make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from benchmarks.measure import Machine, Measurement
    from benchmarks.tools import Tool

DVC_FRESH_LIMIT = 100
"""DVC runs more stages than this afresh only when asked for, and once: its time grows with their square."""

SLEEPERS, SLEEPER_JOBS = 8, 4


@dataclass
class Bench:
    """Where the scenarios run, with which tools, how often; it gathers the samples."""

    machine: Machine
    folder: Path
    tools: Sequence[Tool]
    rounds: int
    full: bool
    samples: Samples = field(default_factory=Samples)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def stages(self, size: int) -> None:
        """Measure chains of ten: a fresh run, the same again, status, and a run after one input changed."""
        projects = self._fresh("stages", size, chains)
        for tool in self.tools:
            if tool.name not in projects:
                projects[tool.name] = self._new(tool, lambda folder: chains(folder, size))
                say(f"preparing {size} stages for {tool.name}")
                tool.take_over(self.machine, projects[tool.name])
            projects[tool.name].check_outputs()
            self._commit(projects[tool.name], "Results")
        for _, tool in self._turns(self.rounds):
            project = projects[tool.name]
            before = project.mark()
            self._timed("stages", size, "again", tool, tool.run(None), project.folder)
            project.check_written_since(before, set())
        for _, tool in self._turns(self.rounds):
            project = projects[tool.name]
            before = project.mark()
            found = self._timed("stages", size, "status", tool, tool.status(), project.folder)
            tool.check_idle(self.machine, project, found.output)
            project.check_written_since(before, set())
        for number, tool in self._turns(self.rounds):
            project = projects[tool.name]
            before = project.mark()
            project.change_first_input(number)
            self._timed("stages", size, "one input changed", tool, tool.run(None), project.folder)
            project.check_outputs()
            project.check_written_since(before, {project.steps[0].origin})
        self._remove(projects.values())

    def parallel(self) -> None:
        """Measure eight stages that sleep for a second, four at once where the tool can."""
        projects = self._fresh("parallel", SLEEPERS, sleepers, SLEEPER_JOBS)
        self._remove(projects.values())

    def start(self) -> None:
        """Measure ``--help``, and status in an empty project."""
        tools = [tool for tool in self.tools if not isinstance(tool, Make)]
        projects = {tool.name: self._new(tool, lambda folder: Project(folder, (), {})) for tool in tools}
        for _, tool in self._turns(self.rounds, tools):
            found = self._timed("start", 0, "--help", tool, tool.help(), projects[tool.name].folder)
            if "usage" not in found.output.lower():
                raise WrongResultError(f"{tool.name} --help printed no help")
        for _, tool in self._turns(self.rounds, tools):
            self._timed("start", 0, "status, empty project", tool, tool.status(), projects[tool.name].folder)
        self._remove(projects.values())

    def warm_up(self) -> None:
        """Do everything once on a tiny project and forget it: no tool pays for compiling its byte code."""
        kept, rounds = self.samples, self.rounds
        self.samples, self.rounds = Samples(), 1
        self.start()
        self.stages(2)
        self.samples, self.rounds = kept, rounds

    def _fresh(
        self, scenario: str, size: int, make: Callable[[Path, int], Project], jobs: int | None = None
    ) -> dict[str, Project]:
        """Measure runs in new projects; return the last project of each tool that took part."""
        last: dict[str, Project] = {}
        for number, tool in self._turns(self.rounds):
            if isinstance(tool, Dvc) and size > DVC_FRESH_LIMIT and not (self.full and number == 0):
                continue
            project = self._new(tool, lambda folder: make(folder, size))
            self._timed(scenario, size, "fresh run", tool, tool.run(jobs), project.folder)
            project.check_outputs()
            if tool.name in last:
                self._remove([last[tool.name]])
            last[tool.name] = project
        return last

    def _turns(self, rounds: int, tools: Sequence[Tool] | None = None) -> list[tuple[int, Tool]]:
        """Return ours, theirs, ours, theirs …: whatever else the machine does meets all of them."""
        return list(itertools.product(range(rounds), self.tools if tools is None else tools))

    def _new(self, tool: Tool, make: Callable[[Path], Project]) -> Project:
        folder = self.folder / f"{next(self._numbers):04}-{tool.name}"
        folder.mkdir(parents=True)
        project = make(folder)
        self.machine.run(["git", "init", "-q"], folder)
        project.write_inputs()
        tool.write(self.machine, project)
        self._commit(project, "Pipeline")
        return project

    def _commit(self, project: Project, message: str) -> None:
        self.machine.run(["git", "add", "-A"], project.folder)
        self.machine.run(["git", "commit", "-q", "--allow-empty", "-m", message], project.folder)

    def _remove(self, projects: Iterable[Project]) -> None:
        for project in projects:
            shutil.rmtree(project.folder)

    def _timed(
        self, scenario: str, size: int, operation: str, tool: Tool, command: list[str], folder: Path
    ) -> Measurement:
        return self.samples.timed(self.machine, (scenario, size, operation, tool.name), command, folder)[1]
