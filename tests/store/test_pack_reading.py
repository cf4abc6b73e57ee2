from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.objects import DamagedObjectError
from mlops_cli.store.pack import Place
from mlops_cli.store.pack_reading import make_files, read_raw, read_verified

if TYPE_CHECKING:
    from pathlib import Path

A, B = digest_bytes(b"aa"), digest_bytes(b"bbb")


@pytest.fixture
def pack(tmp_path: Path) -> str:
    (tmp_path / "pack").write_bytes(b"..aabbb")
    return str(tmp_path / "pack")


def test_objects_come_in_the_order_in_which_they_lie(pack: str) -> None:
    assert list(read_verified(pack, {B: Place(4, 3), A: Place(2, 2)})) == [(A, b"aa"), (B, b"bbb")]


def test_what_lies_past_the_end_is_no_bytes_and_so_damaged(pack: str) -> None:
    places = {A: Place(2, 2), B: Place(1 << 60, 3)}
    assert list(read_raw(pack, places)) == [(A, b"aa"), (B, b"")]
    with pytest.raises(DamagedObjectError, match=B):
        list(read_verified(pack, places))


def test_a_pack_that_is_gone_misses_its_objects(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{A} is not in the store"):
        list(read_verified(str(tmp_path / "gone"), {A: Place(2, 2)}))


def test_a_pack_that_is_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        list(read_verified(str(tmp_path), {A: Place(2, 2)}))


def test_one_object_may_become_several_files_told_in_the_order_asked_for(pack: str, tmp_path: Path) -> None:
    wanted = [("one", B, 4, 3, 0o644), ("two", A, 2, 2, 0o755), ("three", B, 4, 3, 0o600)]
    files = [(digest, at, size, str(tmp_path / name), mode) for name, digest, at, size, mode in wanted]
    identities = make_files(pack, files)
    for (name, digest, _, size, mode), identity in zip(wanted, identities, strict=True):
        status = (tmp_path / name).stat()
        assert digest_bytes((tmp_path / name).read_bytes()) == digest
        assert (identity.inode, identity.size, status.st_mode & 0o777) == (status.st_ino, size, mode)


def test_a_file_that_lies_there_already_is_never_written_over(pack: str, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(DataError, match="mine cannot be written: File exists"):
        make_files(pack, [(A, 2, 2, str(tmp_path / "mine"), 0o644)])
    assert (tmp_path / "mine").read_text() == "mine"
