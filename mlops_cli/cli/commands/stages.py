"""`mlops stages`."""

from __future__ import annotations

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, ListForm, Output, Quiet, Targets, Verbose


def stages(
    targets: Targets = None,
    output: Output = ListForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """List the stages: what each does, needs and makes."""
    from mlops_cli.actions.stages import stages as act
    from mlops_cli.render.lists import list_text
    from mlops_cli.render.text import stages_rows
    from mlops_cli.render.wire import stages_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, targets or ())
    if talk.as_json or output is ListForm.JSON:
        talk.json(stages_wire(result))
        return
    head, rows = stages_rows(result)
    talk.result(list_text(head, rows, output.value, width=talk.width))
