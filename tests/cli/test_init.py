"""`mlops init`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.command import git, mlops, repository, states
from tests.support.files import listing, write

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = [".mlops/.gitignore", ".mlops/config.yaml", "mlops.yaml"]


def _files(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in listing(root).items() if not name.startswith(".git/")}


def test_it_writes_a_pipeline_file_and_settings_and_says_what_to_type_next(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    answer = mlops(root, "init")
    assert answer.code == 0
    assert sorted(_files(root)) == WRITTEN
    for path in WRITTEN:
        assert path in answer.out
    assert "mlops run" in answer.out
    assert answer.err == ""


def test_the_second_time_it_changes_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    mlops(root, "init")
    before = {path: os.stat(root / path).st_mtime_ns for path in _files(root)}
    answer = mlops(root, "init")
    assert answer.code == 0
    assert "nothing was changed" in answer.out
    assert {path: os.stat(root / path).st_mtime_ns for path in _files(root)} == before


def test_what_people_wrote_is_left_as_it_is(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    write(root / "mlops.yaml", "stages:\n  a: {cmd: touch a, outs: [a]}\n")
    write(root / ".gitignore", "*.log")
    answer = mlops(root, "init", "--json")
    assert answer.code == 0
    assert (root / "mlops.yaml").read_text().startswith("stages:\n  a:")
    assert answer.json["written"] == [".mlops/.gitignore", ".mlops/config.yaml", ".gitignore"]
    assert (root / ".gitignore").read_text().startswith("*.log\n")
    write(root / "a", "output")
    write(root / "b.log", "")
    assert git(root, "status", "--porcelain", "-uall", "--ignored", "a", "b.log").split() == [
        "!!",
        "a",
        "!!",
        "b.log",
    ]


def test_json_names_the_folder_and_what_was_written(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    answer = mlops(root, "init", "--json")
    assert answer.json == {"schema": 1, "root": str(root), "written": WRITTEN}
    assert mlops(root, "init", "--json").json == {"schema": 1, "root": str(root), "written": []}


def test_a_folder_of_a_repository_can_be_a_project_of_its_own(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    (root / "team").mkdir()
    answer = mlops(root, "init", "-C", "team", "--json")
    assert answer.json["root"] == str(root / "team")
    assert sorted(_files(root)) == [f"team/{path}" for path in WRITTEN]
    assert states(root / "team") == {}


def test_two_projects_can_lie_in_one_repository(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    for name in ("a", "b"):
        (root / name).mkdir()
        assert mlops(root / name, "init").code == 0
        write(root / name / "mlops.yaml", f"stages:\n  s: {{cmd: echo {name} > o, outs: [o]}}\n")
        assert mlops(root / name, "run").code == 0
        assert (root / name / "o").read_text() == f"{name}\n"
    assert states(root / "a") == states(root / "b") == {"s": "fresh"}


def test_in_a_linked_worktree_it_works_as_anywhere(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    git(root, "commit", "-q", "--allow-empty", "-m", "start")
    git(root, "worktree", "add", "-q", str(tmp_path / "linked"))
    answer = mlops(tmp_path / "linked", "init", "--json")
    assert (answer.code, answer.json["written"]) == (0, WRITTEN)


def test_inside_the_git_folder_it_refuses(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    answer = mlops(root / ".git", "init")
    assert answer.code == 2
    assert not (root / ".git/mlops.yaml").exists()


def test_an_example_does_not_write_over_a_pipeline(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    write(root / "mlops.yaml", "stages:\n")
    answer = mlops(root, "init", "--example")
    assert answer.code == 2
    assert "mlops -C example init --example" in answer.err
    assert sorted(_files(root)) == ["mlops.yaml"]


def test_an_example_is_written_whole_and_its_outputs_are_ignored(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    answer = mlops(root, "init", "--example")
    assert answer.code == 0
    assert "Next: mlops run" in answer.out
    assert set(_files(root)) >= {"mlops.yaml", "params.yaml", "src/train.py", ".gitignore"}
    assert set(states(root).values()) == {"stale", "waiting"}
    assert "/data/train.csv" in (root / ".gitignore").read_text().splitlines()
    assert mlops(root, "init", "--example", "--json").json["written"] == []


def test_arguments_are_refused(tmp_path: Path) -> None:
    answer = mlops(repository(tmp_path / "p"), "init", "here")
    assert answer.code == 2
    assert "here" in answer.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    root.chmod(0o555)
    try:
        answer = mlops(root, "init")
    finally:
        root.chmod(0o755)
    assert answer.code == 5
    assert str(root) in answer.err
