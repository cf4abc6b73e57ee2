r"""Templates: `${…}` in a stage's text, filled from matrix values, variables and parameters.

A text that is nothing but one `${…}` takes the value with its type; inside other text the value must be a
number, a text, true or false. `\${` and `$${` stand for a plain `${`, for the shell to read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from mlops_cli.formats.yaml_text import Node
from mlops_cli.pipeline.parameters import index_of, nearest_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.formats.problems import Problems

_OPEN = re.compile(r"(\\|\$)?\$\{([^}]*)\}?")
_PATH = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+|\[\d+\])*")
_PART = re.compile(r"[\w-]+")

# File and dotted name of parameters to their values.
Used: TypeAlias = dict[tuple[str, str], Any]


class Scope:
    """What names mean.

    Where a file of parameters or variables is broken, a name that may stand in it is taken as empty, and the scope
    is `blind`: what is filled from it then says nothing, and the file has a problem of its own.

    Parameters
    ----------
    bound : mapping
        Names of this stage: `matrix`, `item`, `key`.
    variables : mapping
        `vars:` of the file.
    parameters : callable
        Returns the default parameter file, read when first asked for; None where it is broken.
    file : str
        The name of that file.
    origins : mapping
        Of a variable the file that it stands in; or what it was made of, as in `used`.

    Attributes
    ----------
    used : dict
        File and dotted name to value of every parameter that was asked for.
    """

    def __init__(
        self,
        bound: Mapping[str, Any],
        variables: Mapping[str, Any],
        parameters: Callable[[], Mapping[str, Any] | None],
        *,
        blind: bool = False,
        file: str = "",
        origins: Mapping[str, str | Used] | None = None,
    ) -> None:
        self.bound = bound
        self.variables = variables
        self.parameters = parameters
        self.blind = blind
        self.file = file
        self.origins = {} if origins is None else origins
        self.used: Used = {}

    def with_bound(self, bound: Mapping[str, Any]) -> Scope:
        """Return the scope of one member of a matrix, by which nothing was used yet."""
        return Scope(
            bound, self.variables, self.parameters, blind=self.blind, file=self.file, origins=self.origins
        )

    def find(self, expression: str) -> Any:
        """Return the value of a dotted name.

        Raises
        ------
        LookupError
            With a hint as its text.
        """
        parts = _PART.findall(expression)
        first = parts[0]
        if first in self.bound:
            return _descend(self.bound, parts)
        if first in ("matrix", "item", "key"):
            raise LookupError(
                f"only a stage with {'matrix' if first == 'matrix' else 'foreach'} has ${{{first}}}"
            )
        if first in self.variables:
            return self._variable(parts)
        parameters = self.parameters()
        if parameters is None:
            self.blind = True
            return ""
        if first in parameters:
            return self._parameter(parameters, parts)
        if first == "vars" and len(parts) > 1:
            return self._variable(parts[1:])
        if first == "params" and len(parts) > 1:
            return self._parameter(parameters, parts[1:])
        if first in self.bound.get("matrix", ()):
            raise LookupError(f"did you mean ${{matrix.{expression}}}?")
        known = {**parameters, **self.variables, **self.bound}
        if self.blind:
            return ""
        nowhere = f'neither vars nor the parameter file has "{first}"'
        shell = f"define it in vars or in the parameter file; for the shell write \\${{{expression}}}"
        raise LookupError(nearest_name(parts, 0, known) or (nowhere if len(parts) > 1 else shell))

    def _variable(self, parts: list[str]) -> Any:
        found, origin = _descend(self.variables, parts), self.origins.get(parts[0], {})
        if isinstance(origin, str):
            note_used(self.used, origin, self.variables, parts)
        else:
            self.used |= origin
        return found

    def _parameter(self, parameters: Mapping[str, Any], parts: list[str]) -> Any:
        found = _descend(parameters, parts)
        note_used(self.used, self.file, parameters, parts)
        return found


def note_used(used: Used, file: str, values: Mapping[str, Any], parts: list[str]) -> None:
    """Note a parameter that is there: of a part of a list the whole, since that is what has a name.

    Examples
    --------
    >>> used: Used = {}
    >>> note_used(used, "params.yaml", {"train": {"sizes": [64, 32]}}, ["train", "sizes", "0"])
    >>> used
    {('params.yaml', 'train.sizes'): [64, 32]}
    """
    value: Any = values
    for count, part in enumerate(parts):
        if isinstance(value, list):
            parts = parts[:count]
            break
        value = value[part]
    used[file, ".".join(parts)] = value


def _descend(values: Any, parts: list[str]) -> Any:
    for count, part in enumerate(parts):
        if isinstance(values, dict) and part in values:
            values = values[part]
        elif isinstance(values, list) and (position := index_of(part)) is not None and position < len(values):
            values = values[position]
        else:
            raise LookupError(nearest_name(parts, count, values) or _contents(part, values))
    return values


def _contents(part: str, values: Any) -> str:
    if isinstance(values, dict) and values:
        names = list(values)
        return f'there is no "{part}" among {", ".join(names[:8])}{", …" if len(names) > 8 else ""}'
    if isinstance(values, list):
        return f"its list has {len(values)} {'item' if len(values) == 1 else 'items'}, counted from 0"
    return f'the value before "{part}" has no names below it'


def fill(node: Node, scope: Scope, file: str, problems: Problems) -> Node:
    """Return a node with every template in it filled; the node itself when it holds none.

    Parameters
    ----------
    node : Node
        Any part of a stage's body.
    scope : Scope
        What names mean.
    file : str
        The file of the node, for the problems.
    problems : Problems
        Where undefined names and misuse are gathered.
    """
    value = node.value
    if isinstance(value, str):
        if "${" not in value:
            return node
        return _as_node(_fill_text(value, node, scope, file, problems), node)
    if isinstance(value, list):
        items = [fill(item, scope, file, problems) for item in value]
        return (
            node
            if all(a is b for a, b in zip(items, value, strict=True))
            else Node(items, node.line, node.column)
        )
    if isinstance(value, dict):
        return _fill_mapping(node, scope, file, problems)
    return node


def _fill_mapping(node: Node, scope: Scope, file: str, problems: Problems) -> Node:
    values: dict[str, Node] = {}
    keys: dict[str, tuple[int, int]] = {}
    changed = False
    for key, item in node.value.items():
        line, column = node.keys.get(key, (item.line, item.column))
        name = key
        if "${" in key:
            name = _fill_inside(key, Node(key, line, column), scope, file, problems)
        if name in values:
            problems.add(file, line, column, f'"{name}" is given twice', f"first on line {keys[name][0]}")
        values[name] = fill(item, scope, file, problems)
        keys[name] = (line, column)
        changed = changed or values[name] is not item or name != key
    return Node(values, node.line, node.column, keys) if changed else node


def _fill_text(text: str, node: Node, scope: Scope, file: str, problems: Problems) -> Any:
    whole = _OPEN.fullmatch(text)
    if whole and not whole[1] and text.endswith("}"):
        return _value(whole, node, scope, file, problems)
    return _fill_inside(text, node, scope, file, problems)


def _fill_inside(text: str, node: Node, scope: Scope, file: str, problems: Problems) -> str:
    def replace(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        value = _value(found, node, scope, file, problems)
        if isinstance(value, dict | list):
            what, one = (
                ("a list", "0") if isinstance(value, list) else ("a mapping", next(iter(value), "name"))
            )
            message = f"${{{found[2]}}} is {what} and cannot stand inside text"
            problems.add(
                file,
                node.line,
                node.column,
                message,
                f"name one of its values: ${{{found[2].strip()}.{one}}}",
            )
            return ""
        return show(value)

    return _OPEN.sub(replace, text)


def _value(found: re.Match[str], node: Node, scope: Scope, file: str, problems: Problems) -> Any:
    expression = found[2].strip()
    if not found[0].endswith("}"):
        message = f"{_short(found[0])} is not closed with }}"
        problems.add(file, node.line, node.column, message, "for plain text write \\${")
        return ""
    if not _PATH.fullmatch(expression):
        message = f"{_short(found[0])} is not a name such as ${{train.depth}}"
        problems.add(file, node.line, node.column, message, f"for the shell write \\{_short(found[0])}")
        return ""
    try:
        return scope.find(expression)
    except LookupError as error:
        problems.add(file, node.line, node.column, f"${{{expression}}} is not defined", str(error.args[0]))
        return ""


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"


def show(value: Any) -> str:
    """Return a scalar as text: true and false as YAML writes them, null as nothing.

    Examples
    --------
    >>> show(True), show(None), show(0.1), show("a")
    ('true', '', '0.1', 'a')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _as_node(value: Any, at: Node) -> Node:
    """Return plain values as nodes that stand where the template stood."""
    if isinstance(value, dict):
        nodes = {str(k): _as_node(v, at) for k, v in value.items()}
        return Node(nodes, at.line, at.column, dict.fromkeys(nodes, (at.line, at.column)))
    if isinstance(value, list):
        return Node([_as_node(v, at) for v in value], at.line, at.column)
    return Node(value, at.line, at.column)
