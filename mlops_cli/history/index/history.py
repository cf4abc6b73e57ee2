"""Questions to the history of a project: runs, who made what, and what was recorded where."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from mlops_cli.errors import DataError, HistoryError, UsageError
from mlops_cli.history.index.bodies import Bodies
from mlops_cli.history.index.database import DAMAGE, MADE, RAN, READ, Database, digest_number
from mlops_cli.history.index.fill import ABSENT, project_number, refresh
from mlops_cli.history.index.lazy import COLUMNS, known_run
from mlops_cli.history.index.productions import Productions
from mlops_cli.history.index.sources import Sources
from mlops_cli.history.index.versions import Versions
from mlops_cli.history.index.working import runs_lying
from mlops_cli.store.disposable import hindered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from mlops_cli.git.history import Gaps
    from mlops_cli.history.index.branch import Belongs
    from mlops_cli.history.known import KnownData, KnownRun, Production, Source
    from mlops_cli.history.run_event import RunEvent
    from mlops_cli.history.run_record import RunRecord
    from mlops_cli.project import Project

T = TypeVar("T")


class History:
    """What all refs, journals and the workspace say about a project; it is as of the moment when it was first asked.

    Parameters
    ----------
    variables : mapping
        The environment of Git's processes.
    notices : list of str, optional
        Takes what the user should be told beside an answer.

    Raises
    ------
    HistoryError
        From any question, when the history cannot be read at all.
    """

    def __init__(
        self, project: Project, variables: Mapping[str, str], notices: list[str] | None = None
    ) -> None:
        from mlops_cli.git.command import Git
        from mlops_cli.git.worktrees import repository_at

        self._project = project
        self._number = project_number(project)
        self._git = Git(project.root, variables)
        self._repository = repository_at(project.common_dir, variables)
        self._database = Database(project.local / "history.db")
        self._bodies = Bodies(self._repository, project)
        self._sources = Sources(self._database, project)
        self.notices: list[str] = [] if notices is None else notices
        self._versions = Versions(self._sources, project, self._contents_of, self.notices)
        self._productions = Productions(self._database, self._bodies, self._sources, self._versions, project)
        self._owners: dict[int, tuple[str, str]] = {}
        self._fresh = self._mended = False

    def close(self) -> None:
        """Let go of the database and of Git's processes; what was returned stays usable."""
        self._bodies.close()
        if self._database.path is not None:
            self._database.close()

    # What is not here ---------------------------------------------------------------------------------------------------

    @cached_property
    def gaps(self) -> Gaps:
        """What this clone does not have."""
        from mlops_cli.git.history import gaps_of

        return gaps_of(self._repository)

    @property
    def trouble(self) -> HistoryError | None:
        """The error to end a command with, after it has answered what it can; None when the history is whole."""
        if self.gaps.shallow:
            return HistoryError(
                "this clone is shallow: what happened before it begins is not known here",
                hint="Bring the whole history: git fetch --unshallow",
            )
        absent = self._ask(
            "SELECT path FROM files WHERE project = ? AND trouble = ? ORDER BY path", (self._number, ABSENT)
        )
        if not absent:
            return None
        what = f"{absent[0][0]} of an earlier commit" + (f" and {len(absent) - 1} more" if absent[1:] else "")
        if self.gaps.partial:
            return HistoryError(
                f"this clone is partial: it does not have {what}",
                hint="Bring the whole history: git fetch --refetch --no-filter",
            )
        return HistoryError(f"Git does not have {what}", hint="Look at the repository with: git fsck")

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """Path and reason of each record that commits or journals hold but nobody can read: damaged, or of a newer version."""
        query = "SELECT DISTINCT path, trouble FROM files WHERE project = ? AND trouble NOT IN ('', ?) ORDER BY path"
        return [(path, trouble) for path, trouble in self._ask(query, (self._number, ABSENT))]

    # Runs ---------------------------------------------------------------------------------------------------------------

    def runs(self, *, branch_only: bool = False) -> list[KnownRun]:
        """Return runs, newest first.

        Parameters
        ----------
        branch_only : bool
            Only those committed in HEAD's history, lying in the workspace, or made on the current branch.
        """
        branch = self._on_this_branch() if branch_only else None  # Git walks while the rows are read
        rows = self._ask(f"SELECT {COLUMNS} FROM runs WHERE project = ? ORDER BY id DESC", (self._number,))
        rows = self._once_each(rows)
        if branch is not None:
            wanted = branch()
            inside = [wanted(row[-1], row[9], row[8]) for row in rows]
            here = frozenset[str]() if all(inside) else runs_lying(self._project.root)
            rows = [row for row, is_in in zip(rows, inside, strict=True) if is_in or row[0] in here]
        return self._known_runs(rows)

    def run(self, run_id: str) -> KnownRun | None:
        """Return one run by its whole id."""
        rows = self._rows_of(run_id)
        return self._known_runs(rows[:1])[0] if rows else None

    def matching(self, prefix: str) -> list[str]:
        """Return the ids of runs that begin so, newest first."""
        query = "SELECT id, file FROM runs WHERE project = ? AND id >= ? AND id < ? ORDER BY id DESC"
        rows = self._ask(query, (self._number, prefix, f"{prefix}\x7f")) if prefix.isascii() else []
        hidden = self._answer(self._sources.hidden)
        return list(dict.fromkeys(run for run, file in rows if file not in hidden))

    def own_runs(self) -> frozenset[str]:
        """Return the ids of the runs that this clone made: in its own journal, or only in the workspace."""
        return self._answer(lambda: self._sources.own_runs(self._number))

    def record(self, run_id: str) -> RunRecord:
        """Return a run's whole record.

        Raises
        ------
        DataError
            When there is no such run, or its bytes are gone.
        """
        from mlops_cli.errors import FileError
        from mlops_cli.history.run_record import load_run_record

        data = self.raw(run_id)
        try:
            return load_run_record(data, f"the record of {run_id}")
        except FileError as error:
            raise DataError(error.message, hint="See what else is wrong with: mlops verify") from error

    def raw(self, run_id: str) -> bytes:
        """Return the bytes of a run's record.

        Raises
        ------
        DataError
            When there is no such run, or its bytes are gone.
        """
        rows = self._rows_of(run_id)
        if not rows:
            raise DataError(f"there is no run {run_id}", hint="See all runs with: mlops runs --all")
        [(blob, path)] = self._ask("SELECT blob, path FROM files WHERE n = ?", (rows[0][-1],))
        data = self._bodies.read([(blob, path)])[0]
        if data is None:
            raise DataError(f"the record of {run_id} is gone", hint="Look at the repository with: git fsck")
        return data

    def raws(self, run_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of many runs' records, read in one go; those that are gone are left out."""
        wanted_ids = frozenset(run_ids)
        rows = self._ask("SELECT id, file FROM runs WHERE project = ?", (self._number,))
        files = dict(self._once_each([row for row in rows if row[0] in wanted_ids]))
        query = "SELECT f.n, f.blob, f.path FROM files f JOIN runs r ON r.file = f.n WHERE r.project = ?"
        known = {n: (blob, path) for n, blob, path in self._ask(query, (self._number,))}
        wanted = [known[file] for file in files.values()]
        bodies = zip(files, self._bodies.read(wanted), strict=True)
        return {run: data for run, data in bodies if data is not None}

    def events(self, run_id: str) -> tuple[RunEvent, ...]:
        """Return notes on a run and verdicts about it, earliest first."""
        from mlops_cli.errors import FileError
        from mlops_cli.history.run_event import load_run_event

        query = (
            "SELECT f.blob, f.path, e.id, e.file FROM events e JOIN files f ON f.n = e.file"
            " WHERE e.project = ? AND e.run = ? ORDER BY e.at, e.id, e.file"
        )
        rows = {
            row[2]: row for row in reversed(self._ask(query, (self._number, run_id))) if self._visible(row[3])
        }
        wanted = [(blob, path) for blob, path, *_ in reversed(rows.values())]
        found = []
        for (_, path), data in zip(wanted, self._bodies.read(wanted), strict=True):
            try:
                found += [load_run_event(data, path)] if data is not None else []
            except FileError:
                continue  # `unreadable` and `mlops verify` tell of it
        return tuple(found)

    # Artifacts ------------------------------------------------------------------------------------------------------------

    def made(self, digest: str) -> list[Production]:
        """Return what made an artifact, earliest first."""
        return self.made_each([digest])[digest]

    def used(self, digest: str) -> list[Production]:
        """Return what read an artifact, earliest first."""
        return self.used_each([digest])[digest]

    def made_each(self, digests: Collection[str]) -> dict[str, list[Production]]:
        """Return what made each of some artifacts, earliest first."""
        return self._answer(lambda: self._productions.of_digests(digests, MADE))

    def used_each(self, digests: Collection[str]) -> dict[str, list[Production]]:
        """Return what read each of some artifacts, earliest first."""
        return self._answer(lambda: self._productions.of_digests(digests, READ))

    def readers(self, digest: str) -> frozenset[str]:
        """Return the ids of the runs of which a stage read an artifact, or something made from it, and so on."""
        return self._answer(lambda: self._productions.readers(digest))

    def by_key(self, key: str) -> list[Production]:
        """Return what ran with a key, earliest first: where a `fresh` stage of a run has its inputs and outputs from."""
        return self._answer(lambda: self._productions.of_digests([key], RAN))[key]

    def at_path(self, path: str, *, read: bool = False) -> list[Production | KnownData]:
        """Return everything ever recorded of a path of the project, newest first.

        Parameters
        ----------
        read : bool
            Also stages that read it.
        """
        return self._answer(lambda: self._productions.at_path(path, (MADE, READ) if read else (MADE,)))

    def data(self, digest: str) -> list[KnownData]:
        """Return data records of an artifact, earliest first."""
        return self._answer(lambda: self._productions.data(digest))

    def digests(self, prefix: str) -> list[str]:
        """Return the digests of artifacts that begin so (`b3:1f2e…` or bare digits): made, read or tracked."""
        bare = prefix.rpartition(":")[2].lower()
        if len(bare) < 4 or not set(bare) <= set("0123456789abcdef"):  # as short as Git takes it
            return []
        low, high = digest_number(f"b3:{bare:0<16}"), digest_number(f"b3:{bare[:16]:f<16}")
        return self._answer(lambda: self._productions.digests(prefix, bare, low, high))

    def our_name(self, digest: str) -> str:
        """Return a digest as it is handed out: one of DVC's hashes by our name of the same bytes, where that is known."""
        return self._answer(lambda: self._productions.our_name(digest))

    def contents(self, file: str) -> list[tuple[Source, ...]]:
        """Return where each distinct content of a record was found, readable or not."""
        return self._answer(lambda: self._sources.contents(self._number, file))

    def knows_path(self, path: str) -> bool:
        """Whether anything was ever recorded of a path of the project."""
        text = path.encode("utf-8", "replace").decode()
        return any(
            self._ask(f"SELECT 1 FROM {table} WHERE path = ? LIMIT 1", (text,)) for table in ("named", "data")
        )

    def paths(self) -> list[str]:
        """Return every path that anything was recorded of; also those of other projects in the repository."""
        return [path for (path,) in self._ask("SELECT path FROM named UNION SELECT path FROM data", ())]

    # Commits --------------------------------------------------------------------------------------------------------------

    def commits(self) -> Mapping[str, Source]:
        """Return the commits that brought records of this project, by id."""
        return self._answer(lambda: self._sources.commits(self._number))

    def in_history_of(self, rev: str) -> frozenset[str]:
        """Return the ids of all commits reachable from a revision.

        Raises
        ------
        UsageError
            When there is no such commit.
        """
        from mlops_cli.git.beyond import beyond_border
        from mlops_cli.git.log import reachable

        named = self._git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
        if named is None or not named.strip().isalnum():
            raise beyond_border(self._git, rev) or UsageError(
                f"there is no commit {rev}", hint="See commits, branches and tags with: git log --all"
            )
        return frozenset(reachable(self._repository, [named.decode().strip()]))

    # How it is done -------------------------------------------------------------------------------------------------------

    def _answer(self, question: Callable[[], T]) -> T:
        """Answer out of a fresh index; a database that turns out to be damaged is made anew, once."""
        for again in (True, True, False):
            try:
                if not self._fresh:
                    self._mend()
                    refresh(self._database, self._repository, self._project)
                    self._fresh = True
                return question()
            except (*DAMAGE, OSError) as error:
                if not again:
                    raise
                self._fresh = False
                self._sources.forget()
                if isinstance(error, OSError) or hindered(error):
                    self._database.stay_in_memory()
                else:
                    self._database.throw_away()
        raise AssertionError("the last turn answers or raises")

    def _mend(self) -> None:
        """Let the journal have what killed commands have left for it."""
        from mlops_cli.history.started import record_killed

        if not self._mended:
            self._mended = True
            self.notices += record_killed(self._git, self._project)

    def _ask(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        return self._answer(lambda: self._database.ask(query, values))

    def _visible(self, file: int) -> bool:
        return self._answer(lambda: bool(self._sources.of([file])[file]))

    def _rows_of(self, run_id: str) -> list[Any]:
        query = f"SELECT {COLUMNS} FROM runs WHERE project = ? AND id = ?"
        try:
            run_id.encode()
        except UnicodeEncodeError:
            return []
        return self._once_each(self._ask(query, (self._number, run_id)))

    def _once_each(self, rows: list[Any]) -> list[Any]:
        """Leave out what is not for this workspace; of several contents for one run take the one that counts."""
        hidden = self._answer(self._sources.hidden)
        rows = [row for row in rows if row[-1] not in hidden] if hidden else rows
        if len({row[0] for row in rows}) == len(rows):
            return rows
        chosen = self._answer(lambda: self._versions.chosen((row[0], row[-1]) for row in rows))
        return [row for row in rows if chosen[row[0]] == row[-1]]

    def _known_runs(self, rows: list[Any]) -> list[KnownRun]:
        notes = self._notes()
        return [
            known_run(row, notes.get(row[0], (None, 0)), self._sources_of, self._owners_of) for row in rows
        ]

    def _contents_of(self, files: list[int]) -> list[bytes | None]:
        query = "SELECT n, blob, path FROM files WHERE n IN (SELECT value FROM json_each(?))"
        rows = {number: (blob, path) for number, blob, path in self._database.ask_many(query, files)}
        return self._bodies.read([rows[file] for file in files])

    def _owners_of(self, file: int) -> tuple[str, str]:
        """Return whose a run's parameters and metrics are, as JSON; of all runs at once, because whoever asks compares several."""
        if file not in self._owners:
            rows = self._ask("SELECT file, files, reporters FROM runs WHERE project = ?", (self._number,))
            self._owners |= {number: (files, reporters) for number, files, reporters in rows}
            self._owners.setdefault(file, ("{}", "{}"))  # gone since it was listed
        return self._owners[file]

    def _sources_of(self, file: int) -> tuple[Source, ...]:
        return self._answer(lambda: self._sources.of_many(file))

    def _notes(self) -> dict[str, tuple[str | None, int]]:
        """Return the last outcome and the number of notes by run."""
        query = "SELECT run, id, kind, outcome, file FROM events WHERE project = ? ORDER BY run, at, id"
        found: dict[str, tuple[str | None, int]] = {}
        before, hidden = "", self._answer(self._sources.hidden)
        for run, name, kind, outcome, file in self._ask(query, (self._number,)):
            if name == before or kind != "note" or file in hidden:
                continue
            before = name
            last, number = found.get(run, (None, 0))
            found[run] = (outcome or last, number + 1)
        return found

    def _on_this_branch(self) -> Callable[[], Belongs]:
        from mlops_cli.history.index.branch import walk_branch

        tips = self._answer(lambda: self._sources.tips(self._number))
        return walk_branch(
            self._git,
            self._repository,
            tips,
            lambda outside: self._answer(lambda: self._sources.whence(self._number, outside)),
        )
