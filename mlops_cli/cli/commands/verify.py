"""`mlops verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import (
    AsJson,
    AtRemote,
    DataPaths,
    Folder,
    OnRemote,
    Quiet,
    Verbose,
    remote_meant,
)


def verify(
    paths: DataPaths = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Set aside what is damaged, and bring good copies from wherever there are."
        ),
    ] = False,
    history: Annotated[
        bool, typer.Option("--all", help="Also the records of all history, and what runs made once.")
    ] = False,
    on_remote: OnRemote = False,
    remote: AtRemote = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Read records and store again, and compare every byte with its digest."""
    from mlops_cli.actions.verify import verify as act
    from mlops_cli.render.verify import troubles_text, verify_text, verify_wire

    there = remote_meant(on_remote, remote)
    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened, talk.data_progress("read", plain=opened.environment.plain) as progress:
        result = act(opened, paths or (), repair=repair, history=history, remote=there, listen=progress)
    if talk.as_json:
        talk.json(verify_wire(result))
    else:
        talk.fail(troubles_text(result, everything=talk.verbose, repaired=repair, remote=there is not None))
        talk.result(verify_text(result))
    end(0 if result.good else 5)
