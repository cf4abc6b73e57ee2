"""`mlops hooks`, a group of commands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.cli.console import Console

app = typer.Typer(
    help="Let Git keep data and records together: check out, check and push with Git's own commands."
)


@app.command("install")
def install(
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Take out what was installed; the rest of each hook stays.")
    ] = False,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Install the Git hooks post-checkout, post-merge, pre-commit and pre-push; what is in them already stays."""
    from mlops_cli.actions.hooks import install as act
    from mlops_cli.actions.hooks import uninstall as undo
    from mlops_cli.render.hooks import hooks_text, hooks_wire

    talk = console().take(directory, as_json, quiet, verbose)
    result = undo(talk.folder) if uninstall else act(talk.folder)
    if talk.as_json:
        talk.json(hooks_wire(result))
    else:
        talk.result(hooks_text(result))


@app.command("run", context_settings={"ignore_unknown_options": True})
def run(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="post-checkout, post-merge, pre-commit or pre-push.")
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ARGUMENT]...", help="As Git gives them to the hook.", show_default=False),
    ] = None,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Do what a hook does; the installed hooks call this, and so may hooks of your own."""
    from mlops_cli.actions.hooks import check_name

    talk = console().take(directory, as_json, quiet, verbose)
    check_name(name)
    if name == "pre-commit":
        _before_commit(talk)
    elif name == "pre-push":
        _before_push(talk, arguments or ())
    else:
        _after_move(talk, name, arguments or ())


def _after_move(talk: Console, name: str, arguments: Sequence[str]) -> None:
    """Bring the data; whatever comes of it, Git's work is done, so this never fails."""
    from mlops_cli.actions.hooks import after_move
    from mlops_cli.render.hooks import agreed_text, agreed_wire

    with talk.data_progress("placed", plain=True) as progress:
        found = after_move(talk.folder, name, list(arguments), progress)
    if talk.as_json:
        talk.json(agreed_wire(name, found))
    else:
        talk.say(agreed_text(found))


def _before_commit(talk: Console) -> None:
    from mlops_cli.actions.hooks import before_commit
    from mlops_cli.render.hooks import objections_text, objections_wire

    objections = before_commit(talk.folder)
    if talk.as_json:
        talk.json(objections_wire(objections))
    else:
        talk.fail(objections_text(objections))
    end(1 if objections else 0)


def _before_push(talk: Console, arguments: Sequence[str]) -> None:
    from mlops_cli.actions.hooks_push import before_push
    from mlops_cli.actions.push import push
    from mlops_cli.opened import open_folder
    from mlops_cli.render.hooks import pushed_wire, stopped_push_text
    from mlops_cli.render.transfer import failures_text, gone_text, transfer_text

    pushed = []
    try:
        for prefix, folder, commits in before_push(talk.folder, "".join(arguments[:1]), _given()):
            with open_folder(folder) as opened, talk.transfer(plain=opened.environment.plain) as progress:
                result = push(opened, pushed=commits, listen=progress)
            pushed.append((prefix, result))
            talk.say(gone_text(result))
            if not result.good:
                break
            if result.transferred:
                talk.say(f"mlops: {transfer_text(result, 'sent')}")
    except Exception:
        talk.fail(stopped_push_text())
        raise
    if not all(result.good for _, result in pushed):
        talk.fail(failures_text(pushed[-1][1]) + stopped_push_text())
    if talk.as_json:
        talk.json(pushed_wire(pushed))
    end(0 if all(result.good for _, result in pushed) else 5)


def _given() -> str:
    """Return what Git tells a hook on standard input; nothing where a person typed the command."""
    stream = sys.stdin
    return "" if stream is None or stream.isatty() else stream.buffer.read().decode(errors="surrogateescape")
