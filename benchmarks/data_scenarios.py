"""Data under control: what is measured with which remote, every tool in a repository of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.data_round import Round
from benchmarks.data_tools import Copier, DataTool, DvcData, GitData, Place
from benchmarks.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.data_sets import DataSet
    from benchmarks.measure import Machine
    from benchmarks.s3 import S3Server

S3_DVC_LIMIT = 10_000
"""DVC pushes more files than this to the S3 server only when asked for: it makes a request for each."""

KEPT = 512 << 20
"""What a round of one set may leave on the disk, in bytes of one copy, until the last round has ended."""


@dataclass
class DataBench:
    """Where the data scenarios run, with which tools, how often; it gathers the samples."""

    machine: Machine
    folder: Path
    tools: Sequence[DataTool]
    rounds: int
    full: bool
    server: S3Server | None = None
    samples: Samples = field(default_factory=Samples)
    done: list[Round] = field(default_factory=list)

    def directory(self, data: DataSet) -> None:
        """Measure everything, with a directory as the remote."""
        for number in range(self.rounds):
            places = {tool: self._place(data, tool, number) for tool in self.tools}
            title = f"{data.title}; remote: a directory"
            one = Round(self.machine, self.samples, title, data, places, number)
            one.begin()
            one.workspace()
            one.remote()
            one.collect()
            one.share()
            self._end(one, last=number + 1 == self.rounds)

    def s3(self, data: DataSet) -> None:
        """Measure push and pull with an S3 server, and count the requests that arrive there."""
        if self.server is None:
            return
        tools = [tool for tool in self.tools if not isinstance(tool, Copier | GitData)]
        if data.files > S3_DVC_LIMIT and not self.full:
            tools = [tool for tool in tools if not isinstance(tool, DvcData)]
        for number in range(self.rounds):
            places = {}
            for tool in tools:
                url = self.server.bucket(f"{data.name}-{data.files}-{tool.name.lower()}-{number}")
                places[tool] = self._place(data, tool, number, url)
            title = f"{data.title}; remote: S3 server"
            one = Round(self.machine, self.samples, title, data, places, number, self.server)
            one.begin()
            one.store()
            one.remote()
            self._end(one, last=number + 1 == self.rounds)
            self.server.forget()

    def _end(self, one: Round, *, last: bool) -> None:
        """Remove what rounds have left: after the last one, or at once where it is much.

        For minutes ext4 looks again and again at the places of files that were removed, before it makes a new one: with 70,000 of
        them gone just before, `cp -r` takes ten times as long, and so does everything else.
        """
        self.done.append(one)
        if last or one.data.files * max(one.data.size, 4096) > KEPT:
            for each in self.done:
                each.end()
            self.done.clear()

    def warm_up(self, data: DataSet) -> None:
        """Do everything once on a tiny set and forget it: no tool pays for compiling its byte code."""
        kept, rounds = self.samples, self.rounds
        self.samples, self.rounds = Samples(), 1
        self.directory(data)
        self.s3(data)
        self.samples, self.rounds = kept, rounds

    def _place(self, data: DataSet, tool: DataTool, number: int, url: str | None = None) -> Place:
        root = self.folder / f"{data.name}-{number}-{tool.name}"
        return Place(root, data, url or str(root / "remote"))
