"""`mlops drift`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose


class DriftForm(StrEnum):
    """How a comparison can be written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"
    HTML = "html"


Reference = Annotated[
    str, typer.Argument(metavar="A", help="The reference: a table, or a profile.", show_default=False)
]
Current = Annotated[
    str,
    typer.Argument(metavar="B", help="What is held against it: a table, or a profile.", show_default=False),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="NAME",
        help="Compare only these; also 'price_*'. Repeatable, or with commas.",
        show_default=False,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="NAME",
        help="Leave these out. Repeatable, or with commas.",
        show_default=False,
    ),
]
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="COL=TYPE",
        help="What a column is: numeric, boolean, categorical, datetime or text; or how to compare it: id, rare, binary.",
        show_default=False,
    ),
]
WarnFrom = Annotated[
    float, typer.Option("--warn", min=0.0, max=1.0, help="Distance from which on a column warns.")
]
FailFrom = Annotated[float, typer.Option("--fail", min=0.0, max=1.0, help="Distance from which on it fails.")]
Rate = Annotated[float, typer.Option("--q", min=0.0, max=1.0, help="Bound of the false discovery rate.")]
Share = Annotated[
    float,
    typer.Option(
        "--share",
        min=0.0,
        max=1.0,
        help="Share of the columns' weight that has to fail for the whole to fail.",
    ),
]
TimeColumn = Annotated[
    str,
    typer.Option(
        "--time", metavar="NAME", help="Column of time, for the joint comparison.", show_default=False
    ),
]
NoJoint = Annotated[bool, typer.Option("--no-joint", help="Do not compare the joint distribution.")]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="PATH",
        help="Weight columns by how much this model goes by them.",
        show_default=False,
    ),
]
Form = Annotated[DriftForm, typer.Option("-o", "--output", help="How to write it.")]


def drift(
    reference: Reference,
    current: Current,
    columns: Columns = None,
    ignore: Ignore = None,
    types: Types = None,
    warn: WarnFrom = 0.10,
    fail: FailFrom = 0.20,
    q: Rate = 0.01,
    share: Share = 0.10,
    time: TimeColumn = "",
    no_joint: NoJoint = False,
    model: Model = None,
    output: Form = DriftForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say whether two tables are alike: column by column and all together; the exit code is 1 where they are not."""
    from mlops_cli.actions.drift import drift as act
    from mlops_cli.actions.drift import settings_of
    from mlops_cli.data.machine import prepare_arrays
    from mlops_cli.render.drift import drift_summary, drift_text, drift_wire
    from mlops_cli.statistics.verdict import exit_code

    talk = console().take(directory, as_json, quiet, verbose)
    settings = settings_of(
        columns=columns or (), ignore=ignore or (), warn=warn, fail=fail, q=q, share=share, time=time,
        joint=not no_joint,
    )  # fmt: skip
    prepare_arrays()
    report = act(Path(talk.folder), reference, current, settings, types=types or (), model=model)
    if talk.as_json or output is DriftForm.JSON:
        talk.json(drift_wire(report))
    elif output is DriftForm.HTML:
        from mlops_cli.render.drift_page import drift_page

        talk.result(drift_page(report))
    else:
        talk.result(drift_text(report, output.value, width=talk.width, brief=not talk.verbose))
        if output is not DriftForm.MD:
            talk.say(drift_summary(report))
    end(exit_code(report.verdict))
