"""`mlops run`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Targets, Verbose
from mlops_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.actions.experiments import ExperimentOptions
    from mlops_cli.actions.run import RunOptions
    from mlops_cli.cli.console import Console
    from mlops_cli.render.experiments import LiveSweep, PlainSweep


Jobs = Annotated[
    int | None,
    typer.Option("-j", "--jobs", metavar="N", help="Cores to use; all by default.", show_default=False),
]
Force = Annotated[bool, typer.Option("-f", "--force", help="Run the named stages whatever is known of them.")]
KeepGoing = Annotated[
    bool,
    typer.Option("-k", "--keep-going", help="After a failure go on with what does not depend on it."),
]
DryRun = Annotated[bool, typer.Option("-n", "--dry-run", help="Only say what would be done.")]
Only = Annotated[bool, typer.Option("--only", help="Just the named stages, not what they need.")]
Downstream = Annotated[bool, typer.Option("--downstream", help="The named stages and all that need them.")]
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
    bool,
    typer.Option("--pull", help="Bring results and data that others pushed to the default remote."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "-S",
        "--set",
        metavar="NAME=VALUES",
        help="Try each of these values of a parameter, in isolation: train.lr=0.1,0.01 or 'train.depth=range(3,9)'.",
        show_default=False,
    ),
]
Sample = Annotated[
    int | None,
    typer.Option("--sample", metavar="N", help="With -S: draw N combinations.", show_default=False),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="With --sample: draw others.", show_default=False),
]
Parallel = Annotated[
    int | None,
    typer.Option(
        "--parallel",
        metavar="N",
        help="With -S: experiments at a time; as many as there are cores for by default.",
        show_default=False,
    ),
]
Most = Annotated[
    int | None,
    typer.Option("--max", metavar="N", help="With -S: stop after N experiments.", show_default=False),
]
Experiment = Annotated[str | None, typer.Option("--experiment", hidden=True)]


def run(
    targets: Targets = None,
    jobs: Jobs = None,
    force: Force = False,
    keep_going: KeepGoing = False,
    dry_run: DryRun = False,
    only: Only = False,
    downstream: Downstream = False,
    message: Message = "",
    commit: Commit = False,
    pull: Pull = False,
    sets: Sets = None,
    sample: Sample = None,
    seed: Seed = None,
    parallel: Parallel = None,
    most: Most = None,
    experiment: Experiment = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Bring stages up to date: run what is stale, restore what is known, leave alone what is fresh.

    With -S try parameters instead, each combination in a worktree of its own; your files stay as they are.
    """
    talk = console().take(directory, as_json, quiet, verbose)
    if sets:
        from mlops_cli.actions.experiments import ExperimentOptions

        _refuse_in_place(commit=commit, pull=pull)
        choice = ExperimentOptions(
            sample, seed, parallel, jobs, most, force, keep_going, only, downstream, message, dry_run
        )
        _try(talk, sets, targets or [], choice)
        return
    for name, value in (("--sample", sample), ("--seed", seed), ("--parallel", parallel), ("--max", most)):
        if value is not None:
            raise UsageError(f"{name} goes with -S", hint="For example: mlops run -S train.lr=0.1,0.01")
    from mlops_cli.actions.run import RunOptions

    made_for = _made_for(experiment)
    options = RunOptions(jobs, force, keep_going, dry_run, only, downstream, message, commit, pull, made_for)
    _run(talk, targets or (), options)


def _refuse_in_place(*, commit: bool, pull: bool) -> None:
    if commit or pull:
        raise UsageError(
            f"{'--commit' if commit else '--pull'} is for a run in place, and -S runs elsewhere",
            hint="Take an experiment over with: mlops apply RUN"
            if commit
            else "Bring what there is with: mlops pull",
        )


def _made_for(experiment: str | None) -> dict[str, Any] | None:
    """Return what the hidden option says of the experiment that a run belongs to."""
    try:
        return json.loads(experiment) if experiment else None
    except json.JSONDecodeError as error:
        raise UsageError(f"--experiment takes JSON: {error}") from error


def _run(talk: Console, targets: Sequence[str], options: RunOptions) -> None:
    """Run in place, and show what came of it."""
    from mlops_cli.actions.run import run as act

    with talk.open() as opened:
        progress = talk.progress(plain=opened.environment.plain)
        try:
            result = act(opened, targets, options, progress)
        finally:
            progress.close()
    if talk.as_json:
        from mlops_cli.render.wire import run_wire

        talk.json(run_wire(result))
    else:
        from mlops_cli.render.committed import committed_text
        from mlops_cli.render.text import failures_text, run_text, stopped_text

        talk.result(run_text(result, width=talk.width, everything=talk.verbose))
        talk.fail(stopped_text() if result.interrupted else failures_text(result.outcomes))
        told = committed_text(result, opened.folder, asked=options.commit)
        talk.fail(told) if result.refused else talk.say(told)
    end(result.exit_code)


def _try(talk: Console, sets: list[str], targets: list[str], options: ExperimentOptions) -> None:
    """Run experiments, and show what came of them."""
    from mlops_cli.actions.experiments import experiments as act
    from mlops_cli.render.experiments import experiments_failures, experiments_text, experiments_wire

    with talk.open() as opened:
        progress = _progress(talk, plain=opened.environment.plain)
        try:
            result = act(opened, sets, targets, options, progress)
        finally:
            progress.close()
        if talk.as_json:
            talk.json(experiments_wire(result))
        else:
            talk.result(experiments_text(result, said=opened.config.metrics, width=talk.width))
            talk.fail(experiments_failures(result.trials))
    end(result.exit_code)


def _progress(talk: Console, *, plain: bool) -> LiveSweep | PlainSweep:
    from io import StringIO

    from mlops_cli.render.experiments import LiveSweep, PlainSweep

    if talk.quiet:
        return PlainSweep(StringIO())
    if sys.stderr.isatty() and not plain:
        return LiveSweep(sys.stderr)
    return PlainSweep(sys.stderr, everything=talk.verbose)
