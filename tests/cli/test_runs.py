"""`mlops runs`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from tests.support.command import commit, git, mlops, project, run_records
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """\
import json, sys
depth = int(open("params.yaml").read().split("depth:")[1].split()[0])
open("model", "w").write(str(depth))
json.dump({"auc": 0.5 + depth / 100}, open("m.json", "w"))
sys.exit(depth == 13)
"""
STAGES = {
    "train": {
        "cmd": "python train.py",
        "deps": ["train.py"],
        "params": ["depth"],
        "outs": ["model"],
        "metrics": ["m.json"],
    }
}


def try_depth(repo: Path, depth: int, *options: str) -> None:
    write(repo / "params.yaml", f"depth: {depth}\n")
    mlops(repo, "run", "--quiet", "-m", f"depth {depth}", *options)


_MADE: list[Path] = []


@pytest.fixture
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three runs on main, committed but the last, and one on another branch; made once, and never changed."""
    if not _MADE:
        folder = tmp_path_factory.mktemp("runs") / "repo"
        _MADE.append(make(project(folder, STAGES, {"train.py": TRAIN, "params.yaml": "depth: 4\n"})))
    return _MADE[0]


def make(repo: Path) -> Path:
    try_depth(repo, 4)
    commit(repo, "four")
    git(repo, "switch", "--quiet", "--create", "other")
    try_depth(repo, 30)
    commit(repo, "thirty")
    git(repo, "switch", "--quiet", "main")
    try_depth(repo, 8)
    commit(repo, "eight")
    try_depth(repo, 13)
    return repo


def messages(repo: Path, *options: str) -> list[str]:
    answer = mlops(repo, "runs", *options, "--json")
    assert answer.code == 0, answer
    assert answer.json["schema"] == 1
    return [record["message"] for record in answer.json["runs"]]


def test_runs_of_this_branch_are_listed_newest_first(made: Path) -> None:
    assert messages(made) == ["depth 13", "depth 8", "depth 4"]


def test_all_lists_those_of_every_branch(made: Path) -> None:
    assert messages(made, "--all") == ["depth 13", "depth 8", "depth 30", "depth 4"]
    assert messages(made, "-a", "-n", "1") == ["depth 13"]


def test_json_has_the_records_as_they_were_written(made: Path) -> None:
    records = mlops(made, "runs", "--json").json["runs"]
    assert records[::-1] == run_records(made)
    assert mlops(made, "runs", "-o", "json").json["runs"] == records


def test_a_table_shows_what_varies_and_what_became_better(made: Path) -> None:
    lines = mlops(made, "runs").out.splitlines()
    assert lines[0].split() == ["id", "age", "code", "status", "depth", "auc", "message"]
    assert [line.split()[0] for line in lines[1:]] == [r["id"] for r in run_records(made)[::-1]]
    assert "failed" in lines[1]
    assert lines[1].split()[3].endswith("*")
    assert " 0.58 ▲★" in lines[2]


def test_conditions_choose_and_all_of_them_must_hold(made: Path) -> None:
    assert messages(made, "--where", "metrics.auc > 0.53 and params.depth in (4, 8) and author ~ 'ada'") == [
        "depth 8",
        "depth 4",
    ]
    assert messages(made, "-w", "status == ok", "-w", "params.depth > 5") == ["depth 8"]
    assert messages(made, "-w", "status == failed") == ["depth 13"]
    assert messages(made, "--all", "-w", "branch == other") == ["depth 30"]
    assert messages(made, "-w", "age < 1d and dirty") == ["depth 13", "depth 8"]


def test_none_that_is_so_is_an_answer_and_no_error(made: Path) -> None:
    answer = mlops(made, "runs", "-w", "status == stopped")
    said = "None of 3 runs is so.\nNo run here meets status == 'stopped'; there are 'ok', 'failed'.\n"
    assert (answer.code, answer.out, answer.err) == (0, "", said)
    answer = mlops(made, "runs", "-w", "status == stopped", "--json")
    assert (answer.json["runs"], "there are 'ok', 'failed'" in answer.err) == ([], True)
    assert messages(made, "-w", "status == stopped") == []


def test_any_name_gives_an_order(made: Path) -> None:
    assert messages(made, "--sort", "metrics.auc") == ["depth 4", "depth 8", "depth 13"]
    assert messages(made, "--all", "--sort", "-params.depth") == [
        "depth 30",
        "depth 13",
        "depth 8",
        "depth 4",
    ]


def test_columns_can_be_chosen(made: Path) -> None:
    answer = mlops(made, "runs", "--columns", "params.depth,stage,author", "-o", "csv")
    assert list(csv.reader(io.StringIO(answer.out))) == [
        ["params.depth", "stage", "author"],
        ["13", "train", "Ada"],
        ["8", "train", "Ada"],
        ["4", "train", "Ada"],
    ]


def test_markdown_is_a_table(made: Path) -> None:
    lines = mlops(made, "runs", "-o", "md").out.splitlines()
    assert lines[1] == "| --- | --- | --- | --- | --- | --- | --- |"
    assert len(lines) == 5


def test_a_limit_says_how_many_more_there_are(made: Path) -> None:
    answer = mlops(made, "runs", "-n", "2")
    assert len(answer.out.splitlines()) == 3
    assert answer.err == "1 more run: see all with -n 0\n"
    assert len(mlops(made, "runs", "-n", "0").out.splitlines()) == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("-w", "metrics.acu > 0.5"), 'Did you mean "metrics.auc"?'),
        (("-w", "stauts == ok"), "^^^^^^"),
        (("-w", "status =="), "a value"),
        (("-w", "message ~ '(a+)+'"), "for ever"),
        (("--sort", "params.deep"), 'Did you mean "params.depth"?'),
        (("--columns", "id,nothing"), "there is no nothing"),
        (("-n", "-1"), "0 for all"),
    ],
)
def test_a_mistake_is_explained(made: Path, options: tuple[str, str], says: str) -> None:
    answer = mlops(made, "runs", *options)
    assert answer.code == 2
    assert says in answer.err
    assert answer.out == ""


def test_the_caret_points_at_the_place_under_json_too(made: Path) -> None:
    error = mlops(made, "runs", "-w", "status == ok and stauts == ok", "--json").json["error"]
    assert error["message"].splitlines()[2] == " " * 19 + "^" * 6


def test_a_project_without_runs_says_so(tmp_path: Path) -> None:
    repo = project(tmp_path / "repo", STAGES, {"train.py": TRAIN})
    answer = mlops(repo, "runs", "-w", "metrics.auc > 0.5")
    assert (answer.code, answer.out, answer.err) == (
        0,
        "",
        "There are no runs yet; make one with: mlops run\n",
    )


def test_a_branch_without_runs_says_where_there_are_some(made: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(made, "clone", "--quiet", "--branch", "other", str(made), str(clone))
    git(clone, "checkout", "--quiet", "--orphan", "fresh")
    git(clone, "rm", "-rfq", ".")
    answer = mlops(clone, "runs")
    assert answer.out == ""
    assert (
        "There are no runs on this branch; see those of other branches and journals with: mlops runs --all"
        in answer.err
    )


def test_runs_are_known_in_a_clone_and_in_a_linked_worktree(made: Path, tmp_path: Path) -> None:
    clone, linked = tmp_path / "clone", tmp_path / "linked"
    git(made, "clone", "--quiet", str(made), str(clone))
    assert messages(clone) == ["depth 8", "depth 4"]
    git(made, "worktree", "add", "--quiet", "--detach", str(linked), "main")
    assert {"depth 8", "depth 4"} <= set(messages(linked))
    git(made, "worktree", "remove", "--force", str(linked))


def test_a_shallow_clone_answers_what_it_can_and_ends_with_6(made: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", "1", made.as_uri(), str(clone))
    answer = mlops(clone, "runs", "--json")
    assert answer.code == 6
    assert "depth 8" in [record["message"] for record in answer.json["runs"]]
    assert "git fetch --unshallow" in answer.err
