"""YAML with line numbers: text to nodes that know where they stand.

Scalars are read by the core schema of YAML 1.2, not by 1.1 as PyYAML does on its own: `1e-3` is a number,
`on` and `no` are text, `1:30` is text. Anchors, aliases and merge keys work; tags of other programs, several
documents in a file, duplicate keys, alias bombs and towers of brackets are problems.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

if TYPE_CHECKING:
    from yaml.nodes import MappingNode
    from yaml.nodes import Node as YamlNode

    from mlops_cli.formats.canonical import Json
    from mlops_cli.formats.problems import Problems

# A document that expands to more nodes than this is an alias bomb, not a pipeline.
_MOST_NODES = 1_000_000
# Whoever nests deeper than this has lost a bracket; what walks over values may recurse.
DEEPEST = 100
# From here on the reader's own recursion could exhaust the stack, so the depth is counted beforehand.
_SUSPICIOUS = 5_000
# int() refuses to write more than 4,300 digits: nobody's number, and a way to spend a minute.
_LONGEST_NUMBER = 1_000

_INT = re.compile(r"[-+]?[0-9]+$|0o[0-7]+$|0x[0-9a-fA-F]+$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_SPECIAL = {".nan": "nan", ".inf": "inf", "+.inf": "inf", "-.inf": "-inf"}
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TAG = "tag:yaml.org,2002:"
_PLAIN = "!plain"
_UNTAGGED = "write the plain value; a text that starts with ! needs quotes"
_CLOSE = "close a bracket, or lay it out flatter"


class Node:
    """A value and where it stands.

    `value` is a plain scalar, a list of nodes, or a dict of text to nodes; `keys` gives the place of each key
    of a mapping.
    Lines and columns count from 1.
    """

    __slots__ = ("column", "keys", "line", "value")

    def __init__(
        self, value: Any, line: int, column: int, keys: dict[str, tuple[int, int]] | None = None
    ) -> None:
        self.value = value
        self.line = line
        self.column = column
        self.keys = keys or {}

    def plain(self) -> Json:
        """Return the value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value  # type: ignore[no-any-return]

    def kind(self) -> str:
        """Return what the value is, in words for a message."""
        if self.value is None:
            return "nothing"
        names = {dict: "a mapping", list: "a list", bool: "true or false", str: "text"}
        return names.get(type(self.value), "a number")


def read_scalar(text: str) -> bool | int | float | str | None:
    """Return the value of a plain scalar by the core schema of YAML 1.2.

    Examples
    --------
    >>> [read_scalar(t) for t in ("1e-3", "0x10", "no", "true", "~", "1:30")]
    [0.001, 16, 'no', True, None, '1:30']
    """
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if text[0] in "+-.0123456789":
        if _INT.match(text):
            if len(text) > _LONGEST_NUMBER:
                return text
            return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
        if _FLOAT.match(text):
            return float(text)
        if text.lower() in _SPECIAL:
            return float(_SPECIAL[text.lower()])
    return text


def parse_yaml(data: bytes, file: str, problems: Problems) -> Node | None:
    """Parse one YAML document.

    Parameters
    ----------
    data : bytes
        UTF-8 text.
    file : str
        Its path, for the problems.
    problems : Problems
        Where mistakes are gathered.

    Returns
    -------
    Node or None
        The root node; None when the text is empty or cannot be read.
    """
    import yaml

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add(file, *place_of(data, error.start), "not UTF-8 text", "save the file as UTF-8")
        return None
    if _too_deep(text):
        problems.add(file, 1, 1, f"values nest more than {DEEPEST} deep", _CLOSE)
        return None
    try:
        root = yaml.compose(text, Loader=_loader())
    except (yaml.YAMLError, ValueError) as error:
        from mlops_cli.formats.yaml_errors import explain

        problems.add(file, *explain(error, text))
        return None
    except RecursionError:
        problems.add(file, 1, 1, f"values nest more than {DEEPEST} deep", _CLOSE)
        return None
    if root is None:
        return None
    return _Converter(file, problems).convert(root)


def compose_yaml(text: str) -> Any:
    """Return PyYAML's own nodes of a text that `parse_yaml` takes: they say where a value ends, too. None where there are none."""
    import yaml

    return yaml.compose(text, Loader=_loader())


@cache
def _loader() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """The fast reader, without YAML 1.1's reading of plain scalars: they are marked, and read here."""

        yaml_implicit_resolvers: ClassVar[dict[None, list[Any]]] = {None: [(_PLAIN, re.compile(""))]}

    return Loader


def place_of(data: bytes, offset: int) -> tuple[int, int]:
    """Return line and column, from 1, of a byte of UTF-8 text that is good up to there."""
    start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[start:offset].decode(errors="replace")) + 1


def _too_deep(text: str) -> bool:
    """Whether composing the text could exhaust the stack; only text that could be so is looked at twice."""
    import yaml

    indentation = max((len(found) for found in re.findall(r"^[ ?:\t-]+", text, re.MULTILINE)), default=0)
    if text.count("[") + text.count("{") + 2 * indentation < _SUSPICIOUS:
        return False
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_loader()):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _SUSPICIOUS:
                return True
    except (yaml.YAMLError, ValueError):
        pass  # reading it will say so, at its place
    return False


def _shown(tag: str) -> str:
    return tag.replace(_TAG, "!!", 1)


_Grown: TypeAlias = "tuple[Node, int, int]"


class _Converter:
    """One walk over PyYAML's nodes."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.done: dict[int, _Grown] = {}
        self.open: set[int] = set()
        self.too_deep = False

    def convert(self, root: YamlNode) -> Node:
        return self._convert(root)[0]

    def _convert(self, node: Any) -> _Grown:
        """Return the node, how many nodes it expands to, and how deep they nest."""
        mark = node.start_mark
        line, column = mark.line + 1, mark.column + 1
        kind = node.id
        if kind == "scalar":
            return Node(self._scalar(node, line, column), line, column), 1, 0
        known = self.done.get(id(node))
        if known and len(self.open) + known[2] <= DEEPEST:
            return known
        if id(node) in self.open:
            self.problems.add(
                self.file, line, column, "an alias inside the value that it names", "write the value out"
            )
            return Node(None, line, column), 1, 0
        if known or len(self.open) >= DEEPEST:
            if not self.too_deep:
                self.problems.add(self.file, line, column, f"values nest more than {DEEPEST} deep", _CLOSE)
            self.too_deep = True
            return Node(None, line, column), 1, 0
        self.open.add(id(node))
        self._check_tag(node, line, column)
        read = self._sequence if kind == "sequence" else self._mapping
        result = read(node, line, column)
        self.open.discard(id(node))
        if result[1] > _MOST_NODES:
            self.problems.add(
                self.file, line, column, "aliases expand to more than a million values", "use fewer"
            )
            result = Node(None, line, column), 1, 0
        self.done[id(node)] = result
        return result

    def _scalar(self, node: YamlNode, line: int, column: int) -> bool | int | float | str | None:
        text: str = node.value
        tag = node.tag
        if tag == _PLAIN:
            return read_scalar(text)
        if tag in (_TAG + "str", "!"):
            return text
        value = read_scalar(text)
        short = tag.removeprefix(_TAG)
        wanted: Any = {"int": int, "float": (int, float), "bool": bool, "null": type(None)}.get(short, ())
        if not isinstance(value, wanted):
            self.problems.add(self.file, line, column, f"the tag {_shown(tag)} is not supported", _UNTAGGED)
        return value

    def _check_tag(self, node: YamlNode, line: int, column: int) -> None:
        if node.tag not in (_TAG + "map", _TAG + "seq", "!"):
            self.problems.add(
                self.file, line, column, f"the tag {_shown(node.tag)} is not supported", _UNTAGGED
            )

    def _sequence(self, node: YamlNode, line: int, column: int) -> _Grown:
        items, size, depth = [], 1, 0
        for child in node.value:
            item, count, below = self._convert(child)
            items.append(item)
            size += count
            depth = max(depth, below)
        return Node(items, line, column), size, depth + 1

    def _mapping(self, node: YamlNode, line: int, column: int) -> _Grown:
        values: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        merged: list[tuple[YamlNode, int, int]] = []
        size, depth = 1, 0
        for key_node, value_node in node.value:
            place = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if key_node.id != "scalar":
                self.problems.add(
                    self.file, *place, "a key must be text", "quote it, or mend the indentation"
                )
                continue
            key: str = key_node.value
            if key == "<<" and key_node.tag == _PLAIN:
                merged.append((value_node, *place))
                continue
            value, count, below = self._convert(value_node)
            size += count
            depth = max(depth, below)
            if key in values:
                self.problems.add(
                    self.file, *place, f'"{key}" is given twice', f"first on line {keys[key][0]}"
                )
                continue
            values[key], keys[key] = value, place
        for source, *place_of_merge in merged:
            count, below = self._merge(source, place_of_merge[0], place_of_merge[1], values, keys)
            size += count
            depth = max(depth, below)
        return Node(values, line, column, keys), size, depth + 1

    def _merge(
        self,
        source: YamlNode | MappingNode,
        line: int,
        column: int,
        values: dict[str, Node],
        keys: dict[str, tuple[int, int]],
    ) -> tuple[int, int]:
        node, size, depth = self._convert(source)
        for part in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(part.value, dict):
                self.problems.add(
                    self.file, line, column, "<< takes a mapping or a list of mappings", "name one: <<: *base"
                )
                continue
            for key, value in part.value.items():
                if key not in values:
                    values[key], keys[key] = value, part.keys[key]
        return size, depth
