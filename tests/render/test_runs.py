from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from mlops_cli.actions.runs import RunsResult
from mlops_cli.history.listing import CODE, judge, usual_columns
from mlops_cli.history.named import Named
from mlops_cli.history.where.expression import Name
from mlops_cli.history.where.fields import started_at
from mlops_cli.history.where.unmet import Unmet
from mlops_cli.render.runs import runs_json, runs_notes, runs_text
from mlops_cli.render.runs_table import Cell, runs_table, text_width
from tests.support.known_runs import RUN, known

RUNS = [
    known(
        5,
        params={"depth": 8},
        metrics={"auc": 0.91342},
        status="failed",
        message="deeper",
        outcome="rejected",
    ),
    known(3, params={"depth": 4}, metrics={"auc": 0.95}, dirty=True, message="x" * 80),
    known(1, params={"depth": 4}, metrics={"auc": 0.8}, message=""),
]


def result(runs: list[Any] = RUNS, columns: list[Name] | None = None, **fields: Any) -> RunsResult:
    wanted = columns or usual_columns(runs, {})
    metrics = [name.key for name in wanted if name.root == "metrics"]
    judged = judge(runs, metrics, {}, {run.id for run in runs})
    values = {
        "runs": tuple(runs),
        "columns": tuple(wanted),
        "chosen": columns is not None,
        "judged": judged,
        "matched": len(runs),
        "known": len(runs),
        "elsewhere": 0,
        "now": (started_at(known(5)) or 0) + 7200,
    }
    return RunsResult(**(values | fields))  # type: ignore[arg-type] # as above


def test_a_table_for_a_file_has_everything() -> None:
    lines = runs_text(result(), "table").splitlines()
    assert lines[0].split() == ["id", "age", "code", "status", "depth", "auc", "outcome", "message"]
    assert lines[1].split() == [
        RUNS[0].id,
        "2h",
        "main",
        "3f2a1b9",
        "failed",
        "8",
        "0.9134",
        "▼",
        "rejected",
        "deeper",
    ]
    assert lines[2].split()[3:] == ["3f2a1b9*", "ok", "4", "0.95", "▲★", "x" * 80]
    assert "\x1b" not in runs_text(result(), "table")


def test_numbers_stand_in_line() -> None:
    lines = runs_text(result(), "table").splitlines()
    assert lines[1].index("0.9134") + 6 == lines[2].index("0.95") + 4 == lines[3].index("0.8") + 3
    assert (
        len({line.index(status) for line, status in zip(lines[1:], ("failed", "ok", "ok"), strict=True)}) == 1
    )


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_narrow_terminal_drops_columns_and_never_cuts_an_id() -> None:
    for width in range(10, 140):
        lines = bare(runs_text(result(), "table", width=width)).splitlines()
        assert [line.split()[0] for line in lines[1:]] == [run.id for run in RUNS]
        assert all(text_width(line) <= max(width, len(RUN.id)) for line in lines)


def test_what_tells_most_stays_longest() -> None:
    head = bare(runs_text(result(), "table", width=57)).splitlines()[0].split()
    assert head == ["id", "age", "status", "auc"]
    assert bare(runs_text(result(), "table", width=36)).splitlines()[0].split() == ["id", "status"]


def test_a_long_message_is_cut_on_a_terminal_only() -> None:
    text = bare(runs_text(result(), "table", width=110))
    assert "x…" in text
    assert "x" * 80 not in text


def test_columns_that_were_asked_for_are_never_dropped() -> None:
    wanted = [Name("id"), Name("author"), CODE, Name("started")]
    text = bare(runs_text(result(columns=wanted), "table", width=30))
    assert text.splitlines()[0].split() == ["id", "author", "code", "started"]
    assert text.splitlines()[1].split()[1:] == ["Ana", "López", "main", "3f2a1b9", "2026-01-31", "17:00"]


def test_a_terminal_gets_colours_and_a_file_none() -> None:
    assert "\x1b[" in runs_text(result(), "table", width=100)
    assert "\x1b[" not in runs_text(result(), "md", width=100)


def test_csv_has_whole_numbers_and_no_marks() -> None:
    rows = list(csv.DictReader(io.StringIO(runs_text(result(), "csv"))))
    assert rows[0]["metrics.auc"] == "0.91342"
    assert rows[0]["age"] == "7200.000"
    assert rows[1]["message"] == "x" * 80
    assert rows[0]["params.depth"] == "8"


def test_markdown_keeps_the_marks() -> None:
    lines = runs_text(result(), "md").splitlines()
    assert "| 0.95 ▲★ |" in lines[3]
    assert len(lines) == 5


def test_what_would_steer_a_terminal_is_spelled_out() -> None:
    runs = [known(1, message="\x1b[2Jgone\nnext", params={"\x1b[1m": "\x07"}, branch="a\x1b[0m"), known(2)]
    text = runs_text(result(runs, [Name("id"), CODE, Name("params", "\x1b[1m"), Name("message")]), "table")
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3


def test_a_metric_of_several_stages_shows_from_where_to_where_it_goes() -> None:
    runs = [
        known(1, metrics={"a:auc": 0.75, "b:auc": {"value": 0.5}, "c:auc": 0.6}),
        known(0, metrics={"auc": 0.7}),
    ]
    wanted = [Name("id"), Name("metrics", "auc")]
    assert "0.5…0.75 ▲★" in runs_text(result(runs, wanted), "table")


def test_csv_has_a_column_for_each_stage_that_reports_a_metric() -> None:
    runs = [
        known(1, metrics={"a:auc": 0.75, "b:auc": {"value": 0.5, "low": 0.4, "high": 0.6}}),
        known(0, metrics=Named({"auc": 0.7}, {"auc": "b"})),
        known(2, metrics={"auc": "not known whose"}),
    ]
    wanted = [Name("metrics", "auc"), Name("metrics", "auc.low")]
    assert runs_text(result(runs, wanted), "csv").splitlines() == [
        "metrics.auc,metrics.a:auc,metrics.b:auc,metrics.b:auc.low",
        ",0.75,0.5,0.4",
        ",,0.7,",
        "not known whose,,,",
    ]


def test_a_parameter_that_is_a_list_is_one_value_in_csv() -> None:
    runs = [known(1, params={"a.yaml:sizes": [64, 32], "b.yaml:sizes": [1]}), known(0, params={"depth": 1})]
    told = runs_text(result(runs, [Name("params", "sizes")]), "csv")
    assert list(csv.reader(io.StringIO(told))) == [
        ["params.a.yaml:sizes", "params.b.yaml:sizes"],
        ["[64, 32]", "[1]"],
        ["", ""],
    ]


def test_a_repetition_is_marked_beside_its_status() -> None:
    runs = [known(1, experiment={"rerun": "20260131T170000000-00000000"}), known(0)]
    wanted = [Name("status"), Name("repetition"), Name("repeats")]
    table = [line.split() for line in runs_text(result(runs, wanted), "table").splitlines()]
    assert table[1:] == [["ok", "↻", "yes", "20260131T170000000-00000000"], ["ok", "no"]]
    assert runs_text(result(runs, wanted), "csv").splitlines()[1:] == [
        "ok,true,20260131T170000000-00000000",
        "ok,false,",
    ]


def test_the_notes_say_how_many_more_there_are() -> None:
    assert runs_notes(result(matched=40, known=50)) == "37 more runs: see all with -n 0\n"
    assert runs_notes(result()) == ""


def test_an_empty_list_says_why_it_is_empty() -> None:
    assert runs_text(result([], [Name("id")]), "table") == ""
    assert runs_notes(result([], matched=0, known=7)) == "None of 7 runs is so.\n"
    unmet = (Unmet("stage == 'trian'", ("'train'",), 0, 2), Unmet("params.depth == '8'", ("8", "4"), 5))
    assert runs_notes(result([], matched=0, known=7, unmet=unmet)).splitlines()[1:] == [
        "No run here meets stage == 'trian'; there is 'train'; 2 runs elsewhere: see --all.",
        "No run here meets params.depth == '8'; there are 8, 4 and 5 other values.",
    ]
    assert runs_notes(result([], matched=0, known=7, unmet=unmet[1:]), whole=True).startswith("No run here")
    assert runs_notes(result([], known=0)) == "There are no runs yet; make one with: mlops run\n"
    assert "mlops runs --all" in runs_notes(result([], known=0, elsewhere=3))


def test_json_has_whole_records_in_the_order_of_the_list() -> None:
    records = {run.id: f'{{"id": "{run.id}"}}'.encode() for run in (RUNS[2], RUNS[0])}
    some = result(records=records, gone=(RUNS[1].id,))
    assert json.loads(runs_json(some)) == {"schema": 1, "runs": [{"id": RUNS[0].id}, {"id": RUNS[2].id}]}
    assert json.loads(runs_json(result([], [Name("id")]))) == {"schema": 1, "runs": []}
    assert runs_notes(some, whole=True) == f"mlops: the record of {RUNS[1].id} is gone\n"


def test_wide_characters_take_their_room() -> None:
    rows = [[Cell("木木"), Cell("a")], [Cell("x"), Cell("b")]]
    assert runs_table(["n", "m"], rows, [0, 1], width=None) == "n     m\n木木  a\nx     b\n"


def test_csv_tells_null_from_missing_and_from_text() -> None:
    runs = [
        known(n, params=params)
        for n, params in enumerate(({"a": None}, {}, {"a": "null"}, {"a": ""}, {"a": "x"}))
    ]
    told = csv.reader(io.StringIO(runs_text(result(runs, [Name("params", "a"), Name("branch")]), "csv")))
    assert [row[0] for row in told] == ["params.a", "null", "", '"null"', '""', "x"]
