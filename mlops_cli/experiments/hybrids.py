"""Two recipes taken apart into factors, and hybrids of the two: trees with the code of one and a factor of the other.

Whatever is neither a parameter nor a data input that both have goes with the code: parameters that only one of them has, too.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mlops_cli.formats.value_edit import Change, change_values
from mlops_cli.git.batch import Reader
from mlops_cli.git.commit_path import changes_of
from mlops_cli.git.mixed_tree import mixed_tree
from mlops_cli.history.tree_recipe import recipe_changes
from mlops_cli.project import data_record_path

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mlops_cli.history.tree_recipe import ParameterChange, Recipe
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact

Kind = Literal["code", "parameter", "data"]
Side = Literal["good", "bad"]

_SUFFIXES = """
.csv .tsv .txt .json .jsonl .ndjson .parquet .feather .arrow .orc .avro .npy .npz .h5 .hdf5 .pkl .pickle .joblib .onnx .pt
.safetensors .xlsx .xls .zip .gz .bz2 .xz .zst .png .jpg .jpeg .tif .tiff .wav .mp3 .flac .db .sqlite
"""
_DATA = frozenset(_SUFFIXES.split())
_EDITED = (".yaml", ".yml", ".json", ".toml")  # parameter files in which a value can be changed


class Origin(NamedTuple):
    """One of the two.

    Parameters
    ----------
    text : str
        What it was called.
    tree, commit : str
        Its code, and a commit to stand on.
    loose : mapping
        Of a run: what it read that Git does not have, path to artifact. What is not in it is as it lies in the workspace.
    """

    text: str
    tree: str
    commit: str
    loose: Mapping[str, Artifact] = {}


class Factor(NamedTuple):
    """One difference between good and bad.

    Parameters
    ----------
    name : str
        `code`, a parameter's dotted name, or a path.
    old, new : JSON
        A parameter's values.
    files : tuple of str
        Of code: what differs, from the top of the repository; of data: the file, or its record; none where Git has neither.
    file : str
        Of a parameter: the file that holds it.
    """

    name: str
    kind: Kind
    old: Any = None
    new: Any = None
    files: tuple[str, ...] = ()
    file: str = ""


def find_factors(
    opened: Opened, good: Origin, bad: Origin, first: Recipe, second: Recipe
) -> tuple[Factor, ...]:
    """Return what differs between two recipes: code, then data inputs, then parameters."""
    prefix = opened.project.prefix
    change = recipe_changes(first, second, prefix)
    both = [each for each in change.params if all(each.there) and each.file.endswith(_EDITED)]
    data = [path for path in change.data if _in_both(f"{prefix}{data_record_path(path)}", first, second)]
    loose = [
        path
        for path in first.loose
        if path in second.loose and _apart(good.loose.get(path), bad.loose.get(path))
    ]
    factors = [Factor(path, "data") for path in loose]
    factors += [Factor(path, "data", files=(f"{prefix}{data_record_path(path)}",)) for path in data]
    runtime = _runtime_files(opened, first) | _runtime_files(opened, second)
    factors += [
        Factor(path.removeprefix(prefix), "data", files=(path,))
        for path in change.code
        if PurePosixPath(path).suffix.lower() in _DATA
        and path not in runtime
        and _in_both(path, first, second)
    ]
    factors += [_parameter(each, both) for each in both]
    files = changes_of(opened.project.common_dir, opened.git.variables, [(good.tree, bad.tree)])[0]
    apart = {path for factor in factors for path in factor.files}
    known = {f"{prefix}{each.file}" for each in both}
    code = sorted(
        path for path in files if path not in apart | known and not _ours(path, prefix, first, second)
    )
    rest = any(each not in both for each in change.params) or bool(change.stages)
    return (*([Factor("code", "code", files=tuple(code))] if code or rest else []), *factors)


def _apart(one: Artifact | None, other: Artifact | None) -> bool:
    return one is not None and other is not None and not one.same(other)


def _in_both(path: str, first: Recipe, second: Recipe) -> bool:
    return all(any(path in stage.inputs for stage in recipe.stages.values()) for recipe in (first, second))


def _parameter(change: ParameterChange, others: Sequence[ParameterChange]) -> Factor:
    twice = sum(other.name == change.name for other in others) > 1
    name = f"{change.file}:{change.name}" if twice else change.name
    return Factor(name, "parameter", change.old, change.new, file=change.file)


def _runtime_files(opened: Opened, recipe: Recipe) -> set[str]:
    stages = recipe.pipeline.stages.values() if recipe.pipeline else ()
    return {f"{opened.project.prefix}{path}" for stage in stages for path in stage.runtime}


def _ours(path: str, prefix: str, *recipes: Recipe) -> bool:
    """Whether a file is written by runs, or by commands about data: no code."""
    if path.startswith(f"{prefix}.mlops/") or path == f"{prefix}.gitignore":
        return True
    # Also of stages that the metric does not rest on: what they make is kept in Git beside the code.
    outs: Collection[str] = {
        out.path
        for recipe in recipes
        for stage in (recipe.pipeline.stages.values() if recipe.pipeline else ())
        for out in stage.outs
    }
    inner = path.removeprefix(prefix)
    return any(inner == out or inner.startswith(f"{out}/") for out in outs)


class Mixing:
    """Makes trees out of two: the code of one side, and each factor of whichever side it is to have."""

    def __init__(self, opened: Opened, good: Origin, bad: Origin, factors: tuple[Factor, ...]) -> None:
        self._opened = opened
        self._origins: Mapping[Side, Origin] = {"good": good, "bad": bad}
        self.factors = factors

    def hybrid(self, factor: Factor, side: Side) -> Origin:
        """Return one side's recipe with a factor of the other."""
        other: Side = "bad" if side == "good" else "good"
        if factor.kind == "code":
            # The code of the other side, and all other factors of this one.
            return self._mix(other, side, [each for each in self.factors if each.kind != "code"])
        return self._mix(side, other, [factor])

    def _mix(self, base: Side, other: Side, taken: Sequence[Factor]) -> Origin:
        """Return the tree of one side with some parameters and data of the other."""
        origin = self._origins[base]
        wanted = [path for factor in taken if factor.kind == "data" for path in factor.files]
        entries = {path: self._entry(self._origins[other].tree, path) for path in wanted}
        contents: dict[str, bytes] = {}
        for factor in taken:
            if factor.kind == "parameter":
                place = f"{self._opened.project.prefix}{factor.file}"
                data = contents.get(place) or self._read(origin.tree, place)
                value = factor.new if other == "bad" else factor.old
                name = factor.name.removeprefix(f"{factor.file}:")
                contents[place] = change_values(data, factor.file, [Change(name, value)])
        tree = mixed_tree(self._opened.git, self._opened.project, origin.tree, entries, contents)
        theirs = self._origins[other].loose
        loose = {f.name: theirs[f.name] for f in taken if f.kind == "data" and not f.files}
        return Origin(origin.text, tree, self._origins["good"].commit, {**origin.loose, **loose})

    def _entry(self, tree: str, path: str) -> str:
        listing = self._opened.git.ask("ls-tree", "-z", "--full-tree", tree, "--", path) or b""
        words = listing.decode(errors="surrogateescape").split()
        return f"{words[0]} {words[2]}" if words else ""

    def _read(self, tree: str, path: str) -> bytes:
        with Reader(self._opened.project.common_dir, self._opened.git.variables) as reader:
            return reader.find(f"{tree}:{path}").data
