"""`mlops gc`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, AtRemote, Folder, OnRemote, Quiet, Verbose, remote_meant

if TYPE_CHECKING:
    from mlops_cli.actions.gc import GcOptions

Delete = Annotated[
    bool, typer.Option("--delete", help="Remove what is found; without this nothing is removed.")
]
Grace = Annotated[
    str | None,
    typer.Option(
        "--grace",
        metavar="TIME",
        help="Keep what is younger than this, whatever leads to it; 14d by default.",
        show_default=False,
    ),
]
Forget = Annotated[
    list[str] | None,
    typer.Option(
        "--forget",
        metavar="PATH",
        help="A project at this path, or pattern, uses this store no more.",
        show_default=False,
    ),
]
ShallowOk = Annotated[
    bool,
    typer.Option(
        "--shallow-ok", help="Go on in a shallow clone: what only older commits need counts as garbage."
    ),
]


def gc(
    delete: Delete = False,
    grace: Grace = None,
    forget: Forget = None,
    shallow_ok: ShallowOk = False,
    on_remote: OnRemote = False,
    remote: AtRemote = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Find what nothing leads to any more in the store, and say what it was; remove it with --delete."""
    from mlops_cli.actions.gc import gc as act
    from mlops_cli.render.gc import gc_text, gc_wire

    talk = console().take(directory, as_json, quiet, verbose)
    options = _options(delete, grace, forget or [], shallow_ok, remote_meant(on_remote, remote))
    with talk.open() as opened:
        progress = talk.progress(plain=opened.environment.plain)
        try:
            result = act(opened, options, progress)
        finally:
            progress.close()
    if talk.as_json:
        talk.json(gc_wire(result))
    else:
        talk.result(gc_text(result, everything=talk.verbose, width=talk.width))


def _options(
    delete: bool, grace: str | None, forget: list[str], shallow_ok: bool, remote: str | None
) -> GcOptions:
    """Return the options as the action takes them, with the words that hints repeat as they were typed."""
    from mlops_cli.actions.gc import GcOptions
    from mlops_cli.errors import UsageError
    from mlops_cli.formats.quantities import read_grace

    seconds = None if grace is None else read_grace(grace)
    if grace is not None and seconds is None:
        raise UsageError(f"--grace takes a time such as 14d, 12h or 0, not {grace!r}")
    typed = [] if grace is None else ["--grace", grace]
    return GcOptions(delete, seconds, tuple(forget), shallow_ok, remote, tuple(typed))
