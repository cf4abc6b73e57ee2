"""What a stage means, in no tool's words: so that DVC's and ours can be held against each other."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.migration.lock import place_in
from mlops_cli.store.globs import is_glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlops_cli.pipeline.definition import OutputKind, Stage

DEFAULT_PARAMS = "params.yaml"
KINDS: dict[str, OutputKind] = {"outs": "out", "metrics": "metric", "plots": "plot"}
SECTIONS: dict[OutputKind, str] = {"out": "outs", "metric": "metrics", "plot": "plots"}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(//|[\\/])")


class MeantOutput(NamedTuple):
    """One output; `written` is its path as the stage has it."""

    path: str
    kind: OutputKind
    cache: bool
    persist: bool


class Meaning(NamedTuple):
    """What a stage runs, reads and makes; paths relative to the project.

    Parameters
    ----------
    params : frozenset
        Pairs of file and name; the name `""` stands for the whole file.
    """

    commands: tuple[str, ...]
    wdir: str
    deps: frozenset[str]
    params: frozenset[tuple[str, str]]
    outs: frozenset[MeantOutput]
    frozen: bool
    always: bool


@dataclass(slots=True)
class Choices:
    """What was decided over all stages before any of them is translated.

    Parameters
    ----------
    depth : int
        How many folders the project lies below the top of the repository.
    kinds : dict
        Output to what it is for us, where DVC says something else.
    made : set
        Everything that stages make.
    """

    depth: int = 0
    kinds: dict[str, OutputKind] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)

    def is_made(self, path: str) -> bool:
        """Whether a file is an output of a stage, or lies in one."""
        parts = path.split("/")
        return any("/".join(parts[:count]) in self.made for count in range(1, len(parts) + 1))

    def why_not(self, written: str, path: str, *, out: bool) -> str:
        """Return why a path cannot be an input or an output of ours; empty when it can."""
        if _ADDRESS.match(written) or written.startswith(("/", "~")):
            if written.startswith("ds://"):
                return "mlops has no datasets of that kind"
            return "it lies outside the repository"
        ups = path.split("/").count("..")
        if ups > (0 if out else self.depth):
            return "it lies outside the project" if out else "it lies outside the repository"
        if is_glob(path):
            return "mlops reads * ? and [ in a path as a pattern"
        return ""


def output_items(value: Any, section: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and flags of each output in a section of a stage's body; one given twice is given once, with all flags."""
    found: dict[str, dict[str, Any]] = {}
    for item in value if isinstance(value, list) else []:
        if not isinstance(item, dict):
            found.setdefault(str(item), {})
            continue
        for path, flags in item.items():
            rows = flags if isinstance(flags, list) else [flags]
            for row in rows:
                if isinstance(row, dict):
                    found.setdefault(str(path), {}).update(row)
    del section
    yield from found.items()


def parameter_items(value: Any) -> dict[str, list[str]]:
    """Return file, as written, to names of what a stage's body has under `params`; no names for the whole file."""
    found: dict[str, list[str]] = {}
    whole: set[str] = set()
    for item in value if isinstance(value, list) else []:
        for file, names in (item if isinstance(item, dict) else {DEFAULT_PARAMS: [item]}).items():
            if not names:
                whole.add(file)
            found.setdefault(file, []).extend(str(n) for n in (names if isinstance(names, list) else []))
    return {file: [] if file in whole else list(dict.fromkeys(names)) for file, names in found.items()}


def stage_folder(body: Mapping[str, Any], folder: str) -> str:
    """Return the folder that a stage's paths are relative to, itself relative to the project; `.` for the project."""
    return place_in(folder, str(body.get("wdir") or "."))


def is_callback(body: Mapping[str, Any]) -> bool:
    """Whether DVC runs a stage every time because it neither reads nor makes anything."""
    return not any(body.get(key) for key in ("deps", "params", "outs", "metrics", "plots"))


def meaning_of(body: Mapping[str, Any], folder: str, choices: Choices) -> Meaning:
    """Return what a filled body of a `dvc.yaml` means, without what could not be carried over."""
    base = stage_folder(body, folder)
    outs = set()
    for section, kind in KINDS.items():
        for written, flags in output_items(body.get(section), section):
            path = place_in(base, written)
            if not choices.why_not(written, path, out=True):
                kind_now = choices.kinds.get(path, kind)
                outs.add(
                    MeantOutput(
                        path, kind_now, flags.get("cache", True) is not False, flags.get("persist") is True
                    )
                )
    deps = {
        path
        for written in map(str, body.get("deps") or ())
        if not choices.why_not(written, path := place_in(base, written), out=False)
    }
    params = set()
    for file, names in parameter_items(body.get("params")).items():
        path = place_in(base, file)
        if choices.is_made(path):
            deps.add(path)
        else:
            params |= {(path, name) for name in names or [""]}
    commands = body["cmd"] if isinstance(body["cmd"], list) else [body["cmd"]]
    return Meaning(
        tuple(map(str, commands)),
        base,
        frozenset(deps),
        frozenset(params),
        frozenset(outs),
        body.get("frozen") is True,
        body.get("always_changed") is True or is_callback(body),
    )


def meaning_of_stage(stage: Stage) -> Meaning:
    """Return what a stage of ours means."""
    return Meaning(
        stage.commands,
        stage.wdir,
        frozenset(dep.path for dep in stage.deps),
        frozenset((file, name) for file, names in stage.params.items() for name in names),
        frozenset(MeantOutput(out.path, out.kind, out.cache, out.persist) for out in stage.outs),
        stage.frozen,
        stage.always,
    )


def all_outputs(bodies: Iterable[tuple[Mapping[str, Any], str]]) -> set[str]:
    """Return the paths of everything that stages make, of filled bodies and the folders of their files."""
    return {
        posixpath.normpath(place_in(stage_folder(body, folder), path))
        for body, folder in bodies
        for section in KINDS
        for path, _ in output_items(body.get(section), section)
    }
