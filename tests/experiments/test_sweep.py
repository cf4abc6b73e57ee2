"""The combinations of a sweep."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import UsageError
from mlops_cli.experiments.overrides import Distribution, Override
from mlops_cli.experiments.sweep import combinations, settings_of


def listed(name: str, *values: Any) -> Override:
    return Override("params.yaml", name, name, values)


def drawn(name: str, kind: str, first: float, second: float) -> Override:
    return Override("params.yaml", name, name, (), Distribution(kind, first, second))


def sets(*overrides: Override, **options: Any) -> list[dict[str, Any]]:
    return [settings_of(each) for each in combinations(overrides, ["the texts"], **options)]


def test_a_grid_has_every_combination_and_the_last_parameter_changes_fastest() -> None:
    assert sets(listed("a", 1, 2), listed("b", "x", "y")) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]


def test_the_same_texts_draw_the_same_and_others_draw_others() -> None:
    rate = drawn("a", "loguniform", 1e-4, 1e-1)
    assert sets(rate, sample=5) == sets(rate, sample=5)
    assert sets(rate, sample=5) != sets(rate, sample=5, seed=1)
    assert sets(rate, sample=5) != [settings_of(c) for c in combinations([rate], ["other texts"], sample=5)]
    # Pinned: a sample that is repeated next year is still the same one.
    assert sets(rate, sample=2) == [{"a": 0.0562801}, {"a": 0.0407891}]


def test_a_sample_of_at_least_everything_is_the_grid() -> None:
    both = listed("a", 1, 2), listed("b", 1, 2)
    assert sets(*both, sample=4) == sets(*both) == sets(*both, sample=99)


def test_whole_numbers_come_to_an_end() -> None:
    found = sets(drawn("a", "randint", 1, 4), sample=10)
    assert sorted(each["a"] for each in found) == [1, 2, 3]


@pytest.mark.parametrize("sample", [0, -1, 10_001])
def test_a_sample_has_a_sensible_size(sample: int) -> None:
    with pytest.raises(UsageError, match="--sample takes a number from 1 to 10,000"):
        sets(listed("a", 1), sample=sample)


def test_what_is_drawn_needs_a_number() -> None:
    with pytest.raises(UsageError, match="how many values of a are to be drawn") as caught:
        sets(listed("b", 1), drawn("a", "uniform", 0, 1))
    assert "--sample" in caught.value.hint


def test_a_grid_that_nobody_could_mean_is_refused() -> None:
    with pytest.raises(UsageError, match="a grid of 1,000,000 experiments"):
        sets(*(listed(name, *range(100)) for name in "abc"))
    assert len(sets(*(listed(name, *range(100)) for name in "abc"), sample=3)) == 3


LISTS = st.lists(st.lists(st.integers(), min_size=1, max_size=4, unique=True), min_size=1, max_size=3)


@given(LISTS, st.integers(1, 70), st.integers(1, 70))
def test_a_sample_has_no_repetition_and_a_larger_one_begins_with_it(
    lists: list[list[int]], one: int, other: int
) -> None:
    overrides = [listed(str(number), *values) for number, values in enumerate(lists)]
    grid = sets(*overrides)
    small, large = sets(*overrides, sample=min(one, other)), sets(*overrides, sample=max(one, other))
    size = math.prod(map(len, lists))
    for found, wanted in ((small, min(one, other)), (large, max(one, other))):
        assert len(found) == min(wanted, size)
        assert all(each in grid for each in found)
        assert len({tuple(each.items()) for each in found}) == len(found)
    if max(one, other) < size:
        assert large[: len(small)] == small
