"""`mlops checkout`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def checkout(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Tracked data, outputs, folders that hold some, or paths inside a tracked directory. All by default.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("-f", "--force", help="Also take away content that is nowhere else.")
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Make the workspace agree with the records, out of the store. Nothing that is nowhere else is lost unasked."""
    from mlops_cli.actions.checkout import checkout as act
    from mlops_cli.render.checkout import checkout_text, checkout_trouble, checkout_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened, talk.data_progress("placed", plain=opened.environment.plain) as progress:
        result = act(opened, paths or (), force=force, tell=progress)
    if talk.as_json:
        talk.json(checkout_wire(result))
    else:
        talk.result(checkout_text(result))
        talk.fail(checkout_trouble(result, "../" * (opened.folder.count("/") + 1) if opened.folder else ""))
    end(result.exit_code)
