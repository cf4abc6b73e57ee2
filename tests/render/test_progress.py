from __future__ import annotations

import io
import threading

import pytest

from mlops_cli.execution.events import Event, Notice, RunStarted, StageFinished, StageStarted, StageWaits
from mlops_cli.execution.outcome import Outcome
from mlops_cli.pipeline.decision import Reason
from mlops_cli.render.progress import LiveProgress, PlainProgress, SilentProgress, event_line

NEW = (Reason("new"),)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (RunStarted(frozenset("ab")), ""),
        (StageStarted("a", NEW), ""),
        (StageFinished(Outcome("a", "ran", seconds=1.5)), "a ran in 1.50 s"),
        (
            StageFinished(Outcome("a", "ran", seconds=1.5, headline="better than b")),
            "a ran in 1.50 s: better than b",
        ),
        (StageFinished(Outcome("a", "cached", seconds=0.5)), "a restored in 0.50 s"),
        (StageFinished(Outcome("a", "fresh")), ""),
        (StageFinished(Outcome("a", "skipped", message="it needs b")), ""),
        (StageFinished(Outcome("a", "failed", message="exit code 1")), "a failed"),
        (StageFinished(Outcome("a", "failed", seconds=1, message="exit code 1")), "a failed after 1.00 s"),
        (StageFinished(Outcome("a", "tainted", message="in changed")), "a tainted"),
        (StageWaits("a"), "a waits: another mlops run has it"),
        (Notice("something"), "something"),
    ],
)
def test_what_is_worth_a_line_gets_one(event: Event, line: str) -> None:
    assert event_line(event, reasons=False) == line


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (StageStarted("a", NEW), "a starts: has not run yet"),
        (StageStarted("a", NEW, restoring=True), "a is restored: has not run yet"),
    ],
)
def test_why_a_stage_starts_is_told_when_asked_for(event: Event, line: str) -> None:
    assert event_line(event, reasons=True) == line


def test_plain_progress_is_a_line_a_stage() -> None:
    out = io.StringIO()
    progress = PlainProgress(out)
    progress(StageStarted("a", NEW))
    progress(StageFinished(Outcome("a", "ran", seconds=1)))
    progress.close()
    assert out.getvalue() == "a ran in 1.00 s\n"


def test_lines_of_several_threads_do_not_mix() -> None:
    out = io.StringIO()
    progress = PlainProgress(out)

    def work(name: str) -> None:
        for _ in range(50):
            progress(Notice(name * 20))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(out.getvalue().splitlines())) == [name * 20 for name in "abcd"]


def test_silent_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = SilentProgress()
    progress(Notice("something"))
    progress.close()
    assert capsys.readouterr() == ("", "")


def test_live_progress_leaves_what_is_done_and_removes_what_runs() -> None:
    out = io.StringIO()
    progress = LiveProgress(out)
    progress(RunStarted(frozenset("ab")))
    progress(StageStarted("a", NEW))
    progress(StageStarted("b", NEW))
    progress(StageFinished(Outcome("a", "ran", seconds=1)))
    assert str(progress._line()).startswith("1 of 2 · running: b ")
    progress(StageFinished(Outcome("b", "failed", message="exit code 1")))
    assert str(progress._line()) == "2 of 2"
    progress.close()
    lines = [line for line in out.getvalue().splitlines() if line.strip()]
    assert lines == ["a ran in 1.00 s", "b failed"]


def test_stages_that_were_fresh_from_the_start_are_not_counted() -> None:
    progress = LiveProgress(io.StringIO())
    progress(RunStarted(frozenset("a")))
    progress(StageFinished(Outcome("z", "fresh")))
    line = str(progress._line())
    progress.close()
    assert line == "0 of 1"


def test_of_many_running_stages_the_live_line_names_some() -> None:
    progress = LiveProgress(io.StringIO())
    for number in range(6):
        progress(StageStarted(f"s{number}", NEW))
    line = str(progress._line())
    progress.close()
    assert "s3" in line
    assert "s4" not in line
    assert line.endswith("and 2 more")
