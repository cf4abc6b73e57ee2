from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError, HistoryError, UsageError
from mlops_cli.history.known import WORKSPACE, KnownData, Production
from tests.support.command import commit, repository
from tests.support.command import git as say
from tests.support.files import write
from tests.support.histories import (
    d,
    data_file,
    history,
    into_journal,
    note_file,
    put,
    run_file,
    run_id,
    run_path,
    stage_file,
    stage_row,
)

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    return say(folder, *arguments).strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    write(folder / "readme", "begin")
    commit(folder, "begin")
    return folder


def kept(folder: Path, number: int) -> str:
    """Commit the record of a run; return the commit."""
    put(folder, run_file(number))
    return commit(folder, f"run {number}")


def numbers(folder: Path, *, branch_only: bool = False) -> list[int]:
    """Return which runs are known, newest first."""
    return [int(run.id[-8:], 16) for run in history(folder).runs(branch_only=branch_only)]


# Where runs are found -------------------------------------------------------------------------------------------------


def test_a_project_without_a_commit_has_no_history(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    known = history(folder)
    assert known.runs() == known.runs(branch_only=True) == []
    assert known.made(d("x")) == []
    assert known.trouble is None


def test_runs_come_newest_first_with_the_commit_that_brought_them(repo: Path) -> None:
    first, second = kept(repo, 1), kept(repo, 2)
    newest, oldest = history(repo).runs()
    assert (newest.id, oldest.id) == (run_id(2), run_id(1))
    assert [source.name for source in newest.sources] == [second]
    assert [(source.kind, source.name, source.subject) for source in oldest.sources] == [
        ("commit", first, "run 1")
    ]
    assert oldest.params == {"train.depth": 1}
    assert oldest.metrics["auc"] == 0.001
    assert (oldest.author, oldest.trigger, oldest.branch, oldest.dirty) == ("Ana", "cli", "main", False)


def test_a_run_that_was_deleted_again_is_still_known(repo: Path) -> None:
    kept(repo, 1)
    git(repo, "rm", "-q", run_path(1))
    commit(repo, "away")
    assert numbers(repo) == [1]


def test_a_branch_merged_with_its_content_thrown_away_has_brought_its_runs(repo: Path) -> None:
    git(repo, "checkout", "-qb", "side")
    brought = kept(repo, 1)
    git(repo, "checkout", "-q", "main")
    kept(repo, 2)
    git(repo, "merge", "-q", "-s", "ours", "-m", "ours", "side")
    git(repo, "branch", "-D", "-q", "side")
    [run] = [run for run in history(repo).runs(branch_only=True) if run.id == run_id(1)]
    assert [source.name for source in run.sources] == [brought]


def test_an_octopus_brings_what_was_made_in_it_and_nothing_of_its_parents(repo: Path) -> None:
    parents = {}
    for number in (1, 2, 3):
        git(repo, "checkout", "-qb", f"side{number}", "main")
        parents[number] = kept(repo, number)
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-commit", "side1", "side2", "side3")
    put(repo, run_file(4))
    parents[4] = commit(repo, "octopus")
    assert len(git(repo, "rev-list", "--parents", "-1", "HEAD").split()) == 1 + 3
    found = {int(run.id[-8:], 16): [source.name for source in run.sources] for run in history(repo).runs()}
    assert found == {number: [name] for number, name in parents.items()}


def test_a_criss_cross_names_each_run_once(repo: Path) -> None:
    git(repo, "checkout", "-qb", "a")
    kept(repo, 1)
    git(repo, "checkout", "-qb", "b", "main")
    kept(repo, 2)
    tips = git(repo, "rev-parse", "a"), git(repo, "rev-parse", "b")
    git(repo, "merge", "-q", "-m", "a into b", tips[0])
    git(repo, "checkout", "-q", "a")
    git(repo, "merge", "-q", "-m", "b into a", tips[1])
    git(repo, "merge", "-q", "-m", "again", "b")
    assert [len(run.sources) for run in history(repo).runs()] == [1, 1]


def test_a_rebase_and_a_squash_keep_a_run_under_its_new_commits(repo: Path) -> None:
    git(repo, "checkout", "-qb", "side")
    kept(repo, 1)
    kept(repo, 2)
    history(repo).runs()
    git(repo, "checkout", "-q", "main")
    other = kept(repo, 3)
    git(repo, "checkout", "-q", "side")
    git(repo, "rebase", "-q", "main")
    rebased = git(repo, "rev-parse", "HEAD^")
    [one] = [run for run in history(repo).runs() if run.id == run_id(1)]
    assert [source.name for source in one.sources] == [rebased]
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--squash", "side")
    squashed = commit(repo, "squashed")
    git(repo, "branch", "-D", "-q", "side")
    found = {int(run.id[-8:], 16): [source.name for source in run.sources] for run in history(repo).runs()}
    assert found == {1: [squashed], 2: [squashed], 3: [other]}


def test_a_deleted_branch_takes_what_only_it_brought_but_not_what_a_journal_keeps(repo: Path) -> None:
    git(repo, "checkout", "-qb", "side")
    kept(repo, 1)
    put(repo, run_file(2))
    into_journal(repo, run_file(2))
    commit(repo, "run 2")
    assert numbers(repo) == [2, 1]
    git(repo, "checkout", "-q", "main")
    git(repo, "branch", "-D", "-q", "side")
    [run] = history(repo).runs()
    assert run.id == run_id(2)
    assert [source.kind for source in run.sources] == ["journal"]


def test_a_deleted_branch_whose_commits_git_has_removed_is_gone_too(repo: Path) -> None:
    git(repo, "checkout", "-qb", "side")
    kept(repo, 1)
    git(repo, "checkout", "-q", "main")
    kept(repo, 2)
    assert numbers(repo) == [2, 1]
    git(repo, "branch", "-D", "-q", "side")
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")
    assert numbers(repo) == [2]
    kept(repo, 3)
    assert numbers(repo) == [3, 2]


def test_tags_stashes_other_worktrees_and_remote_branches_count(repo: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "-qb", "tagged")
    kept(repo, 1)
    git(repo, "tag", "-a", "-m", "a tag", "v1")
    git(repo, "checkout", "-q", "main")
    git(repo, "branch", "-D", "-q", "tagged")
    put(repo, run_file(2))
    git(repo, "add", ".")
    git(repo, "stash", "-q")
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    kept(tmp_path / "linked", 3)
    git(repo, "clone", "-q", str(repo), str(tmp_path / "other"))
    kept(tmp_path / "other", 4)
    git(repo, "fetch", "-q", str(tmp_path / "other"), "main:refs/remotes/other/main")
    assert numbers(repo) == [4, 3, 2, 1]
    assert numbers(tmp_path / "linked") == [4, 3, 2, 1]
    assert numbers(repo, branch_only=True) == []
    assert numbers(tmp_path / "linked", branch_only=True) == [3]


def test_replaced_commits_and_grafts_change_nothing(repo: Path) -> None:
    kept(repo, 1)
    second = kept(repo, 2)
    git(repo, "replace", second, git(repo, "commit-tree", "-m", "empty", "HEAD~2^{tree}"))
    assert numbers(repo) == [2, 1]
    write(repo / ".git/info/grafts", f"{second}\n")
    shutil.rmtree(repo / ".git/mlops")
    assert numbers(repo) == [2, 1]


def test_a_repository_named_by_sha256_is_read_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "wide"
    folder.mkdir()
    git(folder, "init", "-q", "--object-format=sha256")
    put(folder, run_file(1), data_file("data", "one"))
    name = commit(folder, "one")
    into_journal(folder, run_file(2))
    assert len(name) == 64
    assert numbers(folder) == [2, 1]
    [data] = history(folder).data(d("one"))
    assert [source.name for source in data.sources] == [name]


def test_inside_a_hook_the_history_is_that_of_the_repository(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(repo, 1)
    for variable in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(variable, "elsewhere")
    assert numbers(repo, branch_only=True) == [1]


def test_a_journal_that_is_none_is_named(repo: Path) -> None:
    git(repo, "update-ref", "refs/mlops/remote/origin/0123456789ab", git(repo, "rev-parse", "HEAD:readme"))
    with pytest.raises(
        HistoryError, match="the journal refs/mlops/remote/origin/0123456789ab cannot be read"
    ):
        history(repo).runs()


def test_settings_of_the_user_hide_nothing(repo: Path, tmp_path: Path) -> None:
    fresh = repository(tmp_path / "fresh")
    put(fresh, run_file(1))
    commit(fresh, "the first commit brings a run")
    for name, value in {"log.showRoot": "false", "diff.relative": "true", "log.diffMerges": "off"}.items():
        git(fresh, "config", name, value)
    assert numbers(fresh) == [1]


def test_names_of_all_kinds_are_borne(repo: Path) -> None:
    git(repo, "config", "user.name", 'Bo "\x02;\n: Ünsal')
    put(
        repo,
        run_file(1),
        (".mlops/runs/2026-01/no run at all.json", b"{}"),
        (".mlops/stages/ü \n.json", b"[]"),
    )
    (repo / os.fsdecode(b".mlops/stages/\xff.json")).write_bytes(b"{}")
    commit(repo, "\x02 :100644 subject\n\nand more")
    [run] = history(repo).runs()
    assert run.sources[0].subject == "\x02 :100644 subject"


# Journals and the workspace -------------------------------------------------------------------------------------------


def test_a_journal_brings_runs_that_no_commit_has(repo: Path) -> None:
    into_journal(repo, run_file(1))
    assert numbers(repo) == [1]
    into_journal(repo, run_file(2))
    [run, _] = history(repo).runs()
    assert [source.kind for source in run.sources] == ["journal"]
    assert history(repo).record(run_id(2)).message == "trial 2"


def test_journals_of_others_count_and_go_with_their_ref(repo: Path, tmp_path: Path) -> None:
    git(repo, "clone", "-q", str(repo), str(tmp_path / "other"))
    into_journal(tmp_path / "other", run_file(1))
    git(repo, "fetch", "-q", str(tmp_path / "other"), "refs/mlops/journal/*:refs/mlops/remote/origin/*")
    assert numbers(repo) == [1]
    git(repo, "update-ref", "-d", git(repo, "for-each-ref", "--format=%(refname)", "refs/mlops/remote"))
    assert numbers(repo) == []


def test_a_journal_that_was_cut_short_is_followed_even_when_git_has_removed_the_old_tree(repo: Path) -> None:
    into_journal(repo, run_file(1))
    ref = git(repo, "for-each-ref", "--format=%(refname)", "refs/mlops/journal")
    first = git(repo, "rev-parse", ref)
    into_journal(repo, run_file(2))
    assert numbers(repo) == [2, 1]
    git(repo, "update-ref", ref, first)
    git(repo, "prune", "--expire=now")
    assert numbers(repo) == [1]


def test_snapshots_in_a_journal_are_not_looked_into(repo: Path) -> None:
    put(repo, run_file(7))
    git(repo, "add", ".")
    tree = git(repo, "write-tree")
    git(repo, "rm", "-rq", "--cached", ".mlops")
    shutil.rmtree(repo / ".mlops")
    from mlops_cli.git.command import Git
    from mlops_cli.git.discover import find_project
    from mlops_cli.history.journal import Journal

    Journal(Git(repo, os.environ), find_project(repo)).append({}, [tree])
    into_journal(repo, run_file(1))
    assert numbers(repo) == [1]


def test_what_lies_in_the_workspace_is_known_until_it_is_gone(repo: Path) -> None:
    put(repo, run_file(1), note_file(1, "00a00000", "good", "confirmed"))
    [run] = history(repo).runs()
    assert tuple(run.sources) == (WORKSPACE,)
    assert (run.notes, run.outcome) == (1, "confirmed")
    assert history(repo).record(run_id(1)).id == run_id(1)
    (repo / run_path(1)).unlink()
    assert history(repo).runs() == []


def test_a_run_in_the_workspace_is_told_from_its_commit_once_it_is_committed(repo: Path) -> None:
    put(repo, run_file(1))
    assert numbers(repo) == [1]
    name = commit(repo, "kept")
    [run] = history(repo).runs()
    assert [source.name for source in run.sources] == [name]


def test_the_workspace_of_one_worktree_is_not_that_of_another(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    put(repo, run_file(1))
    put(tmp_path / "linked", run_file(2), note_file(1, "00a00000", "elsewhere"))
    assert numbers(repo) == [1]
    assert numbers(tmp_path / "linked") == [2]
    assert numbers(repo) == [1]
    known = history(repo)
    assert known.run(run_id(2)) is None
    assert known.matching("2026") == [run_id(1)]
    assert known.events(run_id(1)) == ()
    assert [run.notes for run in known.runs()] == [0]


def test_a_changed_record_in_the_workspace_is_read_again(repo: Path) -> None:
    put(repo, stage_file("train", {"a": "a"}, {"m": "one"}))
    assert [one.source for one in history(repo).made(d("one"))] == [WORKSPACE]
    put(repo, stage_file("train", {"a": "a"}, {"m": "two"}))
    assert [one.source for one in history(repo).made(d("two"))] == [WORKSPACE]
    assert history(repo).made(d("one")) == []


def test_only_the_runs_of_this_branch(repo: Path) -> None:
    kept(repo, 1)
    git(repo, "checkout", "-qb", "side")
    kept(repo, 2)
    code = {"commit": None, "tree": None, "snapshot": None, "dirty": True}
    into_journal(repo, run_file(3, code={**code, "branch": "side"}), run_file(4))
    git(repo, "checkout", "-q", "main")
    put(repo, run_file(5))
    assert numbers(repo) == [5, 4, 3, 2, 1]
    assert numbers(repo, branch_only=True) == [5, 4, 1]
    (repo / run_path(5)).unlink()
    git(repo, "checkout", "-q", "side")
    assert numbers(repo, branch_only=True) == [3, 2, 1]


def test_projects_in_one_repository_keep_to_themselves(repo: Path) -> None:
    for name in ("one", "o*"):
        write(repo / name / "mlops.yaml", "stages: {}")
    put(repo / "one", run_file(1), stage_file("train", {"a": "a"}, {"m": "model"}))
    put(repo / "o*", run_file(2))
    put(repo, run_file(3))
    commit(repo, "three projects")
    into_journal(repo / "one", run_file(4))
    assert numbers(repo / "one") == [4, 1]
    assert numbers(repo / "o*") == [2]
    write(repo / "mlops.yaml", "stages: {}")
    assert numbers(repo) == [3]
    assert [one.outs.keys() for one in history(repo / "one").made(d("model"))] == [{"m"}]
    assert history(repo).made(d("model")) == []


# Notes ----------------------------------------------------------------------------------------------------------------


def test_notes_are_counted_and_the_last_outcome_counts(repo: Path) -> None:
    kept(repo, 1)
    first, last = note_file(1, "00a00000", "yes", "confirmed"), note_file(1, "00b00000", "no", "rejected")
    into_journal(repo, last, first)
    put(repo, first)
    into_journal(repo, note_file(1, "00c00000", "just so"))
    [run] = history(repo).runs()
    assert (run.notes, run.outcome) == (3, "rejected")
    assert [event.text for event in history(repo).events(run_id(1))] == ["yes", "no", "just so"]


# Who made what --------------------------------------------------------------------------------------------------------


def test_what_made_and_what_read_an_artifact(repo: Path) -> None:
    train = stage_row("train", {"data": "raw"}, {"model": "m1"}, metrics={"auc": 0.9})
    put(repo, run_file(1, train), stage_file("train", {"data": "raw"}, {"model": "m1"}))
    first = commit(repo, "train")
    put(repo, run_file(2, stage_row("test", {"model": "m1"}, {"score": "s"})))
    commit(repo, "test")
    known = history(repo)
    by_run, by_stage = known.made(d("m1"))
    assert (by_run.run, by_run.stage, by_run.status, by_run.metrics) == (
        run_id(1),
        "train",
        "ran",
        {"auc": 0.9},
    )
    assert by_run.started == "2026-01-02T03:00:00.001Z"
    assert by_run.deps["data"].digest == d("raw")
    assert (by_stage.run, by_stage.status, by_stage.file) == (None, "recorded", ".mlops/stages/train.json")
    assert by_run.source.name == by_stage.source.name == first
    assert [one.run for one in known.used(d("m1"))] == [run_id(2)]
    assert [one.run for one in known.by_key(train["key"])] == [run_id(1), None]
    assert known.made(d("raw")) == known.used(d("nothing")) == known.by_key("b3:junk") == []
    asked = [d("m1"), d("s"), d("raw"), d("nothing"), "b3:junk", d("m1")]
    assert known.made_each(asked) == {digest: known.made(digest) for digest in asked}
    assert known.used_each(asked) == {digest: known.used(digest) for digest in asked}


def test_runs_of_the_same_work_are_told_apart(repo: Path) -> None:
    for number, status in ((1, "ran"), (2, "cached"), (3, "cached")):
        put(repo, run_file(number, stage_row("train", {"a": "a"}, {"m": "m"}, status=status)))
    commit(repo, "three")
    found = history(repo).made(d("m"))
    assert [(one.run, one.status) for one in found] == [
        (run_id(1), "ran"),
        (run_id(2), "cached"),
        (run_id(3), "cached"),
    ]


def test_a_stage_that_was_fresh_is_found_by_its_key(repo: Path) -> None:
    row = stage_row("train", {"a": "a"}, {"m": "m"})
    put(repo, run_file(1, row), run_file(2, {"name": "train", "status": "fresh", "key": row["key"]}))
    commit(repo, "two")
    assert [one.run for one in history(repo).by_key(row["key"])] == [run_id(1)]


def test_everything_at_a_path_newest_first(repo: Path) -> None:
    put(repo, data_file("data", "one", "s3://bucket/one"))
    commit(repo, "one")
    put(repo, data_file("data", "two"), run_file(9, stage_row("clean", {"data": "two"}, {"x": "y"})))
    commit(repo, "two")
    known = history(repo)
    found = known.at_path("data")
    assert {one.artifact.digest for one in found if isinstance(one, KnownData)} == {d("one"), d("two")}
    assert len(found) == 2
    assert [type(one) for one in known.at_path("data", read=True)].count(Production) == 1
    [first] = known.data(d("one"))
    assert first.origin == {"url": "s3://bucket/one"}
    assert first.source.subject == "one"
    assert known.knows_path("x")
    assert not known.knows_path("never")


def test_the_same_content_brought_by_several_commits_names_all_of_them(repo: Path) -> None:
    put(repo, data_file("data", "one"))
    first = commit(repo, "one")
    put(repo, data_file("data", "two"))
    commit(repo, "two")
    put(repo, data_file("data", "one"))
    again = commit(repo, "one again")
    [data] = history(repo).data(d("one"))
    assert {source.name for source in data.sources} == {first, again}


def test_of_two_contents_for_one_run_the_journal_of_the_clone_that_made_it_counts_everywhere(
    repo: Path,
) -> None:
    true = run_file(1, stage_row("train", {"a": "a"}, {"m": "m"}), params={"depth": 3})
    into_journal(repo, true)
    put(repo, run_file(1, stage_row("train", {"a": "a"}, {"m": "m"}), params={"depth": 8}))
    commit(repo, "forged")
    known = history(repo)
    assert [dict(run.params) for run in known.runs()] == [{"depth": 3}]
    assert known.record(run_id(1)).params == {"depth": 3}
    assert {source.kind for source in known.run(run_id(1)).sources} == {"journal"}  # type: ignore[union-attr]
    [made] = known.made(d("m"))
    assert made.source.kind == "journal"
    [notice] = known.notices
    assert run_id(1) in notice
    assert f"lineage --verify {run_id(1)}" in notice
    assert len(known.contents(run_path(1))) == 2


def test_a_record_that_was_only_laid_out_otherwise_is_no_other_version(repo: Path) -> None:
    path, data = run_file(1, stage_row("train", {"a": "a"}, {"m": "m"}))
    into_journal(repo, (path, data))
    put(repo, (path, json.dumps(json.loads(data), indent=4).encode()))
    commit(repo, "laid out by a hook")
    known = history(repo)
    assert [run.id for run in known.runs()] == [run_id(1)]
    assert known.notices == []


def test_of_several_runs_that_were_altered_one_sentence_tells(repo: Path) -> None:
    for auc in (0.5, 0.9):
        put(repo, *(run_file(n, metrics={"auc": auc}) for n in (1, 2, 3)))
        commit(repo, "more")
    known = history(repo)
    known.runs()
    [notice] = known.notices
    assert "the records of 3 runs were changed" in notice
    assert run_id(1) in notice


def test_of_two_contents_for_one_run_in_commits_the_earlier_counts_everywhere(repo: Path) -> None:
    rows = [stage_row("train", {"a": "a"}, {"m": "m"}) | {"metrics": {"auc": auc}} for auc in (0.5, 0.9)]
    put(repo, run_file(1, rows[0]))
    first = commit(repo, "true")
    put(repo, run_file(1, rows[1]))
    commit(repo, "forged")
    known = history(repo)
    [made] = known.made(d("m"))
    assert (made.source.name, dict(made.metrics)) == (first, {"auc": 0.5})
    assert known.record(run_id(1)).stages[0].metrics == {"auc": 0.5}


def test_each_run_of_one_key_is_told_of_by_its_own_record(repo: Path) -> None:
    row = stage_row("train", {"a": "a"}, {"m": "m"})
    put(repo, run_file(1, row | {"metrics": {"auc": 0.5}}), run_file(2, row | {"metrics": {"auc": 0.6}}))
    commit(repo, "two")
    assert [dict(one.metrics) for one in history(repo).made(d("m"))] == [{"auc": 0.5}, {"auc": 0.6}]


def test_digests_are_found_by_how_they_begin(repo: Path) -> None:
    put(repo, run_file(1, stage_row("train", {"a": "a"}, {"m": "m"})))
    commit(repo, "run")
    known = history(repo)
    assert known.digests(d("m")[:12]) == known.digests(d("m")[3:10]) == [d("m")]
    assert known.digests("b3:" + "0" * 10) == known.digests("m") == []


def test_a_lineage_crosses_the_switch_from_dvc(repo: Path) -> None:
    theirs = "d41d8cd98f00b204e9800998ecf8427e"
    write(repo / ".dvc/config", "")
    write(
        repo / "sub/dvc.lock",
        f"schema: '2.0'\nstages:\n  fit:\n    cmd: fit\n    outs:\n    - path: m\n      md5: {theirs}\n",
    )
    write(repo / "sub/raw.dvc", f"outs:\n- path: raw\n  md5: {theirs[::-1]}\n")
    commit(repo, "with DVC")
    git(repo, "rm", "-rq", ".dvc", "sub")
    commit(repo, "without")
    known = history(repo)
    [made] = known.made(f"md5:{theirs}")
    assert known.made_each([d("m"), f"md5:{theirs}"]) == {d("m"): [], f"md5:{theirs}": [made]}
    assert (made.stage, made.system, made.source.subject, list(made.outs)) == (
        "fit",
        "dvc",
        "with DVC",
        ["sub/m"],
    )
    assert [data.path for data in known.data(f"md5:{theirs[::-1]}")] == ["sub/raw"]
    links = {"schema": 1, "links": [{"dvc": f"md5:{theirs}", "digest": d("m")}]}
    put(repo, (".mlops/migrated/dvc-0.json", json.dumps(links).encode()))
    known = history(repo)
    assert [one.outs["sub/m"].digest for one in known.made(d("m"))] == [d("m")]
    assert known.made(f"md5:{theirs}") == known.made(d("m"))


# What is not as it should be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b"\xff",
        json.dumps({"schema": 1}).encode(),
        json.dumps({"schema": 99, "id": run_id(1)}).encode(),
        run_file(2)[1],
        run_file(1, seconds=10**400)[1],
        run_file(1, stages=[{"name": "a", "status": "ran", "outs": {"m": {"digest": "junk"}}}])[1],
        run_file(1, params=[])[1],
    ],
)  # fmt: skip
def test_a_record_that_is_none_hides_no_other(repo: Path, data: bytes) -> None:
    put(repo, (run_path(1), data))
    commit(repo, "a bad one")
    kept(repo, 3)
    known = history(repo)
    assert [run.id for run in known.runs()] == [run_id(3)]
    assert [path for path, _ in known.unreadable] == [run_path(1)]
    assert known.run(run_id(1)) is None


def test_half_a_character_in_a_record_is_borne(repo: Path) -> None:
    path, data = run_file(1)
    put(repo, (path, data.replace(b"trial 1", b"\\ud800")))
    commit(repo, "odd")
    [run] = history(repo).runs()
    assert run.message == "?"


def test_of_two_contents_for_one_run_the_committed_one_that_came_first_counts(repo: Path) -> None:
    kept(repo, 1)
    put(repo, run_file(1, message="forged"))
    git(repo, "commit", "-qam", "forged", "--date", "2030-01-01T00:00:00")
    [run] = history(repo).runs()
    assert run.message == history(repo).record(run_id(1)).message == "trial 1"


def test_a_record_that_is_nowhere_is_an_error(repo: Path) -> None:
    with pytest.raises(DataError, match="there is no run nothing"):
        history(repo).record("nothing")


def test_a_shallow_clone_answers_what_it_can_and_says_how_to_deepen_it(repo: Path, tmp_path: Path) -> None:
    kept(repo, 1)
    git(repo, "rm", "-q", run_path(1))
    kept(repo, 2)
    clone = tmp_path / "clone"
    git(repo, "clone", "-q", "--depth=1", repo.as_uri(), str(clone))
    known = history(clone)
    assert [run.id for run in known.runs()] == [run_id(2)]
    assert known.gaps.shallow
    assert isinstance(known.trouble, HistoryError)
    assert "--unshallow" in known.trouble.hint
    git(clone, "fetch", "-q", "--unshallow")
    assert numbers(clone) == [2, 1]
    assert history(clone).trouble is None


def test_a_partial_clone_answers_what_it_can_and_says_how_to_make_it_whole(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(repo, 1)
    git(repo, "rm", "-q", run_path(1))
    kept(repo, 2)
    git(repo, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(repo, "clone", "-q", "--filter=blob:none", repo.as_uri(), str(clone))
    address = git(clone, "remote", "get-url", "origin")
    git(clone, "remote", "set-url", "origin", (tmp_path / "gone").as_uri())
    for few in (500, 0):
        monkeypatch.setattr("mlops_cli.history.index.state._FEW", few)
        known = history(clone)
        assert [run.id for run in known.runs()] == [run_id(2)]
        assert known.gaps.partial
        assert known.trouble is not None
        assert run_path(1) in known.trouble.message
        assert "--refetch" in known.trouble.hint
        known.close()
    monkeypatch.undo()
    git(clone, "remote", "set-url", "origin", address)
    git(clone, "fetch", "-q", "--refetch", "--no-filter")
    assert numbers(clone) == [2, 1]
    assert history(clone).trouble is None


def test_content_that_is_missing_is_named_and_looked_for_again(repo: Path) -> None:
    kept(repo, 1)
    kept(repo, 2)
    blob = git(repo, "rev-parse", f"HEAD:{run_path(1)}")
    loose = repo / ".git/objects" / blob[:2] / blob[2:]
    aside = loose.rename(repo / ".git/aside")
    known = history(repo)
    assert [run.id for run in known.runs()] == [run_id(2)]
    assert known.trouble is not None
    assert run_path(1) in known.trouble.message
    aside.rename(loose)
    assert numbers(repo) == [2, 1]
    assert history(repo).trouble is None


def test_an_unknown_revision_is_an_error(repo: Path) -> None:
    assert len(history(repo).in_history_of("HEAD")) == 1
    for name in ("nothing", "--all", "HEAD:readme"):
        with pytest.raises(UsageError, match="there is no commit"):
            history(repo).in_history_of(name)


def test_a_journal_and_commits_that_go_at_once_are_both_forgotten(repo: Path) -> None:
    kept(repo, 1)
    git(repo, "tag", "-a", "-m", "first", "v1")
    into_journal(repo, note_file(1, "00a00000", "good", "confirmed"))
    assert [run.notes for run in history(repo).runs()] == [1]
    git(repo, "update-ref", "-d", git(repo, "for-each-ref", "--format=%(refname)", "refs/mlops"))
    git(repo, "tag", "-f", "-a", "-m", "second", "v1")
    git(repo, "prune", "--expire=now")  # the old tag cannot be asked any more where it led
    assert [(run.notes, run.outcome) for run in history(repo).runs()] == [(0, None)]
