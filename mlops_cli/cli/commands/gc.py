"""`mlops gc`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def gc(
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove what is found; without this nothing is removed.")
    ] = False,
    grace: Annotated[
        str,
        typer.Option(
            "--grace",
            metavar="TIME",
            help="Keep what is younger than this, whatever leads to it; 14d by default.",
            show_default=False,
        ),
    ] = "",
    forget: Annotated[
        list[str] | None,
        typer.Option(
            "--forget",
            metavar="PATH",
            help="A project at this path, or pattern, uses this store no more.",
            show_default=False,
        ),
    ] = None,
    shallow_ok: Annotated[
        bool,
        typer.Option(
            "--shallow-ok", help="Go on in a shallow clone: what only older commits need counts as garbage."
        ),
    ] = False,
    on_remote: Annotated[
        bool, typer.Option("--remote", help="Look at the default remote instead of the store here.")
    ] = False,
    remote: Annotated[
        str | None,
        typer.Option(
            "-r", "--remote-name", metavar="NAME", help="The same, at this remote.", show_default=False
        ),
    ] = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Find what nothing leads to any more in the store, and say what it was; remove it with --delete."""
    from mlops_cli.actions.gc import GcOptions
    from mlops_cli.actions.gc import gc as act
    from mlops_cli.errors import UsageError
    from mlops_cli.formats.quantities import read_grace
    from mlops_cli.render.gc import gc_text, gc_wire

    seconds = read_grace(grace) if grace else None
    if grace and seconds is None:
        raise UsageError(f"--grace takes a time such as 14d, 12h or 0, not {grace}")
    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        progress = talk.progress(plain=opened.environment.plain)
        try:
            there = remote or ("" if on_remote else None)
            options = GcOptions(delete, seconds, tuple(forget or ()), shallow_ok, there)
            result = act(opened, options, progress)
        finally:
            progress.close()
    if talk.as_json:
        talk.json(gc_wire(result))
    else:
        talk.result(gc_text(result, everything=talk.verbose, width=talk.width))
