"""One round with one data set: each operation of each tool in turn, and what each command left is checked."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.data_sets import check_same, fingerprint
from benchmarks.data_tools import (
    ADD,
    CHECKOUT,
    GC,
    PULL,
    PULL_ONE,
    PUSH,
    STATUS,
    Copier,
    DataTool,
    GitData,
    Place,
)
from benchmarks.projects import WrongResultError
from benchmarks.samples import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.data_sets import DataSet
    from benchmarks.measure import Machine, Measurement
    from benchmarks.s3 import S3Server
    from benchmarks.samples import Samples

LONG, ENOUGH = 20.0, 3
"""What took this many seconds this many times is not measured again, where nothing that follows needs it."""


@dataclass
class Round:
    """One turn of every operation, each tool in its own place; `server` where the remote is one."""

    machine: Machine
    samples: Samples
    scenario: str
    data: DataSet
    places: Mapping[DataTool, Place]
    number: int
    server: S3Server | None = None
    expected: dict[str, str] = field(default_factory=dict)

    @property
    def _sample(self) -> str:
        return self.data.sample.removeprefix(self.data.item).removeprefix("/")

    def begin(self) -> None:
        """Write the data into a new repository for each tool."""
        for tool, place in self.places.items():
            say(f"preparing {self.data.title} for {tool.name}")
            place.work.mkdir(parents=True)
            if self.server is None:
                (place.root / "remote").mkdir()
            self.machine.run(["git", "init", "-q"], place.work)
            tool.begin(self.machine, place)
            self.data.write(place.work)
            if not self.expected:
                self.expected = fingerprint(place.work / self.data.item)

    def workspace(self) -> None:
        """Measure what happens between workspace and store."""
        self._each("add", ADD, save=True)
        self._each("add again", ADD, skip=_blind)
        self._each("status", STATUS, self._expect_state(changed=False))
        self._change(self.number)
        self._each("status, one file changed", STATUS, self._expect_state(changed=True))
        self._each("add, one file changed", ADD, save=True, skip=_blind)
        for tool, place in self.places.items():
            if _blind(tool):
                self.machine.run(_of(tool, ADD, place), place.work)
            (place.work / self.data.item).rename(place.root / "aside")
        self._each("checkout", CHECKOUT, lambda _, place, __: self._check(place.work), spare=True)
        for place in self.places.values():
            aside, item = place.root / "aside", place.work / self.data.item
            if not item.exists():
                aside.rename(item)

    def store(self) -> None:
        """Add the data without measuring it."""
        for tool, place in self.places.items():
            self.machine.run(_of(tool, ADD, place), place.work)
            self._save(tool, place)

    def remote(self) -> None:
        """Measure push into an empty remote, the same again, pull into a new clone, and one file into another."""
        self._each("push", PUSH)
        self._each("push again", PUSH, skip=_blind)
        self._clone()
        self._each(
            "pull", PULL, lambda _, place, __: self._check(place.root / "clone"), folder="clone", spare=True
        )
        if self.data.files > 1:
            self._clone()
            self._each("pull one file", PULL_ONE, self._check_one, folder="clone")

    def collect(self) -> None:
        """Measure the removal of one stored file that no commit knows."""
        kept = dict(self.expected)
        self._change(self.number + 1000)
        self.expected = kept
        sizes = {}
        for tool, place in self.places.items():
            if tool.stored(place):
                self.machine.run(_of(tool, ADD, place), place.work)
                self.machine.run(["git", "checkout", "-q", "--", "."], place.work)
                sizes[tool.name] = _size(tool.stored(place))
        self._each("gc", GC)
        for tool, place in self.places.items():
            after = _size(tool.stored(place))
            if tool.name in sizes and after > sizes[tool.name] - self.data.size:
                raise WrongResultError(f"{tool.name} gc left {after:,} bytes of {sizes[tool.name]:,}")

    def share(self) -> None:
        """Measure checkout in a clone that uses the store of the first; it follows ``gc``, which lost nothing then."""
        self._clone()
        for tool, place in self.places.items():
            tool.share(self.machine, place, place.root / "clone")
        self._each(
            "checkout, second clone, shared store",
            CHECKOUT,
            lambda _, place, __: self._check(place.root / "clone"),
            folder="clone",
            skip=_keeps_nothing,
            spare=True,
        )

    def end(self) -> None:
        """Remove everything."""
        for place in self.places.values():
            shutil.rmtree(place.root)

    def _each(
        self,
        title: str,
        operation: str,
        check: Callable[[DataTool, Place, Measurement], None] | None = None,
        *,
        folder: str = "work",
        save: bool = False,
        spare: bool = False,
        skip: Callable[[DataTool], bool] | None = None,
    ) -> None:
        """Let each tool do `operation` once, in turn; save its records, and check what it left."""
        for tool, place in self.places.items():
            command = tool.command(operation, place)
            if command is None or (skip and skip(tool)):
                continue
            what = (self.scenario, 0, title, tool.name)
            if spare and self.samples.took(what, LONG) >= ENOUGH:
                continue
            os.sync()  # so that no tool pays for what the one before it left to be written
            before = self.server.requests if self.server else 0
            sample, found = self.samples.timed(self.machine, what, command, place.root / folder)
            if operation in (PUSH, PULL, PULL_ONE):
                told = self.server.requests - before if self.server else tool.requests(found.output)
                sample.requests.extend([] if told is None else [told])
            if check:
                check(tool, place, found)
            if save:
                self._save(tool, place)

    def _save(self, tool: DataTool, place: Place) -> None:
        """Commit what the tool wrote, and hold that it kept the data itself out of Git."""
        if isinstance(tool, Copier):
            return
        machine = self.machine
        machine.run(["git", "add", "-A"], place.work)
        machine.run(["git", "commit", "-q", "--allow-empty", "-m", "Data"], place.work)
        tracked = machine.run(["git", "ls-files", "--", self.data.item], place.work).output
        if tracked and not _keeps_nothing(tool):
            raise WrongResultError(f"{place.work}: the data itself went into Git")

    def _change(self, number: int) -> None:
        for place in self.places.values():
            self.data.change(place.work, number)
            (digest,) = fingerprint(place.work / self.data.sample).values()
            self.expected[self._sample] = digest

    def _clone(self) -> None:
        for tool, place in self.places.items():
            clone = place.root / "clone"
            if clone.exists():  # nothing is removed while anything is measured, see `DataBench`
                clone.rename(place.root / f"clone-before-{len(list(place.root.glob('clone-before-*')))}")
            if _keeps_nothing(tool):
                clone.mkdir()
            else:
                self.machine.run(["git", "clone", "-q", str(place.work), str(clone)], place.root)

    def _check(self, project: Path) -> None:
        check_same(project / self.data.item, self.expected)

    def _check_one(self, tool: DataTool, place: Place, found: Measurement) -> None:
        del tool, found
        check_same(place.root / "clone" / self.data.item, {self._sample: self.expected[self._sample]})

    def _expect_state(self, *, changed: bool) -> Callable[[DataTool, Place, Measurement], None]:
        def check(tool: DataTool, place: Place, found: Measurement) -> None:
            if tool.changed(self.machine, place.work, found.output) != changed:
                raise WrongResultError(
                    f"{tool.name} status does not see that {changed=}:\n{found.output[:2000]}"
                )

        return check


def _of(tool: DataTool, operation: str, place: Place) -> list[str]:
    command = tool.command(operation, place)
    if command is None:
        raise WrongResultError(f"{tool.name} has no {operation}")
    return command


def _blind(tool: DataTool) -> bool:
    """Return whether the tool cannot tell what is new, so that doing it again means nothing."""
    return isinstance(tool, Copier) and not tool.again


def _keeps_nothing(tool: DataTool) -> bool:
    """Return whether the tool has no store apart from Git's."""
    return isinstance(tool, Copier | GitData)


def _size(folders: Sequence[Path]) -> int:
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
