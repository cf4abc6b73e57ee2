"""`mlops pull`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, DataPaths, Folder, Quiet, RemoteName, Verbose


def pull(
    paths: DataPaths = None,
    remote: RemoteName = None,
    force: Annotated[
        bool, typer.Option("-f", "--force", help="Also take away content that is nowhere else.")
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Bring recorded content from a remote, and make the workspace agree with the records."""
    from mlops_cli.actions.pull import pull as act
    from mlops_cli.render.checkout import checkout_text, checkout_trouble
    from mlops_cli.render.transfer import failures_text, pull_wire, transfer_text

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        plain = opened.environment.plain
        with talk.transfer(plain=plain) as progress, talk.data_progress("placed", plain=plain) as placing:
            result = act(opened, paths or (), remote, force=force, listen=progress, tell=placing)
    if talk.as_json:
        talk.json(pull_wire(result))
    else:
        talk.result(transfer_text(result.transfer, "brought") + checkout_text(result.checkout))
        talk.fail(failures_text(result.transfer))
        up = "../" * (opened.folder.count("/") + 1) if opened.folder else ""
        talk.fail(checkout_trouble(result.checkout, up, asked=True))
    end(result.exit_code)
