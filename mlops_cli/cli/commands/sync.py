"""`mlops sync`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.actions.sync import Offer
    from mlops_cli.cli.console import Console


def sync(
    remote: Annotated[
        str | None,
        typer.Argument(
            metavar="[REMOTE]", help="A Git remote; origin, or the only one, by default.", show_default=False
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("-y", "--yes", help="Send without asking what will become visible.")
    ] = False,
    fetch: Annotated[bool, typer.Option("--fetch", help="Only bring the runs of others.")] = False,
    push: Annotated[bool, typer.Option("--push", help="Only send the runs of this clone.")] = False,
    dry_run: Annotated[
        bool, typer.Option("-n", "--dry-run", help="Only say what would be sent and brought.")
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Share runs by Git: send the journal of this clone, bring those of others; nothing is ever overwritten."""
    from mlops_cli.actions.sync import SyncOptions
    from mlops_cli.actions.sync import sync as act
    from mlops_cli.errors import UsageError
    from mlops_cli.render.sync import offer_text, refused_text, sync_text, sync_wire

    if fetch and push:
        raise UsageError("--fetch and --push each ask for one half", hint="For both: mlops sync")
    talk = console().take(directory, as_json, quiet, verbose)
    options = SyncOptions(remote, push or not fetch, fetch or not push, dry_run)
    with talk.open() as opened:
        result = act(opened, options, _agree(talk, yes))
    if talk.as_json:
        talk.json(sync_wire(result))
    else:
        if result.dry and result.offer:
            talk.say(offer_text(result.offer))
        talk.result(sync_text(result))
    talk.fail(refused_text(result))
    end(0 if result.good else 5)


def _agree(talk: Console, yes: bool) -> Callable[[Offer], bool]:
    """Return what asks whether something may become visible."""
    from mlops_cli.errors import UsageError
    from mlops_cli.render.sync import offer_text

    def ask(offer: Offer) -> bool:
        if yes:
            talk.say(offer_text(offer))
            return True
        talk.fail(offer_text(offer))
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError(
                "nobody can be asked here whether this may be sent", hint="If it may: mlops sync --yes"
            )
        sys.stderr.write("Send it? [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return ask
