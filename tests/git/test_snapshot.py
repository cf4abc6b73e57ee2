from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_repository
from mlops_cli.git.snapshot import USUAL, LeftOut, Limits, Snapshot, take_snapshot
from tests.support.command import commit, git, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from collections.abc import Iterable

OURS = {".gitignore", ".mlops/stages/", ".mlops/runs/", "metrics.json"}
KEY = "-----BEGIN RSA PRIVATE KEY-----\n"  # no secret, and looks like one


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    write_all(folder, {"a": "1\n", "src/b": "1\n", "metrics.json": "{}\n", ".gitignore": "*.log\n"})
    commit(folder, "first")
    return folder


def snap(folder: Path, limits: Limits = USUAL, ours: Iterable[str] = OURS, **extra: str) -> Snapshot:
    here = find_repository(folder)
    return take_snapshot(Git(folder, os.environ | extra), here, frozenset(ours), limits)


def files(folder: Path, tree: str) -> dict[str, str]:
    """Return path and content of everything in a tree; links and submodules by their mode."""
    found = {}
    for row in git(folder, "ls-tree", "-r", "-z", "--full-tree", tree).split("\0")[:-1]:
        head, _, path = row.partition("\t")
        mode, kind, name = head.split()
        text = git(folder, "cat-file", "blob", name) if kind == "blob" else name
        found[path] = text if mode == "100644" else f"{mode} {text}"
    return found


def index(folder: Path) -> tuple[bytes, int]:
    path = Path(git(folder, "rev-parse", "--absolute-git-dir").strip()) / "index"
    return path.read_bytes(), path.stat().st_mtime_ns


def test_an_unchanged_worktree_is_heads_tree(repo: Path) -> None:
    assert snap(repo) == Snapshot(git(repo, "rev-parse", "HEAD^{tree}").strip())


def test_staged_unstaged_untracked_and_removed_files_are_as_they_lie_there(repo: Path) -> None:
    write_all(repo, {"staged": "s", "twice": "1", "new/file": "n", "a": "2\n"})
    git(repo, "add", "staged", "twice")
    write(repo / "twice", "2")
    (repo / "src/b").unlink()
    found = files(repo, snap(repo).tree)
    assert found == {
        ".gitignore": "*.log\n",
        "a": "2\n",
        "metrics.json": "{}\n",
        "new/file": "n",
        "staged": "s",
        "twice": "2",
    }


def test_nothing_of_the_users_is_touched(repo: Path) -> None:
    write_all(repo, {"a": "2\n", "new": "n", "staged": "s"})
    git(repo, "add", "staged")
    status, refs = git(repo, "status", "--porcelain"), git(repo, "for-each-ref")
    before = index(repo)  # after Git's status, which writes it
    snap(repo)
    assert index(repo) == before
    assert (git(repo, "status", "--porcelain"), git(repo, "for-each-ref")) == (status, refs)
    assert not list((repo / ".git/mlops").glob("index-*"))


def test_the_same_state_has_the_same_id_however_it_came_about(repo: Path) -> None:
    write_all(repo, {"a": "2\n", "new": "n"})
    first = snap(repo)
    git(repo, "add", "--all")
    write_all(repo, {".mlops/runs/2026-01/r.json": "{}", "sub/.mlops/runs/2026-01/r.json": "{}"})
    assert snap(repo) == first
    assert snap(repo, GIT_INDEX_FILE="/nowhere/index") == first
    git(repo, "commit", "--quiet", "-m", "second")
    assert git(repo, "rev-parse", "HEAD^{tree}").strip() == first.tree


def test_what_the_tool_writes_stays_as_in_head(repo: Path) -> None:
    write_all(repo, {"metrics.json": "{1}", ".mlops/runs/2026-01/r.json": "{}", ".gitignore": "*.log\n/y\n"})
    assert snap(repo).tree == git(repo, "rev-parse", "HEAD^{tree}").strip()
    git(repo, "add", "--all")
    assert snap(repo).tree == git(repo, "rev-parse", "HEAD^{tree}").strip()
    git(repo, "rm", "-q", "--cached", "metrics.json")
    (repo / "metrics.json").unlink()
    assert snap(repo).tree == git(repo, "rev-parse", "HEAD^{tree}").strip()


def test_ignored_files_are_not_taken(repo: Path) -> None:
    write(repo / "a.log", "x")
    assert "a.log" not in files(repo, snap(repo).tree)


def test_large_untracked_files_are_left_out_and_listed(repo: Path) -> None:
    write_all(repo, {"big": "x" * 11, "one": "x" * 10, "three": "x" * 10, "two": "x" * 10, "tiny": "x"})
    found = snap(repo, Limits(10, 25))
    assert found.left_out == (
        LeftOut("big", "larger than 10 bytes", 11),
        LeftOut("two", "more than 25 bytes in all", 10),
    )
    assert files(repo, found.tree).keys() >= {"one", "three", "tiny"}
    assert not files(repo, found.tree).keys() & {"big", "two"}


def test_a_large_file_that_git_tracks_is_taken(repo: Path) -> None:
    write(repo / "a", "x" * 100)
    found = snap(repo, Limits(10, 25))
    assert (files(repo, found.tree)["a"], found.left_out) == ("x" * 100, ())


def test_a_thousand_million_bytes_are_not_even_read(repo: Path) -> None:
    with (repo / "huge").open("wb") as file:
        file.truncate(1 << 40)
    assert snap(repo).left_out == (LeftOut("huge", "larger than 1048576 bytes", 1 << 40),)


def test_files_that_look_like_secrets_are_left_out_and_listed(repo: Path) -> None:
    write_all(repo, {".env": "A=1", "deep/id_rsa": "x", "notes.txt": f"so:\n{KEY}", "staged.pem": "x"})
    write(repo / "a", KEY)
    git(repo, "add", "staged.pem", "a")
    found = snap(repo)
    assert {row.path: row.why for row in found.left_out} == {
        ".env": "named like environment variables",
        "a": "holds what looks like a private key",
        "deep/id_rsa": "named like a private key",
        "notes.txt": "holds what looks like a private key",
        "staged.pem": "named like a private key",
    }
    assert found.tree == git(repo, "rev-parse", "HEAD^{tree}").strip()


def test_a_file_that_looked_like_a_secret_in_head_is_taken(repo: Path) -> None:
    write(repo / "fixture", KEY)
    commit(repo, "a key for tests")
    write(repo / "fixture", f"{KEY}more\n")
    found = snap(repo)
    assert (files(repo, found.tree)["fixture"], found.left_out) == (f"{KEY}more\n", ())


@pytest.mark.parametrize(
    "name", ["-rf", "--stdin", "a\nb", "a\tb", '"q"', "ünïcode ☃", " x ", ":(glob)*", "a\\b"]
)
def test_odd_names_are_taken_as_they_are(repo: Path, name: str) -> None:
    write(repo / name, "odd")
    write(repo / f"dir{name}/{name}", "odd")
    assert files(repo, snap(repo).tree).keys() >= {name, f"dir{name}/{name}"}


def test_a_name_that_is_not_unicode_is_taken(repo: Path) -> None:
    Path(os.fsdecode(os.fsencode(repo) + b"/\xff")).write_text("odd")
    out = git(repo, "-c", "core.quotePath=true", "ls-tree", "--name-only", snap(repo).tree)
    assert '"\\377"' in out.split("\n")


def test_links_and_modes_are_kept_and_links_are_not_followed(repo: Path) -> None:
    (repo / "link").symlink_to("/etc/passwd")
    write(repo / "tool", "#!")
    (repo / "tool").chmod(0o755)
    found = files(repo, snap(repo).tree)
    assert (found["link"], found["tool"]) == ("120000 /etc/passwd", "100755 #!")


def test_a_folder_in_place_of_a_file_a_link_in_place_of_a_folder_and_the_other_way_round(repo: Path) -> None:
    (repo / "a").unlink()
    write(repo / "a/inside", "i")
    shutil.rmtree(repo / "src")
    (repo / "elsewhere").mkdir()
    write(repo / "elsewhere/b", "e")
    (repo / "src").symlink_to("elsewhere")
    found = files(repo, snap(repo).tree)
    assert {name: found[name] for name in found if name[0] in "aes"} == {
        "a/inside": "i",
        "elsewhere/b": "e",
        "src": "120000 elsewhere",
    }


def test_what_is_neither_file_nor_link_is_left_out(repo: Path) -> None:
    (repo / "a").unlink()
    os.mkfifo(repo / "a")
    found = snap(repo)
    assert "a" not in files(repo, found.tree) or found.left_out == (LeftOut("a", "not a regular file"),)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_is_left_out(repo: Path) -> None:
    write(repo / "new", "x")
    (repo / "new").chmod(0)
    assert snap(repo).left_out == (LeftOut("new", "cannot be read: Permission denied"),)


def test_before_the_first_commit_there_is_a_snapshot(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    write_all(folder, {"a": "1", "b": "2"})
    git(folder, "add", "b")
    assert files(folder, snap(folder).tree) == {"a": "1", "b": "2"}


def test_a_conflict_is_kept_as_it_lies_there(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "-b", "other")
    write_all(repo, {"a": "theirs\n", "metrics.json": "theirs\n"})
    commit(repo, "theirs")
    git(repo, "checkout", "--quiet", "main")
    write_all(repo, {"a": "ours\n", "metrics.json": "ours\n"})
    commit(repo, "ours")
    with pytest.raises(AssertionError):
        git(repo, "merge", "other")
    before = index(repo)
    found = files(repo, snap(repo).tree)
    assert "<<<<<<<" in found["a"]
    assert "theirs" in found["a"]
    assert found["metrics.json"] == "ours\n"
    assert index(repo) == before


def test_files_outside_of_a_sparse_checkout_stay_as_in_head(repo: Path) -> None:
    write(repo / "far/away", "1")
    commit(repo, "far away")
    git(repo, "sparse-checkout", "set", "src")
    assert not (repo / "far").exists()
    write(repo / "src/b", "2\n")
    unchanged = {".gitignore": "*.log\n", "a": "1\n", "metrics.json": "{}\n", "far/away": "1"}
    assert files(repo, snap(repo).tree) == unchanged | {"src/b": "2\n"}


def test_a_linked_worktree_has_its_own_state(repo: Path) -> None:
    other = repo.parent / "other"
    git(repo, "worktree", "add", "--quiet", "--detach", str(other))
    write(repo / "here", "x")
    write(other / "there", "x")
    assert "there" in files(repo, snap(other).tree)
    assert "here" not in files(repo, snap(other).tree)


def test_the_snapshot_of_a_project_below_the_top_is_of_the_whole_worktree(repo: Path) -> None:
    write_all(repo, {"src/new": "1", "beside": "2"})
    assert snap(repo / "src").tree == snap(repo).tree
    assert files(repo, snap(repo / "src").tree).keys() >= {"src/new", "beside"}


def test_a_repository_inside_is_noted_and_not_swept_in(repo: Path) -> None:
    repository(repo / "inside")
    write(repo / "inside/secret", "x")
    commit(repo / "inside", "inside")
    found = snap(repo)
    assert found.left_out == (LeftOut("inside/", "a repository of its own"),)
    assert not [path for path in files(repo, found.tree) if path.startswith("inside")]


def test_a_submodule_is_noted_with_the_commit_that_is_checked_out(repo: Path, tmp_path: Path) -> None:
    module = repository(tmp_path / "module")
    write(module / "m", "1")
    commit(module, "one")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module), "mod")
    commit(repo, "with a module")
    write(repo / "mod/m", "2")
    dirty = snap(repo)
    assert dirty.left_out == (LeftOut("mod", "uncommitted changes in a submodule"),)
    new = commit(repo / "mod", "two")
    found = snap(repo)
    assert (found.modules, found.left_out) == ({"mod": new}, ())
    assert files(repo, found.tree)["mod"] == f"160000 {new}"


def test_filters_of_the_repository_apply_as_they_do_for_git(repo: Path) -> None:
    git(repo, "config", "filter.up.clean", "tr a-z A-Z")
    write_all(
        repo, {".gitattributes": "*.up filter=up\n*.txt text eol=crlf\n", "x.up": "abc", "y.txt": "1\r\n"}
    )
    found = files(repo, snap(repo).tree)
    assert (found["x.up"], found["y.txt"]) == ("ABC", "1\n")


def test_a_file_that_was_only_meant_to_be_added_is_taken(repo: Path) -> None:
    write(repo / "new", "x")
    git(repo, "add", "--intent-to-add", "new")
    assert files(repo, snap(repo).tree)["new"] == "x"


def test_objects_that_a_partial_clone_left_behind_are_not_fetched(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout", f"file://{repo}", "partial")
    partial = tmp_path / "partial"
    git(partial, "sparse-checkout", "set", "src")
    git(partial, "checkout", "--quiet")
    git(partial, "remote", "set-url", "origin", "/nowhere")
    write(partial / "src/b", "2\n")
    row = git(partial, "ls-tree", snap(partial).tree, "src/")
    assert git(partial, "hash-object", "src/b").strip() in row


def test_a_repository_with_longer_ids_works_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256")
    write_all(folder, {"a": "1", "metrics.json": "1"})
    commit(folder, "first")
    (folder / "a").unlink()
    write_all(folder, {"b": "2", "metrics.json": "2"})
    git(folder, "add", "metrics.json")
    assert files(folder, snap(folder).tree) == {"b": "2", "metrics.json": "1"}


def test_an_index_that_is_damaged_is_said_to_be(repo: Path) -> None:
    here = find_repository(repo)
    changes = ()
    write(repo / ".git/index", "not an index")
    with pytest.raises(DataError, match="the uncommitted code cannot be kept"):
        take_snapshot(Git(repo, os.environ), here, OURS, changes=changes)
