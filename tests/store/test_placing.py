"""Copying bytes between files, verified."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.objects import Placement
from mlops_cli.store.placing import WrongBytesError, copy_out, digest_of_private, write_file
from mlops_cli.store.stat_cache import identity_of
from tests.support.files import write
from tests.support.object_stores import folder_objects, full_disk, refusing

if TYPE_CHECKING:
    from pathlib import Path


def test_where_the_kernel_copies_only_a_part_the_rest_is_copied_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder_objects(tmp_path / "store", "copy")
    data = os.urandom(100_000)
    [digest] = store.put_blobs([data])
    real, turns = os.copy_file_range, iter([1000, 0])

    def cut_short(source: int, target: int, _: int) -> int:
        count = next(turns)
        return real(source, target, count) if count else 0

    monkeypatch.setattr(os, "copy_file_range", cut_short)
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").read_bytes() == data


def test_without_the_kernels_help_the_bytes_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder_objects(tmp_path / "store", "copy")
    data = os.urandom(3_000_000)
    [digest] = store.put_blobs([data])
    refusing(monkeypatch, errno.ENOSYS, "copy_file_range")
    store.place([Placement(digest, str(tmp_path / "out"))])
    assert (tmp_path / "out").read_bytes() == data


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("size", [0, 3, 9_000_000])
def test_a_copy_has_the_bytes_and_the_identity_of_its_file(size: int, share: bool, tmp_path: Path) -> None:
    data = os.urandom(size)
    source, target = write(tmp_path / "source", data), tmp_path / "out"
    try:
        identity = copy_out(str(source), str(target), 0o640, digest_bytes(data), share=share)
    except OSError:
        assert share  # a file system that shares no blocks
        assert not target.exists()
        return
    assert target.read_bytes() == data
    assert identity == identity_of(target.stat())


@pytest.mark.parametrize("size", [3, 9_000_000])
def test_bytes_that_are_not_those_of_the_digest_leave_no_file(size: int, tmp_path: Path) -> None:
    source = write(tmp_path / "source", bytes(size))
    with pytest.raises(WrongBytesError):
        copy_out(str(source), str(tmp_path / "out"), 0o644, digest_bytes(b"other"), share=False)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_there_is_neither_written_nor_removed(tmp_path: Path) -> None:
    source, mine = write(tmp_path / "source", "x"), write(tmp_path / "out", "mine")
    with pytest.raises(FileExistsError):
        copy_out(str(source), str(mine), 0o644, digest_bytes(b"x"), share=False)
    with pytest.raises(FileExistsError):
        write_file(str(mine), b"x", 0o644)
    assert mine.read_text() == "mine"


def test_where_the_disk_is_full_no_half_file_is_written(tmp_path: Path) -> None:
    with full_disk(1000), pytest.raises(OSError, match="large"):
        write_file(str(tmp_path / "out"), bytes(5000), 0o644)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", [0, 5, 1 << 20, (8 << 20) - 1, 8 << 20, (8 << 20) + 1])
def test_a_mapped_file_has_the_digest_that_a_read_one_has(size: int, tmp_path: Path) -> None:
    data = os.urandom(size)
    path = write(tmp_path / "file", data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert digest_of_private(descriptor) == (digest_bytes(data), size)
    finally:
        os.close(descriptor)
