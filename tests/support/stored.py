"""A project with content in its store: data that is tracked, results, and the passing of time."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mlops_cli.opened import Opened, open_folder
from mlops_cli.pipeline.record import StageRecord, dump_stage_record
from mlops_cli.project import data_record_path, stage_record_path
from mlops_cli.settings import read_environment
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.results import Results
from mlops_cli.store.save import save
from mlops_cli.store.tracked import DataRecord, dump_data_record
from mlops_cli.store.workspace import Workspace
from tests.support.command import repository, variables
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest

DAY = 86400.0


class Lab:
    """A project in a repository of its own.

    Parameters
    ----------
    folder : Path
        Where; made when there is nothing.
    cache : Path, optional
        The folder of a store outside `.git`.
    """

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self.root = folder
        if not (folder / ".git").exists():
            repository(folder)
        self.env = {"MLOPS_CACHE_DIR": str(cache)} if cache else {}
        self.store = cache or folder / ".git" / "mlops"

    def open(self) -> Opened:
        """Open the project."""
        return open_folder(self.root, read_environment(variables(self.env)))

    def objects(self) -> FolderObjects:
        """Return the objects as they are on the disk now."""
        temporary = self.store / "half-written" / os.urandom(4).hex()
        temporary.mkdir(parents=True, exist_ok=True)
        return FolderObjects(self.store, temporary)

    @property
    def results(self) -> Results:
        """The results in the store."""
        return Results(self.store / "results")

    def put(self, path: str, content: bytes | str | Mapping[str, bytes | str]) -> Artifact:
        """Write a file or folder and store it; nothing names it yet."""
        if isinstance(content, bytes | str):
            write(self.root / path, content)
        else:
            write_all(self.root / path, content)
        with self.open() as opened:
            self.store.mkdir(parents=True, exist_ok=True)
            opened.open_store()
            workspace = Workspace(self.root, opened.cache, self.store / "objects")
            return save(workspace, self.objects(), [path])[path]

    def track(self, path: str, content: bytes | str | Mapping[str, bytes | str]) -> Artifact:
        """Write a file or folder, store it, and write its data record."""
        artifact = self.put(path, content)
        self.record(path, artifact, 1 if isinstance(content, bytes | str) else len(content))
        return artifact

    def record(self, path: str, artifact: Artifact, files: int = 1) -> Path:
        """Write a data record."""
        return write(self.root / data_record_path(path), dump_data_record(DataRecord(path, artifact, files)))

    def result(self, key: Digest, outs: Mapping[str, Artifact]) -> None:
        """Keep a result that no record names yet."""
        self.results.put(key, outs)

    def stage(self, name: str, key: Digest, outs: Mapping[str, Artifact]) -> Path:
        """Write a stage's record."""
        record = StageRecord(name, key, ["true"], outs=outs)
        return write(self.root / stage_record_path(name), dump_stage_record(record))

    def whole(self, *artifacts: Artifact) -> list[bool]:
        """Whether each artifact is in the store, down to the last file."""
        from mlops_cli.store.save import whole

        return [whole(self.objects(), [artifact]) for artifact in artifacts]

    def age(self, days: float = 100) -> None:
        """Make everything in the store older."""
        moment = time.time() - days * DAY
        for path in self.store.rglob("*"):
            if path.is_file() and "state.db" not in path.name:
                os.utime(path, (moment, moment))


def many(count: int, word: str = "row", width: int = 1) -> dict[str, bytes]:
    """Return small files, as many as make a pack."""
    return {f"{word}/{n:05}.txt": f"{word} {n} ".encode() * width for n in range(count)}
