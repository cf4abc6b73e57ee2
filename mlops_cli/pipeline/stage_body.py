"""One stage's body, with its templates filled, to a Stage."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.problems import nearest
from mlops_cli.pipeline.definition import Dependency, Output, OutputKind, Stage
from mlops_cli.pipeline.parameters import (
    ParameterFiles,
    finite,
    is_parameter_file,
    leaves,
    lookup,
    together,
)
from mlops_cli.store.globs import is_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.formats.canonical import Json
    from mlops_cli.formats.yaml_text import Node
    from mlops_cli.pipeline.builtin import BuiltinStep
    from mlops_cli.pipeline.fields import Fields

STAGE_KEYS = (
    "desc", "cmd", "uses", "with", "report", "wdir", "matrix", "foreach", "do", "deps", "params", "env",
    "outs", "metrics", "plots", "timeout", "retries", "cores", "gpu", "memory", "mutex", "frozen", "always",
)  # fmt: skip

# Not TOKENIZERS_PARALLELISM, not MAX_TOKENS.
_SECRET = re.compile(
    r"secret|token(?!s|iz)|passw|credential|api_?key|private_?key|access_?key", re.IGNORECASE
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a stage's body is read against: its file's settings, and what lies around it."""

    fields: Fields
    default_params: str
    params_named: bool
    runtime: tuple[str, ...]
    parameters: ParameterFiles
    steps: Mapping[str, BuiltinStep]


def read_stage(
    name: str,
    body: Node,
    at: Node,
    around: Surroundings,
    used: Mapping[tuple[str, str], Any] = MappingProxyType({}),
) -> Stage:
    """Return the stage that a body describes; whatever is wrong is kept in the problems of `around.fields`.

    Parameters
    ----------
    name : str
        The stage's address.
    body : Node
        A mapping, templates filled.
    at : Node
        Where the stage's name stands.
    used : mapping
        File and name to value of the parameters that its templates were filled from.
    """
    stage = _Reader(name, body, at, around).read()
    return replace(stage, filled=filled) if (filled := _filled(stage, used)) else stage


def _filled(stage: Stage, used: Mapping[tuple[str, str], Any]) -> dict[str, dict[str, Json]]:
    """Return parameters that are part of a stage's text alone: not those that it names as well, which count by their values."""
    declared = leaves(stage.params)
    found: dict[str, dict[str, Json]] = {}
    for (file, name), value in sorted(leaves(together(used)).items()):
        if (file, name) not in declared and finite(value):
            found.setdefault(file, {})[name] = value
    return found


class _Reader:
    def __init__(self, name: str, body: Node, at: Node, around: Surroundings) -> None:
        self.name = name
        self.body = body
        self.at = at
        self.around = around
        self.fields = around.fields
        self.wdir = around.fields.base or "."

    def read(self) -> Stage:
        items: dict[str, Node] = self.body.value
        if "wdir" in items:
            self.wdir = self.fields.path(items["wdir"], "wdir", outside=False) or "."
        values: dict[str, Any] = {"wdir": self.wdir, "runtime": self.around.runtime}
        for key, node in items.items():
            reader = _READERS.get(key)
            if reader is not None:
                values[key] = reader(self.fields, node)
        values["commands"], values["uses"], values["settings"] = self._program(items)
        values["deps"] = self._deps(items)
        values["outs"] = self._outs(items)
        if values["uses"]:
            self._declare(items, values)
        values["params"] = self._params(items["params"]) if "params" in items else {}
        if "env" in items:
            values["env"] = self._env(items["env"])
        return Stage(name=self.name, place=self.fields.place(self.at), **values)

    # Program ---------------------------------------------------------------------------------------------

    def _program(self, items: Mapping[str, Node]) -> tuple[tuple[str, ...], str | None, dict[str, Json]]:
        if "cmd" in items and "uses" in items:
            self.fields.problem(items["uses"], f"stage {self.name} has both cmd and uses", "keep one of them")
        elif "cmd" not in items and "uses" not in items:
            self.fields.problem(
                self.at, f"stage {self.name} has no cmd", "say what it runs: cmd: python train.py"
            )
        commands = self.fields.texts(items["cmd"], "cmd") if "cmd" in items else ()
        if "cmd" in items and items["cmd"].value in (None, []):
            self.fields.problem(items["cmd"], "cmd is empty", "say what it runs: cmd: python train.py")
        uses = None
        if "uses" in items:
            uses = self.fields.text(items["uses"], "uses")
            if uses and uses not in self.around.steps:
                known = sorted(self.around.steps)
                hint = nearest(uses, known) or (
                    f"there are {', '.join(known)}" if known else "this version has none; use cmd"
                )
                self.fields.problem(items["uses"], f'there is no built-in step "{uses}"', hint)
        for key in ("with", "report"):
            if key in items and "uses" not in items:
                self.fields.problem(
                    items[key], f"{key} belongs to a built-in step", "name one with uses, or remove it"
                )
        settings = self._settings(items["with"]) if "with" in items else {}
        return commands, None if settings is None else uses, settings or {}

    def _settings(self, node: Node) -> dict[str, Json] | None:
        """Return what stands under `with`; None where it is wrong, so that no step is asked about it."""
        if not isinstance(node.value, dict):
            self.fields.mapping(node, "with")
            return None
        value: Any = node.plain()
        if not finite(value):
            message = "with holds a number that is not finite"
            self.fields.problem(node, message, "write a number, or text in quotes")
            return None
        return value  # type: ignore[no-any-return]

    def _declare(self, items: Mapping[str, Node], values: dict[str, Any]) -> None:
        step = self.around.steps.get(values["uses"])
        if step is None:
            return
        node = items.get("with", items["uses"])
        report = self.fields.text(items["report"], "report") if "report" in items else None
        values["version"], values["report"] = step.version, report or None
        try:
            declared = step.declare(values["settings"], report)
        except ValueError as error:
            self.fields.problem(node, str(error))
            return
        place = self.fields.place(node)
        deps = self._declared(declared.deps, node, outside=True)
        values["deps"] += tuple(Dependency(path, place) for path in deps)
        kinds: tuple[tuple[OutputKind, tuple[str, ...]], ...] = (
            ("out", declared.outs),
            ("metric", declared.metrics),
            ("plot", declared.plots),
        )
        for kind, paths in kinds:
            outs = self._declared(paths, node, outside=False)
            values["outs"] += tuple(Output(path, kind, kind == "out", place=place) for path in outs)

    def _declared(self, paths: tuple[str, ...], node: Node, *, outside: bool) -> list[str]:
        """Return paths that follow from a step's settings, held to the rules for those that people write."""
        nodes = [type(node)(path, node.line, node.column) for path in paths]
        what = "dependency" if outside else "output"
        return [path for n in nodes if (path := self.fields.path(n, what, base=self.wdir, outside=outside))]

    # Inputs ----------------------------------------------------------------------------------------------

    def _deps(self, items: Mapping[str, Node]) -> tuple[Dependency, ...]:
        if "deps" not in items:
            return ()
        found: dict[str, Dependency] = {}
        for node in self.fields.items(items["deps"], "deps"):
            where = node
            if isinstance(node.value, dict):
                if "model" in node.value:
                    message = "dependencies on a model need the model registry, which this version lacks"
                    self.fields.problem(node, message, "name the file instead: {path: models/parent.joblib}")
                    continue
                if not self._has_path(node, ("path",), "a dependency"):
                    continue
                where = node.value["path"]
            path = self.fields.path(where, "dependency", base=self.wdir)
            if path:
                found.setdefault(path, Dependency(path, self.fields.place(where)))
        return tuple(found.values())

    def _has_path(self, node: Node, known: tuple[str, ...], what: str) -> bool:
        if len(node.value) == 1 and "path" not in node.value:
            path, inside = next(iter(node.value.items()))
            if path not in known and isinstance(inside.value, dict):  # as DVC writes it
                at = type(node)(path, *node.keys[path])
                self.fields.problem(at, f"{what} with settings names its path", f"write {{path: {path}, …}}")
                return False
        before = len(self.fields.problems.found)
        self.fields.known_keys(node, known, what)
        if "path" in node.value:
            return True
        if len(self.fields.problems.found) == before:
            self.fields.problem(node, f"{what} needs a path", "for example: {path: data/train.csv}")
        return False

    def _params(self, node: Node) -> dict[str, dict[str, Json]]:
        selected: dict[str, dict[str, Json]] = {}
        entries = [node] if isinstance(node.value, dict) else self.fields.items(node, "params")
        for entry in entries:
            if isinstance(entry.value, dict):
                for file_name, names in entry.value.items():
                    line, column = entry.keys[file_name]
                    at = type(entry)(file_name, line, column)
                    file = self.fields.path(at, "parameter file", base=self.wdir)
                    for name in self.fields.items(names, f"params of {file_name}"):
                        self._select(file, name, selected, named=True)
                    if names.value is None or names.value == []:
                        self._select(file, at, selected, named=True, whole=True)
            elif isinstance(entry.value, str) and is_parameter_file(entry.value):
                file = self.fields.path(entry, "parameter file", base=self.wdir)
                self._select(file, entry, selected, named=True, whole=True)
            else:
                self._select(self.around.default_params, entry, selected, named=self.around.params_named)
        return selected

    def _select(
        self, file: str, node: Node, selected: dict[str, dict[str, Json]], *, named: bool, whole: bool = False
    ) -> None:
        name = "" if whole else self.fields.text(node, "a parameter name")
        if not file or not (name or whole):
            return
        values = self.around.parameters.values(file)
        if values is None:
            if not self.around.parameters.exists(file):
                hint = (
                    "write the file, or name another"
                    if named
                    else "write it, or say params: other.yaml at the top"
                )
                self.fields.problem(node, f"parameter file {file} does not exist", hint)
            return  # what is wrong inside the file has its own place
        try:
            value = lookup(values, name)
        except LookupError as error:
            self.fields.problem(node, f'there is no parameter "{name}" in {file}', str(error.args[0]))
            return
        if not finite(value):
            message = f'parameter "{name or file}" holds a number that is not finite'
            self.fields.problem(
                node, message, f"such a value is not equal to itself; write null or text in {file}"
            )
            return
        selected.setdefault(file, {})[name] = value

    def _env(self, node: Node) -> tuple[str, ...]:
        names = []
        for item in self.fields.items(node, "env"):
            name = self.fields.text(item, "env")
            if not name:
                continue
            if not _VARIABLE.fullmatch(name):
                self.fields.problem(
                    item, f'"{name}" is not the name of a variable', "env lists names; the shell sets values"
                )
            elif _SECRET.search(name):
                hint = "the stage sees it all the same; remove it here, or rename it if it is no secret"
                self.fields.problem(item, f"{name} looks like a secret, and records are committed", hint)
            elif name not in names:
                names.append(name)
        return tuple(names)

    # Outputs ---------------------------------------------------------------------------------------------

    def _outs(self, items: Mapping[str, Node]) -> tuple[Output, ...]:
        outs: list[Output] = []
        kinds: tuple[tuple[str, OutputKind], ...] = (
            ("outs", "out"),
            ("metrics", "metric"),
            ("plots", "plot"),
        )
        for key, kind in kinds:
            if key in items:
                outs += [out for node in self.fields.items(items[key], key) if (out := self._out(node, kind))]
        return tuple(outs)

    def _out(self, node: Node, kind: OutputKind) -> Output | None:
        cache, persist, where = kind == "out", False, node
        if isinstance(node.value, dict):
            if not self._has_path(node, ("path", "cache", "persist"), "an output"):
                return None
            where = node.value["path"]
            cache = self.fields.flag(node.value["cache"], "cache") if "cache" in node.value else cache
            persist = (
                self.fields.flag(node.value["persist"], "persist") if "persist" in node.value else persist
            )
        path = self.fields.path(where, "output", base=self.wdir, outside=False)
        if not path:
            return None
        if is_glob(path):
            self.fields.problem(
                where, f"output {path} is a pattern", "name the file, or the directory that holds them"
            )
            return None
        return Output(path, kind, cache, persist, self.fields.place(where))


def _mutexes(fields: Fields, node: Node) -> tuple[str, ...]:
    return fields.texts(node, "mutex")


_READERS: dict[str, Callable[[Fields, Node], Any]] = {
    "timeout": lambda fields, node: fields.duration(node, "timeout"),
    "retries": lambda fields, node: fields.count(node, "retries", 0),
    "cores": lambda fields, node: fields.count(node, "cores", 1),
    "gpu": lambda fields, node: fields.count(node, "gpu", 0),
    "memory": lambda fields, node: fields.size(node, "memory"),
    "mutex": _mutexes,
    "frozen": lambda fields, node: fields.flag(node, "frozen"),
    "always": lambda fields, node: fields.flag(node, "always"),
    "desc": lambda fields, node: fields.text(node, "desc"),
}
