"""Progress of work on files, on standard error: nothing for what is quick, then files and bytes so far.

Nobody has to read it: a pipe or a terminal that is closed meanwhile costs the progress, never the work.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self, TextIO

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.text import files_text

if TYPE_CHECKING:
    from collections.abc import Callable

_QUIET = 1.0  # seconds that go by without a word
_LIVE = 0.1  # seconds between two pictures on a terminal
_PLAIN = 10.0  # seconds between two lines elsewhere


class DataProgress:
    """Counts files and bytes; a context manager that leaves the terminal as it was.

    Parameters
    ----------
    out : text stream
        Where it is shown.
    word : str
        What is done to the files, as in `stored 3 files`.
    live : bool
        One line that is drawn over, on a terminal; else a line now and then.
    silent : bool
        Show nothing.
    """

    def __init__(
        self,
        out: TextIO,
        word: str,
        *,
        live: bool,
        silent: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._word = word
        self._live = live
        self._silent = silent
        self._clock = clock
        self._next = clock() + (_QUIET if live else _PLAIN)
        self._shown = False

    def __call__(self, files: int, size: int) -> None:
        """Take note of what is done so far."""
        if self._silent or self._clock() < self._next:
            return
        self._next = self._clock() + (_LIVE if self._live else _PLAIN)
        text = f"{self._word} {files_text(files)}, {size_text(size)}"
        self._write(f"\r{text}\x1b[K" if self._live else f"{text}\n")
        self._shown = self._live

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the live line."""
        if self._shown:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        with suppress(OSError):
            self._out.write(text)
            self._out.flush()
