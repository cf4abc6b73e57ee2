"""One value in a YAML text, changed or added where it stands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.edit_common import CannotEditError, nested
from mlops_cli.formats.yaml_text import compose_yaml

if TYPE_CHECKING:
    from mlops_cli.formats.canonical import Json
    from mlops_cli.formats.edit_common import Path

_PLAIN = re.compile(r"[A-Za-z_/][\w./-]*")
# Text that some reader, if not ours, would take for something else.
_TAKEN = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_ANCHOR = re.compile(r"(&\S+\s+)+")
_INDENT = 2


def edit_yaml(text: str, path: Path, value: Json) -> str:
    """Return the text with another value at a path.

    Raises
    ------
    CannotEditError
        When it is not written so that this can be done.
    """
    root = compose_yaml(text)
    if root is None:
        gap = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{gap}{_nested(path, value, 0, _end_of_line(text))}"
    node, key = root, None
    for depth, part in enumerate(path):
        if node.id == "sequence" and isinstance(part, int):
            node, key = node.value[part], None
            continue
        if node.id != "mapping":
            return _replace(text, node, key, nested(path[depth:], value))
        found = [(k, v) for k, v in node.value if k.id == "scalar" and k.value == part]
        if not found:
            return _add(text, node, path[depth:], value)
        key, node = found[-1]
    return _replace(text, node, key, value)


def _replace(text: str, node: Any, key: Any, value: Json) -> str:
    start, end = node.start_mark.index, _end(node)
    new = yaml_value(value)
    if node.id != "scalar" and not node.flow_style and key is not None:
        # A block: what replaces it stands on the line of its key, before the comment that stands there.
        colon = text.index(":", key.end_mark.index)
        return f"{text[: colon + 1]} {new}{text[colon + 1 : start].rstrip()}{text[end:]}"
    old = text[start:end]
    anchor = _ANCHOR.match(old)
    if anchor:
        new = anchor[0] + new
    if not old:  # nothing stands after the colon
        new = f" {new}"
    return text[:start] + new + old[len(old.rstrip()) :] + text[end:]


def _end(node: Any) -> int:
    """Return where the last thing in a node ends; a block's own end lies past the comments that follow it."""
    while node.id != "scalar" and not node.flow_style and node.value:
        node = node.value[-1][1] if node.id == "mapping" else node.value[-1]
    return int(node.end_mark.index)


def _add(text: str, node: Any, rest: Path, value: Json) -> str:
    if node.flow_style:
        end = node.end_mark.index - 1
        comma = ", " if node.value else ""
        head = text[:end].rstrip() if node.value else text[:end]
        name = _scalar(str(rest[0]))
        return f"{head}{comma}{name}: {yaml_value(nested(rest[1:], value))}{text[end:]}"
    if not node.value:
        raise CannotEditError
    line = text.find("\n", max(_end(node) - 1, 0))
    newline = _end_of_line(text)
    added = _nested(rest, value, node.value[0][0].start_mark.column, newline)
    if line < 0:
        return f"{text}{newline}{added}"
    return text[: line + 1] + added + text[line + 1 :]


def _nested(path: Path, value: Json, indent: int, newline: str) -> str:
    """Return the lines that put a value at a path, at some indentation."""
    lines = []
    for depth, part in enumerate(path):
        margin = " " * (indent + depth * _INDENT)
        last = depth == len(path) - 1
        lines.append(f"{margin}{_scalar(str(part))}:{' ' + yaml_value(value) if last else ''}{newline}")
    return "".join(lines)


def _end_of_line(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def yaml_value(value: Json) -> str:
    """Return a value as YAML on one line, such that readers of YAML 1.1 and 1.2 agree on it.

    Examples
    --------
    >>> yaml_value([1e-5, "no", "relu", None, {"a": True}])
    '[1.0e-05, "no", relu, null, {a: true}]'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {yaml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(yaml_value(item) for item in value) + "]"
    if isinstance(value, float):
        text = repr(value)
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _TAKEN:
        return text
    return json.dumps(text, ensure_ascii=False)
