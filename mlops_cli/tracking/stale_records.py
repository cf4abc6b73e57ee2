"""Whether what a commit has recorded of its stages is of that commit's code; told without checking anything out."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.errors import DataError, FileError, HistoryError
from mlops_cli.execution.builtins import STEPS
from mlops_cli.git.batch import Reader
from mlops_cli.history.conditions import same, values_of
from mlops_cli.history.recipes import Recipes
from mlops_cli.history.sides import whole
from mlops_cli.pipeline.parameters import leaves
from mlops_cli.pipeline.record import shown_program
from mlops_cli.project import data_record_path
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.tracked import load_data_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.run_record import RunRecord, StageRun
    from mlops_cli.history.tree_recipe import Recipe
    from mlops_cli.opened import Opened
    from mlops_cli.store.digest import Digest

_MOST = 20  # runs that are looked at closely
_POINTER = b"version https://git-lfs"


class Departure(NamedTuple):
    """Something that a stage's record says and the code does not.

    Parameters
    ----------
    about : str
        `param`, `input` or `program`.
    name : str
        The parameter, the path, or the stage whose program it is.
    old, new : any
        A parameter's values, recorded and in the code; else None. None also where there is no such parameter.
    """

    stage: str
    about: str
    name: str
    old: Any = None
    new: Any = None


class Stale(NamedTuple):
    """Records of a commit that are not of its code.

    Parameters
    ----------
    ref : str
        The commit, as it was typed.
    run : str or None
        A run of just this code that stands for it; None where none is known.
    """

    ref: str
    departures: tuple[Departure, ...]
    run: str | None = None


def stale_records(opened: Opened, ref: str, commit: str, stages: Sequence[StageRun]) -> Stale | None:
    """Return how recorded stages differ from a commit's code, with a run that does not; None where nothing is known to differ.

    Folders and patterns of files that Git keeps are not compared: their digests are not in Git.
    """
    project = opened.project
    with (
        suppress(HistoryError),  # a partial clone: nothing is claimed of what is not here
        Recipes(project, opened.git.variables, (), STEPS) as recipes,
        Reader(project.common_dir, opened.git.variables) as reader,
    ):
        tree = reader.find(f"{commit}^{{tree}}").id
        recipe = recipes.of([tree])[0] if tree else None
        if recipe is None or recipe.pipeline is None:
            return None
        code = _Code(recipe, project.prefix, lambda blob: reader.find(blob).data)
        found = tuple(each for stage in stages for each in code.departures(stage))
        return Stale(ref, found, _run_of(opened, code, found)) if found else None
    return None


class _Code:
    """What a commit's code says of its stages."""

    def __init__(self, recipe: Recipe, prefix: str, read: Callable[[str], bytes]) -> None:
        self.recipe = recipe
        self._prefix = prefix
        self._read = read
        self._digests: dict[str, frozenset[Digest]] = {}
        stages = recipe.pipeline.stages if recipe.pipeline else {}
        self.programs = {name: shown_program(stages[name]) for name in recipe.stages}
        self.made = {out for stage in recipe.stages.values() for out in stage.outs}

    def departures(self, stage: StageRun) -> Iterator[Departure]:
        """Yield what differs of a stage; nothing of one that the code does not have."""
        there = self.recipe.stages.get(stage.name)
        if there is None:
            return
        before = leaves(stage.params)
        for key in sorted({*before, *there.params}):
            old, new = before.get(key), there.params.get(key)
            if (key in before) != (key in there.params) or not same(old, new):
                yield Departure(stage.name, "param", key[1], old, new)
        for path, artifact in stage.deps.items():
            digests = self._digests_of(path)
            if not artifact.tree and digests and artifact.digest not in digests:
                yield Departure(stage.name, "input", path)
        if stage.program is not None and stage.program != self.programs[stage.name]:
            yield Departure(stage.name, "program", stage.name)

    def is_of(self, stages: Sequence[StageRun]) -> bool:
        """Whether stages that ran are sure to be all of this code's, with all that it says."""
        ran = {stage.name: stage for stage in stages}
        if not all(
            name in ran and ran[name].status in ("ran", "cached", "fresh") for name in self.recipe.stages
        ):
            return False
        mine = [ran[name] for name in self.recipe.stages]
        return all(
            stage.program is not None
            and not any(self.departures(stage))
            and all(
                artifact.digest in self._digests_of(path)
                for path, artifact in stage.deps.items()
                if not self._is_made(path)
            )
            for stage in mine
        )

    def _is_made(self, path: str) -> bool:
        while path:
            if path in self.made:
                return True
            path = posixpath.dirname(path)
        return False

    def _digests_of(self, path: str) -> frozenset[Digest]:
        """Return the digests that an input may have where this code lies in a workspace; none where that is not known."""
        if path not in self._digests:
            self._digests[path] = frozenset(self._look(path))
        return self._digests[path]

    def _look(self, path: str) -> Iterator[Digest]:
        inputs = {
            name: entry for stage in self.recipe.stages.values() for name, entry in stage.inputs.items()
        }
        record = inputs.get(posixpath.normpath(self._prefix + data_record_path(path)))
        if record is not None:
            with suppress(FileError, DataError):
                yield load_data_record(self._read(record.split()[1]), data_record_path(path)).artifact.digest
            return
        entry = inputs.get(posixpath.normpath(self._prefix + path), "")
        if entry.startswith("100"):
            data = self._read(entry.split()[1])
            if not data.startswith(_POINTER):
                yield digest_bytes(data)
                yield digest_bytes(data.replace(b"\n", b"\r\n"))  # as Git may write it elsewhere


def _run_of(opened: Opened, code: _Code, departures: Sequence[Departure]) -> str | None:
    """Return the newest good run that is sure to be of this code; None where none is known."""
    wanted = {each.name: each.new for each in departures if each.about == "param"}
    looked = 0
    for run in opened.history.runs():
        if looked == _MOST:
            break
        if run.status == "ok" and all(_has(run, name, value) for name, value in wanted.items()):
            looked += 1
            record = _record(opened, run)
            if record and code.is_of([whole(stage, opened.history.by_key) for stage in record.stages]):
                return run.id
    return None


def _has(run: KnownRun, name: str, value: Any) -> bool:
    had = values_of(run.params, name)
    return not had or any(same(each, value) for each in had)


def _record(opened: Opened, run: KnownRun) -> RunRecord | None:
    with suppress(DataError, FileError):  # gone, or written by something newer
        return opened.history.record(run.id)
    return None
