from __future__ import annotations

import os
import resource
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlops_cli.formats.atomic import flush_folder, write_atomic, write_if_changed
from tests.support.files import listing, spying, write
from tests.support.processes import kill, line, running

if TYPE_CHECKING:
    from collections.abc import Iterator

# Writes one of two contents over and over until it is killed.
WRITER = """
import sys
from pathlib import Path
from mlops_cli.formats.atomic import write_atomic

path = Path(sys.argv[1])
write_atomic(path, b"a" * 500_000, durable=False)
print("ready", flush=True)
while True:
    write_atomic(path, b"b" * 400_000, durable=False)
    write_atomic(path, b"a" * 500_000, durable=False)
"""


@contextmanager
def full_disk() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("data", [b"", b"abc", b"x" * 3_000_000])
def test_a_file_holds_what_was_written(data: bytes, durable: bool, tmp_path: Path) -> None:
    write_atomic(tmp_path / "file", data, durable=durable)
    assert listing(tmp_path) == {"file": data}


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a" / "b" / "file", b"x")
    assert listing(tmp_path) == {"a/b/file": b"x"}


def test_a_file_is_replaced(tmp_path: Path) -> None:
    write_atomic(write(tmp_path / "file", "a long old content"), b"new")
    assert listing(tmp_path) == {"file": b"new"}


def test_who_has_the_old_file_open_reads_it_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "file", "old")
    with path.open() as stream:
        write_atomic(path, b"new")
        assert stream.read() == "old"


def test_a_new_file_has_the_permissions_that_the_user_gives_to_new_files(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_atomic(tmp_path / "file", b"x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_where_the_disk_is_full_the_file_is_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path / "file", "old")
    with full_disk(), pytest.raises(OSError, match="File too large"):
        write_atomic(path, bytes(5000))
    assert listing(tmp_path) == {"file": b"old"}


def test_a_folder_in_its_place_is_an_error_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomic(tmp_path / "place", b"x")
    assert listing(tmp_path) == {}


def test_a_file_above_it_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "file", "x")
    with pytest.raises(NotADirectoryError):
        write_atomic(tmp_path / "file" / "below", b"x")


def test_it_may_be_written_elsewhere_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with spying(monkeypatch, "open") as calls:
        write_atomic(tmp_path / "a" / "file", b"x", durable=False, temporary=tmp_path / "tmp" / "t")
    assert set(calls["open"]) == {str(tmp_path / "tmp" / "t")}
    assert listing(tmp_path) == {"a/file": b"x"}


def test_elsewhere_may_be_another_file_system(tmp_path: Path) -> None:
    other = Path("/dev/shm")  # noqa: S108 - another file system, if there is one
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one file system only")
    temporary = other / f"written-{os.getpid()}"
    write_atomic(tmp_path / "a" / "file", b"x", temporary=temporary)
    assert listing(tmp_path) == {"a/file": b"x"}
    assert not temporary.exists()


def test_content_is_flushed_before_the_file_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, replace = os.fsync, os.replace

    def watched_sync(descriptor: int) -> None:
        order.append("flush")
        sync(descriptor)

    def watched_replace(source: Path, target: Path) -> None:
        order.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_sync)
    monkeypatch.setattr(os, "replace", watched_replace)
    write_atomic(tmp_path / "file", b"x")
    assert order == ["flush", "rename", "flush"]


def test_what_is_flushed_with_its_group_is_not_flushed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("flushed"))
    write_atomic(tmp_path / "file", b"x", durable=False)
    assert listing(tmp_path) == {"file": b"x"}


def test_no_reader_and_no_kill_ever_meets_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    whole = {b"a" * 500_000, b"b" * 400_000}
    for _ in range(5):
        with running(WRITER, str(path)) as writer:
            assert line(writer) == "ready"
            assert {path.read_bytes() for _ in range(50)} <= whole
            kill(writer)
        assert path.read_bytes() in whole


def test_a_folder_that_cannot_be_flushed_is_passed_over(tmp_path: Path) -> None:
    flush_folder(tmp_path / "none")
    assert listing(tmp_path) == {}


def test_a_file_that_is_new_is_written(tmp_path: Path) -> None:
    assert write_if_changed(tmp_path / "file", b"x")
    assert listing(tmp_path) == {"file": b"x"}


def test_a_file_that_changes_is_written(tmp_path: Path) -> None:
    assert write_if_changed(write(tmp_path / "file", "old"), b"new")
    assert listing(tmp_path) == {"file": b"new"}


def test_a_file_that_does_not_change_is_not_touched(tmp_path: Path) -> None:
    path = write(tmp_path / "file", "x")
    before = path.stat()
    assert not write_if_changed(path, b"x")
    assert path.stat() == before
