"""The bytes of records for a proof: the very version that was found, and every other copy that there is of the same record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.git.journal import JOURNALS, OTHERS, snapshot_path
from mlops_cli.git.witness import Kept
from mlops_cli.history.index.versions import place_text
from mlops_cli.history.journal import journal_path
from mlops_cli.history.known import WORKSPACE, Source
from mlops_cli.history.lineage.agreement import first_difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlops_cli.git.commits import Commit
    from mlops_cli.git.witness import Witness
    from mlops_cli.history.lineage.sources import KnownCopies
    from mlops_cli.opened import Opened

_NOT_HERE = ("is not in this clone", "there is no journal")


class Copy(NamedTuple):
    """A record's bytes from one place.

    Parameters
    ----------
    place : str
        In words: `commit 4c1d9e2`, `the journal 0a1b2c3d4e5f`, `the workspace`.
    rests_on : str
        What shows that these are the bytes that were recorded there.
    """

    source: Source
    place: str
    kept: Kept
    rests_on: str


class Copies:
    """Reads records; what the index says of them is not believed.

    Parameters
    ----------
    known : KnownCopies
        Tells where copies are to be looked for.
    """

    def __init__(self, opened: Opened, known: KnownCopies, witness: Witness) -> None:
        self.opened = opened
        self.known = known
        self.witness = witness
        self.relied_on: dict[str, Commit | None] = {}
        self._refs: list[str] | None = None
        self._head: str | None = None

    def commit(self, name: str) -> Commit | None:
        """Return a commit, and remember that something rests on it."""
        if name not in self.relied_on:
            self.relied_on[name] = self.witness.commit(name)
        return self.relied_on[name]

    def read(self, source: Source, file: str, run: str | None = None, *, rely: bool = False) -> Copy:
        """Return a record from one place.

        Parameters
        ----------
        run : str, optional
            Whose record it is: where a journal keeps it follows from that.
        rely : bool
            Remember that the proof rests on the commit.
        """
        prefix, place = self.opened.project.prefix, place_text([source])
        if source.kind == "commit":
            commit = self.commit(source.name) if rely else self.witness.commit(source.name)
            if commit is None:
                return Copy(source, place, _none(f"{place} is not in this clone"), "")
            if not commit.sound:
                return Copy(source, place, _none(f"the bytes of {place} do not have its id"), "")
            kept = self.witness.at(commit.tree, prefix + file)
            return Copy(source, place, kept, f"{place}, by the names of all Git objects down to {file}")
        if source.kind == "journal" and run is not None:
            return Copy(
                source,
                place,
                self._in_journal(source.name, journal_path(prefix, run)),
                f"{place}, which nobody signed",
            )
        data = self.opened.read(file)
        kept = _none("it is not in the workspace any more") if data is None else Kept("blob", data)
        return Copy(source, place, kept, f"{file} of the workspace, not committed")

    def present(self, file: str) -> list[Copy]:
        """Return what the workspace and HEAD have at a path, where they have something."""
        if self._head is None:
            found = self.opened.git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
            self._head = found.decode().strip() if found else ""
        copies = [self._here(file)]
        if self._head:
            copies.append(self.read(Source("commit", self._head), file))
        return [copy for copy in copies if copy is not None and copy.kept.problem != "it is not there"]

    def _here(self, file: str) -> Copy | None:
        copy = self.read(WORKSPACE, file)
        return None if copy.kept.problem else copy

    def others(self, file: str, run: str) -> Iterator[Copy]:
        """Yield every copy of a run's record: of each content one commit and one journal, and what lies in the workspace."""
        for sources in self.known.contents(file):
            for kind in ("journal", "commit"):
                source = next((each for each in sources if each.kind == kind), None)
                if source is not None:
                    yield self.read(source, file, run)
        here = self._here(file)
        if here is not None:
            yield here

    def differing(self, first: Copy, others: Sequence[Copy]) -> str:
        """Return where copies of one record do not say the same; empty where all do."""
        mine = _value(first.kept.data)
        for copy in others:
            if copy.kept.problem:
                if not any(words in copy.kept.problem for words in _NOT_HERE):
                    return f"{copy.place}: {copy.kept.problem}"
                continue
            theirs = _value(copy.kept.data)
            if mine is None or theirs is None:
                return f"what {first.place if mine is None else copy.place} has is not valid JSON"
            found = first_difference(mine, theirs)
            if found is not None:
                return (
                    f"{found.field} is {found.one} in {first.place} and {found.other} in {copy.place}:"
                    " a run's record never changes, so one of them was altered"
                )
        return ""

    def keeps(self, tree: str) -> bool:
        """Whether a journal keeps a tree of code, so that it outlives the commits that had it."""
        return any(self.witness.tree_of(f"{ref}:{snapshot_path(tree)}") for ref in self._journals())

    def _journals(self) -> list[str]:
        if self._refs is None:
            refs = self.opened.git.ask("for-each-ref", "--format=%(refname)", JOURNALS, OTHERS)
            self._refs = (refs or b"").decode(errors="replace").split()
        return self._refs

    def _in_journal(self, clone: str, path: str) -> Kept:
        for ref in self._journals():
            if ref.rpartition("/")[2] == clone:
                return self.witness.at(self.witness.tree_of(ref), path)
        return _none(f"there is no journal {clone}")


def _none(problem: str) -> Kept:
    return Kept("", b"", problem=problem)


def _value(data: bytes) -> Any:
    """Return what JSON text says; None where it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
