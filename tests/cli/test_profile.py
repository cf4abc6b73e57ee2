from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.command import commit, mlops, project, run
from tests.support.tables import people, write_csv

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(tmp_path / "people.csv", people(300))
    return tmp_path


def test_a_path_is_enough(folder: Path) -> None:
    answer = mlops(folder, "profile", "people.csv")
    assert answer.code == 0
    assert answer.out.splitlines()[2].startswith("age     numeric")
    assert "300 rows, 6 columns" in answer.err
    assert mlops(folder, "profile", "make", "people.csv").out == answer.out


def test_options_may_stand_before_the_path(folder: Path) -> None:
    answer = mlops(folder, "profile", "--json", "--pii", "id", "people.csv")
    assert answer.json["profile"]["columns"][0]["private"] is True


def test_a_table_that_is_called_like_a_command_is_named_by_its_folder(folder: Path) -> None:
    (folder / "people.csv").rename(folder / "show")
    assert mlops(folder, "profile", "./show").code == 0
    assert mlops(folder, "profile", "show").code == 2


def test_profiles_are_made_shown_compared_and_added(folder: Path) -> None:
    assert mlops(folder, "profile", "people.csv", "--out", "base.json", "-q").out == ""
    write_csv(folder / "people.csv", people(100, 5))
    assert mlops(folder, "profile", "people.csv", "--against", "base.json", "--out", "day.json").code == 0
    assert "100 rows" in mlops(folder, "profile", "show", "day.json").err
    assert "distance" in mlops(folder, "profile", "diff", "base.json", "day.json").out
    answer = mlops(folder, "profile", "merge", "day.json", "day.json", "--out", "sum.json", "--json")
    assert answer.json["profile"] == json.loads((folder / "sum.json").read_text())
    assert mlops(folder, "profile", "merge", "base.json", "day.json").code == 0


def test_a_page_is_drawn(folder: Path) -> None:
    mlops(folder, "profile", "people.csv", "--out", "base.json", "-q")
    assert "<html" in mlops(folder, "profile", "show", "base.json", "-o", "html").out
    assert "<html" in mlops(folder, "profile", "diff", "base.json", "base.json", "-o", "html").out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.csv"], 3, "none.csv is not there"),
        (["people.csv", "--against", "people.csv"], 3, "people.csv is a table, not a profile of one"),
        (["people.csv", "--out", "."], 2, ". is a folder, and a profile is a file"),
        (["people.csv", "--type", "age=number"], 2, "Kinds are numeric, boolean"),
        (["people.csv", "--pii", "nmae"], 2, "has no column 'nmae'"),
        (["show", "people.csv"], 3, "mlops profile people.csv --out people.profile.json"),
        (["empty.csv"], 5, "empty.csv"),
        (["odd.csv"], 5, "odd.csv"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    folder: Path, arguments: list[str], code: int, said: str
) -> None:
    (folder / "empty.csv").write_text("a,b\n")
    (folder / "odd.csv").write_text("a,b\n1,2\n3,4,5\n")
    answer = mlops(folder, "profile", *arguments)
    assert (answer.code, said in answer.err, "Traceback" in answer.err) == (code, True, False), answer.err


def test_a_pipeline_makes_a_profile(tmp_path: Path) -> None:
    stages = {"describe": {"uses": "profile", "with": {"data": "people.csv"}, "report": "reports/people"}}
    repo = project(tmp_path / "repo", stages)
    write_csv(repo / "people.csv", people(200))
    commit(repo, "table")
    run(repo)
    assert "200 rows" in mlops(repo, "profile", "show", "reports/people/profile.json").err
    assert (repo / "reports/people/report.html").read_text().lstrip().lower().startswith("<!doctype html")
    assert mlops(repo, "status", "--check").code == 0
