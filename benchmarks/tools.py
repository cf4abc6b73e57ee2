"""The tools that are compared, behind one small interface: how each is told of a project, what is typed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from benchmarks.projects import WrongResultError

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measure import Machine
    from benchmarks.projects import Project

Command = list[str]


class Tool(Protocol):
    """One tool that runs pipelines."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    def version(self, machine: Machine, folder: Path) -> str:
        """Return the version that is measured."""

    def write(self, machine: Machine, project: Project) -> None:
        """Write the definition of `project` into its folder, a Git repository without commits."""

    def take_over(self, machine: Machine, project: Project) -> None:
        """Take the outputs that lie there for results of their steps, without running them."""

    def run(self, jobs: int | None) -> Command:
        """Return the command that brings everything up to date; None: as many at once as the tool chooses."""

    def status(self) -> Command:
        """Return the command that says what is not up to date."""

    def help(self) -> Command:
        """Return the command that prints its help."""

    def check_idle(self, machine: Machine, project: Project, output: str) -> None:
        """Raise unless `output`, of the status command, means that everything is up to date."""


@dataclass(frozen=True)
class Mlops:
    """The command of this repository."""

    program: str
    name: str = "mlops"

    def version(self, machine: Machine, folder: Path) -> str:
        """Return the version that is measured."""
        return machine.run([self.program, "--version"], folder).output.split()[-1]

    def write(self, machine: Machine, project: Project) -> None:
        """Write ``mlops.yaml``; a project without steps is what ``mlops init`` makes."""
        if not project.steps:
            machine.run([self.program, "init"], project.folder)
            return
        _write(project.folder / "mlops.yaml", _stages_in_yaml(project))

    def take_over(self, machine: Machine, project: Project) -> None:
        """Run it: that is quick enough to need no short cut."""
        machine.run(self.run(None), project.folder)

    def run(self, jobs: int | None) -> Command:
        """Return ``mlops run``."""
        return [self.program, "run", *(["-j", str(jobs)] if jobs else [])]

    def status(self) -> Command:
        """Return ``mlops status``."""
        return [self.program, "status"]

    def help(self) -> Command:
        """Return ``mlops --help``."""
        return [self.program, "--help"]

    def check_idle(self, machine: Machine, project: Project, output: str) -> None:
        """Ask again in JSON: every stage is there, and fresh."""
        del output
        answer = json.loads(machine.run([self.program, "status", "--json"], project.folder).output)
        states = [stage["state"] for stage in answer["stages"]]
        if states != ["fresh"] * len(project.steps):
            raise WrongResultError(
                f"mlops status knows {len(states)} stages in the states {sorted(set(states))}"
            )


@dataclass(frozen=True)
class Dvc:
    """DVC, with its defaults."""

    program: str
    name: str = "DVC"

    def version(self, machine: Machine, folder: Path) -> str:
        """Return the version that is measured."""
        return machine.run([self.program, "--version"], folder).output.strip()

    def write(self, machine: Machine, project: Project) -> None:
        """Write ``dvc.yaml`` beside what ``dvc init`` makes."""
        machine.run([self.program, "init", "-q"], project.folder)
        if project.steps:
            _write(project.folder / "dvc.yaml", _stages_in_yaml(project))

    def take_over(self, machine: Machine, project: Project) -> None:
        """Write the outputs by hand and let ``dvc commit`` record them."""
        project.write_outputs()
        machine.run([self.program, "commit", "-q", "-f"], project.folder)

    def run(self, jobs: int | None) -> Command:
        """Return ``dvc repro``, which runs one stage after the other."""
        del jobs
        return [self.program, "repro"]

    def status(self) -> Command:
        """Return ``dvc status``."""
        return [self.program, "status"]

    def help(self) -> Command:
        """Return ``dvc --help``."""
        return [self.program, "--help"]

    def check_idle(self, machine: Machine, project: Project, output: str) -> None:
        """Look for the one sentence that it has for this."""
        del machine, project
        if "up to date" not in output:
            raise WrongResultError(f"dvc status says:\n{output}")


@dataclass(frozen=True)
class Make:
    """GNU make: compares times of files, remembers nothing, and so shows what the processes alone cost."""

    program: str = "make"
    name: str = "make"

    def version(self, machine: Machine, folder: Path) -> str:
        """Return the version that is measured."""
        return machine.run([self.program, "--version"], folder).output.splitlines()[0].split()[-1]

    def write(self, machine: Machine, project: Project) -> None:
        """Write a ``Makefile``."""
        del machine
        rules = "".join(f"{step.target}: {step.source}\n\t{step.command}\n" for step in project.steps)
        _write(
            project.folder / "Makefile", f"all: {' '.join(step.target for step in project.steps)}\n{rules}"
        )

    def take_over(self, machine: Machine, project: Project) -> None:
        """Run it."""
        machine.run(self.run(None), project.folder)

    def run(self, jobs: int | None) -> Command:
        """Return ``make -j``, with the cores of this machine when not told."""
        return [self.program, f"-j{jobs or os.cpu_count() or 1}"]

    def status(self) -> Command:
        """Return ``make -q``, which only looks."""
        return [self.program, "-q"]

    def help(self) -> Command:
        """Return ``make --help``."""
        return [self.program, "--help"]

    def check_idle(self, machine: Machine, project: Project, output: str) -> None:
        """Do nothing: ``make -q`` has failed if something is to do."""
        del machine, project, output


def _stages_in_yaml(project: Project) -> str:
    """Lay the stages out as people write them; mlops and DVC read the same words here."""
    lines = ["stages:"]
    for step in project.steps:
        lines += [f"  {step.name}:", f"    cmd: {step.command}"]
        lines += ["    deps:", f"      - {step.source}", "    outs:", f"      - {step.target}"]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
