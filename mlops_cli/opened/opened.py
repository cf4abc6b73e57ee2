"""One project, opened: where everything is, how it is set up, and its pipeline. Every action stands on this.

A command that finds everything as it was imports neither the parsers nor anything that starts processes: what they found out
last time is remembered beside the digests of the files that it follows from.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from mlops_cli.execution.facts import MachineFacts
from mlops_cli.formats.problems import DefinitionError, Problem
from mlops_cli.git.discover import find_project
from mlops_cli.opened.owners import outputs_as_data, outputs_in_git
from mlops_cli.opened.remembered import read_config, read_pipeline
from mlops_cli.pipeline.graph import Graph, build_graph
from mlops_cli.pipeline.plan import make_plan
from mlops_cli.project import DATA_RECORDS, DEFINITION
from mlops_cli.settings import Config, Environment, read_environment
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.ignore import IgnoreRules
from mlops_cli.store.stat_cache import StatCache
from mlops_cli.store.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from types import TracebackType

    from mlops_cli.git.command import Git
    from mlops_cli.history.index.history import History
    from mlops_cli.pipeline.decision import Plan
    from mlops_cli.pipeline.definition import Pipeline, Stage
    from mlops_cli.project import Project
    from mlops_cli.settings import Remote
    from mlops_cli.store.durability import GroupCommit
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.remotes.port import RemoteFiles
    from mlops_cli.store.results import Results
    from mlops_cli.store.session import Session
    from mlops_cli.store.tracked import DataRecord


class Writing(NamedTuple):
    """The store, open for writing.

    Parameters
    ----------
    commit : GroupCommit
        Told of every file that is written; content before what names it.
    """

    session: Session
    commit: GroupCommit
    objects: FolderObjects
    results: Results


@dataclass(frozen=True)
class Opened:
    """One project, opened; a context manager that writes what was learnt when it is left.

    Parameters
    ----------
    project : Project
        Its places.
    folder : str
        Where the user stands, relative to the project; `""` for the project's own folder.
    """

    project: Project
    environment: Environment
    folder: str = ""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what was learnt about files."""
        if "cache" in self.__dict__:
            self.cache.close()
        if "history" in self.__dict__:
            self.history.close()

    @cached_property
    def config(self) -> Config:
        """What `.mlops/config.yaml` says; defaults where there is none.

        Raises
        ------
        DefinitionError
            With every problem in it.
        """
        file = ".mlops/config.yaml"
        data = self.read(file)
        return Config() if data is None else read_config(data, file, self.cache)

    @cached_property
    def notices(self) -> list[str]:
        """What the user should be told beside the result."""
        return []

    @cached_property
    def store(self) -> Path:
        """The folder of objects and results."""
        if self.environment.cache_dir:
            return self.environment.cache_dir
        if self.config.cache_dir:
            return (self.project.root / Path(self.config.cache_dir).expanduser()).resolve()
        return self.project.local

    @cached_property
    def cache(self) -> StatCache:
        """Digests by file identity."""
        return StatCache(self.project.local / "state.db")

    @cached_property
    def workspace(self) -> Workspace:
        """The files as they lie now."""
        return Workspace(self.project.root, self.cache, self.store / "objects", self.rules.below)

    @cached_property
    def rules(self) -> IgnoreRules:
        """What the `.mlopsignore` files say."""
        return IgnoreRules(str(self.project.root))

    def open_store(
        self, temporary: Path | None = None, settled: Callable[[str], None] = lambda _: None
    ) -> tuple[FolderObjects, Results]:
        """Return objects and results.

        Parameters
        ----------
        temporary : Path, optional
            Where files are written before they are whole: needed for putting anything in.
        settled : callable
            Told the path of each new file.
        """
        from mlops_cli.store.folder import FolderObjects
        from mlops_cli.store.results import Results

        if self.store != self.project.local:
            from mlops_cli.store.upkeep.projects import register

            register(self.store, self.project)
        folder = temporary or self.store / "tmp"
        objects = FolderObjects(self.store, folder, self.config.links, settled)
        return objects, Results(self.store / "results", folder, settled)

    def open_remote(self, name: str | None = None, jobs: int | None = None) -> tuple[Remote, RemoteFiles]:
        """Return a remote and its files; the default one where none is named.

        Parameters
        ----------
        jobs : int, optional
            How many threads will ask at once; what the settings say by default, else what suits its kind.

        Raises
        ------
        UsageError
            When there is no such remote.
        DataError
            When a package is missing that it needs.
        """
        from mlops_cli.settings import find_remote
        from mlops_cli.store.remotes.opening import open_remote_files, usual_jobs

        remote = find_remote(self.config, self.environment.variables, name)
        remote = remote._replace(jobs=jobs or remote.jobs or usual_jobs(remote.url))
        return remote, open_remote_files(remote.url, remote.options, root=self.project.root, jobs=remote.jobs)

    @cached_property
    def facts(self) -> MachineFacts:
        """What the planner asks."""
        return MachineFacts(
            self.project, self.workspace, self.open_store, self.environment.variables, lambda: self.data
        )

    @cached_property
    def git(self) -> Git:
        """Questions to Git, asked in the project's folder."""
        from mlops_cli.git.command import Git

        return Git(self.project.root, self.environment.variables)

    @cached_property
    def history(self) -> History:
        """What all refs, journals and the workspace say about this project, as of now."""
        from mlops_cli.history.index.history import History

        return History(self.project, self.environment.variables, self.notices)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file of the project, or None where there is none.

        Raises
        ------
        DefinitionError
            When it is there and cannot be read.
        """
        try:
            return Path(self.workspace_path(path)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise DefinitionError([Problem(path, 0, 0, f"cannot be read: {error.strerror}")]) from error

    def workspace_path(self, path: str) -> str:
        """Return the absolute path of a path of the project."""
        return os.path.normpath(f"{self.project.root}/{path}")

    @contextmanager
    def writing(self, *, placing: bool = False) -> Iterator[Writing]:
        """Open the store for writing; at the end everything is on the disk.

        What a power cut or a kill left is mended first.

        Parameters
        ----------
        placing : bool
            Nothing is going to be put into the store, so one that only others write to serves as well.

        Raises
        ------
        DataError
            When the store cannot be written.
        """
        from mlops_cli.history.started import record_killed
        from mlops_cli.store.durability import GroupCommit

        place, session = self._session(placing=placing)
        self.notices.extend(record_killed(self.git, self.project))
        commit = GroupCommit(place, [self.project.root, self.project.local], session.id)
        try:
            yield Writing(session, commit, *self.open_store(session.folder, commit.written))
        finally:
            try:
                commit.close()
            finally:
                session.close()

    def _session(self, *, placing: bool) -> tuple[Path, Session]:
        """Return a session of this command, and the folder it is kept in."""
        from mlops_cli.execution.aside import mend
        from mlops_cli.store.durability import recover
        from mlops_cli.store.objects import READ_ONLY, unwritable
        from mlops_cli.store.session import Session

        try:
            removed = recover(self.store)
            if removed:
                self.notices.append(
                    f"power was lost during an earlier command: {len(removed)} files of the store that had not reached the disk"
                    " are gone; see what that means with: mlops verify"
                )
            return self.store, Session(self.store, mend)
        except OSError as error:
            if not placing or self.store == self.project.local or error.errno not in READ_ONLY:
                raise unwritable(f"the store {self.store} cannot be written", error) from error
        return self.project.local, Session(self.project.local, mend)

    # Tracked data ---------------------------------------------------------------------------------------------------

    @cached_property
    def data(self) -> dict[str, DataRecord]:
        """Data records by path.

        Raises
        ------
        FileError
            When one is damaged, or of a newer version.
        """
        from mlops_cli.store.tracked import read_data_records

        return read_data_records(self.project.root)

    @property
    def has_data(self) -> bool:
        """Whether anything is tracked as data."""
        return os.path.isdir(self.workspace_path(DATA_RECORDS))

    @cached_property
    def stages(self) -> Mapping[str, Stage]:
        """The stages; none where there is no pipeline file, because data can be tracked without one.

        Raises
        ------
        DefinitionError
            With every problem of every file.
        """
        return self.pipeline.stages if self.has_pipeline else {}

    def update_ignore(self, data: Collection[str] | None = None) -> bool:
        """Bring the ignore rules up to date with what stages make and what is tracked; return whether they were written.

        Parameters
        ----------
        data : collection of str, optional
            Tracked paths, where they have changed since they were read.
        """
        from mlops_cli.git.ignore import managed_paths, write_ignore

        outs = [out.path for stage in self.stages.values() for out in stage.outs if out.cache]
        if data is not None:
            return write_ignore(self.project.root, managed_paths(outs, data))
        with self.data_lock():
            # Read anew: another command may have tracked something since, and its rule must not go.
            self.__dict__.pop("data", None)
            return write_ignore(self.project.root, managed_paths(outs, self.data))

    @contextmanager
    def data_lock(self) -> Iterator[None]:
        """Hold the lock under which data records, and the ignore rules that follow from them, are written."""
        from mlops_cli.store.locks import Lock

        project = digest_bytes(str(self.project.root).encode())[3:19]
        lock = Lock(self.project.local / "locks" / f"data-{project}")
        lock.acquire(wait=True)
        try:
            yield
        finally:
            lock.release()

    # The pipeline ---------------------------------------------------------------------------------------------------

    @property
    def has_pipeline(self) -> bool:
        """Whether there is a pipeline file; a project may hold data alone."""
        return (self.project.root / DEFINITION).is_file()

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline as its files say; read from a memo while none of these files has changed.

        Raises
        ------
        DefinitionError
            With every problem of every file.
        FileError
            When there is no pipeline file.
        """
        return read_pipeline(self.read, self._is_there, self.workspace, self.cache, self.project)

    def _is_there(self, path: str) -> bool:
        """Whether anything lies at a path of the project, or is tracked there as data."""
        from mlops_cli.store.tracked import overlapping

        lies = os.path.lexists(self.workspace_path(path))
        return lies or (self.has_data and bool(overlapping(self.data, path)))

    @cached_property
    def graph(self) -> Graph:
        """Which stage needs which."""
        return build_graph(self.pipeline)

    def plan(self, names: Collection[str], forced: Collection[str] = (), also: Collection[str] = ()) -> Plan:
        """Return the plan for stages.

        Parameters
        ----------
        also : collection of str
            Other paths that the command will ask for, to be looked at in the same pass.

        Raises
        ------
        DefinitionError
            When inputs are missing that nothing makes, or an output is a file that Git tracks, or tracked data.
        """
        self.facts.look_ahead([self.pipeline.stages[name] for name in names], also)
        plan = make_plan(self.pipeline, self.graph, self.facts, names, forced)
        problems = [
            *plan.problems,
            *outputs_in_git(self.pipeline, self.project, self.cache, lambda: self.git),
            *(outputs_as_data(self.pipeline, self.data) if self.has_data else ()),
        ]
        if problems:
            raise DefinitionError(problems)
        return plan


def open_folder(folder: Path, environment: Environment | None = None) -> Opened:
    """Open the project that a folder belongs to.

    Raises
    ------
    UsageError
        When the folder is not inside a Git repository.
    """
    project, here = find_project(folder), folder.resolve()
    inside = here != project.root and here.is_relative_to(project.root)
    place = here.relative_to(project.root).as_posix() if inside else ""
    return Opened(project, environment or read_environment(), place)
