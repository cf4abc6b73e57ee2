"""`mlops compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, ListForm, Output, Quiet, Verbose


def compare(
    refs: Annotated[
        list[str],
        typer.Argument(
            metavar="A B...",
            help="Runs, the first of them the baseline: an id or its beginning, @latest, @best:METRIC; also a commit or branch,"
            " for what it has recorded, or an artifact, for the run that made it.",
            show_default=False,
        ),
    ],
    everything: Annotated[bool, typer.Option("--all", help="Also show what is the same.")] = False,
    code: Annotated[
        bool, typer.Option("--code", help="Show the difference of the code itself, too.")
    ] = False,
    each: Annotated[
        bool,
        typer.Option(
            "--each", help="Keep runs apart that repeat each other; without it, three or more fold."
        ),
    ] = False,
    output: Output = ListForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say what differs between runs: metrics, parameters, data, code, environment, parents."""
    from mlops_cli.actions.compare import compare as act
    from mlops_cli.render.compare import compare_markdown, compare_text, compare_wire
    from mlops_cli.render.compare_csv import compare_csv
    from mlops_cli.render.compare_rows import stale_notes

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, refs, everything=everything, code=code, each=each)
    if talk.as_json or output is ListForm.JSON:
        talk.json(compare_wire(result))
    elif output is ListForm.CSV:
        talk.result(compare_csv(result))
        talk.say("".join(f"{note}\n" for note in stale_notes(result)))
    elif output is ListForm.MD:
        talk.result(compare_markdown(result))
    else:
        talk.result(compare_text(result, width=talk.width))
    end(talk.incomplete(result.trouble))
