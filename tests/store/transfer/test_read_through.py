from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.objects import Placement
from mlops_cli.store.placement.restore import restore
from mlops_cli.store.remotes.port import RemoteError
from mlops_cli.store.results import Results
from mlops_cli.store.save import whole
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.store.transfer.read_through import ReadThroughObjects, ReadThroughResults
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.faulty_files import FaultyFiles
from tests.support.transfers import LARGE, Side, blob, damage_there, memory

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.remotes.port import RemoteFiles

KEY, OTHER = Digest("b3:" + "1" * 64), Digest("b3:" + "2" * 64)


@pytest.fixture
def there(tmp_path: Path) -> Side:
    return Side(tmp_path / "there")


@pytest.fixture
def here(tmp_path: Path) -> Side:
    return Side(tmp_path / "here")


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFiles:
    return memory(tmp_path.name)


def through(here: Side, remote: RemoteFiles) -> ReadThroughObjects:
    return ReadThroughObjects(here.objects, here.store(remote), Tally)


def test_what_is_only_there_can_be_restored_and_is_kept(
    there: Side, here: Side, remote: RemoteFiles, tmp_path: Path
) -> None:
    folder = there.put({"a": blob(1, LARGE), "b": {"c": b"c"}})
    there.push(remote, [folder])
    both = through(here, remote)
    assert whole(both, [folder])
    assert here.objects.missing([digest_bytes(blob(1, LARGE))]), "asking brings lists of files and no files"
    restore(both, folder, str(tmp_path / "placed"), str(tmp_path / "temporary"))
    assert (tmp_path / "placed/a").read_bytes() == blob(1, LARGE)
    assert here.holds([folder])


def test_many_files_of_many_folders_are_brought_together(
    there: Side, here: Side, remote: RemoteFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_cli.store.placement.side_by_side._LOT", 20)
    monkeypatch.setattr("mlops_cli.store.placement.side_by_side._STEP", 10)
    folder = there.put({name: {str(n): f"{name}{n}".encode() for n in range(40)} for name in "abcd"})
    there.push(remote, [folder])
    restore(through(here, remote), folder, str(tmp_path / "placed"), str(tmp_path / "temporary"))
    assert (tmp_path / "placed/c/7").read_bytes() == b"c7"
    assert here.holds([folder])
    files = [pack for pack in here.objects.packs.all() if len(pack.index) > 100]
    assert [len(pack.index) for pack in files] == [160]


def test_what_is_nowhere_is_missing(there: Side, here: Side, remote: RemoteFiles) -> None:
    folder = there.put({"a": blob(1, LARGE)})
    there.push(remote, [folder])
    remote.remove([object_name(digest_bytes(blob(1, LARGE)))])
    both = through(here, remote)
    assert not whole(both, [folder])
    assert both.missing([KEY]) == {KEY}
    with pytest.raises(DataError, match="neither here nor on the remote"):
        both.read_blobs([KEY])


def test_what_turned_out_to_be_damaged_there_is_missing_from_then_on(
    there: Side, here: Side, remote: RemoteFiles, tmp_path: Path
) -> None:
    large = there.put(blob(1, LARGE))
    there.push(remote, [large])
    damage_there(remote, object_name(large.digest))
    both = through(here, remote)
    assert whole(both, [large])
    with pytest.raises(DataError, match="damaged on the remote"):
        both.place([Placement(large.digest, str(tmp_path / "placed"))])
    assert not whole(both, [large])
    assert not (tmp_path / "placed").exists()


def test_a_line_that_breaks_makes_nothing_missing(there: Side, here: Side, remote: RemoteFiles) -> None:
    large = there.put(blob(1, LARGE))
    there.push(remote, [large])

    class Broken(FaultyFiles):
        def read(self, name: str, *_: object) -> bytes:
            raise RemoteError(f"{name}: reset", transient=True)

    both = through(here, Broken(remote))
    with pytest.raises(RemoteError, match="reset"):
        both.read_blobs([large.digest])
    assert whole(both, [large])


def test_what_is_put_stays_here(here: Side, remote: RemoteFiles, tmp_path: Path) -> None:
    both = through(here, remote)
    (tmp_path / "file").write_bytes(blob(2, LARGE))
    [stored] = both.put_files([str(tmp_path / "file")])
    [digest] = both.put_blobs([b"x"])
    with both.intake() as intake:
        intake.keep([(digest_bytes(b"y"), b"y")])
    assert not here.objects.missing([stored.digest, digest, digest_bytes(b"y")])
    assert remote.list() == {}


def test_damage_here_is_found_and_removed_and_then_brought(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    from tests.support.transfers import damage

    large = there.put(blob(1, LARGE))
    there.push(remote, [large])
    here.put(blob(1, LARGE))
    damage(here.folder / object_name(large.digest))
    both = through(here, remote)
    assert both.damaged({large.digest, KEY}) == {large.digest}
    both.remove({large.digest})
    assert both.read_blobs([large.digest]) == [blob(1, LARGE)]


def test_many_threads_that_want_the_same_large_object_all_get_it(
    there: Side, here: Side, remote: RemoteFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_cli.store.transfer.fetch._RANGE", LARGE)
    large = there.put(blob(1, 30 * LARGE))
    there.push(remote, [large])
    both = through(here, FaultyFiles(remote, rate=1.0, kinds=["latency"], latency=0.001))
    failed: list[BaseException] = []

    def get(number: int) -> None:
        try:
            both.place([Placement(large.digest, str(tmp_path / f"placed-{number}"))])
        except BaseException as error:  # noqa: BLE001 - the test's own thread looks at it
            failed.append(error)

    threads = [threading.Thread(target=get, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert all((tmp_path / f"placed-{n}").read_bytes() == blob(1, 30 * LARGE) for n in range(8))
    assert here.litter() == []
    assert not list((here.folder / "partial").iterdir())


def test_results_there_are_found_and_kept_here(tmp_path: Path) -> None:
    local = Results(tmp_path / "results")
    outs = {"a": Artifact(KEY, 1)}
    both = ReadThroughResults(local, {KEY: outs})
    assert local.get(KEY) is None
    assert both.get(KEY) == outs
    assert local.get(KEY) == outs
    assert both.get(OTHER) is None
    both.put(OTHER, outs)
    assert local.get(OTHER) == outs
