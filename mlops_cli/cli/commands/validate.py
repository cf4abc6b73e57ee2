"""`mlops validate`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, ListForm, Output, Quiet, Verbose
from mlops_cli.errors import UsageError

Table = Annotated[
    str,
    typer.Argument(metavar="PATH", help="The table: a file, a folder of parts, or an address."),
]
Schema = Annotated[
    str,
    typer.Option("--schema", metavar="FILE", help="What the table should hold.", show_default=False),
]
Against = Annotated[
    str,
    typer.Option(
        "--against", metavar="TABLE|PROFILE", help="What the table should be like.", show_default=False
    ),
]
Raw = Annotated[
    str,
    typer.Option("--raw", metavar="PATH", help="The table before it was transformed.", show_default=False),
]
Train = Annotated[
    str,
    typer.Option("--train", metavar="PATH", help="The table that a model learns from.", show_default=False),
]
Target = Annotated[
    str,
    typer.Option(
        "--target",
        metavar="COL",
        help="What is learnt: no other column may give it away.",
        show_default=False,
    ),
]
Key = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="COL",
        help="A column that names a row, together with others that are given.",
        show_default=False,
    ),
]
Fresh = Annotated[
    str,
    typer.Option(
        "--fresh", metavar="AGE", help="How old the newest row may be, such as 2d.", show_default=False
    ),
]
TimeColumn = Annotated[
    str, typer.Option("--time", metavar="COL", help="When a row is from.", show_default=False)
]
Infer = Annotated[
    bool,
    typer.Option("--infer", help="Make a schema file out of PATH instead; print it without --schema."),
]
Force = Annotated[bool, typer.Option("--force", help="With --infer: write over the file.")]


def validate(
    path: Table,
    schema: Schema = "",
    against: Against = "",
    raw: Raw = "",
    train: Train = "",
    target: Target = "",
    key: Key = None,
    fresh: Fresh = "",
    time: TimeColumn = "",
    infer: Infer = False,
    force: Force = False,
    output: Output = ListForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Find what is silently wrong with a table; the exit code is 1 where it fails."""
    from mlops_cli.actions.validate import validate as act
    from mlops_cli.data.checks.request import Request
    from mlops_cli.data.machine import prepare_arrays
    from mlops_cli.formats.quantities import read_duration
    from mlops_cli.render.validate import validate_summary, validate_text, validate_wire

    talk = console().take(directory, as_json, quiet, verbose)
    in_json = talk.as_json or output is ListForm.JSON
    if infer:
        _alone(
            {
                "--against": against,
                "--raw": raw,
                "--train": train,
                "--target": target,
                "--key": key,
                "--fresh": fresh,
                "--time": time,
            }
        )
        _infer(path, schema, force=force, in_json=in_json)
        return
    if force:
        raise UsageError("--force belongs to --infer")
    seconds = read_duration(fresh) if fresh else None
    if fresh and seconds is None:
        raise UsageError(f"--fresh takes an age such as 6h or 2d, not {fresh}")
    request = Request(path, schema, against, raw, train, target, tuple(key or ()), time, seconds)
    prepare_arrays()
    result = act(talk.folder, request)
    if in_json:
        talk.json(validate_wire(result))
    else:
        talk.result(validate_text(result, output.value, width=talk.width))
        talk.say(validate_summary(result, everything=talk.verbose))
    end(result.exit_code)


def _alone(others: dict[str, object]) -> None:
    given = [option for option, value in others.items() if value]
    if given:
        raise UsageError(
            f"--infer makes a schema file out of PATH alone, and takes no {', '.join(given)}",
            hint="Make the file first, then validate with it: mlops validate PATH --schema FILE",
        )


def _infer(path: str, schema: str, *, force: bool, in_json: bool) -> None:
    from mlops_cli.actions.validate import infer as act
    from mlops_cli.data.machine import prepare_arrays
    from mlops_cli.render.validate import infer_notice, infer_text, infer_wire

    talk = console()
    prepare_arrays()
    result = act(talk.folder, path, schema, force=force)
    if in_json:
        talk.json(infer_wire(result))
    else:
        talk.result(infer_text(result))
    talk.say(infer_notice(result))
