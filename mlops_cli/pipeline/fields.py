"""Reading typed fields out of nodes: the value, or a problem that is kept and a harmless default."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mlops_cli.formats.problems import Problems, nearest
from mlops_cli.formats.quantities import read_duration, read_size
from mlops_cli.pipeline.definition import Place
from mlops_cli.pipeline.template import show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.formats.yaml_text import Node

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Fields:
    """Readers for one file.

    Parameters
    ----------
    file : str
        Path of the file, relative to the project.
    base : str
        Folder that its paths are relative to; `""` is the project's own.
    depth : int
        How many folders the project lies below the top of the repository.
    problems : Problems
        Where what is wrong is gathered.
    """

    def __init__(self, file: str, base: str, depth: int, problems: Problems) -> None:
        self.file = file
        self.base = base
        self.depth = depth
        self.problems = problems

    def problem(self, node: Node, message: str, hint: str = "") -> None:
        """Keep a problem at a node."""
        self.problems.add(self.file, node.line, node.column, message, hint)

    def place(self, node: Node) -> Place:
        """Return where a node stands."""
        return Place(self.file, node.line, node.column)

    def known_keys(self, node: Node, known: Iterable[str], what: str) -> None:
        """Keep a problem for each key that is not one of `known`."""
        allowed = list(known)
        for key in node.value:
            if key not in allowed:
                line, column = node.keys[key]
                hint = nearest(key, allowed) or f"{what} takes {', '.join(allowed)}"
                self.problems.add(self.file, line, column, f'unknown key "{key}" in {what}', hint)

    def mapping(self, node: Node, what: str) -> dict[str, Node]:
        """Return a mapping's items."""
        if isinstance(node.value, dict):
            return node.value
        self._wrong(node, what, "a mapping of names to values")
        return {}

    def items(self, node: Node, what: str) -> list[Node]:
        """Return a list's items; a single value counts as a list of one, nothing as an empty list."""
        if node.value is None:
            return []
        if isinstance(node.value, list):
            return node.value
        if isinstance(node.value, dict):
            self._wrong(node, what, "a list")
            return []
        return [node]

    def text(self, node: Node, what: str) -> str:
        """Return text; a number is not text, for YAML has already forgotten how it was written."""
        if isinstance(node.value, str):
            if "\0" in node.value:
                self.problem(node, f"{what} holds a NUL character", "remove it")
                return ""
            if node.value.strip():
                return node.value
            self.problem(node, f"{what} is empty", "write it, or remove it")
            return ""
        self._wrong(node, what, "text")
        return ""

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        """Return a list of texts, or one text as a list of one."""
        return tuple(text for text in (self.text(item, what) for item in self.items(node, what)) if text)

    def flag(self, node: Node, what: str) -> bool:
        """Return true or false."""
        if isinstance(node.value, bool):
            return node.value
        self._wrong(node, what, "true or false")
        return False

    def count(self, node: Node, what: str, least: int) -> int:
        """Return a whole number of at least `least`."""
        if isinstance(node.value, int) and not isinstance(node.value, bool) and node.value >= least:
            return node.value
        self._wrong(node, what, f"a whole number of {least} or more")
        return least

    def duration(self, node: Node, what: str) -> float | None:
        """Return seconds out of `90`, `90s`, `30m`, `2h` or `1d`."""
        seconds = read_duration(node.value)
        if seconds is None:
            self._wrong(node, what, "a duration such as 90s, 30m or 2h")
        return seconds

    def size(self, node: Node, what: str) -> int | None:
        """Return bytes out of `500MB`, `8GB`, `8GiB` or a plain number of bytes."""
        size = read_size(node.value)
        if size is None:
            self._wrong(node, what, "an amount of memory such as 500MB or 8GB")
        return size

    def path(self, node: Node, what: str, *, base: str | None = None, outside: bool = True) -> str:
        """Return a path relative to the project, with slashes, without `.` and `..`.

        Parameters
        ----------
        base : str, optional
            Folder that it is relative to; that of the file by default.
        outside : bool
            Whether it may leave the project while it stays in the repository.
        """
        text = self.text(node, what)
        if not text:
            return ""
        if text.startswith(("/", "~")) or _DRIVE.match(text):
            start = "the pipeline file" if base is None or base == (self.base or ".") else "wdir"
            hint = f"write it relative to {start}"
            self.problem(node, f"{what} {text} is an absolute path", hint)
            return ""
        if _ADDRESS.match(text):
            self.problem(
                node,
                f"{what} {text} is an address, not a path",
                "name a file; a stage may fetch it from there",
            )
            return ""
        if _CONTROL.search(text):
            self.problem(
                node,
                f"{what} {text!r} holds a line break or a control character",
                "write each path as an item",
            )
            return ""
        if "\\" in text:
            self.problem(node, f"{what} {text} holds a backslash", "write / between folders, on every system")
            return ""
        path = posixpath.normpath(posixpath.join(self.base if base is None else base, text))
        ups = path.split("/").count("..")
        if ups > self.depth:
            self.problem(node, f"{what} {text} leaves the repository", "name a path inside it")
            return ""
        if ups and not outside:
            self.problem(
                node,
                f"{what} {text} leaves the project",
                "name a path below the project's folder",
            )
            return ""
        return path

    def _wrong(self, node: Node, what: str, wanted: str) -> None:
        self.problem(node, f"{what} should be {wanted}, not {given(node)}", _advice(node, wanted))


def given(node: Node) -> str:
    """Return what stands at a node, for a message: a short value itself, anything else by its kind."""
    if isinstance(node.value, str) and len(node.value) <= 40:
        return f'"{node.value}"'
    if isinstance(node.value, bool | int | float) and len(show(node.value)) <= 40:
        return show(node.value)
    return node.kind()


_YES_AND_NO = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def _advice(node: Node, wanted: str) -> str:
    if wanted == "text" and isinstance(node.value, int | float):
        return f'quote it: "{show(node.value)}"'
    if wanted == "a list":
        return "start each of its items with -"
    if wanted == "true or false" and isinstance(node.value, str) and node.value.lower() in _YES_AND_NO:
        return f"write {_YES_AND_NO[node.value.lower()]}"
    return ""
