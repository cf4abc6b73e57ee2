"""The pipelines that are measured, in no tool's words, and what must be on disk when they have run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CHAIN = 10


class WrongResultError(Exception):
    """A command said that it succeeded, but the files say otherwise."""


@dataclass(frozen=True)
class Step:
    """One stage: a command that makes `target` out of `source`; its chain begins with the input `origin`."""

    name: str
    command: str
    source: str
    target: str
    origin: str


@dataclass(frozen=True)
class Mark:
    """When each target was written, to tell later which of them were written again."""

    written: Mapping[str, int]


@dataclass
class Project:
    """A folder with inputs, steps, and the contents that every file must have."""

    folder: Path
    steps: Sequence[Step]
    contents: dict[str, str]

    def write_inputs(self) -> None:
        """Write the files that no step makes."""
        for name, content in self.contents.items():
            (self.folder / name).write_text(content, encoding="utf-8")

    def write_outputs(self) -> None:
        """Write what the steps would have made, without running them."""
        for step in self.steps:
            (self.folder / step.target).write_text(self.contents[step.origin], encoding="utf-8")

    def change_first_input(self, number: int) -> None:
        """Give the first chain a content that it never had before."""
        name = self.steps[0].origin
        self.contents[name] = f"{name} for the {number}th time\n"
        (self.folder / name).write_text(self.contents[name], encoding="utf-8")

    def mark(self) -> Mark:
        """Note when each target was written."""
        return Mark({step.target: (self.folder / step.target).stat().st_mtime_ns for step in self.steps})

    def check_outputs(self) -> None:
        """Raise unless each target holds what its chain began with."""
        for step in self.steps:
            path = self.folder / step.target
            if not path.is_file():
                raise WrongResultError(f"{path} is missing")
            if path.read_text(encoding="utf-8") != self.contents[step.origin]:
                raise WrongResultError(f"{path} holds something else than {step.origin}")

    def check_written_since(self, before: Mark, origins: set[str]) -> None:
        """Raise unless exactly the targets that come from `origins` were written since `before`."""
        after = self.mark()
        for step in self.steps:
            again = after.written[step.target] != before.written[step.target]
            if again != (step.origin in origins):
                raise WrongResultError(
                    f"{step.target} was {'written again' if again else 'not written again'}"
                )


def chains(folder: Path, count: int) -> Project:
    """Return `count` steps of ``cat source > target``, in chains of ten that do not touch each other."""
    steps = []
    for number in range(count):
        chain, place = divmod(number, CHAIN)
        origin = f"in-{chain:03}.txt"
        source = origin if place == 0 else f"out-{chain:03}-{place - 1}.txt"
        target = f"out-{chain:03}-{place}.txt"
        steps.append(Step(f"c{chain:03}-{place}", f"cat {source} > {target}", source, target, origin))
    return Project(folder, steps, {step.origin: f"{step.origin} at first\n" for step in steps})


def sleepers(folder: Path, count: int) -> Project:
    """Return `count` steps that do not depend on each other and take a second each."""
    steps = [
        Step(
            f"s{n}", f"sleep 1 && cat in-{n}.txt > out-{n}.txt", f"in-{n}.txt", f"out-{n}.txt", f"in-{n}.txt"
        )
        for n in range(count)
    ]
    return Project(folder, steps, {step.origin: f"{step.origin} at first\n" for step in steps})
