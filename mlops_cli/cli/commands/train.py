"""`mlops train`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose

Name = Annotated[
    str, typer.Argument(metavar="MODEL", help="A name under models: in mlops.yaml.", show_default=False)
]
Jobs = Annotated[
    int | None,
    typer.Option("-j", "--jobs", metavar="N", help="Cores to use; all by default.", show_default=False),
]
Force = Annotated[bool, typer.Option("-f", "--force", help="Train again, whatever is known of it.")]
DryRun = Annotated[bool, typer.Option("-n", "--dry-run", help="Only say what would be done.")]
Message = Annotated[
    str,
    typer.Option(
        "-m", "--message", metavar="TEXT", help="Why; kept in the run's record.", show_default=False
    ),
]
Commit = Annotated[
    bool, typer.Option("--commit", help="Commit what the run wrote, and the records of the data it read.")
]
Pull = Annotated[
    bool, typer.Option("--pull", help="Bring results and data that others pushed to the default remote.")
]


def train(
    model: Name,
    jobs: Jobs = None,
    force: Force = False,
    dry_run: DryRun = False,
    message: Message = "",
    commit: Commit = False,
    pull: Pull = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run the pipeline up to a model's artifact, and say what it is now."""
    from mlops_cli.actions.run import RunOptions
    from mlops_cli.actions.train import train as act

    talk = console().take(directory, as_json, quiet, verbose)
    options = RunOptions(jobs, force, False, dry_run, False, False, message, commit, pull)
    with talk.open() as opened:
        progress = talk.progress(plain=opened.environment.plain)
        try:
            result = act(opened, model, options, progress)
        finally:
            progress.close()
    if talk.as_json:
        from mlops_cli.render.train import train_wire

        talk.json(train_wire(result))
    else:
        from mlops_cli.render.committed import committed_text
        from mlops_cli.render.text import failures_text, run_text, stopped_text
        from mlops_cli.render.train import train_summary, train_text

        talk.result(
            train_text(result, width=talk.width)
            if result.artifact
            else run_text(result.run, width=talk.width)
        )
        talk.fail(stopped_text() if result.run.interrupted else failures_text(result.run.outcomes))
        talk.say(train_summary(result))
        told = committed_text(result.run, opened.folder, asked=commit)
        talk.fail(told) if result.run.refused else talk.say(told)
    end(result.run.exit_code)
