"""`mlops run`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Targets, Verbose


def run(
    targets: Targets = None,
    jobs: Annotated[
        int | None,
        typer.Option("-j", "--jobs", metavar="N", help="Cores to use; all by default.", show_default=False),
    ] = None,
    force: Annotated[
        bool, typer.Option("-f", "--force", help="Run the named stages whatever is known of them.")
    ] = False,
    keep_going: Annotated[
        bool,
        typer.Option("-k", "--keep-going", help="After a failure go on with what does not depend on it."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("-n", "--dry-run", help="Only say what would be done.")] = False,
    only: Annotated[bool, typer.Option("--only", help="Just the named stages, not what they need.")] = False,
    downstream: Annotated[
        bool, typer.Option("--downstream", help="The named stages and all that need them.")
    ] = False,
    message: Annotated[
        str,
        typer.Option(
            "-m", "--message", metavar="TEXT", help="Why; kept in the run's record.", show_default=False
        ),
    ] = "",
    commit: Annotated[
        bool, typer.Option("--commit", help="Commit what the run wrote, and the records of the data it read.")
    ] = False,
    pull: Annotated[
        bool,
        typer.Option("--pull", help="Bring results and data that others pushed to the default remote."),
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Bring stages up to date: run what is stale, restore what is known, leave alone what is fresh."""
    from mlops_cli.actions.run import RunOptions
    from mlops_cli.actions.run import run as act

    talk = console().take(directory, as_json, quiet, verbose)
    options = RunOptions(jobs, force, keep_going, dry_run, only, downstream, message, commit, pull)
    with talk.open() as opened:
        progress = talk.progress(plain=opened.environment.plain)
        try:
            result = act(opened, targets or (), options, progress)
        finally:
            progress.close()
    if talk.as_json:
        from mlops_cli.render.wire import run_wire

        talk.json(run_wire(result))
    else:
        from mlops_cli.render.text import commit_text, failures_text, run_text, stopped_text

        talk.result(run_text(result, width=talk.width, everything=talk.verbose))
        talk.fail(stopped_text() if result.interrupted else failures_text(result.outcomes))
        talk.say(
            f"committed {result.commit[:12]}\n"
            if result.commit
            else commit_text(result.written, opened.folder)
        )
    end(130 if result.interrupted else 0 if result.good else 4)
