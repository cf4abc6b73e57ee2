"""`dvc.yaml`: its stages as written, and each of their members as DVC would run it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.yaml_text import Node, parse_yaml
from mlops_cli.migration.context import (
    Context,
    ResolveError,
    Style,
    foreach_members,
    load_context,
    matrix_members,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlops_cli.formats.problems import Problems
    from mlops_cli.migration.notes import Notes


_LISTS = ("deps", "params", "outs", "metrics", "plots", "vars")


class Member(NamedTuple):
    """One stage as DVC runs it.

    Parameters
    ----------
    name : str
        As `dvc.lock` has it: `train`, `train@forest-1`.
    context : Context
        What its templates were filled from.
    body : mapping
        Its body, filled.
    """

    name: str
    context: Context
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Definition:
    """One stage as written.

    Parameters
    ----------
    kind : str
        `foreach`, `matrix`, or empty for a stage that stands for itself.
    body : Node
        What is repeated: of a `foreach` what stands under `do`.
    each : Node or None
        What stands under `foreach` or `matrix`.
    each_line : int
        Where that word stands.
    """

    file: str
    name: str
    line: int
    kind: str
    body: Node
    each: Node | None
    members: tuple[Member, ...]
    each_line: int = 0

    @property
    def folder(self) -> str:
        """The folder of its file, relative to the project; empty for the project itself."""
        return posixpath.dirname(self.file)


@dataclass(slots=True)
class DvcFile:
    """One `dvc.yaml`.

    Parameters
    ----------
    root : Node
        A mapping.
    context : Context or None
        What its templates are filled from; None where DVC cannot tell either.
    """

    file: str
    text: str
    root: Node
    context: Context | None = None
    definitions: list[Definition] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Its folder, relative to the project; empty for the project itself."""
        return posixpath.dirname(self.file)

    def items(self, section: str) -> Iterator[Node]:
        """Yield the items of a list at the top."""
        node = self.root.value.get(section)
        if node is not None and isinstance(node.value, list):
            yield from node.value


def read_dvc_yaml(
    file: str,
    data: bytes,
    read: Callable[[str], bytes | None],
    style: Style,
    problems: Problems,
    notes: Notes,
) -> DvcFile | None:
    """Return what a `dvc.yaml` says; None where it cannot be read.

    What DVC itself could not make sense of is left out, and said in `notes`.
    """
    root = parse_yaml(data, file, problems)
    if root is None or root.value is None:
        return None
    if not isinstance(root.value, dict):
        problems.add(
            file, root.line, root.column, "a dvc.yaml should be a mapping", "DVC could not read it either"
        )
        return None
    found = DvcFile(file, data.decode("utf-8-sig"), root)
    variables = root.value["vars"].plain() if "vars" in root.value else []
    variables = [] if variables is None else variables
    try:
        context = load_context(
            variables if isinstance(variables, list) else [variables], found.folder, read, style
        )
    except ResolveError as error:
        line = root.keys["vars"][0] if "vars" in root.value else 0
        notes.lost(file, line, "all stages of the file", f"DVC cannot read its variables either: {error}")
        return found
    found.context = context
    stages = root.value.get("stages")
    if stages is None or not isinstance(stages.value, dict):
        return found
    for name, node in stages.value.items():
        line = stages.keys[name][0]
        try:
            found.definitions.append(_definition(found, name, line, node, context, read))
        except ResolveError as error:
            notes.lost(file, line, f"stage {name}", f"DVC cannot read it either: {error}")
    return found


def _definition(
    file: DvcFile, name: str, line: int, node: Node, context: Context, read: Callable[[str], bytes | None]
) -> Definition:
    if not isinstance(node.value, dict):
        raise ResolveError("it should be a mapping")
    kind = next((key for key in ("foreach", "matrix") if key in node.value), "")
    each = node.value[kind] if kind else None
    body = node
    if kind == "foreach":
        body = node.value.get("do") or Node(None, line, 1)
    elif kind == "matrix":
        body = Node({k: v for k, v in node.value.items() if k != "matrix"}, node.line, node.column, node.keys)
    if not isinstance(body.value, dict) or "cmd" not in body.value:
        raise ResolveError("it has no cmd")
    plain: Any = body.plain()
    for key in _LISTS:
        if not isinstance(plain.get(key), list | None):
            raise ResolveError(f"{key} should be a list")
    members: list[tuple[str, dict[str, Any]]] = [("", {})]
    if each is not None:
        value = context.resolve(each.plain(), kind)
        members = foreach_members(value) if kind == "foreach" else matrix_members(value)
    found = tuple(
        _member(f"{name}@{label}" if kind else name, plain, context.bound(bound), file.folder, read)
        for label, bound in members
    )
    each_line = node.keys[kind][0] if kind else 0
    return Definition(file.file, name, line, kind, body, each, found, each_line)


def _member(
    name: str, body: dict[str, Any], context: Context, folder: str, read: Callable[[str], bytes | None]
) -> Member:
    if body.get("vars"):
        wdir = context.resolve(body.get("wdir") or "")
        context = load_context(body["vars"], posixpath.join(folder, str(wdir)), read, context.style, context)
    filled = {key: context.resolve(value, key) for key, value in body.items() if key != "vars"}
    return Member(name, context, filled)
