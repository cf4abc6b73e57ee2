from __future__ import annotations

from pathlib import Path

import pytest

from mlops_cli.errors import FileError, UsageError
from mlops_cli.git.discover import find_project, find_repository
from tests.support.command import commit, git, repository
from tests.support.files import write


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def test_the_top_of_a_repository_is_a_project(repo: Path) -> None:
    project = find_project(repo)
    assert (project.root, project.worktree) == (repo, repo)
    assert project.depth == 0


def test_git_s_folder_is_where_local_things_lie(repo: Path) -> None:
    project = find_project(repo)
    assert project.git_dir == project.common_dir == repo / ".git"
    assert project.local == repo / ".git/mlops"


def test_from_a_folder_far_below_the_project_is_found(repo: Path) -> None:
    write(repo / "mlops.yaml")
    (repo / "a/b").mkdir(parents=True)
    assert find_project(repo / "a/b").root == repo


def test_a_project_in_a_folder_of_the_repository_is_found_by_its_records(repo: Path) -> None:
    (repo / "team/model/.mlops").mkdir(parents=True)
    (repo / "team/model/src").mkdir()
    project = find_project(repo / "team/model/src")
    assert project.root == repo / "team/model"
    assert project.depth == 2


def test_the_nearest_records_win(repo: Path) -> None:
    (repo / ".mlops").mkdir()
    (repo / "inner/.mlops").mkdir(parents=True)
    assert find_project(repo / "inner").root == repo / "inner"


def test_without_records_the_outermost_pipeline_file_wins(repo: Path) -> None:
    for folder in ("", "models", "models/churn"):
        write(repo / folder / "mlops.yaml")
    (repo / "models/churn/src").mkdir()
    assert find_project(repo / "models/churn/src").root == repo


@pytest.mark.parametrize("inside", ["", "refs/heads"])
def test_a_bare_repository_is_one_to_be_cloned(tmp_path: Path, inside: str) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(UsageError, match=r"bare\.git is a bare repository") as caught:
        find_project(tmp_path / "bare.git" / inside)
    assert f"git clone {tmp_path}/bare.git" in caught.value.hint


def test_a_folder_that_was_removed_meanwhile_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UsageError, match="the folder that you stand in was removed"):
        find_project(Path())


def test_a_pipeline_file_above_the_repository_does_not_count(repo: Path) -> None:
    write(repo.parent / "mlops.yaml")
    assert find_project(repo).root == repo


def test_a_repository_asked_for_at_a_folder_has_its_root_there(repo: Path) -> None:
    write(repo / "mlops.yaml")
    (repo / "sub").mkdir()
    project = find_repository(repo / "sub")
    assert (project.root, project.worktree) == (repo / "sub", repo)


def test_a_repository_inside_another_is_its_own(repo: Path) -> None:
    inner = repository(repo / "vendor/inner")
    assert find_project(inner).worktree == inner


def test_a_linked_worktree_shares_the_local_folder(repo: Path) -> None:
    commit(repo, "first")
    git(repo, "worktree", "add", "--quiet", "../linked")
    project = find_project(repo.parent / "linked")
    assert project.root == repo.parent / "linked"
    assert project.common_dir == repo / ".git"
    assert project.git_dir == repo / ".git/worktrees/linked"
    assert project.local == repo / ".git/mlops"


def test_a_submodule_has_a_local_folder_of_its_own(repo: Path) -> None:
    other = repository(repo.parent / "other")
    commit(other, "first")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    project = find_project(repo / "sub")
    assert project.worktree == repo / "sub"
    assert project.local == repo / ".git/modules/sub/mlops"


def test_a_way_through_a_link_leads_to_the_same_project(repo: Path) -> None:
    (repo.parent / "way").symlink_to(repo)
    assert find_project(repo.parent / "way").root == repo


def test_outside_a_repository_the_way_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not inside a Git repository") as raised:
        find_project(tmp_path)
    assert "git init" in raised.value.hint


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        find_project(tmp_path / "none")


def test_a_git_file_that_links_nowhere_is_told(tmp_path: Path) -> None:
    write(tmp_path / ".git", "what?\n")
    with pytest.raises(FileError, match="neither a folder nor a link to one"):
        find_project(tmp_path)


def test_the_answer_does_not_depend_on_what_a_hook_sets(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere/.git")
    assert find_project(repo).git_dir == repo / ".git"
