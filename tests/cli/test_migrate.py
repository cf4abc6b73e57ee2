"""`mlops migrate dvc`, as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import mlops
from tests.support.dvc_handmade import handmade

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return handmade(tmp_path / "project")


def test_it_says_what_was_written_what_came_over_and_what_to_do_next(project: Path) -> None:
    with (project / "dvc.yaml").open("a") as stream:
        stream.write("    meta: {owner: ada}\n    cmd2: x\n")
    answer = mlops(project, "migrate", "dvc")
    assert answer.code == 0
    assert answer.err == ""
    for line in (
        "written: mlops.yaml",
        "written: 4 records under .mlops",
        "2 stages: 2 fresh",
        "1 tracked path: 1 ok",
        "  dvc.yaml:12: meta of two: nothing reads it here; write it as a comment",
        "  dvc.yaml:13: cmd2 of two: mlops has nothing like it",
        "Keep it with: git add .mlops mlops.yaml .gitignore && git commit",
    ):
        assert line in answer.out.splitlines()


def test_json_has_the_same_and_nothing_else_on_standard_output(project: Path) -> None:
    answer = mlops(project, "migrate", "dvc", "--json", "--quiet")
    assert set(answer.json) == {
        "schema", "dry", "changed", "written", "records", "stages", "data", "notes", "damaged",
    }  # fmt: skip
    assert answer.err == ""


def test_quiet_says_nothing(project: Path) -> None:
    answer = mlops(project, "-q", "migrate", "dvc")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_the_group_alone_shows_what_there_is(project: Path) -> None:
    answer = mlops(project, "migrate", "--help")
    assert answer.code == 0
    assert "dvc" in answer.out
