from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.remotes.check import Findings, check_remote
from mlops_cli.store.remotes.folder import FolderFiles
from mlops_cli.store.remotes.retrying import RetryingFiles
from tests.support.faulty_files import FaultyFiles
from tests.support.remote_suite import WRITABLE, make_place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> FolderFiles:
    return FolderFiles(str(tmp_path / "remote"))


def failed(found: Findings) -> list[str]:
    return [step.name for step in found.steps if not step.ok]


@pytest.mark.parametrize("kind", WRITABLE)
def test_every_kind_of_remote_passes_and_is_left_empty(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path, home_folder: Path
) -> None:
    files = make_place(kind, request, tmp_path, home_folder).open()
    found = check_remote(files)
    assert failed(found) == []
    assert found.ok
    assert not found.read_only
    assert found.create_only is (kind != "memory")
    assert found.latency is not None
    assert files.list() == {}


def test_no_empty_folder_is_left_and_no_folder_with_files_is_touched(tmp_path: Path) -> None:
    files = FolderFiles(str(tmp_path / "remote"))
    check_remote(files)
    assert not (tmp_path / "remote/probe").exists()
    files.write("probe/of-another", b"at work")
    assert check_remote(files).ok
    assert files.list() == {"probe/of-another": 7}


@pytest.mark.parametrize("kind", WRITABLE)
def test_every_kind_of_remote_removes_a_folder_only_when_it_is_empty(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path, home_folder: Path
) -> None:
    files = make_place(kind, request, tmp_path, home_folder).open()
    files.remove_folder("probe")  # there is none
    files.write("probe/a", b"a")
    files.remove_folder("probe")
    assert files.list() == {"probe/a": 1}
    files.remove(["probe/a"])
    files.remove_folder("probe")
    files.write("probe/b", b"b")
    assert files.list() == {"probe/b": 1}


def test_a_plain_web_server_is_for_reading_only(
    request: pytest.FixtureRequest, tmp_path: Path, home_folder: Path
) -> None:
    place = make_place("http", request, tmp_path, home_folder)
    empty = check_remote(place.open())
    assert empty.ok
    assert empty.read_only
    assert "nothing was pushed" in empty.steps[1].detail
    filled = check_remote(place.filled({"packs/a.pack": bytes(100)}))
    assert filled.ok
    assert [step.name for step in filled.steps] == ["write", "list", "ranged read"]


def test_latency_is_the_median_of_some_reads(folder: FolderFiles) -> None:
    times = iter([0, 5, 10, 11, 20, 29, 30, 33, 40, 42])
    assert check_remote(folder, lambda: next(times)).latency == 3


def test_a_remote_that_changes_bytes_cannot_be_used(folder: FolderFiles) -> None:
    found = check_remote(FaultyFiles(folder, faults={1: "wrong bytes"}))
    assert failed(found) == ["read"]


def test_a_remote_that_ignores_ranges_cannot_be_used(folder: FolderFiles) -> None:
    class Whole(FolderFiles):
        def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
            return super().read(name, start * 0, length)

    assert failed(check_remote(Whole(folder._root))) == ["ranged read"]


def test_a_remote_that_lists_late_cannot_be_used(folder: FolderFiles) -> None:
    found = check_remote(FaultyFiles(folder, leave_out=lambda _: True))
    assert failed(found) == ["list"]


def test_a_remote_that_shows_what_was_removed_cannot_be_used(folder: FolderFiles) -> None:
    class Keeps(FolderFiles):
        def remove(self, names: Iterable[str]) -> None:
            pass

    assert failed(check_remote(Keeps(folder._root))) == ["delete"]


def test_a_remote_that_writes_over_a_name_that_should_be_free_is_said_so(folder: FolderFiles) -> None:
    class Over(FolderFiles):
        def create(self, name: str, data: bytes) -> bool:
            self.write(name, data)
            return True

    found = check_remote(Over(folder._root))
    assert found.ok
    assert found.create_only is False


def test_whatever_fails_it_is_found_and_the_probe_is_gone(folder: FolderFiles) -> None:
    whole = FaultyFiles(folder)
    check_remote(whole)
    for number in range(whole.requests - 1):  # the last request tidies up what is gone already
        assert not check_remote(FaultyFiles(folder, faults={number: "unavailable"})).ok, number
        assert folder.list() == {}


def test_what_fails_for_a_moment_is_no_finding(folder: FolderFiles) -> None:
    for number in range(20):
        faulty = FaultyFiles(folder, faults={number: "reset"})
        assert check_remote(RetryingFiles(faulty, (0.0,))).ok
