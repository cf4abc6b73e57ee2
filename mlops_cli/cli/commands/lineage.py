"""`mlops lineage`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from mlops_cli.cli.console import Console, console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, RemoteName, Verbose
from mlops_cli.errors import UsageError

if TYPE_CHECKING:
    from mlops_cli.actions.lineage import LineageResult
    from mlops_cli.opened import Opened
    from mlops_cli.tracking.lineage_departed import Departed


class LineageForm(StrEnum):
    """How a lineage can be written."""

    TREE = "tree"
    JSON = "json"
    DOT = "dot"
    MERMAID = "mermaid"
    HTML = "html"


def lineage(
    refs: Annotated[
        list[str],
        typer.Argument(
            metavar="REF [REF]",
            help="A path, digest, run, commit or model; with --down also a parameter: params.yaml:train.depth=8. Two for --diff.",
            show_default=False,
        ),
    ],
    down: Annotated[bool, typer.Option("--down", help="What came of it, instead of what made it.")] = False,
    chain: Annotated[
        bool, typer.Option("--chain", help="From which models it descends, and what each generation changed.")
    ] = False,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="What differs between how two were made, the likeliest cause first."),
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Prove it: records, inputs, commits and signatures.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="DATE|REV", help="As it was then.", show_default=False),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(
            "--depth",
            metavar="N",
            min=0,
            help="Go this many executions, not all the way.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        LineageForm, typer.Option("-o", "--output", help="How to write it.")
    ] = LineageForm.TREE,
    remote: RemoteName = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show what made an artifact, or what came of it, as history proves it."""
    talk = console().take(directory, as_json or output is LineageForm.JSON, quiet, verbose)
    _check(
        refs, {"--down": down, "--chain": chain, "--diff": diff, "--verify": verify}, depth, output, remote
    )
    with talk.open() as opened:
        if verify:
            _verify(talk, opened, refs[0], at, remote)
        elif chain or diff:
            _table(talk, opened, refs, at, chain=chain)
        else:
            from mlops_cli.actions.lineage import lineage as act

            _graph(talk, act(opened, refs[0], down=down, at=at, depth=depth), output)


def _check(
    refs: list[str], kinds: dict[str, bool], depth: int | None, output: LineageForm, remote: str | None
) -> None:
    """Refuse what does not go together.

    Raises
    ------
    UsageError
        When it does not.
    """
    chosen = [name for name, is_chosen in kinds.items() if is_chosen]
    alone = [name for name in chosen if name != "--down"]
    hint = "See what there is with: mlops lineage --help"
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} do not go together", hint=hint)
    if len(refs) != (2 if "--diff" in chosen else 1):
        wanted = "--diff compares two" if "--diff" in chosen else "one REF is asked about at a time"
        raise UsageError(f"{wanted}, and {len(refs)} were given", hint=hint)
    if alone and depth is not None:
        raise UsageError(f"{alone[0]} goes all the way, so --depth has no place there", hint=hint)
    if alone and output not in (LineageForm.TREE, LineageForm.JSON):
        raise UsageError(f"{alone[0]} is not drawn, so -o {output.value} has no place there", hint=hint)
    if remote is not None and "--verify" not in chosen:
        raise UsageError("a remote is asked by --verify only", hint=hint)


def _graph(talk: Console, result: LineageResult, output: LineageForm) -> None:
    _tell(talk, result.departed)
    if talk.as_json:
        from mlops_cli.render.lineage import lineage_wire

        talk.json(lineage_wire(result))
    elif output is LineageForm.HTML:
        from mlops_cli.render.lineage_page import lineage_page

        talk.result(lineage_page(result))
    elif output is LineageForm.TREE:
        from mlops_cli.render.lineage import lineage_tree

        talk.result(lineage_tree(result, everything=talk.verbose))
    else:
        _diagram(talk, result, output)
    end(talk.incomplete(result.incomplete))


def _diagram(talk: Console, result: LineageResult, output: LineageForm) -> None:
    from mlops_cli.render.lineage_forms import lineage_dot, lineage_mermaid

    if output is LineageForm.DOT:
        talk.result(lineage_dot(result.graph))
        return
    text, said = lineage_mermaid(result.graph)
    talk.result(text)
    for row in said:
        talk.say(f"mlops: for what hosting sites draw: {row}; all of it with -o html or -o dot\n")


def _tell(talk: Console, rows: tuple[Departed, ...]) -> None:
    """Say beside an answer that it is not about the bytes that lie here; JSON has it in itself."""
    if rows and not talk.as_json:
        from mlops_cli.render.lineage_facts import departed_text

        talk.say(departed_text(rows))


def _table(talk: Console, opened: Opened, refs: list[str], at: str | None, *, chain: bool) -> None:
    from mlops_cli.actions.lineage import lineage_chain, lineage_diff
    from mlops_cli.render import lineage_tables as render

    if chain:
        line = lineage_chain(opened, refs[0], at=at)
        _tell(talk, line.departed)
        talk.json(render.chain_wire(line)) if talk.as_json else talk.result(render.chain_text(line))
        incomplete = line.incomplete
    else:
        found = lineage_diff(opened, refs[0], refs[1], at=at)
        _tell(talk, found.departed)
        if talk.as_json:
            talk.json(render.differences_wire(found))
        else:
            talk.result(render.differences_text(found, width=talk.width))
        incomplete = found.incomplete
    end(talk.incomplete(incomplete))


def _verify(talk: Console, opened: Opened, ref: str, at: str | None, remote: str | None) -> None:
    from mlops_cli.actions.lineage_verify import lineage_verify
    from mlops_cli.render.lineage_proof import proof_text, proof_wire

    with talk.data_progress("read", plain=opened.environment.plain) as progress:
        result = lineage_verify(opened, ref, at=at, remote=remote, listen=progress)
    if talk.as_json:
        talk.json(proof_wire(result))
    else:
        talk.result(proof_text(result, everything=talk.verbose))
    code = talk.incomplete(result.incomplete)
    end(code if result.good else 5)
