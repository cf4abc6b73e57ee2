"""DVC's hashes, pinned by what DVC itself wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.migration.md5 import (
    Hash,
    WorkspaceHashes,
    hash_file,
    hash_listing,
    parse_hash,
    parse_listing,
)
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


def test_a_directory_has_the_hash_that_dvc_gives_it(tmp_path: Path) -> None:
    write_all(tmp_path / "raw", {"a.txt": "a\n", "sub/b.txt": "b\n"})
    hashes = WorkspaceHashes(str(tmp_path), lambda *_: False)
    assert hashes.of("raw", legacy=False) == "849835d274483dc683eb416d6e4f887d.dir"
    assert hashes.agrees("raw", Hash("849835d274483dc683eb416d6e4f887d.dir"))


def test_what_is_passed_over_does_not_count(tmp_path: Path) -> None:
    write_all(tmp_path / "raw", {"a.txt": "a\n", "sub/b.txt": "b\n", "c.tmp": "c\n", "no/d.txt": "d\n"})
    hashes = WorkspaceHashes(str(tmp_path), lambda path, _: path.endswith((".tmp", "/no")))
    assert hashes.of("raw", legacy=False) == "849835d274483dc683eb416d6e4f887d.dir"


@pytest.mark.parametrize(
    ("data", "same"),
    [(b"a\r\nb\r\n", True), (b"a\r\nb\0\r\n", False), (bytes(range(128, 256)) + b"\r\n", False), (b"", True)],
)
def test_line_ends_of_text_do_not_count_for_dvc_2(tmp_path: Path, data: bytes, same: bool) -> None:
    path, unix = write(tmp_path / "a", data), write(tmp_path / "b", data.replace(b"\r\n", b"\n"))
    assert (hash_file(str(path), legacy=True) == hash_file(str(unix), legacy=True)) is same
    assert hash_file(str(path), legacy=False) != hash_file(str(unix), legacy=False) or not data


def test_what_is_missing_has_no_hash(tmp_path: Path) -> None:
    assert WorkspaceHashes(str(tmp_path), lambda *_: False).of("nothing", legacy=False) is None


@pytest.mark.parametrize(
    "value", [None, 12, "", "../../../etc/passwd", "A" * 32, "a" * 31, "a" * 32 + ".dir/..", "a" * 32 + "\n"]
)
def test_what_is_no_hash_is_none(value: object) -> None:
    assert parse_hash(value, "md5") is None


def test_a_hash_says_which_dvc_made_it() -> None:
    assert parse_hash("a" * 32, None) == Hash("a" * 32, legacy=True)
    assert parse_hash("a" * 32, "md5") == Hash("a" * 32)
    assert parse_hash("a" * 32, "sha256") is None


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[1]", b'[{"md5": "x", "relpath": "a"}]', b'[{"relpath": "a"}]',
     b'[{"md5": "%s", "relpath": "a"}, {"md5": "%s", "relpath": "a/b"}]' % (b"a" * 32, b"a" * 32)],
)  # fmt: skip
def test_a_list_that_is_none_is_an_error(data: bytes) -> None:
    if data == b"{}":
        assert parse_listing(data, "x") == {}
        return
    with pytest.raises(DataError):
        parse_listing(data, "x")


def test_the_order_of_files_does_not_matter() -> None:
    assert hash_listing({"a": "1" * 32, "b": "2" * 32}) == hash_listing({"b": "2" * 32, "a": "1" * 32})
