"""Which content counts where several were recorded for one run: a record never changes, so the first one is the run's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.canonical import compact
from mlops_cli.history.journal import clone_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlops_cli.history.index.sources import Sources
    from mlops_cli.history.known import Source
    from mlops_cli.project import Project


class Versions:
    """The one place that chooses.

    What the clone that made a run wrote into its journal comes before what was committed, because that happens later; a commit
    comes before the workspace.

    Parameters
    ----------
    contents : callable
        Gives the bytes of files by their numbers; None for what is gone.
    told : list of str
        Takes what the user should be told: that a run has several versions, and which of them is shown.
    """

    def __init__(
        self,
        sources: Sources,
        project: Project,
        contents: Callable[[list[int]], list[bytes | None]],
        told: list[str],
    ) -> None:
        self._sources = sources
        self._project = project
        self._contents = contents
        self._told = told
        self._altered: dict[str, str] = {}
        self._same: set[str] = set()
        self._own: str | None = None

    def chosen(self, rows: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Return of each run the file that counts, out of runs with each of their files; hidden ones are left out."""
        hidden = self._sources.hidden()
        several: dict[str, list[int]] = {}
        for run, file in rows:
            if file not in hidden:
                several.setdefault(run, []).append(file)
        return {
            run: files[0] if len(files) == 1 else self._first(run, files) for run, files in several.items()
        }

    def _first(self, run: str, files: list[int]) -> int:
        found = self._sources.of(files)
        ordered = sorted(files, key=lambda file: self._age(found[file], file))
        if run not in self._altered and run not in self._same:
            if (
                len({_value(data) for data in self._contents(ordered)}) == 1
            ):  # laid out in another way, by a hook perhaps
                self._same.add(run)
            else:
                self._tell(run, [place_text(found[file]) for file in ordered])
        return ordered[0]

    def _tell(self, run: str, places: list[str]) -> None:
        """Say that the record of a run was altered; of several runs in one sentence."""
        before = self._notice()
        shown, *others = dict.fromkeys(places)
        also = f"; it says something else in {' and in '.join(others)}" if others else ""
        self._altered[run] = (
            f"the record of run {run} was changed, and a record never changes: what is shown is from {shown}{also};"
            f" see what differs with: mlops lineage --verify {run}"
        )
        if before in self._told:
            self._told.remove(before)
        self._told.append(self._notice())

    def _notice(self) -> str:
        if len(self._altered) < 2:
            return next(iter(self._altered.values()), "")
        return (
            f"the records of {len(self._altered):,} runs were changed, as that of {min(self._altered)}, and a record never changes:"
            " what is shown was recorded first; see where with: mlops verify --all"
        )

    def _age(self, sources: tuple[Source, ...], file: int) -> tuple[int, bool, int, int, int]:
        journals = [source.name for source in sources if source.kind == "journal"]
        commit = next((source for source in sources if source.kind == "commit"), None)
        when = (commit.time, self._sources.rank(commit)) if commit is not None else (1 << 62, 0)
        if journals:
            return 0, self._own_journal() not in journals, *when, file
        return (2 if commit is None else 1), False, *when, file

    def _own_journal(self) -> str:
        if self._own is None:
            try:
                self._own = clone_id(self._project)
            except DataError:  # whoever cannot tell which clone this is has no journal
                self._own = ""
        return self._own


def _value(data: bytes | None) -> bytes | None:
    """Return what a record says, however it is laid out; the bytes themselves where they are no JSON."""
    try:
        return data if data is None else compact(json.loads(data))
    except (ValueError, RecursionError):
        return data


def place_text(sources: Iterable[Source]) -> str:
    """Return where a record lies, in words: a journal, or the first commit that has it, or the workspace.

    Examples
    --------
    >>> from mlops_cli.history.known import WORKSPACE, Source
    >>> place_text([Source("commit", "4c1d9e2" + "0" * 33)]), place_text([WORKSPACE])
    ('commit 4c1d9e2', 'the workspace')
    """
    rows = list(sources)
    journal = next((row for row in rows if row.kind == "journal"), None)
    first = journal or (rows[0] if rows else None)
    if first is None or first.kind == "workspace":
        return "the workspace"
    return f"the journal {first.name}" if first.kind == "journal" else f"commit {first.name[:7]}"
