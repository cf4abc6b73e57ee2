from __future__ import annotations

import io

from mlops_cli.render.data_progress import DataProgress


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(*, live: bool, silent: bool = False) -> tuple[DataProgress, io.StringIO, Clock]:
    out, clock = io.StringIO(), Clock()
    return DataProgress(out, "stored", live=live, silent=silent, clock=clock), out, clock


def test_quick_work_goes_by_without_a_word() -> None:
    progress, out, clock = shown(live=True)
    with progress:
        clock.now = 0.9
        progress(1, 1)
    assert out.getvalue() == ""


def test_a_terminal_has_one_line_that_is_drawn_over_and_gone_at_the_end() -> None:
    progress, out, clock = shown(live=True)
    with progress:
        for now in (1.1, 1.15, 1.3):
            clock.now = now
            progress(int(now * 100), 2048)
    assert out.getvalue() == "\rstored 110 files, 2.0 KiB\x1b[K\rstored 130 files, 2.0 KiB\x1b[K\r\x1b[K"


def test_elsewhere_a_line_stands_now_and_then() -> None:
    progress, out, clock = shown(live=False)
    with progress:
        for now in (5.0, 11.0, 12.0, 22.0):
            clock.now = now
            progress(int(now), 0)
    assert out.getvalue() == "stored 11 files, 0 bytes\nstored 22 files, 0 bytes\n"


def test_silence_is_silence() -> None:
    progress, out, clock = shown(live=True, silent=True)
    with progress:
        clock.now = 99
        progress(1, 1)
    assert out.getvalue() == ""


def test_a_closed_terminal_stops_nothing() -> None:
    progress, out, clock = shown(live=True)
    out.write = lambda _: (_ for _ in ()).throw(BrokenPipeError())  # type: ignore[method-assign]
    with progress:
        clock.now = 2
        progress(1, 1)
