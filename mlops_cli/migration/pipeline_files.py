"""From all `dvc.yaml` of a project to our pipeline files, each stage held against what DVC would run.

A stage is taken over as it is written, with its templates; where that would mean something else here, each of its members is
written out; where not even that can be said in our language, it is left out, and the reason told.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.problems import DefinitionError, Problems
from mlops_cli.formats.yaml_text import Node, parse_yaml
from mlops_cli.migration.context import DEFAULT_PARAMS
from mlops_cli.migration.emit import emit, flow
from mlops_cli.migration.meaning import meaning_of, meaning_of_stage
from mlops_cli.migration.notes import Notes
from mlops_cli.migration.translate import as_written, node_of, written_out
from mlops_cli.pipeline.parse import parse_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.formats.problems import Problem
    from mlops_cli.migration.definitions import Definition, DvcFile, Member
    from mlops_cli.migration.meaning import Choices
    from mlops_cli.pipeline.definition import Pipeline, Stage

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")
_DROPPED, _OUT, _WRITTEN = range(3)


class Carried(NamedTuple):
    """One stage that came over.

    Parameters
    ----------
    stage : Stage
        Ours.
    definition, member : Definition, Member
        DVC's.
    """

    stage: Stage
    definition: Definition
    member: Member


class PipelineFiles(NamedTuple):
    """What was made of all `dvc.yaml`.

    Parameters
    ----------
    texts : dict
        Path, relative to the project, to text; empty where there is no `dvc.yaml`.
    """

    texts: dict[str, str]
    carried: tuple[Carried, ...]


@dataclass(slots=True)
class _Entry:
    """One stage on its way; `form` only ever falls."""

    definition: Definition
    form: int = _WRITTEN
    why: str = ""
    names: dict[str, Member | None] = field(default_factory=dict)


class _File:
    """One pipeline file on its way."""

    def __init__(self, source: DvcFile, choices: Choices) -> None:
        self.source = source
        self.choices = choices
        self.entries = [_Entry(definition) for definition in source.definitions]
        self.with_variables = True
        self.path = posixpath.join(source.folder, "mlops.yaml")
        self.starts: list[tuple[int, _Entry]] = []
        self.hoisted = _hoisted(source)

    def render(self, include: Sequence[str], notes: Notes) -> str:
        values: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        if include:
            # A line of its own behind the file's: nothing stands above it, and the list stands beside its key.
            line = self.source.text.count("\n") + 10
            values["include"] = Node([Node(folder, line, 0) for folder in include], line, 0)
            keys["include"] = (line, 0)
        variables = self._variables(notes)
        if variables is not None:
            values["vars"] = variables
            keys["vars"] = self.source.root.keys.get("vars", (0, 0))
        values["stages"] = self._stages(notes)
        keys["stages"] = self.source.root.keys.get("stages", (0, 0))
        if not values["stages"].value:
            del values["stages"]
        text = emit(Node(values, 0, 0, keys), self.source.text)
        self._find_starts(text)
        return text

    def _variables(self, notes: Notes) -> Node | None:
        node = self.source.root.value.get("vars")
        items = []
        for item in node.value if node is not None and isinstance(node.value, list) else []:
            if isinstance(item.value, str):
                name, _, names = item.value.partition(":")
                if names:
                    why = "mlops reads variables from whole files"
                    notes.changed(self.source.file, item.line, f"the variables {item.value}", why)
                if posixpath.normpath(name) != DEFAULT_PARAMS:
                    items.append(Node(name, item.line, 0))
            else:
                items.append(item)
        for name, value in self.hoisted.items():
            items.append(node_of({name: value}))
            notes.changed(
                self.source.file, 0, f"the variable {name} of a stage", "it stands at the top of the file now"
            )
        if not items or not self.with_variables:
            return None
        return Node(items, node.line if node is not None else 0, 0)

    def _stages(self, notes: Notes) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        self.names: dict[str, _Entry] = {}
        for entry in self.entries:
            entry.names = {}
            definition = entry.definition
            if entry.form == _WRITTEN:
                name = self._name(definition.name, values)
                entry.names[name] = None
                values[name] = as_written(definition, self.choices, notes)
                keys[name] = (definition.line, 0)
                self.names[name] = entry
            elif entry.form == _OUT:
                # What is lost is lost as it is written, too: said once, with the lines where it stands.
                as_written(definition, self.choices, notes)
                for at, member in enumerate(definition.members):
                    name = self._name(
                        member.name.replace("@", "-", 1) if definition.kind else member.name, values
                    )
                    entry.names[name] = member
                    values[name] = written_out(definition, member, self.choices, Notes())
                    keys[name] = (definition.line if at == 0 else 0, 0)
                    self.names[name] = entry
        return Node(values, 0, 0, keys)

    def _name(self, name: str, taken: dict[str, Node]) -> str:
        plain = _UNSAFE.sub("_", name).lstrip("-.") or "stage"
        shown, number = plain, 2
        while shown in taken:
            shown, number = f"{plain}-{number}", number + 1
        return shown

    def _find_starts(self, text: str) -> None:
        root = parse_yaml(text.encode(), self.path, Problems())
        stages = root.value.get("stages") if root is not None and isinstance(root.value, dict) else None
        self.starts = []
        if stages is not None and isinstance(stages.value, dict):
            self.starts = sorted(
                ((stages.keys[name][0], entry) for name, entry in self.names.items() if name in stages.keys),
                key=lambda pair: pair[0],
            )

    def entry_at(self, line: int) -> _Entry | None:
        found = None
        for start, entry in self.starts:
            if start <= line:
                found = entry
        return found


def _hoisted(source: DvcFile) -> dict[str, Any]:
    """Return the variables of single stages that may as well be those of the whole file."""
    found: dict[str, Any] = {}
    refused: set[str] = set()
    known = source.context.values if source.context else {}
    for definition in source.definitions:
        node = definition.body.value.get("vars")
        for item in node.plain() if node is not None and isinstance(node.value, list) else []:
            for name, value in item.items() if isinstance(item, dict) else ():
                if name in known or (name in found and found[name] != value):
                    refused.add(name)
                found.setdefault(name, value)
    return {name: value for name, value in found.items() if name not in refused}


def make_pipeline_files(
    sources: Sequence[DvcFile], read: Callable[[str], bytes | None], choices: Choices, notes: Notes
) -> PipelineFiles:
    """Return our pipeline files.

    Parameters
    ----------
    read : callable
        Returns the bytes of a file of the project, or None where there is none.

    Raises
    ------
    DefinitionError
        When something else than a stage is wrong, such as a parameter file.
    """
    files = [_File(source, choices) for source in sources]
    if not any(file.entries for file in files):
        return PipelineFiles({}, ())
    while True:
        said = Notes()
        texts = _render(files, said)
        pipeline, problems = _parse(texts, read, choices.depth)
        if problems:
            _step_down(files, problems)
            continue
        carried, differ = _compare(files, pipeline, choices)
        if not differ:
            notes.take(said)
            _say(files, carried, notes)
            return PipelineFiles(texts, tuple(carried))
        for entry, why in differ:
            entry.form, entry.why = entry.form - 1, why


def _render(files: Sequence[_File], notes: Notes) -> dict[str, str]:
    below = [file.source.folder for file in files if file.source.folder]
    texts = {}
    for file in files:
        include = below if not file.source.folder else []
        texts[file.path] = file.render(include, notes)
    if "mlops.yaml" not in texts:
        texts["mlops.yaml"] = f"include: {flow(node_of(below))}\n"
    return texts


def _parse(
    texts: dict[str, str], read: Callable[[str], bytes | None], depth: int
) -> tuple[Pipeline | None, Sequence[Problem]]:
    def overlaid(path: str) -> bytes | None:
        return texts[path].encode() if path in texts else read(path)

    try:
        return parse_pipeline(overlaid, depth=depth), ()
    except DefinitionError as error:
        return None, error.problems


def _step_down(files: Sequence[_File], problems: Sequence[Problem]) -> None:
    """Say less, where what was said is wrong in our language."""
    by_path = {file.path: file for file in files}
    stepped = False
    for problem in problems:
        file = by_path.get(problem.file)
        entry = file.entry_at(problem.line) if file else None
        if file and entry is None and file.with_variables:
            file.with_variables, stepped = False, True
        elif entry is not None and entry.why != problem.message:
            entry.form, entry.why, stepped = entry.form - 1, problem.message, True
    if not stepped:
        entries = [e for p in problems if p.file in by_path and (e := by_path[p.file].entry_at(p.line))]
        if not entries:
            raise DefinitionError(problems)
        for entry in entries:
            entry.form = _DROPPED


def _compare(
    files: Sequence[_File], pipeline: Pipeline | None, choices: Choices
) -> tuple[list[Carried], list[tuple[_Entry, str]]]:
    stages: dict[str, list[Stage]] = {}
    for stage in pipeline.stages.values() if pipeline else ():
        stages.setdefault(stage.group, []).append(stage)
    carried: list[Carried] = []
    differ: list[tuple[_Entry, str]] = []
    for file in files:
        prefix = f"{file.source.folder}:" if file.source.folder else ""
        for entry in file.entries:
            why = ""
            pairs: list[Carried] = []
            for name, member in entry.names.items():
                found = stages.get(prefix + name, [])
                wanted = entry.definition.members if member is None else (member,)
                if len(found) != len(wanted):
                    why = f"it has {len(found)} members here and {len(wanted)} under DVC"
                    break
                pairs += [Carried(s, entry.definition, m) for s, m in zip(found, wanted, strict=True)]
            why = why or next(filter(None, (_difference(pair, choices) for pair in pairs)), "")
            if why:
                differ.append((entry, why))
            carried += pairs
    return carried, differ


def _difference(pair: Carried, choices: Choices) -> str:
    wanted = meaning_of(pair.member.body, pair.definition.folder, choices)
    found = meaning_of_stage(pair.stage)
    if wanted == found:
        return ""
    name = next(n for n, a, b in zip(wanted._fields, wanted, found, strict=True) if a != b)
    return f"its {name} would not be the same as under DVC"


def _say(files: Sequence[_File], carried: Sequence[Carried], notes: Notes) -> None:
    for file in files:
        if not file.with_variables and (file.source.root.value.get("vars") or file.hoisted):
            line = file.source.root.keys.get("vars", (0, 0))[0]
            notes.changed(
                file.source.file, line, "vars", "they cannot be said here, so their values are written out"
            )
        for entry in file.entries:
            definition = entry.definition
            if entry.form == _DROPPED:
                notes.lost(definition.file, definition.line, f"stage {definition.name}", entry.why)
            elif entry.form == _OUT:
                what = f"the templates of {definition.name}"
                why = f"{entry.why}, so what they stand for now is written out, and no longer follows the parameters"
                notes.changed(definition.file, definition.line, what, why)
    for pair in carried:
        name = pair.stage.name.rpartition(":")[2]
        if name != pair.member.name:
            what = f"stage {pair.member.name}"
            notes.changed(pair.definition.file, pair.definition.line, what, f"it is called {name} here")
