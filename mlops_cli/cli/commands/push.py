"""`mlops push`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AllVersions, AsJson, DataPaths, Folder, Quiet, RemoteName, Revs, Verbose


def push(
    paths: DataPaths = None,
    revs: Revs = None,
    history: AllVersions = False,
    remote: RemoteName = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Read back what is there, set aside what is damaged, and replace it."),
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Send recorded data, stage outputs and results to a remote; what is there already is not sent."""
    from mlops_cli.actions.push import push as act
    from mlops_cli.render.transfer import failures_text, gone_text, transfer_text, transfer_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened, talk.transfer(plain=opened.environment.plain) as progress:
        result = act(
            opened, paths or (), remote, repair=repair, revs=revs or (), history=history, listen=progress
        )
    if talk.as_json:
        talk.json(transfer_wire(result))
    else:
        talk.result(transfer_text(result, "sent"))
        talk.say(gone_text(result))
        talk.fail(failures_text(result))
    end(0 if result.good else 5)
