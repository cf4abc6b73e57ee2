from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.remotes.port import RemoteError
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.store.transfer.remote_store import object_name
from mlops_cli.store.transfer.repair import damaged_there, set_aside
from tests.support.faulty_files import FaultyFiles, Killed
from tests.support.transfers import (
    LARGE,
    Side,
    blob,
    cut_there,
    damage_there,
    everything_of,
    memory,
    once,
    walk,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.remotes.port import RemoteFiles

SMALL = {f"f{n:02}": blob(n) for n in range(40)}
KEY = Digest("b3:" + "1" * 64)


@pytest.fixture
def local(tmp_path: Path) -> Side:
    return Side(tmp_path / "local")


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFiles:
    return memory(tmp_path.name)


@pytest.fixture
def folder(local: Side, remote: RemoteFiles) -> Artifact:
    """Return a folder that was sent, with a result."""
    folder = local.put({**SMALL, "large": blob(100, LARGE), "long": blob(101, 3 * LARGE)})
    local.push(remote, [folder], {KEY: {"out": folder}})
    return folder


def mend(local: Side, remote: RemoteFiles, folder: Artifact) -> tuple[dict[Digest, str], list[str], Tally]:
    """Find what is damaged, set it aside and send it again."""
    store = local.again().store(remote, trusting=False)
    everything = everything_of(local.objects, [folder]) or set()
    found = damaged_there(
        store, everything - store.missing(everything), local.objects.sizes(everything), Tally()
    )
    store.results()
    aside = set_aside(store, found.keys())
    return found, aside, local.again().push(remote, [folder], {KEY: {"out": folder}})


def whole(remote: RemoteFiles, tmp_path: Path, folder: Artifact) -> bool:
    """Whether all that the remote shows is right, and somebody else gets everything."""
    fresh = Side(tmp_path / "fresh")
    return not walk(remote).wrong and not fresh.fetch(remote, [folder]).failed and fresh.holds([folder])


def test_where_nothing_is_damaged_nothing_is_touched(
    local: Side, remote: RemoteFiles, folder: Artifact
) -> None:
    before = remote.list()
    found, aside, tally = mend(local, remote, folder)
    assert (found, aside, tally.objects, remote.list()) == ({}, [], 0, before)


@pytest.mark.parametrize("cut", [True, False])
def test_a_damaged_large_object_is_set_aside_and_replaced(
    local: Side, remote: RemoteFiles, folder: Artifact, tmp_path: Path, cut: bool
) -> None:
    bad = digest_bytes(blob(100, LARGE))
    (cut_there if cut else damage_there)(remote, object_name(bad))
    broken = remote.read(object_name(bad))
    found, aside, tally = mend(local, remote, folder)
    assert ({*found}, aside, tally.objects) == ({bad}, [object_name(bad)], 1)
    assert remote.read(f"damaged/{object_name(bad).replace('/', '-')}") == broken
    assert whole(remote, tmp_path, folder)


def test_a_damaged_object_in_a_pack_is_replaced_and_what_is_whole_beside_it_was_never_out_of_reach(
    local: Side, remote: RemoteFiles, folder: Artifact, tmp_path: Path
) -> None:
    bad = blob(7)
    [pack] = [n for n in remote.list("packs") if n.endswith(".pack") and bad in remote.read(n)]
    damage_there(remote, pack, remote.read(pack).find(bad))
    found, aside, tally = mend(local, remote, folder)
    assert ({*found}, aside, tally.objects) == ({digest_bytes(bad)}, [pack], 1)
    assert whole(remote, tmp_path, folder)
    assert {"packs-" + pack[6:], "packs-" + pack[6:-4] + "idx"} == {n[8:] for n in remote.list("damaged")}


def test_a_pack_that_only_begins_wrongly_is_mended_where_it_lies(
    local: Side, remote: RemoteFiles, folder: Artifact
) -> None:
    before = {name: remote.read(name) for name in remote.list()}
    for name in remote.list("packs"):
        if name.endswith(".pack"):
            damage_there(remote, name, 3)
    _, aside, tally = mend(local, remote, folder)
    assert tally.objects == 0
    assert {*aside} == {name for name in before if name.endswith(".pack")}
    assert {name: remote.read(name) for name in remote.list()} == before


@pytest.mark.parametrize("ending", [".pack", ".idx"])
@pytest.mark.parametrize("how", ["damaged", "cut off", "gone"])
def test_a_broken_pack_or_index_is_set_aside_and_replaced(
    local: Side, remote: RemoteFiles, folder: Artifact, tmp_path: Path, ending: str, how: str
) -> None:
    [stem] = [n[:-5] for n in remote.list("packs") if n.endswith(".pack") and blob(7) in remote.read(n)]
    if how == "damaged":
        damage_there(remote, stem + ending)
    elif how == "cut off":
        cut_there(remote, stem + ending)
    else:
        remote.remove([stem + ending])
    _, aside, tally = mend(local, remote, folder)
    assert tally.failed == {}
    assert bool(aside) == (how != "gone" or ending == ".pack")
    assert whole(remote, tmp_path, folder)


def test_a_damaged_segment_of_results_is_set_aside_and_replaced(
    local: Side, remote: RemoteFiles, folder: Artifact, tmp_path: Path
) -> None:
    [segment] = remote.list("results")
    damage_there(remote, segment)
    _, aside, _ = mend(local, remote, folder)
    assert aside == [segment]
    assert whole(remote, tmp_path, folder)
    assert walk(remote).results.keys() == {KEY}


def test_every_byte_of_a_remote_may_be_wrong_and_is_found(
    local: Side, remote: RemoteFiles, folder: Artifact, tmp_path: Path
) -> None:
    for name, size in remote.list().items():
        for at in {0, size // 3, size - 1}:
            place = memory(f"{tmp_path.name}-{name}-{at}")
            for copied in remote.list():
                place.write(copied, remote.read(copied))
            damage_there(place, name, at)
            _, aside, tally = mend(Side(local.folder, "other"), place, folder)
            assert aside, (name, at)
            assert (tally.failed, walk(place).wrong) == ({}, []), (name, at)
            place.remove(list(place.list()))


@pytest.mark.parametrize("request_number", range(14))
def test_a_repair_that_breaks_off_loses_nothing_that_was_whole(
    local: Side, remote: RemoteFiles, folder: Artifact, request_number: int
) -> None:
    bad = blob(7)
    [pack] = [n for n in remote.list("packs") if n.endswith(".pack") and bad in remote.read(n)]
    damage_there(remote, pack, remote.read(pack).find(bad))
    before = walk(remote)
    good = {d for d, data in before.objects.items() if digest_bytes(data) == d}
    store = local.again().store(once(FaultyFiles(remote, kill_at=request_number)))
    done = False
    with suppress(Killed):
        set_aside(store, [digest_bytes(bad)])
        done = True
    after = walk(remote)
    assert {d for d, data in after.objects.items() if digest_bytes(data) == d} >= good
    assert done == (request_number >= 10)


def test_a_line_that_breaks_while_reading_back_tells_nothing_of_what_lies_there(
    local: Side, remote: RemoteFiles, folder: Artifact
) -> None:
    everything = everything_of(local.objects, [folder]) or set()
    store = local.store(remote)
    there = everything - store.missing(everything)

    class Broken(FaultyFiles):
        def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
            if name.endswith(".pack") and start:
                raise RemoteError(f"{name}: reset", transient=True)
            return super().read(name, start, length)

    store.files = Broken(remote)
    with pytest.raises(RemoteError, match="reset"):
        damaged_there(store, there, {}, Tally())
