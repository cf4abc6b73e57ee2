"""`mlops rerun`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


def rerun(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run; or an artifact or a commit, for its run.")
    ],
    stages: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STAGE]...", help="Only these of its stages. All by default.", show_default=False
        ),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Keep the verdict, and exit with 1 when something else came out."),
    ] = False,
    tolerance: Annotated[
        float,
        typer.Option(metavar="PART", help="Metrics may differ by this part and still count as the same."),
    ] = 1e-9,
    pull: Annotated[
        bool, typer.Option("--pull", help="Bring inputs that are not here from the default remote.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("-j", "--jobs", metavar="N", help="Cores to use; all by default.", show_default=False),
    ] = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Repeat a run elsewhere, with its code, parameters and inputs, and say whether the same comes out."""
    from mlops_cli.actions.rerun import RerunOptions
    from mlops_cli.actions.rerun import rerun as act

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        options = RerunOptions(verify, tolerance, jobs, pull)
        result = act(opened, run, stages or (), options, lambda line: talk.say(f"{line}\n"))
    if talk.as_json:
        from mlops_cli.render.rerun import rerun_wire

        talk.json(rerun_wire(result))
    else:
        from mlops_cli.render.rerun import rerun_text

        talk.result(rerun_text(result, everything=talk.verbose))
    end(result.exit_code)
