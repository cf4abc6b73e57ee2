from __future__ import annotations

import json
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.locks import Lock
from tests.support.command import commit, define, finish, git, mlops, project, repository, start
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def record(folder: Path, path: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / f".mlops/data/{path}.json").read_bytes())
    return value


def refused(folder: Path, *paths: str, code: int = 2) -> str:
    """Add what must be refused; return what was said. Nothing may have been written."""
    before = sorted((folder / ".mlops").rglob("*"))
    answer = mlops(folder, "add", *paths)
    assert answer.code == code, answer
    assert "Traceback" not in answer.err
    assert sorted((folder / ".mlops").rglob("*")) == before
    return answer.err


def test_a_file_is_stored_recorded_and_ignored(repo: Path) -> None:
    write(repo / "data/raw.csv", "a,b\n")
    answer = mlops(repo, "add", "data/raw.csv")
    assert answer.code == 0
    assert answer.out == "tracked data/raw.csv (1 file, 4 bytes)\n"
    assert "git add .gitignore .mlops/data/data/raw.csv.json && git commit" in answer.err
    expected = {"schema": 1, "path": "data/raw.csv", "digest": digest_bytes(b"a,b\n"), "size": 4}
    assert record(repo, "data/raw.csv") == expected
    assert git(repo, "status", "--porcelain", "--untracked-files=all").split() == [
        "??", ".gitignore", "??", ".mlops/data/data/raw.csv.json",
    ]  # fmt: skip


def test_a_directory_has_one_record_with_its_files_counted(repo: Path) -> None:
    write_all(repo / "data", {"a": "1", "b/c": "22", "b/d": "333"})
    os.symlink("a", repo / "data/l")
    answer = mlops(repo, "add", "data", "--json")
    assert answer.json["added"] == [{"path": "data", "state": "new", "size": 6, "files": 3}]
    assert answer.json["written"] == [".gitignore", ".mlops/data/data.json"]
    assert (record(repo, "data")["files"], record(repo, "data")["tree"]) == (3, True)


def test_adding_again_writes_nothing(repo: Path) -> None:
    write_all(repo, {"data/a": "1", "one": "2"})
    mlops(repo, "add", "data", "one")
    watched = [repo / ".gitignore", repo / ".mlops/data/data.json", repo / ".mlops/data/one.json"]
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in watched]
    stored = sorted((repo / ".git/mlops/objects").rglob("*"))
    answer = mlops(repo, "add", "one", "data")
    assert answer.out.splitlines() == ["unchanged one (1 file, 1 byte)", "unchanged data (1 file, 1 byte)"]
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in watched] == before
    assert sorted((repo / ".git/mlops/objects").rglob("*")) == stored


def test_content_that_the_store_has_lost_is_stored_again(repo: Path) -> None:
    write(repo / "a", "content")
    mlops(repo, "add", "a")
    [stored] = [path for path in (repo / ".git/mlops/objects").rglob("*") if path.is_file()]
    stored.unlink()
    assert mlops(repo, "add", "a").out.startswith("unchanged")
    (repo / "a").unlink()
    assert mlops(repo, "checkout").code == 0
    assert (repo / "a").read_text() == "content"


def test_a_change_gives_a_new_record_and_an_executable_file_keeps_its_bit(repo: Path) -> None:
    write(repo / "tool", "1", executable=True)
    mlops(repo, "add", "tool")
    assert record(repo, "tool")["executable"] is True
    write(repo / "tool", "2", executable=True)
    assert mlops(repo, "add", "tool").out == "updated tool (1 file, 1 byte)\n"
    assert record(repo, "tool")["digest"] == digest_bytes(b"2")


def test_paths_count_from_where_the_user_stands(repo: Path) -> None:
    write_all(repo, {"sub/deep/a": "1", "b": "2", ".mlops/config.yaml": ""})
    answer = mlops(repo / "sub/deep", "add", "a", "../../b", str(repo / "sub/deep/a"))
    assert answer.code == 0, answer
    assert record(repo, "sub/deep/a")["size"] == record(repo, "b")["size"] == 1
    assert "git add ../../.gitignore" in answer.err
    assert mlops(repo, "-C", "sub", "add", "deep/a").out.startswith("unchanged sub/deep/a")


def test_in_a_project_below_the_top_of_the_repository_everything_stays_there(repo: Path) -> None:
    write_all(repo, {"part/.mlops/config.yaml": "", "part/a": "1"})
    mlops(repo / "part", "add", "a")
    assert (repo / "part/.mlops/data/a.json").exists()
    assert "/a" in (repo / "part/.gitignore").read_text()
    assert "part/a" not in git(repo, "status", "--porcelain", "--untracked-files=all").split()


# Inside a tracked directory -------------------------------------------------------------------------------------------


@pytest.fixture
def tracked(repo: Path) -> Path:
    write_all(repo / "raw", {"a": "1", "b": "2", "sub/c": "3", "sub/d": "4"})
    assert mlops(repo, "add", "raw").code == 0
    return repo


def bring(folder: Path) -> dict[str, str]:
    """Return what the record of `raw` holds, by checking it out."""
    assert mlops(folder, "checkout", "--force").code == 0
    return {
        str(p.relative_to(folder / "raw")): p.read_text() for p in (folder / "raw").rglob("*") if p.is_file()
    }


def test_a_path_inside_takes_over_that_change_and_no_other(tracked: Path) -> None:
    write_all(tracked / "raw", {"a": "other", "sub/c": "new", "sub/e": "not asked for"})
    answer = mlops(tracked, "add", "raw/sub/c")
    assert answer.out == "updated raw (4 files, 6 bytes): sub/c\n"
    assert bring(tracked) == {"a": "1", "b": "2", "sub/c": "new", "sub/d": "4"}


def test_a_new_folder_inside_is_added_with_its_files_counted(tracked: Path) -> None:
    write_all(tracked / "raw", {"new/x/y": "55", "new/z": "6", "a": "other"})
    assert mlops(tracked, "add", "raw/new").out == "updated raw (6 files, 7 bytes): new\n"
    assert bring(tracked)["new/x/y"] == "55"


def test_a_path_that_is_gone_is_taken_out_of_the_record(tracked: Path) -> None:
    (tracked / "raw/sub/c").unlink()
    (tracked / "raw/a").unlink()
    assert mlops(tracked, "add", "raw/sub/c").out == "updated raw (3 files, 3 bytes): sub/c\n"
    assert bring(tracked) == {"a": "1", "b": "2", "sub/d": "4"}


def test_a_folder_in_the_place_of_a_file_and_the_other_way_round(tracked: Path) -> None:
    (tracked / "raw/a").unlink()
    write(tracked / "raw/a/deep", "77")
    assert mlops(tracked, "add", "raw/a/deep").out == "updated raw (4 files, 5 bytes): a/deep\n"
    assert bring(tracked)["a/deep"] == "77"


def test_a_link_inside_is_kept_as_a_link(tracked: Path) -> None:
    os.symlink("../a", tracked / "raw/sub/l")
    assert mlops(tracked, "add", "raw/sub/l").out == "updated raw (4 files, 4 bytes): sub/l\n"
    (tracked / "raw/sub/l").unlink()
    bring(tracked)
    assert str((tracked / "raw/sub/l").readlink()) == "../a"


def test_a_link_inside_that_leads_out_is_refused(tracked: Path) -> None:
    os.symlink("../../b", tracked / "raw/sub/l")
    assert "leads out" in refused(tracked, "raw/sub/l", code=5)


def test_the_same_part_again_changes_nothing(tracked: Path) -> None:
    before = (tracked / ".mlops/data/raw.json").read_bytes()
    assert mlops(tracked, "add", "raw/sub/c").out == "unchanged raw (4 files, 4 bytes): sub/c\n"
    assert (tracked / ".mlops/data/raw.json").read_bytes() == before


def test_a_part_gives_the_same_record_as_the_whole(tracked: Path) -> None:
    write(tracked / "raw/sub/c", "new")
    mlops(tracked, "add", "raw/sub/c")
    part = (tracked / ".mlops/data/raw.json").read_bytes()
    assert mlops(tracked, "add", "raw").out.startswith("unchanged")
    assert (tracked / ".mlops/data/raw.json").read_bytes() == part


# Absorbing ------------------------------------------------------------------------------------------------------------


def test_a_directory_takes_tracked_paths_in_it_over_and_says_so(tracked: Path) -> None:
    write(tracked / "more/x", "8")
    mlops(tracked, "add", "more/x")
    (tracked / "all").mkdir()
    (tracked / "raw").rename(tracked / "all/raw")
    mlops(tracked, "add", "all/raw")
    answer = mlops(tracked, "add", "all")
    assert "all/raw is part of all now; its own record is gone" in answer.out
    assert not (tracked / ".mlops/data/all").exists()
    assert (tracked / ".mlops/data/more/x.json").exists()
    assert "/all/raw" not in (tracked / ".gitignore").read_text()


def imported(folder: Path, path: str) -> None:
    file = folder / f".mlops/data/{path}.json"
    value = json.loads(file.read_bytes()) | {"source": {"url": "https://example.org/x", "etag": "1"}}
    file.write_text(json.dumps(value))


def test_a_directory_does_not_take_over_what_was_imported(tracked: Path) -> None:
    write(tracked / "all/x", "8")
    mlops(tracked, "add", "all/x")
    imported(tracked, "all/x")
    assert "imported from https://example.org/x" in refused(tracked, "all")


def test_an_import_stays_one_while_it_is_unchanged_and_no_longer(tracked: Path) -> None:
    imported(tracked, "raw")
    assert mlops(tracked, "add", "raw").out.startswith("unchanged")
    assert record(tracked, "raw")["source"]["etag"] == "1"
    write(tracked / "raw/a", "mine")
    answer = mlops(tracked, "add", "raw/a")
    assert "no longer what was imported" in answer.out
    assert "source" not in record(tracked, "raw")


# Refusals -------------------------------------------------------------------------------------------------------------


def test_what_lies_outside_the_project_is_refused(repo: Path, tmp_path: Path) -> None:
    write(tmp_path / "x", "1")
    assert "outside the project" in refused(repo, "../x")
    assert "outside the project" in refused(repo, str(tmp_path / "x"))


def test_what_does_not_exist_is_refused_and_tracked_data_named_with_the_way_back(repo: Path) -> None:
    assert "gone does not exist" in refused(repo, "gone")
    write(repo / "a", "1")
    mlops(repo, "add", "a")
    (repo / "a").unlink()
    assert "mlops checkout a" in refused(repo, "a")


def test_outputs_of_stages_and_what_is_around_and_inside_them_are_refused(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", {"make": {"cmd": "mkdir -p out/d; echo 1 > out/d/x", "outs": ["out/d"]}})
    assert mlops(repo, "run").code == 0
    for path in ("out", "out/d", "out/d/x"):
        assert "an output of make" in refused(repo, path)


def test_what_git_tracks_is_refused_with_the_command_that_ends_it(repo: Path) -> None:
    write_all(repo, {"data/a": "1", "data/b": "2"})
    commit(repo, "data in Git")
    assert "git rm -r --cached data\n" in refused(repo, "data")
    assert "git rm -r --cached data/a\n" in refused(repo, "data/a")
    git(repo, "rm", "-r", "--cached", "--quiet", "data")
    assert mlops(repo, "add", "data").code == 0


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".git",
        ".mlops/config.yaml",
        ".mlops",
        "mlops.yaml",
        ".gitignore",
        ".mlopsignore",
        ".",
        "params.yaml",
    ],
)
def test_what_belongs_to_git_or_to_the_tool_is_refused(tmp_path: Path, path: str) -> None:
    repo = repository(tmp_path / "p")
    define(repo, {"a": {"cmd": "true", "params": ["x"]}})
    write_all(repo, {".mlops/config.yaml": "", ".gitignore": "", ".mlopsignore": "", "params.yaml": "x: 1\n"})
    refused(repo, path)


def test_a_socket_is_refused(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo / "d").mkdir()
    monkeypatch.chdir(repo / "d")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert "socket" in refused(repo, "d", code=3)
        assert "socket" in refused(repo, "d/s", code=3)


def test_links_that_lead_out_are_refused_wherever_they_stand(repo: Path, tmp_path: Path) -> None:
    write_all(tmp_path / "outside", {"x": "1"})
    write_all(repo, {"d/a": "1", "real/b": "2"})
    os.symlink(tmp_path / "outside", repo / "out")
    os.symlink(repo / "real", repo / "alias")
    os.symlink(tmp_path / "outside/x", repo / "d/l")
    assert "leads out of the project" in refused(repo, "out")
    assert "leads out of the project" in refused(repo, "out/x")
    assert "mlops add real/b" in refused(repo, "alias/b")
    assert "leads out of d" in refused(repo, "d", code=3)


def test_names_that_differ_only_in_case_are_refused(repo: Path) -> None:
    write_all(repo / "d", {"Readme": "1", "README": "2"})
    assert "same name" in refused(repo, "d", code=3)


def test_what_is_left_out_is_in_no_record_and_stays_where_it_is(repo: Path) -> None:
    write_all(repo, {"raw/a": "1", "raw/b.tmp": "2", "raw/deep/c.tmp": "3", "raw/deep/keep.tmp": "4"})
    write_all(repo, {".mlopsignore": "*.tmp\n", "raw/deep/.mlopsignore": "!keep.tmp\n"})
    assert mlops(repo, "add", "raw").out.startswith("tracked raw (3 files")
    for name in ("a", "deep/keep.tmp"):
        (repo / "raw" / name).unlink()
    assert mlops(repo, "checkout").code == 0
    left = {str(p.relative_to(repo / "raw")) for p in (repo / "raw").rglob("*") if p.is_file()}
    assert left == {"a", "b.tmp", "deep/.mlopsignore", "deep/c.tmp", "deep/keep.tmp"}
    write(repo / ".mlopsignore", "")
    assert mlops(repo, "status", "--json").json["data"] == [{"path": "raw", "state": "changed"}]


def test_what_is_left_out_is_refused_by_name(repo: Path) -> None:
    write_all(repo, {".mlopsignore": "tmp/\n", "tmp/a": "1"})
    assert ".mlopsignore" in refused(repo, "tmp/a")


def test_no_path_at_all_is_a_mistake(repo: Path) -> None:
    assert mlops(repo, "add").code == 2


# When something goes wrong ----------------------------------------------------------------------------------------------


def test_of_several_paths_those_that_can_be_added_are(repo: Path) -> None:
    write_all(repo, {"good/a": "1", "bad/A": "1", "bad/a": "2", "fine": "3"})
    answer = mlops(repo, "add", "good", "bad", "fine", "--json")
    assert answer.code == 3
    assert [row["path"] for row in answer.json["added"]] == ["good", "fine"]
    assert len(answer.json["failed"]) == 1
    assert not (repo / ".mlops/data/bad.json").exists()


def test_four_commands_at_once_lose_nothing(repo: Path) -> None:
    write_all(repo / "raw", {f"{n}": "old" for n in range(4)})
    mlops(repo, "add", "raw")
    for n in range(4):
        write_all(repo, {f"raw/{n}": f"new {n}", f"own{n}/x": f"{n}"})
    started = [start(repo, "add", f"raw/{n}", f"own{n}") for n in range(4)]
    assert [finish(each).code for each in started] == [0, 0, 0, 0]
    assert bring(repo) == {f"{n}": f"new {n}" for n in range(4)}
    rules = (repo / ".gitignore").read_text().splitlines()
    assert {f"/own{n}" for n in range(4)} | {"/raw"} <= set(rules)


def test_a_record_that_another_command_wrote_meanwhile_is_what_a_part_goes_into(repo: Path) -> None:
    write_all(repo / "raw", {"a": "old", "b": "old"})
    mlops(repo, "add", "raw")
    file = repo / ".mlops/data/raw.json"
    before = file.read_bytes()
    write(repo / "raw/a", "new a")
    mlops(repo, "add", "raw/a")
    other = file.read_bytes()
    file.write_bytes(before)
    place = digest_bytes(str(repo.resolve()).encode())[3:19]
    lock = Lock(repo / f".git/mlops/locks/data-{place}")
    assert lock.acquire(wait=False)
    write(repo / "raw/b", "new b")
    digest = digest_bytes(b"new b")
    started = start(repo, "add", "raw/b")
    stored = repo / f".git/mlops/objects/{digest[3:5]}/{digest[5:]}"
    while not stored.exists() and started.poll() is None:
        time.sleep(0.01)
    file.write_bytes(other)
    lock.release()
    assert finish(started).code == 0
    assert bring(repo) == {"a": "new a", "b": "new b"}


def test_a_record_that_is_damaged_stops_everything_and_is_named(repo: Path) -> None:
    write_all(repo, {".mlops/data/x.json": "{", "a": "1"})
    assert ".mlops/data/x.json" in refused(repo, "a", code=3)


def test_the_rules_for_data_outlive_a_run(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", {"make": {"cmd": "cp raw out", "deps": ["raw"], "outs": ["out"]}})
    write(repo / "raw", "1")
    mlops(repo, "add", "raw")
    assert mlops(repo, "run").code == 0
    assert {"/raw", "/out"} <= set((repo / ".gitignore").read_text().splitlines())


# What the store lost -------------------------------------------------------------------------------------------------


def stored(folder: Path, size: int) -> Path:
    """Return the file of the object with a size."""
    [found] = [p for p in (folder / ".git/mlops/objects").glob("*/*") if p.stat().st_size == size]
    found.chmod(0o644)
    return found


@pytest.mark.parametrize("size", [100_000, 5])
def test_what_is_cut_off_in_the_store_is_stored_anew(repo: Path, size: int) -> None:
    write_all(repo, {"data/a": "x" * size, "data/b": "else"})
    assert mlops(repo, "add", "data").code == 0
    stored(repo, size).write_bytes(b"x")
    answer = mlops(repo, "add", "data")
    assert (answer.code, answer.out) == (0, "unchanged data (2 files, " + answer.out.partition("files, ")[2])
    assert mlops(repo, "verify").code == 0


def test_a_damaged_list_of_files_is_stored_anew(repo: Path) -> None:
    write_all(repo, {"data/a": "1", "data/sub/b": "22"})
    assert mlops(repo, "add", "data").code == 0
    name = record(repo, "data")["digest"]
    path = repo / ".git/mlops/objects" / name[3:5] / name[5:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert mlops(repo, "add", "data").code == 0
    assert mlops(repo, "verify").code == 0


def test_a_name_that_leaves_no_room_for_its_record_is_refused_with_the_way_out(tmp_path: Path) -> None:
    root = project(tmp_path / "long", {})
    for size, code in ((250, 0), (251, 2)):
        write(root / ("x" * size), "1")
        answer = mlops(root, "add", "x" * size)
        assert answer.code == code, answer
    assert "has 251 bytes, and the name of its record leaves room for 250" in answer.err
    assert "Put it into a folder and track that" in answer.err
    write(root / "folder" / ("x" * 255), "1")
    assert mlops(root, "add", "folder").code == 0
