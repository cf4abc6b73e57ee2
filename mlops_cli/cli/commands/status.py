"""`mlops status`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Targets, Verbose


def status(
    targets: Targets = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 unless everything is fresh.")] = False,
    sources: Annotated[
        bool,
        typer.Option("--sources", help="Ask, over the network, whether imported data has a new version."),
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say which stages are fresh, cached, stale or waiting, and why. Runs nothing."""
    from mlops_cli.actions.status import status as act

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, targets or (), sources=sources, tell=lambda line: talk.say(f"{line}\n"))
    if talk.as_json:
        from mlops_cli.render.wire import status_wire

        talk.json(status_wire(result))
    elif not talk.quiet:
        from mlops_cli.render.text import status_text

        talk.result(status_text(result, everything=talk.verbose, width=talk.width))
    end(1 if check and not result.fresh else 0)
