"""The recipe that one of Git's trees holds: what decides the results of some stages, told without checking anything out.

Two trees with the same recipe give the same keys, so what is known of one is known of the other. What differs between two
recipes is what a commit changed for these stages.
"""

from __future__ import annotations

import posixpath
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.errors import MlopsError, UsageError
from mlops_cli.formats.canonical import compact
from mlops_cli.pipeline.graph import build_graph
from mlops_cli.pipeline.parameters import leaves
from mlops_cli.pipeline.parse import parse_pipeline
from mlops_cli.pipeline.select import find_stages
from mlops_cli.project import data_record_path
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.globs import fixed_part, glob_expression, is_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from mlops_cli.pipeline.builtin import BuiltinStep
    from mlops_cli.pipeline.definition import Pipeline, Stage

_RULES = ".mlopsignore"
_MODULE = "160000"


@dataclass(frozen=True, slots=True)
class StageRecipe:
    """What decides the result of one stage.

    Parameters
    ----------
    params : mapping
        (file, dotted name) to value.
    inputs : mapping
        Path to mode and id, of files in Git and of the records of tracked data; nothing of what other stages make.
    """

    program: Any
    wdir: str
    env: tuple[str, ...]
    outs: tuple[str, ...]
    params: Mapping[tuple[str, str], Any]
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the results of some stages.

    Parameters
    ----------
    digest : Digest
        The same for the same recipe.
    stages : mapping
        By name, those that they need included.
    loose : tuple of str
        Inputs that neither Git nor a stage has: they are what lies in the workspace.
    reads : tuple of str
        Files, folders and patterns, from the top of the repository, that all this was read from.
    pipeline : Pipeline or None
        The pipeline of that tree.
    problem : str
        Why there is none: the tree's pipeline is wrong.
    """

    digest: Digest
    stages: Mapping[str, StageRecipe] = field(default_factory=dict)
    loose: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    pipeline: Pipeline | None = None
    problem: str = ""

    def touched(self, changed: Collection[str], prefix: str) -> bool:
        """Whether another content of some paths, from the top of the repository, may be another recipe."""
        own = (f"{prefix}.mlops/data/", f"{prefix}{_RULES}")
        return bool(self.problem) or any(
            path.startswith(own) or any(_near(path, read) for read in self.reads) for path in changed
        )


class Files(NamedTuple):
    """A tree to be read.

    Parameters
    ----------
    listing : mapping
        Path from the top of the repository to mode and id.
    read : callable
        Returns the bytes behind an id.
    prefix : str
        The project's folder, with a slash at its end; empty for the top.
    """

    listing: Mapping[str, str]
    read: Callable[[str], bytes]
    prefix: str

    def place(self, path: str) -> str:
        """Return a path of the project as one from the top of the repository."""
        return posixpath.normpath(self.prefix + path)

    def bytes_of(self, path: str) -> bytes | None:
        """Return what a file of the project holds, or None where there is none."""
        entry = self.listing.get(self.place(path))
        return None if entry is None or entry.startswith(_MODULE) else self.read(entry.split()[1])


def _near(path: str, read: str) -> bool:
    if is_glob(read):
        start = fixed_part(read)
        return not start or path == start or path.startswith(f"{start}/") or start.startswith(f"{path}/")
    return path == read or path.startswith(f"{read}/") or read.startswith(f"{path}/") or read == "."


def recipe_at(
    files: Files,
    targets: Sequence[str],
    steps: Mapping[str, BuiltinStep],
    before: Pipeline | None = None,
) -> Recipe:
    """Return the recipe of some stages, and of all that they need.

    Parameters
    ----------
    targets : sequence of str
        As `find_stages` takes them; one that is not there is passed over, and none left means all.
    before : Pipeline, optional
        What the pipeline is, where that is known already.
    """
    try:
        depth = files.prefix.count("/")
        pipeline = before or parse_pipeline(files.bytes_of, depth=depth, steps=steps)
    except MlopsError as error:
        listing = compact([[_text(path), entry] for path, entry in sorted(files.listing.items())])
        return Recipe(digest_bytes(listing), problem=error.message)
    names = needed_stages(pipeline, targets)
    made = {out.path for name in names for out in pipeline.stages[name].outs}
    loose: dict[str, None] = {}
    stages = {name: _stage(pipeline.stages[name], files, made, loose) for name in names}
    rules = files.listing.get(files.place(_RULES), "")
    rows = [_plain(name, stage) for name, stage in stages.items()]
    digest = digest_bytes(compact([rules, rows]))
    read = [path for name in names for path in _paths(pipeline.stages[name])]
    reads = dict.fromkeys(files.place(path) for path in [*pipeline.files, *read])
    return Recipe(digest, stages, tuple(loose), tuple(reads), pipeline)


def _paths(stage: Stage) -> list[str]:
    return [*(dep.path for dep in stage.deps), *stage.runtime]


def needed_stages(pipeline: Pipeline, targets: Sequence[str]) -> tuple[str, ...]:
    """Return stages, as `find_stages` takes them, and all that they need, in order; all where none of them is there."""
    graph = build_graph(pipeline)
    present: list[str] = []
    for target in targets:
        with suppress(UsageError):  # an older pipeline need not have it
            present += [target] if target in pipeline.stages else find_stages(pipeline, [target])
    return graph.order(graph.closure(present)) if present else graph.order()


def _plain(name: str, stage: StageRecipe) -> list[Any]:
    params = [[file, key, value] for (file, key), value in sorted(stage.params.items())]
    inputs = {_text(path): entry for path, entry in stage.inputs.items()}
    return [name, stage.program, stage.wdir, list(stage.env), list(stage.outs), params, inputs]


def _text(path: str) -> str:
    """Return a path as text that can be digested, whatever bytes it has."""
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _stage(stage: Stage, files: Files, made: Collection[str], loose: dict[str, None]) -> StageRecipe:
    inputs: dict[str, str] = {}
    for path in _paths(stage):
        found = dict(_input(path, files, made))
        inputs |= found
        if not found and not is_glob(path) and not _overlaps(path, made):
            loose[path] = None
    outs = tuple(sorted(out.path for out in stage.outs))
    return StageRecipe(stage.program, stage.wdir, stage.env, outs, leaves(stage.params), inputs)


def _input(path: str, files: Files, made: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what Git has of an input: its files, and the records of tracked data at, around or inside it."""
    place, own = files.place(path), f"{files.place('.mlops')}/"
    if is_glob(path):
        expression, start = glob_expression(place), fixed_part(place)
        for file, entry in files.listing.items():
            # Which tracked data a pattern meets is not in the tree: any change of a record counts.
            if file.startswith(f"{own}data/") or (
                file.startswith(start) and _reaches(expression, file) and not _made(file, files, made)
            ):
                yield file, entry
        return
    if any(part in made for part in _upwards(path)):
        return
    if place in files.listing:
        yield place, files.listing[place]
        return
    inside = f"{place}/" if place != "." else ""
    below = f"{own}data/{path}/"
    for part in _upwards(path):
        record = files.place(data_record_path(part))
        if record in files.listing:
            yield record, files.listing[record]
    for file, entry in files.listing.items():
        if not file.startswith((inside, below)):
            continue
        if file.startswith(below) or (not file.startswith(own) and not _made(file, files, made)):
            yield file, entry


def _reaches(expression: Any, file: str) -> bool:
    """Whether a pattern matches a file, or a folder that holds it."""
    return expression.fullmatch(file) is not None or any(
        expression.fullmatch(part) for part in _upwards(file)
    )


def _upwards(path: str) -> Iterator[str]:
    """Yield a path and every folder around it."""
    while path and path not in (".", "/"):
        yield path
        path = posixpath.dirname(path)


def _made(file: str, files: Files, made: Collection[str]) -> bool:
    return (
        any(part in made for part in _upwards(file[len(files.prefix) :]))
        if file.startswith(files.prefix)
        else False
    )


def _overlaps(path: str, made: Collection[str]) -> bool:
    return any(path == out or path.startswith(f"{out}/") or out.startswith(f"{path}/") for out in made)


# What differs -------------------------------------------------------------------------------------------------------


class ParameterChange(NamedTuple):
    """A parameter with another value; `there` tells whether it was there before, and is now."""

    file: str
    name: str
    old: Any
    new: Any
    there: tuple[bool, bool] = (True, True)


@dataclass(frozen=True, slots=True)
class RecipeChange:
    """What differs between two recipes.

    Parameters
    ----------
    params : tuple of ParameterChange
    data, code : tuple of str
        Inputs: those with a record, by the path that it tracks; and files in Git, from the top of the repository.
    stages : tuple of str
        Those whose program, folder, variables or outputs differ, or that are in one of the two only.
    """

    params: tuple[ParameterChange, ...] = ()
    data: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


def recipe_changes(old: Recipe, new: Recipe, prefix: str) -> RecipeChange:
    """Return what differs between two recipes.

    Parameters
    ----------
    prefix : str
        The project's folder, as for `Files`.
    """
    before, after = _together(old), _together(new)
    params = [
        ParameterChange(*key, before[0].get(key), after[0].get(key), (key in before[0], key in after[0]))
        for key in sorted({*before[0], *after[0]})
        if (key in before[0]) != (key in after[0]) or before[0].get(key) != after[0].get(key)
    ]
    inputs = sorted(p for p in {*before[1], *after[1]} if before[1].get(p) != after[1].get(p))
    records = f"{prefix}.mlops/data/"
    stages = [
        name
        for name in dict.fromkeys([*old.stages, *new.stages])
        if _form(old.stages.get(name)) != _form(new.stages.get(name))
    ]
    return RecipeChange(
        tuple(params),
        tuple(p[len(records) :].removesuffix(".json") for p in inputs if p.startswith(records)),
        tuple(p for p in inputs if not p.startswith(records)),
        tuple(stages),
    )


def _form(stage: StageRecipe | None) -> Any:
    return None if stage is None else (stage.program, stage.wdir, stage.env, stage.outs)


def _together(recipe: Recipe) -> tuple[dict[tuple[str, str], Any], dict[str, str]]:
    params: dict[tuple[str, str], Any] = {}
    inputs: dict[str, str] = {}
    for stage in recipe.stages.values():
        params.update(stage.params)
        inputs.update(stage.inputs)
    return params, inputs
