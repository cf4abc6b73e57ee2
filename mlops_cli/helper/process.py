"""One helper: a second process that calls functions of ours, one after the other, for whoever started it.

Threads of one Python gain little where thousands of small files are opened and made; two processes do. A helper is asked
through a pipe and ends when whoever asks ends, however that happens, because the pipe ends then.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

_PIPE = 1 << 20  # bytes that a pipe holds: an answer fits, so that the helper can go on
_PROGRAM = "mlops_cli.helper.program"
GREETING = b"mlops helper 1\n"


class Helper:
    """One helper, started when it is asked for the first time; a context manager that ends it.

    One thread at a time may ask; another one may stop it.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._alone = False

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the helper; nobody may be asking it."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent any more
                    pipe.close()

    def stop(self) -> None:
        """End the helper in the middle of what it was asked, from another thread; whoever asks gets an error."""
        if self._process is not None:
            self._process.kill()

    def ask(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Have a function called, by this process where no other can be started; return what it returns.

        Parameters
        ----------
        function : callable
            Of a module of ours; its arguments and answers are values that can be pickled.

        Raises
        ------
        DataError
            When the helper ends in the middle. What the function raises is raised, too.
        """
        if self._process is None and not self._alone:
            self._start()
        if self._process is None:
            return function(*arguments, **named)
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout, "pipes, as asked for"  # noqa: S101, PT018 - tells the type checker
        try:
            pickle.dump((function, arguments, named), stdin, pickle.HIGHEST_PROTOCOL)
            stdin.flush()
            answer, error = pickle.load(stdout)  # noqa: S301 - of a process that runs nothing but our own functions
        except BaseException as trouble:
            # What is still on its way must not be taken for the answer to the next question.
            self._process.kill()
            if isinstance(trouble, Exception):
                raise DataError("a helper process ended in the middle", hint="Do it again.") from trouble
            raise
        if error is not None:
            raise error
        result: T = answer
        return result

    def _start(self) -> None:
        """Start the helper, and see whether it is one: nothing was asked yet, so this process can still do it all itself."""
        import subprocess

        self._alone = True
        try:
            # -P: nothing that lies in the working directory is taken for a module of Python's. In a group of its own: Ctrl-C is
            # for whoever asks, who then ends the helper.
            self._process = subprocess.Popen(
                [sys.executable or "", "-P", "-m", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
        except OSError:  # no more processes, no memory, or a Python that does not know where it lies
            return
        stdout = self._process.stdout
        if stdout is None or stdout.read(len(GREETING)) != GREETING:
            # A Python that does not find this program, or is none.
            self.__exit__()
            self._process = None
        elif hasattr(fcntl, "F_SETPIPE_SZ"):
            with suppress(OSError):
                fcntl.fcntl(stdout, fcntl.F_SETPIPE_SZ, _PIPE)


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
