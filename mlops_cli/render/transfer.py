"""Transfers: what became of one, for people and programs; and how far one is."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.checkout import checkout_wire
from mlops_cli.render.text import seconds_text

if TYPE_CHECKING:
    from typing import TextIO

    from mlops_cli.actions.pull import PullResult
    from mlops_cli.store.transfer.flight import Tally
    from mlops_cli.store.transfer.outcome import Failure, Transfer

_SCHEMA = 1
_MOST_FAILURES = 20
_MOST_GONE = 5
_EVERY = 0.1  # seconds between two drawings of the live line
_EVERY_PLAIN = 10.0  # seconds between two lines where nothing can be drawn over


def transfer_text(result: Transfer, verb: str) -> str:
    """Return what became of a transfer in a sentence.

    Parameters
    ----------
    verb : str
        `sent` or `brought`.
    """
    where = "here" if verb == "brought" else "there"
    lines = [f"{name} was damaged, and was set aside" for name in result.repaired]
    if result.healed:
        what = "1 object was" if len(result.healed) == 1 else f"{len(result.healed):,} objects were"
        lines.append(f"{what} damaged here: set aside, and taken from {result.remote} again")
    if not result.transferred and result.good and not result.repaired:
        all_of = f" ({count_text(result.skipped)})" if result.skipped else ""
        what = "all that can be had" if result.gone else "everything"
        lines.append(f"Nothing to do: {what} is {where} already{all_of}.")
    else:
        took = f" in {seconds_text(result.seconds)}"
        skipped = f"; {count_text(result.skipped)} {where} already" if result.skipped else ""
        lines.append(
            f"{verb} {count_text(result.transferred)}, {size_text(result.bytes)},"
            f" with {result.requests:,} requests{took}{skipped}."
        )
    return "\n".join(lines) + "\n"


def failures_text(result: Transfer) -> str:
    """Return what could not be moved, and why; then what helps, each once."""
    if result.good:
        return ""
    shown = result.failed[:_MOST_FAILURES]
    lines = [f"{f.name}: {f.why}" for f in shown]
    if len(result.failed) > len(shown):
        lines.append(f"and {len(result.failed) - len(shown):,} more")
    lines += dict.fromkeys(f.hint for f in result.failed if f.hint)
    return "\n".join(lines) + "\n"


def gone_text(result: Transfer) -> str:
    """Return what of older versions cannot be had any more, and that this is no harm; empty where everything can."""
    if not result.gone:
        return ""
    names = [each.name for each in result.gone]
    shown = ", ".join(names[:_MOST_GONE])
    rest = f", and {len(names) - _MOST_GONE:,} more" if len(names) > _MOST_GONE else ""
    verb = "is" if len(names) == 1 else "are"
    return (
        f"Of older versions {count_text(len(names))} {verb} neither here nor on {result.remote}: {shown}{rest}\n"
        "Whoever still has them can send them with: mlops push --all\n"
    )


def transfer_wire(result: Transfer) -> dict[str, Any]:
    """Return the shape of `push --json` and `pull --json`."""
    return {
        "schema": _SCHEMA,
        "remote": result.remote,
        "transferred": result.transferred,
        "bytes": result.bytes,
        "requests": result.requests,
        "skipped": result.skipped,
        "failed": [_failure_wire(each) for each in result.failed],
        "repaired": list(result.repaired),
        "healed": list(result.healed),
        "gone": [_failure_wire(each) for each in result.gone],
        "seconds": round(result.seconds, 3),
    }


def _failure_wire(failure: Failure) -> dict[str, Any]:
    return {
        "path": failure.path or None,
        "version": failure.version or None,
        "digest": failure.digest,
        "message": failure.why,
        "hint": failure.hint,
    }


def pull_wire(result: PullResult) -> dict[str, Any]:
    """Return the shape of `pull --json`: that of the transfer, and what became of the workspace."""
    return transfer_wire(result.transfer) | {"checkout": checkout_wire(result.checkout)}


def count_text(count: int) -> str:
    """Return a number of objects.

    Examples
    --------
    >>> count_text(1), count_text(70000)
    ('1 object', '70,000 objects')
    """
    return "1 object" if count == 1 else f"{count:,} objects"


class TransferProgress:
    """How far a transfer is: a line that is drawn over on a terminal, a plain line now and then elsewhere.

    Parameters
    ----------
    out : text stream
        Where to draw.
    live : bool
        Whether it is a terminal.
    """

    def __init__(self, out: TextIO | None = None, *, live: bool, quiet: bool = False) -> None:
        self._out = out or sys.stderr
        self._live = live
        self._quiet = quiet
        self._next = time.monotonic() + (_EVERY if live else _EVERY_PLAIN)
        self._drawn = False
        self._lock = threading.Lock()

    def __call__(self, tally: Tally) -> None:
        """Draw, if it is time; called from any thread."""
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        with self._lock:
            if now >= self._next:
                self._next = now + (_EVERY if self._live else _EVERY_PLAIN)
                self._draw(progress_line(tally, now))

    def _draw(self, line: str) -> None:
        if self._live:
            # A line that wraps could not be drawn over.
            line = line[: shutil.get_terminal_size().columns - 1]
        with suppress(OSError, ValueError):
            self._out.write(f"\r{line}\x1b[K" if self._live else f"{line}\n")
            self._out.flush()
            self._drawn = self._live

    def close(self) -> None:
        """Remove the live line."""
        if self._drawn:
            with suppress(OSError, ValueError):
                self._out.write("\r\x1b[K")
                self._out.flush()


def progress_line(tally: Tally, now: float) -> str:
    """Return how far a transfer is, its speed and the time left.

    Parameters
    ----------
    now : float
        Seconds of the monotonic clock.
    """
    seconds = max(now - tally.began, 1e-6)
    speed = tally.bytes / seconds
    parts = [
        f"{tally.objects:,} of {max(tally.wanted_objects, tally.objects):,} objects",
        f"{size_text(tally.bytes)} of {size_text(max(tally.wanted_bytes, tally.bytes))}",
        f"{size_text(int(speed))}/s",
    ]
    left = tally.wanted_bytes - tally.bytes
    if speed > 0 and left > 0 and seconds > 1:
        rest = round(left / speed)
        parts.append(f"{seconds_text(rest) if rest >= 60 else f'{rest} s'} left")
    return " · ".join(parts)
