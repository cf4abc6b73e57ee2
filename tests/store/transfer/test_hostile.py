"""What a remote may hold that nobody of good will wrote: it ends with an error, or as harmless bytes, and is never placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.formats.canonical import compact
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.pack import build_packs
from mlops_cli.store.placement.restore import restore
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.store.transfer.outcome import transfer_outcome
from tests.support.transfers import Side, memory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlops_cli.store.remotes.port import RemoteFiles

FILE = b"harmless"


@pytest.fixture
def here(tmp_path: Path) -> Side:
    return Side(tmp_path / "a" / "deep" / "place")


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFiles:
    return memory(tmp_path.name)


def written(remote: RemoteFiles, blobs: Iterable[bytes]) -> None:
    """Put objects on a remote past everything that checks."""
    for name, data, index in build_packs((digest_bytes(blob), blob) for blob in blobs):
        remote.write(f"packs/{name}.pack", data)
        remote.write(f"packs/{name}.idx", index.data)


def tree(*rows: object) -> bytes:
    return compact({"entries": list(rows), "schema": 1})


def row(
    name: object, kind: object = "file", content: object = digest_bytes(FILE), size: object = len(FILE)
) -> list[object]:
    return [name, kind, content, size]


HOSTILE = {
    "up": tree(row("..")),
    "up and on": tree(row("../../evil")),
    "itself": tree(row(".")),
    "empty": tree(row("")),
    "absolute": tree(row("/evil")),
    "nul": tree(row("a\0b")),
    "slash": tree(row("a/b")),
    "no text": tree(row(5)),
    "twice": tree(row("a"), row("a")),
    "unsorted": tree(row("b"), row("a")),
    "kind": tree(row("a", "device")),
    "digest": tree(row("a", "file", "b3:../../x")),
    "size": tree(row("a", size=-1)),
    "real size": tree(row("a", size=2.5)),
    "absolute link": tree(row("a", "link", "/etc/passwd", 0)),
    "schema": compact({"entries": [], "schema": 99}),
    "no tree": b"hello",
    "deep json": b"[" * 100_000,
}
NOT_PLACED = {
    "leaving link": tree(row("a", "link", "../../evil", 0)),
    "link in a link": tree(row("a", "link", "b/../../../x", 0)),
    "case": tree(row("A"), row("a")),
    "composed": tree(row("e\u0301"), row("\u00e9")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tree_is_a_failure_with_a_name(
    here: Side, remote: RemoteFiles, name: str, tmp_path: Path
) -> None:
    top = tree(row("inside", "tree", digest_bytes(HOSTILE[name]), 8))
    written(remote, [FILE, HOSTILE[name], top])
    artifact = Artifact(digest_bytes(top), 8, tree=True)
    tally = here.fetch(remote, [artifact])
    assert tally.failed.keys() == {digest_bytes(HOSTILE[name])}
    store = here.store(remote)
    outcome = transfer_outcome("r", store, tally, here.objects, {"data": artifact}, 0)
    assert [failure.path for failure in outcome.failed] == ["data/inside"]
    assert here.litter() == []
    with pytest.raises(DataError):
        restore(here.objects, artifact, str(tmp_path / "placed"), str(tmp_path / "temporary"))
    assert not (tmp_path / "placed").exists()
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("name", NOT_PLACED)
def test_what_only_placing_can_tell_is_refused_there(
    here: Side, remote: RemoteFiles, name: str, tmp_path: Path
) -> None:
    written(remote, [FILE, NOT_PLACED[name]])
    artifact = Artifact(digest_bytes(NOT_PLACED[name]), 8, tree=True)
    here.fetch(remote, [artifact])
    assert here.litter() == []
    with pytest.raises(DataError):
        restore(here.objects, artifact, str(tmp_path / "placed"), str(tmp_path / "temporary"))
    assert not (tmp_path / "placed").exists()


def doubling(depth: int, leaf: bytes) -> list[bytes]:
    """Return trees, the outermost last, each of which names the one before twice: 2 to the power of `depth` files."""
    trees = [leaf]
    for level in range(depth):
        kind = "tree" if level else "file"
        trees.append(tree(*(row(name, kind, digest_bytes(trees[-1])) for name in "ab")))
    return trees


def test_a_tree_that_doubles_sixty_times_costs_sixty_objects(here: Side, remote: RemoteFiles) -> None:
    trees = doubling(60, FILE)
    written(remote, trees)
    artifact = Artifact(digest_bytes(trees[-1]), 8, tree=True)
    tally = here.fetch(remote, [artifact])
    assert (tally.failed, tally.objects) == ({}, 61)
    assert here.push(memory(f"{remote} again"), [artifact]).objects == 61


def test_a_tree_that_doubles_and_lacks_its_leaf_names_it_and_ends(here: Side, remote: RemoteFiles) -> None:
    trees = doubling(60, FILE)
    written(remote, trees[1:])
    artifact = Artifact(digest_bytes(trees[-1]), 8, tree=True)
    tally = here.fetch(remote, [artifact])
    outcome = transfer_outcome("r", here.store(remote), tally, here.objects, {"data": artifact}, 0)
    assert [failure.digest for failure in outcome.failed] == [digest_bytes(FILE)]
    assert outcome.failed[0].path.startswith("data/")
    assert here.push(memory(f"{remote}"), [artifact]).failed.keys() == {digest_bytes(tree) for tree in trees}


def test_a_tree_a_thousand_folders_deep_is_brought(here: Side, remote: RemoteFiles) -> None:
    trees = [tree(row("f"))]
    for _ in range(1500):
        trees.append(tree(row("d", "tree", digest_bytes(trees[-1]))))
    written(remote, [FILE, *trees])
    tally = here.fetch(remote, [Artifact(digest_bytes(trees[-1]), 8, tree=True)])
    assert (tally.failed, tally.objects) == ({}, 1502)


def test_a_tree_that_gives_a_file_another_size_than_it_has_brings_no_other_bytes(
    here: Side, remote: RemoteFiles
) -> None:
    lie = tree(row("a", size=10**15))
    written(remote, [FILE, lie])
    here.fetch(remote, [Artifact(digest_bytes(lie), 8, tree=True)])
    assert here.objects.read_blobs([digest_bytes(FILE)]) == [FILE]
    assert here.litter() == []


def test_an_index_that_names_other_bytes_brings_nothing(here: Side, remote: RemoteFiles) -> None:
    from mlops_cli.store.pack import encode_index

    wanted = digest_bytes(b"wanted")
    [(name, data, _)] = build_packs([(digest_bytes(FILE), FILE)])
    remote.write(f"packs/{name}.pack", data)
    remote.write(f"packs/{name}.idx", encode_index({wanted: (8, len(FILE))}))
    tally = here.fetch(remote, [Artifact(wanted, 6)])
    assert tally.failed.keys() == {wanted}
    assert here.objects.missing([wanted]) == {wanted}
    assert here.litter() == []


@pytest.mark.parametrize("place", [(1 << 62, 5), (0, 0), (8, 1 << 63), (3, 13)])
def test_an_index_that_leads_out_of_its_pack_brings_nothing(
    here: Side, remote: RemoteFiles, place: tuple[int, int]
) -> None:
    from mlops_cli.store.pack import encode_index

    wanted = digest_bytes(b"wanted")
    [(name, data, _)] = build_packs([(digest_bytes(FILE), FILE)])
    remote.write(f"packs/{name}.pack", data)
    remote.write(f"packs/{name}.idx", encode_index({wanted: place}))
    tally = here.fetch(remote, [Artifact(wanted, 6)])
    assert tally.failed.keys() == {wanted}
    assert here.litter() == []


def test_a_tally_of_hostile_names_is_no_path(here: Side, remote: RemoteFiles) -> None:
    """The names that a failure is reported by come from trees that were checked."""
    top = tree(row("inside", "tree", digest_bytes(HOSTILE["up"]), 8))
    written(remote, [top, HOSTILE["up"]])
    tally = Tally()
    tally.fail([Digest("b3:" + "0" * 64)], "not there")
    artifact = Artifact(digest_bytes(top), 8, tree=True)
    outcome = transfer_outcome("r", here.store(remote), tally, here.objects, {"d": artifact}, 0)
    assert [failure.path for failure in outcome.failed] == [""]
