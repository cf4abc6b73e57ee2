from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import HistoryError
from mlops_cli.git.history import (
    Gaps,
    find_gaps,
    reachable_records,
    records_of,
    unreachable_records,
)
from mlops_cli.git.records import working_records
from mlops_cli.git.worktrees import Repository, repository_at
from tests.support.command import commit, git, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RECORD = ".mlops/stages/a.json"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    write(folder / "readme", "b3: not a record")
    commit(folder, "begin")
    return folder


def at(folder: Path) -> Repository:
    git_dir = folder / ".git" if (folder / ".git").is_dir() else folder
    return repository_at(git_dir, os.environ)


def texts(folder: Path) -> set[str]:
    """Return what the records hold that anything leads to."""
    return {record.data.decode() for record in reachable_records(at(folder))}


def record(folder: Path, text: str, path: str = RECORD) -> str:
    """Commit a record; return the commit."""
    write(folder / path, text)
    return commit(folder, text)


def blank(folder: Path) -> None:
    """Commit that there are no records any more, so that only history leads to them."""
    git(folder, "rm", "-rq", "--ignore-unmatch", "--", ":(glob)**/.mlops/**")
    commit(folder, "no records")


def forget_reflogs(folder: Path) -> None:
    git(folder, "reflog", "expire", "--expire=now", "--all")


# What leads to a record ----------------------------------------------------------------------------------------------


def test_every_version_in_the_history_of_a_branch_is_found(repo: Path) -> None:
    for text in ("one", "two", "three"):
        record(repo, text)
    blank(repo)
    forget_reflogs(repo)
    assert texts(repo) == {"one", "two", "three"}


def test_a_record_of_the_first_commit_is_found(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    record(folder, "root")
    blank(folder)
    assert texts(folder) == {"root"}


def test_records_of_sub_projects_are_found_and_files_elsewhere_are_not(repo: Path) -> None:
    write_all(repo, {"a/b/.mlops/data/x.json": "deep", "a.mlops/x": "no", "mlops/y": "no", ".mlops/z": "top"})
    commit(repo, "files")
    blank(repo)
    assert texts(repo) == {"deep", "top"}


def on_a_branch(repo: Path) -> None:
    git(repo, "branch", "side")


def at_a_tag(repo: Path) -> None:
    git(repo, "tag", "v1")


def at_an_annotated_tag_of_a_tag(repo: Path) -> None:
    git(repo, "tag", "-a", "-m", "one", "v1")
    git(repo, "tag", "-a", "-m", "two", "v2", "v1")
    git(repo, "tag", "-d", "v1")


def at_a_tag_of_its_tree(repo: Path) -> None:
    git(repo, "tag", "v1", "HEAD^{tree}")


def at_a_remote_tracking_ref(repo: Path) -> None:
    git(repo, "update-ref", "refs/remotes/origin/main", "HEAD")


def at_a_ref_of_no_known_kind(repo: Path) -> None:
    git(repo, "update-ref", "refs/odd/place", "HEAD")


def at_a_detached_head_of_another_worktree(repo: Path) -> None:
    git(repo, "worktree", "add", "--quiet", "--detach", "../other", "HEAD")
    blank(repo.parent / "other")
    git(repo.parent / "other", "checkout", "--quiet", "--detach", "HEAD~1")


def at_a_ref_of_another_worktree(repo: Path) -> None:
    git(repo, "worktree", "add", "--quiet", "--detach", "../other", "HEAD~1")
    git(repo.parent / "other", "update-ref", "refs/worktree/mine", git(repo, "rev-parse", "HEAD").strip())


def at_a_merge_in_progress(repo: Path) -> None:
    (repo / ".git/MERGE_HEAD").write_text(git(repo, "rev-parse", "HEAD"))


def at_a_rebase_in_progress(repo: Path) -> None:
    write(repo / ".git/rebase-merge/orig-head", git(repo, "rev-parse", "HEAD"))


def as_a_replaced_commit(repo: Path) -> None:
    # The branch leads to the commit whose records nobody sees any more, because another one stands in its place.
    kept = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "branch", "side")
    git(repo, "replace", kept, "HEAD~1")


def as_a_replacement(repo: Path) -> None:
    git(repo, "replace", "HEAD~1", "HEAD")


LEADS: list[Callable[[Path], None]] = [
    on_a_branch,
    at_a_tag,
    at_an_annotated_tag_of_a_tag,
    at_a_tag_of_its_tree,
    at_a_remote_tracking_ref,
    at_a_ref_of_no_known_kind,
    at_a_detached_head_of_another_worktree,
    at_a_ref_of_another_worktree,
    at_a_merge_in_progress,
    at_a_rebase_in_progress,
    as_a_replaced_commit,
    as_a_replacement,
]


@pytest.mark.parametrize("lead", LEADS, ids=lambda lead: lead.__name__)
def test_a_record_is_found(repo: Path, lead: Callable[[Path], None]) -> None:
    record(repo, "kept")
    before = git(repo, "rev-parse", "HEAD~1").strip()
    lead(repo)
    git(repo, "update-ref", "refs/heads/main", before)
    git(repo, "read-tree", "-u", "--reset", before)
    forget_reflogs(repo)
    assert texts(repo) == {"kept"}


def test_a_record_that_only_a_reflog_leads_to_is_found_until_the_reflog_ends(repo: Path) -> None:
    record(repo, "kept")
    git(repo, "reset", "--quiet", "--hard", "HEAD~1")
    (repo / ".git/ORIG_HEAD").unlink()
    assert texts(repo) == {"kept"}
    forget_reflogs(repo)
    assert texts(repo) == set()


def test_a_record_that_only_the_reflog_of_another_worktree_leads_to_is_found(repo: Path) -> None:
    git(repo, "worktree", "add", "--quiet", "--detach", "../other", "HEAD")
    other = repo.parent / "other"
    record(other, "kept")
    git(other, "checkout", "--quiet", "--detach", "HEAD~1")
    assert texts(repo) == {"kept"}
    assert texts(repo) == {r.data.decode() for r in reachable_records(at(repo / ".git"))}


def test_the_commit_before_the_last_step_is_found(repo: Path) -> None:
    record(repo, "kept")
    git(repo, "reset", "--quiet", "--hard", "HEAD~1")
    forget_reflogs(repo)
    assert texts(repo) == {"kept"}  # ORIG_HEAD


def test_every_stash_is_found_with_its_index_and_its_untracked_files(repo: Path) -> None:
    record(repo, "committed")
    for number in ("first", "second"):
        write(repo / RECORD, f"{number} staged")
        git(repo, "add", "--all")
        write(repo / RECORD, f"{number} changed")
        write(repo / ".mlops/runs/new.json", f"{number} untracked")
        git(repo, "stash", "push", "--quiet", "--include-untracked")
    words = ("staged", "changed", "untracked")
    assert texts(repo) == {"committed", *(f"{n} {word}" for n in ("first", "second") for word in words)}


def test_a_record_that_only_a_merge_brought_is_found(repo: Path) -> None:
    record(repo, "base")
    git(repo, "checkout", "--quiet", "-b", "side")
    record(repo, "side")
    git(repo, "checkout", "--quiet", "main")
    write(repo / "other", "x")
    record(repo, "main", ".mlops/b.json")
    git(repo, "merge", "--quiet", "--no-commit", "side")
    write(repo / RECORD, "evil")
    write(repo / ".mlops/new.json", "evil and new")
    commit(repo, "merge")
    blank(repo)
    git(repo, "branch", "-D", "side")
    forget_reflogs(repo)
    assert texts(repo) == {"base", "side", "main", "evil", "evil and new"}


def test_a_side_that_a_merge_threw_away_is_found(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "-b", "side")
    record(repo, "thrown away")
    git(repo, "checkout", "--quiet", "main")
    record(repo, "ours", ".mlops/b.json")
    git(repo, "merge", "--quiet", "--strategy=ours", "-m", "ours", "side")
    git(repo, "branch", "-D", "side")
    forget_reflogs(repo)
    assert texts(repo) == {"thrown away", "ours"}


def test_all_sides_of_an_octopus_are_found_and_what_it_brings_itself(repo: Path) -> None:
    for name in ("one", "two", "three"):
        git(repo, "checkout", "--quiet", "-b", name, "main")
        record(repo, name, f".mlops/{name}.json")
    git(repo, "checkout", "--quiet", "main")
    git(repo, "merge", "--quiet", "-m", "octopus", "one", "two", "three")
    assert git(repo, "rev-list", "--parents", "-1", "HEAD").count(" ") == 3
    write(repo / ".mlops/one.json", "evil")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--amend", "--no-edit")
    blank(repo)
    for name in ("one", "two", "three"):
        git(repo, "branch", "-D", name)
    forget_reflogs(repo)
    assert texts(repo) == {"one", "two", "three", "evil"}


def test_a_record_is_found_that_has_the_content_of_a_file_elsewhere(repo: Path) -> None:
    # One blob, and one tree, seen first where they do not count.
    write_all(repo, {"a/stages/a.json": "twin", "b/.mlops/stages/a.json": "twin"})
    commit(repo, "twins")
    blank(repo)
    git(repo, "tag", "tree", "HEAD~1^{tree}")
    git(repo, "reset", "--quiet", "--hard", "HEAD~2")
    (repo / ".git/ORIG_HEAD").unlink()
    forget_reflogs(repo)
    assert texts(repo) == {"twin"}


SNAPSHOT = f"code/ab/ab{'0' * 38}"


def test_the_journal_is_found_with_the_records_in_its_snapshots(repo: Path) -> None:
    run = "runs/2026-01/31/17/x.json"
    files = {
        run: "run",
        f"sub/{run}": "of a project below",
        f"code/{run}": "of a project in the way",
        f"{SNAPSHOT}/.mlops/stages/a.json": "snapshot",
        f"{SNAPSHOT}/src.py": "no",
    }
    write_all(repo, files)
    git(repo, "rm", "-q", "--cached", "readme")
    git(repo, "add", "runs", "sub", "code")
    tree = git(repo, "write-tree").strip()
    git(repo, "update-ref", "refs/mlops/journal/me", tree)
    git(repo, "reset", "--quiet", "--hard")
    found = {record.path: record.data.decode() for record in reachable_records(at(repo))}
    here = ".mlops/runs/2026-01/x.json"
    assert found == {
        here: "run",
        f"sub/{here}": "of a project below",
        f"code/{here}": "of a project in the way",
        ".mlops/stages/a.json": "snapshot",
    }


def test_the_journal_of_a_folder_that_is_seen_twice_is_found_where_it_counts(repo: Path) -> None:
    write_all(repo, {f"{SNAPSHOT}/a/stages/a.json": "twin", f"{SNAPSHOT}/b/.mlops/stages/a.json": "twin"})
    git(repo, "rm", "-q", "--cached", "readme")
    git(repo, "add", "code")
    git(repo, "update-ref", "refs/mlops/journal/me", git(repo, "write-tree").strip())
    git(repo, "reset", "--quiet", "--hard")
    assert texts(repo) == {"twin"}


def test_notes_are_found(repo: Path) -> None:
    git(repo, "notes", "add", "-m", "a note")
    assert texts(repo) == {"a note\n"}


def test_index_and_files_of_every_worktree_are_found(repo: Path) -> None:
    git(repo, "worktree", "add", "--quiet", "--detach", "../other", "HEAD")
    for folder, name in ((repo, "here"), (repo.parent / "other", "there")):
        write(folder / RECORD, f"{name} staged")
        git(folder, "add", "--all")
        write(folder / RECORD, f"{name} written")
        write(folder / "sub/project/.mlops/data/x.json", f"{name} untracked")
    words = ("staged", "written", "untracked")
    assert texts(repo) == {f"{place} {word}" for place in ("here", "there") for word in words}


def test_all_sides_of_a_conflict_are_found(repo: Path) -> None:
    record(repo, "base")
    git(repo, "checkout", "--quiet", "-b", "side")
    record(repo, "side")
    git(repo, "checkout", "--quiet", "main")
    record(repo, "main")
    with pytest.raises(AssertionError):
        git(repo, "merge", "--quiet", "side")
    assert {"base", "side", "main"} < texts(repo)


def test_names_that_need_quoting_are_found(repo: Path) -> None:
    record(repo, "odd", ".mlops/data/ä\n\t\"b'.json")
    blank(repo)
    [found] = [r for r in reachable_records(at(repo)) if r.where not in ("index", "workspace")]
    assert found.path == ".mlops/data/ä\n\t\"b'.json"


def test_the_commit_that_brought_a_record_is_named(repo: Path) -> None:
    brought = record(repo, "kept")
    record(repo, "other", ".mlops/b.json")
    blank(repo)
    places = {r.data.decode(): (r.path, r.where) for r in reachable_records(at(repo))}
    assert places["kept"] == (RECORD, brought)


def test_settings_of_the_user_change_nothing(repo: Path) -> None:
    record(repo, "one")
    record(repo, "two")
    git(repo, "mv", RECORD, ".mlops/moved.json")
    commit(repo, "moved")
    blank(repo)
    with open(os.environ["GIT_CONFIG_GLOBAL"], "a") as settings:
        settings.write(
            "[log]\n\tshowRoot = false\n\tshowSignature = true\n\tfollow = true\n\tdiffMerges = off\n"
            "[diff]\n\trenames = copies\n\tnoprefix = true\n\torderFile = /nowhere\n\tignoreSubmodules = all\n"
            "[core]\n\tquotePath = true\n\tabbrev = 4\n[color]\n\tui = always\n"
        )
    assert texts(repo) == {"one", "two"}


# Odd repositories ------------------------------------------------------------------------------------------------------


def test_before_the_first_commit_index_and_files_count(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    assert texts(folder) == set()
    write(folder / RECORD, "staged")
    git(folder, "add", "--all")
    write(folder / RECORD, "written")
    assert texts(folder) == {"staged", "written"}


def test_a_bare_repository_counts_with_its_worktrees(repo: Path, tmp_path: Path) -> None:
    record(repo, "committed")
    bare = tmp_path / "bare"
    git(repo, "clone", "--quiet", "--bare", ".", str(bare))
    git(bare, "worktree", "add", "--quiet", "../work", "main")
    write(tmp_path / "work" / RECORD, "written")
    assert texts(bare) == {"committed", "written"}


def test_a_submodule_has_a_history_and_files_of_its_own(repo: Path, tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner")
    record(inner, "inside")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "part")
    write(repo / "part" / RECORD, "inside, changed")
    assert texts(repo / ".git/modules/part") == {"inside", "inside, changed"}
    commit(repo, "with a part")
    assert "inside, changed" in texts(repo)  # its files lie in this worktree


def test_a_repository_of_sha256_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256")
    record(folder, "long")
    git(folder, "tag", "tree", "HEAD^{tree}")
    blank(folder)
    assert texts(folder) == {"long"}


def test_a_shallow_clone_says_so(repo: Path, tmp_path: Path) -> None:
    record(repo, "old")
    blank(repo)
    git(repo, "clone", "--quiet", "--depth=1", repo.as_uri(), str(tmp_path / "clone"))
    assert find_gaps(at(tmp_path / "clone")) == Gaps(shallow=True, partial=False)
    assert find_gaps(at(repo)) == Gaps(shallow=False, partial=False)


@pytest.mark.parametrize("left_out", ["blob:none", "tree:0"])
def test_a_partial_clone_is_not_taken_for_whole(repo: Path, tmp_path: Path, left_out: str) -> None:
    record(repo, "old")
    blank(repo)
    git(repo, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(repo, "clone", "--quiet", f"--filter={left_out}", repo.as_uri(), str(clone))
    assert find_gaps(at(clone)).partial
    git(clone, "remote", "set-url", "origin", (tmp_path / "gone").as_uri())
    with pytest.raises(HistoryError):
        texts(clone)


def test_a_history_bent_by_grafts_is_refused(repo: Path) -> None:
    write(repo / ".git/info/grafts", git(repo, "rev-parse", "HEAD"))
    with pytest.raises(HistoryError, match="grafts"):
        find_gaps(at(repo))


def test_a_worktree_that_is_gone_is_named_until_git_has_forgotten_it(repo: Path) -> None:
    git(repo, "worktree", "add", "--quiet", "--detach", "../other", "HEAD")
    (repo.parent / "other").rename(repo.parent / "elsewhere")
    with pytest.raises(HistoryError, match="other") as raised:
        texts(repo)
    assert "git worktree prune" in raised.value.hint
    git(repo, "worktree", "prune")
    assert texts(repo) == set()


# Damage --------------------------------------------------------------------------------------------------------------


def object_file(repo: Path, revision: str) -> Path:
    name = git(repo, "rev-parse", revision).strip()
    return repo / ".git/objects" / name[:2] / name[2:]


@pytest.mark.parametrize(
    "which", ["HEAD~1:.mlops/stages/a.json", "HEAD~1^{tree}", "HEAD~1", "HEAD", "HEAD~1:.mlops"]
)
@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_a_damaged_history_is_never_taken_for_a_short_one(repo: Path, which: str, how: str) -> None:
    record(repo, "kept")
    blank(repo)
    forget_reflogs(repo)
    path = object_file(repo, which)
    path.chmod(0o644)
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(HistoryError):
        texts(repo)


@pytest.mark.parametrize("text", ["0" * 39 + "1\n", "rubbish\n", ""])
def test_a_branch_that_leads_nowhere_is_never_passed_over(repo: Path, text: str) -> None:
    git(repo, "branch", "side")
    (repo / ".git/refs/heads/side").write_text(text)
    with pytest.raises(HistoryError):
        texts(repo)


def test_a_remote_whose_default_branch_is_gone_is_everyday(repo: Path) -> None:
    record(repo, "kept")
    git(repo, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/master")
    assert texts(repo) == {"kept"}


def test_a_damaged_index_is_named(repo: Path) -> None:
    record(repo, "kept")
    index = repo / ".git/index"
    whole = index.read_bytes()
    for at_ in range(0, len(whole), 7):
        index.write_bytes(whole[:at_] + bytes([whole[at_] ^ 1]) + whole[at_ + 1 :])
        with pytest.raises(HistoryError):
            texts(repo)
    index.write_bytes(whole[:40])
    with pytest.raises(HistoryError):
        texts(repo)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_record_that_cannot_be_read_is_named(repo: Path) -> None:
    write(repo / RECORD, "kept").chmod(0)
    with pytest.raises(HistoryError, match="cannot be read"):
        texts(repo)


# The other questions ------------------------------------------------------------------------------------------------------


def test_records_that_nothing_leads_to_any_more_are_found_with_their_commit(repo: Path) -> None:
    record(repo, "kept")
    lost = record(repo, "lost")
    git(repo, "reset", "--quiet", "--hard", "HEAD~1")
    (repo / ".git/ORIG_HEAD").unlink()
    assert list(unreachable_records(at(repo))) == []
    forget_reflogs(repo)
    [found] = unreachable_records(at(repo))
    assert (found.data, found.where, found.path) == (b"lost", lost, RECORD)


def test_the_records_of_one_commit_are_found(repo: Path) -> None:
    record(repo, "one")
    record(repo, "one", ".mlops/b.json")
    write(repo / RECORD, "two")
    assert [(r.path, r.data) for r in records_of(at(repo), "HEAD")] == [
        (".mlops/b.json", b"one"),
        (RECORD, b"one"),
    ]


def test_links_to_records_count_by_what_they_lead_to(repo: Path) -> None:
    write(repo / "elsewhere/x.json", "through a link")
    (repo / ".mlops").symlink_to("elsewhere")
    assert [r.data for r in working_records(repo)] == [b"through a link"]
    commit(repo, "a link")
    assert texts(repo) == {"through a link"}
