from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.store.artifact import Artifact
from mlops_cli.store.closure import closure
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.memory import MemoryObjects
from mlops_cli.store.tree import Entry, encode_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

ONE = digest_bytes(b"one")


class Counting(MemoryObjects):
    """Counts what is read, and in how many batches."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[Digest] = []
        self.batches = 0

    def read_blobs(self, digests: Sequence[Digest]) -> list[bytes]:
        self.read += digests
        self.batches += 1
        return super().read_blobs(digests)


def file(name: str, data: bytes = b"one") -> Entry:
    return Entry(name, "file", digest_bytes(data), len(data))


def folder(objects: MemoryObjects, name: str, *entries: Entry) -> Entry:
    """Put a tree object; return the entry that names it."""
    [digest] = objects.put_blobs([encode_tree(entries)])
    return Entry(name, "tree", digest, sum(entry.size for entry in entries))


def artifact(entry: Entry) -> Artifact:
    return Artifact(Digest(entry.content), entry.size, tree=entry.kind == "tree")


def named_before(trees: Collection[Digest], objects: MemoryObjects) -> bool:
    """Whether every tree comes after those that it names."""
    order = {digest: place for place, digest in enumerate(trees)}
    return all(
        order[digest] > order[inner]
        for digest in trees
        for inner in trees
        if inner != digest and inner.encode() in objects.blobs[digest]
    )


def test_a_file_consists_of_itself() -> None:
    found = closure(MemoryObjects(), [Artifact(ONE, 3)])
    assert (found.trees, found.blobs, found.missing, found.children) == ({}, {ONE: 3}, {}, {})


def test_nothing_consists_of_nothing() -> None:
    found = closure(MemoryObjects(), [])
    assert (found.trees, found.blobs, found.missing) == ({}, {}, {})


def test_a_folder_consists_of_its_files_and_its_trees_those_inside_first() -> None:
    objects = MemoryObjects()
    deep = folder(objects, "deep", file("a"))
    sub = folder(objects, "sub", deep, Entry("run", "exec", digest_bytes(b"x"), 1))
    top = folder(objects, "top", sub, file("b", b"two"), Entry("link", "link", "b", 0))
    found = closure(objects, [artifact(top)])
    assert list(found.trees) == [deep.content, sub.content, top.content]
    assert found.trees == {d: len(objects.blobs[d]) for d in found.trees}
    assert found.blobs == {ONE: 3, digest_bytes(b"x"): 1, digest_bytes(b"two"): 3}
    assert found.missing == {}
    assert found.children == {
        deep.content: {ONE},
        sub.content: {deep.content, digest_bytes(b"x")},
        top.content: {sub.content, digest_bytes(b"two")},
    }


def test_a_tree_that_is_named_by_many_is_read_once() -> None:
    objects = Counting()
    shared = folder(objects, "shared", file("a"))
    tops = [folder(objects, f"{n}", shared, shared._replace(name="twin"), file(f"{n}")) for n in range(5)]
    found = closure(objects, [artifact(top) for top in tops * 2])
    assert sorted(objects.read) == sorted({shared.content, *(top.content for top in tops)})
    assert next(iter(found.trees)) == shared.content


def test_a_tree_that_lies_at_several_depths_comes_before_all_that_name_it() -> None:
    objects = MemoryObjects()
    shared = folder(objects, "shared", file("a"))
    chain = shared
    for n in range(5):
        chain = folder(objects, f"c{n}", chain)
    top = folder(objects, "top", shared, chain)
    for order in ([top, shared], [shared, top], [chain, top, shared]):
        found = closure(objects, [artifact(entry) for entry in order])
        assert named_before(found.trees, objects)
        assert len(found.trees) == 7


def test_a_level_is_read_in_one_batch() -> None:
    objects = Counting()
    top = folder(objects, "top", *[folder(objects, f"{n:03}", file(f"f{n}")) for n in range(100)])
    closure(objects, [artifact(top)])
    assert objects.batches == 2


def test_trees_that_name_each_other_twice_a_level_are_read_once_each() -> None:
    # Walked path by path this would be 2 ** 300 folders.
    objects = Counting()
    entry = folder(objects, "0", file("a"))
    for n in range(300):
        entry = folder(objects, f"{n}", entry._replace(name="left"), entry._replace(name="right", size=0))
    found = closure(objects, [artifact(entry)])
    assert len(found.trees) == len(objects.read) == 301
    assert named_before(list(found.trees)[:40], objects)


def test_missing_trees_are_named_and_the_rest_is_found() -> None:
    objects = MemoryObjects()
    lost, kept = folder(objects, "lost", file("a")), folder(objects, "kept", file("b", b"two"))
    top = folder(objects, "top", lost, kept)
    objects.remove([Digest(lost.content)])
    found = closure(objects, [artifact(top), Artifact(digest_bytes(b"none"), 4)])
    assert found.missing == {lost.content: "it is not in the store"}
    assert list(found.trees) == [kept.content, top.content]
    assert found.blobs == {digest_bytes(b"two"): 3, digest_bytes(b"none"): 4}


def test_a_damaged_tree_is_named_and_the_rest_is_found() -> None:
    objects = MemoryObjects()
    bad, good = folder(objects, "bad", file("a")), folder(objects, "good", file("b", b"two"))
    top = folder(objects, "top", bad, good)
    objects.blobs[Digest(bad.content)] += b" "
    found = closure(objects, [artifact(top)])
    assert found.missing.keys() == {bad.content}
    assert "damaged" in found.missing[Digest(bad.content)]
    assert found.blobs == {digest_bytes(b"two"): 3}


def test_a_file_that_is_named_as_a_tree_is_missing_as_one() -> None:
    objects = MemoryObjects()
    objects.put_blobs([b"one"])
    top = folder(objects, "top", Entry("a", "tree", ONE, 3), file("b"))
    found = closure(objects, [artifact(top)])
    assert found.missing == {ONE: "an object that should be a tree is not one"}
    assert found.blobs == {ONE: 3}


@given(st.lists(st.lists(st.integers(0, 20), max_size=4), min_size=1, max_size=12))
def test_any_trees_come_after_those_that_they_name(layers: list[list[int]]) -> None:
    objects = Counting()
    made: list[Entry] = [folder(objects, "0", file("a"))]
    for layer in layers:
        inner = {made[n % len(made)].content: made[n % len(made)] for n in layer}
        made.append(folder(objects, "x", *[e._replace(name=f"n{at}") for at, e in enumerate(inner.values())]))
    found = closure(objects, [artifact(entry) for entry in made[-2:]])
    assert named_before(found.trees, objects)
    assert len(objects.read) == len(set(objects.read)) == len(found.trees)
