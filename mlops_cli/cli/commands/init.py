"""`mlops init`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def init(
    directory: Folder = None,
    example: Annotated[bool, typer.Option("--example", help="Write a small working pipeline, too.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Make a project of this folder of a Git repository; what is there already is left as it is."""
    from mlops_cli.actions.init import init as act
    from mlops_cli.render.text import init_text
    from mlops_cli.render.wire import init_wire

    talk = console().take(directory, as_json, quiet, verbose)
    result = act(talk.folder, example=example)
    if talk.as_json:
        talk.json(init_wire(result))
    else:
        talk.result(init_text(result))
