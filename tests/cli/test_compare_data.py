"""`compare` where stages profile data and evaluate: rows, columns that changed most, intervals. Through real pipelines."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import commit, git, mlops, project, run, stage_record
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

DESCRIBE = {"uses": "profile", "with": {"data": "raw.csv"}, "report": "reports/raw"}
JUDGE = {
    "uses": "evaluate",
    "with": {"predictions": "raw.csv", "target": "truth", "find": False, "metrics": ["accuracy", "f1"]},
    "report": "reports/judged",
}
PROFILE = "reports/raw/profile.json"


def table(rows: int, *, missing: int = 0, city: str = "Oslo", wrong: int = 10) -> str:
    lines = ["age,city,truth,prediction"]
    for row in range(rows):
        age = "" if row < missing else str(20 + row % 40)
        truth = row % 2
        told = 1 - truth if row % wrong == 0 else truth
        lines.append(f"{age},{city if row % 3 else 'Bergen'},{truth},{told}")
    return "\n".join(lines) + "\n"


def two_runs(folder: Path, stages: dict[str, Any]) -> Path:
    """Make a project with two runs: `one`, a tag, and one that is not committed."""
    project(folder, stages, {".gitignore": "/raw.csv\n"})
    write(folder / "raw.csv", table(200))
    assert mlops(folder, "add", "raw.csv").code == 0
    run(folder)
    commit(folder, "one")
    git(folder, "tag", "one")
    write(folder / "raw.csv", table(300, missing=60, city="Rome", wrong=4))
    assert mlops(folder, "add", "raw.csv").code == 0
    run(folder)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_runs(tmp_path_factory.mktemp("compare") / "repo", {"describe": DESCRIBE})


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    """Return a copy, to spoil."""
    shutil.copytree(made, tmp_path / "repo", symlinks=True)
    return tmp_path / "repo"


def compared(folder: Path, *arguments: str) -> dict[str, Any]:
    answer = mlops(folder, "compare", "--json", *arguments)
    assert answer.code == 0, answer
    value: dict[str, Any] = answer.json
    return value


def test_rows_and_the_columns_that_changed_are_told(made: Path) -> None:
    [row] = compared(made, "one", "@latest")["profiles"]
    assert (row["name"], [value["rows"] for value in row["values"]]) == ("raw.csv", [200, 300])
    assert [value["file"] for value in row["values"]] == [PROFILE, PROFILE]
    change = row["changes"][1]
    assert (change["rows"], change["columns"][0]["name"]) == (100, "city")
    told = {
        (column["name"], each["what"]): (each["before"], each["after"])
        for column in change["columns"]
        for each in column["changes"]
    }
    assert told["age", "missing"] == (0, 0.2)
    assert told["city", "value Oslo"] == (pytest.approx(0.665, abs=0.01), None)


def test_people_read_it_under_data_in_words(made: Path) -> None:
    text = mlops(made, "compare", "one", "@latest").out
    lines = [re.sub(" {2,}", "|", line.strip()) for line in text.splitlines()]
    assert "raw.csv: rows|200|300|+100 (+50.0%)" in lines
    assert "raw.csv: age: missing|0 %|20 %|+20.0 points" in lines
    assert "raw.csv: city: value Rome|-|67 %|new" in lines
    assert "raw.csv: city: value Oslo|66 %|-|gone" in lines
    markdown = mlops(made, "compare", "one", "@latest", "-o", "md").out
    assert "| raw.csv: rows | 200 | 300 | +100 (+50.0%) |" in markdown
    assert markdown.index("| data |") < markdown.index("raw.csv: rows")


def test_the_same_data_has_nothing_to_tell_but_with_all(made: Path) -> None:
    assert compared(made, "one", "one")["profiles"] == []
    [row] = compared(made, "one", "one", "--all")["profiles"]
    assert ([value["rows"] for value in row["values"]], row["changes"][1]["columns"]) == ([200, 200], [])


def test_a_profile_that_only_git_has_is_read_from_there(repo: Path) -> None:
    os.remove(stored(repo, "HEAD"))
    [row] = compared(repo, "one", "@latest")["profiles"]
    assert [value["rows"] for value in row["values"]] == [200, 300]


def test_a_profile_that_is_nowhere_is_said_and_the_rest_is_compared(repo: Path) -> None:
    os.remove(stored(repo))
    write(repo / PROFILE, "{}")
    told = compared(repo, "one", "@latest")
    [row] = told["profiles"]
    assert [value["rows"] for value in row["values"]] == [200, None]
    assert row["values"][1]["problem"] == "profile not here: mlops pull"
    assert (row["changes"], [each["name"] for each in told["data"]]) == ([None, None], ["raw.csv"])
    answer = mlops(repo, "compare", "one", "@latest")
    assert (answer.code, "raw.csv at @latest: profile not here: mlops pull" in answer.out) == (0, True)


@pytest.mark.slow
def test_metrics_of_an_evaluation_come_with_their_intervals(tmp_path: Path) -> None:
    made = two_runs(tmp_path / "repo", {"judge": JUDGE})
    told = {row["name"]: row for row in compared(made, "one", "@latest")["metrics"]}
    [old, new] = told["accuracy"]["values"]
    assert (old["value"], new["value"], old["n"], new["n"]) == (0.9, 0.75, 200, 300)
    assert old["low"] < 0.9 < old["high"]
    change = told["accuracy"]["changes"][1]
    assert (told["accuracy"]["direction"], change["mark"], change["overlap"]) == ("up", "worse", False)
    [line] = [
        line
        for line in mlops(made, "compare", "one", "@latest").out.splitlines()
        if line.strip().startswith("accuracy")
    ]
    assert f"0.9 [{old['low']:.4g}, {old['high']:.4g}]" in line


def stored(folder: Path, commit: str = "") -> Path:
    """Return where the store has the profile of the last run, or of a commit."""
    if commit:
        git(folder, "checkout", "--quiet", commit, "--", ".mlops/stages/describe.json")
    digest = str(stage_record(folder, "describe")["outs"][PROFILE]["digest"]).removeprefix("b3:")
    return folder / ".git/mlops/objects" / digest[:2] / digest[2:]
