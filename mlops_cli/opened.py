"""One project, opened: where everything is, how it is set up, and its pipeline. Every action stands on this.

A command that finds everything as it was imports neither the parsers nor anything that starts processes: what they found out
last time is remembered beside the digests of the files that it follows from.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mlops_cli.execution.builtins import STEPS
from mlops_cli.execution.facts import MachineFacts
from mlops_cli.formats.problems import DefinitionError, Problem
from mlops_cli.git.discover import find_project
from mlops_cli.pipeline.definition import Pipeline, dump_pipeline, load_pipeline
from mlops_cli.pipeline.graph import Graph, build_graph
from mlops_cli.pipeline.plan import make_plan
from mlops_cli.settings import Config, Environment, read_environment
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.stat_cache import StatCache, identity_of
from mlops_cli.store.workspace import Workspace
from mlops_cli.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import TracebackType

    from mlops_cli.git.command import Git
    from mlops_cli.pipeline.decision import Plan
    from mlops_cli.project import Project
    from mlops_cli.store.objects import FolderObjects
    from mlops_cli.store.results import Results

# Raised whenever the parser reads the same file differently, so that no memo of an older reading is believed.
_READING = 1


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
        if data is None:
            return Config()
        name = f"config {VERSION} {digest_bytes(data)}"
        memo = self.cache.memo(name)
        if memo is not None:
            values: dict[str, Any] = json.loads(memo)
            return Config(**values | {"links": tuple(values["links"])})
        from mlops_cli.formats.config_file import parse_config

        config = parse_config(data, file)
        self.cache.keep_memo(name, json.dumps(config._asdict()).encode())
        return config

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
        return Workspace(self.project.root, self.cache, self.store / "objects")

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
        from mlops_cli.store.objects import FolderObjects
        from mlops_cli.store.results import Results

        folder = temporary or self.store / "tmp"
        objects = FolderObjects(self.store / "objects", folder, self.config.links, settled)
        return objects, Results(self.store / "results", folder, settled)

    @cached_property
    def facts(self) -> MachineFacts:
        """What the planner asks."""
        return MachineFacts(self.project, self.workspace, self.open_store, self.environment.variables)

    @cached_property
    def git(self) -> Git:
        """Questions to Git, asked in the project's folder."""
        from mlops_cli.git.command import Git

        return Git(self.project.root, self.environment.variables)

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

    # The pipeline ---------------------------------------------------------------------------------------------------

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
        name = f"pipeline {self.project.root}"
        memo = self._known_pipeline(name)
        if memo is not None:
            return memo
        from mlops_cli.pipeline.parse import parse_pipeline

        digests: dict[str, str | None] = {}

        def read(path: str) -> bytes | None:
            data = self.read(path)
            digests[path] = None if data is None else digest_bytes(data)
            return data

        pipeline = parse_pipeline(read, depth=self.project.depth, steps=STEPS)
        # From here on a change of these files is seen, also while a stage runs that uses them.
        self.workspace.look(pipeline.files)
        files = {path: digests.get(path) for path in pipeline.files}
        value = {
            "version": VERSION,
            "reading": _READING,
            "depth": self.project.depth,
            "files": files,
        }
        self.cache.keep_memo(name, json.dumps(value | {"pipeline": dump_pipeline(pipeline)}).encode())
        return pipeline

    def _known_pipeline(self, name: str) -> Pipeline | None:
        data = self.cache.memo(name)
        if data is None:
            return None
        try:
            memo: dict[str, Any] = json.loads(data)
            if (memo["version"], memo["reading"], memo["depth"]) != (
                VERSION,
                _READING,
                self.project.depth,
            ):
                return None
            self.workspace.look(memo["files"])
            for path, digest in memo["files"].items():
                artifact = self.workspace.artifact(path)
                if (artifact.digest if artifact else None) != digest:
                    return None
            return load_pipeline(memo["pipeline"])
        except (ValueError, KeyError, TypeError, IndexError):
            return None

    @cached_property
    def graph(self) -> Graph:
        """Which stage needs which."""
        return build_graph(self.pipeline)

    def plan(self, names: Collection[str], forced: Collection[str] = ()) -> Plan:
        """Return the plan for stages.

        Raises
        ------
        DefinitionError
            When inputs are missing that nothing makes, or an output is a file that Git tracks.
        """
        stages = [self.pipeline.stages[name] for name in names]
        self.facts.look_ahead(stages)
        plan = make_plan(self.pipeline, self.graph, self.facts, names, forced)
        problems = [*plan.problems, *self._tracked_outputs()]
        if problems:
            raise DefinitionError(problems)
        return plan

    def _tracked_outputs(self) -> list[Problem]:
        """Return a problem for each output that Git tracks although the store keeps it; asks Git only after a change."""
        try:
            index = identity_of(os.stat(self.project.git_dir / "index"))
        except OSError:
            return []
        owned = {o.path: (s, o) for s in self.pipeline.stages.values() for o in s.outs if o.cache}
        name = f"untracked {self.project.root}"
        state = digest_bytes(json.dumps([list(index), sorted(owned)]).encode()).encode()
        if self.cache.memo(name) == state:
            return []
        from mlops_cli.git.facts import tracked_files

        problems = []
        for file in tracked_files(self.git):
            parts = file.split("/")
            for count in range(1, len(parts) + 1):
                found = owned.get("/".join(parts[:count]))
                if found:
                    stage, out = found
                    message = f"{out.path} is an output of {stage.name}, and Git tracks {file}"
                    hint = (
                        f"git rm --cached {file}; or keep it in Git with {{path: {out.path}, cache: false}}"
                    )
                    problems.append(Problem(*out.place, message, hint))
        if not problems:
            self.cache.keep_memo(name, state)
        return problems


def open_folder(folder: Path, environment: Environment | None = None) -> Opened:
    """Open the project that a folder belongs to.

    Raises
    ------
    UsageError
        When the folder is not inside a Git repository.
    """
    project = find_project(folder)
    relative = (
        folder.resolve().relative_to(project.root)
        if folder.resolve().is_relative_to(project.root)
        else Path()
    )
    return Opened(
        project, environment or read_environment(), "" if relative == Path() else relative.as_posix()
    )
