"""The table of commands, and the way from `sys.argv` to an exit code.

Only the command that is asked for is imported; all of them where help lists them.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
from contextlib import suppress
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Annotated

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.options import AsJson, Folder, Quiet, Verbose
from mlops_cli.cli.streams import make_streams, settle_streams, write_error, write_out

# Name and group, in the order in which help lists them; the module has the command's name, and so has its function (see
# `module_of`).
# A module of several commands has an `app` instead.
COMMANDS = {
    "init": "Start",
    "hooks": "Start",
    "run": "Pipeline",
    "status": "Pipeline",
    "graph": "Pipeline",
    "stages": "Pipeline",
    "train": "Pipeline",
    "evaluate": "Pipeline",
    "add": "Data",
    "remove": "Data",
    "checkout": "Data",
    "diff": "Data",
    "push": "Data",
    "pull": "Data",
    "fetch": "Data",
    "remote": "Data",
    "import": "Data",
    "update": "Data",
    "profile": "Data",
    "drift": "Data",
    "validate": "Data",
    "verify": "Data",
    "gc": "Data",
    "runs": "History",
    "show": "History",
    "note": "History",
    "compare": "History",
    "tried": "History",
    "lineage": "History",
    "keep": "History",
    "apply": "History",
    "sync": "History",
    "rerun": "History",
    "bisect": "History",
    "migrate": "Elsewhere",
}


def main(arguments: list[str] | None = None) -> None:
    """Run a command line and end the process with its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    make_streams()
    console().commands = COMMANDS
    sys.unraisablehook = _unraisable
    # What a command reads it keeps until it ends: looking for garbage early is in vain.
    gc.set_threshold(50_000, 20, 20)
    # Threads mostly wait for disks and networks; one that need not any more goes on after 0.1 ms instead of 5.
    sys.setswitchinterval(0.0001)
    try:
        app = build(arguments or ["--help"])
        code = typer.main.get_command(app).main(
            arguments or ["--help"], prog_name="mlops", standalone_mode=False
        )
        write_out(last=True)
    except KeyboardInterrupt:
        code = 130
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has had enough (Typer makes an exit of it); say nothing more, not even while ending.
        sys.stdout = None
        code = 141
    except Exception as error:  # noqa: BLE001 - every error ends here, and gets its exit code
        from mlops_cli.cli.exit import explain

        code = 130 if _interrupted(error) else explain(error, arguments)
    if code == 130:  # Typer, too, makes that of Ctrl-C
        write_error("mlops: stopped\n")
    settle_streams()
    gc.freeze()  # nor does Python have to look for garbage while it ends
    sys.exit(code or 0)


def _interrupted(error: BaseException | None) -> bool:
    """Whether an error came of Ctrl-C: while a pool of threads is closed in the middle of beginning one, the library stumbles."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__context__
    return False


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Send Ctrl-C once more where it came while Python was tidying up, and would get lost; tell of anything else as usual."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
        return
    # From another thread and a moment later: raised here, it would meet the same fate.
    main = threading.main_thread().ident
    again = threading.Timer(0.01, signal.pthread_kill, (main, signal.SIGINT))
    again.daemon = True
    with suppress(RuntimeError):  # Python is ending, and so is the command
        again.start()


def build(arguments: list[str]) -> typer.Typer:
    """Return the application with the command that these arguments ask for; with all where that is not plain."""
    app = typer.Typer(
        name="mlops",
        help="Turn a Git repository into an MLOps platform: pipelines, and data that is shared and verified.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_shared)
    wanted = _asked_for(arguments)
    for name, group in COMMANDS.items():
        if wanted in (None, name):
            module = import_module(f"mlops_cli.cli.commands.{module_of(name)}")
            if hasattr(module, "app"):
                app.add_typer(module.app, name=name, rich_help_panel=group)
            else:
                app.command(name, rich_help_panel=group)(getattr(module, module_of(name)))
    return app


def module_of(command: str) -> str:
    """Return what the module and the function of a command are called: as it, unless Python has that word for itself.

    Examples
    --------
    >>> module_of("run"), module_of("import")
    ('run', 'import_')
    """
    return f"{command}_" if iskeyword(command) else command


def _asked_for(arguments: list[str]) -> str | None:
    """Return the command's name, where it follows nothing but shared options."""
    rest = iter(arguments)
    for argument in rest:
        if argument in ("-C", "--directory"):
            next(rest, None)
        elif not argument.startswith("-"):
            return argument if argument in COMMANDS else None
    return None


def _version(asked: bool) -> None:
    if asked:
        from mlops_cli.version import VERSION

        print(f"mlops {VERSION}")  # noqa: T201 - this is the command line
        raise typer.Exit


def _shared(
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    version: Annotated[  # noqa: ARG001 - the callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    console().take(Path(directory) if directory else None, as_json, quiet, verbose)
