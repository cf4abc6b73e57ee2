"""Data that is not what its record says is never taken for it unawares: by a run, by a push, by whoever merges."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.command import git, mlops, run, states
from tests.support.files import write, write_all
from tests.support.transfers import Clones

if TYPE_CHECKING:
    from pathlib import Path

STAGES = {"count": {"cmd": "ls data | wc -l > count", "deps": ["data"], "outs": ["count"]}}


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    """Return a project whose data and results are sent, and its remote."""
    clones = Clones(tmp_path, STAGES, {})
    write_all(clones.first / "data", {f"{n}.txt": str(n) for n in range(30)})
    assert mlops(clones.first, "add", "data").code == 0
    assert run(clones.first) == {"count": "ran"}
    assert mlops(clones.first, "push").code == 0
    return clones


def test_a_part_of_a_directory_is_not_taken_for_all_of_it(clones: Clones) -> None:
    second = clones.clone()
    assert mlops(second, "pull", "data/7.txt").code == 0
    before = (second / ".mlops/stages/count.json").read_bytes()
    answer = mlops(second, "run")
    assert answer.code == 5
    assert "data is here only in part" in answer.err
    assert "mlops pull data" in answer.err
    assert (second / ".mlops/stages/count.json").read_bytes() == before
    assert not (second / "count").exists()


def test_a_run_that_may_pull_brings_the_rest(clones: Clones) -> None:
    second = clones.clone()
    assert mlops(second, "pull", "data/7.txt").code == 0
    assert run(second, "--pull") == {"count": "cached"}
    assert len(list((second / "data").iterdir())) == 30
    assert (second / "count").read_text().strip() == "30"


def test_files_that_are_gone_on_purpose_are_said_to_be_by_adding_the_rest(clones: Clones) -> None:
    for number in range(20):
        (clones.first / f"data/{number}.txt").unlink()
    assert mlops(clones.first, "run").code == 5
    answer = mlops(clones.first, "add", "data")
    assert answer.code == 0
    assert "20 files fewer" in answer.out
    assert run(clones.first) == {"count": "ran"}
    assert (clones.first / "count").read_text().strip() == "10"


def test_a_run_says_which_data_is_not_what_its_record_says(clones: Clones) -> None:
    write(clones.first / "data/new.txt", "new")
    answer = mlops(clones.first, "run")
    assert answer.code == 0
    assert "data is not what its record says" in answer.err
    assert (clones.first / "count").read_text().strip() == "31"
    assert mlops(clones.first, "add", "data").code == 0
    assert "not what its record says" not in mlops(clones.first, "run", "-f").err


def test_the_folder_of_a_remote_that_is_gone_is_not_taken_for_an_empty_one(clones: Clones) -> None:
    second = clones.clone()
    shutil.move(clones.remote, clones.folder / "elsewhere")
    for folder, verb in ((clones.first, "push"), (second, "pull"), (second, "fetch")):
        answer = mlops(folder, verb)
        assert answer.code == 5
        assert "is not there" in answer.err
        assert "Mount it" in answer.err
    assert not clones.remote.exists()


def test_a_claim_that_was_taken_back_is_made_again_by_the_next_push(clones: Clones) -> None:
    [claim] = (clones.remote / "projects").iterdir()
    said = claim.read_bytes()
    claim.unlink()
    assert mlops(clones.first, "push").code == 0
    assert claim.read_bytes() == said


def test_a_record_with_a_merge_conflict_says_so(clones: Clones) -> None:
    second = clones.clone()
    assert mlops(second, "pull").code == 0
    for folder in (clones.first, second):
        write(folder / "data/new.txt", folder.name)
        assert mlops(folder, "add", "data").code == 0
        git(folder, "add", "-A")
        git(folder, "commit", "--quiet", "-m", folder.name)
    with pytest.raises(AssertionError):  # Git says no: both changed the record
        git(second, "pull", "--quiet", "--no-rebase", "origin", "HEAD")
    answer = mlops(second, "status")
    assert answer.code == 3
    assert "has a merge conflict in it" in answer.err
    assert "git checkout --ours -- .mlops/data/data.json" in answer.err
    git(second, "checkout", "--theirs", "--", ".mlops/data/data.json")
    git(second, "add", "-A")
    assert states(second)
