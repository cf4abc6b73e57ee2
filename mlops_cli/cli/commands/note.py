"""`mlops note`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


class _Outcome(StrEnum):
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    INCONCLUSIVE = "inconclusive"


def note(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run's id or how it begins, @latest, @best:METRIC, or what a run made."
        ),
    ],
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="What to keep.", show_default=False)] = "",
    outcome: Annotated[
        _Outcome | None,
        typer.Option("--outcome", help="What came of the idea that the run tried.", show_default=False),
    ] = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Keep a note on a run: what was learnt from it, and whether its idea held."""
    from mlops_cli.actions.note import note as act
    from mlops_cli.render.note import note_notice, note_text, note_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, run, text, outcome=outcome.value if outcome else None)
    if talk.as_json:
        talk.json(note_wire(result))
    else:
        talk.result(note_text(result))
    talk.say(note_notice(result))
