"""`mlops remote`."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from mlops_cli.formats.config_file import parse_config
from tests.support.command import mlops, repository
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import Server, WebServer

CONFIG = ".mlops/config.yaml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "p")
    write(folder / "mlops.yaml", "stages: {}\n")
    return folder


def test_a_remote_is_added_and_listed(home: Path) -> None:
    assert mlops(home, "remote", "add", "nas", "../nas").code == 0
    answer = mlops(home, "remote", "add", "lab", "sftp://ada@lab/data", "-j", "3", "--default")
    assert answer.code == 0
    assert "mlops remote check lab" in answer.err
    assert mlops(home, "remote", "list", "--json").json == {
        "schema": 1,
        "remotes": [
            {"name": "nas", "url": "../nas", "default": False, "options": {}},
            {"name": "lab", "url": "sftp://ada@lab/data", "default": True, "options": {"jobs": 3}},
        ],
    }


def test_the_only_remote_is_shown_as_the_default_without_being_chosen(home: Path) -> None:
    mlops(home, "remote", "add", "nas", "../nas")
    assert mlops(home, "remote", "list").out.splitlines()[-1].split() == ["nas", "../nas", "yes"]
    assert mlops(home, "remote", "default").out == "nas\n"
    mlops(home, "remote", "add", "lab", "../lab")
    rows = mlops(home, "remote", "list", "--json").json["remotes"]
    assert [row["default"] for row in rows] == [False, False]


def test_every_option_of_a_remote_is_written(home: Path) -> None:
    options = [
        "--endpoint-url",
        "http://h:1",
        "--region",
        "r",
        "--profile",
        "p",
        "--user",
        "u",
        "--key-file",
        "~/.k",
    ]
    assert mlops(home, "remote", "add", "s", "s3://b/x", "--jobs", "2", *options).code == 0
    expected = {"url": "s3://b/x", "jobs": 2, "endpoint_url": "http://h:1", "region": "r", "profile": "p"}
    config = parse_config((home / CONFIG).read_bytes(), CONFIG)
    assert config.remotes == {"s": expected | {"user": "u", "key_file": "~/.k"}}


def test_comments_and_order_of_the_settings_stay(home: Path) -> None:
    written = "# ours\nrun: {jobs: 2} # few\n\ncache:\n  # fast disk\n  link: copy\n"
    write(home / CONFIG, written)
    mlops(home, "remote", "add", "nas", "../nas")
    assert (home / CONFIG).read_text() == written + "\nremotes:\n  nas:\n    url: ../nas\n"
    mlops(home, "remote", "remove", "nas")
    assert (home / CONFIG).read_text() == written


@pytest.mark.parametrize("form", ["table", "csv", "md"])
def test_the_list_has_several_forms(home: Path, form: str) -> None:
    mlops(home, "remote", "add", "nas", "../nas")
    lines = mlops(home, "remote", "list", "-o", form).out.splitlines()
    if form == "csv":
        assert list(csv.reader(lines)) == [
            ["remote", "address", "default", "options"],
            ["nas", "../nas", "yes", ""],
        ]
    assert "../nas" in lines[-1]


def test_without_remotes_the_list_says_how_to_add_one(home: Path) -> None:
    answer = mlops(home, "remote", "list")
    assert answer.out == ""
    assert "mlops remote add" in answer.err


def test_the_default_is_chosen_shown_and_taken_back(home: Path) -> None:
    mlops(home, "remote", "add", "a", "../a")
    assert mlops(home, "remote", "default").out == "a\n"  # the only one
    mlops(home, "remote", "add", "b", "../b")
    assert mlops(home, "remote", "default").out == ""
    assert mlops(home, "remote", "default", "b").code == 0
    assert mlops(home, "remote", "default").out == "b\n"
    assert mlops(home, "remote", "default", "--unset").code == 0
    assert mlops(home, "remote", "default").out == ""
    assert mlops(home, "remote", "check").code == 2


def test_a_password_in_an_address_is_refused_with_the_variable_to_use(home: Path) -> None:
    answer = mlops(home, "remote", "add", "our-web", "https://ada:secret@example.org/x")
    assert answer.code == 2
    assert "MLOPS_REMOTE_OUR_WEB_PASSWORD" in answer.err
    assert "secret" not in answer.out + answer.err
    assert not (home / CONFIG).exists()


@pytest.mark.parametrize(
    "arguments",
    [["a", "nope://x"], ["1a", "../x"], ["a b", "../x"], ["there", "../x"], ["a", "../x", "-j", "0"]],
)
def test_what_cannot_be_a_remote_is_a_mistake_of_usage(home: Path, arguments: list[str]) -> None:
    mlops(home, "remote", "add", "there", "../there")
    before = (home / CONFIG).read_bytes()
    assert mlops(home, "remote", "add", *arguments).code == 2
    assert (home / CONFIG).read_bytes() == before


@pytest.mark.parametrize("command", ["remove", "default", "check"])
def test_a_name_that_no_remote_has_is_a_mistake_of_usage(home: Path, command: str) -> None:
    mlops(home, "remote", "add", "nas", "../nas")
    answer = mlops(home, "remote", command, "naz")
    assert answer.code == 2
    assert "nas" in answer.err


def test_settings_written_in_braces_are_left_with_what_to_write(home: Path) -> None:
    write(home / CONFIG, "remotes: {a: {url: ../a}}\n")
    answer = mlops(home, "remote", "add", "nas", "../nas")
    assert answer.code == 3
    assert "remotes:\n  nas:\n    url: ../nas\n" in answer.err
    assert (home / CONFIG).read_text() == "remotes: {a: {url: ../a}}\n"


def test_a_check_of_a_folder_says_what_works(home: Path) -> None:
    mlops(home, "remote", "add", "nas", "../nas")
    answer = mlops(home, "remote", "check")
    assert answer.code == 0
    assert answer.out.endswith("nas (../nas) works.\n")
    left = {path.name for path in (home.parent / "nas").rglob("*")}
    assert left <= {"tmp"}  # where every upload begins
    found = mlops(home, "remote", "check", "nas", "--json").json
    assert found["ok"] is True
    assert found["conditional"] == {"create_only": True}
    assert found["latency"] > 0
    assert {step["name"] for step in found["steps"]} >= {
        "write",
        "read",
        "ranged read",
        "list",
        "create only",
        "delete",
    }


def test_a_check_that_fails_says_what_and_ends_with_5(home: Path) -> None:
    write(home.parent / "nas", "a file")
    mlops(home, "remote", "add", "nas", "../nas")
    answer = mlops(home, "remote", "check")
    assert answer.code == 5
    assert "FAILED write" in answer.err
    assert mlops(home, "remote", "check", "--json").json["ok"] is False


def test_secrets_come_from_variables_and_from_nowhere_else(home: Path, webdav: Server) -> None:
    mlops(home, "remote", "add", "our-dav", webdav.place("cli"))
    assert mlops(home, "remote", "check").code == 5
    given = {"MLOPS_REMOTE_OUR_DAV_USER": "ada", "MLOPS_REMOTE_OUR_DAV_PASSWORD": webdav.options["password"]}
    assert mlops(home, "remote", "check", env=given).code == 0
    assert webdav.options["password"] not in (home / CONFIG).read_text()


def test_s3_is_found_by_the_variables_of_its_own_libraries(home: Path, s3: Server) -> None:
    mlops(home, "remote", "add", "cloud", s3.place("cli"))
    assert mlops(home, "remote", "check", env=s3.env).code == 0
    assert mlops(home, "remote", "check", env=s3.env | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}).code == 5


def test_a_web_server_is_said_to_be_for_reading_only(home: Path, web: WebServer) -> None:
    mlops(home, "remote", "add", "web", web.place("cli"))
    answer = mlops(home, "remote", "check")
    assert answer.code == 0
    assert "for reading only" in answer.out
    assert mlops(home, "remote", "check", "--json").json["read_only"] is True


def test_a_folder_that_was_there_once_is_told_as_by_push(home: Path, tmp_path: Path) -> None:
    mlops(home, "remote", "add", "nas", "../nas")
    (tmp_path / "nas").mkdir()
    write(home / "data", "1")
    mlops(home, "add", "data")
    assert (mlops(home, "push").code, mlops(home, "pull").code) == (0, 0)
    (tmp_path / "nas").rename(tmp_path / "elsewhere")
    (tmp_path / "nas").symlink_to("nowhere")
    answer = mlops(home, "remote", "check")
    assert (answer.code, answer.err) == (5, mlops(home, "push").err)
    assert "the folder of the remote nas is not there" in answer.err


def test_the_group_without_a_command_says_what_there_is(home: Path) -> None:
    answer = mlops(home, "remote")
    assert answer.code == 2
    assert "mlops remote --help" in answer.err
