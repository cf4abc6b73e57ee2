"""Where records were found: commits, journals, and the workspace for what neither has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.git.journal import JOURNALS
from mlops_cli.history.journal import clone_id
from mlops_cli.history.known import WORKSPACE, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlops_cli.history.index.database import Database
    from mlops_cli.project import Project

_COMMIT = "c.id, c.author, c.email, c.time, c.subject"
_GIVEN = "(SELECT value FROM json_each(?))"
_ALL_AT_ONCE = 64  # who asks for so many one by one is going to ask for all


class Sources:
    """The sources of files, by their numbers."""

    def __init__(self, database: Database, project: Project) -> None:
        self._database = database
        self._project = project
        self._root = str(project.root).encode("utf-8", "replace").decode()
        self._asked = 0
        self._all: dict[int, tuple[Source, ...]] | None = None
        self._ranks: dict[str, int] = {}
        self._hidden: frozenset[int] | None = None

    def forget(self) -> None:
        """Forget what was read: the database is another."""
        self._all = self._hidden = None

    def of(self, files: Iterable[int]) -> dict[int, tuple[Source, ...]]:
        """Return the sources of some files, the earliest commit first; none for what is only in another workspace."""
        wanted = list(dict.fromkeys(files))
        return self._read(wanted, [json.dumps(wanted)], f" WHERE file IN {_GIVEN}")

    def of_many(self, file: int) -> tuple[Source, ...]:
        """Return the sources of a file, when many are asked for one after the other."""
        self._asked += 1
        if self._all is None and self._asked < _ALL_AT_ONCE:
            return self.of([file])[file]
        if self._all is None:
            self._all = self._read([], [], "")
        return self._all.get(file, ())

    def commits(self, project: int) -> Mapping[str, Source]:
        """Return the commits that brought files of a project, by id."""
        query = (
            f"SELECT DISTINCT {_COMMIT} FROM brought b JOIN files f ON f.n = b.file JOIN commits c ON c.n = b.commit_"
            " WHERE f.project = ?"
        )
        return {row[0]: Source("commit", *row) for row in self._database.ask(query, (project,))}

    def rank(self, source: Source) -> int:
        """Return what tells the order of commits of one second."""
        return self._ranks.get(source.name, 0)

    def contents(self, project: int, path: str) -> list[tuple[Source, ...]]:
        """Return the sources of each distinct content of a record; nothing of what only other workspaces have."""
        query = "SELECT n FROM files WHERE project = ? AND path = ?"
        rows = self._database.ask(query, (project, path.encode("utf-8", "replace").decode()))
        return [sources for sources in self.of(number for (number,) in rows).values() if sources]

    def hidden(self) -> frozenset[int]:
        """Return the files that only other workspaces have."""
        if self._hidden is None:
            self._hidden = self._find_hidden()
        return self._hidden

    def _find_hidden(self) -> frozenset[int]:
        if not self._database.ask("SELECT 1 FROM working WHERE root <> ? LIMIT 1", (self._root,)):
            return frozenset()
        query = (
            "SELECT file FROM working WHERE root <> ? EXCEPT SELECT file FROM brought EXCEPT SELECT file FROM journaled"
            " EXCEPT SELECT file FROM working WHERE root = ?"
        )
        return frozenset(file for (file,) in self._database.ask(query, (self._root, self._root)))

    def tips(self, project: int) -> list[str]:
        """Return the ids that commits were walked from."""
        rows = self._database.ask("SELECT state FROM projects WHERE n = ?", (project,))
        tips: list[str] = json.loads(rows[0][0])["tips"] if rows else []
        return tips

    def whence(self, project: int, outside: frozenset[str]) -> tuple[set[int], set[int], set[int]]:
        """Return the runs of a project that commits brought other than those outside, that journals have, and that lie here."""
        run = "JOIN files f ON f.n = x.file WHERE f.project = ? AND f.kind = 1"
        rows = self._database.ask(f"SELECT x.file, x.commit_ FROM brought x {run}", (project,))
        beyond = {int(name[:16], 16) - (1 << 63) for name in outside}
        brought = {file for file, commit in rows if commit not in beyond}
        rows = self._database.ask(f"SELECT x.file FROM journaled x {run}", (project,))
        journaled = {file for (file,) in rows}
        rows = self._database.ask("SELECT file FROM working WHERE root = ?", (self._root,))
        return brought, journaled, {file for (file,) in rows}

    def own_runs(self, project: int) -> frozenset[str]:
        """Return the ids of the runs that this clone's journal has, or that only lie in the workspace."""
        try:
            own = f"{JOURNALS}{clone_id(self._project)}"
        except DataError:  # whoever cannot tell which clone this is has no journal
            own = ""
        query = (
            "SELECT id FROM runs WHERE project = ? AND file IN (SELECT file FROM journaled WHERE ref = ? UNION SELECT * FROM"
            " (SELECT file FROM working EXCEPT SELECT file FROM brought EXCEPT SELECT file FROM journaled))"
        )
        return frozenset(run for (run,) in self._database.ask(query, (project, own)))

    def _read(self, wanted: list[int], given: list[str], where: str) -> dict[int, tuple[Source, ...]]:
        found: dict[int, tuple[Source, ...]] = dict.fromkeys(wanted, ())
        query = f"SELECT b.file, c.rank, {_COMMIT} FROM brought b JOIN commits c ON c.n = b.commit_{where} ORDER BY c.time, c.rank"
        known: dict[str, Source] = {}
        for file, rank, *row in self._database.ask(query, given):
            source = known.setdefault(row[0], Source("commit", *row))
            self._ranks[row[0]] = rank
            found[file] = (*found.get(file, ()), source)
        query = f"SELECT DISTINCT file, ref FROM journaled{where} ORDER BY ref"
        for file, ref in self._database.ask(query, given):
            source = known.setdefault(ref, Source("journal", ref.rpartition("/")[2]))
            found[file] = (*found.get(file, ()), source)
        query = f"SELECT file FROM working{where}{' AND' if where else ' WHERE'} root = ?"
        for (file,) in self._database.ask(query, [*given, self._root]):
            if not found.get(file):
                found[file] = (WORKSPACE,)
        return found
