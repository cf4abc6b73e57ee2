from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_project
from mlops_cli.history import refs
from mlops_cli.history.refs import Ref
from tests.support.command import commit, repository
from tests.support.command import git as say
from tests.support.files import write
from tests.support.histories import (
    d,
    data_file,
    history,
    into_journal,
    put,
    run_file,
    run_id,
    stage_file,
    stage_row,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    return say(folder, *arguments).strip()


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = repository(tmp_path_factory.mktemp("refs") / "repo")
    write(folder / "src/train.py", "train")
    write(folder / "model", "a file")
    put(
        folder,
        run_file(1, stage_row("train", {"data/raw": "raw"}, {"model": "m1"}), metrics={"auc": 0.9, "loss": 0.5, "odd": 1}),
        stage_file("train", {"data/raw": "raw"}, {"model": "m1"}),
        data_file("data/raw", "raw"),
    )  # fmt: skip
    commit(folder, "one")
    git(folder, "tag", "v1.0")
    put(
        folder,
        run_file(2, stage_row("train", {"data/raw": "raw"}, {"model": "m2"}), metrics={"auc": 0.7, "loss": {"value": 0.1}}),
        run_file(3, metrics={"auc": 0.99}, status="failed"),
        stage_file("train", {"data/raw": "raw"}, {"model": "m2"}),
    )  # fmt: skip
    commit(folder, "two")
    git(folder, "branch", "feature/x")
    git(folder, "branch", "src")
    git(folder, "branch", run_id(2))
    into_journal(
        folder, run_file(50_000, code={"commit": None, "tree": None, "dirty": False, "branch": "other"})
    )
    return folder


def resolve(folder: Path, text: str, inside: str = "", said: Mapping[str, str] | None = None) -> Ref:
    known = history(folder)
    try:
        return refs.resolve(known, Git(folder, os.environ), find_project(folder), text, inside, said)
    finally:
        known.close()


def refused(folder: Path, text: str, inside: str = "") -> UsageError:
    with pytest.raises(UsageError) as caught:
        resolve(folder, text, inside)
    return caught.value


# Runs -----------------------------------------------------------------------------------------------------------------


def test_a_run_by_its_id_or_how_it_begins(repo: Path) -> None:
    assert resolve(repo, run_id(1)) == Ref(run_id(1), "run", run_id(1))
    assert resolve(repo, run_id(1)[:-2]).run == run_id(1)
    assert resolve(repo, run_id(50_000)[:14]).run == run_id(50_000)


def test_how_several_runs_begin_is_told_with_their_ids(repo: Path) -> None:
    error = refused(repo, "20260102T0300")
    assert "can mean 4 things" in error.message
    shown = ", ".join([run_id(50_000), run_id(3), run_id(2)])
    assert error.hint == f"Write more of the id: {shown} and 1 more"


def test_what_is_no_run_is_named_however_many_runs_begin_so(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    write(folder / "2026", "a file")
    put(folder, *(run_file(number) for number in range(1, 9)))
    commit(folder, "begin")
    error = refused(folder, "2026")
    assert error.message == "2026 can mean 9 things"
    assert error.hint.endswith("for the run; 5 more runs; ./2026 for the path.")
    assert error.hint.count("run:") == 3
    assert refused(folder, "run:2026").message == "run:2026 can mean 8 things"


def test_a_branch_called_like_a_run_is_told_kindly(repo: Path) -> None:
    error = refused(repo, run_id(2))
    assert error.message == f"{run_id(2)} can mean 2 things"
    assert (
        error.hint
        == f"Write what is meant: run:{run_id(2)} for the run; refs/heads/{run_id(2)} for the branch."
    )
    assert resolve(repo, f"refs/heads/{run_id(2)}").commit == git(repo, "rev-parse", "HEAD")
    assert resolve(repo, f"run:{run_id(2)}").run == run_id(2)


def test_the_latest_run_is_that_of_this_branch(repo: Path) -> None:
    assert resolve(repo, "@latest").run == run_id(3)


def test_the_latest_run_is_one_that_this_clone_made_where_there_is_one(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    bob = {"actor": {"name": "Bob", "email": "bob@example.org"}}
    code = {"code": {"commit": None, "tree": None, "dirty": False, "branch": "main"}}
    commit(folder, "begin")
    git(folder, "branch", "-M", "main")
    into_journal(folder, run_file(5, **bob, **code))
    git(folder, "update-ref", "refs/mlops/remote/origin/0123456789ab", "refs/mlops/journal/" + clone(folder))
    git(folder, "update-ref", "-d", "refs/mlops/journal/" + clone(folder))
    put(folder, run_file(6, **bob))
    commit(folder, "of Bob")
    assert resolve(folder, "@latest").run == run_id(6)
    into_journal(folder, run_file(2, **code))
    assert resolve(folder, "@latest").run == run_id(2)
    put(folder, run_file(3))
    assert resolve(folder, "@latest").run == run_id(3)
    commit(folder, "mine and noted nowhere else")
    put(folder, run_file(2))
    commit(folder, "mine, committed")
    assert resolve(folder, "@latest").run == run_id(2)
    assert resolve(folder, "@best:auc").run == run_id(6)


def clone(folder: Path) -> str:
    return (folder / ".git/mlops/clone").read_text().strip()


def test_repetitions_are_neither_the_latest_nor_the_best(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    commit(folder, "begin")
    put(
        folder,
        run_file(1, experiment={"sweep": "s", "set": {"a": 1}}),
        run_file(2, experiment={"rerun": run_id(1)}),
        run_file(3, experiment={"bisect": "auc"}),
    )
    assert resolve(folder, "@latest").run == run_id(1)
    assert resolve(folder, "@best:auc").run == run_id(1)
    (folder / run_file(1)[0]).unlink()
    assert resolve(folder, "@latest").run == run_id(3)


def test_where_this_branch_has_no_run_the_latest_is_any(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    commit(folder, "begin")
    assert "there is no run yet" in refused(folder, "@latest").message
    into_journal(folder, run_file(1, code={"commit": None, "tree": None, "dirty": False, "branch": "other"}))
    assert resolve(folder, "@latest").run == run_id(1)


def test_the_best_run_is_that_which_went_well_and_is_best(repo: Path) -> None:
    assert resolve(repo, "@best:auc").run == run_id(1)
    assert resolve(repo, "@best:loss").run == run_id(2)
    assert resolve(repo, "@best:auc", said={"auc": "down"}).run == run_id(2)
    assert resolve(repo, "@best:odd", said={"odd": "up"}).run == run_id(1)


def test_the_best_of_what_several_stages_report_counts(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    put(
        folder,
        run_file(1, metrics={"a:auc": 0.1, "b:auc": 0.9}),
        run_file(2, metrics={"a:auc": 0.5, "b:auc": 0.6}),
    )
    assert resolve(folder, "@best:auc").run == run_id(1)
    assert resolve(folder, "@best:a:auc").run == run_id(2)


def test_a_metric_has_one_name_whichever_stages_of_a_run_reported_it(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repo")
    alone = {**stage_row("a", {}, {"o": "x"}), "metrics": {"auc": 0.9}}
    put(
        folder,
        run_file(1, metrics={"a:auc": 0.5, "b:auc": 0.7}),
        run_file(2, alone, metrics={"auc": 0.9}),
    )
    assert resolve(folder, "@best:a:auc").run == run_id(2)
    assert resolve(folder, "@best:b:auc").run == run_id(1)
    assert resolve(folder, "@best:auc").run == run_id(2)


def test_a_metric_that_nobody_has_or_whose_way_nobody_knows_is_told(repo: Path) -> None:
    assert refused(repo, "@best:acu").hint == 'Did you mean "auc"?'
    assert "metrics: {odd: up}" in refused(repo, "@best:odd").hint
    assert refused(repo, "@newest").hint == "There are @latest and @best:METRIC."


# Artifacts ------------------------------------------------------------------------------------------------------------


def test_a_path_means_what_the_records_of_the_workspace_say(repo: Path) -> None:
    assert resolve(repo, "model") == Ref("model", "artifact", digest=d("m2"), path="model")
    assert resolve(repo, "./model").digest == d("m2")
    assert resolve(repo, "raw", "data") == Ref("raw", "artifact", digest=d("raw"), path="data/raw")
    assert resolve(repo, "../model", "data").digest == d("m2")
    assert resolve(repo, "data/raw/part/1.csv").path == "data/raw"


def test_a_path_that_no_record_has_now_is_a_path_all_the_same(repo: Path) -> None:
    assert resolve(repo, "src/train.py") == Ref("src/train.py", "artifact", path="src/train.py")


def test_a_path_in_a_commit_means_what_it_was_then(repo: Path) -> None:
    then = git(repo, "rev-parse", "v1.0")
    assert resolve(repo, "v1.0:model") == Ref(
        "v1.0:model", "artifact", digest=d("m1"), path="model", commit=then
    )
    assert resolve(repo, "HEAD~1:data/raw/x").digest == d("raw")
    assert refused(repo, "v1.0:modle").hint == 'Did you mean "model"?'


def test_a_digest_is_itself_and_may_be_cut_short(repo: Path) -> None:
    assert resolve(repo, d("anything")).digest == d("anything")
    assert resolve(repo, d("m1")[:12]) == Ref(d("m1")[:12], "artifact", digest=d("m1"))
    assert "no artifact is known" in refused(repo, "b3:00000000").message


# Commits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["HEAD", "main", "feature/x", "refs/heads/src", "HEAD~0", "main@{0}"])
def test_what_git_takes_for_a_commit_is_one(repo: Path, text: str) -> None:
    if git(repo, "symbolic-ref", "--short", "HEAD") != "main":
        git(repo, "branch", "-m", "main")
    assert resolve(repo, text) == Ref(text, "commit", commit=git(repo, "rev-parse", "HEAD"))


def test_a_branch_called_like_a_folder_is_told_with_both_ways_out(repo: Path) -> None:
    error = refused(repo, "src")
    assert error.hint == "Write what is meant: refs/heads/src for the branch; ./src for the path."
    assert resolve(repo, "./src").kind == "artifact"


# Nothing --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", " ", "--all", "-n1", "--output=x", "a\0b", "\ud800", "nothing", "HEAD..main", "^main", "b3:xyz", "a\nb", "../out", "/etc"],
)  # fmt: skip
def test_what_means_nothing_is_refused_and_reaches_git_as_a_name_at_most(repo: Path, text: str) -> None:
    before = {path for path in repo.rglob("*") if ".git" not in path.parts}
    refused(repo, text)
    assert {path for path in repo.rglob("*") if ".git" not in path.parts} == before


def test_a_close_name_is_offered(repo: Path) -> None:
    assert refused(repo, "featuer/x").hint == 'Did you mean "feature/x"?'


@pytest.mark.parametrize("text", ["churn@production", "churn:v3"])
def test_models_have_no_versions_yet(repo: Path, text: str) -> None:
    assert "keeps no models yet" in refused(repo, text).message
