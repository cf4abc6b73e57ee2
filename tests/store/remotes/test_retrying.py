from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.remotes.folder import FolderFiles
from mlops_cli.store.remotes.port import NotThere, RemoteError
from mlops_cli.store.remotes.retrying import PAUSES, RetryingFiles
from tests.support.faulty_files import PASSING, Fault, FaultyFiles, Killed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "packs/a.pack"
DATA = b"0123456789" * 100


class Chunks:
    """Chunks that can be had again."""

    def __iter__(self) -> Iterator[bytes]:
        yield DATA[:300]
        yield DATA[300:]


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def folder(tmp_path: Path) -> FolderFiles:
    files = FolderFiles(str(tmp_path / "remote"))
    files.write(NAME, DATA)
    return files


def patient(files: FaultyFiles, pauses: list[float]) -> RetryingFiles:
    return RetryingFiles(files, sleep=pauses.append)


@pytest.mark.parametrize("fault", ["unavailable", "reset", "truncated", "lost answer"])
def test_a_read_that_fails_for_a_moment_is_tried_again(
    folder: FolderFiles, pauses: list[float], fault: Fault
) -> None:
    faulty = FaultyFiles(folder, faults={0: fault, 1: fault})
    assert patient(faulty, pauses).read(NAME, 100, 50) == DATA[100:150]
    assert faulty.requests == 3
    assert len(pauses) == 2


@pytest.mark.parametrize("fault", PASSING)
def test_every_request_survives_every_passing_fault(
    folder: FolderFiles, pauses: list[float], fault: Fault
) -> None:
    for number in range(6):
        files = patient(FaultyFiles(folder, faults={number: fault}), pauses)
        files.write("a", b"1")
        files.upload("b", Chunks(), len(DATA))
        assert files.create("c", b"3")
        assert set(files.list()) == {NAME, "a", "b", "c"}
        assert files.read("b") == DATA
        files.remove(["a", "b", "c"])
        assert set(folder.list()) == {NAME}


def test_pauses_grow_and_are_not_the_same_for_everybody(folder: FolderFiles) -> None:
    seen = []
    for _ in range(20):
        pauses: list[float] = []
        with pytest.raises(RemoteError):
            patient(FaultyFiles(folder, rate=1, kinds=("unavailable",)), pauses).read(NAME)
        seen.append(tuple(pauses))
        assert all(0.5 * most <= pause <= most for pause, most in zip(pauses, PAUSES, strict=True))
    assert len(set(seen)) == 20
    assert all(later > 2 * earlier for earlier, later in pairwise(PAUSES[:-1]))


@pytest.mark.parametrize("fault", ["unavailable", "reset", "truncated"])
def test_what_does_not_pass_is_an_error_of_the_remote_in_the_end(
    folder: FolderFiles, pauses: list[float], fault: Fault
) -> None:
    faulty = FaultyFiles(folder, rate=1, kinds=(fault,))
    with pytest.raises(RemoteError) as raised:
        patient(faulty, pauses).read(NAME, 0, 100)
    assert raised.value.transient
    assert faulty.requests == len(PAUSES) + 1


def test_what_cannot_succeed_is_not_tried_again(folder: FolderFiles, pauses: list[float]) -> None:
    with pytest.raises(NotThere):
        patient(FaultyFiles(folder), pauses).read("nothing")
    with pytest.raises(RemoteError):
        patient(FaultyFiles(folder), pauses).upload("a", [b"1"], 2)
    assert pauses == []


@pytest.mark.parametrize("fault", ["unavailable", "reset"])
def test_chunks_that_nobody_took_yet_can_be_sent_after_all(
    folder: FolderFiles, pauses: list[float], fault: Fault
) -> None:
    patient(FaultyFiles(folder, faults={0: fault}), pauses).upload("a", iter([b"1", b"2"]), 2)
    assert folder.read("a") == b"12"


def test_chunks_that_are_gone_are_not_sent_again(folder: FolderFiles, pauses: list[float]) -> None:
    with pytest.raises(ConnectionResetError):
        patient(FaultyFiles(folder, faults={0: "truncated"}), pauses).upload("a", iter(Chunks()), len(DATA))
    assert set(folder.list()) == {NAME}
    assert pauses == []


def test_chunks_that_can_be_had_again_are_sent_again(folder: FolderFiles, pauses: list[float]) -> None:
    patient(FaultyFiles(folder, faults={0: "truncated", 1: "lost answer"}), pauses).upload(
        "a", Chunks(), len(DATA)
    )
    assert folder.read("a") == DATA


def test_a_name_that_another_created_meanwhile_is_not_taken_for_ones_own(
    folder: FolderFiles, pauses: list[float]
) -> None:
    folder.write("lock", b"another")
    faulty = FaultyFiles(folder, faults={0: "reset"})
    assert not patient(faulty, pauses).create("lock", b"mine")


def test_a_kill_is_not_an_error_of_the_remote(folder: FolderFiles, pauses: list[float]) -> None:
    faulty = FaultyFiles(folder, kill_at=1)
    files = patient(faulty, pauses)
    files.write("a", b"1")
    for _ in range(2):
        with pytest.raises(Killed):
            files.upload("b", Chunks(), len(DATA))
    assert faulty.requests == 3
    assert set(folder.list()) == {NAME, "a"}


def test_a_kill_may_come_when_the_request_is_done(folder: FolderFiles, pauses: list[float]) -> None:
    files = patient(FaultyFiles(folder, kill_at=0, kill_done=True), pauses)
    with pytest.raises(Killed):
        files.write("a", b"1")
    assert folder.read("a") == b"1"
    with pytest.raises(Killed):
        files.write("b", b"1")
    assert "b" not in folder.list()


def test_chance_is_decided_by_the_seed_and_the_number_of_the_request(folder: FolderFiles) -> None:
    def met(seed: int) -> list[tuple[int, Fault]]:
        faulty = FaultyFiles(folder, rate=0.3, kinds=("truncated", "wrong bytes"), seed=seed)
        for _ in range(100):
            faulty.read(NAME)
        return faulty.met

    assert met(1) == met(1) != met(2)
    assert 10 < len(met(1)) < 60


def test_a_listing_can_lie(folder: FolderFiles) -> None:
    faulty = FaultyFiles(folder, leave_out=lambda name: name == NAME, invent={"packs/b.pack": 7, "x": 1})
    assert faulty.list("packs") == {"packs/b.pack": 7}
