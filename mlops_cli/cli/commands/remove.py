"""`mlops remove`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def remove(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Tracked files and directories.")],
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Stop tracking data: its record and its ignore rule go, the data itself stays where it is."""
    from mlops_cli.actions.remove import remove as act
    from mlops_cli.render.remove import remove_text, remove_warnings, remove_wire
    from mlops_cli.render.text import commit_text

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, paths)
    if talk.as_json:
        talk.json(remove_wire(result))
    else:
        talk.result(remove_text(result))
        talk.say(remove_warnings(result, opened.folder))
        talk.say(commit_text(result.written, opened.folder, again=""))
