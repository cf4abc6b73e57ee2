"""Content from elsewhere: what is in the store is what came, whole, or nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.errors import DataError, FileError
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.remotes.port import RemoteError
from mlops_cli.store.remotes.source import Fact, Seen
from mlops_cli.store.take_in import Item, Taken, assemble, take_in
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.store.tree import Entry, decode_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGE = bytes(range(256)) * 1000


class Scripted:
    """A source that sends what a test says, and breaks where the test says."""

    def __init__(self, files: dict[str, bytes], broken: str = "") -> None:
        self.files = files
        self.broken = broken

    def look(self) -> Seen:
        return Seen(True, {name: Fact(len(data), "e") for name, data in self.files.items()})

    def chunks(self, name: str, fact: Fact) -> Iterator[bytes]:  # noqa: ARG002 - the shape of a source
        data = self.files[name]
        for start in range(0, len(data), 30_000):
            if name == self.broken and start > len(data) // 2:
                raise RemoteError("the line broke")
            yield data[start : start + 30_000]


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    (tmp_path / "tmp").mkdir()
    return FolderObjects(tmp_path, tmp_path / "tmp")


def items(source: Scripted, **changes: Any) -> list[Item]:
    return [Item("g", source, name, fact)._replace(**changes) for name, fact in source.look().files.items()]


def test_what_comes_is_in_the_store_under_its_digest_small_and_large(
    objects: FolderObjects, tmp_path: Path
) -> None:
    source = Scripted({"large": LARGE, "empty": b""} | {f"{n}": b"%d" % n for n in range(50)})
    tally = Tally()
    found = {item.name: taken for item, taken in take_in(objects, items(source), tally, 4)}
    for name, data in source.files.items():
        taken = found[name]
        assert isinstance(taken, Taken)
        assert (taken.digest, taken.size) == (digest_bytes(data), len(data))
        assert objects.read_blobs([taken.digest]) == [data]
    assert (tally.objects, tally.bytes) == (52, sum(map(len, source.files.values())))
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        (Scripted({"x": LARGE}, broken="x"), {}),
        (Scripted({"x": LARGE}), {"fact": Fact(len(LARGE) + 1)}),
        (Scripted({"x": LARGE}), {"expect": digest_bytes(b"other")}),
        (Scripted({"x": b"small"}), {"expect": digest_bytes(b"other")}),
        (Scripted({"x": b"small"}), {"fact": Fact(4)}),
    ],
    ids=[
        "broken off",
        "shorter than announced",
        "other than pinned",
        "small, other than pinned",
        "longer than announced",
    ],
)
def test_what_is_not_what_was_asked_for_leaves_nothing(
    source: Scripted, changes: dict[str, object], objects: FolderObjects, tmp_path: Path
) -> None:
    ((_, taken),) = take_in(objects, items(source, **changes), Tally(), 2)
    assert isinstance(taken, DataError)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_files_make_up_the_directory_that_a_look_at_them_finds(
    tmp_path: Path, objects: FolderObjects
) -> None:
    from mlops_cli.store.save import save
    from mlops_cli.store.stat_cache import StatCache
    from mlops_cli.store.workspace import Workspace
    from tests.support.files import write_all

    files = {"a": b"1", "b/c/d": b"22", "b/e": b"333", "z/z": b""}
    write_all(tmp_path / "work/data", files)
    workspace = Workspace(tmp_path / "work", StatCache(None))
    entries = {name: Entry("", "file", digest_bytes(data), len(data)) for name, data in files.items()}
    trees: dict[str, bytes] = {}

    def keep(data: bytes) -> str:
        trees[digest_bytes(data)] = data
        return digest_bytes(data)

    built = assemble(entries, keep)  # type: ignore[arg-type]
    assert built == save(workspace, objects, ["data"])["data"]
    assert [entry.name for entry in decode_tree(trees[built.digest])] == ["a", "b", "z"]


def test_names_that_differ_only_in_case_are_refused() -> None:
    entry = Entry("", "file", digest_bytes(b"1"), 1)
    with pytest.raises(FileError):
        assemble({"d/A": entry, "d/a": entry}, digest_bytes)
