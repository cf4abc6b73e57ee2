"""Scales: where values lie on an axis, and what stands at its ticks."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.render.chart_scale import PERCENT, UNIT, Scale, nice_step, scale_of, tick_texts, tight_scale

numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)
anything = st.one_of(st.none(), st.floats(width=64))


def distinct(scale: Scale) -> bool:
    return len(set(scale.texts)) == len(scale.texts)


@given(st.lists(anything, max_size=8), st.booleans(), st.integers(2, 8))
def test_a_scale_has_a_place_for_every_value(values: list[float | None], zero: bool, most: int) -> None:
    scale = scale_of(values, zero=zero, most=most)
    assert scale.low < scale.high
    assert 2 <= len(scale.ticks) <= 2 * most + 3
    assert all(a < b for a, b in pairwise(scale.ticks))
    for value in values:
        if value is not None and not math.isnan(value):
            assert 0 <= scale.at(value) <= 100


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=8))
def test_no_value_lies_outside_of_a_round_scale(values: list[float]) -> None:
    scale = scale_of(values)
    room = 1e-6 * (scale.high - scale.low)
    assert scale.low - room <= min(values)
    assert max(values) <= scale.high + room


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_of_one_scale_have_texts_that_differ(low: float, span: float) -> None:
    for scale in (scale_of([low, low + span]), tight_scale([low, low + span])):
        assert distinct(scale), scale


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_a_tight_scale_ends_where_the_values_do_and_its_ticks_lie_between(low: float, span: float) -> None:
    scale = tight_scale([low, low + span])
    assert (scale.low, scale.high) == (low, low + span)
    assert all(low <= tick <= low + span for tick in scale.ticks)


@pytest.mark.parametrize("values", [[], [None], [math.nan], [math.inf, -math.inf]])
def test_where_nothing_is_known_the_scale_is_from_zero_to_one(values: list[float | None]) -> None:
    scale = scale_of(values)
    assert (scale.low, scale.high) == (0.0, 1.0)


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e-300, 1e300, -1e300, 0.1 + 0.2])
def test_a_single_value_stands_in_the_middle_of_its_scale(value: float) -> None:
    assert 20 <= scale_of([value]).at(value) <= 80


def test_a_scale_with_zero_holds_zero() -> None:
    assert scale_of([3, 9], zero=True).low == 0
    assert scale_of([-9, -3], zero=True).high == 0
    assert scale_of([7], zero=True).at(0) == 0


def test_steps_are_round() -> None:
    assert [nice_step(span, 5) for span in (1, 3, 7, 12, 23, 48)] == [0.2, 1, 2, 2.5, 5, 10]


def test_texts_are_short_and_exact() -> None:
    assert tick_texts([0, 0.25, 0.5]) == ("0", "0.25", "0.50")
    assert tick_texts([0, 2500, 5000]) == ("0", "2500", "5000")
    assert tick_texts([0, 2.5e6, 5e6]) == ("0", "2.5M", "5.0M")
    assert tick_texts([-20, 0, 20]) == ("\N{MINUS SIGN}20", "0", "20")
    assert tick_texts([0, 5e-9]) == ("0", "5e\N{MINUS SIGN}09")
    assert tick_texts([1000.25, 1000.5]) == ("1000.25", "1000.50")


def test_the_scales_of_shares_go_from_nothing_to_all() -> None:
    for scale in (UNIT, PERCENT):
        assert (scale.at(0), scale.at(0.5), scale.at(1)) == (0, 50, 100)
        assert len(scale.ticks) == len(scale.texts)
