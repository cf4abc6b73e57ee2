"""What must hold between stages: outputs of their own, no loop, nothing that overwrites what people write."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlops_cli.formats.problems import nearest
from mlops_cli.pipeline.graph import build_graph, find_loop
from mlops_cli.pipeline.models import EVALUATION
from mlops_cli.store.globs import fixed_part, is_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mlops_cli.formats.problems import Problems
    from mlops_cli.pipeline.definition import Model, Output, Pipeline, Stage

_OURS = (".git", ".mlops")
_LONGEST_NAME = 200  # bytes: with its ending, and the mark of a temporary file, below the 255 of file systems


def check_pipeline(pipeline: Pipeline, problems: Problems) -> None:
    """Keep a problem for everything that is wrong between the stages of a pipeline."""
    _check_names(pipeline, problems)
    owners: dict[str, tuple[Stage, Output]] = {}
    for stage in pipeline.stages.values():
        for out in stage.outs:
            _check_output(stage, out, pipeline, problems)
            if out.path in owners:
                other = owners[out.path][0]
                whose = f"{stage.name}, twice" if other is stage else f"{other.name} and of {stage.name}"
                problems.add(
                    *out.place,
                    f"{out.path} is an output of {whose}",
                    "give each stage its own outputs",
                )
            else:
                owners[out.path] = (stage, out)
    for path, (stage, out) in owners.items():
        parts = path.split("/")
        for count in range(1, len(parts)):
            outer = owners.get("/".join(parts[:count]))
            if outer is not None:
                message = f"{path} of {stage.name} lies inside {outer[1].path}, an output of {outer[0].name}"
                problems.add(*out.place, message, "give each stage its own outputs")
    loop = find_loop(build_graph(pipeline))
    if loop:
        place = pipeline.stages[loop[0]].place
        problems.add(
            *place, f"stages wait for each other: {' -> '.join(loop)}", "remove one of these dependencies"
        )


def check_models(pipeline: Pipeline, there: Callable[[str], bool], problems: Problems) -> None:
    """Keep a problem for each model that nothing makes, and for each evaluation.

    Parameters
    ----------
    there : callable
        Says whether anything lies at a path, or is tracked there: a model may come from elsewhere.
    """
    made = {out.path for stage in pipeline.stages.values() for out in stage.outs}
    for model in pipeline.models.values():
        if not _is_made(model.artifact, made) and not _comes_from_elsewhere(model, pipeline, there):
            place = model.places["artifact"]
            message = f"no stage makes {model.artifact}, the artifact of {model.name}, and nothing lies there"
            hint = "name it among the outs of the stage that trains it"
            problems.add(*place, message, _close(model.artifact, made, place.file) or hint)
        if model.evaluation is None:
            continue
        report = posixpath.join(model.evaluation, EVALUATION)
        if not _is_made(report, made):
            place = model.places["evaluation"]
            reports = {posixpath.dirname(path) for path in made if posixpath.basename(path) == EVALUATION}
            hint = f"write a stage with uses: evaluate and report: {model.evaluation}"
            message = f"no stage makes {report}, the evaluation of {model.name}"
            problems.add(*place, message, _close(model.evaluation, reports, place.file) or hint)


def _is_made(path: str, made: Collection[str]) -> bool:
    """Whether a path is an output, or lies inside of one."""
    parts = path.split("/")
    return any("/".join(parts[:count]) in made for count in range(1, len(parts) + 1))


def _comes_from_elsewhere(model: Model, pipeline: Pipeline, there: Callable[[str], bool]) -> bool:
    """Whether a model that no stage makes is known: it is there, or a stage reads it, whose own check tells where it is missing."""
    read = (dep.path for stage in pipeline.stages.values() for dep in stage.deps)
    return model.artifact in read or there(model.artifact)


def _close(path: str, known: Collection[str], file: str) -> str:
    """Return which known path may have been meant, as it is written in a file."""
    base = posixpath.dirname(file) or "."
    return nearest(posixpath.relpath(path, base), [posixpath.relpath(other, base) for other in sorted(known)])


def _check_names(pipeline: Pipeline, problems: Problems) -> None:
    """Each record is a file of its own, also where a file system does not tell case apart."""
    seen: dict[str, str] = {}
    for name, stage in pipeline.stages.items():
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            problems.add(*stage.place, f"{name} and {other} differ only in case", "rename one of them")
        if len(name.rpartition("/")[2].encode()) > _LONGEST_NAME:
            hint = f"its record is a file of that name: use {_LONGEST_NAME} characters or fewer"
            problems.add(*stage.place, f"the name {name[:40]}… is too long", hint)


def _check_output(stage: Stage, out: Output, pipeline: Pipeline, problems: Problems) -> None:
    if out.path == "." or out.path.split("/")[0] in _OURS:
        problems.add(
            *out.place, f"{out.path} cannot be an output", "name a file, or a folder below the project"
        )
    for file in (*pipeline.files, *stage.runtime):
        if file == out.path or file.startswith(out.path + "/"):
            problems.add(
                *out.place,
                f"output {out.path} would overwrite {file}, which the pipeline reads",
                "name another path",
            )
    for dep in stage.deps:
        # A pattern passes over the stage's own outputs: it is wrong only where they hold all of its matches.
        read = fixed_part(dep.path) if is_glob(dep.path) else dep.path
        if read == out.path or read.startswith(out.path + "/"):
            problems.add(*out.place, f"{stage.name} both reads and makes {read}", "write to another path")
        elif read == dep.path and (read == "." or out.path.startswith(read + "/")):
            message = f"{stage.name} reads {read} and makes {out.path} inside it: it would never be done"
            problems.add(*out.place, message, "write to another path, or name the files that it reads")
