"""The tools that keep data, behind one small interface: what is typed for each operation, and what must follow."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from benchmarks.projects import WrongResultError

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.data_sets import DataSet
    from benchmarks.measure import Machine

Command = list[str]

ADD, STATUS, CHECKOUT, PUSH, PULL, PULL_ONE, GC = (
    "add",
    "status",
    "checkout",
    "push",
    "pull",
    "pull one",
    "gc",
)


@dataclass(frozen=True)
class Place:
    """Where one tool works in one round: a project, a remote, a plain copy, and clones beside them."""

    root: Path
    data: DataSet
    url: str

    @property
    def work(self) -> Path:
        """The project, a Git repository."""
        return self.root / "work"

    @property
    def copy(self) -> Path:
        """The folder that a tool without a store copies to."""
        return self.root / "copy"


class DataTool(Protocol):
    """One tool that keeps data."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    def version(self, machine: Machine, folder: Path) -> str:
        """Return the version that is measured."""

    def begin(self, machine: Machine, place: Place) -> None:
        """Prepare the Git repository `place.work`, with a remote at `place.url`."""

    def command(self, operation: str, place: Place) -> Command | None:
        """Return what is typed for `operation`; None where the tool has nothing that means the same."""

    def stored(self, place: Place) -> list[Path]:
        """Return the folders in which the tool stores data; empty where it has no store that can be shared."""

    def share(self, machine: Machine, place: Place, clone: Path) -> None:
        """Let `clone` use the store of `place.work`."""

    def changed(self, machine: Machine, folder: Path, output: str) -> bool:
        """Tell whether `output`, of the status command, means that the data is not as it was added."""

    def requests(self, output: str) -> int | None:
        """Return how many requests a push or pull says it made; None where it does not say."""


@dataclass(frozen=True)
class MlopsData:
    """The command of this repository."""

    program: str
    name: str = "mlops"

    def version(self, machine: Machine, folder: Path) -> str:
        """Return the version that is measured."""
        return machine.run([self.program, "--version"], folder).output.split()[-1]

    def begin(self, machine: Machine, place: Place) -> None:
        """Initialise it and name the remote."""
        machine.run([self.program, "init", "-q"], place.work)
        machine.run([self.program, "remote", "add", "store", place.url, "--default"], place.work)

    def command(self, operation: str, place: Place) -> Command | None:
        """Return the command; push and pull in JSON, which tells the number of requests."""
        words = {
            ADD: ["add", place.data.item],
            STATUS: ["status"],
            CHECKOUT: ["checkout"],
            PUSH: ["push", "--json"],
            PULL: ["pull", "--json"],
            PULL_ONE: ["pull", place.data.sample, "--json"],
            GC: ["gc", "--delete", "--grace", "0"],
        }
        return [self.program, *words[operation]]

    def stored(self, place: Place) -> list[Path]:
        """Return the objects and packs."""
        return [place.work / ".git" / "mlops" / name for name in ("objects", "packs")]

    def share(self, machine: Machine, place: Place, clone: Path) -> None:
        """Write ``cache.dir`` into the configuration."""
        del machine
        with (clone / ".mlops" / "config.yaml").open("a", encoding="utf-8") as file:
            file.write(f"cache:\n  dir: {place.work / '.git' / 'mlops'}\n")

    def changed(self, machine: Machine, folder: Path, output: str) -> bool:
        """Ask again in JSON."""
        del output
        answer = json.loads(machine.run([self.program, "status", "--json"], folder).output)
        states = [one["state"] for one in answer["data"]]
        if states not in (["ok"], ["changed"]):
            raise WrongResultError(f"mlops status knows {len(states)} data records in the states {states}")
        return states == ["changed"]

    def requests(self, output: str) -> int | None:
        """Read them from the JSON."""
        answer = json.loads(output)
        if answer["failed"]:
            raise WrongResultError(f"mlops could not transfer {answer['failed'][:3]}")
        return int(answer["requests"])


@dataclass(frozen=True)
class DvcData:
    """DVC, with its defaults."""

    program: str
    name: str = "DVC"

    def version(self, machine: Machine, folder: Path) -> str:
        """Return the version that is measured."""
        return machine.run([self.program, "--version"], folder).output.strip()

    def begin(self, machine: Machine, place: Place) -> None:
        """Initialise it and name the remote."""
        machine.run([self.program, "init", "-q"], place.work)
        machine.run([self.program, "remote", "add", "-q", "-d", "store", place.url], place.work)

    def command(self, operation: str, place: Place) -> Command | None:
        """Return the command; ``gc`` keeps what any commit refers to, as ours does."""
        words = {
            ADD: ["add", place.data.item],
            STATUS: ["status"],
            CHECKOUT: ["checkout"],
            PUSH: ["push"],
            PULL: ["pull"],
            PULL_ONE: ["pull", place.data.sample],
            GC: ["gc", "--all-commits", "--force"],
        }
        return [self.program, *words[operation]]

    def stored(self, place: Place) -> list[Path]:
        """Return the cache."""
        return [place.work / ".dvc" / "cache"]

    def share(self, machine: Machine, place: Place, clone: Path) -> None:
        """Name the cache of the project as the cache of the clone."""
        cache = str(self.stored(place)[0])
        machine.run([self.program, "cache", "dir", "-q", "--local", cache], clone)

    def changed(self, machine: Machine, folder: Path, output: str) -> bool:
        """Look for the one sentence that it has for this."""
        del machine, folder
        return "up to date" not in output

    def requests(self, output: str) -> int | None:
        """Return None: it does not say."""
        del output
        return None


@dataclass(frozen=True)
class GitData:
    """Git keeping the data itself: it digests and compresses, and knows no remote store."""

    program: str = "git"
    name: str = "git"

    def version(self, machine: Machine, folder: Path) -> str:
        """Return the version that is measured."""
        return machine.run([self.program, "--version"], folder).output.split()[-1]

    def begin(self, machine: Machine, place: Place) -> None:
        """Do nothing: the repository is there."""

    def command(self, operation: str, place: Place) -> Command | None:
        """Return the command; its push and pull carry history, which is another thing."""
        words = {
            ADD: ["add", place.data.item],
            STATUS: ["status"],
            CHECKOUT: ["checkout", "--", place.data.item],
        }
        return [self.program, *words[operation]] if operation in words else None

    def stored(self, place: Place) -> list[Path]:
        """Return nothing: a clone that shares objects is another thing."""
        del place
        return []

    def share(self, machine: Machine, place: Place, clone: Path) -> None:
        """Do nothing."""

    def changed(self, machine: Machine, folder: Path, output: str) -> bool:
        """Look for the sentence."""
        del machine, folder
        return "working tree clean" not in output

    def requests(self, output: str) -> int | None:
        """Return None: it makes none."""
        del output
        return None


@dataclass(frozen=True)
class Copier:
    """``cp -r`` and ``rsync -a``: neither digests nor versions, and so shows what the bytes alone cost."""

    program: str
    options: tuple[str, ...]
    again: bool
    name: str

    def version(self, machine: Machine, folder: Path) -> str:
        """Return the version that is measured."""
        words = machine.run([self.program, "--version"], folder).output.splitlines()[0].split()
        return next(word for word in reversed(words) if word[0].isdigit() and "." in word)

    def begin(self, machine: Machine, place: Place) -> None:
        """Make the folder that is copied to."""
        del machine
        place.copy.mkdir()

    def command(self, operation: str, place: Place) -> Command | None:
        """Return the command: adding copies to one folder, pushing to another, and back."""
        item, sample, copy = place.data.item, place.data.sample, str(place.copy)
        words = {
            ADD: [*self.options, item, f"{copy}/"],
            CHECKOUT: [*self.options, f"{copy}/{item}", "."],
            PUSH: [*self.options, item, f"{place.url}/"],
            PULL: [*self.options, f"{place.url}/{item}", "."],
        }
        if self.again:
            words[STATUS] = [*self.options, "--dry-run", "--itemize-changes", item, f"{copy}/"]
            words[PULL_ONE] = [*self.options, "--mkpath", f"{place.url}/{sample}", sample]
        return [self.program, *words[operation]] if operation in words else None

    def stored(self, place: Place) -> list[Path]:
        """Return nothing: there is no store."""
        del place
        return []

    def share(self, machine: Machine, place: Place, clone: Path) -> None:
        """Do nothing."""

    def changed(self, machine: Machine, folder: Path, output: str) -> bool:
        """Look whether it would copy a file."""
        del machine, folder
        return ">f" in output

    def requests(self, output: str) -> int | None:
        """Return None: it makes none."""
        del output
        return None


def copiers() -> tuple[Copier, Copier]:
    """Return ``cp -r``, which cannot tell what is new, and ``rsync -a``, which can."""
    return (Copier("cp", ("-r",), again=False, name="cp"), Copier("rsync", ("-a",), again=True, name="rsync"))
