from __future__ import annotations

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.memory import MemoryObjects
from mlops_cli.store.placement.forest import Extent, Forest, MissingContentError
from mlops_cli.store.tree import Entry, encode_tree


def put_tree(objects: MemoryObjects, *entries: Entry) -> Digest:
    [digest] = objects.put_blobs([encode_tree(entries)])
    return digest


def put_file(objects: MemoryObjects, name: str, data: bytes = b"x") -> Entry:
    [digest] = objects.put_blobs([data])
    return Entry(name, "file", digest, len(data))


def test_what_a_tree_comes_to_is_added_up() -> None:
    objects = MemoryObjects()
    inner = put_tree(objects, put_file(objects, "a"), Entry("l", "link", "a", 0))
    top = put_tree(
        objects, put_file(objects, "a"), Entry("d", "tree", inner, 1), Entry("e", "tree", inner, 1)
    )
    assert Forest(objects).explore(top) == Extent(files=3, entries=7, depth=2, climb=0)


def test_a_tree_that_repeats_itself_beyond_measure_is_refused_before_anything_is_laid_out() -> None:
    objects = MemoryObjects()
    level = put_tree(objects, put_file(objects, "f"))
    for _ in range(40):
        level = put_tree(objects, Entry("a", "tree", level, 0), Entry("b", "tree", level, 0))
    with pytest.raises(DataError, match="repeat each other"):
        Forest(objects).explore(level)


def test_a_directory_with_many_equal_folders_is_none_of_these() -> None:
    objects = MemoryObjects()
    inner = put_tree(objects, *(put_file(objects, f"f{n}") for n in range(50)))
    top = put_tree(objects, *(Entry(f"d{n}", "tree", inner, 50) for n in range(200)))
    assert Forest(objects).explore(top).files == 10_000


def test_a_tree_that_is_too_deep_is_refused() -> None:
    objects = MemoryObjects()
    level = put_tree(objects)
    for _ in range(3000):
        level = put_tree(objects, Entry("d", "tree", level, 0))
    with pytest.raises(DataError, match="folders inside each other"):
        Forest(objects).explore(level)


@pytest.mark.parametrize("name", [".git", ".GIT", ".mlops"])
def test_a_name_that_git_would_obey_is_refused(name: str) -> None:
    objects = MemoryObjects()
    top = put_tree(objects, put_file(objects, name))
    with pytest.raises(DataError, match="holds the name"):
        Forest(objects).entries(top)


@pytest.mark.parametrize(("one", "other"), [("A", "a"), ("é", "e\u0301"), ("ß", "SS")])
def test_names_that_many_file_systems_take_for_one_are_refused(one: str, other: str) -> None:
    objects = MemoryObjects()
    top = put_tree(objects, put_file(objects, one), put_file(objects, other))
    with pytest.raises(DataError, match="same name"):
        Forest(objects).entries(top)


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/a", "a\0b"])
def test_unsafe_names_are_refused(name: str) -> None:
    objects = MemoryObjects()
    data = b'{"entries":[["%s","file","%s",1]],"schema":1}\n' % (
        name.replace("\0", "\\u0000").encode(),
        digest_bytes(b"").encode(),
    )
    [top] = objects.put_blobs([data])
    with pytest.raises(DataError):
        Forest(objects).entries(top)


@pytest.mark.parametrize(
    ("target", "depth", "stays"),
    [("../a", 0, False), ("../a", 1, True), ("../../a", 1, False), ("x/../../a", 5, False)],
)
def test_a_link_may_climb_only_as_far_as_its_artifact_reaches(target: str, depth: int, stays: bool) -> None:
    objects = MemoryObjects()
    top = put_tree(objects, Entry("l", "link", target, 0))
    forest = Forest(objects)
    forest.explore(top)
    if stays:
        forest.check_inside(top, "d", depth)
    else:
        with pytest.raises(DataError, match="leads out"):
            forest.check_inside(top, "d", depth)


def test_a_link_deep_inside_counts_from_where_it_lies() -> None:
    objects = MemoryObjects()
    inner = put_tree(objects, Entry("l", "link", "../../a", 0))
    top = put_tree(objects, Entry("d", "tree", inner, 0))
    assert Forest(objects).explore(top).climb == 1


def test_a_missing_tree_is_told_from_a_hostile_one() -> None:
    objects = MemoryObjects()
    top = put_tree(objects, Entry("d", "tree", digest_bytes(b"gone"), 0))
    with pytest.raises(MissingContentError, match="not in the store"):
        Forest(objects).explore(top)


def test_an_entry_is_found_by_its_path() -> None:
    objects = MemoryObjects()
    file = put_file(objects, "a")
    inner = put_tree(objects, file)
    top = Artifact(put_tree(objects, Entry("d", "tree", inner, 1)), 1, tree=True)
    forest = Forest(objects)
    assert forest.find(top, "d/a") == file
    assert forest.find(top, "d/b") is None
    assert forest.find(top, "d/a/b") is None


def test_every_tree_is_read_once() -> None:
    objects = MemoryObjects()
    inner = put_tree(objects, put_file(objects, "a"))
    top = put_tree(objects, *(Entry(f"d{n}", "tree", inner, 1) for n in range(5)))
    read: list[Digest] = []
    real = objects.read_blobs
    objects.read_blobs = lambda digests: (read.extend(digests), real(digests))[1]  # type: ignore[method-assign,func-returns-value]
    forest = Forest(objects)
    forest.explore(top)
    forest.explore(top)
    assert sorted(read) == sorted([inner, top])
