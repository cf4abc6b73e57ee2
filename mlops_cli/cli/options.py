"""Options that commands share, defined once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[STAGE]...",
        help="Stages: a name, a group of a matrix, a pattern such as 'train@*', or the path of an output. All by default.",
        show_default=False,
    ),
]


class ListForm(StrEnum):
    """How a list can be written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"


Output = Annotated[ListForm, typer.Option("-o", "--output", help="How to write the list.")]
DataPaths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]...",
        help="Recorded paths, or paths inside recorded directories. Everything that is recorded by default.",
        show_default=False,
    ),
]
RemoteName = Annotated[
    str | None,
    typer.Option(
        "-r", "--remote", metavar="NAME", help="The remote; the default one by default.", show_default=False
    ),
]
Revs = Annotated[
    list[str] | None,
    typer.Option(
        "--rev",
        metavar="REV",
        help="What this commit, branch or tag records, not the workspace; may be given again.",
        show_default=False,
    ),
]
AllVersions = Annotated[
    bool, typer.Option("--all", help="What the records of all history name, and what runs made once.")
]
OnRemote = Annotated[
    bool, typer.Option("--remote", help="Look at the default remote instead of the store here.")
]
AtRemote = Annotated[
    str | None,
    typer.Option("-r", "--remote-name", metavar="NAME", help="The same, at this remote.", show_default=False),
]
Folder = Annotated[
    Path | None,
    typer.Option("-C", "--directory", metavar="DIR", help="Work in this folder.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors; the exit code tells.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more.")]


def remote_meant(on_remote: bool, name: str | None) -> str | None:
    """Return what `OnRemote` and `AtRemote` say: a remote's name, an empty one for the default remote, or None for here."""
    return name or ("" if on_remote else None)
