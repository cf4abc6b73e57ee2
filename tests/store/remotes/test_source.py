"""Addresses and versions: nothing secret is kept, and a new version is told from the facts alone."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError, UsageError
from mlops_cli.store.remotes.opening import open_remote_files
from mlops_cli.store.remotes.port import RemoteError
from mlops_cli.store.remotes.source import Fact, Seen, address, check_names
from mlops_cli.store.remotes.source_kinds import FilesSource, FolderSource, by_ranges, open_source, patiently
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import WebServer


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("s3://bucket/a b.csv", "s3://bucket/a b.csv"),
        ("https://example.org/x?year=2024&page=2", "https://example.org/x?year=2024&page=2"),
        ("sftp://ada@example.org/x", "sftp://ada@example.org/x"),
        ("/mnt//nas/../x", "/mnt/x"),
        ("file:///mnt/x", "/mnt/x"),
        ("../x", "x"),
        ("~/x", "~/x"),
    ],
)
def test_an_address_is_kept_as_everybody_may_read_it(typed: str, kept: str) -> None:
    assert address(typed, "/project", "sub") == kept


@pytest.mark.parametrize(
    "name", ["X-Goog-Signature", "sig", "access_token", "api_key", "X-Amz-Security-Token"]
)
def test_an_address_with_a_signature_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        address(f"https://example.org/x?{name}=verysecret", "/project", "")
    assert "verysecret" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("name", ["keyword", "design", "monkey", "signal", "page", "author"])
def test_ordinary_questions_in_an_address_are_fine(name: str) -> None:
    assert address(f"https://example.org/x?{name}=1", "/project", "")


@pytest.mark.parametrize("typed", ["zip://x::s3://bucket/a.zip", "", "file://"])
def test_what_is_no_single_address_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        address(typed, "/project", "")


ONE = Fact(3, "e1", None, "then")


@pytest.mark.parametrize(
    ("now", "answer"),
    [
        (ONE, "same"),
        (ONE._replace(modified="later"), "same"),  # the entity tag decides
        (ONE._replace(etag="e2"), "new version"),
        (ONE._replace(size=4), "new version"),
        (ONE._replace(etag=None), "same"),
        (ONE._replace(etag=None, modified="later"), "new version"),
        (Fact(3), "unknown"),
        (Fact(4), "new version"),
    ],
)
def test_a_version_is_told_by_the_strongest_fact_that_both_have(now: Fact, answer: str) -> None:
    assert Seen(False, {"": now}).compare(Seen(False, {"": ONE}).record("u")) == answer


@pytest.mark.parametrize(
    ("now", "answer"),
    [
        ({"a": ONE, "b": ONE}, "same"),
        ({"b": ONE, "a": ONE}, "same"),
        ({"a": ONE}, "new version"),
        ({"a": ONE, "c": ONE}, "new version"),
        ({"a": ONE, "b": ONE._replace(etag="e2")}, "new version"),
    ],
)
def test_a_directory_is_told_by_all_its_files(now: dict[str, Fact], answer: str) -> None:
    assert Seen(True, now).compare(Seen(True, {"a": ONE, "b": ONE}).record("u")) == answer


def test_a_file_that_became_a_directory_is_a_new_version() -> None:
    assert Seen(True, {"a": ONE}).compare(Seen(False, {"": ONE}).record("u")) == "new version"
    assert Seen(False, {"": ONE}).compare(Seen(True, {"a": ONE}).record("u")) == "new version"


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a/../b", "a\0b", ".", ""])
def test_a_listing_with_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(DataError):
        check_names("s3://bucket", {name: ONE})


def test_a_listing_with_a_file_that_is_a_folder_too_is_refused() -> None:
    with pytest.raises(DataError, match="as a file and as a folder"):
        check_names("s3://bucket", {"a": ONE, "a/b/c": ONE})


# Folders -------------------------------------------------------------------------------------------------------------------


def test_a_folder_is_followed_through_links_but_not_round_in_circles(tmp_path: Path) -> None:
    write_all(tmp_path, {"from/a": b"1", "else/b": b"2"})
    (tmp_path / "from/link").symlink_to(tmp_path / "else")
    (tmp_path / "from/file").symlink_to("a")
    assert set(FolderSource(str(tmp_path / "from")).look().files) == {"a", "file", "link/b"}
    (tmp_path / "else/round").symlink_to(tmp_path / "from")
    with pytest.raises(RemoteError, match="around it"):
        FolderSource(str(tmp_path / "from")).look()


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    write(tmp_path / "from/a", b"1")
    (tmp_path / "from/link").symlink_to("nothing")
    with pytest.raises(RemoteError, match="from/link is a link that leads nowhere"):
        FolderSource(str(tmp_path / "from")).look()


def test_a_pipe_is_no_data(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RemoteError, match="a pipe"):
        FolderSource(str(tmp_path / "pipe")).look()


# A web server ----------------------------------------------------------------------------------------------------------------


def test_a_file_that_changes_while_a_broken_download_goes_on_is_not_mixed(
    web: WebServer, tmp_path: Path
) -> None:
    assert web.folder
    web.manners.tells, web.manners.ranges, web.manners.heads = ("ETag",), True, True
    write(web.folder / "mixed.bin", b"1" * 400_000)
    source = open_source(web.place("mixed.bin"), {}, tmp_path, pauses=(0.0,))
    fact = source.look().files[""]
    web.manners.cut = 1
    chunks = source.chunks("", fact)
    got = next(chunks)
    write(web.folder / "mixed.bin", b"2" * 400_000)
    # What was asked for ahead of the change may have come whole; what comes after it never joins what came before.
    with suppress(RemoteError):
        for chunk in chunks:
            got += chunk
    assert set(got) == set(b"1")


# Any other file system -------------------------------------------------------------------------------------------------------


def test_any_file_system_of_fsspec_can_be_a_source(tmp_path: Path) -> None:
    remote = open_remote_files("memory://place")
    data = bytes(range(256)) * 40_000
    for name, content in {"a": b"1", "deep/b": data}.items():
        remote.write(name, content)
    found = open_source("memory://place", {}, tmp_path)
    assert isinstance(found, FilesSource)
    seen = found.look()
    assert {name: fact.size for name, fact in seen.files.items()} == {"a": 1, "deep/b": len(data)}
    assert all(fact.telling for fact in seen.files.values())
    assert b"".join(found.chunks("deep/b", seen.files["deep/b"])) == data
    one = open_source("memory://place/deep/b", {}, tmp_path)
    assert not one.look().tree
    assert b"".join(one.chunks("", one.look().files[""])) == data


def test_what_is_read_by_ranges_is_the_whole_whatever_its_size() -> None:
    piece = 4 << 20

    class Files:
        def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:  # noqa: ARG002 - the shape of a remote
            return data[start : start + length] if length is not None else data[start:]

    for size in (0, 1, piece - 1, piece, piece + 1, 5 * piece + 7):
        data = os.urandom(size)
        assert b"".join(by_ranges(Files(), "x", size)) == data  # type: ignore[arg-type]


def test_what_fails_for_a_moment_is_asked_again_and_what_fails_for_good_is_not() -> None:
    calls: list[int] = []

    def ask(*, transient: bool, good: int) -> str:
        calls.append(1)
        if len(calls) < good:
            raise RemoteError("no", transient=transient)
        return "yes"

    assert patiently(lambda: ask(transient=True, good=3), (0, 0)) == "yes"
    calls.clear()
    with pytest.raises(RemoteError):
        patiently(lambda: ask(transient=False, good=3), (0, 0))
    assert len(calls) == 1
