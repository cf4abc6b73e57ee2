"""Changing `.mlops/config.yaml` as a person would: a line here, a line there, and everything else as it was.

Every change is read back before it is believed. Where the file is written in a way that cannot be changed so, the user is told
what to write.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import FileError
from mlops_cli.formats.config_file import parse_config
from mlops_cli.formats.problems import DefinitionError, Problems
from mlops_cli.formats.yaml_text import Node, parse_yaml, read_scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.settings import Config

_PLAIN = re.compile(r"[A-Za-z0-9_./~][\w./:@~+%=?&-]*")
# The name of a remote, as it may be written.
_NAME = re.compile(r"\"[^\"]*\"|'[^']*'|[\w-]+")
_INDENT = "  "


def add_remote(data: bytes, file: str, name: str, values: Mapping[str, str | int]) -> bytes:
    """Return the file's bytes with one more remote, after those that are there.

    Raises
    ------
    FileError
        When the file is not written so that this can be done; the hint says what to write.
    """
    lines = _Lines(data, file)
    entry = [f"{name}:", *(f"{_INDENT}{key}: {_scalar(value)}" for key, value in values.items())]
    lines.put("remotes", entry)
    before = parse_config(data, file)
    wanted = before._replace(remotes={**before.remotes, name: dict(values)})
    return lines.checked(wanted, ["remotes:", *(_INDENT + line for line in entry)])


def remove_remote(data: bytes, file: str, name: str) -> bytes:
    """Return the file's bytes without a remote, and without its being the default.

    Raises
    ------
    FileError
        As for adding.
    """
    before = parse_config(data, file)
    if before.default_remote == name:
        data = set_default(data, file, None)
        before = parse_config(data, file)
    lines = _Lines(data, file)
    lines.cut("remotes", name)
    wanted = before._replace(remotes={key: value for key, value in before.remotes.items() if key != name})
    return lines.checked(wanted, [f"everything but {name} under remotes:"])


def set_default(data: bytes, file: str, name: str | None) -> bytes:
    """Return the file's bytes with another default remote, or with none.

    Raises
    ------
    FileError
        As for adding.
    """
    lines = _Lines(data, file)
    here = lines.find("remote", "default")
    if name is None:
        if here is not None:
            lines.cut("remote", "default")
    elif here is None:
        lines.put("remote", [f"default: {_scalar(name)}"])
    else:
        lines.replace(here, _scalar(name))
    wanted = parse_config(data, file)._replace(default_remote=name)
    return lines.checked(wanted, ["remote:", f"{_INDENT}default: {name}"])


class _Lines:
    """The file as lines, and where things stand in it; lines count from 0."""

    def __init__(self, data: bytes, file: str) -> None:
        self.file = file
        problems = Problems()
        root = parse_yaml(data, file, problems)
        problems.raise_if_any()
        self.root = root if root is not None and isinstance(root.value, dict) else None
        self.lines = data.decode("utf-8-sig").splitlines(keepends=True)
        self.end = "\r\n" if self.lines and self.lines[0].endswith("\r\n") else "\n"
        if self.lines and not self.lines[-1].endswith("\n"):
            self.lines[-1] += self.end

    def find(self, section: str, key: str) -> Node | None:
        """Return the node of a key in a section."""
        node = self.root.value.get(section) if self.root else None
        return node.value.get(key) if node is not None and isinstance(node.value, dict) else None

    def put(self, section: str, entry: list[str]) -> None:
        """Put lines at the end of a section; the section at the end of the file where there is none."""
        if self.root is None or section not in self.root.value:
            if self.lines and self.lines[-1].strip():
                self.lines.append(self.end)
            self._insert(len(self.lines), [f"{section}:", *(_INDENT + line for line in entry)])
            return
        node, (line, column) = self.root.value[section], self.root.keys[section]
        margin = " " * (column - 1) + _INDENT
        if isinstance(node.value, dict) and node.keys:
            margin = " " * (min(place[1] for place in node.keys.values()) - 1)
        self._insert(self._end(line - 1, column - 1) + 1, [margin + text for text in entry])

    def cut(self, section: str, key: str) -> None:
        """Take a key out of a section; the section, too, when nothing is left of it."""
        if self.root is None:
            return
        node = self.root.value[section]
        line, column = node.keys[key]
        if line == self.root.keys[section][0]:
            return  # in braces: the check below says what to do
        del self.lines[line - 1 : self._end(line - 1, column - 1) + 1]
        if len(node.keys) == 1:
            line, column = self.root.keys[section]
            if self._end(line - 1, column - 1) == line - 1 and not self._comments(line, column - 1):
                del self.lines[line - 1]
                while self.lines and not self.lines[-1].strip():
                    del self.lines[-1]

    def replace(self, node: Node, text: str) -> None:
        """Write another value in a value's place."""
        line = self.lines[node.line - 1]
        self.lines[node.line - 1] = (
            line[: node.column - 1]
            + _NAME.sub(lambda _: text, line[node.column - 1 :].rstrip("\r\n"), count=1)
            + self.end
        )

    def checked(self, wanted: Config, instead: list[str]) -> bytes:
        """Return the bytes, when they say what they should."""
        data = "".join(self.lines).encode()
        try:
            if parse_config(data, self.file) == wanted:
                return data
        except DefinitionError:
            pass
        raise FileError(
            f"{self.file} is written in a way that cannot be changed without touching more of it",
            hint="\n".join(["Write there yourself:", *instead]),
        )

    def _insert(self, line: int, texts: list[str]) -> None:
        self.lines[line:line] = [text + self.end for text in texts]

    def _end(self, line: int, margin: int) -> int:
        """Return the last line of what begins on a line: what follows and is further in, past blank lines and comments."""
        last = line
        for number in range(line + 1, len(self.lines)):
            text = self.lines[number].strip()
            if not text or text.startswith("#"):
                continue
            if len(self.lines[number]) - len(self.lines[number].lstrip()) <= margin:
                break
            last = number
        return last

    def _comments(self, line: int, margin: int) -> bool:
        """Whether a comment that is further in follows."""
        text = self.lines[line] if line < len(self.lines) else ""
        return text.lstrip().startswith("#") and len(text) - len(text.lstrip()) > margin


def _scalar(value: Any) -> str:
    """Return a value as YAML: plain where that is plain to everybody."""
    if (
        isinstance(value, str)
        and _PLAIN.fullmatch(value)
        and not value.endswith(":")
        and read_scalar(value) == value
    ):
        return value
    return json.dumps(value, ensure_ascii=False)
