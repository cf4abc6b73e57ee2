"""`mlops migrate`, a group of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose

app = typer.Typer(help="Come over from another tool.")


@app.callback()
def _group() -> None:
    """Come over from another tool."""


@app.command("dvc")
def dvc(
    dry_run: Annotated[
        bool, typer.Option("-n", "--dry-run", help="Say what would be done, and write nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a mlops.yaml and records that say something else.")
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Come over from DVC: pipelines, tracked data, remotes and what its cache holds. Its files stay as they are."""
    from mlops_cli.actions.migrate import migrate_dvc
    from mlops_cli.settings import read_environment

    talk = console().take(directory, as_json, quiet, verbose)
    result = migrate_dvc(talk.folder, read_environment(), force=force, dry=dry_run)
    if talk.as_json:
        from mlops_cli.render.migrate import migrate_wire

        talk.json(migrate_wire(result))
    else:
        from mlops_cli.render.migrate import migrate_text

        talk.result(migrate_text(result, everything=talk.verbose))
    end(5 if result.damaged else 0)
