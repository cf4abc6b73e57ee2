"""`mlops add`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def add(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and directories of data.")],
    force: Annotated[
        bool,
        typer.Option(
            "-f",
            "--force",
            help="Take a directory as it is here, also where the rest was never brought here.",
        ),
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Track data: its content goes into the store, a small record into Git, and Git ignores the data itself."""
    from mlops_cli.actions.add import add as act
    from mlops_cli.render.add import add_text, add_wire, errors_text
    from mlops_cli.render.text import commit_text

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened, talk.data_progress("stored", plain=opened.environment.plain) as progress:
        result = act(opened, paths, progress, force=force)
    if talk.as_json:
        talk.json(add_wire(result))
    else:
        talk.result(add_text(result))
        talk.fail(errors_text(result.failed))
        talk.say(commit_text(result.written, opened.folder, again=""))
    end(max((error.exit_code for error in result.failed), default=0))
