"""`mlops runs`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, ListForm, Output, Quiet, Verbose

_LIMIT = 30


Where = Annotated[
    list[str] | None,
    typer.Option(
        "-w",
        "--where",
        metavar="CONDITION",
        help="Only runs that meet this, such as \"metrics.auc > 0.9 and author ~ 'ana'\"; may be given several times.",
        show_default=False,
    ),
]
Sort = Annotated[
    str,
    typer.Option(
        "-s",
        "--sort",
        metavar="NAME",
        help="Sort by this, such as metrics.auc; -metrics.auc for the largest first. The newest first by default.",
        show_default=False,
    ),
]
Columns = Annotated[
    str,
    typer.Option(
        "--columns",
        metavar="NAMES",
        help="What to show, such as id,age,params.train.depth,metrics.auc; what tells most by default.",
        show_default=False,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "-n",
        "--limit",
        metavar="N",
        help="How many at most, 0 for all; a table has 30 by default, other forms have all.",
        show_default=False,
    ),
]
Everything = Annotated[
    bool,
    typer.Option("-a", "--all", help="Runs of every ref and every journal, not only of this branch."),
]


def runs(
    where: Where = None,
    sort: Sort = "",
    columns: Columns = "",
    limit: Limit = None,
    everything: Everything = False,
    output: Output = ListForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """List runs and what came of them, the newest first."""
    from mlops_cli.actions.runs import runs as act
    from mlops_cli.render.runs import runs_json, runs_notes, runs_text

    talk = console().take(directory, as_json, quiet, verbose)
    whole = talk.as_json or output is ListForm.JSON
    if limit is None and not whole and output is ListForm.TABLE:
        limit = _LIMIT
    with talk.open() as opened:
        result = act(
            opened,
            where=where or (),
            sort=sort,
            columns=columns,
            limit=limit,
            everything=everything,
            records=whole,
        )
    if whole:
        talk.json_text(runs_json(result))
    else:
        talk.result(runs_text(result, output.value, width=talk.width))
    talk.say(runs_notes(result, whole=whole))
    end(talk.incomplete(result.trouble))
