"""`verify`: read everything again, say what is not what it should be, and mend what can be mended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.errors import FileError, MlopsError, UsageError
from mlops_cli.execution.aside import mend
from mlops_cli.git.command import Git
from mlops_cli.git.facts import tracked_files
from mlops_cli.git.history import reachable_records, records_of
from mlops_cli.git.records import RecordFile, working_records
from mlops_cli.git.worktrees import repository_at
from mlops_cli.history.committed import cannot_differ, misled, restore_record
from mlops_cli.history.needs import InGit, needs_of
from mlops_cli.history.run_copies import differing_copies
from mlops_cli.history.soundness import STAGES, inside_project, is_told, unsound
from mlops_cli.history.trouble import Kind, Trouble, VerifyResult
from mlops_cli.pipeline.record import load_stage_record
from mlops_cli.store.closure import closure
from mlops_cli.store.digest import Digest
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.results import Results
from mlops_cli.store.session import Session
from mlops_cli.store.stat_cache import database_damage
from mlops_cli.store.upkeep.check import Checked, check_objects, check_others, check_results
from mlops_cli.store.upkeep.mend import (
    mend_from_workspace,
    rebuild_indexes,
    set_aside,
    set_file_aside,
    set_index_aside,
)
from mlops_cli.store.upkeep.referrers import Need, Totals, find_referrers
from mlops_cli.tracking.elsewhere import remote_store
from mlops_cli.tracking.recorded import project_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact

_ROUNDS = 4  # a tree that came back may name more that is missing


def verify(
    opened: Opened,
    paths: Sequence[str] = (),
    *,
    repair: bool = False,
    history: bool = False,
    remote: str | None = None,
    listen: Callable[[int, int], None] = lambda _files, _bytes: None,
) -> VerifyResult:
    """Read records and store, and compare everything with its digest.

    Parameters
    ----------
    paths : sequence of str
        Recorded paths; only they, and what they consist of, are looked at. Everything by default.
    repair : bool
        Take what is damaged out of use, and put good copies in its place.
    history : bool
        Also the records of all commits that anything leads to.
    remote : str, optional
        Read what lies on this remote instead of what lies here; the default one for an empty name.
    listen : callable
        Told how many objects and bytes have been read.

    Raises
    ------
    UsageError
        When nothing is recorded at a path.
    HistoryError
        When the history cannot be read.
    """
    if remote is not None:
        return _Verification(opened, paths, history, listen, "").look_there(remote or None, repair=repair)
    # Before anybody opens it: a damaged database is thrown away by whoever comes upon the damage.
    database = database_damage(opened.project.local / "state.db")
    if database and repair:
        for ending in ("", "-wal", "-shm"):
            (opened.project.local / f"state.db{ending}").unlink(missing_ok=True)
    if not repair:
        return _Verification(opened, paths, history, listen, database).look()
    session = Session(opened.store, mend, alone=True)
    try:
        return _Verification(opened, paths, history, listen, database, session).mend()
    finally:
        session.close()


class _Verification:
    """One look at everything, or several with mending in between."""

    def __init__(
        self,
        opened: Opened,
        paths: Sequence[str],
        history: bool,
        listen: Callable[[int, int], None],
        database: str,
        session: Session | None = None,
    ) -> None:
        self.opened = opened
        self.store = opened.store
        self.paths = [project_path(opened, path) for path in paths]
        self.history = history
        self.listen = listen
        self.database = database
        self.mending = session is not None
        self.settled: list[str] = []
        temporary = session.folder if session else self.store / "tmp"
        self.objects = FolderObjects(self.store, temporary, opened.config.links, self.settled.append)
        self.results = Results(self.store / "results", temporary)
        self.sources: dict[Digest, str] = {}
        self.notices: list[str] = []
        self.checked = Checked()
        self.differing: dict[tuple[str, str], str] = {}
        self.needs: list[Need] = []
        self.wanted: set[Digest] = set()
        self.known: dict[Digest, int] = {}

    # Looking --------------------------------------------------------------------------------------------------------

    def look(self) -> VerifyResult:
        """Return what is wrong at this moment."""
        self.objects.packs.again()
        checked = self.checked = Checked()
        working, committed, records = self._read_records()
        self.differing = differing_copies(self.opened.git, self.opened.project.common_dir, records)
        troubles = [trouble for record in records for trouble in self._record_trouble(record, committed)]
        if self.paths:
            troubles = [t for t in troubles if t.name in {need.record for need in self.needs}]
        found = closure(self.objects, list({need.artifact: None for need in self.needs}))
        self.known = found.blobs | found.trees
        everything = {*found.trees, *found.blobs, *found.missing}
        check_objects(self.objects, checked, self.listen, everything if self.paths else None)
        self.wanted = checked.damaged.keys() | self.objects.missing(everything)
        if not self.paths:
            check_results(self.results, self.objects, checked, _outs_by_key(records))
            check_others(self.store, checked)
        troubles += self._sizes(working)
        troubles += self._store_troubles()
        return VerifyResult(
            tuple(troubles),
            checked.objects,
            checked.bytes,
            _count(records),
            checked.results_read,
            checked.dangling,
            tuple(dict.fromkeys(self.notices)),
        )

    def _read_records(self) -> tuple[dict[str, RecordFile], dict[str, RecordFile], list[RecordFile]]:
        """Return the records of the workspace and of HEAD by path, and all of them; take note of what they need."""
        project, variables = self.opened.project, self.opened.environment.variables
        here = repository_at(project.git_dir, variables)
        working = {record.path: record for record in working_records(project.worktree)}
        head = self.opened.git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        committed: dict[str, RecordFile] = {}
        if head:
            committed = {r.path: r for r in records_of(here, head.decode().strip())}
        older = []
        if self.history:
            main = project.worktree if project.git_dir == project.common_dir else None
            seen = {record.data for record in (*working.values(), *committed.values())}
            repository = repository_at(project.common_dir, variables, main)
            older = [record for record in reachable_records(repository) if record.data not in seen]
        others = [r for r in committed.values() if r.path not in working or working[r.path].data != r.data]
        records = [*working.values(), *others, *older]
        in_git = InGit(tracked_files(Git(project.worktree, variables)))
        self.needs = [need for r in records for need in needs_of(r, in_git, history=self.history)]
        if self.paths:
            self.needs = self._chosen(self.needs)
        return working, committed, records

    def _record_trouble(self, record: RecordFile, committed: dict[str, RecordFile]) -> Iterator[Trouble]:
        ours = record.where == "workspace"
        there = committed.get(record.path)
        reason = unsound(
            record.path, record.data, layout=ours and (there is None or there.data != record.data)
        )
        if not reason and ours and there is not None:
            reason = cannot_differ(record, there)
        altered = "" if reason else self.differing.get((record.path, record.where), "")
        if reason or altered:
            where = "" if ours else f" (in {record.where[:10]})"
            yield Trouble("record", record.path, (reason or altered) + where, altered=bool(altered))

    def _chosen(self, needs: list[Need]) -> list[Need]:
        prefix = self.opened.project.prefix
        wanted = [f"{prefix}{path}" if path != "." else prefix.rstrip("/") for path in self.paths]
        found = [need for need in needs if any(_related(need.path, path) for path in wanted)]
        if not found:
            raise UsageError(
                f"nothing is recorded at {self.paths[0]}", hint="See what is recorded with: mlops status -v"
            )
        return found

    def _sizes(self, working: dict[str, RecordFile]) -> Iterator[Trouble]:
        """Yield records that give an artifact another size, or number of files, than it has."""
        needs = [need for need in self.needs if need.record in working and need.where == "workspace"]
        totals = Totals(self.objects, self.objects.sizes({n.artifact.digest for n in needs}))
        for need in needs:
            total = totals.of(need.artifact)
            if total is not None and total != (need.files or total[0], need.artifact.size):
                says = f"it says that {need.path} has {need.files or total[0]:,} files and {need.artifact.size:,} bytes"
                yield Trouble("record", need.record, f"{says}, not {total[0]:,} and {total[1]:,}")

    def _store_troubles(self) -> Iterator[Trouble]:
        checked = self.checked
        referrers = find_referrers(self.objects, self.needs, self.wanted) if self.wanted else {}
        for digest in sorted(self.wanted):
            reason = checked.damaged.get(digest, "it is not in the store")
            yield Trouble("object", digest, reason, tuple(dict.fromkeys(referrers.get(digest, ()))))
        for name, reason in checked.indexes.items():
            yield Trouble("index", str(self.store / "packs" / f"{name}.idx"), reason)
        for name, reason in checked.packs.items():
            yield Trouble("pack", str(self.store / "packs" / f"{name}.pack"), reason)
        for key, reason in checked.results.items():
            yield Trouble("result", key, reason)
        for path, reason in checked.others.items():
            yield Trouble("file", path, reason)
        if self.database and not self.mending:
            yield Trouble("database", str(self.opened.project.local / "state.db"), self.database)

    def look_there(self, name: str | None, *, repair: bool) -> VerifyResult:
        """Return what is wrong on a remote; with `repair`, what was, and what still is after good copies were sent."""
        from mlops_cli.store.transfer.flight import Tally
        from mlops_cli.store.transfer.push import push
        from mlops_cli.store.transfer.scrub import EitherStore, scrub, take_out

        _, _, records = self._read_records()
        artifacts = list({need.artifact: None for need in self.needs})
        label, store = remote_store(self.opened, name, trusting=False)
        tally = Tally(listen=lambda tally: self.listen(tally.objects, tally.bytes))
        first = found = scrub(store, self.objects, artifacts, tally)
        if repair and (found.objects or found.files):
            take_out(store, found)
            push(self.objects, store, artifacts, {}, Tally())
            store.again()
            found = scrub(store, self.objects, artifacts, Tally())
        referrers = find_referrers(EitherStore(self.objects, store), self.needs, first.objects.keys())
        troubles = [
            Trouble(
                "object",
                digest,
                f"on the remote {label}: {found.objects.get(digest, reason)}",
                tuple(dict.fromkeys(referrers.get(digest, ()))),
                "" if digest in found.objects else "sent again, or set aside where nothing here needs it",
            )
            for digest, reason in {**found.objects, **first.objects}.items()
        ]
        for file, reason in {**found.files, **first.files}.items():
            mended = "" if file in found.files else "made anew, or set aside"
            kind: Kind = "index" if file.endswith(".idx") else "pack" if file.endswith(".pack") else "result"
            troubles.append(Trouble(kind, f"{label}: {file}", reason, (), mended))
        return VerifyResult(tuple(troubles), first.read, tally.bytes, _count(records), 0)

    # Mending --------------------------------------------------------------------------------------------------------

    def mend(self) -> VerifyResult:
        """Mend what can be mended; what a last look still finds is not."""
        first = result = self.look()
        known: dict[tuple[Kind, str], Trouble] = {}
        for _ in range(_ROUNDS):
            known = {(t.kind, t.name): t for t in result.troubles} | known
            if not result.troubles:
                break
            before = {(t.kind, t.name) for t in result.troubles}
            self._mend_once(result)
            result = self.look()
            if {(t.kind, t.name) for t in result.troubles} == before:
                break
        left = {(t.kind, t.name): t for t in result.troubles}
        troubles = [
            left.get(key) or replace(trouble, repaired=self._source(trouble))
            for key, trouble in known.items()
        ]
        troubles += [trouble for key, trouble in left.items() if key not in known]
        if self.database:
            name = str(self.opened.project.local / "state.db")
            troubles.append(Trouble("database", name, self.database, repaired="it is made anew"))
        return replace(result, troubles=tuple(troubles), records=first.records, notices=tuple(self.notices))

    def _source(self, trouble: Trouble) -> str:
        if trouble.kind == "object":
            return self.sources.get(Digest(trouble.name), "another copy in the store")
        return {
            "record": "Git",
            "index": "made anew from its pack",
            "pack": "made anew from its objects",
            "result": "set aside; the stage runs again when it is needed",
        }.get(trouble.kind, "it is made anew")

    def _mend_once(self, result: VerifyResult) -> None:
        checked = self.checked
        if checked.indexes:
            done = rebuild_indexes(self.store, self.objects, checked.indexes, self.known)
            set_index_aside(self.store, self.objects, checked.indexes.keys() - done.keys())
        set_aside(self.store, self.objects, checked.damaged.keys(), checked.packs.keys(), self.settled)
        for path in checked.others:
            if not path.endswith("projects"):
                set_file_aside(self.store, self.store / path, path.rpartition("/")[2])
        self._mend_results()
        self._mend_records(result)
        self._bring()

    def _bring(self) -> None:
        """Bring good copies of objects: from the workspace, then from the remote."""
        wanted = self.objects.missing(self.wanted)
        if not wanted:
            return
        prefix = self.opened.project.prefix
        paths = {n.path.removeprefix(prefix): None for n in self.needs if n.path.startswith(prefix)}
        found = mend_from_workspace(self.opened.workspace, self.objects, wanted, paths)
        self.sources |= {digest: f"the workspace: {path}" for digest, path in found.items()}
        wanted = self.objects.missing(wanted)
        if not wanted or not self.opened.config.remotes:
            return
        from mlops_cli.store.transfer.fetch import fetch_objects
        from mlops_cli.store.transfer.flight import Tally

        try:
            name, remote = remote_store(self.opened)
            fetch_objects(self.objects, remote, wanted, Tally())
        except MlopsError as error:
            self.notices.append(f"the remote could not be asked: {error.message}")
            return
        still = self.objects.missing(wanted)
        self.sources |= {digest: f"the remote {name}" for digest in wanted if digest not in still}

    def _mend_results(self) -> None:
        for key, path, _ in list(self.results.listing()):
            if key in self.checked.results:
                set_file_aside(self.store, path, f"result-{key[3:]}.json")

    def _mend_records(self, result: VerifyResult) -> None:
        """Bring back records from the index or from HEAD, whichever has them whole."""
        top = self.opened.project.worktree
        git = Git(top, self.opened.environment.variables)
        for trouble in result.troubles:
            if trouble.kind == "record" and (top / trouble.name).exists():
                restore_record(git, top, trouble.name)
            elif trouble.kind == "object":
                # A damaged digest in a record looks like a missing object.
                for need in trouble.needed:
                    if need.where == "workspace" and misled(git, top, need.record):
                        restore_record(git, top, need.record)


def _count(records: Sequence[RecordFile]) -> int:
    """Return how many are records; the settings beside them are none."""
    return sum(is_told(record.path) for record in records)


def _outs_by_key(records: Sequence[RecordFile]) -> dict[Digest, Mapping[str, Artifact]]:
    """Return what stage records say that each key led to."""
    found: dict[Digest, Mapping[str, Artifact]] = {}
    for record in records:
        file = inside_project(record.path)
        if file.startswith(STAGES):
            with suppress(FileError):
                stage = load_stage_record(record.data, file)
                found.setdefault(stage.key, stage.outs)
    return found


def _related(path: str, asked: str) -> bool:
    return not asked or path == asked or path.startswith(f"{asked}/") or asked.startswith(f"{path}/")
