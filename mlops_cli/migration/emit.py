"""Nodes to YAML as a person would write it: comments, blank lines and short lists as they were in the file they came from."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.problems import Problems
from mlops_cli.formats.yaml_text import parse_yaml, read_scalar

if TYPE_CHECKING:
    from mlops_cli.formats.yaml_text import Node

_WIDTH = 100
_BEGIN = re.compile(r"""\s*(?:-(?=\s)|(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#\[{][^#]*?)\s*:(?=\s))""")
_AFTER_QUOTES = re.compile(r"""\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^"'#]|(?<!\s)#)*?(?<=\s)(#.*)""")
_AFTER_TEXT = re.compile(r".*?(?:(?<=\s)|^)(#.*)")
_SIMPLE = re.compile(r"[A-Za-z0-9_./][\w./-]*")


def emit(node: Node, source: str = "") -> str:
    """Return a mapping as YAML.

    Parameters
    ----------
    source : str
        The text that the lines of the nodes count in; comments above and beside a key or an item come along.
    """
    writer = _Writer(source)
    writer.mapping(node, "")
    return "\n".join(writer.lines) + "\n" if writer.lines else ""


class _Writer:
    def __init__(self, source: str) -> None:
        self.source = source.splitlines()
        self.lines: list[str] = []
        self.used: set[int] = set()
        self.beside: set[int] = set()

    def mapping(self, node: Node, indent: str, first: str | None = None) -> None:
        """Write the keys of a mapping; `first` is what the first line begins with in place of the indentation."""
        for key, value in node.value.items():
            line = node.keys.get(key, (0, 0))[0]
            if first is None:
                self._above(line, indent)
            start = (indent if first is None else first) + scalar(key, "key") + ":"
            first = None
            self._value(value, start, indent, line)

    def _value(self, node: Node, start: str, indent: str, line: int) -> None:
        if isinstance(node.value, dict | list) and node.value:
            inline = f"{start} {flow(node)}"
            if _was_inline(node, line) and len(inline) <= _WIDTH:
                self._line(inline, line)
                return
            self._line(start, line)
            if isinstance(node.value, dict):
                self.mapping(node, f"{indent}  ")
            else:
                self._items(node, f"{indent}  ")
            return
        if node.value is None:
            self._line(start, line)
            return
        self._scalar(node, start, f"{indent}  ", line)

    def _items(self, node: Node, indent: str) -> None:
        for item in node.value:
            self._above(item.line, indent)
            start = f"{indent}-"
            if isinstance(item.value, dict) and item.value:
                inline = f"{start} {flow(item)}"
                plain = all(not isinstance(value.value, dict | list) for value in item.value.values())
                if "path" in item.value and plain and len(inline) <= _WIDTH:
                    self._line(inline, item.line)
                else:
                    self.mapping(item, f"{indent}  ", f"{start} ")
            elif isinstance(item.value, list):
                self._line(f"{start} {flow(item)}", item.line)
            else:
                self._scalar(item, start, f"{indent}  ", item.line)

    def _line(self, text: str, line: int) -> None:
        """Write a line, with the comment that stood beside what it was."""
        beside = ""
        if 0 < line <= len(self.source) and line not in self.beside:
            self.beside.add(line)
            beside = _comment(self.source[line - 1])
        self.lines.append(f"{text}  {beside}" if beside else text)

    def _scalar(self, node: Node, start: str, indent: str, line: int) -> None:
        value = node.value
        lines: list[str] | None = None
        if isinstance(value, str) and "\n" in value:
            lines = _block(value, indent)
        elif isinstance(value, str) and len(value) > _WIDTH and self._was_folded(node.line):
            lines = _folded(value, indent)
        if lines is not None:
            self._line(f"{start} {lines[0]}", line)
            self.lines += lines[1:]
            return
        self._line(f"{start} {scalar(value)}", line)

    def _was_folded(self, line: int) -> bool:
        """Whether what begins on a line was one long text in several lines."""
        return 0 < line <= len(self.source) and self.source[line - 1].rstrip().endswith((">", ">-"))

    def _above(self, line: int, indent: str) -> None:
        """Write what stands above a line: comments, and an empty line where one sets it apart."""
        if line <= 0 or line in self.used:
            return
        self.used.add(line)
        start = line - 1
        while (
            start > 0 and self.source[start - 1 : start] and self.source[start - 1].lstrip().startswith("#")
        ):
            start -= 1
        before = self.source[start - 1].strip() if start > 0 and start <= len(self.source) else "x"
        if not before and self.lines and not self.lines[-1].endswith(":"):
            self.lines.append("")
        self.lines += [f"{indent}{text.strip()}" for text in self.source[start : line - 1]]


def _comment(line: str) -> str:
    """Return the comment at the end of a line of YAML; empty where there is none.

    Examples
    --------
    >>> _comment("prep:   # prepare"), _comment("cmd: echo it's # here"), _comment("cmd: 'a # b'")
    ('# prepare', '# here', '')
    """
    rest = line.lstrip()
    while (begin := _BEGIN.match(rest)) is not None and begin.end():
        rest = rest[begin.end() :].lstrip()
    # In quotes and in lists beside their keys what is quoted hides a #; in plain text a quote is a letter.
    quoted = rest[:1] in ('"', "'", "[", "{")
    found = (_AFTER_QUOTES if quoted else _AFTER_TEXT).match(rest)
    return found[1].rstrip() if found else ""


def _was_inline(node: Node, line: int) -> bool:
    """Whether a list or a mapping stood beside its key."""
    return 0 < node.line == line


def flow(node: Node) -> str:
    """Return a value in one line."""
    if isinstance(node.value, dict):
        pairs = (f"{scalar(key, 'inside')}: {flow(value)}" for key, value in node.value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(node.value, list):
        return "[" + ", ".join(flow(item) for item in node.value) + "]"
    return "null" if node.value is None else scalar(node.value, "inside")


@lru_cache(maxsize=4096)
def _text(value: str, where: str) -> str:
    if _SIMPLE.fullmatch(value) and read_scalar(value) == value:
        return value
    double, single = json.dumps(value, ensure_ascii=False), "'" + value.replace("'", "''") + "'"
    easy = [double] if double == f'"{value}"' else [single]
    return next((shown for shown in (value, *easy) if _reads_as(shown, value, where)), double)


def scalar(value: Any, where: str = "value") -> str:
    """Return a plain value as YAML, in quotes only where it needs them.

    Parameters
    ----------
    where : str
        `value` of a key or of an item, `key`, or `inside` brackets.

    Examples
    --------
    >>> scalar("python a.py"), scalar("no: 1"), scalar("1"), scalar(0.5), scalar("a, b", "inside")
    ('python a.py', '"no: 1"', '"1"', '0.5', '"a, b"')
    """
    if isinstance(value, str):
        return _text(value, where)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return repr(value)


_PROBES = {"value": "k: {}", "key": "{}: k", "inside": "[{}, k]"}


def _reads_as(shown: str, value: str, where: str) -> bool:
    if "\n" in shown or shown != shown.strip():
        return False
    problems = Problems()
    node = parse_yaml(_PROBES[where].replace("{}", shown).encode("utf-8", "replace"), "", problems)
    if node is None or problems.found:
        return False
    expected = {"value": {"k": value}, "key": {value: "k"}, "inside": [value, "k"]}
    return node.plain() == expected[where]


def _block(value: str, indent: str) -> list[str] | None:
    """Return the lines of a text of several lines, its mark first; None where it cannot be written so."""
    body = value.rstrip("\n")
    ends = len(value) - len(body)
    lines = body.split("\n")
    if not body or any(line != line.rstrip() for line in lines) or lines[0][:1] in (" ", "\t", ""):
        return None
    shown = [
        "|" if ends == 1 else "|-" if ends == 0 else "|+",
        *(f"{indent}{line}" if line else "" for line in lines),
    ]
    shown += [""] * max(0, ends - 1)
    return _checked(shown, value)


def _folded(value: str, indent: str) -> list[str] | None:
    """Return the lines of one long text, its mark first; None where it cannot be broken at its spaces."""
    lines = [""]
    for word in value.split(" "):
        if lines[-1] and len(indent) + len(lines[-1]) + len(word) >= _WIDTH:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return _checked([">-", *(f"{indent}{line}" for line in lines)], value)


def _checked(lines: list[str], value: str) -> list[str] | None:
    problems = Problems()
    node = parse_yaml(("k: " + "\n".join(lines) + "\n").encode("utf-8", "replace"), "", problems)
    return lines if node is not None and not problems.found and node.plain() == {"k": value} else None
