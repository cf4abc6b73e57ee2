"""Listing one folder; what a whole look makes of it stands in test_workspace.py."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError, FileError
from mlops_cli.store.look import list_folder, scan
from mlops_cli.store.stat_cache import identity_of
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.look import Listing


def listed(folder: Path, placed: str | None = None) -> Listing:
    return list_folder(str(folder), "data", placed, None)


def test_files_folders_and_links_are_told_apart(tmp_path: Path) -> None:
    write_all(tmp_path, {"a": "1", "sub/b": "2"})
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "to-folder").symlink_to("sub")
    found = listed(tmp_path)
    assert (found.files, found.folders) == (["a"], ["sub"])
    assert found.links == {"link": "a", "broken": "nowhere", "to-folder": "sub"}


def test_a_look_at_a_file_tells_its_identity_and_whether_it_may_be_run(tmp_path: Path) -> None:
    plain, run = write(tmp_path / "plain", "1"), write(tmp_path / "run", "22", executable=True)
    found = dict(listed(tmp_path).looks())
    assert found["plain"].identity == identity_of(plain.stat())
    assert found["run"].identity == identity_of(run.stat())
    assert (found["plain"].executable, found["run"].executable) == (False, True)
    assert found["plain"].digest is None


def test_a_file_dated_later_than_numbers_reach_has_the_identity_that_a_look_at_it_alone_tells(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "a", "1")
    os.utime(path, ns=(13 * 10**18, 13 * 10**18))
    found = listed(tmp_path)
    assert dict(found.looks())["a"].identity == identity_of(path.stat())
    assert len(found.signature([], "")) == 32


def test_a_link_into_the_store_stands_for_the_file_that_was_placed_so(tmp_path: Path) -> None:
    target = write(tmp_path / "store" / "ab" / "cd", "object")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").symlink_to(target)
    (tmp_path / "data" / "b").symlink_to(tmp_path / "elsewhere")
    found = listed(tmp_path / "data", f"{tmp_path}/store/")
    assert (found.files, found.links) == (["a"], {"b": str(tmp_path / "elsewhere")})
    assert dict(found.looks())["a"].identity == identity_of(target.stat())
    assert listed(tmp_path / "data").files == []


def test_a_link_to_an_object_that_is_gone_is_no_part_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").symlink_to(tmp_path / "store" / "gone")
    found = listed(tmp_path / "data", f"{tmp_path}/store/")
    assert (found.files, found.links) == ([], {})


def test_what_is_to_be_left_out_is_asked_with_its_path_and_kind(tmp_path: Path) -> None:
    write_all(tmp_path, {"a": "1", "b": "2", "sub/c": "3"})
    (tmp_path / "link").symlink_to("sub")
    asked = {}

    def ignored(path: str, is_folder: bool) -> bool:
        asked[path] = is_folder
        return path in ("data/a", "data/sub")

    found = list_folder(str(tmp_path), "data", None, ignored)
    assert asked == {"data/a": False, "data/b": False, "data/sub": True, "data/link": False}
    assert (found.files, found.folders, found.links) == (["b"], [], {"link": "sub"})


def test_what_is_left_out_may_be_anything(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / os.fsdecode(b"caf\xe9")).touch()
    assert list_folder(str(tmp_path), "data", None, lambda *_: True).files == []
    with pytest.raises(FileError, match="data/pipe is a device"):
        list_folder(str(tmp_path), "data", None, lambda path, _: "caf" in path)
    with pytest.raises(FileError, match="not UTF-8"):
        list_folder(str(tmp_path), "data", None, lambda path, _: "pipe" in path)


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    write(tmp_path / "file")
    assert list(scan(str(tmp_path / "none"), "none")) == []
    assert list(scan(str(tmp_path / "file"), "file")) == []
    assert listed(tmp_path / "none").files == []


def test_a_folder_that_cannot_be_listed_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match="data cannot be listed: Permission denied"):
        listed(tmp_path)


# Signatures --------------------------------------------------------------------------------------------------------


def test_a_signature_is_the_same_while_nothing_changes(tmp_path: Path) -> None:
    write_all(tmp_path, {"a": "1", "b": "2"})
    (tmp_path / "link").symlink_to("a")
    assert listed(tmp_path).signature([], "x") == listed(tmp_path).signature([], "x")


@pytest.mark.parametrize("number", range(6))
def test_a_signature_tells_every_number_of_a_file(number: int, tmp_path: Path) -> None:
    write_all(tmp_path, {"a": "1", "b": "2"})
    one, other = listed(tmp_path), listed(tmp_path)
    other.numbers[6 + number] += 1
    assert one.signature([], "") != other.signature([], "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((["a"], [], {}), (["b"], [], {})),
        ((["a"], [], {}), ([], ["a"], {})),
        (([], ["a"], {}), ([], [], {"a": "b"})),
        (([], [], {"a": "b"}), ([], [], {"a": "c"})),
        (([], [], {"a": "b"}), ([], [], {"b": "a"})),
        (([], [], {"a": "b", "c": "d"}), ([], [], {"a": "b"})),
        ((["a", "b"], [], {}), (["a"], ["b"], {})),
        ((["1"], [], {}), ([], ["1"], {})),
    ],
)
def test_a_signature_tells_names_and_kinds(
    one: tuple[list[str], list[str], dict[str, str]],
    other: tuple[list[str], list[str], dict[str, str]],
    tmp_path: Path,
) -> None:
    signatures = set()
    for files, folders, links in (one, other):
        listing = listed(tmp_path / "none")
        listing.files, listing.folders, listing.links = files, folders, links
        signatures.add(listing.signature([], ""))
    assert len(signatures) == 2
