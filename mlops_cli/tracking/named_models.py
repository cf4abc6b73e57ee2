"""Models as the pipeline file names them: the stage that makes one, the stage that evaluates it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.formats.problems import nearest
from mlops_cli.pipeline.models import EVALUATION

if TYPE_CHECKING:
    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.definition import Model, Stage


def find_model(opened: Opened, name: str) -> Model:
    """Return the model of this name. In the folder of a sub-project its models need no address.

    Raises
    ------
    UsageError
        When there is none.
    """
    models = opened.pipeline.models
    for wanted in (f"{opened.folder}:{name}", name):
        if wanted in models:
            return models[wanted]
    if not models:
        example = f"models: {{{name}: {{artifact: models/best.joblib, evaluation: reports/evaluation}}}}"
        raise UsageError(f'there is no model "{name}": mlops.yaml names none', hint=f"Name it: {example}")
    hint = nearest(name, models)
    known = f"There {'is' if len(models) == 1 else 'are'} {', '.join(models)}."
    raise UsageError(f'there is no model "{name}"', hint=f"{hint[:1].upper()}{hint[1:]}" if hint else known)


def maker(opened: Opened, path: str) -> Stage | None:
    """Return the stage that makes a path, as an output or inside of one; None where none does."""
    for stage in opened.pipeline.stages.values():
        if any(path == out.path or path.startswith(f"{out.path}/") for out in stage.outs):
            return stage
    return None


def training(opened: Opened, model: Model) -> Stage:
    """Return the stage that makes a model's artifact.

    Raises
    ------
    UsageError
        When none does.
    """
    stage = maker(opened, model.artifact)
    if stage is None:
        message = f"no stage makes {model.artifact}, the artifact of {model.name}"
        raise UsageError(message, hint="Name it among the outs of the stage that trains it.")
    return stage


def evaluating(opened: Opened, model: Model) -> tuple[Stage, str]:
    """Return the stage that evaluates a model, and the path of its `evaluation.json`.

    Raises
    ------
    UsageError
        When none does.
    """
    if model.evaluation is not None:
        path = posixpath.join(model.evaluation, EVALUATION)
        stage = maker(opened, path)
        assert stage is not None, "a pipeline with an evaluation that no stage makes is refused"  # noqa: S101 - tells the type checker
        return stage, path
    for stage in opened.pipeline.stages.values():
        loads = posixpath.normpath(posixpath.join(stage.wdir, str(stage.settings.get("model", ""))))
        if stage.uses == "evaluate" and stage.report and loads == model.artifact:
            return stage, posixpath.normpath(posixpath.join(stage.wdir, stage.report, EVALUATION))
    message = f"no stage evaluates {model.name}"
    raise UsageError(
        message, hint=f"Write a stage with uses: evaluate and with: {{model: {model.artifact}, …}}"
    )
