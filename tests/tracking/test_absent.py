"""What a directory lacks is told apart by what the store has: what was here once is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.placement.forest import Forest
from mlops_cli.store.tree import Entry, encode_tree
from mlops_cli.tracking.absent import never_here
from tests.support.files import write_all
from tests.support.transfers import Side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def side(tmp_path: Path) -> Side:
    return Side(tmp_path)


def lacking(side: Side, before: Digest, *paths: str) -> list[str]:
    """Ask with these files in the directory."""
    folder = side.folder / "lies here"
    folder.mkdir(exist_ok=True)
    write_all(folder, dict.fromkeys(paths, "any content"))
    return never_here(side.objects, Forest(side.objects), before, str(folder))


def tree(side: Side, entries: Mapping[str, tuple[str, str]], *, stored: bool = True) -> Digest:
    """Return a tree of names with kind and content; what is named need not be in the store."""
    data = encode_tree(Entry(name, kind, content, 1) for name, (kind, content) in entries.items())  # type: ignore[arg-type]
    if stored:
        side.objects.put_blobs([data])
    return digest_bytes(data)


def here(side: Side, content: str) -> tuple[str, str]:
    return "file", side.put(content.encode()).digest


def elsewhere(content: str) -> tuple[str, str]:
    return "file", digest_bytes(content.encode())


def test_files_whose_content_is_in_the_store_were_removed(side: Side) -> None:
    before = tree(side, {"a": here(side, "1"), "b": here(side, "2")})
    assert lacking(side, before, "b") == []


def test_files_whose_content_is_not_in_the_store_never_came(side: Side) -> None:
    before = tree(side, {"a": elsewhere("1"), "b": here(side, "2"), "c": elsewhere("3")})
    assert lacking(side, before, "b") == ["a", "c"]


def test_a_file_that_was_replaced_is_not_lacking_and_a_link_cannot_be(side: Side) -> None:
    before = tree(side, {"a": elsewhere("1"), "l": ("link", "a")})
    assert lacking(side, before, "a") == []


def test_folders_are_named_as_a_whole_by_what_is_in_them(side: Side) -> None:
    kept = tree(side, {"x": here(side, "1")})
    partly = tree(side, {"x": here(side, "1"), "y": elsewhere("2")})
    unlisted = tree(side, {"z": elsewhere("3")}, stored=False)
    outer = tree(side, {"in": ("tree", unlisted)})
    before = tree(
        side, {"k": ("tree", kept), "p": ("tree", partly), "u": ("tree", unlisted), "o": ("tree", outer)}
    )
    assert lacking(side, before) == ["o", "p", "u"]


def test_folders_that_differ_are_looked_into(side: Side) -> None:
    unlisted = tree(side, {"z": elsewhere("3")}, stored=False)
    inner = tree(side, {"x": here(side, "1"), "y": elsewhere("2"), "u": ("tree", unlisted)})
    before = tree(side, {"d": ("tree", inner)})
    assert lacking(side, before, "d/u/own") == ["d/u", "d/y"]


def test_without_the_recorded_list_all_of_it_is_unknown(side: Side) -> None:
    before = tree(side, {"a": elsewhere("1")}, stored=False)
    assert lacking(side, before) == [""]


def test_a_damaged_list_says_nothing(side: Side) -> None:
    damaged = side.put(b"no tree").digest
    before = tree(side, {"d": ("tree", damaged), "e": ("tree", damaged)})
    assert lacking(side, before, "e/x") == []
