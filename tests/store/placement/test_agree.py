from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.placement.agree import Placed, make_agree
from mlops_cli.store.placement.difference import Loss, Wanted, compare, find_losses, top_entry
from mlops_cli.store.placement.forest import Forest, MissingContentError
from mlops_cli.store.save import save
from mlops_cli.store.stat_cache import StatCache
from mlops_cli.store.tree import Entry, encode_tree
from mlops_cli.store.workspace import Workspace
from tests.support.files import later, write, write_all
from tests.support.trees import Node, contents, folders, lay_out, read_back

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.placement.difference import Difference


class Place:
    """A project's folder, and a store beside it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir(parents=True)
        self.temporary = folder / "store/tmp"
        self.temporary.mkdir(parents=True)
        self.objects = FolderObjects(folder / "store", self.temporary)
        self.data = self.root / "data"
        self.count = 0

    def workspace(self) -> Workspace:
        return Workspace(self.root, StatCache(None))

    def save(self, path: str = "data") -> Artifact:
        return save(self.workspace(), self.objects, [path])[path]

    def compare(self, artifact: Artifact, path: str = "data") -> Difference:
        wanted = Wanted(path, top_entry(artifact))
        difference = compare(self.workspace(), self.objects, Forest(self.objects), wanted)
        find_losses(self.objects, [difference])
        return difference

    def agree(self, artifact: Artifact, path: str = "data", *, force: bool = False) -> Placed:
        self.count += 1
        workspace, forest = self.workspace(), Forest(self.objects)
        difference = compare(workspace, self.objects, forest, Wanted(path, top_entry(artifact)))
        temporary = f"{self.temporary}/{self.count}"
        return make_agree(workspace, self.objects, forest, difference, temporary, force=force)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def tree_of(place: Place, *entries: Entry) -> Artifact:
    [digest] = place.objects.put_blobs([encode_tree(entries)])
    return Artifact(digest, sum(e.size for e in entries), tree=True)


# Laws ---------------------------------------------------------------------------------------------------------------


@hypothesis_settings(max_examples=60)
@given(tree=folders)
def test_what_was_saved_comes_back_to_the_last_byte_mode_link_and_empty_folder(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Node]
) -> None:
    place = Place(tmp_path_factory.mktemp("place"))
    lay_out(place.data, tree)
    artifact = place.save()
    shutil.rmtree(place.data)
    place.agree(artifact)
    assert read_back(place.data) == tree
    assert place.compare(artifact).empty


@hypothesis_settings(max_examples=80)
@given(tree=folders, edited=folders)
def test_by_force_whatever_lies_there_becomes_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Node], edited: dict[str, Node]
) -> None:
    place = Place(tmp_path_factory.mktemp("place"))
    lay_out(place.data, tree)
    artifact = place.save()
    lay_out(place.data, edited)
    place.agree(artifact, force=True)
    assert read_back(place.data) == tree


@hypothesis_settings(max_examples=80)
@given(tree=folders, edited=folders)
def test_what_is_not_named_as_a_loss_is_still_here_or_in_the_store(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Node], edited: dict[str, Node]
) -> None:
    place = Place(tmp_path_factory.mktemp("place"))
    lay_out(place.data, tree)
    artifact = place.save()
    lay_out(place.data, edited)
    named = {loss.path for loss in place.compare(artifact).losses}
    lost = {(place.root / path).read_bytes() for path in named if (place.root / path).is_file()}
    before = contents(edited)
    place.agree(artifact, force=True)
    gone = before - contents(read_back(place.data)) - lost
    assert not place.objects.missing({digest_bytes(data) for data in gone})


@hypothesis_settings(max_examples=40)
@given(tree=folders, edited=folders)
def test_where_everything_was_saved_nothing_is_a_loss(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Node], edited: dict[str, Node]
) -> None:
    place = Place(tmp_path_factory.mktemp("place"))
    lay_out(place.data, tree)
    artifact = place.save()
    lay_out(place.data, edited)
    place.save()
    assert place.compare(artifact).losses == []
    place.agree(artifact)
    assert read_back(place.data) == tree


# Only what differs --------------------------------------------------------------------------------------------------


def test_a_file_that_agrees_is_not_touched(place: Place) -> None:
    write_all(place.data, {"a": "1", "b/c": "2", "b/d": "3"})
    artifact = place.save()
    (place.data / "b/c").unlink()
    before = [os.stat(place.data / name) for name in ("a", "b/d")]
    assert place.agree(artifact) == Placed(1, 1, 0)
    assert [os.stat(place.data / name) for name in ("a", "b/d")] == before


def test_trees_of_folders_that_agree_are_not_opened(place: Place) -> None:
    write_all(place.data, {"same/deep/a": "1", "other/b": "2"})
    artifact = place.save()
    write(place.data / "other/b", "3")
    opened: list[Digest] = []
    real = place.objects.read_blobs
    place.objects.read_blobs = lambda digests: (opened.extend(digests), real(digests))[1]  # type: ignore[method-assign,func-returns-value]
    place.compare(artifact)
    assert len(opened) == 2


def test_what_was_built_needs_no_reading_afterwards(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(place.data, {f"{n}": f"{n}" for n in range(40)})
    artifact = place.save()
    shutil.rmtree(place.data)
    cache = StatCache(None)
    workspace, forest = Workspace(place.root, cache), Forest(place.objects)
    difference = compare(workspace, place.objects, forest, Wanted("data", top_entry(artifact)))
    make_agree(workspace, place.objects, forest, difference, f"{place.temporary}/x")
    read: list[str] = []
    real = os.open

    def watched(path: str, *rest: int, **more: int) -> int:
        read.append(str(path))
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", watched)
    later(monkeypatch)
    assert Workspace(place.root, cache).artifact("data") == artifact
    assert [path for path in read if "/data/" in path] == []


def test_a_bit_that_differs_is_put_right_and_is_no_loss(place: Place) -> None:
    write(place.data / "tool", "#!", executable=True)
    artifact = place.save()
    (place.data / "tool").chmod(0o644)
    assert place.compare(artifact).losses == []
    place.agree(artifact)
    assert os.access(place.data / "tool", os.X_OK)


# Losses -------------------------------------------------------------------------------------------------------------


def test_a_changed_file_and_a_new_one_are_losses_with_their_sizes(place: Place) -> None:
    write_all(place.data, {"a": "1", "b": "2"})
    artifact = place.save()
    write_all(place.data, {"a": "changed", "new/deep": "x" * 10})
    assert place.compare(artifact).losses == [Loss("data/a", 7), Loss("data/new/deep", 10)]


def test_a_file_that_is_not_in_the_record_but_in_the_store_goes_without_a_word(place: Place) -> None:
    write_all(place.data, {"a": "1"})
    artifact = place.save()
    write_all(place.data, {"more": "2"})
    place.save()
    assert place.compare(artifact).losses == []
    place.agree(artifact)
    assert read_back(place.data) == {"a": b"1"}


def test_a_link_that_no_stored_folder_holds_is_a_loss(place: Place) -> None:
    write_all(place.data, {"a": "1"})
    artifact = place.save()
    os.symlink("a", place.data / "l")
    assert place.compare(artifact).losses == [Loss("data/l", 0)]


def test_what_a_look_passes_over_is_a_loss_when_its_folder_goes(place: Place) -> None:
    write_all(place.data, {"a": "1"})
    artifact = place.save()
    write_all(place.data, {"old/.git/config": "mine", "old/__pycache__/x": ""})
    assert [loss.path for loss in place.compare(artifact).losses] == ["data/old/.git"]
    with pytest.raises(DataError, match=r"data/old/\.git"):
        place.agree(artifact)
    assert (place.data / "old/.git/config").read_text() == "mine"
    place.agree(artifact, force=True)
    assert read_back(place.data) == {"a": b"1"}


def test_litter_goes_with_its_folder(place: Place) -> None:
    write_all(place.data, {"a": "1"})
    artifact = place.save()
    write_all(place.data, {"old/.DS_Store": "x"})
    assert place.compare(artifact).losses == []
    place.agree(artifact)
    assert read_back(place.data) == {"a": b"1"}


def test_a_file_that_changes_after_the_look_is_left_alone(place: Place) -> None:
    write_all(place.data, {"a": "1"})
    artifact = place.save()
    write(place.data / "a", "2")
    place.save()
    workspace, forest = place.workspace(), Forest(place.objects)
    difference = compare(workspace, place.objects, forest, Wanted("data", top_entry(artifact)))
    write(place.data / "a", "precious")
    with pytest.raises(DataError, match="changed since"):
        make_agree(workspace, place.objects, forest, difference, f"{place.temporary}/x")
    assert (place.data / "a").read_text() == "precious"


def test_a_file_in_the_place_of_a_folder_and_the_other_way_round(place: Place) -> None:
    write_all(place.data, {"a/b": "1", "c": "2"})
    artifact = place.save()
    shutil.rmtree(place.data)
    write_all(place.data, {"a": "1", "c/d": "2"})
    assert place.compare(artifact).losses == []
    place.agree(artifact)
    assert read_back(place.data) == {"a": {"b": b"1"}, "c": b"2"}


# What comes from elsewhere --------------------------------------------------------------------------------------------


def test_a_link_that_leads_out_is_refused_before_anything_is_written(place: Place) -> None:
    evil = tree_of(place, Entry("l", "link", "../../etc", 0))
    with pytest.raises(DataError, match="leads out"):
        place.agree(evil)
    assert not place.data.exists()


def test_a_link_that_leads_out_is_refused_in_a_directory_that_is_there(place: Place) -> None:
    write(place.data / "a", "1")
    place.save()
    evil = tree_of(place, Entry("l", "link", "../outside", 0))
    with pytest.raises(DataError, match="leads out"):
        place.agree(evil)
    assert read_back(place.data) == {"a": b"1"}


def test_a_link_in_a_folder_of_the_directory_may_lead_back_into_it(place: Place) -> None:
    write_all(place.data, {"a": "1", "d/x": "2"})
    os.symlink("../a", place.data / "d/l")
    artifact = place.save()
    shutil.rmtree(place.data / "d")
    place.agree(artifact)
    assert read_back(place.data) == {"a": b"1", "d": {"x": b"2", "l": "../a"}}


def test_a_path_behind_a_link_out_of_the_project_is_refused(place: Place, tmp_path: Path) -> None:
    write(place.root / "d/f", "1")
    artifact = place.save("d/f")
    shutil.rmtree(place.root / "d")
    (tmp_path / "outside").mkdir()
    os.symlink(tmp_path / "outside", place.root / "d")
    with pytest.raises(DataError, match="leads out of the project"):
        place.agree(artifact, "d/f")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_tree_that_explodes_is_refused_before_anything_is_written(place: Place) -> None:
    [digest] = place.objects.put_blobs([b"x"])
    level = tree_of(place, Entry("f", "file", digest, 1))
    for _ in range(30):
        level = tree_of(place, *(Entry(name, "tree", level.digest, 1) for name in "ab"))
    with pytest.raises(DataError, match="repeat each other"):
        place.agree(level)
    assert not place.data.exists()
    assert list(place.temporary.iterdir()) == []


def test_missing_content_is_told_from_everything_else(place: Place) -> None:
    gone = Artifact(digest_bytes(b"gone"), 1, tree=True)
    with pytest.raises(MissingContentError):
        place.compare(gone)
    file = place.compare(Artifact(digest_bytes(b"gone too"), 1))
    assert file.needed == {digest_bytes(b"gone too")}


def test_damaged_content_is_never_placed_and_nothing_goes_for_it(place: Place) -> None:
    write(place.data / "a", b"x" * 100_000)
    artifact = place.save()
    write(place.data / "a", "other")
    place.save()
    [stored] = [
        p
        for p in (place.temporary.parent / "objects").rglob("*")
        if p.is_file() and p.stat().st_size > 99_999
    ]
    stored.chmod(0o644)
    stored.write_bytes(b"y" + b"x" * 99_999)
    with pytest.raises(DataError, match="damaged"):
        place.agree(artifact)
    assert (place.data / "a").read_text() == "other"


# In part -------------------------------------------------------------------------------------------------------------


def without(place: Place, artifact: Artifact, *lacking: bytes) -> Difference:
    wanted = Wanted("data", top_entry(artifact))
    absent = {digest_bytes(data) for data in lacking}
    difference = compare(place.workspace(), place.objects, Forest(place.objects), wanted, without=absent)
    find_losses(place.objects, [difference])
    return difference


def test_without_some_content_everything_else_is_built_folder_by_folder(place: Place) -> None:
    write_all(place.data, {"a": "1", "sub/b": "22", "sub/deep/c": "333", "whole/d": "4"})
    os.symlink("b", place.data / "sub/link")
    artifact = place.save()
    shutil.rmtree(place.data)
    difference = without(place, artifact, b"22")
    assert difference.lacking == ["data/sub/b"]
    assert difference.only_adds
    assert digest_bytes(b"22") not in difference.needed
    placed = make_agree(
        place.workspace(), place.objects, Forest(place.objects), difference, f"{place.temporary}/part"
    )
    assert placed == Placed(3, 5, 0)
    there = {str(p.relative_to(place.data)) for p in place.data.rglob("*")}
    assert there == {"a", "sub", "sub/deep", "sub/deep/c", "sub/link", "whole", "whole/d"}
    assert without(place, artifact, b"22").empty


def test_what_would_mix_versions_does_not_only_add(place: Place) -> None:
    write_all(place.data, {"a": "1", "b": "2"})
    artifact = place.save()
    write(place.data / "a", "other")
    (place.data / "b").unlink()
    assert not without(place, artifact, b"2").only_adds
    (place.data / "a").unlink()
    write(place.data / "more", "x")
    assert not without(place, artifact, b"2").only_adds
