"""Hashes are part of committed files: they may never change."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from mlops_cli.data.profile.hashing import (
    RowHashes,
    hash_integers,
    hash_numbers,
    hash_texts,
    hash_words,
    salt_of,
)
from mlops_cli.data.profile.layout import tidy


def texts(values: list[str]) -> list[int]:
    return [int(value) for value in hash_texts(pa.array(values, type=pa.large_string()), 7)]


def test_splitmix_is_the_published_one() -> None:
    """The first outputs of SplitMix64 from seed 1234567 (rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64)."""
    states = np.array(
        [(1234567 + number * 0x9E3779B97F4A7C15) % 2**64 for number in range(3)], dtype=np.uint64
    )
    assert hash_words(states, 0).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_hashes_are_pinned() -> None:
    assert f"{salt_of('age'):016x}" == "750165750c71cd3d"
    assert [f"{value:016x}" for value in hash_numbers(np.array([0.0, 1.5, np.nan]), 7)] == [
        "63cbe1e459320dd7",
        "50bd78fe1d9669b6",
        "b8febd3270223329",
    ]
    assert [f"{value:016x}" for value in texts(["", "a", "Zürich", "x" * 20, "y" * 3000])] == [
        "63cbe1e459320dd7",
        "f5477dbded227c1e",
        "4c423adb18854be5",
        "f31e2199b2bab130",
        "e8be859190d39d61",
    ]
    rows = RowHashes(2)
    rows.add(np.array([1, 2], dtype=np.uint64), np.array([False, True]))
    assert [f"{value:016x}" for value in rows.hashes] == ["910a2dec89025cc1", "14f79aab5e4e8fdb"]


def test_equal_numbers_have_one_hash() -> None:
    zero, minus, nan, other = hash_numbers(np.array([0.0, -0.0, np.nan, -np.nan]), 3).tolist()
    assert zero == minus
    assert nan == other
    assert zero != nan
    assert hash_integers(np.array([2**60, 2**60 + 1]), 3)[0] != hash_integers(np.array([2**60 + 1]), 3)[0]


def test_texts_of_all_lengths_have_hashes_of_their_own() -> None:
    values = (
        ["a" * length for length in range(40)]
        + ["\0" * length for length in range(1, 20)]
        + ["é", "e\u0301", "木", "b" * 1024, "b" * 1025]
    )
    assert len(set(texts(values))) == len(values)


def test_a_text_has_one_hash_wherever_it_stands() -> None:
    data = pa.array(["long enough to need lanes", "x", "long enough to need lanes"], type=pa.large_string())
    first, _, last = hash_texts(data, 7).tolist()
    assert first == last == hash_texts(data.slice(2), 7).tolist()[0]


def test_a_value_that_is_missing_is_not_the_value_that_stands_for_it() -> None:
    rows, others = RowHashes(1), RowHashes(1)
    rows.add(np.array([0], dtype=np.uint64), np.array([True]))
    others.add(np.array([0], dtype=np.uint64))
    assert rows.hashes[0] != others.hashes[0]


@pytest.mark.parametrize(
    ("low", "high"), [(0.1, 0.2), (-5.0, -4.99), (1e-320, 1e-310), (-1e308, 1e308), (1.0, 1.0000000000000002)]
)
def test_a_short_number_lies_where_it_should(low: float, high: float) -> None:
    assert low < tidy(low, high) <= high


def test_an_edge_is_a_number_that_people_would_choose() -> None:
    assert [tidy(17.31, 18.92), tidy(0.0213, 0.0291), tidy(-104.2, -97.1), tidy(123456.7, 123999.1)] == [
        18.0,
        0.029,
        -100.0,
        123900.0,
    ]
