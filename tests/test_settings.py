from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.settings import (
    Config,
    FrameworkPush,
    Trigger,
    find_remote,
    read_environment,
    read_framework_push,
    remote_variable,
)

GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}


@pytest.mark.parametrize(
    ("variables", "trigger"),
    [
        ({}, Trigger("cli")),
        ({"CI": ""}, Trigger("cli")),
        ({"CI": "true"}, Trigger("ci")),
        ({"CI": "true", "CI_JOB_URL": "https://ci/1"}, Trigger("ci", "https://ci/1")),
        ({"CI": "1", "BUILD_URL": "https://jenkins/1"}, Trigger("ci", "https://jenkins/1")),
        ({"GITHUB_ACTIONS": "true"}, Trigger("ci")),
        ({"GITHUB_ACTIONS": "true"} | GITHUB, Trigger("ci", "https://github.com/a/b/actions/runs/7")),
        ({"GIT_DIR": ".git"}, Trigger("hook")),
        ({"GIT_INDEX_FILE": "index"}, Trigger("hook")),
        ({"GIT_AUTHOR_NAME": "Ada", "GIT_EDITOR": "vi"}, Trigger("cli")),
        ({"CI": "1", "GIT_DIR": ".git"}, Trigger("ci")),
    ],
)
def test_the_environment_tells_what_started_the_command(variables: dict[str, str], trigger: Trigger) -> None:
    assert read_environment(variables).trigger == trigger


def test_the_folder_of_the_store_may_come_from_the_environment() -> None:
    assert read_environment({"MLOPS_CACHE_DIR": "/data/cache"}).cache_dir == Path("/data/cache")


def test_a_relative_folder_of_the_store_is_meant_from_where_the_command_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_environment({"MLOPS_CACHE_DIR": "cache"}).cache_dir == tmp_path / "cache"


def test_a_home_in_the_folder_of_the_store_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert read_environment({"MLOPS_CACHE_DIR": "~/cache"}).cache_dir == Path("/home/ada/cache")


@pytest.mark.parametrize("variables", [{}, {"MLOPS_CACHE_DIR": ""}])
def test_without_a_folder_in_the_environment_there_is_none(variables: dict[str, str]) -> None:
    assert read_environment(variables).cache_dir is None


@pytest.mark.parametrize(
    ("variables", "plain"),
    [
        ({}, False),
        ({"NO_COLOR": "1"}, True),
        ({"NO_COLOR": ""}, False),
        ({"TERM": "dumb"}, True),
        ({"CI": "1"}, True),
    ],
)
def test_the_environment_tells_whether_output_is_plain(variables: dict[str, str], plain: bool) -> None:
    assert read_environment(variables).plain is plain


def test_stages_run_in_the_active_environment_else_in_this_one() -> None:
    assert read_environment({"VIRTUAL_ENV": "/venv"}).python_prefix == Path("/venv")
    assert read_environment({}).python_prefix == Path(sys.prefix)


def test_without_variables_those_of_the_process_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_NAME", "x")
    assert read_environment().variables["SOME_NAME"] == "x"


def test_later_changes_of_the_process_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = read_environment()
    monkeypatch.setenv("SOME_NAME", "x")
    assert "SOME_NAME" not in environment.variables


NAS = {"url": "/mnt/nas"}
LAB = {"url": "sftp://lab/x", "jobs": 3, "user": "ada"}


def test_a_remote_is_found_by_its_name() -> None:
    remote = find_remote(Config(remotes={"nas": NAS, "lab": LAB}), {}, "lab")
    assert remote == ("lab", "sftp://lab/x", 3, {"user": "ada"}, None)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (Config(remotes={"nas": NAS}), "nas"),
        (Config(remotes={"nas": NAS, "lab": LAB}, default_remote="lab"), "lab"),
    ],
)
def test_the_default_remote_or_the_only_one_needs_no_name(config: Config, name: str) -> None:
    assert find_remote(config, {}).name == name


@pytest.mark.parametrize(
    ("config", "name", "hint"),
    [
        (Config(), None, "mlops remote add"),
        (Config(), "nas", "mlops remote add"),
        (Config(remotes={"nas": NAS, "lab": LAB}), None, "mlops remote default"),
        (Config(remotes={"nas": NAS, "lab": LAB}), "naz", "nas, lab"),
    ],
)
def test_a_remote_that_is_not_plain_is_a_mistake_with_a_hint(
    config: Config, name: str | None, hint: str
) -> None:
    with pytest.raises(UsageError) as raised:
        find_remote(config, {}, name)
    assert hint in raised.value.hint


def test_variables_win_over_the_file_and_are_the_only_place_of_secrets() -> None:
    variables = {
        "MLOPS_REMOTE_OUR_LAB_USER": "eve",
        "MLOPS_REMOTE_OUR_LAB_PASSWORD": "pw",
        "MLOPS_REMOTE_OUR_LAB_TOKEN": "",
        "MLOPS_REMOTE_OUR_PASSWORD": "of another",
        "MLOPS_REMOTE_OUR_LAB_URL": "not an option",
    }
    remote = find_remote(Config(remotes={"our-lab": LAB}), variables)
    assert remote.options == {"user": "eve", "password": "pw"}
    assert remote.url == "sftp://lab/x"
    assert remote_variable("our-lab", "user") == "MLOPS_REMOTE_OUR_LAB_USER"


@pytest.mark.parametrize(
    ("variables", "push"),
    [
        ({}, None),
        ({"PRE_COMMIT": "1"}, None),
        (
            {"PRE_COMMIT_FROM_REF": "a", "PRE_COMMIT_TO_REF": "b", "PRE_COMMIT_REMOTE_NAME": "origin"},
            FrameworkPush("b", "b", "a", "origin"),
        ),
        ({"PRE_COMMIT_LOCAL_BRANCH": "refs/heads/x"}, FrameworkPush("refs/heads/x", "refs/heads/x", "", "")),
    ],
)
def test_the_pre_commit_framework_tells_of_a_push_by_variables(
    variables: dict[str, str], push: FrameworkPush | None
) -> None:
    assert read_framework_push(variables) == push
