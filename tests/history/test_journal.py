from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.git.discover import find_repository
from mlops_cli.history.journal import clone_id, journal_path
from tests.support.command import SOURCE, commit, git, repository
from tests.support.files import write
from tests.support.journals import journal, journal_files, journal_refs, journal_text

if TYPE_CHECKING:
    from pathlib import Path

APPEND = """
import os, sys
from pathlib import Path
from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_repository
from mlops_cli.history.journal import Journal, journal_path

folder, each, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
journal = Journal(Git(folder, os.environ), find_repository(folder))
for at in range(each):
    run = f"20260131T1759{at:02}123-{number:08x}"
    journal.append({journal_path("", run): run.encode()})
"""
WITHOUT_LOCK = """
import mlops_cli.history.journal

class NoLock:
    def __init__(self, path): pass
    def acquire(self, wait): pass
    def release(self): pass

mlops_cli.history.journal.Lock = NoLock
"""


def a_run(number: int) -> str:
    return f"20260131T175900123-{number:08x}"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    commit(folder, "first")
    return folder


def append_at_once(folder: Path, program: str, processes: int, each: int) -> None:
    """Have several processes append, and expect everything there."""
    command = [sys.executable, "-c", program, str(folder), str(each)]
    started = [
        subprocess.Popen([*command, str(number)], cwd=SOURCE, stderr=subprocess.PIPE)
        for number in range(processes)
    ]
    for process in started:
        assert process.communicate()[1] == b""
    assert set(journal_files(folder)) == {
        journal_path("", f"20260131T1759{at:02}123-{number:08x}")
        for at in range(each)
        for number in range(processes)
    }
    assert git(folder, "fsck", "--strict", "--no-dangling") == ""
    assert len(journal_refs(folder)) == 1  # they agreed on one id


def test_eight_processes_at_once_lose_nothing(repo: Path) -> None:
    append_at_once(repo, APPEND, 8, 20)


def test_nothing_is_lost_where_nobody_waits_for_a_lock(repo: Path) -> None:
    # What Git alone promises: without our lock, compare-and-swap has to do.
    append_at_once(repo, WITHOUT_LOCK + APPEND, 4, 5)


def test_garbage_collection_between_appends_loses_nothing(repo: Path) -> None:
    write(repo / "new", "uncommitted")
    git(repo, "add", "new")
    tree = git(repo, "write-tree").strip()
    git(repo, "rm", "-q", "--cached", "new")
    for number in range(4):
        journal(repo).append({journal_path("", a_run(number)): b"run"}, [tree] if number == 0 else [])
        git(repo, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        git(repo, "gc", "--quiet", "--prune=now")
    files = journal_files(repo)
    assert files == [
        f"code/{tree[:2]}/{tree}",
        *(journal_path("", a_run(number)) for number in range(4)),
    ]
    assert git(repo, "cat-file", "blob", f"{tree}:new") == "uncommitted"


def test_the_journal_can_be_told_from_nothing_in_the_users_history(repo: Path) -> None:
    before = git(repo, "log", "--all", "--oneline"), git(repo, "branch", "--all"), git(repo, "status")
    journal(repo).append({journal_path("", a_run(1)): b"run"})
    after = git(repo, "log", "--all", "--oneline"), git(repo, "branch", "--all"), git(repo, "status")
    assert after == before
    git(repo, "log", "--all", "--reflog", "--oneline")


def test_an_append_rewrites_five_small_trees(repo: Path) -> None:
    journal(repo).append(
        {journal_path("", f"2026{month:02}31T175900123-1f2e3d4c"): b"x" for month in (1, 3, 5)}
    )
    before = int(git(repo, "count-objects").split()[0])
    journal(repo).append({journal_path("", a_run(2)): b"y"})
    assert int(git(repo, "count-objects").split()[0]) - before == 1 + 5


def test_what_is_there_already_stays_as_it_is(repo: Path) -> None:
    path = journal_path("", a_run(1))
    journal(repo).append({path: b"first"})
    [tip] = journal_refs(repo).values()
    journal(repo).append({path: b"second"})
    assert journal_text(repo, path) == "first"
    assert list(journal_refs(repo).values()) == [tip]


def test_worktrees_and_projects_of_a_repository_share_a_journal(repo: Path) -> None:
    other = repo.parent / "other"
    git(repo, "worktree", "add", "--quiet", "--detach", str(other))
    write(repo / "sub/mlops.yaml")
    journal(other).append({journal_path("", a_run(1)): b"1"})
    journal(repo / "sub").append({journal_path("sub/", a_run(2)): b"2"})
    assert journal_files(repo) == [journal_path("", a_run(1)), journal_path("sub/", a_run(2))]


def test_a_journal_that_was_deleted_begins_anew(repo: Path) -> None:
    journal(repo).append({journal_path("", a_run(1)): b"1"})
    [ref] = journal_refs(repo)
    git(repo, "update-ref", "-d", ref)
    journal(repo).append({journal_path("", a_run(2)): b"2"})
    assert journal_files(repo) == [journal_path("", a_run(2))]


def test_a_journal_whose_tree_is_gone_says_so_and_how_to_go_back(repo: Path) -> None:
    for number in (1, 2):
        journal(repo).append({journal_path("", a_run(number)): b"run"})
    [(ref, tip)] = journal_refs(repo).items()
    (repo / ".git/objects" / tip[:2] / tip[2:]).unlink()
    with pytest.raises(DataError, match="is damaged: what it points at is not there") as caught:
        journal(repo).append({journal_path("", a_run(3)): b"run"})
    command = caught.value.hint.removeprefix("Go back to what it was: ").partition(";")[0]
    git(repo, *command.split()[1:])
    journal(repo).append({journal_path("", a_run(3)): b"run"})
    assert journal_files(repo, ref) == [journal_path("", a_run(1)), journal_path("", a_run(3))]


@pytest.mark.parametrize("content", ["", "nonsense\n", "0" * 39 + "1\n"])
def test_a_ref_that_is_no_ref_is_said_to_be_damaged(repo: Path, content: str) -> None:
    write(repo / ".git" / journal(repo).ref, content)
    with pytest.raises(DataError, match="is damaged"):
        journal(repo).append({journal_path("", a_run(1)): b"run"})
    assert (repo / ".git" / journal(repo).ref).read_text() == content


def test_a_ref_that_points_at_a_commit_is_left_alone(repo: Path) -> None:
    git(repo, "update-ref", journal(repo).ref, "HEAD")
    with pytest.raises(DataError, match="it points at a commit"):
        journal(repo).append({journal_path("", a_run(1)): b"run"})


def test_a_folder_of_the_journal_that_is_gone_hurts_only_its_own_hour(repo: Path) -> None:
    journal(repo).append(
        {journal_path("", a_run(1)): b"run", journal_path("", "20260228T010203004-00000001"): b"2"}
    )
    [ref] = journal_refs(repo)
    gone = git(repo, "rev-parse", f"{ref}:runs/2026-02/28/01").strip()
    (repo / ".git/objects" / gone[:2] / gone[2:]).unlink()
    journal(repo).append({journal_path("", a_run(2)): b"run"})
    assert git(repo, "ls-tree", "--name-only", f"{ref}:runs/2026-01/31/17").count(".json") == 2


def test_a_lock_of_git_that_nobody_holds_any_more_is_told_of(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_cli.git.journal._PATIENCE", 0.1)
    write(repo / ".git" / f"{journal(repo).ref}.lock")
    with pytest.raises(DataError, match="Unable to create"):
        journal(repo).append({journal_path("", a_run(1)): b"run"})


def test_a_repository_with_longer_ids_has_a_journal_as_well(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    for number in (1, 2):
        journal(tmp_path).append({journal_path("", a_run(number)): b"run"})
    assert journal_files(tmp_path) == [journal_path("", a_run(number)) for number in (1, 2)]


def test_a_journal_in_packed_refs_is_found(repo: Path) -> None:
    journal(repo).append({journal_path("", a_run(1)): b"run"})
    git(repo, "pack-refs", "--all")
    journal(repo).append({journal_path("", a_run(2)): b"run"})
    assert len(journal_files(repo)) == 2


def test_the_id_of_a_clone_stays_and_no_two_clones_have_the_same(repo: Path, tmp_path: Path) -> None:
    here = find_repository(repo)
    other = find_repository(repository(tmp_path / "other"))
    assert clone_id(here) == clone_id(here) != clone_id(other)
    write(here.local / "clone", "../../heads/main\n")
    with pytest.raises(DataError, match="does not hold the id of a clone"):
        clone_id(here)


@pytest.mark.parametrize("run", ["", "../x", "20260131T175900123-../../x", "x" * 30])
def test_what_is_not_the_id_of_a_run_has_no_place_in_a_journal(run: str) -> None:
    with pytest.raises(ValueError, match="is not the id of a run"):
        journal_path("", run)


def test_a_tree_that_git_does_not_have_is_passed_over_and_the_rest_is_kept(repo: Path) -> None:
    write(repo / "file", "code")
    commit(repo, "code")
    tree = git(repo, "rev-parse", "HEAD^{tree}").strip()
    journal(repo).append({journal_path("", a_run(1)): b"run"}, ["ab" * 20, tree])
    assert journal_files(repo) == [f"code/{tree[:2]}/{tree}", journal_path("", a_run(1))]
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
