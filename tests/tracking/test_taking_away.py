"""What checkout takes away of data that is not recorded any more; above all, what it leaves."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.add import add
from mlops_cli.actions.remove import remove
from mlops_cli.opened import open_folder
from mlops_cli.project import HELD
from mlops_cli.tracking.taking_away import agree_with_all
from tests.support.command import commit, define, git, repository
from tests.support.files import listing, write, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.tracking.agreeing import CheckoutResult

FILES = {"a": "1", "sub/b": "2", "big": "x" * 100_000}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return a repository on `main`, where nothing is tracked; on branch `data` the directory `scans` is, which lies here still."""
    folder = repository(tmp_path / "repo")
    git(folder, "checkout", "--quiet", "-b", "main")
    write(folder / "code.py", "code")
    commit(folder, "code")
    git(folder, "checkout", "--quiet", "-b", "data")
    write_all(folder / "scans", FILES)
    (folder / "scans/link").symlink_to("sub/b")
    (folder / "scans/empty").mkdir()
    track(folder, "scans")
    commit(folder, "scans")
    git(folder, "checkout", "--quiet", "main")
    assert (folder / "scans/a").exists()
    return folder


def track(folder: Path, *paths: str) -> None:
    with open_folder(folder) as opened:
        assert not add(opened, paths).failed


def act(folder: Path) -> CheckoutResult:
    with open_folder(folder) as opened:
        return agree_with_all(opened)


def stays(folder: Path, *words: str, path: str = "scans") -> None:
    """Check that nothing of a path is taken away, and that it is named, with why."""
    before = listing(folder / path)
    result = act(folder)
    assert result.away == ()
    assert [each.path for each in result.left] == [path]
    assert all(word in result.left[0].why for word in words), result.left
    assert listing(folder / path) == before


def stays_unnamed(folder: Path, path: str = "scans") -> None:
    before = listing(folder / path)
    result = act(folder)
    assert (result.away, result.left) == ((), ())
    assert listing(folder / path) == before


def test_what_another_branch_records_goes_and_going_back_brings_it_again(repo: Path) -> None:
    before = listing(repo / "scans")
    result = act(repo)
    tip = git(repo, "rev-parse", "data").strip()
    assert [(each.path, each.files, each.commit) for each in result.away] == [("scans", 4, tip)]
    assert not (repo / "scans").exists()
    assert git(repo, "status", "--porcelain") == ""
    git(repo, "checkout", "--quiet", "data")
    assert [brought.path for brought in act(repo).brought] == ["scans"]
    assert listing(repo / "scans") == before
    assert (repo / "scans/empty").is_dir()


def test_folders_that_hold_nothing_then_go_too_but_not_others(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "data")
    write_all(repo, {"deep/er/x": "x", "beside/y": "y"})
    track(repo, "deep/er/x", "beside/y")
    commit(repo, "deeper")
    git(repo, "checkout", "--quiet", "main")
    write(repo / "beside/own", "mine")
    act(repo)
    assert not (repo / "deep").exists()
    assert listing(repo / "beside") == {"own": b"mine"}


def test_the_second_time_there_is_nothing_to_do(repo: Path) -> None:
    act(repo)
    result = act(repo)
    assert (result.away, result.left, result.brought) == ((), (), ())


@pytest.mark.parametrize(
    ("path", "content"), [("scans/a", "changed"), ("scans/new", "mine"), ("scans/sub/new", "mine")]
)
def test_a_directory_with_anything_else_in_it_stays(repo: Path, path: str, content: str) -> None:
    write(repo / path, content)
    stays(repo, "no commit records it")


def test_a_directory_that_lacks_a_file_stays(repo: Path) -> None:
    (repo / "scans/a").unlink()
    stays(repo, "no commit records it")


def test_a_file_that_may_be_run_now_stays(repo: Path) -> None:
    (repo / "scans/a").chmod(0o755)
    stays(repo, "no commit records it")


def test_a_file_that_rules_leave_out_keeps_its_directory(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "data")
    write(repo / ".mlopsignore", "*.own\n")
    write(repo / "scans/notes.own", "mine")
    assert act(repo).same == 1
    git(repo, "checkout", "--quiet", "main")
    stays(repo, "nowhere else", "scans/notes.own")


def test_a_link_in_its_place_stays_and_so_does_what_it_leads_to(repo: Path, tmp_path: Path) -> None:
    (repo / "scans").rename(tmp_path / "moved")
    (repo / "scans").symlink_to(tmp_path / "moved")
    stays(repo, "link")
    assert len(listing(tmp_path / "moved")) == 4


def test_what_lies_behind_a_link_stays(repo: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "--quiet", "data")
    write(repo / "deep/x", "x")
    track(repo, "deep/x")
    commit(repo, "deep")
    git(repo, "checkout", "--quiet", "main")
    (repo / "deep").rename(tmp_path / "deep")
    (repo / "deep").symlink_to(tmp_path / "deep")
    act(repo)
    assert (tmp_path / "deep/x").read_text() == "x"


def test_what_git_has_in_this_commit_is_gits(repo: Path) -> None:
    commit(repo, "by mistake")
    stays_unnamed(repo)


def test_what_is_in_gits_index_stays(repo: Path) -> None:
    git(repo, "add", "scans/a")
    stays(repo, "index")


def test_what_a_stage_makes_here_is_the_stages(repo: Path) -> None:
    define(repo, {"make": {"cmd": "true", "outs": ["scans/a"]}})
    stays_unnamed(repo)


def test_a_directory_in_which_something_is_tracked_stays(repo: Path) -> None:
    track(repo, "scans/sub")
    stays(repo, "scans/sub")


def test_what_is_part_of_a_tracked_directory_is_that_directorys(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "data")
    write(repo / "all/one", "1")
    track(repo, "all/one")
    commit(repo, "one")
    git(repo, "checkout", "--quiet", "main")
    track(repo, "all")
    result = act(repo)
    assert [each.path for each in result.away] == ["scans"]
    assert result.left == ()
    assert (repo / "all/one").exists()


def test_what_no_commit_records_stays(repo: Path) -> None:
    write(repo / "loose", "never committed")
    track(repo, "loose")
    (repo / ".mlops/data/loose.json").unlink()
    assert [each.path for each in act(repo).left] == ["loose"]
    assert (repo / "loose").exists()


@pytest.mark.parametrize("large", [True, False])
def test_what_is_not_whole_in_the_store_stays(repo: Path, large: bool) -> None:
    found = [path for path in (repo / ".git/mlops/objects").rglob("*") if path.is_file()]
    gone = [path for path in found if (path.stat().st_size == 100_000) == large]
    assert gone
    for path in gone:
        path.unlink()
    stays(repo, "store")


def test_without_a_memo_everything_stays(repo: Path) -> None:
    (repo / ".git" / HELD).unlink()
    stays_unnamed(repo)


@pytest.mark.parametrize(
    "line", ["held\t0\t../outside", "held\t0\t.git", "held\t0\t.mlops", "held\t9\tx", "\0", "held\t0\t"]
)
def test_a_memo_that_is_damaged_or_hostile_leads_nowhere(repo: Path, tmp_path: Path, line: str) -> None:
    write(tmp_path / "outside", "x")
    (repo / ".git" / HELD).write_text(f"{line}\n")
    stays_unnamed(repo)
    assert (tmp_path / "outside").exists()


def test_what_was_removed_from_tracking_stays_for_good(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "data")
    with open_folder(repo) as opened:
        remove(opened, ["scans"])
    stays_unnamed(repo)
    write(repo / ".gitignore", "/scans\n")
    commit(repo, "track it no more")
    stays_unnamed(repo)
    git(repo, "checkout", "--quiet", "HEAD~1")
    assert act(repo).same == 1
    git(repo, "checkout", "--quiet", "data")
    stays_unnamed(repo)


def test_what_was_removed_and_added_again_is_tracked_as_before(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "data")
    with open_folder(repo) as opened:
        remove(opened, ["scans"])
    track(repo, "scans")
    git(repo, "checkout", "--quiet", "main")
    assert [each.path for each in act(repo).away] == ["scans"]


def test_a_path_around_or_in_one_that_was_removed_from_tracking_stays(repo: Path) -> None:
    track(repo, "scans/sub")
    with open_folder(repo) as opened:
        remove(opened, ["scans/sub"])
    stays_unnamed(repo)


def test_a_record_that_is_gone_from_the_workspace_alone_takes_nothing_along(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "data")
    shutil.rmtree(repo / ".mlops")
    stays_unnamed(repo)


def test_a_commit_that_only_the_reflog_leads_to_is_enough(repo: Path) -> None:
    git(repo, "branch", "-D", "data")
    assert [each.path for each in act(repo).away] == ["scans"]


def test_a_commit_on_a_detached_head_is_enough(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "data")
    git(repo, "checkout", "--quiet", "--detach")
    write(repo / "more", "x")
    track(repo, "more")
    commit(repo, "on no branch")
    git(repo, "checkout", "--quiet", "main")
    assert [each.path for each in act(repo).away] == ["more", "scans"]


def test_where_no_commit_leads_to_it_any_more_it_stays(repo: Path) -> None:
    git(repo, "branch", "-D", "data")
    git(repo, "reflog", "expire", "--expire=now", "--all")
    stays(repo, "no commit records it")


def test_an_older_version_that_lies_here_goes_where_a_commit_records_it(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "data")
    old = listing(repo / "scans")
    write(repo / "scans/a", "newer")
    track(repo, "scans")
    commit(repo, "newer")
    git(repo, "checkout", "--quiet", "HEAD~1")
    act(repo)
    assert listing(repo / "scans") == old
    git(repo, "checkout", "--quiet", "main")
    assert [each.path for each in act(repo).away] == ["scans"]


def test_what_a_merge_resolved_and_recorded_is_recorded(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "-b", "other", "data")
    write(repo / "scans/a", "other")
    track(repo, "scans")
    commit(repo, "other")
    git(repo, "checkout", "--quiet", "data")
    write(repo / "scans/a", "ours")
    track(repo, "scans")
    commit(repo, "ours")
    git(repo, "merge", "--quiet", "-s", "ours", "other")
    write(repo / "scans/a", "both")
    track(repo, "scans")
    git(repo, "add", "-A")
    git(repo, "commit", "--quiet", "--amend", "--no-edit")
    git(repo, "checkout", "--quiet", "main")
    assert [each.path for each in act(repo).away] == ["scans"]


@pytest.mark.parametrize("name", ["MERGE_HEAD", "rebase-merge/head-name", "CHERRY_PICK_HEAD"])
def test_while_git_is_in_the_middle_of_something_nothing_goes(repo: Path, name: str) -> None:
    write(repo / ".git" / name, git(repo, "rev-parse", "data"))
    stays_unnamed(repo)


def test_another_worktree_keeps_what_it_has(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "other"), "data")
    other = tmp_path / "other"
    assert [brought.path for brought in act(other).brought] == ["scans"]
    before = listing(other / "scans")
    assert [each.path for each in act(repo).away] == ["scans"]
    assert act(other).same == 1
    assert listing(other / "scans") == before
    git(other, "checkout", "--quiet", "--detach", "main")
    assert [each.path for each in act(other).away] == ["scans"]


def test_a_file_and_a_project_below_the_top_are_taken_away_too(tmp_path: Path) -> None:
    top = repository(tmp_path / "top")
    git(top, "checkout", "--quiet", "-b", "main")
    sub = top / "sub"
    define(sub, {})
    write(sub / ".mlops/config.yaml", "")
    commit(top, "projects")
    git(top, "checkout", "--quiet", "-b", "data")
    write_all(sub, {"one": "1", "odd [name] ü": "2"})
    track(sub, "one", "odd [name] ü")
    commit(top, "data")
    git(top, "checkout", "--quiet", "main")
    assert [each.path for each in act(sub).away] == ["odd [name] ü", "one"]
    assert not (sub / "one").exists()
