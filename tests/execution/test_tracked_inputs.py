from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.command import Counter, commit, counted, git, mlops, project, run, stage_record
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


def pipeline(folder: Path, dep: str, command: str = "cat data/raw/a data/raw/sub/b > out") -> Path:
    repo = project(folder, {"make": {"cmd": counted(command, "make"), "deps": [dep], "outs": ["out"]}})
    write_all(repo / "data", {"raw/a": "1", "raw/sub/b": "2", "one.csv": "3"})
    assert mlops(repo, "add", "data/raw", "data/one.csv").code == 0
    commit(repo, "data")
    return repo


def take_away(repo: Path) -> None:
    shutil.rmtree(repo / "data")


@pytest.mark.parametrize(
    "dep", ["data", "data/raw", "data/raw/a", "data/**", "data/*", "data/raw/**/b", "data/raw/*"]
)
def test_a_stage_is_fresh_without_its_tracked_data_in_place(tmp_path: Path, dep: str) -> None:
    repo = pipeline(tmp_path / "p", dep)
    counter = Counter(tmp_path / "count")
    assert run(repo, env=counter.env) == {"make": "ran"}
    before = stage_record(repo, "make")
    take_away(repo)
    answer = mlops(repo, "status", "--json")
    assert [row["state"] for row in answer.json["stages"]] == ["fresh"]
    assert [row["state"] for row in answer.json["data"]] == ["missing", "missing"]
    (repo / "out").unlink()
    assert run(repo, env=counter.env) == {"make": "cached"}
    assert stage_record(repo, "make") == before
    assert not (repo / "data").exists()
    assert counter.count() == 1


@pytest.mark.parametrize("dep", ["data", "data/raw", "data/**"])
def test_a_stage_that_really_runs_has_its_data_brought(tmp_path: Path, dep: str) -> None:
    repo = pipeline(tmp_path / "p", dep)
    take_away(repo)
    env = Counter(tmp_path / "count").env
    assert run(repo, env=env) == {"make": "ran"}
    assert (repo / "out").read_text() == "12"
    assert not mlops(repo, "status", "--json").json["stages"][0]["reasons"]


def test_only_what_the_stage_names_is_brought(tmp_path: Path) -> None:
    repo = pipeline(tmp_path / "p", "data/raw/sub", "cat data/raw/sub/b > out")
    take_away(repo)
    assert run(repo, env=Counter(tmp_path / "count").env) == {"make": "ran"}
    assert sorted(str(p.relative_to(repo)) for p in (repo / "data").rglob("*") if p.is_file()) == [
        "data/raw/sub/b"
    ]


def test_the_key_is_the_same_with_and_without_the_data_in_place(tmp_path: Path) -> None:
    repo = pipeline(tmp_path / "p", "data")
    write(repo / "data/loose", "in the folder, and not tracked")
    here = mlops(repo, "status", "--json").json["stages"][0]["key"]
    shutil.rmtree(repo / "data/raw")
    assert mlops(repo, "status", "--json").json["stages"][0]["key"] == here


def test_several_stages_may_need_the_same_data_at_once(tmp_path: Path) -> None:
    stages = {
        f"s{n}": {"cmd": f"cat data/a > out{n}", "deps": ["data"], "outs": [f"out{n}"]} for n in range(6)
    }
    repo = project(tmp_path / "p", stages)
    write_all(repo / "data", {"a": "1", "b": "2"})
    mlops(repo, "add", "data")
    take_away(repo)
    assert set(run(repo, "-j", "4").values()) == {"ran"}


def test_data_whose_content_is_nowhere_fails_the_stage_with_what_to_pull(tmp_path: Path) -> None:
    repo = pipeline(tmp_path / "p", "data/one.csv", "cp data/one.csv out")
    git(tmp_path, "clone", "--quiet", str(repo), str(tmp_path / "clone"))
    answer = mlops(tmp_path / "clone", "run", env=Counter(tmp_path / "count").env)
    assert answer.code == 5
    assert (
        "data/one.csv is tracked, and its content is not here. Bring it with: mlops pull data/one.csv"
        in answer.err
    )
    assert mlops(tmp_path / "clone", "status").code == 0


def test_a_part_of_a_directory_that_is_nowhere_says_what_to_pull(tmp_path: Path) -> None:
    repo = pipeline(tmp_path / "p", "data/raw/a")
    git(tmp_path, "clone", "--quiet", str(repo), str(tmp_path / "clone"))
    answer = mlops(tmp_path / "clone", "status")
    assert answer.code == 5
    assert "Bring it with: mlops pull data/raw/a" in answer.err


def test_data_that_is_here_and_changed_is_taken_as_it_lies(tmp_path: Path) -> None:
    repo = pipeline(tmp_path / "p", "data/raw")
    env = Counter(tmp_path / "count").env
    run(repo, env=env)
    write(repo / "data/raw/a", "changed")
    assert run(repo, env=env) == {"make": "ran"}
    assert (repo / "data/raw/a").read_text() == "changed"


def test_an_output_at_tracked_data_is_a_mistake_in_the_pipeline(tmp_path: Path) -> None:
    repo = pipeline(tmp_path / "p", "data/raw")
    for out in ("data/raw", "data", "data/raw/x"):
        write(repo / "mlops.yaml", f"stages:\n  make:\n    cmd: echo\n    outs: [{out}]\n")
        answer = mlops(repo, "status")
        assert answer.code == 3
        assert "is tracked as data" in answer.err
        assert "mlops.yaml:4:" in answer.err
