"""The recipes of many trees, each told from its neighbour: only what changed is read."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Self

from mlops_cli.git.batch import Reader
from mlops_cli.git.commit_path import changes_of, files_of
from mlops_cli.history.tree_recipe import Files, Recipe, recipe_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.pipeline.builtin import BuiltinStep
    from mlops_cli.project import Project


class Recipes:
    """Recipes of some stages by tree; a context manager.

    Parameters
    ----------
    variables : mapping
        The environment of Git's processes.
    targets : sequence of str
        The stages, as `recipe_at` takes them.
    """

    def __init__(
        self,
        project: Project,
        variables: Mapping[str, str],
        targets: Sequence[str],
        steps: Mapping[str, BuiltinStep],
    ) -> None:
        self._project = project
        self._variables = variables
        self._targets = targets
        self._steps = steps
        self._known: dict[str, Recipe] = {}
        self._reader = Reader(project.common_dir, variables)
        self._blobs: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End Git's process."""
        self._reader.__exit__()

    def has(self, tree: str) -> bool:
        """Whether this clone has a tree."""
        return tree in self._known or self._reader.find(tree).kind == "tree"

    def of(self, trees: Sequence[str]) -> list[Recipe]:
        """Return the recipes of trees; those that differ little should stand next to each other.

        Raises
        ------
        HistoryError
            When one cannot be read.
        """
        new = [tree for tree in dict.fromkeys(trees) if tree not in self._known]
        if new:
            all_files = files_of(self._project.common_dir, self._variables, new[0])
            listing = {path: entry for path, entry in all_files.items() if not self._aside(path)}
            recipe = self._known[new[0]] = self._read(listing, None, set())
            pairs = list(pairwise(new))
            changes = changes_of(self._project.common_dir, self._variables, pairs)
            for tree, changed in zip(new[1:], changes, strict=True):
                for path, entry in changed.items():
                    if entry and not self._aside(path):
                        listing[path] = entry
                    else:
                        listing.pop(path, None)
                recipe = self._known[tree] = self._read(listing, recipe, set(changed))
        return [self._known[tree] for tree in trees]

    def _aside(self, path: str) -> bool:
        """Whether a file tells what runs did: there may be thousands of them, and no stage reads one."""
        own = f"{self._project.prefix}.mlops/"
        return path.startswith((f"{own}runs/", f"{own}stages/"))

    def _read(self, listing: Mapping[str, str], before: Recipe | None, changed: set[str]) -> Recipe:
        prefix = self._project.prefix
        if before is not None and not before.touched(changed, prefix):
            return before
        files = Files(listing, self._blob, prefix)
        pipeline = before.pipeline if before is not None else None
        if pipeline is not None and any(files.place(path) in changed for path in pipeline.files):
            pipeline = None
        return recipe_at(files, self._targets, self._steps, pipeline)

    def _blob(self, name: str) -> bytes:
        if name not in self._blobs:
            self._blobs[name] = self._reader.find(name).data
        return self._blobs[name]
