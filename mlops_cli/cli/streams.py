"""The three streams of the process: there from the beginning, and harmless at the end, whatever they lead to."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper

from mlops_cli.errors import DataError


def make_streams() -> None:
    """Put nothing in the place of streams that are closed, and make the others take any name.

    A file that is opened later would else get the number of a closed stream, and with it what programs print.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(descriptor, True)  # the programs of stages have it, too
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0, "r", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name that the terminal cannot show is no reason to end
            stream.reconfigure(errors="backslashreplace")


def write_out(text: str = "", *, last: bool = False) -> None:
    """Print on standard output.

    Parameters
    ----------
    last : bool
        See that all of it arrives.

    Raises
    ------
    DataError
        When it takes no more, as on a full disk.
    BrokenPipeError
        When whoever read it has gone.
    """
    try:
        sys.stdout.write(text)
        if last:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DataError(f"the result cannot be written to standard output: {error.strerror}") from error


def write_error(text: str) -> None:
    """Print on standard error. Nobody has to read it: where it takes no more, the command goes on."""
    with suppress(OSError):
        sys.stderr.write(text)


def settle_streams() -> None:
    """Write what is left, and let go of a stream that does not take it: Python, too, writes at its end, and complains."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:  # nobody reads it any more
            continue
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):
                nothing = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nothing, stream.fileno())
                os.close(nothing)
