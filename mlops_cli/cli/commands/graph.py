"""`mlops graph`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, Quiet, Targets, Verbose


class GraphForm(StrEnum):
    """How a graph can be written."""

    TEXT = "text"
    DOT = "dot"
    MERMAID = "mermaid"


def graph(
    targets: Targets = None,
    output: Annotated[GraphForm, typer.Option("-o", "--output", help="How to write it.")] = GraphForm.TEXT,
    full: Annotated[bool, typer.Option("--full", help="Every member of a matrix on its own.")] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw which stage needs which, in the direction in which data flows."""
    from mlops_cli.actions.graph import graph as act
    from mlops_cli.render import graph as render
    from mlops_cli.render.wire import graph_wire

    talk = console().take(directory, as_json, quiet, verbose)
    with talk.open() as opened:
        result = act(opened, targets or (), full=full or talk.as_json)
    if talk.as_json:
        talk.json(graph_wire(result))
        return
    forms = {
        GraphForm.TEXT: render.graph_text,
        GraphForm.DOT: render.graph_dot,
        GraphForm.MERMAID: render.graph_mermaid,
    }
    talk.result(forms[output](result))
