from __future__ import annotations

import threading
from io import StringIO

import pytest

from mlops_cli.render.transfer import (
    TransferProgress,
    failures_text,
    gone_text,
    progress_line,
    transfer_text,
    transfer_wire,
)
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.store.transfer.outcome import Failure, Transfer

DONE = Transfer("r", 3, 2048, 7, 0, (), 1.5)


def moving(objects: int, size: int, wanted: int, wanted_size: int) -> Tally:
    return Tally(objects=objects, bytes=size, wanted_objects=wanted, wanted_bytes=wanted_size, began=100.0)


def test_a_line_has_objects_bytes_speed_and_time_left() -> None:
    line = progress_line(moving(3, 10 << 20, 9, 40 << 20), 110.0)
    assert line == "3 of 9 objects · 10.0 MiB of 40.0 MiB · 1.0 MiB/s · 30 s left"


def test_a_long_time_left_is_in_minutes() -> None:
    assert progress_line(moving(3, 1 << 20, 9, 1 << 30), 102.0).endswith(" · 34 min 6 s left")


@pytest.mark.parametrize("tally", [moving(0, 0, 0, 0), moving(3, 5, 0, 0), moving(0, 0, 5, 5)])
def test_a_line_about_little_says_nothing_odd(tally: Tally) -> None:
    line = progress_line(tally, 100.0)
    assert "left" not in line
    assert "-" not in line


def drawn(tally: Tally, *, live: bool, quiet: bool = False) -> str:
    out = StringIO()
    progress = TransferProgress(out, live=live, quiet=quiet)
    progress._next = 0.0
    progress(tally)
    progress(tally)  # too soon
    progress.close()
    return out.getvalue()


def test_a_live_line_is_drawn_over_and_removed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    text = drawn(moving(3, 10, 9, 40), live=True)
    assert text.startswith("\r3 of 9 objects")
    assert text.endswith("\x1b[K\r\x1b[K")
    assert "\n" not in text


def test_a_live_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    first = drawn(moving(3, 10, 9, 40), live=True).split("\x1b[K")[0]
    assert len(first.removeprefix("\r")) == 29


def test_elsewhere_there_are_whole_lines_and_nothing_to_remove() -> None:
    text = drawn(moving(3, 10, 9, 40), live=False)
    assert text.count("\n") == 1
    assert "\r" not in text
    assert "\x1b" not in text


def test_quiet_is_quiet() -> None:
    assert drawn(moving(3, 10, 9, 40), live=True, quiet=True) == ""


def test_threads_do_not_draw_at_once() -> None:
    out = StringIO()
    progress = TransferProgress(out, live=False)
    progress._next = 0.0
    tally = Tally(listen=progress)
    threads = [threading.Thread(target=tally.moved, args=(1, 1)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert out.getvalue().count("\n") == 1


def test_a_terminal_that_is_gone_costs_nothing_but_the_line() -> None:
    out = StringIO()
    progress = TransferProgress(out, live=True)
    progress._next = 0.0
    out.close()
    progress(moving(1, 1, 1, 1))
    progress.close()


def test_what_became_of_a_transfer_is_a_sentence() -> None:
    assert transfer_text(DONE, "sent") == "sent 3 objects, 2.0 KiB, with 7 requests in 1.50 s.\n"
    nothing = Transfer("r", 0, 0, 2, 5, (), 0.1)
    assert transfer_text(nothing, "sent") == "Nothing to do: everything is there already (5 objects).\n"
    assert transfer_text(nothing, "brought") == "Nothing to do: everything is here already (5 objects).\n"


def test_what_was_damaged_here_and_came_again_is_said_in_one_line() -> None:
    healed = Transfer("r", 2, 2048, 7, 0, (), 1.5, healed=("b3:0", "b3:1"))
    first, second = transfer_text(healed, "brought").splitlines()
    assert first == "2 objects were damaged here: set aside, and taken from r again"
    assert second.startswith("brought 2 objects")


def test_what_failed_is_named_and_very_many_are_counted() -> None:
    failed = tuple(Failure(f"p{n}" if n else "", f"b3:{n}", "gone") for n in range(25))
    text = failures_text(Transfer("r", 0, 0, 2, 5, failed, 0.1))
    assert text.startswith("b3:0: gone\np1: gone\n")
    assert text.endswith("and 5 more\n")
    assert failures_text(DONE) == ""


def test_what_of_older_versions_cannot_be_had_is_told_in_two_lines() -> None:
    lost = tuple(Failure(f"p{n}", f"b3:{n}", "nowhere", version="1a2b3c4") for n in range(7))
    result = Transfer("r", 0, 0, 2, 5, (), 0.1, gone=lost)
    first, second = gone_text(result).splitlines()
    assert first.startswith("Of older versions 7 objects are neither here nor on r: p0@1a2b3c4, p1@1a2b3c4, ")
    assert first.endswith(", and 2 more")
    assert second.endswith("mlops push --all")
    assert gone_text(DONE) == ""
    nothing = "Nothing to do: all that can be had is there already (5 objects).\n"
    assert transfer_text(result, "sent") == nothing


def test_the_shape_for_programs() -> None:
    wire = transfer_wire(Transfer("r", 1, 2, 3, 4, (Failure("", "b3:0", "gone"),), 0.12345, ("packs/x",)))
    assert wire == {
        "schema": 1,
        "remote": "r",
        "transferred": 1,
        "bytes": 2,
        "requests": 3,
        "skipped": 4,
        "failed": [{"path": None, "version": None, "digest": "b3:0", "message": "gone", "hint": ""}],
        "repaired": ["packs/x"],
        "healed": [],
        "gone": [],
        "seconds": 0.123,
    }
