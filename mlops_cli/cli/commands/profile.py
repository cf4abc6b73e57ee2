"""`mlops profile`, a group of commands; `mlops profile PATH` means `mlops profile make PATH`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mlops_cli.cli.console import Console, console
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose

if TYPE_CHECKING:
    from mlops_cli.actions.profile import ProfileDiffResult, ProfileResult


class _PathFirst(TyperGroup):
    """A group whose first word may be a path: whatever is no command of it is for `make`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `make` before what is no command."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_PathFirst,
    help="Describe a table in a small file that can be committed, added up and compared: mlops profile PATH.",
)


class ProfileForm(StrEnum):
    """How a profile can be written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"
    HTML = "html"


Form = Annotated[ProfileForm, typer.Option("-o", "--output", help="How to write it.")]
Out = Annotated[
    str, typer.Option("--out", metavar="FILE", help="Write the profile to this file.", show_default=False)
]


@app.command()
def make(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A table: CSV, Parquet, JSON lines, a folder of parts, or an address. One that is called like a command: ./show.",
            show_default=False,
        ),
    ],
    against: Annotated[
        str,
        typer.Option(
            "--against",
            metavar="PROFILE",
            help="Count on the bins and values of this profile.",
            show_default=False,
        ),
    ] = "",
    out: Out = "",
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="COL=KIND",
            help="What a column is: numeric, boolean, categorical, datetime or text.",
            show_default=False,
        ),
    ] = None,
    pii: Annotated[
        list[str] | None,
        typer.Option("--pii", metavar="COL", help="Tell no value of this column.", show_default=False),
    ] = None,
    stage: Annotated[
        str,
        typer.Option(
            "--stage",
            metavar="NAME",
            help="Where the table stands: raw, transformed or scored.",
            show_default=False,
        ),
    ] = "",
    output: Form = ProfileForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Profile a table: what is in each column, how much is missing, how values spread."""
    from mlops_cli.actions.profile import kinds_of
    from mlops_cli.actions.profile import profile as act
    from mlops_cli.data.machine import prepare_arrays

    talk = console().take(directory, as_json or output is ProfileForm.JSON, quiet, verbose)
    prepare_arrays()
    result = act(
        talk.folder, path, against=against, out=out, types=kinds_of(types or ()), pii=pii or (), stage=stage
    )
    _show(talk, result, output)


@app.command()
def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A profile.", show_default=False)],
    output: Form = ProfileForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show a profile that was written before."""
    from mlops_cli.actions.profile import profile_show

    talk = console().take(directory, as_json or output is ProfileForm.JSON, quiet, verbose)
    _show(talk, profile_show(talk.folder, file), output)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A profile or a table.", show_default=False)],
    after: Annotated[str, typer.Argument(metavar="B", help="Another one.", show_default=False)],
    output: Form = ProfileForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say what differs between two profiles or tables, column by column; whether it matters, mlops drift says."""
    from mlops_cli.actions.profile import profile_diff

    talk = console().take(directory, as_json or output is ProfileForm.JSON, quiet, verbose)
    _show_diff(talk, profile_diff(talk.folder, before, after), output)


@app.command()
def merge(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Profiles that were counted on one baseline.", show_default=False
        ),
    ],
    out: Out = "",
    output: Form = ProfileForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add up profiles: the sum is the profile of all their rows."""
    from mlops_cli.actions.profile import profile_merge

    talk = console().take(directory, as_json or output is ProfileForm.JSON, quiet, verbose)
    _show(talk, profile_merge(talk.folder, files, out), output)


def _show(talk: Console, result: ProfileResult, form: ProfileForm) -> None:
    from mlops_cli.render.profile import profile_result_wire, profile_summary, profile_text

    if talk.as_json:
        talk.json(profile_result_wire(result))
        return
    if form is ProfileForm.HTML:
        from mlops_cli.render.profile_page import profile_page

        talk.result(profile_page(result.profile, result.name))
    else:
        talk.result(profile_text(result, form.value, width=talk.width))
    talk.say(profile_summary(result, everything=talk.verbose))


def _show_diff(talk: Console, result: ProfileDiffResult, form: ProfileForm) -> None:
    from mlops_cli.render.profile_diff import profile_diff_summary, profile_diff_text, profile_diff_wire

    if talk.as_json:
        talk.json(profile_diff_wire(result))
        return
    if form is ProfileForm.HTML:
        from mlops_cli.render.profile_diff_page import profile_diff_page

        talk.result(profile_diff_page(result.diff, result.before, result.after))
    else:
        talk.result(profile_diff_text(result, form.value, width=talk.width, everything=talk.verbose))
    talk.say(profile_diff_summary(result))
