"""Pipeline files to a Pipeline: top-level keys, sub-projects, stages filled and expanded.

Everything that is wrong is gathered from all files and raised at once.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import FileError
from mlops_cli.formats.problems import Problems
from mlops_cli.formats.yaml_text import DEEPEST, Node, parse_yaml
from mlops_cli.pipeline.check import check_models, check_pipeline
from mlops_cli.pipeline.definition import Model, Pipeline, Stage
from mlops_cli.pipeline.expand import Member, foreach_members, matrix_members
from mlops_cli.pipeline.fields import Fields, given
from mlops_cli.pipeline.models import read_models
from mlops_cli.pipeline.parameters import ParameterFiles, is_parameter_file
from mlops_cli.pipeline.stage_body import STAGE_KEYS, Surroundings, read_stage
from mlops_cli.pipeline.template import Scope, Used, fill

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.pipeline.builtin import BuiltinStep

TOP_KEYS = ("params", "vars", "runtime", "include", "stages", "models", "alerts")
DEFAULT_PARAMS = "params.yaml"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_ONCE = ("matrix", "foreach", "do")  # of the stage as written, not of its members
# Whoever nests sub-projects deeper has a folder that links to one above it.
_DEEPEST_PROJECT = 20
# What variables made of variables may grow to: values, and characters of text.
_LARGEST_VARIABLE = 10_000, 1_000_000


def parse_pipeline(
    read: Callable[[str], bytes | None],
    *,
    file: str = "mlops.yaml",
    depth: int = 0,
    steps: Mapping[str, BuiltinStep] | None = None,
    there: Callable[[str], bool] | None = None,
) -> Pipeline:
    """Return the pipeline that a file, and the files that it names, describe.

    Parameters
    ----------
    read : callable
        Returns the bytes of a file of the project by its path, or None where there is none.
    file : str
        The pipeline file, relative to the project.
    depth : int
        How many folders the project lies below the top of its repository: so far up may inputs lie.
    steps : mapping, optional
        Built-in steps by name.
    there : callable, optional
        Says whether anything lies at a path of the project, or is tracked there: then models must be known, too. Without it,
        as where an old commit is read, they are taken as written.

    Raises
    ------
    DefinitionError
        With every problem of every file.
    FileError
        When the pipeline file does not exist.
    """
    data = read(file)
    if data is None:
        raise FileError(f"there is no {file}", hint="Make one with: mlops init")
    problems = Problems()
    parser = _Parser(read, depth, steps or {}, problems)
    parser.read_file(file, data, prefix="")
    files = tuple(dict.fromkeys([*parser.files, *parser.parameters.files]))
    pipeline = Pipeline(parser.stages, files, parser.models)
    check_pipeline(pipeline, problems)
    # A stage that is wrong makes nothing, and that is told already.
    if there is not None and not problems.found:
        check_models(pipeline, there, problems)
    problems.raise_if_any()
    return pipeline


class _Parser:
    def __init__(
        self,
        read: Callable[[str], bytes | None],
        depth: int,
        steps: Mapping[str, BuiltinStep],
        problems: Problems,
    ) -> None:
        self.read = read
        self.depth = depth
        self.steps = steps
        self.problems = problems
        self.parameters = ParameterFiles(read, problems)
        self.files: list[str] = []
        self.stages: dict[str, Stage] = {}
        self.models: dict[str, Model] = {}

    def read_file(self, file: str, data: bytes, prefix: str) -> None:
        """Read one pipeline file; `prefix` is put before its stages' names (`models/churn:`)."""
        self.files.append(file)
        fields = Fields(file, posixpath.dirname(file), self.depth, self.problems)
        root = parse_yaml(data, file, self.problems)
        if root is None or root.value is None:
            return
        top = fields.mapping(root, "a pipeline file")
        fields.known_keys(root, TOP_KEYS, "a pipeline file") if top else None
        if "alerts" in top:
            fields.mapping(top["alerts"], "alerts")
        around, scope = self._surroundings(top, fields)
        if "models" in top:
            self.models |= read_models(
                top["models"], prefix, fields, lambda node: fill(node, scope, fields.file, self.problems)
            )
        if "stages" in top and top["stages"].value is not None:
            for name, body in fields.mapping(top["stages"], "stages").items():
                at = Node(name, *top["stages"].keys[name])
                self._stage(name, body, at, prefix, around, scope)
        if "include" in top:
            self._include(top["include"], fields)

    def _surroundings(self, top: Mapping[str, Node], fields: Fields) -> tuple[Surroundings, Scope]:
        default = posixpath.join(fields.base, DEFAULT_PARAMS)
        if "params" in top:
            named = fields.path(top["params"], "params")
            default = named or default
            if named and not self.parameters.exists(named):
                fields.problem(
                    top["params"], f"parameter file {default} does not exist", "write it, or name another"
                )
        runtime: tuple[str, ...] = ()
        if "runtime" in top:
            nodes = fields.items(top["runtime"], "runtime")
            runtime = tuple(path for node in nodes if (path := fields.path(node, "runtime")))
        around = Surroundings(fields, default, "params" in top, runtime, self.parameters, self.steps)
        scope = Scope({}, {}, lambda: self._defaults(default), file=default)
        if "vars" in top:
            scope = self._variables(top["vars"], fields, scope)
        return around, scope

    def _defaults(self, file: str) -> Mapping[str, Any] | None:
        """Return the parameters that templates see: none where there is no file, None where it is broken."""
        values = self.parameters.values(file)
        return {} if values is None and not self.parameters.exists(file) else values

    def _variables(self, node: Node, fields: Fields, scope: Scope) -> Scope:
        """Return a scope with the variables; each may use those above it."""
        found: dict[str, Any] = {}
        origins: dict[str, str | Used] = {}
        scope = Scope({}, found, scope.parameters, file=scope.file, origins=origins)
        for part in node.value if isinstance(node.value, list) else [node]:
            new: Mapping[str, Any]
            file = ""
            if isinstance(part.value, str) and is_parameter_file(part.value):
                file = fields.path(part, "vars")
                new = self._variable_file(file, part, fields, scope)
            else:
                new = fields.mapping(part, "vars")
            for name, item in new.items():
                at = Node(name, *part.keys.get(name, (part.line, part.column)))
                if name in found:
                    hint = "rename one: all variables of a file lie together"
                    fields.problem(at, f'variable "{name}" is defined twice', hint)
                each = scope.with_bound({})
                value = (
                    fill(item, each, fields.file, self.problems).plain() if isinstance(item, Node) else item
                )
                scope.blind = scope.blind or each.blind
                origins[name] = file or each.used
                if _too_large(value):
                    message = f'variable "{name}" grows beyond 10,000 values or a million characters'
                    fields.problem(at, message, "keep data in a file that stages read")
                    value = None
                found[name] = value
        return scope

    def _variable_file(self, file: str, part: Node, fields: Fields, scope: Scope) -> Mapping[str, Any]:
        values = self.parameters.values(file) if file else {}
        if values is None:
            scope.blind = True
            if not self.parameters.exists(file):
                fields.problem(part, f"variable file {file} does not exist", "write it, or name another")
        return values or {}

    def _include(self, node: Node, fields: Fields) -> None:
        for item in fields.items(node, "include"):
            path = fields.path(item, "include", outside=False)
            if not path:
                continue
            file = path if path.endswith((".yaml", ".yml")) else posixpath.normpath(f"{path}/mlops.yaml")
            folder = posixpath.dirname(file)
            data = self.read(file)
            if data is None:
                fields.problem(item, f"there is no {file}", "include names folders that hold a mlops.yaml")
            elif file in self.files:
                fields.problem(item, f"{file} is included already", "name each sub-project once")
            elif file.count("/") > _DEEPEST_PROJECT:
                fields.problem(
                    item, f"{file} lies more than {_DEEPEST_PROJECT} folders deep", "include fewer levels"
                )
            else:
                self.read_file(file, data, prefix=f"{folder}:" if folder else "")

    def _stage(
        self, name: str, body: Node, at: Node, prefix: str, around: Surroundings, scope: Scope
    ) -> None:
        fields = around.fields
        if not _NAME.fullmatch(name):
            fields.problem(at, f'"{name}" cannot be the name of a stage', "use letters, digits, _ - and .")
            return
        if not isinstance(body.value, dict):
            where = at if body.value is None else body
            fields.problem(
                where, f"stage {name} should be a mapping, not {given(body)}", "write cmd: … below its name"
            )
            return
        fields.known_keys(body, STAGE_KEYS, "a stage")
        shared = {key: node for key, node in body.value.items() if key not in _ONCE}
        inner = body
        if "do" in body.value:
            inner = self._do(body, fields)
            if not isinstance(inner.value, dict):
                return
            for key in shared.keys() & inner.value.keys():
                hint = f"keep one of them; the other is on line {body.keys[key][0]}"
                self.problems.add(fields.file, *inner.keys[key], f"{key} stands in do and beside it", hint)
            shared |= inner.value
        members, used, blind = self._members(body, fields, scope)
        for label, bound in members:
            node = Node(shared, body.line, body.column, {**body.keys, **inner.keys})
            before = len(self.problems.found)
            own = scope.with_bound(bound)
            filled = fill(node, own, fields.file, self.problems)
            address = f"{prefix}{name}@{label}" if label else f"{prefix}{name}"
            if address in self.stages:
                hint = (
                    "a name keeps letters, digits, _ . + and -, anything else becomes _; change a value"
                    if label
                    else "rename one"
                )
                fields.problem(at, f"two stages would be named {address}", hint)
            after_filling = len(self.problems.found)
            if own.blind or blind:
                return  # what the templates stand for is unknown, so nothing can be said of the stage
            stage = read_stage(address, filled, at, around, used | own.used)
            self._forget_consequences(before, after_filling)
            if len(self.problems.found) == before:
                self.stages[address] = stage
            elif label:
                return  # the other members would only say the same again

    def _forget_consequences(self, start: int, end: int) -> None:
        """Drop problems found after `end` at places of those found from `start` on: these explain them."""
        known = {(p.file, p.line, p.column) for p in self.problems.found[start:end]}
        self.problems.found[end:] = [
            p for p in self.problems.found[end:] if (p.file, p.line, p.column) not in known
        ]

    def _do(self, body: Node, fields: Fields) -> Node:
        inner: Node = body.value["do"]
        if "foreach" not in body.value:
            fields.problem(inner, "do belongs to foreach", "remove do, or add foreach: [north, south]")
        if not isinstance(inner.value, dict):
            fields.problem(inner, f"do should be a mapping, not {given(inner)}", "write cmd: … below it")
            return inner
        fields.known_keys(inner, [key for key in STAGE_KEYS if key not in _ONCE], "do")
        return inner

    def _members(self, body: Node, fields: Fields, scope: Scope) -> tuple[list[Member], Used, bool]:
        """Return the members of a stage, the parameters that they come from, and whether these are unknown."""
        if "matrix" in body.value and "foreach" in body.value:
            fields.problem(
                body.value["foreach"], "a stage has matrix or foreach, not both", "keep one of them"
            )
            return [], {}, False
        for key, members in (("matrix", matrix_members), ("foreach", foreach_members)):
            if key in body.value:
                before, own = len(self.problems.found), scope.with_bound({})
                node = fill(body.value[key], own, fields.file, self.problems)
                after_filling = len(self.problems.found)
                if own.blind:
                    return [], {}, True
                found = members(node, fields)
                self._forget_consequences(before, after_filling)
                return (found if len(self.problems.found) == before else []), own.used, False
        return [("", {})], {}, False


def _too_large(value: Any) -> bool:
    most, longest = _LARGEST_VARIABLE
    level, depth, length, count = [value], 0, 0, 0
    while level:
        depth += 1
        count += len(level)
        length += sum(len(item) for item in level if isinstance(item, str))
        if count > most or length > longest or depth > DEEPEST:
            return True
        inside = [
            item.values() if isinstance(item, dict) else item
            for item in level
            if isinstance(item, dict | list)
        ]
        level = [item for items in inside for item in items]
    return False
