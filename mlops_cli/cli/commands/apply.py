"""`mlops apply`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def apply(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run: its id or how it begins, @latest, @best:METRIC, or what it made."
        ),
    ],
    params_only: Annotated[
        bool, typer.Option("--params-only", help="Bring the parameters, and leave outputs as they are.")
    ] = False,
    force: Annotated[
        bool, typer.Option("-f", "--force", help="Also take away content that is nowhere else.")
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Bring parameters and outputs of a run into the workspace: comments stay, and nothing that is nowhere else is lost unasked."""
    from mlops_cli.actions.apply import apply as act
    from mlops_cli.render.apply import apply_text, apply_trouble, apply_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened, talk.data_progress("placed", plain=opened.environment.plain) as progress:
        result = act(opened, run, params_only=params_only, force=force, tell=progress)
    if talk.as_json:
        talk.json(apply_wire(result))
    else:
        talk.result(apply_text(result))
        talk.fail(apply_trouble(result))
    end(result.exit_code)
