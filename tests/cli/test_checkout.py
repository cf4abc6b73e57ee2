from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.locks import Lock
from mlops_cli.store.tree import Entry, encode_tree
from tests.support.command import commit, git, mlops, project, repository, run
from tests.support.files import listing, write, write_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    write_all(folder, {"raw/a": "1", "raw/sub/c": "3", "raw/sub/d": "4", "one": "5"})
    assert mlops(folder, "add", "raw", "one").code == 0
    commit(folder, "data")
    return folder


def test_what_is_gone_comes_back(repo: Path) -> None:
    before = listing(repo / "raw")
    shutil.rmtree(repo / "raw")
    (repo / "one").unlink()
    answer = mlops(repo, "checkout")
    assert answer.code == 0, answer
    assert answer.out == "one: placed 1 file, 1 byte\nraw: placed 3 files, 3 bytes\n"
    assert listing(repo / "raw") == before


def test_where_everything_agrees_nothing_is_written(repo: Path) -> None:
    before = {path: path.stat() for path in repo.rglob("*") if ".git" not in path.parts}
    answer = mlops(repo, "checkout")
    assert (answer.code, answer.out) == (0, "The workspace agrees with the records: nothing to do.\n")
    assert {path: path.stat() for path in repo.rglob("*") if ".git" not in path.parts} == before


def test_a_changed_file_is_never_overwritten_without_force(repo: Path) -> None:
    write_all(repo / "raw", {"a": "precious", "new": "also precious"})
    (repo / "one").unlink()
    answer = mlops(repo, "checkout")
    assert answer.code == 5
    assert "  raw/a (8 bytes)\n  raw/new (13 bytes)\n" in answer.err
    assert "mlops add raw" in answer.err
    assert "mlops checkout --force raw" in answer.err
    assert (repo / "raw/a").read_text() == "precious"
    assert (repo / "raw/new").read_text() == "also precious"
    assert (repo / "one").read_text() == "5"  # everything else is done
    assert mlops(repo, "checkout", "--force").code == 0
    assert listing(repo / "raw") == {"a": b"1", "sub/c": b"3", "sub/d": b"4"}


def test_a_branch_brings_its_own_data(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "-b", "other")
    write_all(repo / "raw", {"a": "other", "more": "6"})
    mlops(repo, "add", "raw")
    commit(repo, "other data")
    git(repo, "checkout", "--quiet", "main")
    assert mlops(repo, "checkout").out == "raw: placed 1 file, 1 byte, removed 1 file\n"
    assert listing(repo / "raw") == {"a": b"1", "sub/c": b"3", "sub/d": b"4"}
    git(repo, "checkout", "--quiet", "other")
    assert mlops(repo, "checkout").code == 0
    assert listing(repo / "raw")["a"] == b"other"


def test_paths_narrow_what_is_brought(repo: Path) -> None:
    shutil.rmtree(repo / "raw")
    (repo / "one").unlink()
    assert mlops(repo, "checkout", "one").code == 0
    assert not (repo / "raw").exists()


def test_a_path_inside_a_tracked_directory_is_brought_alone(repo: Path) -> None:
    shutil.rmtree(repo / "raw")
    assert mlops(repo, "checkout", "raw/sub/c").out == "raw/sub/c: placed 1 file, 1 byte\n"
    assert listing(repo / "raw") == {"sub/c": b"3"}
    assert mlops(repo / "raw", "checkout", "sub").code == 0
    assert listing(repo / "raw") == {"sub/c": b"3", "sub/d": b"4"}


def test_a_part_that_was_edited_is_not_overwritten(repo: Path) -> None:
    write(repo / "raw/sub/c", "precious")
    assert mlops(repo, "checkout", "raw/sub").code == 5
    assert (repo / "raw/sub/c").read_text() == "precious"
    write(repo / "raw/a", "precious, too")
    assert mlops(repo, "checkout", "-f", "raw/sub").code == 0
    assert (repo / "raw/a").read_text() == "precious, too"


def test_a_path_that_nothing_is_recorded_at_is_a_mistake(repo: Path) -> None:
    assert mlops(repo, "checkout", "nothing").code == 2
    answer = mlops(repo, "checkout", "raw/nothing")
    assert answer.code == 2
    assert "the record of raw has no nothing" in answer.err


def test_missing_content_is_named_and_everything_else_is_done(repo: Path) -> None:
    shutil.rmtree(repo / "raw")
    (repo / "one").unlink()
    (repo / f".git/mlops/objects/{digest_bytes(b'3')[3:5]}/{digest_bytes(b'3')[5:]}").unlink()
    answer = mlops(repo, "checkout")
    assert answer.code == 5
    assert (
        "mlops: raw is recorded, and its content is not in the store\nBring it with: mlops pull raw\n"
        in answer.err
    )
    assert (repo / "one").read_text() == "5"
    assert not (repo / "raw").exists()


def test_a_fresh_clone_says_what_to_pull(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(repo), str(tmp_path / "clone"))
    answer = mlops(tmp_path / "clone", "checkout", "--json")
    assert answer.code == 5
    assert answer.json["missing"] == ["one", "raw"]


def test_a_shared_store_gives_a_clone_its_data(tmp_path: Path) -> None:
    shared = {"MLOPS_CACHE_DIR": str(tmp_path / "shared")}
    repo = repository(tmp_path / "repo")
    write_all(repo, {"raw/a": "1", "raw/b/c": "x" * 100_000})
    mlops(repo, "add", "raw", env=shared)
    commit(repo, "data")
    git(tmp_path, "clone", "--quiet", str(repo), str(tmp_path / "clone"))
    assert mlops(tmp_path / "clone", "checkout", env=shared).code == 0
    assert listing(tmp_path / "clone/raw") == listing(repo / "raw")


@pytest.mark.skipif(
    not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == os.stat("/tmp").st_dev,  # noqa: S108
    reason="no second file system",
)
def test_a_store_on_another_file_system_serves_just_as_well(tmp_path: Path) -> None:
    store = f"/dev/shm/mlops-test-{os.getpid()}"  # noqa: S108
    try:
        env = {"MLOPS_CACHE_DIR": store}
        repo = repository(tmp_path / "repo")
        write_all(repo, {"raw/a": "1", "raw/b/c": "x" * 100_000})
        mlops(repo, "add", "raw", env=env)
        before = listing(repo / "raw")
        write(repo / "raw/b/c", "2")
        assert mlops(repo, "checkout", "--force", env=env).code == 0
        assert listing(repo / "raw") == before
        shutil.rmtree(repo / "raw")
        assert mlops(repo, "checkout", env=env).code == 0
        assert listing(repo / "raw") == before
        assert list((repo / ".git/mlops/tmp").iterdir()) == []
    finally:
        shutil.rmtree(store, ignore_errors=True)


# Outputs of stages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def piped(tmp_path: Path) -> Path:
    stage = {
        "cmd": "mkdir -p out; cp src out/a; echo 2 > out/b; echo 3 > kept",
        "deps": ["src"],
        "outs": ["out", {"path": "kept", "cache": False}],
    }
    folder = project(tmp_path / "p", {"make": stage}, {"src": "1\n"})
    run(folder)
    commit(folder, "made")
    return folder


def test_outputs_that_the_store_keeps_come_back_and_others_are_left_to_git(piped: Path) -> None:
    (piped / "out/a").unlink()
    (piped / "kept").unlink()
    assert mlops(piped, "checkout").out == "out: placed 1 file, 2 bytes\n"
    assert not (piped / "kept").exists()


def test_an_output_that_was_edited_is_not_overwritten(piped: Path) -> None:
    write(piped / "out/a", "precious")
    answer = mlops(piped, "checkout", "out")
    assert answer.code == 5
    assert (piped / "out/a").read_text() == "precious"
    # It cannot be added, so that is not what is advised.
    assert "mlops add" not in answer.err
    assert "To keep it: copy it elsewhere; to make it again: mlops run make; to drop it:" in answer.err
    assert "copy it elsewhere, and add the copy" in mlops(piped, "add", "out").err


def test_an_output_that_another_command_is_making_is_left_alone(piped: Path) -> None:
    shutil.rmtree(piped / "out")
    place = digest_bytes(str(piped.resolve()).encode())[3:19]
    lock = Lock(piped / ".git/mlops/locks" / place / "make")
    assert lock.acquire(wait=False)
    lock.note(f"nobody {piped}")
    try:
        answer = mlops(piped, "checkout")
    finally:
        lock.release()
    assert answer.code == 5
    assert "another command has make" in answer.err
    assert mlops(piped, "checkout").code == 0


# What comes from elsewhere ----------------------------------------------------------------------------------------------


def hostile(folder: Path, *entries: Entry) -> None:
    """Track a tree that no look at a folder would have made."""
    objects = FolderObjects(folder / ".git/mlops", folder / ".git/mlops/tmp")
    objects.put_blobs([b"x"])
    [digest] = objects.put_blobs([encode_tree(entries)])
    value = {"schema": 1, "path": "evil", "digest": digest, "size": 1, "tree": True, "files": 1}
    write(folder / ".mlops/data/evil.json", json.dumps(value))


X = digest_bytes(b"x")


@pytest.mark.parametrize(
    "entries",
    [
        [Entry("..", "file", X, 1)],
        [Entry("../../x", "file", X, 1)],
        [Entry("/tmp/x", "file", X, 1)],  # noqa: S108
        [Entry("a\0b", "file", X, 1)],
        [Entry("", "file", X, 1)],
        [Entry("A", "file", X, 1), Entry("a", "file", X, 1)],
        [Entry("l", "link", "../../etc", 0)],
        [Entry("l", "link", "/etc", 0)],
        [Entry("l", "link", "x/../../../etc", 0)],
        [Entry(".git", "tree", X, 1)],
        [Entry("x", "tree", X, 1)],
    ],
    ids=lambda entries: entries[0].name or "empty",
)
def test_a_hostile_tree_is_refused_and_nothing_of_it_placed(repo: Path, entries: list[Entry]) -> None:
    hostile(repo, *entries)
    before = {path for path in repo.rglob("*") if ".git" not in path.parts}
    (repo / "one").unlink()
    answer = mlops(repo, "checkout", "--force")
    assert answer.code == 5, answer
    assert "Traceback" not in answer.err
    assert "bug" not in answer.err
    assert {path for path in repo.rglob("*") if ".git" not in path.parts} == before


def test_a_record_for_a_path_outside_is_refused(repo: Path) -> None:
    value = {"schema": 1, "path": "../x", "digest": X, "size": 1}
    write(repo / ".mlops/x.json", json.dumps(value))
    write(repo / ".mlops/data/x.json", json.dumps(value))
    assert mlops(repo, "checkout").code == 3


def test_nothing_is_placed_through_a_link_that_leads_out(repo: Path, tmp_path: Path) -> None:
    write(repo / "d/f", "1")
    mlops(repo, "add", "d/f")
    shutil.rmtree(repo / "d")
    (tmp_path / "outside").mkdir()
    os.symlink(tmp_path / "outside", repo / "d")
    for force in ([], ["--force"]):
        answer = mlops(repo, "checkout", "d/f", *force)
        assert answer.code == 5
        assert "leads out of the project" in answer.err
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_project_without_records_has_nothing_to_check_out(tmp_path: Path) -> None:
    repo = repository(tmp_path / "empty")
    assert mlops(repo, "checkout").out == "Nothing is recorded yet.\n"


def test_what_another_branch_tracks_is_taken_away_and_said_in_one_line(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "-b", "two")
    write_all(repo, {"scans/a": "1", "kept/b": "2"})
    assert mlops(repo, "add", "scans", "kept").code == 0
    tip = commit(repo, "scans")
    write(repo / "kept/mine", "3")
    git(repo, "checkout", "--quiet", "-")
    answer = mlops(repo, "checkout")
    assert answer.code == 0
    assert answer.out == f"scans: removed 1 file, 1 byte, no longer recorded here; commit {tip[:12]} has it\n"
    assert answer.err == (
        "mlops: kept was tracked as data, and nothing records it here; it stays: no commit records it as it lies here\n"
        "To track it here, too: mlops add kept; to keep it and track it no more: mlops remove kept\n"
    )
    assert mlops(repo, "checkout", "--force").code == 0
    assert listing(repo / "kept") == {"b": b"2", "mine": b"3"}
    said = mlops(repo, "checkout", "--json").json
    assert (said["away"], [row["path"] for row in said["left"]]) == ([], ["kept"])
    assert mlops(repo, "remove", "kept").code == 0
    assert mlops(repo, "checkout").err == ""


def test_a_part_that_is_asked_for_takes_nothing_else_away(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "-b", "two")
    write(repo / "scans/a", "1")
    assert mlops(repo, "add", "scans").code == 0
    commit(repo, "scans")
    git(repo, "checkout", "--quiet", "-")
    assert mlops(repo, "checkout", "raw").code == 0
    assert (repo / "scans/a").exists()


def test_rules_that_data_lacks_are_written(repo: Path) -> None:
    text = (repo / ".gitignore").read_text()
    (repo / ".gitignore").unlink()
    answer = mlops(repo, "checkout")
    assert (answer.code, answer.out) == (0, ".gitignore: wrote the rules for tracked data anew\n")
    assert (repo / ".gitignore").read_text() == text
