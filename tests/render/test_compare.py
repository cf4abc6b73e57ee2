from __future__ import annotations

import csv
import io
import re
from statistics import stdev
from typing import Any

import pytest

from mlops_cli.actions.compare import CodeChange, CompareResult
from mlops_cli.git.trees import FileLines
from mlops_cli.history.compare import compare
from mlops_cli.history.sides import Facts, Input, Side
from mlops_cli.render.compare import compare_markdown, compare_text, compare_wire
from mlops_cli.render.compare_csv import compare_csv


def result(*sides: dict[str, Any] | list[dict[str, Any]], code: tuple[CodeChange, ...] = ()) -> CompareResult:
    built = []
    for number, each in enumerate(sides):
        runs = each if isinstance(each, list) else [each]
        built.append(Side(tuple(Facts(**{"name": "AB"[number % 2], "run": "r"} | fields) for fields in runs)))
    return CompareResult(compare(built), code or tuple(CodeChange() for _ in built[1:]))


def lines(told: CompareResult) -> list[str]:
    return [re.sub(r" {2,}", " | ", line.strip()) for line in compare_text(told).splitlines()]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (0.8, 0.9, "auc | 0.8 | 0.9 | +0.1 (+12.5%) better"),
        (0.9, 0.8, "auc | 0.9 | 0.8 | -0.1 (-11.1%) worse"),
        (0, 0.5, "auc | 0 | 0.5 | +0.5 better"),
        (
            {"value": 0.8, "low": 0.7, "high": 0.85},
            {"value": 0.9, "low": 0.84, "high": 0.95},
            "auc | 0.8 [0.7, 0.85] | 0.9 [0.84, 0.95] | +0.1 (+12.5%) better, intervals overlap",
        ),
    ],
)
def test_a_metric_is_told_with_its_change(old: Any, new: Any, expected: str) -> None:
    assert expected in lines(result({"metrics": {"auc": old}}, {"metrics": {"auc": new}}))


def test_a_metric_that_one_side_does_not_have() -> None:
    assert "auc | - | 0.9" in lines(result({}, {"metrics": {"auc": 0.9}}))


def test_repeated_runs_show_their_spread_and_number() -> None:
    runs = [{"metrics": {"auc": 0.8}}, {"metrics": {"auc": 0.9}}]
    told = compare_text(result(runs, {"metrics": {"auc": 0.8}}))
    assert "A (n=2)" in told
    assert "0.85 ± 0.07071 (n=2)" in told


def test_with_more_sides_the_change_stands_beside_the_value() -> None:
    told = result(
        *({"name": name, "metrics": {"loss": value}} for name, value in (("A", 1), ("B", 2), ("C", 0.5)))
    )
    assert "loss | 1 | 2 +1 (+100.0%) worse | 0.5 -0.5 (-50.0%) better" in lines(told)


def test_data_is_told_by_digest_size_and_files() -> None:
    old = {"inputs": {"raw": Input("b3:0123456789abcdef", 1000, tree=True, files=2)}}
    new = {"inputs": {"raw": Input("b3:fedcba9876543210", 3000, tree=True, files=5)}}
    assert (
        "raw | b3:01234567 (1000 bytes, 2 files) | b3:fedcba98 (2.9 KiB, 5 files) | +3 files, +2.0 KiB"
        in lines(result(old, new))
    )


def test_code_is_told_by_files_and_lines() -> None:
    files = (
        FileLines("train.py", 10, 4),
        FileLines("new.py", 1, 0, "old.py"),
        FileLines("logo.png", None, None),
    )
    told = lines(result({}, {}, code=(CodeChange(files, frozenset({"train.py"})),)))
    assert told[-3:] == ["train.py | +10 -4", "logo.png | not text", "new.py | +1 -0 (was old.py)"]


def test_code_that_is_not_known_is_said() -> None:
    told = compare_text(result({}, {}, code=(CodeChange(unknown="the uncommitted code of A was not kept"),)))
    assert "What differs in the code is not known: the uncommitted code of A was not kept." in told
    assert "Nothing differs" not in told


def test_nothing_that_differs_is_said() -> None:
    assert "Nothing differs." in compare_text(result({}, {}))
    assert "Nothing differs." in compare_markdown(result({}, {}))


def test_a_terminal_is_not_steered_by_a_message() -> None:
    told = compare_text(result({"message": "\x1b[2Jgone"}, {"author": "\x1b]0;x"}))
    assert "\x1b" not in told


def test_a_terminal_is_not_steered_by_code() -> None:
    change = CodeChange((FileLines("a", 1, 0),), text="+\tx = '\x1b[2J'\n+y\n")
    assert compare_text(result({}, {}, code=(change,))).endswith("\n+\tx = '\\x1b[2J'\n+y\n")


def test_a_narrow_terminal_cuts_values_and_never_ids() -> None:
    run = "20261121T142131893-40204f39"
    told = compare_text(result({"run": run, "message": "long " * 9}, {"params": {"p": "z" * 60}}), width=60)
    assert run in told
    assert "z" * 60 not in told
    assert "…" in told


def test_labels_are_distinct() -> None:
    told = compare_wire(result({"name": "A", "params": {"a": 1}}, {"name": "A", "params": {"a": 2}}))
    assert [side["name"] for side in told["sides"]] == ["A", "A #2"]


def test_markdown_takes_nothing_for_markup_and_calls_nobody() -> None:
    nasty = "<img> | @ana *b* `c`"
    told = compare_markdown(result({"params": {"p": 1}}, {"params": {"p": nasty}, "message": nasty}))
    assert "<img>" not in told
    assert "@ana" not in told
    assert r"\*b\*" in told
    row = next(line for line in told.splitlines() if line.startswith("| p |"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 5


def test_markdown_folds_the_code_and_fits_a_comment() -> None:
    change = CodeChange((FileLines("a.md", 1, 0),), text="+```\n+x\n")
    told = compare_markdown(result({}, {}, code=(change,)))
    assert "\n````diff\n+```\n+x\n````\n" in told
    long = CodeChange((FileLines("a", 1, 0),), text="+x\n" * 100_000)
    told = compare_markdown(result({"params": {"p": 1}}, {"params": {"p": 2}}, code=(long,)))
    assert len(told) < 65_536
    assert "| p | 1 | 2 |" in told
    assert "did not fit" in told


def test_people_are_shown_so_many_rows_and_programs_all() -> None:
    told = result(
        {"params": {f"p{n:03}": 1 for n in range(90)}}, {"params": {f"p{n:03}": 2 for n in range(90)}}
    )
    assert "… and 50 more" in compare_text(told)
    assert "p089" in compare_csv(told)
    long = result({"params": {"p": "x" * 200}}, {"params": {"p": "y"}})
    assert ("x" * 100 in compare_text(long), "x" * 200 in compare_csv(long)) == (False, True)
    assert len(compare_wire(told)["params"]) == 90


def test_the_shape_for_programs() -> None:
    change = CodeChange((FileLines("a.py", 1, 0),), frozenset({"a.py"}))
    told = compare_wire(
        result(
            {"params": {"a": None}, "metrics": {"auc": 1}},
            {"params": {}, "metrics": {"auc": 2}},
            code=(change,),
        )
    )
    assert told["schema"] == 1
    assert told["params"] == [{"name": "a", "values": [{"value": None}, None]}]
    assert told["metrics"] == [
        {
            "name": "auc",
            "direction": "up",
            "values": [{"value": 1, "runs": 1}, {"value": 2, "runs": 1}],
            "changes": [None, {"absolute": 1, "relative": 1.0, "mark": "better", "overlap": None}],
        }
    ]
    assert told["code"] == [
        None,
        {
            "unknown": None,
            "files": [{"path": "a.py", "before": None, "added": 1, "removed": 0, "read": True}],
        },
    ]


def rows(told: CompareResult) -> list[list[str]]:
    return list(csv.reader(io.StringIO(compare_csv(told))))


def test_csv_holds_plain_numbers_each_in_a_column_of_its_own() -> None:
    values = {"A": 0.8, "B": {"value": 0.9, "low": 0.85, "high": 0.95, "n": 40}, "C": 0.4}
    sides = [{"name": name, "run": name, "metrics": {"auc": value}} for name, value in values.items()]
    code = (CodeChange((FileLines("a.py", 1, 2),)), CodeChange((FileLines("a.py", 3, 0),)))
    moved = repr(0.9 - 0.8), repr((0.9 - 0.8) / 0.8)
    assert rows(result(*sides, code=code)) == [
        ["section", "name", "A", "B", "C"]
        + [f"{what} {side}" for side in "BC" for what in ("change", "relative", "verdict")],
        ["metrics", "auc", "0.8", "0.9", "0.4", *moved, "better", "-0.4", "-0.5", "worse"],
        ["metrics", "auc.low", "", "0.85", ""] + [""] * 6,
        ["metrics", "auc.high", "", "0.95", ""] + [""] * 6,
        ["metrics", "auc.n", "", "40", ""] + [""] * 6,
        ["code", "a.py", "", "", "", "+1 -2", "", "", "+3 -0", "", ""],
    ]


def test_csv_of_two_sides_and_of_one() -> None:
    data = [{"inputs": {"raw.csv": Input("b3:0123456789", size)}} for size in (100, 300)]
    data[1]["inputs"] = {"raw.csv": Input("b3:9876543210", 300)}
    assert rows(result(*data))[1] == [
        "data", "raw.csv", "b3:01234567 (100 bytes)", "b3:98765432 (300 bytes)", "+200 bytes", "", "",
    ]  # fmt: skip
    assert rows(result({"metrics": {"auc": 1}, "params": {"p": 1}})) == [
        ["section", "name", "A"],
        ["metrics", "auc", "1"],
    ]
    runs = [{"metrics": {"auc": 0.8}}, {"metrics": {"auc": 0.9}}]
    assert ["metrics", "auc.sd", repr(stdev([0.8, 0.9])), "", "", "", ""] in rows(result(runs, {}))
