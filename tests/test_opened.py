from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from mlops_cli.errors import FileError, UsageError
from mlops_cli.formats.problems import DefinitionError
from mlops_cli.opened import open_folder
from mlops_cli.settings import Config, read_environment
from tests.support.command import define, git, project, repository
from tests.support.files import write, write_all
from tests.support.working import carry_out

STAGES: dict[str, Any] = {"a": {"cmd": "cat in > out", "deps": ["in"], "params": ["x"], "outs": ["out"]}}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return project(tmp_path / "repo", STAGES, {"in": "1", "params.yaml": "x: 1\n"})


def names(folder: Path) -> list[str]:
    with open_folder(folder) as opened:
        return list(opened.pipeline.stages)


def forbid_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlops_cli.pipeline.parse", None)


def test_where_the_user_stands_is_told_relative_to_the_project(repo: Path) -> None:
    (repo / "src/deep").mkdir(parents=True)
    assert open_folder(repo / "src/deep").folder == "src/deep"
    assert open_folder(repo).folder == ""


def test_outside_a_repository_nothing_opens(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        open_folder(tmp_path)


def test_without_a_pipeline_file_there_is_no_pipeline(tmp_path: Path) -> None:
    opened = open_folder(repository(tmp_path / "repo"))
    with pytest.raises(FileError):
        _ = opened.pipeline


def test_a_pipeline_that_did_not_change_is_not_parsed_again(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_folder(repo) as opened:
        before = opened.pipeline
    forbid_parsing(monkeypatch)
    with open_folder(repo) as opened:
        assert opened.pipeline == before


@pytest.mark.parametrize("file", ["mlops.yaml", "params.yaml"])
def test_a_changed_file_of_the_pipeline_is_parsed_again(
    repo: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    names(repo)
    write(repo / file, (repo / file).read_text() + "# more\n")
    forbid_parsing(monkeypatch)
    with pytest.raises(ImportError):
        names(repo)


def test_a_changed_parameter_is_seen(repo: Path) -> None:
    names(repo)
    write(repo / "params.yaml", "x: 2\n")
    with open_folder(repo) as opened:
        assert opened.pipeline.stages["a"].params == {"params.yaml": {"x": 2}}


def test_a_parameter_file_that_is_gone_is_seen(repo: Path) -> None:
    names(repo)
    (repo / "params.yaml").unlink()
    with pytest.raises(DefinitionError):
        names(repo)


def test_a_parameter_file_that_appears_is_seen(tmp_path: Path) -> None:
    repo = project(tmp_path / "repo", {"a": {"cmd": "true"}})
    names(repo)
    define(repo, STAGES)
    write_all(repo, {"in": "1"})
    with pytest.raises(DefinitionError):
        names(repo)
    write(repo / "params.yaml", "x: 1\n")
    assert names(repo) == ["a"]


def test_a_broken_pipeline_is_told_every_time(repo: Path) -> None:
    write(repo / "mlops.yaml", "stages: 5\n")
    for _ in range(2):
        with pytest.raises(DefinitionError):
            names(repo)


@pytest.mark.parametrize("damage", [b"", b"not a database", None])
def test_a_damaged_or_deleted_memory_costs_nothing_but_time(repo: Path, damage: bytes | None) -> None:
    carry_out(repo)
    path = repo / ".git/mlops/state.db"
    assert path.exists()
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    assert carry_out(repo).statuses == {"a": "fresh"}


def test_what_one_worktree_remembers_is_not_believed_in_another(repo: Path) -> None:
    names(repo)
    git(repo, "worktree", "add", "--quiet", "../other")
    define(repo.parent / "other", {"b": {"cmd": "true"}})
    assert names(repo.parent / "other") == ["b"]
    assert names(repo) == ["a"]


def test_without_a_settings_file_there_are_the_defaults(repo: Path) -> None:
    assert open_folder(repo).config == Config()


def test_settings_are_read_and_remembered(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo / ".mlops/config.yaml", "run: {jobs: 3}\ncache: {link: [hardlink, copy]}\n")
    with open_folder(repo) as opened:
        assert opened.config == Config(jobs=3, links=("hardlink", "copy"))
    monkeypatch.setitem(sys.modules, "mlops_cli.formats.config_file", None)
    with open_folder(repo) as opened:
        assert opened.config == Config(jobs=3, links=("hardlink", "copy"))


def test_a_change_of_the_settings_is_seen(repo: Path) -> None:
    write(repo / ".mlops/config.yaml", "run: {jobs: 3}\n")
    with open_folder(repo) as opened:
        assert opened.config.jobs == 3
    write(repo / ".mlops/config.yaml", "run: {jobs: 4}\n")
    with open_folder(repo) as opened:
        assert opened.config.jobs == 4


def test_a_wrong_setting_is_told_with_its_place(repo: Path) -> None:
    write(repo / ".mlops/config.yaml", "run: {jobs: none}\n")
    with pytest.raises(DefinitionError) as raised:
        _ = open_folder(repo).config
    assert str(raised.value.problems[0]).startswith(".mlops/config.yaml:1:13: run.jobs")


def test_the_store_lies_inside_git_s_folder(repo: Path) -> None:
    assert open_folder(repo).store == repo / ".git/mlops"


def test_settings_may_move_the_store(repo: Path) -> None:
    write(repo / ".mlops/config.yaml", "cache: {dir: ../shared}\n")
    assert open_folder(repo).store == repo.parent / "shared"


def test_the_environment_moves_the_store_whatever_the_settings_say(repo: Path) -> None:
    write(repo / ".mlops/config.yaml", "cache: {dir: ../shared}\n")
    opened = open_folder(repo, read_environment({"MLOPS_CACHE_DIR": "/elsewhere"}))
    assert opened.store == Path("/elsewhere")


def test_two_projects_that_share_a_store_share_results(repo: Path, tmp_path: Path) -> None:
    other = project(tmp_path / "other", STAGES, {"in": "1", "params.yaml": "x: 1\n"})
    env = {"MLOPS_CACHE_DIR": str(tmp_path / "shared")}
    assert carry_out(repo, env=env).statuses == {"a": "ran"}
    assert carry_out(other, env=env).statuses == {"a": "cached"}


def test_an_output_that_git_tracks_is_a_problem_until_git_forgets_it(repo: Path) -> None:
    write(repo / "out", "1")
    git(repo, "add", "--force", "out")
    with open_folder(repo) as opened, pytest.raises(DefinitionError) as raised:
        opened.plan(["a"])
    assert raised.value.problems[0].message == "out is an output of a, and Git tracks out"
    git(repo, "rm", "--quiet", "--cached", "out")
    with open_folder(repo) as opened:
        opened.plan(["a"])


def test_a_file_inside_an_output_that_git_tracks_is_a_problem(tmp_path: Path) -> None:
    repo = project(tmp_path / "repo", {"a": {"cmd": "true", "outs": ["d"]}}, {"d/x": "1"})
    with open_folder(repo) as opened, pytest.raises(DefinitionError) as raised:
        opened.plan(["a"])
    assert raised.value.problems[0].message == "d is an output of a, and Git tracks d/x"


def test_an_output_that_is_kept_in_git_may_be_tracked(tmp_path: Path) -> None:
    stages = {"a": {"cmd": "true", "outs": [{"path": "out", "cache": False}]}}
    repo = project(tmp_path / "repo", stages, {"out": "1"})
    with open_folder(repo) as opened:
        opened.plan(["a"])
