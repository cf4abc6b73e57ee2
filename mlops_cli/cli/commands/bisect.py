"""`mlops bisect`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


class By(StrEnum):
    """What to look for."""

    COMMIT = "commit"
    FACTOR = "factor"


Metric = Annotated[str, typer.Option("--metric", metavar="NAME", help="The metric, as runs name it.")]
Good = Annotated[str, typer.Option("--good", metavar="REF", help="A commit or run where it was good.")]
Bad = Annotated[str, typer.Option("--bad", metavar="REF", help="A commit or run where it is bad.")]
Stages = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[STAGE]...",
        help="What to run for it; by default the stages that have reported it before.",
        show_default=False,
    ),
]
ByWhat = Annotated[By, typer.Option("--by", help="Look for a commit, or for what differs in the recipe.")]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold", metavar="X", help="Where bad begins; half way by default.", show_default=False
    ),
]
Repeats = Annotated[
    int,
    typer.Option("--repeats", metavar="N", help="At most N values a commit, for a metric that scatters."),
]
Most = Annotated[
    int | None, typer.Option("--max", metavar="N", help="Execute at most N runs.", show_default=False)
]
DryRun = Annotated[
    bool, typer.Option("-n", "--dry-run", help="Only say what is known, and how many runs it would take.")
]
Jobs = Annotated[
    int | None,
    typer.Option("-j", "--jobs", metavar="N", help="Cores to use; all by default.", show_default=False),
]


def bisect(
    metric: Metric,
    good: Good,
    bad: Bad = "HEAD",
    stages: Stages = None,
    by: ByWhat = By.COMMIT,
    threshold: Threshold = None,
    repeats: Repeats = 1,
    most: Most = None,
    dry_run: DryRun = False,
    jobs: Jobs = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Find which commit, parameter or data made a metric worse; runs only what no recorded run tells."""
    from mlops_cli.actions.bisect import BisectOptions
    from mlops_cli.actions.bisect import bisect as act

    talk = console().take(directory, as_json, quiet, verbose)
    options = BisectOptions(by.value, threshold, repeats, most, dry_run, jobs)
    with talk.open() as opened:
        result = act(
            opened,
            metric,
            good,
            bad,
            stages or (),
            options,
            lambda line: talk.say(f"  {line}\n") if talk.verbose else None,
            lambda line: talk.say(f"{line}\n"),
        )
    if talk.as_json:
        from mlops_cli.render.bisect import bisect_wire

        talk.json(bisect_wire(result))
    else:
        from mlops_cli.render.bisect import bisect_text

        talk.result(bisect_text(result, everything=talk.verbose))
    end(result.exit_code)
