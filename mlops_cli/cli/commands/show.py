"""`mlops show`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def show(
    run: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]",
            help="A run's id or how it begins, @latest, @best:METRIC, what a run made, or a commit. The latest by default.",
            show_default=False,
        ),
    ] = "@latest",
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say everything that is known of a run."""
    from mlops_cli.actions.show import show as act
    from mlops_cli.render.show import show_text, show_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, run)
    if talk.as_json:
        talk.json(show_wire(result))
    else:
        talk.result(show_text(result, everything=talk.verbose))
    end(talk.incomplete(result.trouble))
