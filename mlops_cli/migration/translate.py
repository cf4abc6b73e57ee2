"""The body of a stage, from DVC's words into ours."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.redact import redact
from mlops_cli.formats.yaml_text import Node
from mlops_cli.migration.context import (
    TEMPLATE,
    Context,
    ResolveError,
    argument,
    flat,
)
from mlops_cli.migration.lock import place_in
from mlops_cli.migration.meaning import (
    DEFAULT_PARAMS,
    KINDS,
    SECTIONS,
    Choices,
    is_callback,
    stage_folder,
)
from mlops_cli.pipeline.parameters import is_parameter_file

if TYPE_CHECKING:
    from mlops_cli.migration.definitions import Definition, Member
    from mlops_cli.migration.notes import Notes

_ITEM = re.compile(r"(?<!\\)\$\{\s*item\s*([.\[])")
# What sh does not know, and bash does.
_BASH = re.compile(r"\[\[|[<>]\(|(?:^|[;&|]\s*)(?:source|declare|shopt)\s|pipefail|&>|<<<")
_KEY = re.compile(r"(?<!\\)\$\{\s*key\s*\}")
_DRAWING = ("x", "y", "x_label", "y_label", "title", "template", "header")
_TOLD = ("desc", "type", "labels", "meta")
_ORDER = (
    "desc",
    "matrix",
    "foreach",
    "do",
    "wdir",
    "cmd",
    "deps",
    "params",
    "outs",
    "metrics",
    "plots",
    "frozen",
    "always",
)


def node_of(value: Any, line: int = 0) -> Node:
    """Return plain data as nodes without a place of their own."""
    if isinstance(value, dict):
        nodes = {str(key): node_of(item, line) for key, item in value.items()}
        return Node(nodes, line, 0, dict.fromkeys(nodes, (line, 0)))
    if isinstance(value, list):
        return Node([node_of(item, line) for item in value], line, 0)
    return Node(value, line, 0)


def as_written(definition: Definition, choices: Choices, notes: Notes) -> Node:
    """Return a stage in our words, with its templates, its `foreach` or its `matrix`.

    Whether it means the same has to be seen: not everything has an equal.
    """
    if not definition.members:
        body = _Body(definition, None, choices, notes).translate(definition.body)
    else:
        body = _Body(definition, definition.members[0], choices, notes).translate(definition.body)
    if definition.each is None:
        return body
    if definition.kind == "matrix":
        values = {"matrix": definition.each, **body.value}
        return Node(values, body.line, 0, {"matrix": (definition.each_line, 0), **body.keys})
    places = {"foreach": (definition.each_line, 0), "do": (body.line, 0)}
    return Node({"foreach": definition.each, "do": body}, body.line, 0, places)


def written_out(definition: Definition, member: Member, choices: Choices, notes: Notes) -> Node:
    """Return one member of a stage in our words, every template filled with what it stands for now."""
    return _Body(definition, member, choices, notes, literal=True).translate(node_of(dict(member.body)))


class _Body:
    """One translation.

    Parameters
    ----------
    member : Member or None
        What templates stand for, where that has to be known.
    literal : bool
        The body is filled already, and `${` in it is nothing but text.
    """

    def __init__(
        self,
        definition: Definition,
        member: Member | None,
        choices: Choices,
        notes: Notes,
        *,
        literal: bool = False,
    ) -> None:
        self.definition = definition
        self.context = member.context if member else Context({})
        self.choices = choices
        self.notes = notes
        self.literal = literal
        self.matrix = definition.kind == "matrix"
        self.base = stage_folder(member.body if member else {}, definition.folder)
        self.callback = member is not None and is_callback(member.body)
        self.out: dict[str, Node] = {}
        self.keys: dict[str, tuple[int, int]] = {}

    def translate(self, body: Node) -> Node:
        for key, node in body.value.items():
            place = body.keys.get(key, (0, 0))
            if key == "cmd":
                self._put("cmd", self._commands(node), place)
            elif key in ("wdir", "desc"):
                self._put(key, self._text(node), place)
            elif key == "frozen":
                self._put(key, node, place)
            elif key == "always_changed":
                self._put("always", node, place)
            elif key == "deps":
                self._deps(node, place)
            elif key == "params":
                self._params(node, place)
            elif key in KINDS:
                self._outs(key, node, place)
            elif key == "meta":
                self._lost(place[0], "meta", "nothing reads it here; write it as a comment")
            elif key != "vars":
                self._lost(place[0], key, "mlops has nothing like it")
        if self.callback and "always" not in self.out:
            self._put("always", Node(True, 0, 0), (0, 0))
            why = "it reads and makes nothing, so DVC ran it every time; always: true says so"
            self._changed(self.definition.line, "always: true", why)
        ordered = {key: self.out[key] for key in _ORDER if key in self.out}
        return Node(ordered, body.line, 0, self.keys)

    # What stands alone ----------------------------------------------------------------------------------------------

    def _put(self, key: str, node: Node, place: tuple[int, int]) -> None:
        self.out[key] = node
        self.keys[key] = place

    def _lost(self, line: int, what: str, why: str) -> None:
        self.notes.lost(self.definition.file, line, f"{what} of {self.definition.name}", why)

    def _changed(self, line: int, what: str, why: str) -> None:
        self.notes.changed(self.definition.file, line, f"{what} of {self.definition.name}", why)

    def _text(self, node: Node) -> Node:
        return Node(self._words(node.value), node.line, node.column) if isinstance(node.value, str) else node

    def _words(self, text: str) -> str:
        """Return text with its templates as ours."""
        if self.literal:
            return text.replace("${", r"\${")
        if self.matrix:
            axes = list(self.definition.each.value) if self.definition.each else []
            text = _ITEM.sub(r"${matrix\1", text)
            text = _KEY.sub("-".join(f"${{matrix.{axis}}}" for axis in axes), text)
        return text

    def _meant(self, text: Any) -> str:
        """Return what a text stands for in the first member."""
        if self.literal or not isinstance(text, str):
            return str(text)
        try:
            return str(self.context.resolve(text))
        except ResolveError:
            return text

    def _commands(self, node: Node) -> Node:
        if isinstance(node.value, list):
            return Node([self._command(item) for item in node.value], node.line, node.column)
        return self._command(node)

    def _command(self, node: Node) -> Node:
        text = node.value
        if isinstance(text, str) and not self.literal:
            if _BASH.search(text):
                why = "it looks like bash; DVC ran it with your own shell, here it is /bin/sh: write bash -c where it matters"
                self._changed(node.line, "the command", why)
            text = TEMPLATE.sub(self._unpacked, text)
        return Node(self._words(text) if isinstance(text, str) else str(text), node.line, node.column)

    def _unpacked(self, found: re.Match[str]) -> str:
        """Return `--lr ${train.lr} …` for a template that stands for a mapping."""
        try:
            value = self.context.find(found[1])
        except ResolveError:
            return found[0]
        if not isinstance(value, dict):
            return found[0]
        style, name = self.context.style, found[1].strip()

        def show(dotted: str, item: Any) -> str:
            template = f"${{{name}.{dotted}}}"
            if isinstance(item, str) and "'" in item:
                return shlex.quote(item).replace("${", r"\${")
            quoted = isinstance(item, str) and shlex.quote(item) != item
            return f"'{template}'" if quoted else template

        shown = [text for key, item in flat(value) if (text := argument(key, item, style, show))]
        why = "its values follow the parameters, but which arguments and flags there are is fixed from now on"
        self._changed(self.definition.line, found[0], f"it is written as single arguments: {why}")
        return " ".join(shown)

    # Inputs ---------------------------------------------------------------------------------------------------------

    def _deps(self, node: Node, place: tuple[int, int]) -> None:
        found = [] if "deps" not in self.out else list(self.out["deps"].value)
        for item in node.value if isinstance(node.value, list) else []:
            written = self._meant(item.value)
            why = self.choices.why_not(written, place_in(self.base, written), out=False)
            if why:
                self._lost(
                    item.line, f"the dependency {redact(written)}", f"{why}; nothing here sees it change"
                )
            else:
                found.append(self._text(item) if isinstance(item.value, str) else Node(written, item.line, 0))
        if found:
            self._put("deps", Node(found, node.line, node.column), place)

    def _params(self, node: Node, place: tuple[int, int]) -> None:
        found: list[Node] = []
        plain = self.base == (self.definition.folder or ".")
        for item in node.value if isinstance(node.value, list) else []:
            if not isinstance(item.value, dict):
                name = (
                    self._text(item) if isinstance(item.value, str) else Node(str(item.value), item.line, 0)
                )
                self._select(
                    found, DEFAULT_PARAMS, [name], item, named=not plain or is_parameter_file(str(name.value))
                )
                continue
            for file, names in item.value.items():
                chosen = names.value if isinstance(names.value, list) else []
                line = item.keys[file][0]
                self._select(
                    found, file, [self._text(n) for n in chosen], Node(None, line, 0), names, named=True
                )
        if found:
            self._put("params", Node(found, node.line, node.column), place)

    def _select(
        self,
        found: list[Node],
        file: str,
        names: list[Node],
        at: Node,
        around: Node | None = None,
        *,
        named: bool,
    ) -> None:
        path = place_in(self.base, self._meant(file))
        if self.choices.is_made(path):
            self._depend_on(file, at.line)
            return
        if not named:
            found.append(names[0])
            return
        shown = self._words(file)
        if not names and is_parameter_file(shown):
            found.append(Node(shown, at.line, 0))
            return
        key = (at.line, at.column)
        inner = Node(names or None, around.line if around else at.line, 0)
        if around is None and found and isinstance(found[-1].value, dict) and shown in found[-1].value:
            found[-1].value[shown].value.extend(names)
            return
        found.append(Node({shown: inner}, at.line, 0, {shown: key}))

    def _depend_on(self, file: str, line: int) -> None:
        deps = self.out["deps"].value if "deps" in self.out else []
        if all(dep.value != self._words(file) for dep in deps):
            self._put(
                "deps", Node([*deps, Node(self._words(file), 0, 0)], 0, 0), self.keys.get("deps", (0, 0))
            )
            why = "another stage makes the file, so all of it is a dependency: a change anywhere in it is a reason to run"
            self._changed(line, f"the parameters in {file}", why)

    # Outputs --------------------------------------------------------------------------------------------------------

    def _outs(self, section: str, node: Node, place: tuple[int, int]) -> None:
        for item in node.value if isinstance(node.value, list) else []:
            if not isinstance(item.value, dict):
                self._output(section, Node(str(item.value), item.line, 0), {}, node, place)
                continue
            for path, flags in item.value.items():
                merged: dict[str, Any] = {}
                for row in flags.value if isinstance(flags.value, list) else [flags]:
                    if isinstance(row.value, dict):
                        merged |= row.plain()
                self._output(section, Node(path, item.keys[path][0] or item.line, 0), merged, node, place)

    def _output(
        self, section: str, at: Node, flags: dict[str, Any], around: Node, place: tuple[int, int]
    ) -> None:
        written = self._meant(at.value)
        path = place_in(self.base, written)
        why = self.choices.why_not(written, path, out=True)
        if why:
            self._lost(at.line, f"the output {redact(written)}", f"{why}; nothing here keeps it")
            return
        self._say_flags(written, flags, at.line)
        kind = self.choices.kinds.get(path, KINDS[section])
        cache, persist = flags.get("cache", True) is not False, flags.get("persist") is True
        shown = self._words(at.value)
        entry = Node(shown, at.line, 0)
        if cache != (kind == "out") or persist:
            values: dict[str, Any] = {"path": shown}
            if cache != (kind == "out"):
                values["cache"] = cache
            if persist:
                values["persist"] = True
            entry = node_of(values)
            entry.line = at.line
        target = SECTIONS[kind]
        known = self.out.get(target)
        if known is None:
            self._put(target, Node([entry], around.line, 0), place if target == section else (0, 0))
        else:
            known.value.append(entry)

    def _say_flags(self, written: str, flags: dict[str, Any], line: int) -> None:
        drawing = [key for key in _DRAWING if key in flags]
        if drawing:
            self._lost(
                line, f"{', '.join(drawing)} of the plot {written}", "mlops keeps the file and draws nothing"
            )
        told = [key for key in _TOLD if flags.get(key)]
        if told:
            self._lost(
                line, f"{', '.join(told)} of {written}", "nothing reads it here; write it as a comment"
            )
        for key in ("remote", "push"):
            if key in flags:
                self._lost(line, f"{key} of {written}", "every output goes to the remote that push is told")
        for key in ("checkpoint", "live"):
            if key in flags:
                self._lost(
                    line,
                    f"{key} of {written}",
                    "mlops has nothing like it; persist: true keeps what lies there",
                )
