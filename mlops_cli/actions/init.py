"""`init`: turn a folder of a Git repository into a project."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from mlops_cli.errors import FileError, UsageError
from mlops_cli.execution.builtins import STEPS
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.git.discover import find_repository
from mlops_cli.git.ignore import managed_paths, write_ignore
from mlops_cli.pipeline.parse import parse_pipeline
from mlops_cli.project import DEFINITION, RECORDS
from mlops_cli.store.tracked import read_data_records

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from mlops_cli.project import Project


@dataclass(frozen=True, slots=True)
class InitResult:
    """What was written, relative to the project; empty when everything was there already."""

    project: Project
    written: tuple[str, ...]
    example: bool


def init(folder: Path, *, example: bool = False) -> InitResult:
    """Make a project of a folder; files that are there are left as they are.

    Parameters
    ----------
    folder : Path
        A folder inside a Git repository.
    example : bool
        Write a small working pipeline, too.

    Raises
    ------
    UsageError
        When the folder is not inside a Git repository; or for an example where there is a pipeline already.
    """
    project = find_repository(folder)
    if (
        folder.resolve() != project.worktree
        and ".git" in folder.resolve().relative_to(project.worktree).parts
    ):
        raise UsageError(f"{folder} lies inside .git", hint="Name a folder of the worktree.")
    definition = project.root / DEFINITION
    source = files("mlops_cli.actions") / "templates"
    template = source / ("example" if example else "plain")
    wanted = dict(_walk(template)) | {
        f"{RECORDS}/config.yaml": (source / "config.yaml").read_bytes(),
        f"{RECORDS}/.gitignore": (source / "records.gitignore").read_bytes(),
    }
    if example and definition.exists() and definition.read_bytes() != wanted[DEFINITION]:
        raise UsageError(
            f"{definition} is there already, and --example would need it",
            hint="Make the example in a folder of its own: mkdir example; mlops -C example init --example",
        )
    written = []
    for path, data in sorted(wanted.items()):
        if not (project.root / path).exists():
            write_atomic(project.root / path, data)
            written.append(path)
    # `run` keeps this block up to date; written here already, a first `git add` takes no data along.
    if write_ignore(project.root, managed_paths(_outputs(project), read_data_records(project.root))):
        written.append(".gitignore")
    return InitResult(project, tuple(written), example)


def _outputs(project: Project) -> list[str]:
    """Return what the stages make and Git should not see; nothing where the pipeline cannot be read yet."""

    def read(path: str) -> bytes | None:
        file = project.root / path
        return file.read_bytes() if file.is_file() else None

    try:
        pipeline = parse_pipeline(read, depth=project.depth, steps=STEPS)
    except FileError:
        return []
    return [out.path for stage in pipeline.stages.values() for out in stage.outs if out.cache]


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/") if entry.name != "__pycache__" else []
        else:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
