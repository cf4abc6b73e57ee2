"""From an error to its message, its hint and its exit code; from a bug to a report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from mlops_cli.cli.console import console
from mlops_cli.cli.streams import write_out
from mlops_cli.errors import DataError, MlopsError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

BUG = 70


def explain(error: Exception, arguments: list[str]) -> int:
    """Show any error as what it is: ours to explain, the machine's, or a bug; return the exit code.

    Parameters
    ----------
    arguments : list of str
        The command line, for an error that comes before it was read.
    """
    if isinstance(error, MlopsError):
        return show_error(error)
    if isinstance(error, typer.TyperException):
        console().as_json = console().as_json or "--json" in arguments
        hint = f"See what there is with: {_command_of(error)} --help"
        return show_error(UsageError(error.format_message().rstrip("."), hint=hint))
    if isinstance(error, OSError):
        name = error.filename2 or error.filename
        place = f"{name}: " if name else ""
        return show_error(DataError(f"{place}{error.strerror or error}"))
    return show_bug(error)


def _command_of(error: typer.TyperException) -> str:
    """Return the command whose options were misused, as far as it was found."""
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context is not None else "mlops"


def show_error(error: MlopsError) -> int:
    """Show an error; return its exit code."""
    from mlops_cli.formats.problems import DefinitionError

    if console().as_json:
        from mlops_cli.render.wire import error_wire

        try:
            console().json(error_wire(error))
            write_out(last=True)
        except (DataError, BrokenPipeError):
            pass  # then it is told like any other
        else:
            return error.exit_code
    lines = [f"mlops: {error.message}", *([error.hint] if error.hint else [])]
    if isinstance(error, DefinitionError):
        lines = [*map(str, error.problems), *lines]
    console().fail("".join(f"{line}\n" for line in lines))
    return error.exit_code


def show_bug(error: BaseException) -> int:
    """Save a report of an error that is ours, and say how to send it; return the exit code."""
    path = _save_report(error)
    console().fail(f"mlops: this is a bug of ours: {type(error).__name__}: {error}\n")
    if path:
        console().fail(
            f"A report is in {path}; please look through it and send it with a new issue of the project.\n"
        )
    return BUG


def _save_report(error: BaseException) -> Path | None:
    import platform
    import tempfile
    import traceback
    from pathlib import Path

    from mlops_cli.formats.redact import redact
    from mlops_cli.version import VERSION

    lines = [
        f"mlops {VERSION}, Python {platform.python_version()}, {platform.platform()}",
        redact(" ".join(sys.argv)),
        "",
        *traceback.format_exception(error),
    ]
    try:
        descriptor, name = tempfile.mkstemp(prefix="mlops-report-", suffix=".txt")
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write("\n".join(lines))
    except OSError:
        return None
    return Path(name)
