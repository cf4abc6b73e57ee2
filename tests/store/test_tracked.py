from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.project import data_record_path
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.tracked import (
    DataRecord,
    dump_data_record,
    holder,
    load_data_record,
    overlapping,
    read_data_records,
)
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

digests = st.binary(max_size=4).map(digest_bytes)
parts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0\n\r"), min_size=1, max_size=5
)
plain_paths = st.lists(parts.filter(lambda p: p not in (".", "..")), min_size=1, max_size=3).map("/".join)
records = st.builds(
    lambda path, digest, size, tree, files, source: DataRecord(
        path, Artifact(digest, size, tree=tree), files if tree else 1, source
    ),
    plain_paths,
    digests,
    st.integers(0, 2**60),
    st.booleans(),
    st.integers(0, 10**6),
    st.none() | st.just({"url": "s3://bucket/key", "etag": "abc", "size": 3}),
)


def put(root: Path, record: DataRecord) -> None:
    write(root / data_record_path(record.path), dump_data_record(record))


@given(records)
def test_a_record_is_read_back_as_it_was_written(record: DataRecord) -> None:
    assert load_data_record(dump_data_record(record), data_record_path(record.path)) == record


def test_a_hidden_path_has_a_record_like_any_other(tmp_path: Path) -> None:
    for path in (".hidden", "a/..b", ".c/.d.json"):
        put(tmp_path, DataRecord(path, Artifact(digest_bytes(b"x"), 1)))
    assert sorted(read_data_records(tmp_path)) == [".c/.d.json", ".hidden", "a/..b"]


@pytest.mark.parametrize(
    "path", [".git/hooks/post-checkout", "sub/.GIT/config", ".mlops/config.yaml", "a\nb", "a\r"]
)
def test_a_record_for_a_path_that_nobody_may_track_is_refused(path: str) -> None:
    data = dump_data_record(DataRecord(path, Artifact(digest_bytes(b"x"), 1)))
    with pytest.raises(FileError):
        load_data_record(data, data_record_path(path))


def test_flags_stand_only_where_they_say_something() -> None:
    plain = dump_data_record(DataRecord("a", Artifact(digest_bytes(b""), 0))).decode()
    assert not [word for word in ("tree", "executable", "files", "source") if word in plain]


def test_the_bytes_of_a_record_are_pinned() -> None:
    record = DataRecord("data/raw.csv", Artifact(digest_bytes(b"x"), 1, executable=True))
    assert dump_data_record(record) == (
        b'{\n  "digest": "%s",\n  "executable": true,\n  "path": "data/raw.csv",\n  "schema": 1,\n  "size": 1\n}\n'
        % record.artifact.digest.encode()
    )


def test_all_records_are_found_sorted_by_path(tmp_path: Path) -> None:
    for path in ("b/c", "a", "b/c.json", "b"):
        put(tmp_path, DataRecord(path, Artifact(digest_bytes(path.encode()), 1)))
    assert list(read_data_records(tmp_path)) == ["a", "b", "b/c", "b/c.json"]


def test_without_records_there_are_none(tmp_path: Path) -> None:
    assert read_data_records(tmp_path) == {}


def test_an_empty_file_that_a_power_cut_left_is_no_record(tmp_path: Path) -> None:
    write(tmp_path / ".mlops/data/a.json", b"")
    assert read_data_records(tmp_path) == {}


@pytest.mark.parametrize("path", ["../a", "/a", "a/../b", "a//b", "", ".", "a/", "a\0b"])
def test_a_record_that_names_a_path_outside_its_place_is_refused(path: str) -> None:
    record = DataRecord(path, Artifact(digest_bytes(b""), 0))
    with pytest.raises(FileError, match="does not stand for"):
        load_data_record(dump_data_record(record), data_record_path(path))


def test_a_record_must_lie_where_its_path_says() -> None:
    data = dump_data_record(DataRecord("a", Artifact(digest_bytes(b""), 0)))
    with pytest.raises(FileError, match="does not stand for"):
        load_data_record(data, data_record_path("b"))


@pytest.mark.parametrize(
    "text",
    [
        '{"schema": 1, "path": "a"}',
        '{"schema": 1, "path": "a", "digest": "b3:12", "size": 1}',
        '{"schema": 2, "path": "a"}',
        "[]",
        "{",
    ],
)
def test_a_damaged_record_is_named_with_how_to_bring_it_back(text: str, tmp_path: Path) -> None:
    write(tmp_path / ".mlops/data/a.json", text)
    with pytest.raises(FileError, match=r"\.mlops/data/a\.json") as caught:
        read_data_records(tmp_path)
    assert caught.value.hint


def test_every_byte_of_a_record_that_changes_is_seen_or_changes_nothing() -> None:
    record = DataRecord("a", Artifact(digest_bytes(b"x"), 7, tree=True), 3)
    data = dump_data_record(record)
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            assert (
                load_data_record(changed, data_record_path("a")) != record or changed.split() == data.split()
            )
        except FileError:
            continue


def test_the_holder_of_a_path_is_the_tracked_path_around_it() -> None:
    assert holder(["a/b"], "a/b/c/d") == "a/b"
    assert holder(["a/b"], "a/bc") is None
    assert holder([], "a") is None


@given(st.lists(plain_paths, max_size=5), plain_paths)
def test_overlapping_paths_hold_each_other(known: list[str], path: str) -> None:
    expected = {k for k in known if f"{k}/".startswith(f"{path}/") or f"{path}/".startswith(f"{k}/")}
    assert set(overlapping(known, path)) == expected
