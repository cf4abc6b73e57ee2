"""Commands of this tool started as children: each in a session of its own, stopped as Ctrl-C would stop it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Ended(NamedTuple):
    """How a child ended.

    Parameters
    ----------
    code : int
        Its exit code; negative for the number of the signal that ended it.
    out : str
        What it printed.
    complaints : tuple of str
        The last lines that it said on standard error.
    """

    code: int
    out: str
    complaints: tuple[str, ...] = ()


class Children:
    """Children that can be stopped together, from another thread; nothing new starts afterwards."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alive: dict[int, subprocess.Popen[str]] = {}
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def run(
        self,
        program: Sequence[str],
        *,
        folder: str,
        variables: Mapping[str, str],
        keep: tuple[int, ...] = (),
        listen: Callable[[str], None] = lambda _: None,
    ) -> Ended:
        """Start a child and wait for its end.

        Parameters
        ----------
        folder : str
            Working directory.
        keep : tuple of int
            File descriptors that the child keeps open: a lock held through one lasts as long as the child.
        listen : callable
            Told each line of standard error, while the child runs.
        """
        with self._lock:
            if self._stopping:
                return Ended(-signal.SIGINT, "")
            child = subprocess.Popen(
                list(program),
                cwd=folder,
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
                pass_fds=keep,
            )
            self._alive[child.pid] = child
        printed: list[str] = []
        reader = threading.Thread(target=_read, args=(child, printed), daemon=True)
        reader.start()
        complaints: list[str] = []
        try:
            for line in child.stderr or ():
                complaints = [*complaints[-49:], line.rstrip("\n")]
                listen(complaints[-1])
            reader.join()
            code = child.wait()
        finally:
            with self._lock:
                self._alive.pop(child.pid, None)
        return Ended(code, "".join(printed), tuple(complaints))

    def stop(self) -> None:
        """Ask every child to end, as Ctrl-C does; they keep what is done and end what they started."""
        self._send(signal.SIGINT)

    def kill(self) -> None:
        """End every child at once; what they started may live on."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        with self._lock:
            self._stopping = True
            for pid in self._alive:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)


def _read(child: subprocess.Popen[str], printed: list[str]) -> None:
    if child.stdout is not None:
        printed.append(child.stdout.read())
