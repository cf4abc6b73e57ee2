"""One stage as written to many: the combinations of a `matrix`, the members of a `foreach`."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from mlops_cli.pipeline.fields import given
from mlops_cli.pipeline.template import show

if TYPE_CHECKING:
    from mlops_cli.formats.yaml_text import Node
    from mlops_cli.pipeline.fields import Fields

# A combination more than this is a mistake, or a grid that belongs to `run -S`.
_MOST = 10_000
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
# Names become file names, and those end at 255 bytes.
_LONGEST_LABEL = 80

Member = tuple[str, dict[str, Any]]


def matrix_members(node: Node, fields: Fields) -> list[Member]:
    """Return name and bound values of each combination, in the order in which the matrix is written.

    The name joins the values with `-`; a value that is a list, a mapping or a long text is named by its axis
    and its position.
    """
    axes: list[list[tuple[str, Any]]] = []
    names = list(fields.mapping(node, "matrix"))
    count = 1
    for name in names:
        axis = node.value[name]
        if not _NAME.fullmatch(name):
            at = type(axis)(name, *node.keys.get(name, (axis.line, axis.column)))
            fields.problem(at, f'"{name}" cannot be the name of a matrix axis', "use letters, digits and _")
        values = fields.items(axis, f"matrix.{name}")
        if not values and not isinstance(axis.value, dict):
            fields.problem(axis, f"matrix.{name} has no values", f"for example: {name}: [1, 2, 3]")
        axes.append([(_label(v.plain(), name, i), v.plain()) for i, v in enumerate(values)])
        count *= len(values)
    if not names and isinstance(node.value, dict):
        fields.problem(node, "matrix has no axes", "for example: matrix: {seed: [1, 2, 3]}")
    if count > _MOST:
        fields.problem(
            node, f"matrix has {count} combinations, more than {_MOST}", "split the stage, or drop values"
        )
        return []
    if not names:
        return []
    return [
        (
            "-".join(label for label, _ in choice),
            {"matrix": {n: value for n, (_, value) in zip(names, choice, strict=True)}},
        )
        for choice in itertools.product(*axes)
    ]


def foreach_members(node: Node, fields: Fields) -> list[Member]:
    """Return name and bound values (`item` and `key`) of each member of a list or a mapping."""
    if isinstance(node.value, dict):
        pairs = enumerate(node.value.items())
        members = [(_label(k, "", i), {"key": k, "item": v.plain()}) for i, (k, v) in pairs]
    elif isinstance(node.value, list):
        members = [
            (_label(v.plain(), "", i), {"key": i, "item": v.plain()}) for i, v in enumerate(node.value)
        ]
    else:
        message = f"foreach should be a list or a mapping, not {given(node)}"
        fields.problem(node, message, "for example: foreach: [north, south]")
        return []
    if not members:
        fields.problem(node, "foreach has no members", "for example: foreach: [north, south]")
    if len(members) > _MOST:
        fields.problem(node, f"foreach has {len(members)} members, more than {_MOST}", "split the stage")
        return []
    return members


def _label(value: Any, axis: str, position: int) -> str:
    if isinstance(value, dict | list):
        return f"{axis}{position}"
    text = show(value)
    return f"{axis}{position}" if len(text) > _LONGEST_LABEL else _UNSAFE.sub("_", text) or "null"
