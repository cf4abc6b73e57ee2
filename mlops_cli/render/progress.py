"""Progress of a run, on standard error: one live line on a terminal, a plain line a stage elsewhere.

Nobody has to read it: a pipe or a terminal that is closed meanwhile costs the progress, never the run.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TextIO

from mlops_cli.execution.events import Event, Notice, RunStarted, StageFinished, StageStarted, StageWaits
from mlops_cli.render.text import reasons_text, seconds_text

if TYPE_CHECKING:
    from rich.text import Text

    from mlops_cli.execution.outcome import Outcome


class Progress(Protocol):
    """Shows events; closed when the run is over."""

    def __call__(self, event: Event) -> None:
        """Take one event, from any thread."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class SilentProgress:
    """For `--quiet`: says nothing."""

    def __call__(self, event: Event) -> None:
        """Take no notice."""

    def close(self) -> None:
        """Do nothing."""


class PlainProgress:
    """A line a stage.

    Parameters
    ----------
    out : text stream
        Where lines go.
    reasons : bool
        Also say why each stage starts.
    """

    def __init__(self, out: TextIO, *, reasons: bool = False) -> None:
        self._out = out
        self._reasons = reasons
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Write a line for what is worth one."""
        line = event_line(event, reasons=self._reasons)
        if line:
            with self._lock, suppress(OSError):
                self._out.write(line + "\n")
                self._out.flush()

    def close(self) -> None:
        """Do nothing: every line is out."""


class LiveProgress:
    """What runs at this moment in one line that is drawn over, what is done in lines above it.

    Parameters
    ----------
    out : text stream
        A terminal.
    """

    def __init__(self, out: TextIO, *, reasons: bool = False) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=out, highlight=False)
        self._reasons = reasons
        self._lock = threading.Lock()
        self._running: dict[str, float] = {}
        self._wanted: frozenset[str] = frozenset()
        self._done = 0
        self._live = Live(
            console=self._console, refresh_per_second=8, transient=True, get_renderable=self._line
        )
        self._live.start()

    def __call__(self, event: Event) -> None:
        """Draw an event."""
        with self._lock:
            if isinstance(event, RunStarted):
                self._wanted = event.stages
            elif isinstance(event, StageStarted):
                self._running[event.stage] = time.monotonic()
            elif isinstance(event, StageFinished):
                self._running.pop(event.outcome.stage, None)
                self._done += event.outcome.stage in self._wanted
        line = event_line(event, reasons=self._reasons)
        if line:
            from rich.text import Text

            with suppress(OSError):
                self._live.console.print(Text(line, style=_style(event)))

    def close(self) -> None:
        """Remove the live line."""
        with suppress(OSError):
            self._live.stop()

    def _line(self) -> Text:
        from rich.text import Text

        with self._lock:
            running = dict(self._running)
            done = self._done
        now = time.monotonic()
        names = ", ".join(f"{name} {seconds_text(now - since)}" for name, since in list(running.items())[:4])
        more = f" and {len(running) - 4} more" if len(running) > 4 else ""
        return Text(
            f"{done} of {len(self._wanted)}" + (f" · running: {names}{more}" if running else ""),
            style="dim",
            no_wrap=True,
            overflow="ellipsis",
        )


def event_line(event: Event, *, reasons: bool) -> str:
    """Return the line that an event is worth; empty for none."""
    if isinstance(event, StageStarted):
        if not reasons:
            return ""
        return (
            f"{event.stage} {'is restored' if event.restoring else 'starts'}: {reasons_text(event.reasons)}"
        )
    if isinstance(event, StageFinished):
        return _outcome_line(event.outcome)
    if isinstance(event, StageWaits):
        return f"{event.stage} waits: another mlops run has it"
    return event.text if isinstance(event, Notice) else ""


def _outcome_line(outcome: Outcome) -> str:
    if outcome.status in ("ran", "cached"):
        word = "ran" if outcome.status == "ran" else "restored"
        found = f": {outcome.headline}" if outcome.headline else ""
        return f"{outcome.stage} {word} in {seconds_text(outcome.seconds)}{found}"
    if outcome.status in ("failed", "tainted"):  # why is told once, when the run ends
        after = f" after {seconds_text(outcome.seconds)}" if outcome.seconds else ""
        return f"{outcome.stage} {outcome.status}{after}"
    return ""


def _style(event: Event) -> str:
    if isinstance(event, StageFinished):
        return {"failed": "red", "tainted": "yellow", "ran": "green"}.get(event.outcome.status, "")
    return "yellow" if isinstance(event, Notice | StageWaits) else ""
