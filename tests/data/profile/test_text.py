"""Profiles as files: stable, small, and refused where damaged."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.data.profile.text import is_profile, profile_to_bytes
from mlops_cli.data.table.table import table_of
from mlops_cli.errors import FileError
from tests.support.tables import people, table

COLUMN_BYTES = 4096


@pytest.fixture(scope="module")
def written() -> bytes:
    return profile_to_bytes(profile_table(table_of(people(800)), stage="raw"))


def test_what_is_read_is_what_was_written(written: bytes) -> None:
    profile = profile_from_bytes(written, "p.json")
    assert profile_to_bytes(profile) == written
    made = profile_table(table_of(people(800)), stage="raw")
    assert profile == made
    assert [column.order for column in profile.columns] == [column.order for column in made.columns]
    assert [column.different for column in profile.columns] == [column.different for column in made.columns]


def test_a_window_is_read_as_it_was_written(written: bytes) -> None:
    window = profile_table(table_of(people(300, 9)), baseline=profile_from_bytes(written, "p.json"))
    assert profile_from_bytes(profile_to_bytes(window), "w.json") == window


def test_a_file_is_json_with_a_line_for_each_column(written: bytes) -> None:
    record = json.loads(written)
    assert (record["schema"], record["format"], record["rows"]) == (1, "mlops.profile", 800)
    lines = written.decode().splitlines()
    assert [json.loads(line.rstrip(","))["name"] for line in lines[-8:-2]] == [
        c["name"] for c in record["columns"]
    ]
    assert is_profile(written)
    assert not is_profile(b'{"schema": 1}')


def test_the_file_of_a_table_is_pinned() -> None:
    """Changes whenever the format or a hash does: then raise SCHEMA, for profiles in Git have to stay readable."""
    from mlops_cli.store.digest import digest_bytes

    columns: dict[str, Any] = {
        "x": [*np.arange(400) / 7, None, float("inf")],
        "word": ["ab", "b", "ccc"] * 134,
        "flag": [True, False, None] * 134,
        "time": (np.datetime64("2024-03-01T05:00", "us") + np.arange(402) * np.timedelta64(977, "s")),
    }
    profile = profile_table(table(columns))
    assert profile.edges_from[:11] == "b3:33c723c4"
    assert digest_bytes(profile_to_bytes(profile))[:11] == "b3:7da38069"


@pytest.mark.parametrize("kind", ["normal", "heavy", "whole", "wide", "words", "id", "time"])
def test_a_column_takes_at_most_four_kilobytes(kind: str) -> None:
    random = np.random.default_rng(1)
    n = 100_000
    makers: dict[str, Any] = {
        "normal": lambda: random.normal(1e5, 12345.678, n),
        "heavy": lambda: random.standard_cauchy(n) * 1e9,
        "whole": lambda: random.integers(0, 10**9, n),
        "wide": lambda: np.exp(random.normal(0, 30, n)) * random.choice([-1, 1], n),
        "words": lambda: [f"some value number {number}" for number in random.zipf(1.3, n) % 5000],
        "id": lambda: [f"{number:x}-{number}" for number in random.integers(0, 2**60, n)],
        "time": lambda: np.datetime64("2020-01-01", "us") + random.integers(0, 10**14, n),
    }
    lines = profile_to_bytes(profile_table(table({"x": makers[kind]()}))).splitlines()
    assert len(lines[-3]) <= COLUMN_BYTES


def damaged(written: bytes, change: Any) -> str:
    record = json.loads(written)
    change(record)
    with pytest.raises(FileError) as caught:
        profile_from_bytes(json.dumps(record).encode(), "p.json")
    return caught.value.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.update(schema=2), "p.json has schema 2, and this version reads up to 1"),
        (lambda r: r.update(format="other"), "p.json is not a profile"),
        (lambda r: r.update(rows="8"), '"rows" should be a count'),
        (lambda r: r["columns"][1].update(kind="odd"), '"columns[age].kind" should be one of'),
        (lambda r: r["columns"][1].update(missing=-1), '"columns[age].missing" should be a count'),
        (lambda r: r["columns"][1]["counts"].pop(), '"columns[age].counts" should be'),
        (lambda r: r["columns"][1]["edges"].reverse(), '"columns[age].edges" should be ascending'),
        (
            lambda r: r["columns"][1].update(moments={"n": 1}),
            '"columns[age].moments" should be as it was written',
        ),
        (lambda r: r["columns"][1].update(n=3), '"columns[age].counts" should be 3 rows in all'),
        (
            lambda r: r["columns"][3]["counts"].__setitem__(0, 1),
            '"columns[city].counts" should be 800 rows in all',
        ),
        (
            lambda r: r["columns"][3]["outside"].update(kept=["zz", [1]]),
            '"columns[city].outside.kept" should be',
        ),
        (lambda r: r["columns"][5].update(hours=[1]), '"columns[joined].hours" should be 168 counts'),
        (lambda r: r["columns"].append(7), '"columns[6]" should be an object'),
        (lambda r: r["columns"].append(r["columns"][0]), '"columns" should be of different names'),
        (
            lambda r: r["columns"][1].update(centre=77.0),
            '"edges_from" should be the digest of its own layout',
        ),
        (lambda r: r["ranks"].update(sums=[1]), '"ranks.sums" should be 2 whole numbers'),
        (lambda r: r.update(sample=["abc", []]), '"sample" should be hashes'),
        (lambda r: r.update(missing_pairs=[["a"]]), '"missing_pairs" should be'),
        (lambda r: r.pop("columns"), '"columns" should be a list'),
    ],
)
def test_a_damaged_profile_is_refused_with_its_place(written: bytes, change: Any, said: str) -> None:
    assert said in damaged(written, change)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"{}", b"<<<<<<< ours\n"])
def test_what_is_no_profile_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(FileError, match=r"p\.json"):
        profile_from_bytes(data, "p.json")


def test_a_profile_that_was_cut_off_is_refused(written: bytes) -> None:
    with pytest.raises(FileError, match="not valid JSON") as caught:
        profile_from_bytes(written[: len(written) // 2], "p.json")
    assert caught.value.hint == "Make it again with: mlops profile PATH --out FILE"  # Git may not have it


def test_a_profile_with_a_conflict_in_it_says_how_to_solve_it() -> None:
    with pytest.raises(FileError, match="merge conflict") as caught:
        profile_from_bytes(b"<<<<<<< ours\n", "p.json")
    assert "git checkout --ours -- p.json" in caught.value.hint
