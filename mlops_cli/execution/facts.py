"""What the planner asks, answered by this machine: workspace, records, results, variables."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from mlops_cli.errors import DataError
from mlops_cli.pipeline.record import StageRecord, load_stage_record
from mlops_cli.project import stage_record_path
from mlops_cli.store.globs import is_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from mlops_cli.execution.tracked_inputs import TrackedInputs
    from mlops_cli.pipeline.definition import Stage
    from mlops_cli.project import Project
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.objects import Objects
    from mlops_cli.store.tracked import DataRecord
    from mlops_cli.store.workspace import Workspace


class KnownResults(Protocol):
    """Results by key."""

    def get(self, key: Digest) -> Mapping[str, Artifact] | None:
        """Return the outputs that a key led to, or None."""
        ...

    def put(self, key: Digest, outs: Mapping[str, Artifact]) -> None:
        """Keep what a key led to."""
        ...


class MachineFacts:
    """Facts of one project on this machine; everything is looked at once, and again only when told so.

    Parameters
    ----------
    open_store : callable
        Opens objects and results, when they are first needed: where everything is fresh, that is never.
    variables : mapping
        The environment.
    tracked : callable
        Returns the data records.
    """

    def __init__(
        self,
        project: Project,
        workspace: Workspace,
        open_store: Callable[[], tuple[Objects, KnownResults]],
        variables: Mapping[str, str],
        tracked: Callable[[], Mapping[str, DataRecord]] = dict,
    ) -> None:
        self._tracked = tracked
        self.project = project
        self.workspace = workspace
        self._open_store = open_store
        self._variables = variables
        self._records: dict[str, StageRecord | None] = {}
        self._parameter_files: dict[str, Artifact | None] = {}
        # Folders are listed once for all stages of a plan; None from when on stages run and may make new matches.
        self._matches: dict[str, tuple[str, ...]] | None = {}
        self._root = str(project.root)

    @cached_property
    def objects(self) -> Objects:
        """The store of objects."""
        return self._open_store()[0]

    @cached_property
    def results(self) -> KnownResults:
        """Known results."""
        return self._open_store()[1]

    def look_ahead(self, stages: Iterable[Stage], also: Iterable[str] = ()) -> None:
        """Look at every path that these stages name, and at others, in one pass."""
        paths: dict[str, None] = dict.fromkeys(also)
        parameter_files: dict[str, None] = {}
        for stage in stages:
            for dep in stage.deps:
                if not is_glob(dep.path):
                    paths[dep.path] = None
            for out in stage.outs:
                paths[out.path] = None
            for file in stage.runtime:
                paths[file] = None
            for file in stage.params:
                paths[file] = parameter_files[file] = None
        self.workspace.look(paths)
        for file in parameter_files:
            self._parameter_files.setdefault(file, self.workspace.artifact(file))

    def artifact(self, path: str) -> Artifact | None:
        """Return what lies at a path of the workspace; of tracked data that is not here, what its record says."""
        found = self.workspace.artifact(path)
        if (found is None and self._records_of_data) or path in self._around_data:
            return self.inputs.artifact(path, found)
        return found

    @cached_property
    def _records_of_data(self) -> Mapping[str, DataRecord]:
        return self._tracked()

    @cached_property
    def _around_data(self) -> frozenset[str]:
        """Every folder that tracked data lies in."""
        folders: set[str] = set()
        for path in self._records_of_data:
            parts = path.split("/")
            folders.update("/".join(parts[:count]) for count in range(1, len(parts)))
        return frozenset(folders)

    @cached_property
    def inputs(self) -> TrackedInputs:
        """Tracked data that is not in the workspace."""
        from mlops_cli.execution.tracked_inputs import TrackedInputs  # only where data is tracked

        return TrackedInputs(self.workspace, self._records_of_data, self.objects)

    def promised(self, path: str) -> Artifact | None:
        """Return what the record of tracked data says of a path, whatever lies there; None where none speaks of it."""
        return self.inputs.promised(path) if self._records_of_data else None

    def matches(self, pattern: str) -> tuple[str, ...]:
        """Return the paths of the workspace that a pattern matches, and those of tracked data that is not here."""
        memo = self._matches
        if memo is None:
            return self._match(pattern)
        if pattern not in memo:
            memo[pattern] = self._match(pattern)
        return memo[pattern]

    def _match(self, pattern: str) -> tuple[str, ...]:
        found = self.workspace.matches(pattern)
        return self.inputs.matches(pattern, found) if self._records_of_data else found

    def record(self, stage: str) -> StageRecord | None:
        """Return a stage's record, read once.

        Raises
        ------
        FileError
            When it is damaged, or of a newer version.
        DataError
            When it cannot be read.
        """
        if stage not in self._records:
            path = stage_record_path(stage)
            try:
                data = _read(f"{self._root}/{path}")
            except (FileNotFoundError, NotADirectoryError):
                data = b""
            except OSError as error:
                raise DataError(f"{path} cannot be read: {error.strerror}") from error
            # An empty file is what a power cut leaves of a write that never was reported: as good as none.
            self._records[stage] = load_stage_record(data, path) if data else None
        return self._records[stage]

    def result(self, key: Digest) -> Mapping[str, Artifact] | None:
        """Return the outputs that a key led to, where all of their content is in the store."""
        outs = self.results.get(key)
        return outs if outs is not None and self.restorable(outs.values()) else None

    def restorable(self, artifacts: Collection[Artifact]) -> bool:
        """Whether all content of these artifacts is in the store."""
        from mlops_cli.store.save import whole  # a project where all is fresh never comes here

        return whole(self.objects, list(artifacts))

    def inside(self, artifact: Artifact, path: str) -> Artifact | None:
        """Return what lies at a path inside a stored directory."""
        from mlops_cli.store.save import inside

        return inside(self.objects, artifact, path)

    def bring_inputs(self, paths: Iterable[str], temporary: str, placed: str) -> None:
        """Place tracked data that a stage reads, and that is not in the workspace.

        Raises
        ------
        NotBroughtError
            When its content is not in the store, or cannot be placed.
        """
        if self._records_of_data:
            self.inputs.bring(paths, temporary, placed)

    def absent(self, paths: Iterable[str]) -> list[str]:
        """Return the tracked data that these inputs need, and that is neither in the workspace nor in the store."""
        return self.inputs.absent(paths) if self._records_of_data else []

    def variable(self, name: str) -> str | None:
        """Return the value of an environment variable."""
        return self._variables.get(name)

    def parameter_file(self, file: str) -> Artifact | None:
        """Return a parameter file as it was when the plan was made, which the values in the definition come from."""
        return self._parameter_files.get(file)

    def look_again(self, stage: Stage) -> None:
        """Forget a stage's record and outputs: another process may have run it meanwhile."""
        self._matches = None
        self._records.pop(stage.name, None)
        self.workspace.forget([out.path for out in stage.outs])

    def remember(self, record: StageRecord) -> None:
        """Take over the record that was just written."""
        self._records[record.stage] = record


def _read(path: str) -> bytes:
    """Return a file's bytes; there are as many records as stages, and a file object costs more than reading one."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = b""
        while chunk := os.read(descriptor, 1 << 16):
            data += chunk
            if len(chunk) < 1 << 16:
                break
        return data
    finally:
        os.close(descriptor)
