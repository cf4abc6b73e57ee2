"""`mlops import`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def import_(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="A file or a directory: s3://, gs://, sftp://, webdav(s)://, a path, or what else fsspec knows; a file on http(s)://.",
        ),
    ],
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="Where it should lie; with a slash at its end, the folder it should lie in."
        ),
    ],
    pin: Annotated[
        str | None,
        typer.Option(
            "--pin", metavar="DIGEST", help="Take this content only, and stay with it.", show_default=False
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "-f", "--force", help="Replace what lies or is tracked there, even if it is nowhere else."
        ),
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Bring data from anywhere and track it, with what tells a new version of it without a download."""
    from mlops_cli.actions.import_ import import_ as act
    from mlops_cli.render.import_ import import_text, import_wire
    from mlops_cli.render.text import commit_text

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened, talk.transfer(plain=opened.environment.plain) as progress:
        result = act(opened, url, path, pin=pin, force=force, listen=progress)
    if talk.as_json:
        talk.json(import_wire(result))
    else:
        talk.result(import_text(result))
        talk.say(commit_text(result.written, opened.folder, again=""))
