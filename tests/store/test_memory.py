"""What only the twin in memory promises; what it shares with every store stands in test_objects.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.memory import MemoryObjects
from tests.support.files import listing, write

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_is_written_to_the_disk(tmp_path: Path) -> None:
    store = MemoryObjects()
    store.put_files([str(write(tmp_path / "file", "one"))])
    store.put_blobs([b"two"])
    assert listing(tmp_path) == {"file": b"one"}


def test_two_stores_know_nothing_of_each_other() -> None:
    [digest] = MemoryObjects().put_blobs([b"one"])
    assert MemoryObjects().missing([digest]) == {digest}


def test_what_is_taken_in_is_there_at_once() -> None:
    store = MemoryObjects()
    digest = digest_bytes(b"one")
    with store.intake() as intake:
        intake.keep([(digest, b"one")])
        assert store.missing([digest]) == set()
