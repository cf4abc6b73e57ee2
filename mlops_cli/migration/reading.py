"""A whole DVC project, read: every file of DVC's, in the words of this room."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.formats.data_text import read_metrics
from mlops_cli.formats.problems import Problems
from mlops_cli.migration.config import CONFIG, LOCAL, DvcConfig, read_config
from mlops_cli.migration.context import Style
from mlops_cli.migration.definitions import DvcFile, read_dvc_yaml
from mlops_cli.migration.lock import LockedStage, parse_lock, place_in
from mlops_cli.migration.meaning import Choices, all_outputs, output_items, stage_folder
from mlops_cli.migration.pointer import Pointer, read_pointer
from mlops_cli.migration.remotes import addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlops_cli.formats.yaml_text import Node
    from mlops_cli.migration.definitions import Definition, Member
    from mlops_cli.migration.notes import Notes
    from mlops_cli.store.ignore import IgnoreRules

_METRICS = (".json", ".yaml", ".yml", ".toml", ".csv", ".tsv")


def dvc_files(paths: Sequence[str]) -> list[str]:
    """Return the files of DVC's among the files of a project, those of projects inside it left out."""
    inner = {path.removesuffix("/.dvc/config") for path in paths if path.endswith("/.dvc/config")}
    found = []
    for path in dict.fromkeys(paths):
        parts = path.split("/")
        if parts[-1] not in ("dvc.yaml", "dvc.lock", ".dvcignore") and not path.endswith(".dvc"):
            continue
        above = {"/".join(parts[:count]) for count in range(1, len(parts))}
        if ".dvc" not in parts[:-1] and not above & inner:
            found.append(path)
    return found


class PassedOver:
    """What DVC passes over inside a directory: its own folders, and what `.dvcignore` says."""

    def __init__(self, rules: IgnoreRules) -> None:
        self._rules = rules

    def __call__(self, path: str, is_folder: bool, /) -> bool:
        """Whether DVC passes over a path, relative to the project; it does not over the folders above."""
        if path.rpartition("/")[2] in (".git", ".hg", ".dvc"):
            return is_folder
        below = self._rules.below(path.rpartition("/")[0])
        return below is not None and below(path, is_folder)


@dataclass(slots=True)
class DvcProject:
    """What DVC's files say.

    Parameters
    ----------
    locks : dict
        Folder of a `dvc.yaml` to the stages of the `dvc.lock` beside it.
    ignores : list of str
        Paths of `.dvcignore` files that have rules.
    """

    config: DvcConfig
    choices: Choices
    files: list[DvcFile] = field(default_factory=list)
    locks: dict[str, dict[str, LockedStage]] = field(default_factory=dict)
    pointers: list[Pointer] = field(default_factory=list)
    ignores: list[str] = field(default_factory=list)

    def members(self) -> Iterator[tuple[Definition, Member]]:
        """Yield every stage as DVC runs it."""
        for file in self.files:
            for definition in file.definitions:
                for member in definition.members:
                    yield definition, member


def read_dvc_project(
    paths: Sequence[str], read: Callable[[str], bytes | None], depth: int, notes: Notes
) -> DvcProject:
    """Return what DVC's files say.

    Parameters
    ----------
    paths : sequence of str
        Files of the project that may be DVC's.
    read : callable
        Returns the bytes of a file of the project, or None where there is none.
    depth : int
        How many folders the project lies below the top of the repository.

    Raises
    ------
    DefinitionError
        When one of them cannot be read at all.
    """
    problems = Problems()
    config = read_config({CONFIG: read(CONFIG), LOCAL: read(LOCAL)})
    found = DvcProject(config, Choices(depth))
    style = Style(_says(config, "bool", "boolean_optional"), _says(config, "list", "append"))
    remotes = addresses(config)
    for path in sorted(paths, key=lambda p: (posixpath.dirname(p).count("/"), p)):
        name = posixpath.basename(path)
        data = read(path)
        if data is None:
            continue
        if name == "dvc.yaml":
            file = read_dvc_yaml(path, data, read, style, problems, notes)
            if file is not None:
                found.files.append(file)
        elif name == "dvc.lock":
            found.locks[posixpath.dirname(path)] = parse_lock(data, path, problems)
        elif name == ".dvcignore":
            if any(
                line.strip() and not line.startswith("#")
                for line in data.decode("utf-8", "replace").splitlines()
            ):
                found.ignores.append(path)
        elif name.endswith(".dvc"):
            found.pointers += read_pointer(data, path, remotes, problems, notes)
    problems.raise_if_any()
    _choose(found, read, notes)
    return found


def _says(config: DvcConfig, name: str, value: str) -> bool:
    setting = config.get("parsing", name)
    return setting is not None and setting.value == value


def _choose(project: DvcProject, read: Callable[[str], bytes | None], notes: Notes) -> None:
    choices = project.choices
    choices.made = all_outputs((member.body, definition.folder) for definition, member in project.members())
    plain = {
        place_in(stage_folder(member.body, definition.folder), path): definition
        for definition, member in project.members()
        for path, _ in output_items(member.body.get("outs"), "outs")
    }
    for file in project.files:
        _tops(file, plain, choices, notes)
    for definition, member in project.members():
        base = stage_folder(member.body, definition.folder)
        for path, _ in output_items(member.body.get("metrics"), "metrics"):
            _check_metrics(place_in(base, path), definition, choices, read, notes)
    for path, kind in list(choices.kinds.items()):
        if kind == "metric":
            _check_metrics(path, plain[path], choices, read, notes)


def _tops(file: DvcFile, plain: dict[str, Definition], choices: Choices, notes: Notes) -> None:
    """Decide about what stands at the top of a file beside its stages."""
    for node in file.items("metrics"):
        _promote(file, node, node.value, plain, choices, notes, metric=True)
    for node in file.items("plots"):
        if not isinstance(node.value, dict):
            _promote(file, node, node.value, plain, choices, notes, metric=False)
            continue
        for name, options in node.value.items():
            line = node.keys[name][0]
            if options.value:
                notes.lost(
                    file.file, line, f"how the plot {name} is drawn", "mlops keeps files and draws nothing"
                )
            axes = options.value.get("y") if isinstance(options.value, dict) else None
            paths = list(axes.value) if axes is not None and isinstance(axes.value, dict) else [name]
            for path in paths:
                _promote(file, node, path, plain, choices, notes, metric=False)
    for node in file.items("params"):
        notes.lost(
            file.file, node.line, f"{node.value} under params", "mlops shows the parameters that stages use"
        )
    for section, why in _SECTIONS_LOST.items():
        if section in file.root.value:
            notes.lost(file.file, file.root.keys[section][0], section, why)


_SECTIONS_LOST = {
    "artifacts": "models are not declared in this version",
    "datasets": "mlops has no datasets of that kind; track the files with mlops add, or import them",
}


def _promote(
    file: DvcFile,
    node: Node,
    path: object,
    plain: dict[str, Definition],
    choices: Choices,
    notes: Notes,
    *,
    metric: bool,
) -> None:
    what = "metrics" if metric else "plots"
    shown = str(path)
    where = place_in(file.folder, shown)
    if where in choices.made and where not in plain:
        return  # a stage calls it so already
    if where in plain:
        choices.kinds[where] = "metric" if metric else "plot"
    elif any(where.startswith(f"{made}/") for made in choices.made):
        why = "it lies inside the output of a stage; list it alone to have its numbers in run records"
        notes.lost(file.file, node.line, f"{shown} under {what}", why)
    else:
        notes.lost(file.file, node.line, f"{shown} under {what}", "no stage makes it")


def _check_metrics(
    path: str, definition: Definition, choices: Choices, read: Callable[[str], bytes | None], notes: Notes
) -> None:
    """Let a file that mlops could not read numbers from be a plain output, so that its stage does not fail."""
    problems = Problems()
    if not path.endswith(_METRICS):
        why = "mlops reads metrics from JSON, YAML, TOML, CSV and TSV"
    else:
        try:
            data = read(path)
            if data is not None:
                read_metrics(data, path, problems)
        except DataError as error:
            problems.add(path, 0, 0, error.message)
        why = problems.found[0].message if problems.found else ""
    if why:
        choices.kinds[path] = "out"
        notes.changed(
            definition.file, definition.line, f"the metrics file {path}", f"it is a plain output here: {why}"
        )
