"""`mlops tried`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, ListForm, Output, Quiet, Verbose

_SHOWN = 20


Params = Annotated[
    list[str] | None,
    typer.Option(
        "-S",
        "--set",
        metavar="NAME=VALUE",
        help="A parameter and its value; also NAME=V,W, NAME>=VALUE, NAME<VALUE, NAME!=VALUE.",
        show_default=False,
    ),
]
Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data", metavar="PATH|DIGEST", help="Data, as it lies now; or PATH@REV.", show_default=False
    ),
]
Code = Annotated[
    list[str] | None,
    typer.Option("--code", metavar="PATH", help="Code, as it lies now; or PATH@REV.", show_default=False),
]
Like = Annotated[
    str,
    typer.Option("--like", metavar="RUN", help="With the parameters of this run.", show_default=False),
]
Text = Annotated[
    str,
    typer.Option(
        "--text", metavar="WORDS", help="In messages, notes, branches, subjects.", show_default=False
    ),
]
Near = Annotated[int, typer.Option("--near", metavar="N", min=0, help="Near misses to show.")]
Limit = Annotated[
    int | None,
    typer.Option(
        "-n",
        "--limit",
        metavar="N",
        min=0,
        help=f"Runs to show; 0 for all. A table has {_SHOWN} by default, other forms have all.",
        show_default=False,
    ),
]


def tried(
    params: Params = None,
    data: Data = None,
    code: Code = None,
    like: Like = "",
    text: Text = "",
    near: Near = 5,
    limit: Limit = None,
    output: Output = ListForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say whether anybody ever ran this, on any branch, and what came of it; the exit code is 1 where nobody did."""
    from mlops_cli.actions.tried import Wanted
    from mlops_cli.actions.tried import tried as act
    from mlops_cli.render.tried import tried_summary, tried_text, tried_wire

    talk = console().take(directory, as_json, quiet, verbose)
    in_json = talk.as_json or output is ListForm.JSON
    most = (_SHOWN if output is ListForm.TABLE and not in_json else 0) if limit is None else limit
    wanted = Wanted(params or (), data or (), code or (), like, text)
    with talk.open() as opened:
        result = act(opened, wanted, near=near, limit=most or None, brief=talk.quiet and not in_json)
    if in_json:
        talk.json(tried_wire(result))
    elif not talk.quiet:
        talk.result(tried_text(result, output.value, width=talk.width))
        talk.say(tried_summary(result))
    end(talk.incomplete(result.trouble) or (0 if result.tried.found else 1))
