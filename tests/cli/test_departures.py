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


def test_adding_a_part_for_all_of_it_is_refused_and_the_part_alone_is_not(clones: Clones) -> None:
    second = clones.clone()
    assert mlops(second, "pull", "data/7.txt").code == 0
    record = second / ".mlops/data/data.json"
    before = record.read_bytes()
    write_all(second / "data", {f"new{n}": "mine" for n in range(40)})  # more files than the record has
    answer = mlops(second, "add", "data")
    assert answer.code == 5
    assert "data is here only in part" in answer.err
    assert "data/0.txt and 28 more is neither here nor in the store" in answer.err
    assert "mlops pull data;" in answer.err
    assert "mlops add --force data" in answer.err
    assert record.read_bytes() == before
    assert mlops(second, "add", "data/new1").out.startswith("updated data (31 files")
    write(second / "data/new0", "mine alone")
    answer = mlops(second, "add", "data")
    assert answer.code == 5
    # What was refused is not in the store, so bringing the rest does not take it for kept.
    assert mlops(second, "pull", "data").code == 5
    assert (second / "data/new0").read_text() == "mine alone"
    assert mlops(second, "pull", "data", "--force").code == 0
    assert len(list((second / "data").iterdir())) == 31
    assert mlops(second, "add", "data").code == 0


def test_a_part_is_taken_for_all_of_it_when_forced_and_said_to_be_smaller(clones: Clones) -> None:
    second = clones.clone()
    assert mlops(second, "pull", "data/7.txt").code == 0
    answer = mlops(second, "add", "--force", "data")
    assert answer.code == 0
    assert answer.out.startswith("updated data (1 file,")
    assert "29 files fewer" in answer.out


def test_what_is_removed_from_a_directory_that_was_pulled_whole_is_no_part(clones: Clones) -> None:
    second = clones.clone()
    assert mlops(second, "pull").code == 0
    for number in range(20):
        (second / f"data/{number}.txt").unlink()
    answer = mlops(second, "add", "data")
    assert (answer.code, "20 files fewer" in answer.out) == (0, True)


def test_a_file_that_never_came_may_be_taken_out_by_its_name(clones: Clones) -> None:
    second = clones.clone()
    assert mlops(second, "pull", "data/7.txt").code == 0
    assert mlops(second, "add", "data/8.txt").out.startswith("updated data (29 files")


def test_a_folder_inside_that_is_here_in_part_is_refused_too(clones: Clones) -> None:
    write_all(clones.first / "data", {"sub/a": "a", "sub/b": "b", "sub/deep/c": "c"})
    assert mlops(clones.first, "add", "data").code == 0
    assert mlops(clones.first, "push").code == 0
    git(clones.first, "add", "-A")
    git(clones.first, "commit", "--quiet", "-m", "more")
    second = clones.clone()
    assert mlops(second, "pull", "data/sub/a").code == 0
    before = (second / ".mlops/data/data.json").read_bytes()
    answer = mlops(second, "add", "data/sub")
    assert answer.code == 5
    assert "data/sub is here only in part: what its record names as data/sub/b and 1 more" in answer.err
    assert (second / ".mlops/data/data.json").read_bytes() == before
    assert mlops(second, "pull", "data/sub").code == 0
    (second / "data/sub/b").unlink()
    assert mlops(second, "add", "data/sub").out.startswith("updated data (32 files")


def test_data_of_ones_own_in_the_place_of_what_was_never_pulled_is_refused_where_it_is_less(
    clones: Clones,
) -> None:
    second = clones.clone()
    write_all(second / "data", {f"mine{n}.txt": "mine" for n in range(29)})
    answer = mlops(second, "add", "data")
    assert answer.code == 5
    assert "data is here only in part: what its record names is neither here nor in the store" in answer.err
    write(second / "data/mine29.txt", "mine")
    assert mlops(second, "add", "data").code == 0


def test_an_older_version_is_not_taken_for_a_newer_one_that_git_brought(clones: Clones) -> None:
    second = clones.clone()
    assert mlops(second, "pull").code == 0
    write_all(clones.first / "data", {"late/1": "1", "late/2": "2"})
    assert mlops(clones.first, "add", "data").code == 0
    assert mlops(clones.first, "push").code == 0
    git(clones.first, "add", "-A")
    git(clones.first, "commit", "--quiet", "-m", "two more")
    git(second, "pull", "--quiet", str(clones.first), "HEAD")
    write(second / "data/7.txt", "changed here")
    before = (second / ".mlops/data/data.json").read_bytes()
    assert mlops(second, "add", "data").code == 5
    assert (second / ".mlops/data/data.json").read_bytes() == before
    assert mlops(second, "add", "--force", "data").code == 0


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
