"""The packs of a local store: found, read, written anew; what a store does with them stands in test_folder.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.packs import LocalPack, LocalPacks, held
from tests.support.files import listing, write

BLOBS = [b"one", b"two" * 50, b"", b"three"]
DIGESTS = [digest_bytes(blob) for blob in BLOBS]


def local_packs(top: Path) -> LocalPacks:
    (top / "tmp").mkdir(parents=True, exist_ok=True)
    return LocalPacks(top / "packs", top / "tmp", lambda _: None)


def packed(packs: LocalPacks, *blobs: bytes) -> LocalPack:
    """Write one pack."""
    with packs.writer() as writing:
        for blob in blobs:
            writing.add(digest_bytes(blob), blob)
    [name] = writing.sealed
    return next(pack for pack in packs.all() if pack.name == name)


def contents(packs: LocalPacks) -> dict[Digest, bytes]:
    """Return everything in all packs, read."""
    everything = [digest for pack in packs.all() for digest, _ in pack.index]
    return dict(packs.read(packs.locate(everything)))


def test_without_a_folder_there_are_no_packs(tmp_path: Path) -> None:
    packs = local_packs(tmp_path)
    assert packs.all() == []
    assert packs.locate(DIGESTS) == []
    assert not packs.refresh([DIGESTS[0]])


def test_a_writer_that_got_nothing_writes_nothing(tmp_path: Path) -> None:
    with local_packs(tmp_path).writer() as writing:
        pass
    assert writing.sealed == []
    assert listing(tmp_path) == {}


def test_what_was_written_is_found_by_this_command_and_the_next(tmp_path: Path) -> None:
    packs = local_packs(tmp_path)
    assert packs.all() == []
    pack = packed(packs, *BLOBS)
    for known in (packs, local_packs(tmp_path)):
        [(found, places)] = known.locate(DIGESTS)
        assert (found, set(places)) == (known.all()[0], set(DIGESTS))
        assert contents(known) == dict(zip(DIGESTS, BLOBS, strict=True))
        assert known.all()[0].name == pack.name


def test_objects_are_read_in_the_order_in_which_they_lie(tmp_path: Path) -> None:
    packs = local_packs(tmp_path)
    packed(packs, *BLOBS)
    wanted = packs.locate(sorted(DIGESTS))
    assert [data for _, data in packs.read(wanted) if data] == [blob for blob in BLOBS if blob]


def test_files_that_are_no_packs_are_passed_over(tmp_path: Path) -> None:
    packs = local_packs(tmp_path)
    packed(packs, *BLOBS)
    write(tmp_path / "packs" / "notes.txt", "x")
    write(tmp_path / "packs" / "notes.idx", "x")
    write(tmp_path / "packs" / f"{'0' * 64}.pack", "x")
    again = local_packs(tmp_path)
    assert len(again.all()) == 1
    assert again.unreadable == {}


def test_what_another_command_wrote_is_seen_after_listing_again(tmp_path: Path) -> None:
    packs, other = local_packs(tmp_path), local_packs(tmp_path)
    assert packs.all() == []
    packed(other, *BLOBS)
    assert packs.all() == []
    packs.again()
    assert held(packs.locate(DIGESTS)) == set(DIGESTS)


def test_what_another_command_removed_is_gone_after_listing_again(tmp_path: Path) -> None:
    packs, other = local_packs(tmp_path), local_packs(tmp_path)
    packed(packs, *BLOBS)
    other.remove(other.all()[0])
    with pytest.raises(DataError, match="is not in the store"):
        contents(packs)
    assert packs.damaged(packs.locate(DIGESTS)) == set(DIGESTS)
    packs.again()
    assert packs.all() == []


def test_a_pack_that_is_gone_cannot_be_made_young(tmp_path: Path) -> None:
    packs, other = local_packs(tmp_path), local_packs(tmp_path)
    packed(packs, *BLOBS)
    other.remove(other.all()[0])
    assert not packs.refresh([DIGESTS[0]])
    assert packs.all() == []


def test_a_pack_is_made_young_once_a_command(tmp_path: Path) -> None:
    pack = packed(local_packs(tmp_path), *BLOBS)
    packs = local_packs(tmp_path)
    os.utime(pack.path, (1000, 1000))
    assert packs.refresh([DIGESTS[0]])
    assert os.stat(pack.path).st_mtime > 1000
    os.utime(pack.path, (1000, 1000))
    assert packs.refresh([DIGESTS[1]])
    assert os.stat(pack.path).st_mtime == 1000


def test_a_pack_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    packs = local_packs(tmp_path)
    pack = packed(packs, *BLOBS)
    os.unlink(pack.path)
    os.mkdir(pack.path)
    with pytest.raises(DataError, match=r"cannot be read: Is a directory"):
        contents(packs)
    assert packs.damaged(packs.locate(DIGESTS)) == set(DIGESTS)


# Written anew ------------------------------------------------------------------------------------------------------


def test_a_rewritten_pack_holds_what_was_to_be_kept(tmp_path: Path) -> None:
    packs = local_packs(tmp_path)
    old = packed(packs, *BLOBS)
    packs.rewrite(old, DIGESTS[:2])
    for known in (packs, local_packs(tmp_path)):
        assert contents(known) == dict(zip(DIGESTS[:2], BLOBS[:2], strict=True))
    assert len(list((tmp_path / "packs").iterdir())) == 2
    assert listing(tmp_path / "tmp") == {}


@pytest.mark.parametrize("listed", [True, False])
def test_a_pack_of_which_everything_is_kept_stays(listed: bool, tmp_path: Path) -> None:
    packs = local_packs(tmp_path)
    old = packed(packs, *BLOBS)
    if not listed:
        packs.again()
    packs.rewrite(old, DIGESTS)
    for known in (packs, local_packs(tmp_path)):
        assert contents(known) == dict(zip(DIGESTS, BLOBS, strict=True))


def test_a_pack_of_which_nothing_is_kept_goes(tmp_path: Path) -> None:
    packs = local_packs(tmp_path)
    packs.rewrite(packed(packs, *BLOBS), [])
    assert packs.all() == []
    assert listing(tmp_path) == {}


def test_what_is_damaged_is_not_kept_although_it_should_be(tmp_path: Path) -> None:
    packs = local_packs(tmp_path)
    old = packed(packs, *BLOBS)
    os.chmod(old.path, 0o644)
    data = Path(old.path).read_bytes()
    Path(old.path).write_bytes(data[:8] + b"ONE" + data[11:])
    packs.rewrite(old, DIGESTS)
    for known in (packs, local_packs(tmp_path)):
        assert contents(known) == dict(zip(DIGESTS[1:], BLOBS[1:], strict=True))


def test_a_pack_that_cannot_be_read_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = local_packs(tmp_path)
    old = packed(packs, *BLOBS)

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", fail)
        with pytest.raises(DataError, match="cannot be read: Input/output error"):
            packs.rewrite(old, DIGESTS[:2])
    assert contents(local_packs(tmp_path)) == dict(zip(DIGESTS, BLOBS, strict=True))


def test_a_removed_pack_loses_its_index_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = local_packs(tmp_path)
    pack = packed(packs, *BLOBS)
    removed: list[str] = []
    real = os.unlink

    def watched(path: str) -> None:
        removed.append(path)
        real(path)

    monkeypatch.setattr(os, "unlink", watched)
    packs.remove(pack)
    assert removed == [pack.index_path, pack.path]


def test_where_an_index_cannot_be_written_a_pack_that_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(local_packs(tmp_path), *BLOBS)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mlops_cli.store.packs.write_atomic", fail)
    with pytest.raises(DataError, match="cannot be written: No space"):
        packed(local_packs(tmp_path), *BLOBS)
    assert contents(local_packs(tmp_path)) == dict(zip(DIGESTS, BLOBS, strict=True))
    with pytest.raises(DataError, match="cannot be written"):
        packed(local_packs(tmp_path), b"new")
    assert len(list((tmp_path / "packs").iterdir())) == 2


def test_where_packs_cannot_have_a_folder_nothing_is_left_behind(tmp_path: Path) -> None:
    write(tmp_path / "packs", "a file")
    packs = local_packs(tmp_path)
    writing = packs.writer()
    writing.add(DIGESTS[0], BLOBS[0])
    with pytest.raises(DataError, match="packs cannot be written"):
        writing.seal()
    assert listing(tmp_path) == {"packs": b"a file"}
