"""`gc`: find what nobody needs any more in the store, and remove it where that is asked for."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.errors import HistoryError, UsageError
from mlops_cli.execution.aside import mend
from mlops_cli.execution.events import Notice
from mlops_cli.git.history import find_gaps, reachable_records, unreachable_records
from mlops_cli.git.worktrees import find_worktrees, repository_at
from mlops_cli.store.digest import PREFIX, Digest
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.results import Results
from mlops_cli.store.session import Session
from mlops_cli.store.upkeep.collect import Garbage, Mentions, find_garbage
from mlops_cli.store.upkeep.links import linked_objects
from mlops_cli.store.upkeep.mentions import named_artifacts
from mlops_cli.store.upkeep.naming import GarbageRow, name_garbage
from mlops_cli.store.upkeep.projects import Registration, named, registered
from mlops_cli.store.upkeep.sweep import Swept, plan_sweep, sweep
from mlops_cli.tracking.elsewhere import remote_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlops_cli.execution.events import Event
    from mlops_cli.git.worktrees import Repository
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact

GRACE = 14 * 86400.0  # seconds


@dataclass(frozen=True, slots=True)
class GcOptions:
    """How to collect.

    Parameters
    ----------
    delete : bool
        Remove what is found; else only say what would be removed.
    grace : float or None
        Seconds for which what nothing leads to is kept; by default what the settings say.
    forget : tuple of str
        Projects, by path or pattern, that use the store no more.
    shallow_ok : bool
        Go on where a part of the history was never fetched: what only that part needs counts as garbage.
    remote : str or None
        Look at this remote instead of the store here; the default one for an empty name.
    typed : tuple of str
        Words of the command line that say where and with which grace, for the commands that hints name.
    """

    delete: bool = False
    grace: float | None = None
    forget: tuple[str, ...] = ()
    shallow_ok: bool = False
    remote: str | None = None
    typed: tuple[str, ...] = ()

    def again(self, *more: str) -> str:
        """Return the command that asks for the same, and for more."""
        words = ["mlops", "gc", *self.typed]
        if self.remote is not None:
            words += ["-r", self.remote] if self.remote else ["--remote"]
        words += ["--shallow-ok"] if self.shallow_ok else []
        words += [word for project in self.forget for word in ("--forget", project)]
        return shlex.join([*words, *more])


@dataclass(frozen=True, slots=True)
class GcResult:
    """What was found, and what was removed.

    Parameters
    ----------
    rows : tuple of GarbageRow
        Everything that nobody needs, by what it was called.
    grace : float
        Seconds.
    held, held_bytes : int
        Objects that nobody needs and that stay, because most of the pack around them is needed.
    strays : int
        Half-written and long set-aside files.
    projects : tuple of str
        Whose needs were asked.
    swept : Swept or None
        What was removed; None where nothing was to be.
    there : bool
        Whether it is about a remote.
    delete : str
        The command that removes what was found.
    """

    store: str
    rows: tuple[GarbageRow, ...]
    garbage: Garbage
    grace: float
    held: int
    held_bytes: int
    strays: int
    projects: tuple[str, ...]
    swept: Swept | None = None
    there: bool = False
    delete: str = ""

    @property
    def bytes(self) -> int:
        """Bytes of all that nobody needs."""
        return sum(self.garbage.objects.values())


def gc(
    opened: Opened, options: GcOptions = GcOptions(), listen: Callable[[Event], None] = lambda _: None
) -> GcResult:
    """Find what nobody needs in the store, and remove it where that is asked for.

    Raises
    ------
    UsageError
        When a project that uses the store cannot be reached.
    HistoryError
        When what leads to objects cannot be seen as a whole; nothing was removed.
    DataError
        When the store cannot be read or written; what is needed is there all the same.
    """
    if options.remote is not None:
        return _Collection(opened, options).carry_out_there(options.remote or None)
    if not options.delete:
        return _Collection(opened, options).carry_out()
    # While garbage is told from what is needed, nobody may begin to need what is there.
    session = Session(
        opened.store,
        mend,
        alone=True,
        waits=lambda: listen(Notice("waiting for commands that write into the store")),
    )
    try:
        return _Collection(opened, options, session).carry_out()
    finally:
        session.close()


@dataclass(slots=True)
class _Needs:
    """What the projects need."""

    mentions: Mentions = field(default_factory=Mentions)
    linked: set[Digest] = field(default_factory=set)


class _Collection:
    """One collection."""

    def __init__(self, opened: Opened, options: GcOptions, session: Session | None = None) -> None:
        self.opened = opened
        self.options = options
        self.store = opened.store
        given = options.grace if options.grace is not None else opened.config.gc_grace
        self.grace = GRACE if given is None else given
        # Never later than now: with no grace at all, what is written from now on still stays.
        self.cutoff = time.time() - self.grace
        self.settled: list[str] = []
        temporary = session.folder if session else self.store / "tmp"
        self.objects = FolderObjects(self.store, temporary, opened.config.links, self.settled.append)
        self.results = Results(self.store / "results", temporary)
        self.deleting = session is not None

    def carry_out(self) -> GcResult:
        projects, forgotten = self._projects()
        repositories, needs = self._ask_all(projects)
        needs.mentions.digests |= needs.linked
        garbage = find_garbage(self.objects, self.results, needs.mentions, self.cutoff, self._aside())
        plan = plan_sweep(self.store, self.objects, garbage, needs.linked, self.cutoff)
        rows = tuple(name_garbage(self.objects, garbage.objects, _names(garbage, repositories)))
        swept = None
        if self.deleting:
            swept = sweep(self.objects, garbage, plan, self.cutoff, self.settled)
            for project in forgotten:
                if project.file is not None:
                    project.file.unlink(missing_ok=True)
        return GcResult(
            str(self.store),
            rows,
            garbage,
            self.grace,
            len(plan.held),
            sum(plan.held.values()),
            len(plan.strays),
            tuple(project.place for project in projects),
            swept,
            delete=self.options.again("--delete"),
        )

    def carry_out_there(self, name: str | None) -> GcResult:
        from mlops_cli.git.history import first_commit
        from mlops_cli.store.transfer.claims import claims, disclaim
        from mlops_cli.store.transfer.collect import find_remote_garbage, sweep_remote
        from mlops_cli.store.transfer.scrub import EitherStore

        label, remote = remote_store(self.opened, name, trusting=False)
        projects, _ = self._projects(forget=False)
        repositories, needs = self._ask_all(projects)
        own = {first_commit(repository) for repository in repositories}
        others = {known: title for known, title in claims(remote).items() if known not in own}
        gone = {
            known for known, title in others.items() if {known, known[:16], title} & {*self.options.forget}
        }
        for known in others.keys() - gone:
            raise UsageError(
                f"{others[known]} uses the remote {label}, too, and nobody can tell from here what it needs",
                hint=f"If it does so no more: {self._again('--forget', known[:16])}",
            )
        now = time.time()
        plan = find_remote_garbage(remote, self.objects, needs.mentions, now, self.grace)
        garbage = plan.garbage
        either = EitherStore(self.objects, remote)
        rows = tuple(name_garbage(either, garbage.objects, _names(garbage, repositories)))
        swept = None
        if self.options.delete:
            sweep_remote(remote, plan)
            for known in gone:
                disclaim(remote, known)
            swept = Swept(
                len(garbage.objects), sum(garbage.objects.values()), len(plan.segments), len(plan.packs)
            )
        places = tuple(project.place for project in projects)
        held = sum(plan.held.values())
        return GcResult(
            label, rows, garbage, self.grace, len(plan.held), held, 0, places, swept,
            there=True, delete=self.options.again("--delete"),
        )  # fmt: skip

    # Who needs something --------------------------------------------------------------------------------------------

    def _ask_all(self, projects: list[Registration]) -> tuple[list[Repository], _Needs]:
        repositories = [self._repository(project) for project in projects]
        needs = _Needs()
        for repository in repositories:
            self._ask(repository, needs)
        return repositories, needs

    def _projects(self, *, forget: bool = True) -> tuple[list[Registration], list[Registration]]:
        """Return the repositories to be asked, this one first, and those to be forgotten."""
        project = self.opened.project
        main = project.worktree if project.git_dir == project.common_dir else None
        own = Registration(project.common_dir, worktree=main)
        others = [other for other in registered(self.store) if other.git_dir != project.common_dir]
        stale = [
            other
            for other in registered(self.store)
            if other.git_dir == project.common_dir and not other.reachable
        ]
        forgotten: list[Registration] = []
        for pattern in self.options.forget if forget else ():
            found = named([*others, *stale], pattern, self.opened.project.root)
            if not found:
                raise UsageError(
                    f"no project that uses {self.store} is at {pattern}",
                    hint="There are: " + (", ".join(other.place for other in others) or "none but this one"),
                )
            forgotten += found
        kept = [other for other in (*others, *stale) if other not in forgotten]
        gone = [other for other in kept if not other.reachable]
        if gone:
            raise UsageError(
                f"{gone[0].place} uses {self.store}, too, and cannot be reached, so nobody can tell what it needs",
                hint=f"Bring it back; or if it is gone for good: {self._again('--forget', gone[0].place)}",
            )
        return [own, *kept], forgotten

    def _again(self, *more: str) -> str:
        return self.options.again(*(("--delete",) if self.options.delete else ()), *more)

    def _repository(self, project: Registration) -> Repository:
        return repository_at(project.git_dir, self.opened.environment.variables, project.worktree)

    def _ask(self, repository: Repository, needs: _Needs) -> None:
        """Take in what a repository needs."""
        if find_gaps(repository).shallow and not self.options.shallow_ok:
            raise HistoryError(
                f"{repository.git_dir} is a shallow clone: what older commits need cannot be seen; nothing was removed",
                hint=f"Fetch them: git fetch --unshallow; or give up what only they need: {self._again('--shallow-ok')}",
            )
        for record in reachable_records(repository):
            needs.mentions.take(record.data)
        local = repository.git_dir / "mlops"
        folders = [worktree.folder for worktree in find_worktrees(repository)]
        for folder in [*folders, local / "failed", local / "kept", local / "tmp"]:
            if folder is not None:
                needs.linked.update(linked_objects(folder))

    def _aside(self) -> set[Digest]:
        folder = self.store / "damaged"
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return {Digest(PREFIX + name[:64]) for name in names}


def _names(garbage: Garbage, repositories: list[Repository]) -> Iterator[tuple[str, Artifact, str]]:
    """Yield what old results and forgotten commits call things; asked for only as far as there is garbage."""
    if not garbage.objects:
        return
    for repository in repositories:
        try:
            for record in unreachable_records(repository):
                for path, artifact in named_artifacts(record.data):
                    yield path, artifact, record.where
        except HistoryError:
            continue  # a name is a courtesy
    for result in garbage.results:
        for path, artifact in result.outs.items():
            yield path, artifact, "result"
