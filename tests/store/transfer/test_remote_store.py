from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.transfer.remote_store import object_digest, object_name, segment_name
from tests.support.transfers import LARGE, Side, blob, cut_there, damage_there, memory

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.remotes.port import RemoteFiles

KEY, OTHER = Digest("b3:" + "1" * 64), Digest("b3:" + "2" * 64)


@pytest.fixture
def local(tmp_path: Path) -> Side:
    return Side(tmp_path / "local")


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFiles:
    return memory(tmp_path.name)


def segment(remote: RemoteFiles, value: Any) -> str:
    """Write a segment of results with the right name."""
    data = value if isinstance(value, bytes) else compact(value)
    name = f"results/{segment_name(data)}"
    remote.write(name, data)
    return name


def test_names_of_objects_lead_to_their_digests_and_back() -> None:
    digest = digest_bytes(b"x")
    assert object_digest(object_name(digest)) == digest


def test_an_empty_remote_has_nothing(local: Side, remote: RemoteFiles) -> None:
    store = local.store(remote)
    assert store.missing([KEY]) == {KEY}
    assert store.packs == {}
    assert store.results() == {}


def test_the_generation_changes_with_packs_and_results(local: Side, remote: RemoteFiles) -> None:
    seen = {local.store(remote).generation}
    a = local.put({"a": b"a"})
    local.push(remote, [a])
    seen.add(local.store(remote).generation)
    local.push(remote, [a], {KEY: {"a": a}})
    seen.add(local.store(remote).generation)
    cut_there(remote, next(n for n in remote.list() if n.endswith(".pack")))
    seen.add(local.store(remote).generation)
    assert len(seen) == 4


def test_what_was_just_sent_is_known_without_asking(local: Side, remote: RemoteFiles) -> None:
    from mlops_cli.store.transfer.flight import Tally
    from mlops_cli.store.transfer.push import push

    folder = local.put({"large": blob(1, LARGE), "small": b"s"})
    store = local.store(remote)
    push(local.objects, store, [folder], {KEY: {"out": folder}}, Tally())
    asked = remote.requests
    assert store.missing([folder.digest, digest_bytes(b"s"), digest_bytes(blob(1, LARGE))]) == set()
    assert store.generation == local.store(remote).generation
    assert remote.requests - asked == 4  # the claims, and the three listings of the other store


@pytest.mark.parametrize("what", ["bytes", "name"])
def test_a_segment_that_is_not_what_its_name_says_is_passed_over(
    local: Side, remote: RemoteFiles, what: str
) -> None:
    good = segment(remote, {"schema": 1, "results": {KEY: {"a": {"digest": KEY, "size": 1}}}})
    bad = segment(remote, {"schema": 1, "results": {OTHER: {"a": {"digest": KEY, "size": 1}}}})
    if what == "bytes":
        damage_there(remote, bad)
    else:
        remote.write(bad, remote.read(good).replace(b"111", b"333"))
    store = local.store(remote)
    assert store.results().keys() == {KEY}
    assert store.damaged.keys() == {bad}
    assert local.store(remote, trusting=False).results().keys() == {KEY}


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b"not json",
        b"[" * 100_000,
        {"schema": 2, "results": {OTHER: {}}},
        {"schema": 1},
        {"schema": 1, "results": []},
        {"schema": 1, "results": [["a", "b"]]},
        {"schema": 1, "results": {OTHER: 5}},
        {"schema": 1, "results": {OTHER: ["x"]}},
        {"schema": 1, "results": {"../../x": {}}},
    ],
    ids=repr,
)
def test_a_segment_that_makes_no_sense_is_passed_over(
    local: Side, remote: RemoteFiles, value: object
) -> None:
    segment(remote, {"schema": 1, "results": {KEY: {}}})
    segment(remote, value)
    assert local.store(remote).results() == {KEY: {}}
    assert local.again().store(remote).results() == {KEY: {}}


def test_segments_are_read_once_and_a_damaged_copy_here_is_read_again(
    local: Side, remote: RemoteFiles
) -> None:
    segment(remote, {"schema": 1, "results": {KEY: {}}})
    local.store(remote).results()
    asked = remote.requests
    local.store(remote).results()
    assert remote.requests == asked + 1
    [copy] = local.known.iterdir()
    copy.write_bytes(b"?")
    assert local.store(remote).results() == {KEY: {}}


def test_foreign_files_in_its_folders_do_no_harm(local: Side, remote: RemoteFiles) -> None:
    a = local.put({"a": b"a", "l": blob(1, LARGE)})
    local.push(remote, [a], {KEY: {"a": a}})
    for name in (
        "packs/notes.txt",
        "packs/x.idx",
        "objects/README",
        "objects/ab/short",
        "results/x",
        "results/a/b.json",
    ):
        remote.write(name, b"?")
    store = local.again().store(remote, trusting=False)
    assert store.missing([a.digest]) == set()
    assert store.results().keys() == {KEY}


def test_a_store_that_cannot_keep_copies_works_all_the_same(local: Side, remote: RemoteFiles) -> None:
    local.known.parent.write_text("in the way")
    a = local.put({"a": b"a"})
    assert local.push(remote, [a], {KEY: {"a": a}}).failed == {}
    store = local.again().store(remote)
    assert store.missing([a.digest]) == set()
    assert store.results().keys() == {KEY}
