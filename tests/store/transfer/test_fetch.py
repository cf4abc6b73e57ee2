from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.pack import pack_name
from mlops_cli.store.save import inside
from mlops_cli.store.transfer.fetch import fetch
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.faulty_files import FAULTS, PASSING, Fault, FaultyFiles, Killed
from tests.support.transfers import (
    LARGE,
    Metered,
    Side,
    blob,
    cut_there,
    damage_there,
    memory,
    once,
    patient,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.remotes.port import RemoteFiles

LONG = 10 * LARGE + 77


@pytest.fixture
def there(tmp_path: Path) -> Side:
    """Return the store that everything comes from."""
    return Side(tmp_path / "there")


@pytest.fixture
def here(tmp_path: Path) -> Side:
    """Return the store that everything is to come to."""
    return Side(tmp_path / "here")


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFiles:
    return memory(tmp_path.name)


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read large objects and packs in many small ranges."""
    monkeypatch.setattr("mlops_cli.store.transfer.fetch._RANGE", LARGE)
    monkeypatch.setattr("mlops_cli.store.transfer.remote_store._RANGE", 4000)
    monkeypatch.setattr("mlops_cli.store.transfer.remote_store._GAP", 0)


def sent(there: Side, remote: RemoteFiles) -> list[Artifact]:
    """Send something of every kind."""
    folder = there.put(
        {
            **{f"d{a}": {f"f{b}": blob(100 * a + b) for b in range(12)} for a in range(8)},
            "large": blob(1000, LARGE),
            "inner": {"long": blob(1001, LONG)},
        }
    )
    artifacts = [
        folder,
        there.put(blob(1002, LARGE + 9)),
        there.put(b"one alone"),
        there.put({"x": {"y": b"z"}}),
    ]
    assert there.push(remote, artifacts).failed == {}
    return artifacts


# Under faults --------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_fetch_with_any_faults_ends_right_or_says_so_and_the_next_one_completes_it(
    there: Side, here: Side, remote: RemoteFiles, kind: Fault, seed: int
) -> None:
    artifacts = sent(there, remote)
    faulty = FaultyFiles(remote, rate=0.25, kinds=[kind], seed=seed, latency=0.0005)
    try:
        good = not here.fetch(once(faulty), artifacts).failed
    except DataError:
        good = False
    assert faulty.met
    assert good == here.again().holds(artifacts)
    assert here.litter() == []
    missing = here.again().objects.missing([digest for digest, _, _ in there.objects.all_digests()])
    tally = here.again().fetch(remote, artifacts)
    assert (tally.failed, tally.objects) == ({}, len(missing))
    assert here.again().holds(artifacts)
    assert here.litter() == []
    assert not any((here.folder / "partial").glob("*"))


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize("seed", range(4))
def test_a_fetch_over_a_bad_line_ends_right(there: Side, here: Side, remote: RemoteFiles, seed: int) -> None:
    artifacts = sent(there, remote)
    faulty = FaultyFiles(remote, rate=0.3, kinds=(*PASSING, "truncated"), seed=seed, latency=0.0005)
    assert here.fetch(patient(faulty), artifacts).failed == {}
    assert faulty.met
    assert here.holds(artifacts)
    assert here.litter() == []


@pytest.mark.usefixtures("small_ranges")
def test_wrong_bytes_in_any_one_answer_do_no_harm(there: Side, here: Side, remote: RemoteFiles) -> None:
    artifacts = sent(there, remote)
    counting = FaultyFiles(remote)
    Side(here.folder / "counted").fetch(counting, artifacts)
    for number in range(counting.requests):
        fresh = Side(here.folder / f"n{number}")
        faulty = FaultyFiles(remote, faults={number: "wrong bytes"})
        tally = fresh.fetch(faulty, artifacts)
        method, name = faulty.asked[number]
        if name.endswith(".idx"):  # counts as absent, and so does what only it knows
            assert fresh.again().fetch(remote, artifacts).failed == {}
        else:
            assert tally.failed == {}, (method, name)
        assert fresh.again().holds(artifacts)
        assert fresh.litter() == []


@pytest.mark.usefixtures("small_ranges")
def test_a_fetch_killed_at_any_request_leaves_nothing_half_written_and_the_next_completes_it(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    artifacts = sent(there, remote)
    counting = FaultyFiles(remote)
    Side(here.folder / "counted").fetch(counting, artifacts)
    for number in range(counting.requests):
        fresh = Side(here.folder / f"n{number}")
        with suppress(Killed):  # some runs need a request more than others
            fresh.fetch(FaultyFiles(remote, kill_at=number), artifacts)
        assert fresh.litter() == []
        assert fresh.again().fetch(remote, artifacts).failed == {}
        assert fresh.again().holds(artifacts)


def test_what_is_always_damaged_there_is_named_and_all_else_is_brought(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    good, bad, small = blob(1, LARGE), blob(2, LONG), blob(3, 300)
    folder = there.put(
        {"good": good, "bad": bad, "inner": {"small": small, **{f"f{n}": blob(n) for n in range(20)}}}
    )
    there.push(remote, [folder])
    damage_there(remote, object_name(digest_bytes(bad)))
    for name in remote.list("packs"):
        data = remote.read(name)
        at = data.find(small)
        if at >= 0:
            damage_there(remote, name, at + 7)
    tally = here.fetch(remote, [folder])
    assert tally.failed.keys() == {digest_bytes(bad), digest_bytes(small)}
    assert all("damaged on the remote" in why for why in tally.failed.values())
    assert (
        here.objects.missing([digest_bytes(good), digest_bytes(bad), digest_bytes(small)])
        == tally.failed.keys()
    )
    assert here.litter() == []
    assert not any((here.folder / "partial").glob("*"))


def test_a_damaged_tree_there_is_named_as_damaged(there: Side, here: Side, remote: RemoteFiles) -> None:
    folder = there.put({"a": {"b": b"c"}})
    inner = there.put({"b": b"c"})
    there.push(remote, [folder])
    for name in remote.list("packs"):
        at = remote.read(name).find(there.objects.read_blobs([inner.digest])[0])
        if at >= 0:
            damage_there(remote, name, at + 5)
    tally = here.fetch(remote, [folder])
    assert tally.failed.keys() == {inner.digest}
    assert "damaged on the remote" in tally.failed[inner.digest]


def test_a_damaged_index_there_counts_as_absent(there: Side, here: Side, remote: RemoteFiles) -> None:
    one = there.put({"a": blob(1, 200)})
    there.push(remote, [one])
    [index] = [
        n
        for n in remote.list("packs")
        if n.endswith(".idx") and digest_bytes(blob(1, 200))[3:] in remote.read(n).hex()
    ]
    damage_there(remote, index)
    tally = here.fetch(remote, [one])
    assert tally.failed.keys() == {digest_bytes(blob(1, 200))}
    # Whoever has sent it knows the index by heart.
    there.objects.loose.remove(digest_bytes(blob(1, 200)))
    assert there.again().fetch(remote, [one]).failed == {}


@pytest.mark.parametrize("small", [True, False])
def test_what_was_cut_off_there_is_noticed_by_its_size(
    there: Side, here: Side, remote: RemoteFiles, small: bool
) -> None:
    data = blob(1, 300 if small else LARGE)
    artifact = there.put(data)
    there.push(remote, [artifact])
    [name] = [n for n in remote.list() if not n.endswith(".idx")]
    cut_there(remote, name)
    metered = Metered(remote)
    tally = here.fetch(metered, [artifact])
    assert tally.failed.keys() == {artifact.digest}
    assert not [read for read in metered.reads if not read[0].endswith(".idx")]


def test_a_listing_that_leaves_out_names_ends_with_failures(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    artifacts = sent(there, remote)
    large = object_name(digest_bytes(blob(1000, LARGE)))
    tally = here.fetch(FaultyFiles(remote, leave_out=lambda name: name == large), artifacts)
    assert tally.failed.keys() == {digest_bytes(blob(1000, LARGE))}
    assert here.litter() == []
    fresh = Side(here.folder / "fresh")
    blind = FaultyFiles(remote, leave_out=lambda name: name.endswith(".pack"))
    assert fresh.fetch(blind, artifacts).failed.keys() >= {artifacts[0].digest}
    assert fresh.litter() == []
    assert fresh.again().fetch(remote, artifacts).failed == {}


def test_a_listing_that_invents_names_ends_with_failures(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    artifacts = sent(there, remote)
    never = Artifact(digest_bytes(b"never"), LARGE)
    invented = {
        object_name(never.digest): LARGE,
        f"packs/{'0' * 64}.idx": 50,
        f"packs/{'1' * 64}.pack": 50,
        "objects/xy": 3,
    }
    tally = here.fetch(FaultyFiles(remote, invent=invented), [*artifacts, never])
    assert tally.failed.keys() == {never.digest}
    assert here.litter() == []
    assert here.holds(artifacts)


# Interrupted downloads ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_ranges")
def test_a_large_download_that_broke_off_goes_on_from_what_it_has(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    artifact = there.put(blob(1, LONG))
    there.push(remote, [artifact])
    with suppress(Killed):
        here.fetch(FaultyFiles(remote, kill_at=8), [artifact], jobs=1)
    [partial] = (here.folder / "partial").iterdir()
    kept = partial.stat().st_size
    assert 0 < kept < LONG
    metered = Metered(remote)
    tally = here.again().fetch(metered, [artifact])
    assert sum(length for name, _, length in metered.reads if name.startswith("objects/")) == LONG - kept
    assert tally.bytes == LONG - kept
    assert here.holds([artifact])
    assert not partial.exists()


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize("size", [1, LARGE + 5, LONG, LONG + 100])
@pytest.mark.parametrize("mode", [0o644, 0o444])
def test_garbage_in_an_unfinished_download_is_noticed_and_all_is_fetched_anew(
    there: Side, here: Side, remote: RemoteFiles, size: int, mode: int
) -> None:
    artifact = there.put(blob(1, LONG))
    there.push(remote, [artifact])
    partial = here.folder / "partial" / artifact.digest[3:]
    partial.parent.mkdir()
    partial.write_bytes(b"?" * size)
    partial.chmod(mode)
    assert here.fetch(remote, [artifact]).failed == {}
    assert here.holds([artifact])
    assert not partial.exists()
    assert os.stat(here.folder / object_name(artifact.digest)).st_mode & 0o777 == 0o444


def test_a_download_that_lacked_only_its_place_asks_for_nothing_more(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    artifact = there.put(blob(1, LONG))
    there.push(remote, [artifact])
    partial = here.folder / "partial" / artifact.digest[3:]
    partial.parent.mkdir()
    partial.write_bytes(blob(1, LONG))
    metered = Metered(remote)
    assert here.fetch(metered, [artifact]).failed == {}
    assert metered.bytes_read == 0 or not [r for r in metered.reads if r[0].startswith("objects/")]
    assert here.holds([artifact])


@pytest.mark.usefixtures("small_ranges")
def test_a_download_that_another_command_is_at_work_on_is_left_alone(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    artifact = there.put(blob(1, LONG))
    there.push(remote, [artifact])
    partial = here.folder / "partial" / artifact.digest[3:]
    partial.parent.mkdir()
    with partial.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.write(b"theirs")
        stream.flush()
        assert here.fetch(remote, [artifact]).failed == {}
        assert partial.read_bytes() == b"theirs"
    assert here.holds([artifact])
    assert list((here.folder / "partial").iterdir()) == [partial]


def test_a_store_that_cannot_be_written_is_a_clear_error(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    artifact = there.put(blob(1, LARGE))
    there.push(remote, [artifact])
    (here.folder / "partial").write_text("in the way")
    [why] = here.fetch(remote, [artifact]).failed.values()
    assert "cannot be written" in why


# How much is asked --------------------------------------------------------------------------------------------------------


def test_one_file_out_of_a_pack_costs_its_own_bytes_and_not_the_packs(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    folder = there.put({f"f{n:03}": blob(n, 40_000) for n in range(200)})
    there.push(remote, [folder])
    here.fetch(remote, [Artifact(folder.digest, 0, tree=False)])  # only its list of files
    wanted = inside(here.objects, folder, "f123")
    assert wanted
    metered = Metered(remote)
    assert here.again().fetch(metered, [wanted]).objects == 1
    assert [read for read in metered.reads if not read[0].endswith(".idx")] == [
        (metered.reads[-1][0], metered.reads[-1][1], 40_000)
    ]
    assert here.again().objects.read_blobs([wanted.digest]) == [blob(123, 40_000)]


def test_a_good_part_of_a_pack_is_read_in_one_sweep(there: Side, here: Side, remote: RemoteFiles) -> None:
    files = {f"f{n:03}": blob(n, 40_000) for n in range(100)}
    there.push(remote, [there.put(files)])
    half = [Artifact(digest_bytes(data), len(data)) for data in list(files.values())[::2]]
    metered = Metered(remote)
    assert here.fetch(metered, half).objects == 50
    assert len([name for name, _, _ in metered.reads if name.endswith(".pack")]) == 1


def test_an_index_is_read_once_and_kept(there: Side, here: Side, remote: RemoteFiles) -> None:
    one, two = there.put({"a": b"a"}), there.put({"b": b"b"})
    there.push(remote, [one])
    here.fetch(remote, [one])
    there.push(remote, [two])
    metered = Metered(remote)
    here.again().fetch(metered, [one, two])
    new = [name for name, _, _ in metered.reads if name.endswith(".idx")]
    assert len(new) == 2
    assert len([name for name in remote.list("packs") if pack_name(name)]) == 4


def test_a_damaged_copy_of_an_index_here_is_read_again(there: Side, here: Side, remote: RemoteFiles) -> None:
    one = there.put({"a": b"a"})
    there.push(remote, [one])
    assert here.store(remote).packs
    for path in here.known.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert here.again().fetch(remote, [one]).failed == {}


# How much at once -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize("jobs", [1, 3])
def test_never_more_requests_at_once_than_jobs(
    there: Side, here: Side, remote: RemoteFiles, jobs: int
) -> None:
    artifacts = [*sent(there, remote), *(there.put(blob(n, LONG)) for n in range(5))]
    up = Metered(memory(f"{here.folder.parent.name}-up"), pause=0.002)
    there.push(up, artifacts, jobs=jobs)
    assert up.at_once == jobs
    there.push(remote, artifacts)
    down = Metered(remote, pause=0.002)
    assert here.fetch(down, artifacts, jobs=jobs).failed == {}
    assert down.at_once == jobs
    assert here.holds(artifacts)


@pytest.mark.usefixtures("small_ranges")
def test_the_bytes_of_large_downloads_that_are_in_memory_stay_within_the_budget(
    there: Side, here: Side, remote: RemoteFiles
) -> None:
    artifacts = [there.put(blob(n, LONG)) for n in range(8)]
    there.push(remote, artifacts)
    metered = Metered(remote, pause=0.001)
    store = here.store(metered, jobs=8)
    store.budget._most = 3 * LARGE
    fetch(here.objects, store, artifacts, Tally())
    assert here.holds(artifacts)
    assert 2 * LARGE <= metered.held.most <= 3 * LARGE
