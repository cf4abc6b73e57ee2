"""`mlops diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, ListForm, Output, Quiet, Verbose


def diff(
    revisions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REV [REV]]",
            help="Commits, branches or tags; one is compared with the workspace. HEAD by default.",
            show_default=False,
        ),
    ] = None,
    files: Annotated[bool, typer.Option("--files", help="Also say what differs inside directories.")] = False,
    output: Output = ListForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say which data and outputs differ between two commits, or between a commit and the workspace."""
    from mlops_cli.actions.diff import diff as act
    from mlops_cli.render.diff import diff_rows, diff_summary, diff_wire
    from mlops_cli.render.lists import list_text

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, revisions or (), files=files)
    if talk.as_json or output is ListForm.JSON:
        talk.json(diff_wire(result))
        return
    head, rows = diff_rows(result)
    if output is not ListForm.TABLE or rows:
        talk.result(list_text(head, rows, output.value, width=talk.width))
    talk.say(diff_summary(result))
