from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.objects import DamagedObjectError, Placement
from mlops_cli.store.placement import side_by_side
from mlops_cli.store.placement.side_by_side import place
from mlops_cli.store.stat_cache import identity_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mlops_cli.helper.process import Helper
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.stat_cache import Identity


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    (tmp_path / "tmp").mkdir()
    return FolderObjects(tmp_path / "store", tmp_path / "tmp")


class Watched:
    """A store that tells which folders are written at once, and may fail."""

    def __init__(self, objects: FolderObjects, fail_at: str = "", helpers: int = 1) -> None:
        self.objects = objects
        self.fail_at = fail_at
        self.calls: list[tuple[str, set[str]]] = []
        self.helpers: set[Helper | None] = set()
        self.brought: list[set[Digest]] = []
        self.all_here = threading.Barrier(helpers)

    def bring(self, digests: Collection[Digest]) -> None:
        self.brought.append(set(digests))

    def place(self, placements: Sequence[Placement], helper: Helper | None = None) -> list[Identity]:
        folders = {each.target.rpartition("/")[0] for each in placements}
        self.calls.append((threading.current_thread().name, folders))
        if helper not in self.helpers:
            self.helpers.add(helper)
            self.all_here.wait(30)
        if self.fail_at and any(each.target.endswith(self.fail_at) for each in placements):
            raise DataError("it is full")
        return self.objects.place(placements, helper)


def lay_out(objects: FolderObjects, folder: Path, sizes: dict[str, int]) -> list[Placement]:
    """Return what places so many files into each folder, in an order that goes from one folder to the other."""
    names = [(number, name) for name, count in sizes.items() for number in range(count)]
    digests = objects.put_blobs([f"{name} {number}".encode() for number, name in sorted(names)])
    for name in sizes:
        (folder / name).mkdir(parents=True)
    targets = [str(folder / name / str(number)) for number, name in sorted(names)]
    return [Placement(d, t, False, True) for d, t in zip(digests, targets, strict=True)]


def test_files_of_many_folders_are_where_they_belong_and_known_in_the_order_asked_for(
    objects: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "_LOT", 20)
    monkeypatch.setattr(side_by_side, "_STEP", 7)
    wanted = lay_out(objects, tmp_path / "out", {"a": 50, "b": 1, "c": 30, "d": 45})
    watched = Watched(objects)
    identities = place(watched, wanted)  # type: ignore[arg-type] # it only places
    assert len(identities) == 126
    for each, identity in zip(wanted, identities, strict=True):
        with open(each.target, "rb") as file:
            folder, _, number = each.target.rpartition("/")
            assert file.read().decode() == f"{folder.rpartition('/')[2]} {number}"
        assert identity == identity_of((tmp_path / each.target).stat())
    by_folder: dict[str, set[str]] = {}
    for thread, folders in watched.calls:
        for folder in folders:
            by_folder.setdefault(folder, set()).add(thread)
    assert all(len(threads) == 1 for threads in by_folder.values())


def test_few_files_are_placed_in_one_go_by_whoever_asks(objects: FolderObjects, tmp_path: Path) -> None:
    wanted = lay_out(objects, tmp_path / "out", {"a": 5, "b": 5})
    watched = Watched(objects)
    assert len(place(watched, wanted)) == 10  # type: ignore[arg-type] # as above
    assert [thread for thread, _ in watched.calls] == [threading.current_thread().name]


def test_an_error_in_one_folder_is_raised_when_no_thread_writes_any_more(
    objects: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "_LOT", 5)
    monkeypatch.setattr(side_by_side, "_STEP", 1)
    wanted = lay_out(objects, tmp_path / "out", dict.fromkeys("abcdefgh", 10))
    watched = Watched(objects, fail_at="b/3")
    with pytest.raises(DataError, match="full"):
        place(watched, wanted)  # type: ignore[arg-type] # as above
    calls = len(watched.calls)
    assert calls < 80
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("place")]


@pytest.mark.parametrize("cores", [1, 2, 6])
def test_other_processes_make_files_as_this_one_does(
    objects: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    monkeypatch.setattr(side_by_side, "_LOT", 20)
    monkeypatch.setattr(side_by_side, "cores", lambda: cores)
    large = b"x" * 100_000
    [alone] = objects.put_blobs([large])
    wanted = lay_out(objects, tmp_path / "out", dict.fromkeys("abcdefgh", 25))
    wanted += [Placement(alone, str(tmp_path / "out" / name / "large"), True) for name in "abcdefgh"]
    watched = Watched(objects, helpers=min(cores, 4))
    identities = place(watched, wanted)  # type: ignore[arg-type] # as above
    assert len(watched.helpers) == min(cores, 4)
    for each, identity in zip(wanted, identities, strict=True):
        path = tmp_path / each.target
        assert digest_bytes(path.read_bytes()) == each.digest
        assert identity == identity_of(path.stat())
        assert bool(path.stat().st_mode & 0o100) is each.executable


class ByHelpers(Watched):
    """A store of which whoever asks places nothing: helpers do all of it."""

    def place(self, placements: Sequence[Placement], helper: Helper | None = None) -> list[Identity]:
        while helper is None and len(self.helpers) < 1:
            time.sleep(0.01)  # until a helper has met what it has to meet
        return super().place(placements, helper)


def test_an_object_that_is_damaged_is_found_by_a_helper(
    objects: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "_LOT", 20)
    monkeypatch.setattr(side_by_side, "cores", lambda: 2)
    wanted = lay_out(objects, tmp_path / "out", dict.fromkeys("abcdefgh", 25))
    [pack] = objects.packs.all()
    os.chmod(pack.path, 0o644)
    data = bytearray(Path(pack.path).read_bytes())
    for place_of in pack.index.places.values():
        data[place_of.offset] ^= 1  # each: whichever it meets
    Path(pack.path).write_bytes(data)
    with pytest.raises(DamagedObjectError, match="is damaged"):
        place(ByHelpers(objects), wanted)  # type: ignore[arg-type] # as above


def test_what_comes_from_elsewhere_is_brought_at_once_and_not_part_by_part(
    objects: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "_LOT", 20)
    monkeypatch.setattr(side_by_side, "_STEP", 7)
    wanted = lay_out(objects, tmp_path / "out", dict.fromkeys("abcd", 25))
    watched = Watched(objects)
    place(watched, wanted)  # type: ignore[arg-type] # as above
    assert watched.brought == [{each.digest for each in wanted}]
