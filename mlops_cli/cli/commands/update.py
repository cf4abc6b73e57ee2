"""`mlops update`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def update(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Imported paths, or folders that hold some. Everything that was imported by default.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("-n", "--dry-run", help="Only say what is new; bring and write nothing.")
    ] = False,
    pin: Annotated[
        str | None,
        typer.Option(
            "--pin",
            metavar="DIGEST",
            help="Take this content only for one import, and stay with it.",
            show_default=False,
        ),
    ] = None,
    unpin: Annotated[bool, typer.Option("--unpin", help="Follow the source again, and update.")] = False,
    force: Annotated[
        bool, typer.Option("-f", "--force", help="Also replace content that is nowhere else.")
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Ask the sources of imported data for new versions, and bring what is new; nothing else is downloaded."""
    from mlops_cli.actions.update import update as act
    from mlops_cli.render.text import commit_text
    from mlops_cli.render.update import update_failures, update_text, update_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened, talk.transfer(plain=opened.environment.plain) as progress:
        result = act(
            opened,
            paths or (),
            pin=pin,
            unpin=unpin,
            dry=dry_run,
            force=force,
            listen=progress,
            tell=lambda line: talk.say(f"{line}\n"),
        )
    if talk.as_json:
        talk.json(update_wire(result))
    else:
        talk.result(update_text(result))
        talk.fail(update_failures(result, "../" * (opened.folder.count("/") + 1) if opened.folder else ""))
        talk.say(commit_text(result.written, opened.folder, again=""))
    end(result.exit_code)
