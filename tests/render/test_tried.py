from __future__ import annotations

from mlops_cli.actions.tried import TriedResult
from mlops_cli.git.facts import Actor
from mlops_cli.history.conditions import read_conditions
from mlops_cli.history.run_event import RunEvent
from mlops_cli.history.tried import search
from mlops_cli.render.tried import tried_rows, tried_summary, tried_text, tried_wire
from tests.support.attempts import known_run

RUNS = [
    known_run(1, {"depth": 4}, {"auc": 0.9, "rows": 5}, message="first"),
    known_run(2, {"depth": 8}, {"auc": 0.7}, status="failed", dirty=True, outcome="rejected", notes=1),
    known_run(3, {"depth": 6}, {"auc": 0.8}),
]
NOTE = RunEvent("e", RUNS[1].id, "note", "2026-01-02T00:00:00.000Z", Actor("Bo", ""), "too deep", "rejected")


def result(*conditions: str, shown: int | None = None, hints: tuple[str, ...] = ()) -> TriedResult:
    found = search(RUNS[::-1], read_conditions(conditions))
    return TriedResult(
        tried=found,
        params=("depth",),
        searched=len(RUNS),
        notes={RUNS[1].id: (NOTE,)},
        hints=hints,
        shown=len(found.found) if shown is None else shown,
    )


def test_a_run_is_told_with_who_when_and_what_came_of_it() -> None:
    head, rows = tried_rows(result("depth=8"))
    told = dict(zip(head, rows[0], strict=True))
    assert told == {
        "run": RUNS[1].id,
        "started": "2026-01-01 00:00",
        "by": "Ana",
        "code": "main 00000000*",
        "status": "failed",
        "depth": "8",
        "auc": "0.7 (-0.2 to best)",
        "said": "rejected; too deep",
        "differs": "",
    }
    assert tried_summary(result("depth=8")) == "Tried: 1 of 3 runs.\n"


def test_near_misses_say_in_what_they_differ() -> None:
    head, rows = tried_rows(result("depth=5"))
    differs = [row[head.index("differs")] for row in rows]
    assert differs == ["depth 6 instead of 5", "depth 4 instead of 5", "depth 8 instead of 5"]
    assert rows[1][head.index("auc")] == "0.9 (best)"
    assert tried_summary(result("depth=5", hints=("because",))).splitlines() == [
        "Not tried in any of 3 runs. What comes near is shown.",
        "because",
    ]


def test_what_is_not_shown_is_counted() -> None:
    told = result("depth>0", shown=1)
    assert tried_summary(told) == "Tried: 3 of 3 runs; 2 more are not shown, see --limit.\n"
    assert len(tried_rows(told)[1]) == 1
    assert (len(tried_wire(told)["runs"]), tried_wire(told)["count"]) == (1, 3)


def test_a_narrow_terminal_keeps_what_is_copied_and_what_differs() -> None:
    told = tried_text(result("depth=5"), "table", width=70)
    assert RUNS[2].id in told
    assert "depth 6 instead of 5" in told
    assert "Ana" not in told


def test_near_misses_stand_below_a_line_of_their_own() -> None:
    told = tried_text(result("depth=8"), "table").splitlines()
    assert (told[1].split()[0], told[2], told[3]) == (RUNS[1].id, "", "Near, but not this:")
    assert {line.split()[0] for line in told[4:]} == {RUNS[0].id, RUNS[2].id}
    assert tried_text(result("depth=5"), "table").splitlines()[1] == "Near, but not this:"
    assert "| Near, but not this: |" in tried_text(result("depth=8"), "md")
    assert "Near" not in tried_text(result("depth=8"), "csv") + tried_text(result("depth>0"), "table")


def test_a_narrow_terminal_keeps_metrics_and_people_before_times() -> None:
    head = tried_text(result("depth=5"), "table", width=100).splitlines()[0]
    assert ("auc" in head, "by" in head, "started" in head, "code" in head) == (True, True, False, False)


def test_nothing_is_no_table() -> None:
    empty = TriedResult(search([], read_conditions(["a=1"])), ("a",), 0, {})
    assert tried_text(empty, "table") == ""
    assert tried_text(empty, "csv").startswith("run,")
    assert tried_wire(empty)["found"] is False


def test_the_shape_for_programs() -> None:
    told = tried_wire(result("depth=8"))
    [run] = told["runs"]
    assert (run["to_best"], run["outcome"]) == ({"auc": 0.7 - 0.9}, "rejected")
    assert run["notes"] == [
        {"at": "2026-01-02T00:00:00.000Z", "author": "Bo", "text": "too deep", "outcome": "rejected"}
    ]
    assert told["best"] == {"auc": {"value": 0.9, "run": RUNS[0].id}}
    assert told["near"][0]["differs"] == [{"about": "depth", "wanted": "8", "had": [6]}]
