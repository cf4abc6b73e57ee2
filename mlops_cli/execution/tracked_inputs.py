"""Tracked data that a stage needs and that is not in the workspace: what it is, by its record, and how it comes back.

So results are found, and stages planned, without the data in place; only a stage that really runs has it brought.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.globs import fixed_part, glob_expression
from mlops_cli.store.look import FileLook, FolderLook
from mlops_cli.store.save import whole
from mlops_cli.store.tracked import holder
from mlops_cli.store.tree import Entry, encode_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlops_cli.store.objects import Objects
    from mlops_cli.store.tracked import DataRecord
    from mlops_cli.store.workspace import Workspace

# What helps where the remote was asked a moment ago.
NOT_THERE = "The remote does not have it either. Whoever has it can send it: mlops push"
_ONE_AT_A_TIME = threading.Lock()


class NotBroughtError(DataError):
    """Tracked data that a stage needs cannot be put in place.

    Parameters
    ----------
    absent : bool
        Its content is not in the store; else it is damaged, or cannot be written.
    """

    def __init__(self, message: str, *, hint: str = "", absent: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.absent = absent


class TrackedInputs:
    """What records say of data that is not in the workspace.

    Parameters
    ----------
    records : mapping
        Data records by path.
    objects : Objects
        The store.
    """

    def __init__(self, workspace: Workspace, records: Mapping[str, DataRecord], objects: Objects) -> None:
        from mlops_cli.store.placement.forest import Forest

        self._workspace = workspace
        self._records = records
        self._objects = objects
        self._forest = Forest(objects)

    def artifact(self, path: str, found: Artifact | None) -> Artifact | None:
        """Return what lies at a path once everything tracked at, around or inside it is in place.

        Parameters
        ----------
        found : Artifact or None
            What lies there now.

        Raises
        ------
        DataError
            When that cannot be told, because a tracked directory is neither here nor in the store.
        """
        if found is None:
            top = holder(self._records, path)
            if top is not None:
                return self._recorded(top, path)
        inside = {p[len(path) + 1 :]: self._records[p].artifact for p in self._missing_below(path)}
        if not inside or (found is not None and not found.tree):
            return found
        return self._combined(path, inside)

    def promised(self, path: str) -> Artifact | None:
        """Return what the record at or around a path says of it; None where there is none.

        Raises
        ------
        DataError
            When that cannot be told, because a tracked directory is not in the store.
        """
        top = holder(self._records, path)
        return None if top is None else self._recorded(top, path)

    def matches(self, pattern: str, found: Iterable[str]) -> tuple[str, ...]:
        """Return what a pattern matches once everything tracked is in place; `found` is what it matches now."""
        expression = glob_expression(pattern)
        deep = "**" in pattern
        start = fixed_part(pattern)
        more: set[str] = set()
        for top, record in self._records.items():
            related = not start or f"{top}/".startswith(f"{start}/") or start.startswith(f"{top}/")
            if not related or self._workspace.artifact(top) is not None:
                continue
            if expression.fullmatch(top) and not (deep and record.artifact.tree):
                more.add(top)
            if record.artifact.tree:
                levels = None if deep else pattern.count("/") - top.count("/")
                more.update(
                    path
                    for path, is_folder in self._members(top, record.artifact, levels)
                    if expression.fullmatch(path) and not (deep and is_folder)
                )
        return tuple(sorted({*found, *more}))

    def bring(self, paths: Iterable[str], temporary: str, placed: str) -> None:
        """Place what is tracked at, around or inside these paths, and missing.

        Parameters
        ----------
        temporary : str
            A folder that does not exist.
        placed : str
            Where the store's objects lie.

        Raises
        ------
        NotBroughtError
            When its content is not in the store, or cannot be placed.
        """
        for number, path in enumerate(paths):
            for each in self._missing_at(path):
                with _ONE_AT_A_TIME:  # stages that start at once may need the same data
                    self._bring(each, f"{temporary}-{number}", placed)

    def absent(self, paths: Iterable[str]) -> list[str]:
        """Return what is tracked at, around or inside these paths, and is neither in the workspace nor in the store."""
        found: dict[str, None] = {}
        for path in paths:
            for each in self._missing_at(path):
                artifact = self._recorded(holder(self._records, each) or each, each)
                if artifact is not None and not whole(self._objects, [artifact]):
                    found[each] = None
        return list(found)

    def _bring(self, path: str, temporary: str, placed: str) -> None:
        from mlops_cli.store.placement.agree import make_agree
        from mlops_cli.store.placement.difference import Wanted, compare, top_entry

        if self._workspace.artifact(path) is not None:
            return
        top = holder(self._records, path) or path
        artifact = self._recorded(top, path)
        try:
            if artifact is None:
                return
            wanted = Wanted(path, top_entry(artifact), path.count("/") - top.count("/"))
            difference = compare(self._workspace, self._objects, self._forest, wanted, placed)
            if self._objects.missing(difference.needed):
                raise not_here(path)
            make_agree(self._workspace, self._objects, self._forest, difference, temporary)
        except DataError as error:
            self._workspace.forget([path])
            now = self._workspace.artifact(path)
            if artifact is None or now is None or not artifact.same(now):  # else another command was faster
                raise _not_brought(path, error) from error

    def _missing_at(self, path: str) -> list[str]:
        alone = self._workspace.artifact(path) is None and holder(self._records, path) is not None
        return [path] if alone else self._missing_below(path)

    def _missing_below(self, path: str) -> list[str]:
        return [p for p in self._records if p.startswith(f"{path}/") and self._workspace.artifact(p) is None]

    def _combined(self, path: str, inside: Mapping[str, Artifact]) -> Artifact:
        """Return a folder of the workspace together with artifacts at paths inside it."""
        from mlops_cli.store.placement.difference import top_entry

        look = self._workspace.contents(path, deep=False)
        children = look.children if isinstance(look, FolderLook) else {}
        entries = {name: _entry(name, child) for name, child in children.items()}
        for name in {inner.partition("/")[0] for inner in inside}:
            below = {p[len(name) + 1 :]: a for p, a in inside.items() if p.startswith(f"{name}/")}
            whole = inside[name] if name in inside else self._combined(f"{path}/{name}", below)
            entries[name] = top_entry(whole)._replace(name=name)
        size = sum(entry.size for entry in entries.values())
        return Artifact(digest_bytes(encode_tree(entries.values())), size, tree=True)

    def _recorded(self, top: str, path: str) -> Artifact | None:
        from mlops_cli.store.placement.difference import artifact_of_entry
        from mlops_cli.store.placement.forest import MissingContentError

        artifact = self._records[top].artifact
        if path == top:
            return artifact
        try:
            entry = self._forest.find(artifact, path[len(top) + 1 :])
        except MissingContentError as error:
            raise not_here(path) from error
        return artifact_of_entry(entry) if entry is not None and entry.kind != "link" else None

    def _members(self, top: str, artifact: Artifact, levels: int | None) -> Iterator[tuple[str, bool]]:
        """Yield the paths inside a tracked directory, and whether each is a folder."""
        from mlops_cli.store.placement.forest import MissingContentError

        try:
            self._forest.explore(artifact.digest)
        except MissingContentError as error:
            raise not_here(top) from error
        stack = [(top, artifact.digest, 1)]
        while stack:
            folder, digest, depth = stack.pop()
            for entry in self._forest.entries(digest):
                path = f"{folder}/{entry.name}"
                yield path, entry.kind == "tree"
                if entry.kind == "tree" and (levels is None or depth < levels):
                    stack.append((path, Digest(entry.content), depth + 1))


def not_here(path: str) -> NotBroughtError:
    """Return the error of tracked data whose content is neither in the workspace nor in the store."""
    hint = f"Bring it with: mlops pull {path}"
    return NotBroughtError(f"{path} is tracked, and its content is not here", hint=hint, absent=True)


def _not_brought(path: str, error: DataError) -> NotBroughtError:
    from mlops_cli.store.placement.forest import MissingContentError

    if isinstance(error, NotBroughtError):
        return error
    if isinstance(error, MissingContentError):  # a list of files
        return not_here(path)
    message = error.message if path in error.message else f"{path}: {error.message}"
    return NotBroughtError(message, hint=error.hint)


def _entry(name: str, child: FileLook | FolderLook | str) -> Entry:
    if isinstance(child, str):
        return Entry(name, "link", child, 0)
    if isinstance(child, FolderLook):
        assert child.artifact is not None, "looked at to the last file"  # noqa: S101 - tells the type checker
        return Entry(name, "tree", child.artifact.digest, child.artifact.size)
    assert child.digest is not None, "looked at, so read"  # noqa: S101 - tells the type checker
    return Entry(name, "exec" if child.executable else "file", child.digest, child.identity.size)
