"""What records say should be in the store."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mlops_cli.errors import MlopsError
from mlops_cli.history.run_event import event_name
from mlops_cli.history.run_record import load_run_record
from mlops_cli.history.soundness import MODELS, RUNS, STAGES, inside_project
from mlops_cli.pipeline.record import load_stage_record
from mlops_cli.project import DATA_RECORDS
from mlops_cli.store.tracked import load_data_record
from mlops_cli.store.upkeep.mentions import named_artifacts
from mlops_cli.store.upkeep.referrers import Need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_cli.git.records import RecordFile
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest


class InGit:
    """What Git itself keeps, and the store therefore need not.

    Parameters
    ----------
    paths : iterable of str
        Tracked files, relative to the top of the worktree.
    """

    def __init__(self, paths: frozenset[str]) -> None:
        self._paths = set(paths)
        for path in paths:
            while path := path.rpartition("/")[0]:
                if path in self._paths:
                    break
                self._paths.add(path)

    def __contains__(self, path: object) -> bool:
        return path in self._paths


def needs_of(record: RecordFile, in_git: InGit, *, history: bool = False) -> Iterator[Need]:
    """Yield what a record says should be in the store; nothing for one that cannot be read.

    Parameters
    ----------
    history : bool
        Also what runs made once; else only what is there to be worked with.
    """
    file = inside_project(record.path)
    prefix = record.path.removesuffix(file)
    tracked = file.startswith(f"{DATA_RECORDS}/")  # of outputs some are Git's alone; tracked data never was
    with suppress(MlopsError):
        for path, artifact, files, key in _artifacts(file, record.data, history=history):
            if tracked or prefix + path not in in_git:
                yield Need(prefix + path, artifact, record.path, record.where, files, key)


def _artifacts(
    file: str, data: bytes, *, history: bool
) -> Iterator[tuple[str, Artifact, int | None, Digest | None]]:
    if file.startswith(STAGES):
        made = load_stage_record(data, file)
        for path, artifact in made.outs.items():
            yield path, artifact, None, None if made.tainted else made.key
    elif file.startswith(f"{DATA_RECORDS}/"):
        record = load_data_record(data, file)
        yield record.path, record.artifact, record.files, None
    elif file.startswith(MODELS):
        for path, artifact in named_artifacts(data):
            yield path, artifact, None, None
    elif file.startswith(RUNS) and history and not event_name(file):
        for stage in load_run_record(data, file).stages:
            for path, artifact in stage.outs.items():
                yield path, artifact, None, None if stage.status == "tainted" else stage.key
