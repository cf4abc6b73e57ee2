"""`mlops keep`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def keep(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...", help="Runs: an id or how it begins, @latest, @best:METRIC, a commit."
        ),
    ],
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write runs that only the journal has into the workspace, to be committed."""
    from mlops_cli.actions.keep import keep as act
    from mlops_cli.render.keep import keep_text, keep_wire
    from mlops_cli.render.text import commit_text

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, runs)
    if talk.as_json:
        talk.json(keep_wire(result))
    else:
        talk.result(keep_text(result))
        talk.say(commit_text(result.written, opened.folder, again=""))
