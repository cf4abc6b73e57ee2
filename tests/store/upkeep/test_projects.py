from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import FileError
from mlops_cli.git.discover import find_repository
from mlops_cli.store.upkeep.projects import named, project_mark, register, registered
from tests.support.command import commit, git, repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def test_a_project_is_registered_once(store: Path, tmp_path: Path) -> None:
    project = find_repository(repository(tmp_path / "a"))
    for _ in range(2):
        register(store, project)
    [found] = registered(store)
    assert (found.git_dir, found.place, found.reachable) == (project.common_dir, str(tmp_path / "a"), True)


def test_all_worktrees_of_a_repository_are_one_project(store: Path, tmp_path: Path) -> None:
    folder = repository(tmp_path / "a")
    commit(folder, "begin")
    git(folder, "worktree", "add", "--quiet", "--detach", "../b")
    register(store, find_repository(folder))
    register(store, find_repository(tmp_path / "b"))
    assert len(registered(store)) == 1


def test_a_project_does_not_register_with_its_own_store(tmp_path: Path) -> None:
    project = find_repository(repository(tmp_path / "a"))
    project.local.mkdir()
    register(project.local, project)
    assert not (project.local / "projects").exists()


def test_the_repository_that_a_store_lies_in_counts_without_registration(tmp_path: Path) -> None:
    project = find_repository(repository(tmp_path / "a"))
    project.local.mkdir()
    [found] = registered(project.local)
    assert (found.git_dir, found.file, found.reachable) == (project.common_dir, None, True)


def test_a_store_that_is_not_there_or_cannot_be_written_is_passed_over(tmp_path: Path) -> None:
    project = find_repository(repository(tmp_path / "a"))
    register(tmp_path / "nowhere", project)
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "store").mkdir()
    (tmp_path / "store/projects").write_text("in the way")
    register(tmp_path / "store", project)


def test_a_git_folder_apart_from_its_worktree_is_registered_with_it(store: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    git(tmp_path, "init", "--quiet", f"--separate-git-dir={tmp_path}/apart", "work")
    register(store, find_repository(tmp_path / "work"))
    [found] = registered(store)
    assert (found.git_dir, found.worktree, found.reachable) == (tmp_path / "apart", tmp_path / "work", True)
    (tmp_path / "work").rename(tmp_path / "moved")
    [found] = registered(store)
    assert not found.reachable


def test_a_mark_is_made_once_a_repository(tmp_path: Path) -> None:
    one, two = (find_repository(repository(tmp_path / name)).common_dir for name in ("a", "b"))
    assert project_mark(one) == project_mark(one) != project_mark(two)


def test_projects_are_named_by_path_or_pattern(store: Path, tmp_path: Path) -> None:
    for name in ("build-1", "build-2", "home"):
        register(store, find_repository(repository(tmp_path / name)))
    projects = registered(store)
    assert len(named(projects, "build-*", tmp_path)) == 2
    assert len(named(projects, f"{tmp_path}/home/.git", tmp_path)) == 1
    assert named(projects, "elsewhere", tmp_path) == []


def test_a_registration_in_which_any_byte_changed_is_refused(store: Path, tmp_path: Path) -> None:
    register(store, find_repository(repository(tmp_path / "a")))
    [file] = (store / "projects").iterdir()
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(FileError):
            registered(store)
