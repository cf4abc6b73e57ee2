from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.support.command import mlops, project, run

if TYPE_CHECKING:
    from pathlib import Path


def thrown_away(tmp_path: Path) -> tuple[Path, str]:
    """Return a project whose only run lies in the journal, and that run's file."""
    folder = project(tmp_path, {"one": {"cmd": "echo 1 > one", "outs": ["one"]}})
    run(folder)
    [file] = (folder / ".mlops/runs").glob("*/*.json")
    shutil.rmtree(folder / ".mlops/runs")
    return folder, file.relative_to(folder).as_posix()


def test_it_says_what_to_commit(tmp_path: Path) -> None:
    folder, path = thrown_away(tmp_path)
    answer = mlops(folder, "keep", "@latest")
    assert answer.code == 0
    assert answer.out == f"kept {path[-32:-5]}  {path}\n"
    assert f"git add {path} && git commit" in answer.err
    assert mlops(folder, "keep", "@latest").out.startswith("already here: ")


def test_its_json_names_runs_and_files(tmp_path: Path) -> None:
    folder, path = thrown_away(tmp_path)
    assert mlops(folder, "keep", "--json", "@latest").json == {
        "schema": 1,
        "kept": [{"run": path[-32:-5], "path": path, "new": True}],
        "written": [path],
    }


def test_an_unknown_run_is_a_mistake_of_the_command_line(tmp_path: Path) -> None:
    folder, _ = thrown_away(tmp_path)
    answer = mlops(folder, "keep", "nonsense")
    assert (answer.code, answer.out) == (2, "")
    assert "nonsense" in answer.err
