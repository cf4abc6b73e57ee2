"""Bringing the index up to date: what is new since last time, what is gone, and what lies in the workspace.

One question for the refs when nothing has moved. Else one walk over the commits that are new, and one process that hands out the
contents that are not known yet; commits that nothing leads to any more take with them what only they brought. All of it is one
transaction, so a process that is killed has done nothing, and one that waited for another finds the work done.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlops_cli.git.log import contents, find_tips, lost, tree_changes, walk
from mlops_cli.history.index.database import number_of
from mlops_cli.history.index.rows import DVC, Indexer, from_journal, kind_of
from mlops_cli.history.index.state import State, packs_at, shallow_at, to_be_looked_for
from mlops_cli.history.index.working import look
from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.git.log import Brought, Commit, Tips
    from mlops_cli.git.worktrees import Repository
    from mlops_cli.history.index.database import Database
    from mlops_cli.project import Project

JOURNALS = ("refs/mlops/journal/", "refs/mlops/remote/")
ABSENT = "absent"  # what is wrong with a file whose content this clone does not have
_MANY = 2000  # files read at a time
_MOST = 10_000  # files whose rows wait to be written in one go


def project_number(project: Project) -> int:
    """Return the number of a project."""
    return number_of("project", project.prefix)


def refresh(database: Database, repository: Repository, project: Project) -> None:
    """Bring the index of a project up to date.

    Raises
    ------
    HistoryError
        When the history cannot be read.
    sqlite3.Error
        When the database cannot.
    """
    filling = Filling(database, repository, project)
    tips, shallow = find_tips(repository, JOURNALS), shallow_at(repository)
    state = filling.load()
    settled = state is not None and state.agrees(tips, shallow) and not to_be_looked_for(state, repository)
    if settled and filling.look_around(wide=tips.wide) is None:
        return
    with database.writing():
        # Asked again: another process may have done it while this one waited, and refs may have moved on.
        filling.update(filling.load() or State(), find_tips(repository, JOURNALS), shallow_at(repository))


class Filling:
    """One update of one project's part of the index."""

    def __init__(self, database: Database, repository: Repository, project: Project) -> None:
        self._database = database
        self._repository = repository
        self._project = project
        self._number = project_number(project)
        self._salt = str(self._number)
        self._prefix = project.prefix
        self._indexer = Indexer(self._number, self._prefix, _read_dvc)
        self._files: list[Any] = []
        self._fresh: dict[int, tuple[int, int, str, str]] = {}
        self._known: set[int] = set()

    def load(self) -> State | None:
        """Return what was seen last time; None where nothing was."""
        rows = self._database.ask("SELECT state FROM projects WHERE n = ?", (self._number,))
        return State(**json.loads(rows[0][0])) if rows else None

    def update(self, state: State, tips: Tips, shallow: str) -> None:
        """Write everything that is new, and remove what is gone."""
        query = "SELECT n FROM files WHERE project = ?"
        self._known = {number for (number,) in self._database.ask(query, (self._number,))}
        smaller = False
        if not state.agrees(tips, shallow):
            state, smaller = self._commits(state, tips, shallow)
            smaller |= self._journals(state, tips)
            state = state._replace(tips=tips.commits, journals=tips.journals, shallow=shallow)
        if smaller:  # folders of runs that were known as a whole may be so no more
            self._database.do("DELETE FROM working WHERE file = 0")
        lying = self.look_around(wide=tips.wide)
        if lying is not None:
            smaller |= self._lying(*lying)
        packs = packs_at(self._repository)
        if to_be_looked_for(state, self._repository):
            self._absent_again()
        if smaller:
            self._forget_orphans()
        query = "SELECT count(*) FROM files WHERE project = ? AND trouble = ?"
        [(absent,)] = self._database.ask(query, (self._number, ABSENT))
        row = (
            self._number,
            os.fsencode(self._prefix),
            json.dumps(
                {**state._asdict(), "absent": absent, "packs": packs, "journals": dict(state.journals)}
            ),
        )
        self._database.do("INSERT OR REPLACE INTO projects VALUES (?, ?, ?)", row)

    # Commits ----------------------------------------------------------------------------------------------------------

    def _commits(self, state: State, tips: Tips, shallow: str) -> tuple[State, bool]:
        """Walk what is new; return what was seen, and whether anything that was known is gone."""
        gone = sorted(set(state.tips) - set(tips.commits))
        removed = lost(self._repository, tips.commits, gone) if gone else []
        if removed is None or shallow != state.shallow:
            # What the old tips led to cannot be told any more, or the end of history has moved: everything is walked again.
            self._database.do(
                "DELETE FROM brought WHERE file IN (SELECT n FROM files WHERE project = ?)", (self._number,)
            )
            state, removed = state._replace(tips=(), shallow="", dvc=False), [""]
        elif removed:
            numbers = [(_commit_number(name), self._number) for name in removed]
            query = (
                "DELETE FROM brought WHERE commit_ = ? AND file IN (SELECT n FROM files WHERE project = ?)"
            )
            self._database.do("CREATE INDEX IF NOT EXISTS brought_commit ON brought (commit_)")
            self._database.put(query, numbers)
        literal = [
            f"{self._prefix}{RECORDS}",
            f"{self._prefix}dvc.lock",
            f"{self._prefix}.dvc/config",
            ".dvc/config",
        ]
        dvc, walks = state.dvc, state.walks + 1
        new = sorted(set(tips.commits) - set(state.tips))
        if new:
            found = walk(self._repository, new, state.tips, literal)
            dvc = self._walked(found, walks) or dvc
        if dvc:
            place = _escaped(self._prefix)
            patterns = [
                f":(glob){place}**/dvc.lock",
                f":(glob){place}**/*.dvc",
                f":(exclude,glob){place}{RECORDS}/**",
            ]
            known = state.tips if state.dvc else ()
            start = new if state.dvc else tips.commits
            if start:
                self._walked(walk(self._repository, start, known, patterns, literal=False), walks)
        return state._replace(dvc=dvc, walks=walks), bool(removed)

    def _walked(self, found: Iterable[tuple[Commit, list[Brought]]], walks: int) -> bool:
        """Take in what a walk finds; return whether it tells that DVC was used."""
        dvc, skip = False, len(self._prefix)
        commits: list[Any] = []
        brought: list[Any] = []
        for at, (commit, files) in enumerate(found):
            number, any_ = _commit_number(commit.id), False
            for path, blob in files:
                name = path[skip:] if path.startswith(self._prefix) else ""
                kind = kind_of(name)
                if not kind:
                    dvc = dvc or path.endswith(".dvc/config")
                elif (file := self._file(kind, name, blob)) is not None:
                    dvc = dvc or kind == DVC
                    brought.append((file, number))
                    any_ = True
            if any_:
                # Later walks bring what is newer, and a walk begins with the newest: children rank above their parents.
                rank = (walks << 32) - at
                row = _plain(commit.author), _plain(commit.email), commit.time, rank, _plain(commit.subject)
                commits.append((number, commit.id, *row))
            if len(self._fresh) >= _MANY:
                self._read_fresh()
        self._read_fresh()
        self._write()
        self._database.put("INSERT OR IGNORE INTO commits VALUES (?, ?, ?, ?, ?, ?, ?)", commits)
        self._database.put("INSERT OR IGNORE INTO brought VALUES (?, ?)", brought)
        return dvc

    # Journals ---------------------------------------------------------------------------------------------------------

    def _journals(self, state: State, tips: Tips) -> bool:
        from mlops_cli.errors import HistoryError

        smaller = False
        for ref in state.journals.keys() - tips.journals.keys():
            self._database.do("DELETE FROM journaled WHERE ref = ?", (ref,))
            smaller = True
        for ref, tree in tips.journals.items():
            old = state.journals.get(ref, "")
            if old == tree:
                continue
            try:
                changes = list(tree_changes(self._repository, old, tree, f"{self._prefix}runs"))
            except HistoryError as error:
                if not old:
                    raise HistoryError(
                        f"the journal {ref} cannot be read: {error.message}",
                        hint=f"Look with: git fsck; or forget it with: git update-ref -d {ref}",
                    ) from error
                # Git has removed the old tree: the new one is read as a whole.
                self._database.do("DELETE FROM journaled WHERE ref = ? AND path LIKE ?", (ref, "%"))
                smaller, changes = True, list(tree_changes(self._repository, "", tree, f"{self._prefix}runs"))
            smaller |= self._journal(ref, changes)
        self._read_fresh()
        self._write()
        return smaller

    def _journal(self, ref: str, changes: Iterable[tuple[str, str]]) -> bool:
        rows, removed = [], []
        for path, blob in changes:
            name = from_journal(self._prefix, path)
            kind = kind_of(name) if name else 0
            if not kind or name is None:
                continue
            if not blob:
                removed.append((ref, path))
            elif (file := self._file(kind, name, blob)) is not None:
                rows.append((file, ref, path))
            if len(self._fresh) >= _MANY:
                self._read_fresh()
        self._database.put("DELETE FROM journaled WHERE ref = ? AND path = ?", removed)
        self._database.put("INSERT OR REPLACE INTO journaled VALUES (?, ?, ?)", rows)
        return bool(removed)

    # The workspace ----------------------------------------------------------------------------------------------------

    def look_around(self, *, wide: bool) -> tuple[list[Any], list[str]] | None:
        """Return the workspace's records that are new or changed, and the paths of those that are gone; None for neither."""
        root = str(self._project.root)
        query = "SELECT w.path, w.identity, f.blob FROM working w LEFT JOIN files f ON f.n = w.file WHERE w.root = ?"
        rows = self._database.ask(query, (_plain(root),))
        before = {path: (identity, blob or "") for path, identity, blob in rows}
        found = list(look(self._project.root, self._known_runs, before, wide=wide))
        changed = [file for file in found if before.get(file.path) != (file.identity, file.blob)]
        gone = sorted(before.keys() - {file.path for file in found})
        return (changed, gone) if changed or gone else None

    def _known_runs(self, folder: str) -> set[str]:
        """Return the paths of runs and events of a month that commits or journals have."""
        month = folder.rstrip("/").rpartition("/")[2].replace("-", "")
        found: set[str] = set()
        for table, run in (("runs", "id"), ("events", "run")):
            query = (
                f"SELECT f.path FROM {table} t JOIN files f ON f.n = t.file WHERE t.project = ? AND t.{run} BETWEEN ? AND ?"
                " AND (EXISTS (SELECT 1 FROM brought b WHERE b.file = f.n)"
                " OR EXISTS (SELECT 1 FROM journaled j WHERE j.file = f.n))"
            )
            found |= {path for (path,) in self._database.ask(query, (self._number, month, f"{month}~"))}
        return found

    def _lying(self, files: list[Any], gone: list[str]) -> bool:
        root, rows = _plain(str(self._project.root)), []
        for path, identity, blob, data in files:
            number = self._number_of(path, blob) if blob else 0  # of a folder, all runs are known
            if data is not None and number not in self._known:
                self._known.add(number)
                kind = kind_of(path)
                trouble = self._indexer.add(number, kind, path, data)
                self._files.append((number, self._number, kind, blob, path, trouble))
            rows.append((root, path, identity, number))
        self._write()
        self._database.put("DELETE FROM working WHERE root = ? AND path = ?", [(root, path) for path in gone])
        query = "SELECT path, file FROM working WHERE root = ?"
        before = dict(self._database.ask(query, (root,)))
        self._database.put("INSERT OR REPLACE INTO working VALUES (?, ?, ?, ?)", rows)
        for (other,) in self._database.ask("SELECT DISTINCT root FROM working WHERE root <> ?", (root,)):
            if not os.path.isdir(other):
                self._database.do("DELETE FROM working WHERE root = ?", (other,))
                gone = [*gone, other]
        return bool(gone) or any(before.get(path, number) != number for _, path, _, number in rows)

    # Contents -----------------------------------------------------------------------------------------------------------

    def _number_of(self, path: str, blob: str) -> int:
        return number_of(self._salt, path, blob)

    def _file(self, kind: int, path: str, blob: str) -> int | None:
        """Return the number of a file that was found, and remember to read it if it is new; None for one nobody can name."""
        try:
            number = self._number_of(path, blob)
            path.encode()
        except UnicodeEncodeError:
            return None
        if number not in self._known:
            self._known.add(number)
            self._fresh[number] = (number, kind, path, blob)
        return number

    def _read_fresh(self) -> None:
        if self._fresh:
            fresh = list(self._fresh.values())
            self._fresh = {}
            self._read(fresh)

    def _read(self, fresh: list[tuple[int, int, str, str]]) -> None:
        found = contents(self._repository, [blob for *_, blob in fresh])
        for (number, kind, path, blob), content in zip(fresh, found, strict=True):
            trouble = self._indexer.add(number, kind, path, content.data) if content.kind else ABSENT
            self._files.append((number, self._number, kind, blob, path, trouble))
        if len(self._files) >= _MOST:
            self._write()

    def _absent_again(self) -> None:
        query = "SELECT n, kind, path, blob FROM files WHERE project = ? AND trouble = ?"
        self._read(self._database.ask(query, (self._number, ABSENT)))
        self._write()

    def _write(self) -> None:
        rows, put = self._indexer.rows, self._database.put
        put("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", self._files)
        put(f"INSERT OR IGNORE INTO runs VALUES ({', '.join('?' * 20)})", rows.runs)
        put("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows.events)
        put("INSERT OR IGNORE INTO occurrences VALUES (?, ?, ?, ?)", rows.occurrences)
        put("INSERT OR IGNORE INTO edges VALUES (?, ?, ?)", rows.edges)
        put("INSERT OR IGNORE INTO named VALUES (?, ?, ?)", list(rows.named))
        put("INSERT OR IGNORE INTO data VALUES (?, ?, ?)", rows.data)
        put("INSERT OR IGNORE INTO links VALUES (?, ?, ?)", rows.links)
        self._files.clear()
        rows.clear()

    def _forget_orphans(self) -> None:
        """Remove what nothing leads to any more."""
        put = self._database.do
        put(
            "DELETE FROM files WHERE n NOT IN (SELECT file FROM brought) AND n NOT IN (SELECT file FROM journaled)"
            " AND n NOT IN (SELECT file FROM working)"
        )
        for table in ("runs", "events", "occurrences", "data", "links"):
            put(f"DELETE FROM {table} WHERE file NOT IN (SELECT n FROM files)")
        put("DELETE FROM edges WHERE production NOT IN (SELECT production FROM occurrences)")
        put("DELETE FROM named WHERE digest NOT IN (SELECT digest FROM edges)")
        put("DELETE FROM commits WHERE n NOT IN (SELECT commit_ FROM brought)")


def _commit_number(name: str) -> int:
    return int(name[:16], 16) - (1 << 63)


def _plain(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _escaped(prefix: str) -> str:
    return "".join(f"\\{sign}" if sign in "*?[\\" else sign for sign in prefix)


def _read_dvc(path: str, data: bytes) -> list[Any]:
    from mlops_cli.history.dvc_history import productions_of

    return productions_of(path, data)
