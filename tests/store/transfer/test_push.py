from __future__ import annotations

import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.remotes.folder import FolderFiles
from mlops_cli.store.remotes.port import RemoteError
from mlops_cli.store.transfer.flight import Budget, Tally
from mlops_cli.store.transfer.push import push, write_listing
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.faulty_files import FAULTS, PASSING, Fault, FaultyFiles, Killed
from tests.support.transfers import (
    LARGE,
    Metered,
    Side,
    blob,
    cut_there,
    damage,
    everything_of,
    memory,
    once,
    patient,
    walk,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.remotes.port import RemoteFiles

KEY = Digest("b3:" + "1" * 64)
OTHER_KEY = Digest("b3:" + "2" * 64)


@pytest.fixture
def local(tmp_path: Path) -> Side:
    return Side(tmp_path / "local")


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFiles:
    return memory(f"{tmp_path.name}-first")


@pytest.fixture
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make packs so small that a transfer has many of them."""
    monkeypatch.setattr("mlops_cli.store.pack.TARGET", 1500)


def three_hundred(local: Side) -> tuple[list[Artifact], dict[Digest, dict[str, Artifact]]]:
    """Store 300 objects of all kinds; return what names all of them."""
    wide = local.put({f"f{n:03}": blob(n) for n in range(120)})  # a pack of ours, all of it wanted
    partly = local.put({f"g{n:03}": blob(1000 + n) for n in range(40)})
    local.put({f"h{n:03}": blob(2000 + n) for n in range(20)})
    deep = local.put(
        {
            f"d{a}": {
                f"e{b}": {
                    "small": blob(3000 + 10 * a + b),
                    "same": b"same everywhere",
                    "also": blob(4000 + a),
                }
                for b in range(6)
            }
            for a in range(8)
        }
    )
    large = [local.put(blob(5000 + n, LARGE + n)) for n in range(12)]
    mixed = local.put({"large": blob(6000, LARGE), "inner": {"large": blob(6001, 3 * LARGE)}, "s": b"s"})
    alone = local.put(b"a small one alone")
    out = local.put({"model": blob(7000, LARGE), "card": b"card"})
    some = local.put({f"g{n:03}": blob(1000 + n) for n in range(0, 40, 2)})
    results = {KEY: {"out": out, "metrics.json": local.put(b'{"a": 1}')}, OTHER_KEY: {"wide": wide}}
    outs = [artifact for made in results.values() for artifact in made.values()]
    return [wide, partly, deep, *large, mixed, alone, some, *outs], results


def test_everything_arrives_and_what_is_sent_again_is_nothing(local: Side, remote: RemoteFiles) -> None:
    artifacts, results = three_hundred(local)
    wanted = everything_of(local.objects, artifacts)
    assert wanted
    assert len(wanted) > 295
    tally = local.push(remote, artifacts, results)
    shown = walk(remote)
    assert (shown.wrong, shown.objects.keys() & wanted) == ([], wanted)
    assert shown.results.keys() == results.keys()
    assert (tally.objects, tally.skipped, tally.failed) == (len(wanted), 0, {})
    assert (tally.objects, tally.bytes) == (
        tally.wanted_objects,
        tally.wanted_bytes + _overhead(remote, shown.results),
    )
    before = remote.list()
    second = local.again().push(remote, artifacts, results)
    assert (second.objects, second.bytes, second.skipped) == (0, 0, len(wanted))
    assert remote.list() == before


def _overhead(remote: RemoteFiles, results: object) -> int:
    """Return the bytes that are no object: the mark of each pack, and results."""
    names = remote.list()
    return sum(8 for name in names if name.endswith(".pack")) + sum(
        size for name, size in names.items() if results and name.startswith("results/")
    )


@pytest.mark.usefixtures("small_packs")
@pytest.mark.parametrize("kill_done", [False, True], ids=["torn", "done"])
def test_a_push_killed_at_any_request_leaves_no_name_without_its_content_and_the_next_completes_it(
    local: Side, remote: RemoteFiles, tmp_path: Path, kill_done: bool
) -> None:
    artifacts, results = three_hundred(local)
    wanted = everything_of(local.objects, artifacts) or set()
    counting = FaultyFiles(remote)
    assert local.push(counting, artifacts, results).failed == {}
    count = counting.requests
    assert count > 50
    for number in range(count):
        place = memory(f"{tmp_path.name}-{kill_done}-{number}")
        with suppress(Killed):  # some runs need a request more than others
            Side(tmp_path / "local", f"{number}").push(
                FaultyFiles(place, kill_at=number, kill_done=kill_done), artifacts, results
            )
        shown = walk(place)
        assert shown.wrong == [], f"killed at request {number} of {count}"
        if number % 4 == 0:
            _bring_what_is_shown(
                place, shown.objects.keys() & wanted, artifacts, tmp_path / f"fresh-{number}"
            )
        there = set(place.list())
        rest = FaultyFiles(place)
        tally = Side(tmp_path / "local", f"{number}").push(rest, artifacts, results)
        assert tally.objects == len(wanted - shown.objects.keys()), f"after a kill at {number}"
        sent = {name for method, name in rest.asked if method in ("upload", "write")}
        named = {name for name in there if not name.endswith(".pack") or f"{name[:-5]}.idx" in there}
        assert sent.isdisjoint(named), f"sent again after a kill at {number}"
        after = walk(place)
        assert (after.wrong, wanted - after.objects.keys()) == ([], set())
        assert after.results.keys() == results.keys()
        place.remove(list(place.list()))


def _bring_what_is_shown(
    place: RemoteFiles, shown: set[Digest], artifacts: list[Artifact], folder: Path
) -> None:
    roots = [artifact for artifact in artifacts if artifact.digest in shown]
    fresh = Side(folder)
    assert fresh.fetch(place, roots).failed == {}
    assert fresh.holds(roots)


@pytest.mark.usefixtures("small_packs")
@pytest.mark.parametrize("seed", range(6))
def test_a_push_over_a_bad_line_ends_well(local: Side, remote: RemoteFiles, seed: int) -> None:
    artifacts, results = three_hundred(local)
    faulty = FaultyFiles(remote, rate=0.3, kinds=(*PASSING, "truncated"), seed=seed, latency=0.0005)
    tally = local.push(patient(faulty), artifacts, results)
    assert faulty.met
    shown = walk(remote)
    assert (tally.failed, shown.wrong) == ({}, [])
    assert shown.objects.keys() >= (everything_of(local.objects, artifacts) or set())
    assert tally.bytes == tally.wanted_bytes + _overhead(remote, results)  # what was sent twice counts once


@pytest.mark.usefixtures("small_packs")
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_push_with_any_faults_ends_well_or_says_so_and_a_second_one_mends_what_can_be_seen(
    local: Side, remote: RemoteFiles, kind: Fault, seed: int
) -> None:
    artifacts, results = three_hundred(local)
    try:
        tally = local.push(once(FaultyFiles(remote, rate=0.2, kinds=[kind], seed=seed)), artifacts, results)
        failed = dict(tally.failed)
    except DataError as error:
        failed = {"": error.message}
    shown = walk(remote)
    if kind != "wrong bytes":  # damaged on the way: what only reading it again can find
        assert shown.wrong == []
        assert failed or shown.objects.keys() >= (everything_of(local.objects, artifacts) or set())
        assert local.again().push(remote, artifacts, results).failed == {}
        assert shown.objects.keys() <= walk(remote).objects.keys()


def test_a_remote_that_does_not_answer_ends_the_push_soon(local: Side, remote: RemoteFiles) -> None:
    large = [local.put(blob(n, LARGE)) for n in range(60)]

    class Dead(FaultyFiles):
        def upload(self, name: str, *_: object) -> None:
            self.asked.append(("upload", name))
            raise RemoteError("503", transient=True)

    dead = Dead(remote)
    with pytest.raises(RemoteError, match="503"):
        local.push(dead, large)
    assert len([name for method, name in dead.asked if method == "upload"]) < 20


# Damage here -------------------------------------------------------------------------------------------------------------


def test_a_damaged_large_object_here_is_not_sent_under_its_name_and_what_names_it_is_held_back(
    local: Side, remote: RemoteFiles
) -> None:
    bad = local.put(blob(1, LARGE))
    folder = local.put({"inner": {"bad": blob(1, LARGE)}, "good": blob(2, LARGE)})
    other = local.put({"fine": blob(3, LARGE), "x": b"x"})
    damage(local.folder / object_name(bad.digest))
    tally = local.push(remote, [folder, other], {KEY: {"out": folder}, OTHER_KEY: {"out": other}})
    shown = walk(remote)
    assert shown.wrong == []
    assert "is damaged" in tally.failed[bad.digest]
    assert folder.digest not in shown.objects
    assert "held back" in tally.failed[folder.digest]
    assert {digest_bytes(blob(2, LARGE)), other.digest} <= shown.objects.keys()
    assert shown.results.keys() == {OTHER_KEY}


@pytest.mark.parametrize("whole_pack", [True, False], ids=["whole pack", "part of it"])
def test_one_damaged_small_object_in_a_pack_here_holds_back_no_other(
    local: Side, remote: RemoteFiles, whole_pack: bool
) -> None:
    files = {f"f{n:03}": blob(n) for n in range(40)}
    folder = local.put(files)
    if not whole_pack:
        folder = local.put({name: data for name, data in files.items() if name != "f039"})
    other = local.put(b"something else")
    bad = digest_bytes(files["f007"])
    [(pack, places)] = local.objects.packs.locate([bad])
    damage(local.folder / "packs" / f"{pack.name}.pack", places[bad].offset + 3)
    tally = local.again().push(remote, [folder, other])
    shown = walk(remote)
    assert shown.wrong == []
    assert tally.failed.keys() == {bad, folder.digest}
    assert shown.objects.keys() == {*(digest_bytes(d) for d in files.values()), other.digest} - {
        bad,
        *({digest_bytes(files["f039"])} if not whole_pack else ()),
    }
    assert f"packs/{pack.name}.pack" not in remote.list()


@pytest.mark.parametrize("large", [True, False])
def test_an_object_that_was_cut_off_here_is_not_sent(local: Side, remote: RemoteFiles, large: bool) -> None:
    bad = local.put(blob(1, 2 * LARGE if large else 100))
    path = local.folder / object_name(bad.digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-10])
    assert local.push(remote, [bad]).failed.keys() == {bad.digest}
    assert walk(remote).objects == {}


def test_a_damaged_tree_here_is_named_and_what_is_whole_beside_it_is_sent(
    local: Side, remote: RemoteFiles
) -> None:
    folder = local.put({"inner": {"a": b"a"}, "b": b"b"})
    other = local.put({"c": b"c"})
    inner = local.put({"a": b"a"})
    damage(local.folder / object_name(inner.digest))
    tally = local.push(remote, [folder, other])
    shown = walk(remote)
    assert (shown.wrong, {*tally.failed}) == ([], {inner.digest, folder.digest})
    assert other.digest in shown.objects
    assert folder.digest not in shown.objects


def test_what_is_missing_here_but_there_is_no_failure(local: Side, remote: RemoteFiles) -> None:
    folder = local.put({"a": blob(1, LARGE), "inner": {"b": b"b"}})
    local.push(remote, [folder])
    (local.folder / object_name(digest_bytes(blob(1, LARGE)))).unlink()
    (local.folder / object_name(local.put({"b": b"b"}).digest)).unlink()
    tally = local.again().push(remote, [folder])
    assert (tally.failed, tally.objects) == ({}, 0)


def test_what_is_missing_on_both_sides_is_named(local: Side, remote: RemoteFiles) -> None:
    gone = Artifact(digest_bytes(b"never seen"), 10)
    folder = Artifact(digest_bytes(b"never seen either"), 10, tree=True)
    good = local.put(b"good")
    tally = local.push(remote, [gone, folder, good], {KEY: {"out": gone, "good": good}})
    assert tally.failed.keys() == {gone.digest, folder.digest}
    shown = walk(remote)
    assert ({*shown.objects}, shown.results) == ({good.digest}, {})


# Damage there ------------------------------------------------------------------------------------------------------------


def test_a_large_object_that_was_cut_off_there_is_sent_again(local: Side, remote: RemoteFiles) -> None:
    large = local.put(blob(1, LARGE))
    local.push(remote, [large])
    cut_there(remote, object_name(large.digest))
    assert local.again().push(remote, [large]).objects == 1
    assert walk(remote).wrong == []


def test_a_pack_that_was_cut_off_there_is_sent_again(local: Side, remote: RemoteFiles) -> None:
    folder = local.put({f"f{n}": blob(n) for n in range(50)})
    local.push(remote, [folder])
    packs = [name for name in remote.list() if name.endswith(".pack")]
    cut_there(remote, max(packs, key=lambda name: remote.list()[name]))
    assert local.again().push(remote, [folder]).objects == 50
    assert walk(remote).wrong == []


@pytest.mark.parametrize("ending", [".pack", ".idx"])
def test_a_pack_that_vanished_there_is_sent_again(local: Side, remote: RemoteFiles, ending: str) -> None:
    folder = local.put({f"f{n}": blob(n) for n in range(50)})
    local.push(remote, [folder])
    remote.remove([name for name in remote.list() if name.endswith(ending)])
    assert local.again().push(remote, [folder]).objects == 51
    assert walk(remote).wrong == []


def test_an_index_that_was_cut_off_there_is_noticed_by_its_size_and_sent_again(
    local: Side, remote: RemoteFiles
) -> None:
    folder = local.put({f"f{n}": blob(n) for n in range(50)})
    local.push(remote, [folder])
    for name in [name for name in remote.list() if name.endswith(".idx")]:
        cut_there(remote, name)
    assert local.again().push(remote, [folder]).objects == 51
    assert walk(remote).wrong == []
    assert local.again().push(remote, [folder]).objects == 0


# How much is asked ---------------------------------------------------------------------------------------------------------


def test_seven_thousand_tiny_files_need_under_a_hundredth_as_many_requests(
    local: Side, tmp_path: Path, remote: RemoteFiles
) -> None:
    folder = local.put(
        {f"d{n % 70}": {f"f{i}": blob(n * 1000 + i, 60) for i in range(100)} for n in range(70)}
    )
    first = FaultyFiles(remote)
    assert local.push(first, [folder]).objects == 7071
    assert first.requests < 20
    again = FaultyFiles(remote)
    local.again().push(again, [folder])
    assert again.requests <= 2
    here = Side(tmp_path / "other")
    down = FaultyFiles(remote)
    assert here.fetch(down, [folder]).objects == 7071
    assert down.requests < 20
    assert here.holds([folder])
    down_again = FaultyFiles(remote)
    here.again().fetch(down_again, [folder])
    assert down_again.requests == 0


def test_presence_is_asked_with_listings(local: Side, remote: RemoteFiles) -> None:
    large = [local.put(blob(n, LARGE)) for n in range(100)]
    local.push(remote, large)
    again = FaultyFiles(remote)
    local.again().push(again, large)
    assert {method for method, _ in again.asked} == {"list"}
    assert again.requests <= 4


def test_our_own_packs_are_sent_as_they_lie(local: Side, remote: RemoteFiles) -> None:
    folder = local.put({f"f{n}": blob(n) for n in range(50)})
    [pack] = [path.name for path in (local.folder / "packs").glob("*.pack")]
    local.push(remote, [folder])
    assert f"packs/{pack}" in remote.list()


def test_only_what_is_wanted_of_our_packs_is_sent(local: Side, remote: RemoteFiles) -> None:
    files = {f"f{n}": blob(n) for n in range(50)}
    local.put(files)
    part = local.put({name: files[name] for name in ("f3", "f4")})
    local.push(remote, [part])
    assert walk(remote).objects.keys() == {digest_bytes(files["f3"]), digest_bytes(files["f4"]), part.digest}


def test_results_that_are_there_already_are_not_sent_again(local: Side, remote: RemoteFiles) -> None:
    a, b = local.put(b"a"), local.put(b"b")
    local.push(remote, [a], {KEY: {"a": a}})
    local.again().push(remote, [a, b], {KEY: {"a": a}, OTHER_KEY: {"b": b}})
    segments = [name for name in remote.list() if name.startswith("results/")]
    assert len(segments) == 2
    assert walk(remote).results == {KEY: [a.digest], OTHER_KEY: [b.digest]}


def test_the_published_list_names_everything_there_with_its_size(local: Side, remote: RemoteFiles) -> None:
    import json

    folder = local.put({"large": blob(1, LARGE), **{f"f{n}": blob(n) for n in range(20)}})
    local.push(remote, [folder], {KEY: {"out": folder}})
    write_listing(local.store(remote))
    listing = remote.list()
    assert json.loads(remote.read("listing.json")) == {
        "schema": 1,
        "files": {name: size for name, size in listing.items() if name != "listing.json"},
    }


@pytest.fixture
def _mebibyte_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_cli.store.pack.TARGET", 1 << 20)


@pytest.mark.usefixtures("_mebibyte_packs")
def test_the_bytes_of_packs_that_wait_to_be_sent_stay_within_the_budget(
    local: Side, remote: RemoteFiles, tmp_path: Path
) -> None:
    """Packs are made faster than they are sent: only so many are made ahead as memory may hold."""
    files = {f"f{n}": blob(n, 60_000) for n in range(600)}
    local.put(files)
    del files["f0"]
    folder = local.put(files)  # not all of a pack of ours, so that new ones are made
    store = local.again().store(Metered(FolderFiles(str(tmp_path / "remote")), pause=0.03), jobs=8)
    store.budget = Budget(3 << 20)
    tracemalloc.start()
    try:
        push(local.again().objects, store, [folder], {}, Tally())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert walk(FolderFiles(str(tmp_path / "remote"))).wrong == []
    assert (
        most < 17 << 20
    )  # the budget; one pack that is made, and what is read for it; nothing near the 36 MB in all
