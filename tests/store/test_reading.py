from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_cli.helper.process import Helper
from mlops_cli.store import reading
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.pack import SMALL
from mlops_cli.store.reading import Part, read_parts, read_small

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def parts_of(folder: Path, counts: Sequence[int]) -> list[Part]:
    """Write files into a folder, so many for each part; the name of each is its content."""
    parts = []
    for number, count in enumerate(counts):
        paths = [folder / f"{number}-{index}" for index in range(count)]
        for path in paths:
            path.write_text(path.name)
        parts.append(Part([str(path) for path in paths], sum(len(path.name) for path in paths)))
    return parts


def names(parts: Sequence[Part]) -> list[list[str]]:
    return [[path.rpartition("/")[2] for path in part.paths] for part in parts]


def texts(found: Sequence[Sequence[tuple[int, str, bytes, int]]]) -> list[list[str]]:
    return [[data.decode() for _, _, data, _ in part] for part in found]


class Here:
    """A helper that does in a thread what another process would, and tells what it was asked."""

    asked: list[Sequence[str]]

    def stop(self) -> None:
        pass

    def ask(self, function: Any, paths: Sequence[str], keep: bool) -> Any:
        assert function is read_small
        self.asked.append(paths)
        return read_small(paths, keep)

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    Here.asked = []
    monkeypatch.setattr(reading, "Helper", Here)
    monkeypatch.setattr(reading, "_WORTH_HELPERS", 0)
    return Here.asked


class Counted(Helper):
    """A real helper that is remembered."""

    asked = 0

    def ask(self, function: Any, *arguments: Any, **named: Any) -> Any:
        self.asked += 1
        return super().ask(function, *arguments, **named)

    @property
    def ended(self) -> bool:
        """Whether there was a process, and is none any more."""
        return self._process is not None and self._process.returncode is not None


def watch_helpers(monkeypatch: pytest.MonkeyPatch) -> list[Counted]:
    """Return a list that every helper comes into."""
    helpers: list[Counted] = []

    def make() -> Counted:
        helpers.append(Counted())
        return helpers[-1]

    monkeypatch.setattr(reading, "Helper", make)
    return helpers


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(0, 4), max_size=25))
def test_parts_come_in_their_order_whoever_read_them(
    counts: list[int], tmp_path: Path, here: list[Sequence[str]]
) -> None:
    here.clear()
    parts = parts_of(tmp_path, counts)
    found = list(read_parts(parts, keep=True))
    assert texts(found) == names(parts)
    assert all(digest_bytes(data) == digest for part in found for _, digest, data, _ in part)
    assert len(here) <= len(parts) * 6 // 7 + 1, "the rest is read by whoever asks"


def test_real_helpers_read_most_of_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_WORTH_HELPERS", 10)
    parts = parts_of(tmp_path, [5] * 20)
    helpers = watch_helpers(monkeypatch)
    assert texts(list(read_parts(parts, keep=True))) == names(parts)
    assert [helper.asked for helper in helpers] == [6, 6, 5]
    assert all(helper.ended for helper in helpers)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read")]


def test_few_files_are_read_by_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(reading, "Helper")
    parts = parts_of(tmp_path, [3, 3])
    assert texts(list(read_parts(parts, keep=True))) == names(parts)


def test_bytes_that_take_longer_to_pass_on_than_to_read_stay_here(
    tmp_path: Path, here: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = parts_of(tmp_path, [4] * 14)
    monkeypatch.setattr(reading, "_MOST_BYTES", 4)
    assert texts(list(read_parts(parts, keep=True))) == names(parts)
    assert here == []
    found = list(read_parts(parts, keep=False))
    assert len(here) == 12
    assert {data for part in found for _, _, data, _ in part} == {b""}
    assert [[size for *_, size in part] for part in found] == [
        [len(n) for n in part] for part in names(parts)
    ]


@pytest.mark.parametrize("lost", [0, 5, 13])
def test_a_file_that_vanished_is_named_wherever_it_was_to_be_read(
    tmp_path: Path, lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_WORTH_HELPERS", 0)
    parts = parts_of(tmp_path, [2] * 14)
    gone = tmp_path / f"{lost}-1"
    gone.unlink()
    with pytest.raises(FileNotFoundError) as error:
        list(read_parts(parts, keep=True))
    assert error.value.filename == str(gone)


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as error:
        read_small([str(tmp_path)], False)
    assert error.value.filename == str(tmp_path)


def test_of_a_file_that_has_grown_no_more_is_read_than_a_small_object_holds(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (SMALL + 5))
    [(_, _, data, size)] = read_small([str(tmp_path / "a")], True)
    assert len(data) == size == SMALL


def test_whoever_stops_in_the_middle_leaves_no_helper_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_WORTH_HELPERS", 0)
    helpers = watch_helpers(monkeypatch)
    reads = read_parts(parts_of(tmp_path, [3] * 21), keep=True)
    next(reads)
    next(reads)
    reads.close()  # type: ignore[attr-defined] # a generator
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read")]
    assert len(helpers) == 3
    assert all(helper._process is None or helper.ended for helper in helpers), "or was not begun yet"


def test_where_no_thread_can_be_started_all_is_read_by_whoever_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_WORTH_HELPERS", 0)
    parts = parts_of(tmp_path, [3] * 21)

    def full(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", full)
    assert texts(list(read_parts(parts, keep=True))) == names(parts)
