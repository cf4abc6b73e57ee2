"""History as lineage asks it: all of it, or only what was there at a commit or a moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, FileError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mlops_cli.history.index.history import History
    from mlops_cli.history.known import KnownData, KnownRun, Production, Source
    from mlops_cli.history.run_record import RunRecord

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in history.

    Parameters
    ----------
    commit : str or None
        What HEAD was, or the commit that was asked for; paths mean what they meant there.
    time : int
        Seconds since the epoch: what was recorded later was not there.
    commits : frozenset of str or None
        Only what these commits brought was there; None where the time alone tells.
    """

    commit: str | None
    time: int
    commits: frozenset[str] | None = None

    def holds(self, source: Source, started: str | None = None) -> bool:
        """Whether a record from this place was there then.

        Parameters
        ----------
        started : str, optional
            When the run began that the record tells of.
        """
        if source.kind == "commit":
            return source.time <= self.time if self.commits is None else source.name in self.commits
        return started is not None and seconds_of(started) <= self.time


def seconds_of(text: str) -> float:
    """Return a moment that records write, in seconds since the epoch; infinite where it is none.

    Examples
    --------
    >>> seconds_of("2026-01-31T17:59:00.123+00:00"), seconds_of("soon")
    (1769882340.123, inf)
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return float("inf")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def read_date(text: str) -> int | None:
    """Return the last second that a date stands for, in UTC unless it names another zone; None where the text is no date.

    Examples
    --------
    >>> read_date("2026-01-31"), read_date("2026-01-31 17:59"), read_date("main")
    (1769903999, 1769882399, None)
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    day, clock, zone = found.groups()
    try:
        start = datetime.fromisoformat(f"{day}T{clock or '00:00'}{zone or 'Z'}")
    except ValueError:
        return None
    span = (
        timedelta(days=1)
        if clock is None
        else timedelta(minutes=1)
        if clock.count(":") == 1
        else timedelta(seconds=1)
    )
    return int((start + span).timestamp()) - 1


class Remembered:
    """What lineage asks of a history, each answer kept.

    Parameters
    ----------
    at : Moment, optional
        Leave out what was not there then.
    """

    def __init__(self, history: History, at: Moment | None = None) -> None:
        self.history = history
        self.at = at
        self._records: dict[str, RunRecord | None] = {}
        self._made: dict[str, list[Production]] = {}
        self._used: dict[str, list[Production]] = {}

    def learn(self, *, made: Collection[str] = (), used: Collection[str] = ()) -> None:
        """Ask at once what is going to be asked of many artifacts."""
        if makers := [digest for digest in made if digest not in self._made]:
            self._made |= self.history.made_each(makers)
        if readers := [digest for digest in used if digest not in self._used]:
            self._used |= self.history.used_each(readers)

    def made(self, digest: str) -> list[Production]:
        """Return what made an artifact, earliest first."""
        self.learn(made=[digest])
        return self._then(self._made[digest])

    def used(self, digest: str) -> list[Production]:
        """Return what read an artifact, earliest first."""
        self.learn(used=[digest])
        return self._then(self._used[digest])

    def by_key(self, key: str) -> list[Production]:
        """Return what ran with a key, earliest first."""
        return self._then(self.history.by_key(key))

    def data(self, digest: str) -> list[KnownData]:
        """Return data records of an artifact, earliest first."""
        found = self.history.data(digest)
        if self.at is None:
            return found
        at = self.at
        return [row for row in found if any(at.holds(source) for source in row.sources or (row.source,))]

    def at_path(self, path: str, *, read: bool = False) -> list[Production | KnownData]:
        """Return everything ever recorded of a path, newest first."""
        found = self.history.at_path(path, read=read)
        if self.at is None:
            return found
        at = self.at
        return [
            row
            for row in found
            if any(at.holds(s, getattr(row, "started", None)) for s in row.sources or (row.source,))
        ]

    def contents(self, file: str) -> list[tuple[Source, ...]]:
        """Return where each distinct content of a record was found, whenever that was."""
        return self.history.contents(file)

    def run(self, run_id: str) -> KnownRun | None:
        """Return one run."""
        return self.history.run(run_id)

    def runs(self) -> list[KnownRun]:
        """Return runs, newest first."""
        found = self.history.runs()
        if self.at is None:
            return found
        at = self.at
        return [run for run in found if any(at.holds(source, run.started) for source in run.sources)]

    def full(self, run_id: str) -> RunRecord | None:
        """Return a run's whole record; None where its bytes are gone, or say nothing."""
        if run_id not in self._records:
            try:
                self._records[run_id] = self.history.record(run_id)
            except (DataError, FileError):
                self._records[run_id] = None
        return self._records[run_id]

    def _then(self, found: Sequence[Production]) -> list[Production]:
        if self.at is None:
            return list(found)
        at = self.at
        return [p for p in found if any(at.holds(s, p.started) for s in p.sources or (p.source,))]
