"""`mlops remote`, a group of commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, ListForm, Output, Quiet, Verbose

if TYPE_CHECKING:
    from mlops_cli.actions.remote import RemotesResult
    from mlops_cli.cli.console import Console

app = typer.Typer(help="Say where data is shared: add, list, remove and check remotes.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The remote's name.", show_default=False)]
MaybeName = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]", help="The remote's name; by default the default remote.", show_default=False
    ),
]
Url = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="A folder, or an address: s3://, gs://, sftp://, webdav(s)://, http(s)://, or what else fsspec knows.",
    ),
]
AsDefault = Annotated[bool, typer.Option("--default", help="Make it the default remote.")]
Jobs = Annotated[
    int | None,
    typer.Option("-j", "--jobs", metavar="N", min=1, help="Requests under way at once.", show_default=False),
]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        metavar="URL",
        help="The server of a store that speaks like S3.",
        show_default=False,
    ),
]
Region = Annotated[
    str | None,
    typer.Option("--region", metavar="NAME", help="The region of an S3 bucket.", show_default=False),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="The profile in ~/.aws that has the credentials.",
        show_default=False,
    ),
]
User = Annotated[
    str | None,
    typer.Option(
        "--user", metavar="NAME", help="Who to be on an SSH, WebDAV or web server.", show_default=False
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="FILE", help="The private key for an SSH server.", show_default=False),
]
Listing = Annotated[
    bool,
    typer.Option(
        "--listing",
        help="Keep a list of everything there, for readers that cannot list, such as plain HTTP.",
    ),
]


@app.command("add")
def add(
    name: Name,
    url: Url,
    default: AsDefault = False,
    jobs: Jobs = None,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    profile: Profile = None,
    user: User = None,
    key_file: KeyFile = None,
    listing: Listing = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add a remote to the settings of the project."""
    from mlops_cli.actions.remote import add as act

    values = {
        "jobs": jobs,
        "endpoint_url": endpoint_url,
        "region": region,
        "profile": profile,
        "user": user,
        "key_file": None if key_file is None else str(key_file),
        "listing": listing or None,
    }
    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, name, url, values, default=default)
    _show(talk, result)
    if not talk.as_json:
        talk.say(f"Try it: mlops remote check {name}\n")


@app.command("list")
def list_(
    output: Output = ListForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """List the remotes."""
    from mlops_cli.actions.remote import remotes
    from mlops_cli.render.lists import list_text
    from mlops_cli.render.remote import HEAD, remotes_rows, remotes_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = remotes(opened)
    if talk.as_json or output is ListForm.JSON:
        talk.json(remotes_wire(result))
    elif result.remotes or output is not ListForm.TABLE:
        talk.result(list_text(HEAD, remotes_rows(result), output.value, width=talk.width))
    else:
        talk.say("There is no remote. Add one: mlops remote add NAME URL\n")


@app.command("remove")
def remove(
    name: Name,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Take a remote out of the settings; what lies there stays."""
    from mlops_cli.actions.remote import remove as act

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, name)
    _show(talk, result)


@app.command("default")
def default(
    name: MaybeName = None,
    unset: Annotated[bool, typer.Option("--unset", help="Let no remote be the default.")] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say which remote is meant where none is named; without a name, print it."""
    from mlops_cli.actions.remote import make_default

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = make_default(opened, name, unset=unset)
    if talk.as_json or result.done:
        _show(talk, result)
    else:
        talk.result("".join(f"{row.name}\n" for row in result.remotes if row.default))


@app.command("check")
def check(
    name: MaybeName = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write, read, compare, list and delete a probe; measure latency; say which conditional writes work."""
    from mlops_cli.actions.remote import check as act
    from mlops_cli.render.remote import check_text, check_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, name)
    if talk.as_json:
        talk.json(check_wire(result))
    elif result.findings.ok:
        talk.result(check_text(result))
    else:
        talk.fail(check_text(result))
    end(0 if result.findings.ok else 5)


def _show(talk: Console, result: RemotesResult) -> None:
    if talk.as_json:
        from mlops_cli.render.remote import remotes_wire

        talk.json(remotes_wire(result))
    else:
        talk.say(f"{result.done}\n")
