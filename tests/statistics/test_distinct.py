"""Counting different values: exact while few, within its error when many, and the same however rows are dealt out."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.statistics import distinct
from mlops_cli.statistics.distinct import ERROR, KEPT, Distinct, hash_numbers, hash_texts
from mlops_cli.statistics.seeds import generator

WORDS = st.lists(st.integers(0, 2**64 - 1), max_size=120)


@given(WORDS, st.randoms())
def test_the_merge_of_any_parts_is_the_whole_byte_for_byte(
    words: list[int], random: np.random.Generator
) -> None:
    whole = Distinct.of_hashes(np.array(words, dtype=np.uint64))
    shuffled = words + words[: len(words) // 2]
    random.shuffle(shuffled)
    one, two = sorted(random.randint(0, len(shuffled)) for _ in range(2))  # type: ignore[attr-defined]
    parts = [
        Distinct.of_hashes(np.array(part, dtype=np.uint64))
        for part in (shuffled[:one], shuffled[one:two], shuffled[two:])
    ]
    for merged in (parts[0].merge(parts[1]).merge(parts[2]), parts[2].merge(parts[0].merge(parts[1]))):
        assert merged == whole
        assert json.dumps(merged.to_json()) == json.dumps(whole.to_json())
    assert whole.exact == (len({*words}) <= KEPT)
    if whole.exact:
        assert whole.estimate() == len({*words})


@settings(max_examples=30)
@given(WORDS)
def test_json_brings_the_state_back_and_is_small(words: list[int]) -> None:
    found = Distinct.of_hashes(np.array(words, dtype=np.uint64))
    text = json.dumps(found.to_json())
    assert len(text) <= 1024
    assert Distinct.from_json(json.loads(text)) == found


@pytest.mark.parametrize("count", [49, 60, 100, 500, 2000, 10_000, 100_000, 1_000_000])
def test_the_estimate_is_within_its_error(count: int) -> None:
    errors = []
    for start in range(30 if count <= 10_000 else 3):
        hashes = hash_numbers(np.arange(count) + start * 10_000_000)
        errors.append(Distinct.of_hashes(hashes).estimate() / count - 1)
    assert max(map(abs, errors)) < 4 * ERROR
    assert abs(np.mean(errors)) < 4 * ERROR / math.sqrt(len(errors))


def test_a_first_look_at_equal_rows_does_not_mislead() -> None:
    rows = np.concatenate([np.full(1000, 7.0), np.arange(30.0), np.full(10, 3.0)])
    found = Distinct.of_hashes(hash_numbers(rows))
    assert (found.exact, found.estimate()) == (True, 30)
    many = Distinct.of_hashes(hash_numbers(np.concatenate([np.full(1000, 7.0), np.arange(5000.0)])))
    assert not many.exact
    assert many == Distinct.of_hashes(hash_numbers(np.arange(5000.0)))


def test_numbers_are_the_same_whatever_holds_them() -> None:
    assert (hash_numbers(np.arange(-5, 5)) == hash_numbers(np.arange(-5.0, 5.0))).all()
    assert (hash_numbers(np.array([True, False])) == hash_numbers([1, 0])).all()
    assert (hash_numbers(np.array([1, 2], dtype=np.int8)) == hash_numbers([1.0, 2.0])).all()
    assert hash_numbers([0.0]) == hash_numbers([-0.0])
    assert hash_numbers([math.nan]) == hash_numbers([-math.nan])
    # Neighbours that floats cannot tell apart.
    big = np.array([2**60, 2**60 + 1, -(2**60), 2**53, 2**53 + 1], dtype=np.int64)
    assert len({*hash_numbers(big).tolist()}) == 5
    assert len({*hash_numbers(np.array([2**63, 2**63 + 1], dtype=np.uint64)).tolist()}) == 2


def test_hashes_stay_what_they_are() -> None:
    """They lie in committed files: a change here would make old profiles useless."""
    assert hash_numbers([1.0, -2.5]).tolist() == [HASH_OF_1, HASH_OF_2]
    assert hash_texts(["", "a", "ä"]).tolist() == TEXTS


HASH_OF_1, HASH_OF_2 = 9860564707913756141, 16147957956850547208
TEXTS = [12007152915317330863, 6027058585768261143, 15761275386100797556]


@pytest.mark.parametrize("wrong", [["a"], np.array(["2020-01-01"], dtype="datetime64[D]"), [None]])
def test_what_is_no_number_is_refused(wrong: list[str]) -> None:
    with pytest.raises(TypeError, match="numbers"):
        hash_numbers(wrong)


def test_registers_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="registers"):
        Distinct.from_json({"registers": "AAAA"})


def test_full_registers_stand_for_more_than_can_be_told() -> None:
    found = Distinct.of_hashes(
        np.arange(2048, dtype=np.uint64)
    )  # these are no hashes, and all bits that count are 0 or few
    assert found.estimate() > 0
    assert Distinct(None, bytes([31]) * 1024).estimate() == 1024 * 2.0**31


def test_nothing_is_no_value() -> None:
    assert Distinct() == Distinct.of_hashes(hash_numbers([]))
    assert Distinct().estimate() == 0
    assert hash_texts([]).shape == (0,)
    assert Distinct().merge(Distinct()) == Distinct()


@pytest.mark.parametrize("count", [10, 3000, 60_000, 400_000])
def test_looking_at_long_runs_first_finds_what_looking_at_all_finds(count: int) -> None:
    hashes = generator(count).integers(0, 2**64, count, dtype=np.uint64)
    assert distinct._registers(hashes).tolist() == distinct._longest(hashes).tolist()
    few = hashes[: count // 2] & np.uint64(2**64 - 8)  # registers that nothing leads to
    assert distinct._registers(few).tolist() == distinct._longest(few).tolist()
