from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.command import commit, git, mlops, project, repository, run
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    write_all(folder, {"raw/a": "1", "raw/sub/c": "3", "raw/same/d": "4", "one": "5", "old": "6"})
    assert mlops(folder, "add", "raw", "one", "old").code == 0
    commit(folder, "data")
    return folder


def states(folder: Path, *arguments: str) -> dict[str, tuple[str, int | None, int | None]]:
    """Return state and sizes of each artifact that differs."""
    answer = mlops(folder, "diff", "--json", *arguments)
    assert answer.code == 0, answer
    return {
        row["path"]: (row["state"], row["old"] and row["old"]["size"], row["new"] and row["new"]["size"])
        for row in answer.json["changes"]
    }


def test_where_nothing_differs_that_is_said(repo: Path) -> None:
    answer = mlops(repo, "diff")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("No artifact differs between")


def test_what_was_edited_is_shown_before_it_is_added_and_after(repo: Path) -> None:
    write(repo / "raw/a", "changed")
    assert states(repo) == {"raw": ("changed", 3, 9)}
    mlops(repo, "add", "raw")
    assert states(repo) == {"raw": ("changed", 3, 9)}
    commit(repo, "more")
    assert states(repo) == {}
    assert states(repo, "HEAD~1") == {"raw": ("changed", 3, 9)}
    assert states(repo, "HEAD~1", "HEAD") == {"raw": ("changed", 3, 9)}
    assert states(repo, "HEAD", "HEAD~1") == {"raw": ("changed", 9, 3)}


def test_what_came_and_what_went(repo: Path) -> None:
    write(repo / "new", "12")
    mlops(repo, "add", "new")
    (repo / ".mlops/data/old.json").unlink()
    assert states(repo) == {"new": ("added", None, 2), "old": ("removed", 1, None)}


def test_data_that_is_not_in_place_is_what_its_record_says(repo: Path) -> None:
    shutil.rmtree(repo / "raw")
    assert states(repo) == {}


def test_files_inside_are_named_with_their_sizes(repo: Path) -> None:
    write_all(repo / "raw", {"a": "changed", "sub/new": "22"})
    (repo / "raw/sub/c").unlink()
    expected = [
        {"path": "a", "state": "changed", "old": 1, "new": 7, "why": ["content"]},
        {"path": "sub/c", "state": "removed", "old": 1, "new": None},
        {"path": "sub/new", "state": "added", "old": None, "new": 2},
    ]
    assert mlops(repo, "diff", "--files", "--json").json["changes"][0]["files"] == expected
    mlops(repo, "add", "raw")
    commit(repo, "more")
    answer = mlops(repo, "diff", "--files", "HEAD~1", "HEAD", "--json")
    assert answer.json["changes"][0]["files"] == expected


def test_a_folder_that_agrees_is_not_opened(repo: Path) -> None:
    write(repo / "raw/sub/c", "changed")
    mlops(repo, "add", "raw")
    from mlops_cli.opened import open_folder

    with open_folder(repo) as opened:
        record = opened.data["raw"].artifact
        same = opened.facts.inside(record, "same")
        assert same is not None
        opened.facts.objects.remove([same.digest])
    assert mlops(repo, "diff", "--files", "--json").json["changes"][0]["files"] == [
        {"path": "sub/c", "state": "changed", "old": 1, "new": 7, "why": ["content"]}
    ]


def test_what_the_store_does_not_have_is_said_and_stops_nothing(repo: Path, tmp_path: Path) -> None:
    write(repo / "raw/a", "changed")
    mlops(repo, "add", "raw")
    commit(repo, "more")
    git(tmp_path, "clone", "--quiet", str(repo), str(tmp_path / "clone"))
    answer = mlops(tmp_path / "clone", "diff", "--files", "HEAD~1", "--json")
    assert (answer.code, answer.json["changes"][0]["unknown"]) == (0, True)
    assert states(tmp_path / "clone", "HEAD~1") == {"raw": ("changed", 3, 9)}


def test_empty_folders_that_came_or_went_are_named(repo: Path) -> None:
    (repo / "raw/empty/inner").mkdir(parents=True)
    mlops(repo, "add", "raw")
    commit(repo, "an empty folder")
    (repo / "raw/empty/inner").rmdir()
    (repo / "raw/new").mkdir()
    rows = mlops(repo, "diff", "--files", "--json").json["changes"][0]["files"]
    assert rows == [
        {"path": "empty/inner/", "state": "removed", "old": None, "new": None, "why": ["empty folder"]},
        {"path": "new/", "state": "added", "old": None, "new": None, "why": ["empty folder"]},
    ]


def test_of_a_file_of_the_same_size_is_said_what_changed(repo: Path) -> None:
    (repo / "raw/link").symlink_to("a")
    mlops(repo, "add", "raw")
    commit(repo, "a link")
    (repo / "raw/link").unlink()
    (repo / "raw/link").symlink_to("sub")
    (repo / "raw/a").chmod(0o755)
    (repo / "one").chmod(0o755)
    write(repo / "raw/sub/c", "9")
    (repo / "raw/sub/c").chmod(0o755)
    (repo / "raw/same/d").unlink()
    (repo / "raw/same/d").symlink_to("../a")
    said = {row["path"]: row["why"] for row in mlops(repo, "diff", "--json").json["changes"] if "why" in row}
    assert said == {"one": ["now executable"]}
    out = mlops(repo, "diff", "--files", "-o", "csv").out.splitlines()
    assert [(row.split(",", 1)[0], row.split(",", 4)[4]) for row in out[1:]] == [
        ("one", "now executable"),
        ("raw/", ""),
        ("raw/a", "now executable"),
        ("raw/link", "link target"),
        ("raw/same/d", "now a link"),
        ("raw/sub/c", '"content, now executable"'),
    ]


def test_lists_have_four_forms(repo: Path) -> None:
    write(repo / "one", "changed")
    table = mlops(repo, "diff").out.splitlines()
    assert [line.split() for line in table] == [
        ["path", "change", "old", "new", "why"],
        ["one", "changed", "1", "byte", "7", "bytes", "content"],
    ]
    assert (
        mlops(repo, "diff", "-o", "csv").out
        == "path,change,old,new,why\none,changed,1 byte,7 bytes,content\n"
    )
    assert "| one | changed | 1 byte | 7 bytes | content |" in mlops(repo, "diff", "-o", "md").out
    assert mlops(repo, "diff", "-o", "json").json["changes"][0]["path"] == "one"


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    repo = repository(tmp_path / "p")
    write(repo / "a", "1")
    mlops(repo, "add", "a")
    assert states(repo) == {"a": ("added", None, 1)}


def test_outputs_that_the_store_keeps_are_artifacts_and_those_in_git_are_not(tmp_path: Path) -> None:
    stage = {
        "cmd": "cp src out; cp src kept",
        "deps": ["src"],
        "outs": ["out", {"path": "kept", "cache": False}],
    }
    repo = project(tmp_path / "p", {"make": stage}, {"src": "1"})
    run(repo)
    commit(repo, "one")
    write(repo / "src", "22")
    run(repo)
    commit(repo, "two")
    assert states(repo, "HEAD~1", "HEAD") == {"out": ("changed", 1, 2)}
    assert states(repo, "HEAD~1") == {"out": ("changed", 1, 2)}
    assert states(repo) == {}


def test_below_the_top_of_the_repository_paths_are_the_projects(tmp_path: Path) -> None:
    repo = repository(tmp_path / "p")
    write_all(repo, {"part/.mlops/config.yaml": "", "part/a": "1"})
    mlops(repo / "part", "add", "a")
    commit(repo, "one")
    write(repo / "part/a", "22")
    assert states(repo / "part") == {"a": ("changed", 1, 2)}


@pytest.mark.parametrize("arguments", [["nope"], ["HEAD", "nope"], ["HEAD", "HEAD", "HEAD"], ["--", "-x"]])
def test_what_is_no_commit_is_a_mistake(repo: Path, arguments: list[str]) -> None:
    answer = mlops(repo, "diff", *arguments)
    assert answer.code == 2
    assert "Traceback" not in answer.err
