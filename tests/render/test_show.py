from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlops_cli.actions.show import ShowResult
from mlops_cli.git.facts import Actor, Code
from mlops_cli.history.known import WORKSPACE, Source
from mlops_cli.history.run_event import RunEvent
from mlops_cli.history.run_record import StageRun, dump_run_record
from mlops_cli.render.show import show_text, show_wire
from mlops_cli.settings import Trigger
from tests.history.test_run_record import RECORD, STAGE
from tests.support.facts import file

NOTE = RunEvent(
    "20260201T080000000-0a1b2c3d", RECORD.id, "note", "2026-02-01T08:00:00.000Z", Actor("Bo", "b@x"), "a\nb"
)
RERUN = replace(NOTE, kind="rerun", actor=None, text="", verdict="different", stage="train")
COMMIT = Source("commit", "e" * 40, "Ana", "ana@x", 1769882340, "Better trees")


def shown(record: Any = RECORD, events: tuple[RunEvent, ...] = (), everything: bool = False) -> str:
    sources = (COMMIT, replace_time(COMMIT), Source("journal", "3c66bf3753b5"), WORKSPACE)
    result = ShowResult(record, dump_run_record(record), events, sources)
    return show_text(result, everything=everything)


def replace_time(source: Source) -> Source:
    return source._replace(name="f" * 40, subject="A later one")


def section(text: str, title: str) -> list[str]:
    """Return the lines below a title."""
    lines = text.split(f"{title}\n", 1)[1].splitlines()
    return lines[: lines.index("")] if "" in lines else lines


def test_a_run_is_told_in_full() -> None:
    text = shown()
    assert text.startswith("run      20260131T175900123-1f2e3d4c\nstatus   ok\nmessage  why\n")
    assert "by       Ada <ada@example.org>\nstarted  2026-01-31 17:59 UTC, took 2.50 s\n" in text
    assert section(text, "code") == ["  branch  main", f"  commit  {'c' * 40} with uncommitted changes"]
    assert section(text, "stages") == ["  train  ran, 1.50 s"]
    assert section(text, "parameters") == ["  a  1"]
    assert section(text, "metrics") == ["  auc  0.5"]
    assert section(text, "data")[0].startswith("  d  read  b3:")
    assert section(text, "environment")[:2] == [
        "  python           3.12.1",
        "  platform         Linux-6-x86_64",
    ]


def test_where_it_is_kept_names_the_commit_that_brought_it() -> None:
    assert section(shown(), "kept in") == [
        "  commit eeeeeeeeee of Ana, 2026-01-31 17:59 UTC: Better trees",
        "  the journal 3c66bf3753b5",
        "  the workspace",
    ]


def test_a_snapshot_and_what_it_leaves_out_are_named() -> None:
    record = replace(
        RECORD,
        code=Code("c" * 40, "d" * 40, None, dirty=True, snapshot="5" * 40),
        left_out=({"path": "big.bin", "why": "too large", "size": 2048},),
        trigger=Trigger("ci", "https://ci.example/1"),
        experiment={"sweep": "s1", "set": {"a": 1}},
    )
    text = shown(record)
    assert f"snapshot  {'5' * 40}; see the changes with: git diff cccccccccc 5555555555" in text
    assert "left out  big.bin (too large, 2.0 KiB)" in text
    assert "branch    none (detached HEAD)" in text
    assert "trigger           ci https://ci.example/1" in text
    assert "experiment set    a=1" in text


def test_an_output_that_a_later_stage_reads_is_told_once() -> None:
    first = StageRun("prepare", "ran", outs={"mid": file("m")})
    second = StageRun("train", "ran", deps={"mid": file("m"), "raw": file("r")}, outs={"out": file("o")})
    rows = [line.split()[:2] for line in section(shown(replace(RECORD, stages=(first, second))), "data")]
    assert rows == [["raw", "read"], ["mid", "made"], ["out", "made"]]


def test_many_fresh_stages_are_folded() -> None:
    stages = (STAGE, *(StageRun(f"s{n}", "fresh") for n in range(9)))
    record = replace(RECORD, stages=stages)
    assert section(shown(record), "stages")[-1].strip() == "and 9 stages fresh; see them with -v"
    assert len(section(shown(record, everything=True), "stages")) == 10


def test_why_a_stage_failed_is_said_once() -> None:
    stages = (replace(STAGE, status="failed", exit_code=3, message="exit code 3"),)
    assert section(shown(replace(RECORD, stages=stages)), "stages") == [
        "  train  failed, 1.50 s, exit code 3"
    ]


def test_notes_and_verdicts_stand_at_the_end_line_for_line() -> None:
    text = shown(events=(replace(NOTE, outcome="rejected"), RERUN))
    assert section(text, "notes and verdicts") == [
        "  2026-02-01 08:00  Bo  rejected: a",
        "                        b",
        "  2026-02-01 08:00      rerun different: from train on",
    ]


def test_what_would_steer_a_terminal_is_spelled_out() -> None:
    text = shown(replace(RECORD, message="a\x1b[2Jb"), (replace(NOTE, text="\x07"),))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_json_is_the_record_and_its_events() -> None:
    result = ShowResult(RECORD, dump_run_record(RECORD), (NOTE,), ())
    wire = show_wire(result)
    assert wire["id"] == RECORD.id
    assert wire["params"] == {"a": 1}
    assert [event["text"] for event in wire["events"]] == ["a\nb"]
