from __future__ import annotations

from importlib.resources import files

import pytest

from mlops_cli.errors import FileError
from mlops_cli.formats.config_edit import add_remote, remove_remote, set_default
from mlops_cli.formats.config_file import parse_config

FILE = ".mlops/config.yaml"
WRITTEN = """\
# Ours.
cache:
  dir: ../cache   # shared

remotes:
    # the disk in the cellar
    nas:
        url: /mnt/nas   # slow

        jobs: 2
    # far away
    cloud: {url: s3://bucket/x}
    # nothing here yet

remote: {default: nas}
run:
  jobs: 4
"""


def test_a_remote_is_added_after_the_others_and_nothing_else_changes() -> None:
    data = add_remote(WRITTEN.encode(), FILE, "lab", {"url": "sftp://ada@lab/data", "jobs": 3})
    line = "    cloud: {url: s3://bucket/x}\n"
    expected = WRITTEN.replace(line, f"{line}    lab:\n      url: sftp://ada@lab/data\n      jobs: 3\n")
    assert data.decode() == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "remotes:\n  a:\n    url: x\n"),
        ("# only this\n", "# only this\n\nremotes:\n  a:\n    url: x\n"),
        ("run: {jobs: 2}", "run: {jobs: 2}\n\nremotes:\n  a:\n    url: x\n"),
        ("remotes:\nrun: {jobs: 2}\n", "remotes:\n  a:\n    url: x\nrun: {jobs: 2}\n"),
        ("remotes: # none\n\nrun: {jobs: 2}\n", "remotes: # none\n  a:\n    url: x\n\nrun: {jobs: 2}\n"),
        ("remotes:\n b:\n  url: y", "remotes:\n b:\n  url: y\n a:\n   url: x\n"),
        ("run:\r\n  jobs: 2\r\n", "run:\r\n  jobs: 2\r\n\r\nremotes:\r\n  a:\r\n    url: x\r\n"),
    ],
)
def test_a_remote_is_added_however_the_file_looks(before: str, after: str) -> None:
    assert add_remote(before.encode(), FILE, "a", {"url": "x"}).decode() == after


def test_a_remote_is_added_to_the_file_of_a_new_project() -> None:
    data = (files("mlops_cli.actions") / "templates/config.yaml").read_bytes()
    added = add_remote(data, FILE, "a", {"url": "x"})
    assert added.startswith(data)
    assert parse_config(added, FILE).remotes == {"a": {"url": "x"}}


@pytest.mark.parametrize(
    "url",
    ["/with space/x", "C: #odd", "no", "1e3", "ends:", "- x", "'quoted'", '"', "ä/ö", "s3://b/x?y=1&z=%20"],
)
def test_an_address_is_quoted_where_yaml_would_read_something_else(url: str) -> None:
    assert parse_config(add_remote(b"", FILE, "a", {"url": url}), FILE).remotes == {"a": {"url": url}}


@pytest.mark.parametrize("text", ["{}", "remotes: {b: {url: y}}\n", "{run: {jobs: 2}}\n", "remotes: ~\n"])
def test_a_file_written_otherwise_is_left_to_its_owner(text: str) -> None:
    with pytest.raises(FileError) as raised:
        add_remote(text.encode(), FILE, "a", {"url": "x"})
    assert raised.value.hint.endswith("remotes:\n  a:\n    url: x")


def test_a_remote_is_removed_with_its_being_the_default() -> None:
    written = WRITTEN.replace("remote: {default: nas}", "remote:\n  default: nas")
    data = remove_remote(written.encode(), FILE, "nas").decode()
    gone = "    nas:\n        url: /mnt/nas   # slow\n\n        jobs: 2\n"
    assert data == written.replace(gone, "").replace("remote:\n  default: nas\n", "")


def test_a_section_goes_with_its_last_remote() -> None:
    added = add_remote(b"run: {jobs: 2}\n", FILE, "a", {"url": "x"})
    assert remove_remote(added, FILE, "a") == b"run: {jobs: 2}\n"


def test_a_section_with_a_comment_stays() -> None:
    data = b"remotes:\n  # the disk\n  a:\n    url: x\n"
    assert remove_remote(data, FILE, "a") == b"remotes:\n  # the disk\n"


@pytest.mark.parametrize("quoted", ["a", "'a'", '"a"'])
@pytest.mark.parametrize("rest", ["", "  # always", " "])
def test_another_default_is_written_in_its_place(quoted: str, rest: str) -> None:
    head = "remotes:\n  a: {url: x}\n  b: {url: y}\nremote:\n"
    data = set_default(f"{head}  default: {quoted}{rest}\n".encode(), FILE, "b")
    assert data.decode() == f"{head}  default: b{rest}\n"


def test_a_default_is_added_and_taken_back() -> None:
    data = b"remotes:\n  a: {url: x}\n"
    chosen = set_default(data, FILE, "a")
    assert chosen == data + b"\nremote:\n  default: a\n"
    assert set_default(chosen, FILE, None) == data


def test_a_default_in_braces_is_changed_and_not_taken_apart() -> None:
    data = b"remotes:\n  a: {url: x}\n  b: {url: y}\nremote: {default: a}\n"
    assert set_default(data, FILE, "b") == data.replace(b"t: a", b"t: b")
    with pytest.raises(FileError):
        set_default(data, FILE, None)
